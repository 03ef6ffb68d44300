"""A snapshot: what a paper cites, so that anyone with the same files can build the same graph and show that it is the same."""

from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graph.connection import Graph
from graph.digest import digest
from graph.migrations import migrations
from ontology.errors import InvalidInputError, NotFoundError


class Snapshot(BaseModel):
    """What a graph held, in figures; no patient's data, unless the name of a file is a patient's."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    """First twelve digits of the SHA-256 of digest and ``as_of``."""
    digest: str
    """:func:`graph.digest.digest` as of ``as_of``."""
    as_of: datetime | None
    """What was known then; None for everything."""
    made: datetime
    software: str
    migration: int
    """Number of the last migration."""
    resources: int
    types: dict[str, int]
    """Resources of each FHIR type."""
    sources: dict[str, int] = Field(default_factory=dict)
    """Resources of each file, by its name; may be left out of what is published."""
    runs: tuple[str, ...]
    """Ids of the ingest runs."""
    unfinished: tuple[str, ...] = ()
    """Runs that have not said that they ended; such a graph may not be whole."""

    @property
    def citation(self) -> str:
        """One line for a paper."""
        when = f"as of {self.as_of:%Y-%m-%dT%H:%M:%SZ}, " if self.as_of else ""
        return (
            f"Graph snapshot {self.id}, {when}{self.resources:,} FHIR resources of "
            f"{self.types.get('Patient', 0):,} patients, {self.software}, SHA-256 {self.digest}."
        )


class Verified(BaseModel):
    """Whether a graph is the one that a snapshot tells of."""

    equal: bool
    digest: str
    """Of this graph, as of the snapshot's instant."""
    snapshot: Snapshot


def make(graph: Graph, at: datetime | None = None) -> Snapshot:
    """Find the digest and figures of the graph, as of ``at`` (aware) or whole, and keep them in it.

    The same graph has the same snapshot: making it again changes nothing, and the first is given back.

    Raises:
        InvalidInputError: ``at`` has no time zone.
    """
    found = digest(graph, at)
    when = at.astimezone(UTC) if at else None
    id_ = sha256(f"{found}|{when.isoformat() if when else ''}".encode()).hexdigest()[:12]
    if kept := graph.read("snapshot.list", id=id_):
        return _read(kept[0]["props"])
    types, sources = _content(graph, at)
    runs = graph.read("snapshot.runs")
    made = Snapshot(
        id=id_,
        digest=found,
        as_of=when,
        made=datetime.now(UTC).replace(microsecond=0),
        software=software(),
        migration=migrations()[-1].number,
        resources=sum(types.values()),
        types=types,
        sources=sources,
        runs=tuple(run["id"] for run in runs),
        unfinished=tuple(run["id"] for run in runs if run["status"] == "running"),
    )
    graph.write("snapshot.write", id=id_, props=_props(made))
    return made


def listed(graph: Graph, beginning: str = "") -> list[Snapshot]:
    """The snapshots kept in the graph, newest first; those whose id or digest begins so."""
    return [_read(row["props"]) for row in graph.read("snapshot.list", id=beginning)]


def load(graph: Graph, which: str) -> Snapshot:
    """A snapshot by the beginning of its id or digest, or from a file that ``cwm graph snapshot show --json`` wrote.

    Raises:
        NotFoundError: there is none, or there are several.
        InvalidInputError: the file holds no snapshot.
    """
    path = Path(which)
    if path.is_file():
        try:
            return Snapshot.model_validate_json(path.read_bytes())
        except ValidationError as fault:
            first = fault.errors(include_input=False, include_url=False)[0]
            why = ": ".join([*map(str, first["loc"][:1]), first["msg"]])
            raise InvalidInputError(
                f"This file holds no snapshot ({why}).",
                got=path,
                allowed="what `cwm graph snapshot make --out` or `show --json` wrote",
            ) from None
    found = listed(graph, which)
    if len(found) != 1:
        raise NotFoundError(
            "No such snapshot." if not found else "Several snapshots begin so.",
            got=which,
            do="See `cwm graph snapshot list`, or give a file that `cwm graph snapshot show --json` wrote.",
        )
    return found[0]


def verify(graph: Graph, snapshot: Snapshot) -> Verified:
    """Compare this graph with a snapshot, as of the snapshot's instant."""
    found = digest(graph, snapshot.as_of)
    return Verified(equal=found == snapshot.digest, digest=found, snapshot=snapshot)


def software() -> str:
    """Name and version of this platform."""
    try:
        return f"clinical-world-model {version('clinical-world-model')}"
    except PackageNotFoundError:
        return "clinical-world-model (not installed)"


def _content(graph: Graph, at: datetime | None) -> tuple[dict[str, int], dict[str, int]]:
    types: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    for row in graph.read("snapshot.content", at=at):
        types[row["type"]] += row["resources"]
        sources[Path(row["source"]).name] += row["resources"]
    return dict(types), dict(sorted(sources.items()))


def _props(made: Snapshot) -> dict[str, Any]:
    props = made.model_dump(exclude={"id"})
    for name in ("types", "sources"):
        props[name] = orjson.dumps(props[name]).decode()
    return {name: list(v) if isinstance(v, tuple) else v for name, v in props.items() if v is not None}


def _read(props: dict[str, Any]) -> Snapshot:
    parts = {name: orjson.loads(props[name]) for name in ("types", "sources")}
    return Snapshot.model_validate({"as_of": None, "unfinished": (), **props, **parts})
