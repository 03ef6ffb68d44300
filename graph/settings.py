"""Every setting of the platform, read from the environment."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ontology.errors import InvalidInputError

ALLOWED = {
    "string_pattern_mismatch": "a whole number above 0 and k, m or g, for instance 512m or 1g",
    "int_parsing": "a whole number",
    "float_parsing": "a number",
}
"""What is allowed, by the kind of error that pydantic names; its own words for any other."""
SCHEMES = {"bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"}
_SIZE = r"^0*[1-9][0-9]*[kmg]$"


class Settings(BaseSettings):
    """Settings, each an environment variable ``CWM_<NAME>``; one that is empty counts as not set.

    ``docs/reference/settings.md`` lists them.

    >>> Settings(home="/tmp/x").graph_target
    'embedded:/tmp/x/graph'
    """

    model_config = SettingsConfigDict(
        env_prefix="CWM_", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    def __init__(self, **given: Any) -> None:
        """Read them.

        Raises:
            InvalidInputError: a value cannot be used; the message names the variable, and shows no secret.
        """
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise _refused(error) from None

    home: Path = Field(default_factory=lambda: user_data_path("cwm"))
    """Everything the platform keeps: the private graph, models, set-aside input, users."""

    cache: Path = Field(default_factory=lambda: user_cache_path("cwm"))
    """What can be fetched again: Neo4j's jars."""

    graph: str | None = None
    """Where the graph is: unset or ``embedded:DIR`` for the private Neo4j, or a ``bolt://`` or ``neo4j://`` address."""

    graph_user: str = "neo4j"
    """User name at a server given by address."""

    graph_password: SecretStr | None = None
    """Password at a server given by address."""

    graph_database: str = "neo4j"
    """Name of the database at a server given by address."""

    graph_port: int = Field(default=0, ge=0, le=65535)
    """Port of the private Neo4j on the loopback address; 0 takes one that is free."""

    neo4j_version: str = "5.26.25"
    """Version of the private Neo4j; its jars must be in a committed lock of checksums."""

    maven: str | None = None
    """Address of a Maven repository to fetch Neo4j's jars from in place of the public one (a mirror inside a hospital)."""

    java_home: Annotated[Path | None, Field(validation_alias="JAVA_HOME")] = None
    """A Java 17 or 21 to use in place of the bundled one (``JAVA_HOME``)."""

    heap: str = Field(default="1g", pattern=_SIZE)
    """Heap of the private Neo4j (Java's ``-Xmx``)."""

    page_cache: str = Field(default="512m", pattern=_SIZE)
    """Page cache of the private Neo4j."""

    disk_free: int = Field(default=512 * 2**20, ge=0)
    """Bytes that must be free on the disk before the private Neo4j is started, its jars are fetched, or a batch is written."""

    grace: float = Field(default=30.0, ge=0, allow_inf_nan=False)
    """Seconds that the private Neo4j stays up after its last user has left."""

    start_timeout: float = Field(default=180.0, gt=0, allow_inf_nan=False)
    """Seconds to wait for the private Neo4j to start."""

    query_timeout: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    """Seconds that a researcher's query may take."""

    query_rows: int = Field(default=10_000, ge=1)
    """Rows that a researcher's query may return."""

    line_limit: int = Field(default=64 * 2**20, ge=1)
    """Bytes of the longest NDJSON line or bundle entry that is taken in."""

    dask: str | None = None
    """Address of a Dask scheduler (`tcp://127.0.0.1:8786`) whose workers parse and project what is ingested; unset: done here."""

    fetch_token: SecretStr | None = None
    """Access token for `cwm fetch`, when somebody gave one; never written anywhere."""

    sparql_token: SecretStr | None = None
    """What `cwm graph endpoint` wants of everybody who asks, at least 16 characters; never written anywhere."""

    smart_client: str | None = None
    """Id of this client at a FHIR server with SMART Backend Services."""

    smart_key: Path | None = None
    """File with the private key (PEM, JWK or JWKS: RSA, or elliptic curve P-384) that signs this client's assertions."""

    smart_scope: str = "system/*.read"
    """Scope that `cwm fetch` asks for; servers of SMART 2 may want `system/*.rs`."""

    smart_token_url: str | None = None
    """Where tokens are given, when the server does not say."""

    @field_validator("home", "cache", "java_home", "smart_key")
    @classmethod
    def _of_the_user(cls, value: Path | None) -> Path | None:
        """A ``~`` that no shell has read, as in the environment file of a service."""
        with suppress(RuntimeError):  # there is no such user
            return value and value.expanduser()
        return value

    @property
    def graph_target(self) -> str:
        """The address in force: ``graph``, or the embedded server under ``home``."""
        return self.graph or f"embedded:{self.home / 'graph'}"

    @property
    def embedded(self) -> Path | None:
        """The folder of the private Neo4j, or None when the graph is at an address.

        Raises:
            InvalidInputError: the target is neither.

        >>> Settings(graph="bolt://localhost:7687").embedded is None
        True
        """
        scheme, _, rest = self.graph_target.partition(":")
        if scheme == "embedded" and rest:
            return Path(rest).expanduser().absolute()
        _check_address(self.graph_target)
        return None

    def private(self, what: str, do: str) -> Path:
        """The folder of the private Neo4j, for work on its files; ``what`` and ``do`` tell who has another what is refused.

        Raises:
            InvalidInputError: the graph is at an address.
        """
        folder = self.embedded
        if folder is None:
            allowed = "CWM_GRAPH unset, or embedded:DIR"
            raise InvalidInputError(what, got=self.graph_target, allowed=allowed, do=do)
        return folder


def _check_address(address: str) -> None:
    """Refuse what the driver would answer with a trace, or with the password in it."""
    scheme, _, rest = address.partition("://")
    if "@" in rest:
        raise InvalidInputError(
            "The graph's address holds a user name or a password.",
            got=f"{scheme}://(not shown)@{rest.rpartition('@')[2]}",
            allowed="an address without them",
            do="Set CWM_GRAPH_USER and CWM_GRAPH_PASSWORD, and take them out of CWM_GRAPH.",
        )
    try:
        usable = scheme in SCHEMES and bool(rest) and urlsplit(address).port != 0
    except ValueError:  # the port is none, or the address of IPv6
        usable = False
    if not usable:
        raise InvalidInputError(
            "The graph's address cannot be used.",
            got=address,
            allowed="embedded:DIR, bolt://HOST:PORT, neo4j://HOST:PORT, neo4j+s://HOST:PORT",
            do="Set CWM_GRAPH to one of these, or unset it for the private Neo4j.",
        )


def _refused(error: ValidationError) -> InvalidInputError:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    field = Settings.model_fields.get(name)
    variable = f"CWM_{name.upper()}" if field else name
    secret = field is not None and "Secret" in str(field.annotation)
    return InvalidInputError(
        f"The setting {variable} cannot be used.",
        got="(not shown)" if secret else str(first["input"]),
        allowed=ALLOWED.get(first["type"], first["msg"].removeprefix("Input should be ")),
        do=f"Set {variable} to an allowed value, or unset it for the default.",
    )
