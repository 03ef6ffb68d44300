"""`cwm search`: find codes, names and facts by words."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from cli import output
from cli.filters import EMPTY, nobody
from cli.instant import AsOf, instant
from ontology.errors import InvalidInputError, NotFoundError

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
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows at most.")] = 20,
    as_json: output.Json = False,
) -> None:
    """Find codes by their names, people and places by theirs, or facts through their codes.

    \b
    Example: cwm search "hyper dis"
    Example: cwm search creatinine --in facts --patient p1 --as-of 2024-01-01
    """
    from graph import open_graph
    from graph import search as find
    from graph.journey import patient_key

    if patient and what is not What.facts:
        raise InvalidInputError("Only facts are of one patient.", got=f"--in {what}", do="Add --in facts.")
    if as_of and what is What.names:
        raise InvalidInputError("Names have no time.", got=f"--as-of {as_of}", do="Leave it out.")
    with open_graph() as graph:
        if patient and not graph.read("patient.show", patient=patient_key(patient)):
            raise NotFoundError("No such patient.", got=patient, do="See `cwm patient list`.")
        rows: list[dict[str, Any]]
        if what is What.codes:
            rows = find.concepts(graph, words, at=instant(as_of), limit=limit)
        elif what is What.names:
            rows = find.names(graph, words, limit)
        else:
            rows = find.facts(graph, words, patient=patient, at=instant(as_of), limit=limit)
        none = EMPTY if not rows and nobody(graph) else "Nothing is called so."
    if as_json:
        return output.json({"in": what.value, "rows": rows})
    for row in rows:
        if start := row.get("start"):
            row["start"] = start[:16].replace("T", " ")
    return output.table(rows, COLUMNS[what], empty=none, whole=["start"])
