"""`cwm graph ask`: the competency questions, listed by audience, and answered."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import output

if TYPE_CHECKING:
    from graph.queries import Query
    from graph.sandbox import Answer

TITLES = {"clinician": "Clinicians ask", "researcher": "Researchers ask", "safety": "Safety teams ask"}


def ask(
    name: Annotated[
        str | None, typer.Argument(help="The question; all are listed when it is left out.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="A parameter, key=value; repeat it for more.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what it takes and gives, and show its Cypher; ask nothing.")
    ] = False,
    rdf: Annotated[
        Path | None, typer.Option("--rdf", help="Ask this export of RDF instead of the graph, in SPARQL.")
    ] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="Most rows to show (CWM_QUERY_ROWS).")] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Most seconds to take (CWM_QUERY_TIMEOUT).")
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Ask one of the questions that clinicians, researchers and safety teams have.

    Rates come with Wilson's 95 % interval. Every question and its answer on a small clinic is in docs/questions.md.

    \b
    Example: cwm graph ask
    Example: cwm graph ask result_trend -p patient=Patient/1 -p test='http://loinc.org|4548-4' -p at=2025-06-30T00:00:00Z
    Example: cwm graph ask unevidenced_claims --json
    """
    from graph.ask import question

    if name is None:
        _list(as_json)
    elif explain:
        _explain(question(name), as_json)
    else:
        answer = _answer(question(name), _pairs(question(name), param or []), rdf, timeout, rows)
        _show(answer, as_json)


def _answer(
    chosen: "Query", given: dict[str, str], rdf: Path | None, timeout: float | None, rows: int | None
) -> "Answer":
    from graph import Settings, open_graph
    from graph.ask import ask as run
    from graph.ask import checked

    checked(chosen, given)
    if rdf is None:
        with open_graph() as graph:
            return run(graph, chosen.name, given, timeout=timeout, rows=rows)
    from graph.ask_rdf import ask_rdf
    from graph.sparql.engine import Engine

    settings = Settings()
    with Engine(rdf) as engine:
        most, seconds = rows or settings.query_rows, timeout or settings.query_timeout
        return ask_rdf(engine, chosen.name, given, timeout=seconds, rows=most)


def _pairs(chosen: "Query", given: list[str]) -> dict[str, str]:
    from graph.ask import example
    from ontology.errors import InvalidInputError

    found: dict[str, str] = {}
    for item in given:
        key, equals, text = item.partition("=")
        if not equals:
            raise InvalidInputError(
                "A parameter needs a value.", got=item, allowed="key=value", do=f"Example: {example(chosen)}"
            )
        found[key] = text
    return found


def _show(answer: "Answer", as_json: bool) -> None:
    if as_json:
        output.json({"columns": answer.columns, "rows": answer.rows, "truncated": answer.truncated})
        return
    output.table([_flat(row) for row in answer.rows], answer.columns, empty="Nobody and nothing.")
    if answer.truncated:
        output.note(f"Only the first {len(answer.rows)} rows are shown; there are more (see --rows).")


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row for people: lists with a line an item, rates in per cent."""
    shown: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, list):
            shown[key] = "\n".join(
                ", ".join(f"{k} {v}" for k, v in item.items() if v is not None)
                if isinstance(item, dict)
                else str(item)
                for item in value
            )
        elif isinstance(value, float):
            shown[key] = f"{value:.4g}"
        else:
            shown[key] = value
    return shown


def _list(as_json: bool) -> None:
    from graph.ask import columns, example, questions

    found = questions()
    if as_json:
        output.json([
            {"name": name, "audience": q.audience, "question": q.summary, "example": example(q),
             "params": {k: p.model_dump() for k, p in q.params.items()}, "returns": columns(q)}
            for name, q in found.items()
        ])  # fmt: skip
        return
    for audience, title in TITLES.items():
        rows = [
            {"name": name, "question": q.summary, "parameters": ", ".join(q.params)}
            for name, q in found.items()
            if q.audience == audience
        ]
        output.table(rows, ["name", "question", "parameters"], title=f"\n{title}", whole=("name",))
    output.note("Ask one: cwm graph ask NAME -p key=value. What it takes: cwm graph ask NAME --explain.")


def _explain(chosen: "Query", as_json: bool) -> None:
    from graph.ask import columns, example

    if as_json:
        output.json(chosen.model_dump() | {"returns": columns(chosen), "example": example(chosen)})
        return
    output.out.print(chosen.summary, highlight=False)
    given = [
        {
            "parameter": k,
            "type": p.type + (" or nothing" if p.optional else ""),
            "what": p.doc,
            "example": p.example,
        }
        for k, p in chosen.params.items()
    ]
    output.table(given, ["parameter", "type", "what", "example"], title="\nTakes", empty="\nTakes nothing.")
    gives = [{"column": k, "what": v} for k, v in columns(chosen).items()]
    output.table(gives, ["column", "what"], title="\nGives")
    output.out.print(f"\nExample: {example(chosen)}\n\n{chosen.text}", highlight=False, markup=False)
