"""`cwm search`: find codes, names and facts by words."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import output
from cli.filters import EMPTY, nobody
from cli.instant import AsOf, instant
from ontology.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from graph import Graph

FLAT = True
app = typer.Typer()


class What(StrEnum):
    """What is looked for."""

    codes = "codes"
    names = "names"
    facts = "facts"


COLUMNS = {
    What.codes: ["key", "display", "facts", "patients"],
    What.names: ["key", "type", "name"],
    What.facts: ["start", "patient", "type", "display", "value", "unit"],
}


@app.command()
def search(
    words: Annotated[str, typer.Argument(help="Beginnings of words; all of them are wanted.")],
    what: Annotated[What, typer.Option("--in", help="Where to look.")] = What.codes,
    patient: Annotated[str | None, typer.Option(help="Facts of one patient only; an id.")] = None,
    like: Annotated[
        bool, typer.Option("--like", help="Also what is spelt nearly so, or means nearly the same.")
    ] = False,
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows at most.")] = 20,
    as_json: output.Json = False,
) -> None:
    """Find codes by their names, people and places by theirs, or facts through their codes.

    With --like the words need not be there: `cwm concepts embed` first. There is always something nearest, so look at the column
    `by`: which search has a row among its first ten.

    \b
    Example: cwm search "hyper dis"
    Example: cwm search creatinine --in facts --patient p1 --as-of 2024-01-01
    Example: cwm search "hart atack" --like
    """
    from graph import open_graph
    from graph.journey import patient_key

    if patient and what is not What.facts:
        raise InvalidInputError("Only facts are of one patient.", got=f"--in {what}", do="Add --in facts.")
    if as_of and what is What.names:
        raise InvalidInputError("Names have no time.", got=f"--as-of {as_of}", do="Leave it out.")
    with open_graph() as graph:
        if patient and not graph.read("patient.show", patient=patient_key(patient)):
            raise NotFoundError("No such patient.", got=patient, do="See `cwm patient list`.")
        find = _like if like else _exact
        rows, left_out = find(graph, what, words, patient, instant(as_of), limit)
        none = EMPTY if not rows and nobody(graph) else "Nothing is called so."
    if as_json:
        return output.json({"in": what.value, "rows": rows} | ({"left_out": left_out} if like else {}))
    for row in rows:
        if start := row.get("start"):
            row["start"] = start[:16].replace("T", " ")
        row["by"] = ", ".join(row.get("by", ()))
    columns = COLUMNS[what] + (["by"] if like and what is not What.facts else [])
    output.table(rows, columns, empty=none, whole=["start"])
    for name, do in left_out.items():
        output.note(f"Not searched by {name}: {do}")
    return None


Rows = list[dict[str, Any]]


def _exact(
    graph: "Graph", what: What, words: str, patient: str | None, at: datetime | None, limit: int
) -> tuple[Rows, dict[str, str]]:
    from graph import search as find

    if what is What.codes:
        return find.concepts(graph, words, at=at, limit=limit), {}
    if what is What.names:
        return find.names(graph, words, limit), {}
    return find.facts(graph, words, patient=patient, at=at, limit=limit), {}


def _like(
    graph: "Graph", what: What, words: str, patient: str | None, at: datetime | None, limit: int
) -> tuple[Rows, dict[str, str]]:
    from graph.vectors import like as find

    if what is What.codes:
        found = find.codes(graph, words, at=at, limit=limit)
    elif what is What.names:
        found = find.names(graph, words, limit)
    else:
        found = find.facts(graph, words, patient=patient, at=at, limit=limit)
    return found.rows, found.left_out
