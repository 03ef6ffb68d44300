"""Every setting of the platform, read from the environment."""

from pathlib import Path
from typing import Annotated

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings, each an environment variable ``CWM_<NAME>``.

    >>> Settings(home="/tmp/x").graph_target
    'embedded:/tmp/x/graph'
    """

    model_config = SettingsConfigDict(env_prefix="CWM_", extra="ignore")

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

    neo4j_version: str = "5.26.25"
    """Version of the private Neo4j; its jars must be in a committed lock of checksums."""

    java_home: Annotated[Path | None, Field(validation_alias="JAVA_HOME")] = None
    """A Java 17 or 21 to use in place of the bundled one (``JAVA_HOME``)."""

    heap: str = "1g"
    """Heap of the private Neo4j (Java's ``-Xmx``)."""

    page_cache: str = "512m"
    """Page cache of the private Neo4j."""

    grace: float = 30.0
    """Seconds that the private Neo4j stays up after its last user has left."""

    query_timeout: float = 30.0
    """Seconds that a researcher's query may take."""

    query_rows: int = 10_000
    """Rows that a researcher's query may return."""

    line_limit: int = 64 * 2**20
    """Bytes of the longest NDJSON line or bundle entry that is taken in."""

    @property
    def graph_target(self) -> str:
        """The address in force: ``graph``, or the embedded server under ``home``."""
        return self.graph or f"embedded:{self.home / 'graph'}"
