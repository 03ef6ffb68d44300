"""Numbers that can be compared: the canonical value beside the original, computed when read, so an ingest costs nothing more.

In frames by :func:`with_canonical`. In Cypher by ``(:Concept)-[:CONVERTS_TO {factor, offset}]->(:Concept)`` between the unit
as it is written and its canonical unit, which :func:`load` writes for the units in the graph; see ``terminology.values``.
"""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from graph.connection import Graph, Row
from ontology.terminology import systems
from ontology.terminology.units import Unit, unit

if TYPE_CHECKING:
    import polars as pl


@dataclass
class Units:
    """The units of the numbers in a graph."""

    numbers: int = 0
    """Numbers that have a unit."""
    understood: int = 0
    units: list[Row] = field(default_factory=list)
    """``unit, numbers, ucum, canonical, factor, offset`` by frequency; the last four are null for one that is not known."""

    def as_dict(self) -> dict[str, Any]:
        """The whole as JSON."""
        return asdict(self)


def survey(graph: Graph) -> Units:
    """Which units the numbers in the graph have, and which of them are understood."""
    made = Units()
    for row in graph.read("terminology.units"):
        found = unit(row["unit"])
        made.numbers += row["numbers"]
        made.understood += row["numbers"] if found else 0
        said = (
            {"ucum": found.ucum, "canonical": found.canonical} if found else {"ucum": None, "canonical": None}
        )
        way = {"factor": found.factor, "offset": found.offset} if found else {"factor": None, "offset": None}
        made.units.append(row | said | way)
    return made


def load(graph: Graph) -> Units:
    """Write how the units in the graph become canonical ones; again, it changes nothing but what is new."""
    made = survey(graph)
    address = systems()["ucum"].uri
    rows = [
        row | {"a": f"{address}|{row['unit']}", "b": f"{address}|{row['canonical']}", "code": row["unit"]}
        for row in made.units
        if row["canonical"]
    ]
    if rows:
        graph.write("terminology.convert", rows=rows, system=address)
    return made


def with_canonical(frame: "pl.DataFrame", value: str = "value", unit_: str = "unit") -> "pl.DataFrame":
    """The frame with ``value_canonical`` (Float64) and ``unit_canonical`` (String) after its columns; the original stays.

    Both are null where the unit is missing or not understood. One lookup a different unit: a million rows take a
    fraction of a second.
    """
    import polars as pl

    seen = frame.get_column(unit_).drop_nulls().unique().to_list()
    known: dict[str, Unit] = {text: found for text in seen if (found := unit(text))}
    codes = list(known)

    def look(cells: list[Any], type_: Any) -> pl.Expr:
        return pl.col(unit_).replace_strict(codes, cells, default=None, return_dtype=type_)

    factor = look([u.factor for u in known.values()], pl.Float64())
    offset = look([u.offset for u in known.values()], pl.Float64())
    return frame.with_columns(
        value_canonical=pl.col(value) * factor + offset,
        unit_canonical=look([u.canonical for u in known.values()], pl.String()),
    )
