"""One Parquet table for each FHIR type: the projected properties, typed, with the patient and the encounter of each row."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph import known
from graph.connection import Graph
from graph.export.folder import filling
from graph.export.request import Request, of_persons
from graph.progress import Progress, silent
from ontology import mapping

if TYPE_CHECKING:
    import polars as pl

PAGE = 5000
TIMES = ("start", "end", "recorded", "closed", "deceased")
_READ_AS = {"number": "Float64", "flag": "Boolean"}
_COMMON = {
    **dict.fromkeys(
        ("key", "patient", "encounter", "type", "id", "system", "code", "display", "clock"), "String"
    ),
    **dict.fromkeys(TIMES[:4], "Instant"),
    **dict.fromkeys(("codes", "category", "identifiers"), "Strings"),
}
_PANEL = {
    **dict.fromkeys(
        ("component_codes", "component_displays", "component_units", "component_texts"), "Strings"
    ),
    "component_values": "Numbers",
}
_INTERNAL = frozenset(
    {
        "rank",
        "digest",
        "run",
        "assigned",
        "fhir",
        "start_clock",
        "urls",
        "tomb",
        "deleted",
        "deleted_clock",
        "of",
        "since",
        "first_recorded",
        "first_closed",
        "clocked",
        "versions",
    }
)


def export(
    graph: Graph, out: Path, asked: Request | None = None, *, progress: Progress = silent
) -> dict[str, int]:
    """Write ``Type.parquet`` for every type into the new folder ``out``; how many rows each has.

    Columns come from the mapping, so they are the same for every graph; times are UTC to the millisecond; a resource
    about several patients has none in ``patient``, one about a merged patient has who stays. A table is read and
    written page by page.

    Raises:
        InvalidInputError: ``out`` is not empty.
    """
    asked = of_persons(graph, asked)
    total = asked.resources(graph)
    counts: dict[str, int] = {}
    with filling(out) as folder:
        for row in graph.read("export.types"):
            progress(sum(counts.values()), total, row["type"])
            if written := _write(graph, folder / f"{row['type']}.parquet", row["type"], asked):
                counts[row["type"]] = written
    return counts


def schema(type_: str) -> "dict[str, pl.DataType]":
    """The columns of a type's table.

    >>> str(schema("Observation")["value"]), "birth" in schema("Patient")
    ('Float64', True)
    """
    import polars as pl

    kinds: dict[str, pl.DataType] = {
        "String": pl.String(),
        "Instant": pl.Datetime("ms", "UTC"),
        "Strings": pl.List(pl.String()),
        "Numbers": pl.List(pl.Float64()),
        "Float64": pl.Float64(),
        "Boolean": pl.Boolean(),
    }
    found = mapping.load(type_)
    own = {
        name: "Instant" if name in TIMES else _READ_AS.get(rule.read, "String")
        for name, rule in found.properties.items()
    }
    population = {"population": "String"} if found.kind == "Patient" else {}
    names = _COMMON | own | population | (_PANEL if found.components else {})
    return {name: kinds[kind] for name, kind in names.items()}


def _write(graph: Graph, path: Path, type_: str, asked: Request) -> int:
    """Write pages to parts and join them at the end, without holding them in memory."""
    import polars as pl

    parts: list[Path] = []
    rows = 0
    for frame in _frames(graph, type_, asked):
        parts.append(path.with_name(f"{path.name}.{len(parts)}"))
        frame.write_parquet(parts[-1])
        rows += frame.height
    if rows:
        whole = pl.scan_parquet(parts)
        # In the order of the keys that were, anyone with a list of ids could tell who is who; and what was corrected later
        # stands elsewhere among the keys of the graph than what never was.
        (whole.sort("key") if asked.by or asked.at else whole).sink_parquet(path)
    for part in parts:
        part.unlink()
    return rows


def _frames(graph: Graph, type_: str, asked: Request) -> "Iterator[pl.DataFrame]":
    import polars as pl

    columns = schema(type_)
    plain = {name: pl.Int64() if name in TIMES else kind for name, kind in columns.items()}
    for page in pages(graph, type_, asked):
        rows = [[row.get(name) for name in columns] for row in page]
        made = pl.DataFrame(rows, plain, orient="row", strict=False)
        casts = [pl.col(name).cast(columns[name]) for name in TIMES if name in columns]
        yield made.with_columns(casts)


def pages(graph: Graph, type_: str, asked: Request) -> Iterator[list[dict[str, Any]]]:
    """Rows of a type by name, times in milliseconds since 1970, as they may be seen."""
    after: str | None = f"{type_}/"
    while after is not None:
        ((after, rows),) = graph.values(
            "export.table",
            type=type_,
            after=after,
            before=f"{type_}0",
            size=PAGE,
            at=asked.at,
            patients=asked.records,
        )
        if rows:
            yield [_row(asked, type_, *row) for row in rows]


def _row(
    asked: Request,
    type_: str,
    props: dict[str, Any],
    hidden: bool,
    patients: list[str],
    encounter: str | None,
) -> dict[str, Any]:
    seen = known.seen(props, type_, hidden=hidden)
    patient = asked.owner(patients)
    if asked.by is None:
        return {n: v for n, v in seen.items() if n not in _INTERNAL} | {
            "patient": patient,
            "encounter": encounter,
        }
    dated = {
        name: datetime.fromtimestamp(value / 1000, UTC) if name in TIMES and value is not None else value
        for name, value in seen.items()
    }
    made = asked.by.props(dated, patient)
    for name in TIMES:
        if name in made:
            made[name] = round(made[name].timestamp() * 1000)
    keys = {
        "patient": patient and asked.by.name(patient),
        "encounter": encounter and asked.by.name(encounter),
    }
    return made | {"type": type_} | keys
