"""Cohorts kept in the graph: ``(:Cohort)-[:MEMBER {index}]->(:Patient)``, each version once and never changed."""

from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import BaseModel, ConfigDict

from graph import known
from graph.cohort import Cohort, Step, evaluate, years_at
from graph.cohorts import Definition
from graph.connection import Graph
from graph.snapshot import software
from ontology.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    import polars as pl

_BATCH = 5000


class Saved(BaseModel):
    """A cohort as it is kept."""

    model_config = ConfigDict(frozen=True)
    id: str
    """``name@version+hash8``, the hash being that of the digest."""
    name: str
    version: int
    digest: str
    """:attr:`graph.cohort.Cohort.digest`."""
    definition: dict[str, Any]
    hash: str
    as_of: datetime | None = None
    flow: tuple[Step, ...]
    size: int
    made: datetime
    software: str


def make(graph: Graph, definition: Definition, at: datetime | None = None) -> Saved:
    """Apply a definition as of ``at`` and save who is in it; the same on the same graph is the same cohort, kept once.

    Raises:
        InvalidInputError: this version is saved with another definition; or ``at`` has no time zone.
    """
    for other in listed(graph, definition.name):
        if other.version == definition.version and other.hash != definition.hash:
            raise InvalidInputError(
                "This version of the cohort is saved with another definition.",
                got=f"{definition.name} version {definition.version}",
                do="A version never changes: give the definition the next version.",
            )
    cohort = evaluate(graph, definition, at)
    id_ = f"{definition.name}@{definition.version}+{cohort.digest[:8]}"
    graph.write("cohort.write", id=id_, props=_props(cohort))
    rest = iter(cohort.members)
    while part := list(islice(rest, _BATCH)):
        graph.write("cohort.write_members", id=id_, rows=[{"patient": p, "index": i} for p, i in part])
    graph.write("cohort.complete", id=id_)
    return load(graph, id_)


def listed(graph: Graph, name: str | None = None) -> list[Saved]:
    """The saved cohorts, by name, version and time, the newest first."""
    return [_read(row["props"]) for row in graph.read("cohort.list", name=name)]


def load(graph: Graph, which: str) -> Saved:
    """The newest saved cohort of a name, of ``name@version``, or the one of an id.

    Raises:
        NotFoundError: there is none.
    """
    name, _, rest = which.partition("@")
    for found in listed(graph, name):
        if which in {found.name, f"{found.name}@{found.version}", found.id} or (
            "+" in rest and found.id.startswith(which)
        ):
            return found
    raise NotFoundError(
        "No such cohort is saved.", got=which, do="See `cwm cohort list`; save one with `cwm cohort make`."
    )


def members(graph: Graph, cohort: Saved) -> "pl.DataFrame":
    """Who is in it: ``patient`` (key), ``index`` (UTC), ``gender``, ``birth`` and ``age`` (completed years at the index)."""
    import polars as pl

    rows: list[list[Any]] = []
    after: str | None = ""
    while after is not None:
        page = graph.values("cohort.members", id=cohort.id, after=after, limit=_BATCH)
        after = page[-1][0] if len(page) == _BATCH else None
        for patient, index, gender, birth in page:
            at = index.to_native().astimezone(UTC)
            rows.append([patient, at, gender, birth, years_at(birth, at)])
    kinds = [
        ("patient", pl.String()),
        ("index", pl.Datetime("ms", "UTC")),
        ("gender", pl.String()),
        ("birth", pl.String()),
        ("age", pl.Int64()),
    ]
    return pl.DataFrame(rows, kinds, orient="row")


def export(graph: Graph, cohort: Saved, out: Path) -> int:
    """Write the members to a new ``.csv`` or ``.parquet`` file, or all there is to say of the cohort to a ``.json`` file.

    Raises:
        InvalidInputError: the file is there, or its ending is none of the three.
    """
    if out.suffix not in {".csv", ".parquet", ".json"} or out.exists():
        raise InvalidInputError(
            "A cohort needs a new file.",
            got=out,
            allowed="one that is not there yet: .csv, .parquet or .json",
        )
    found = members(graph, cohort)
    match out.suffix:
        case ".csv":
            found.write_csv(out)
        case ".parquet":
            found.write_parquet(out)
        case _:
            whole = {"cohort": cohort.model_dump(mode="json"), "members": found.to_dicts()}
            out.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2))
    return found.height


def _props(cohort: Cohort) -> dict[str, Any]:
    definition = cohort.definition
    props = {
        "name": definition.name,
        "version": definition.version,
        "summary": definition.summary,
        "digest": cohort.digest,
        "definition": orjson.dumps(definition.model_dump(mode="json", exclude_defaults=True)).decode(),
        "hash": definition.hash,
        "flow": orjson.dumps([asdict(step) for step in cohort.flow]).decode(),
        "as_of": cohort.as_of and known.aware(cohort.as_of),
        "size": len(cohort.members),
        "made": datetime.now(UTC),
        "software": software(),
    }
    return {name: value for name, value in props.items() if value is not None}


def _read(props: dict[str, Any]) -> Saved:
    parts = {name: orjson.loads(props[name]) for name in ("definition", "flow")}
    return Saved.model_validate({**props, **parts})
