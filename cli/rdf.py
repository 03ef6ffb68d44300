"""`cwm graph export rdf` and `cwm graph sparql`: the graph as RDF, and questions to it in SPARQL."""

import csv
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.instant import AsOf, instant
from ontology.errors import CwmError, InvalidInputError

SHOWN = 20


class ShapesError(CwmError):
    """The export breaks shapes."""

    code = "shapes"
    exit_status = 1


def rdf(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new file: .ttl, .nq or .jsonld.")],
    format_: Annotated[
        str | None,
        typer.Option("--format", help="turtle, nquads or jsonld; by default what the file's name says."),
    ] = None,
    patient: Annotated[list[str] | None, typer.Option(help="A patient's id; may be given again.")] = None,
    patients: Annotated[
        Path | None, typer.Option(help="A file with an id a line; - for standard input.")
    ] = None,
    cohort: Annotated[
        str | None, typer.Option(help="The patients of a saved cohort; see `cwm cohort list`.")
    ] = None,
    as_of: AsOf = None,
    with_identity: Annotated[
        bool, typer.Option("--with-identity", help="With names, identifiers, typed text, files and machines.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Check the file against the shapes (SHACL); for patients and cohorts, in memory."
        ),
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Write RDF with PROV-O: of patients and what they refer to, or of the whole graph.

    Names, identifiers and typed text stay out unless asked for; keys and dates go out, so it is not de-identified.

    \b
    Example:
      cwm graph export rdf all.nq
      cwm graph export rdf p1.ttl --patient p1 --as-of 2015-01-01T00:00:00Z --check
    """
    from graph import cohort_store, open_graph
    from graph.export.rdf_write import chosen, export

    kind = chosen(format_, out)
    people, at = _chosen(patient, patients), instant(as_of)
    with open_graph() as graph:
        if cohort is not None:
            members = cohort_store.members(graph, cohort_store.load(graph, cohort))["patient"].to_list()
            people = [*(people or []), *members]
        with output.progress("nodes", quiet=as_json) as step:
            count = export(graph, out, kind, patients=people, at=at, identity=with_identity, progress=step)
    said: dict[str, Any] = {"out": str(out), "format": kind, "triples": count}
    findings = _check(out, kind) if check else None
    if findings is not None:
        said["findings"] = findings
    if as_json:
        output.json(said)
    else:
        output.note(f"{count:,} triples in {out}.")
        if findings is not None:
            output.table(
                findings[:SHOWN], ["severity", "focus", "path", "message"], empty="Every shape is satisfied."
            )
    if wrong := [f for f in findings or () if f["severity"] == "violation"]:
        raise ShapesError(
            "The graph breaks shapes.", got=f"{len(wrong)} findings", do="See ontology/shapes.ttl."
        )


def _chosen(one: list[str] | None, many: Path | None) -> list[str] | None:
    found = list(one or [])
    if many is not None:
        try:
            text = sys.stdin.read() if str(many) == "-" else many.read_text(encoding="utf-8")
        except OSError as fault:
            raise InvalidInputError(
                "The list of patients cannot be read.", got=many, do=str(fault.strerror)
            ) from None
        found += [line.strip() for line in text.splitlines() if line.strip()]
    if not found and many is not None:
        raise InvalidInputError("The list of patients is empty.", got=many, allowed="an id a line")
    return found or None


def _check(out: Path, kind: str) -> list[dict[str, Any]]:
    from ontology.shapes import check

    return [
        {"severity": f.severity, "focus": f.focus, "path": f.path, "message": f.message, "value": f.value}
        for f in check(out, kind)
    ]


def sparql(
    query: Annotated[
        str | None,
        typer.Argument(help="A query in SPARQL, or the name of one; `-` reads it from standard input."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help="Run a named query; see --list.")] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", help="A parameter, key=value; the value as JSON or text."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="A file that `cwm graph export rdf` wrote; by default the graph is read."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the named queries.")] = False,
    rows: Annotated[int | None, typer.Option(min=1, help="Most rows to show (CWM_QUERY_ROWS).")] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Most seconds to take (CWM_QUERY_TIMEOUT).")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: output.Json = False,
) -> None:
    """Ask the graph in SPARQL (SELECT, ASK, CONSTRUCT, DESCRIBE), with a limit of time and rows, by Oxigraph.

    Without --data the whole graph is written as RDF first; for more than one question, export it once.

    \b
    Example: cwm graph sparql --data all.nq 'SELECT (COUNT(?p) AS ?n) { ?p a cwm:Patient }'
    Example: cwm graph sparql --name record.counts --csv
    """
    from graph.settings import Settings
    from graph.sparql.engine import Engine

    if list_:
        _list(as_json)
        return
    settings = Settings()
    text, params = _asked(query, name, param or [])
    with _data(data) as file, Engine(file) as engine:
        answer = engine.ask(
            text, params, timeout=timeout or settings.query_timeout, rows=rows or settings.query_rows
        )
    if as_json:
        output.json({"columns": answer.columns, "rows": answer.rows, "truncated": answer.truncated})
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, answer.columns)
        writer.writeheader()
        writer.writerows(answer.rows)
    else:
        output.table(answer.rows, answer.columns, empty="No rows.")
    if answer.truncated and not as_json:
        output.note(f"Only the first {len(answer.rows)} rows are shown; there are more (see --rows).")


def endpoint(
    data: Annotated[
        Path | None,
        typer.Option(
            help="A file that `cwm graph export rdf` wrote; by default the graph is read once, now."
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")
    ] = 7878,
    rows: Annotated[int | None, typer.Option(min=1, help="Most rows of an answer (CWM_QUERY_ROWS).")] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Most seconds of a query (CWM_QUERY_TIMEOUT).")
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Answer SPARQL over HTTP, reading only, on this machine, to whoever has the token (CWM_SPARQL_TOKEN).

    It is the SPARQL 1.1 Protocol at /sparql, over one export that does not change while it runs. Ctrl-C ends it.

    \b
    Example:
      export CWM_SPARQL_TOKEN="$(openssl rand -hex 32)"
      cwm graph endpoint --data all.nq
      curl -H "Authorization: Bearer $CWM_SPARQL_TOKEN" --data-urlencode 'query=ASK {}' http://127.0.0.1:7878/sparql
    """
    from graph.settings import Settings
    from graph.sparql import server
    from graph.sparql.endpoint import Endpoint, token
    from graph.sparql.engine import Engine

    settings = Settings()
    secret = token(settings)  # before anything is loaded
    with _data(data) as file, Engine(file) as engine:
        made = Endpoint(
            engine, secret, timeout=timeout or settings.query_timeout, rows=rows or settings.query_rows
        )

        def ready(address: str) -> None:
            if as_json:
                output.json({"address": address})
                sys.stdout.flush()  # whoever reads it through a pipe waits for it
            else:
                output.note(f"SPARQL at {address}, with the token. Ctrl-C ends it.")

        server.run(made, port=port, ready=ready)


@contextmanager
def _data(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    from graph import open_graph
    from graph.export.rdf_write import export

    with tempfile.TemporaryDirectory() as folder, open_graph() as graph:
        file = Path(folder) / "graph.nq"
        with output.progress("writing the graph as RDF") as step:
            export(graph, file, progress=step)
        yield file


def _list(as_json: bool) -> None:
    from graph.sparql import catalogue

    found = list(catalogue().values())
    if as_json:
        output.json([q.model_dump(include={"name", "summary", "params", "returns"}) for q in found])
    else:
        lines = [{"name": q.name, "parameters": ", ".join(q.params), "summary": q.summary} for q in found]
        output.table(lines, ["name", "parameters", "summary"])


def _asked(query: str | None, name: str | None, param: list[str]) -> tuple[str, dict[str, Any]]:
    """The text to run and its parameters, checked and typed as the named query says."""
    from graph.sparql import catalogue
    from graph.sparql.params import typed

    given = dict(map(_param, param))
    if name is None and query in catalogue():
        query, name = None, query
    if (query is None) == (name is None):
        raise InvalidInputError(
            "Give a query in SPARQL, or --name, or --list.",
            do="Example: cwm graph sparql --name record.counts",
        )
    if name is None:
        return (sys.stdin.read() if query == "-" else query or ""), given
    return typed(name, given)


def _param(item: str) -> tuple[str, Any]:
    key, equals, text = item.partition("=")
    if not equals:
        raise InvalidInputError(
            "A parameter needs a value.", got=item, allowed="key=value", do="Example: -p patient=Patient/1"
        )
    try:
        return key, json.loads(text)
    except json.JSONDecodeError:
        return key, text
