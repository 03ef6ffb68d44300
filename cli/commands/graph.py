"""`cwm graph`: start, stop, look at and question the graph."""

import csv
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import ask, backup, export, export_tables, loop, output, rdf, snapshot
from ontology.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from graph.queries import Param

app = typer.Typer(
    help="The graph: start and stop it, see what is in it, ask it in Cypher.", no_args_is_help=True
)
app.add_typer(export.app, name="export")
app.add_typer(snapshot.app, name="snapshot")
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(export_tables.load)
app.command()(rdf.sparql)
app.command()(rdf.endpoint)
app.command()(loop.loop)
app.command()(ask.ask)


class Reader(StrEnum):
    """Who reads the schema."""

    people = "people"
    model = "model"


STATUS = ("state", "address", "version", "pid", "memory_mb", "up_seconds", "in_use", "stays", "folder")


def _status() -> dict[str, Any]:
    """Where the graph is and whether it runs; starts nothing."""
    import time

    from graph import Settings, server

    settings = Settings()
    folder = settings.embedded
    if folder is None:
        return {"state": "elsewhere", "address": settings.graph_target}
    lease = server.current(folder)
    if lease is None:
        return {"state": "stopped", "version": settings.neo4j_version, "folder": str(folder)}
    return {
        "state": "running",
        "address": f"bolt://127.0.0.1:{lease.port}",
        "version": lease.version,
        "pid": lease.java.pid,
        "memory_mb": (lease.java.memory or 0) // 2**20,
        "up_seconds": round(time.time() - lease.started),
        "in_use": server.used(folder),
        "stays": (folder / "stay").exists(),
        "folder": str(folder),
    }


def _show(status: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.json(status)
    else:
        output.table(
            [{"what": k.replace("_", " "), "value": status[k]} for k in STATUS if k in status],
            ["what", "value"],
        )


@app.command()
def start(as_json: output.Json = False) -> None:
    """Start the private Neo4j and let it run until `cwm graph stop`.

    Other commands start it by themselves and let it end a little after the last of them.

    \b
    Example: cwm graph start
    """
    from graph import Settings, open_graph, server

    settings = Settings()
    with open_graph(settings):
        if settings.embedded:
            server.stay(settings.embedded, on=True)
    _show(_status(), as_json)


@app.command()
def stop(as_json: output.Json = False) -> None:
    """Stop the private Neo4j now, also when a program still uses it. Nothing that was saved is lost.

    \b
    Example: cwm graph stop
    """
    from graph import Settings, server

    folder = Settings().embedded
    if folder is None:
        raise InvalidInputError(
            "This graph is not ours to stop.",
            got=Settings().graph_target,
            do="Stop that server where it runs.",
        )
    stopped = server.stop(folder)
    if as_json:
        output.json({"stopped": stopped})
    else:
        output.out.print(
            "The private Neo4j has stopped." if stopped else "The private Neo4j was not running."
        )


@app.command()
def status(as_json: output.Json = False) -> None:
    """Say where the graph is and whether it runs; starts nothing.

    \b
    Example: cwm graph status --json
    """
    _show(_status(), as_json)


@app.command()
def schema(
    reader: Annotated[
        Reader, typer.Option("--for", help="Tables for people, or compact text for a language model.")
    ] = Reader.people,
    as_json: output.Json = False,
) -> None:
    """Labels, relationships, properties with their counts, constraints and indexes; no value of any record.

    \b
    Example: cwm graph schema --json
    Example: cwm graph schema --for model > schema.txt
    """
    from graph import open_graph
    from graph.schema import describe, for_model

    with open_graph() as graph:
        if reader is Reader.model:
            text = for_model(graph)
            output.json({"text": text}) if as_json else typer.echo(text, nl=False)
            return
        found = describe(graph)
    if as_json:
        output.json(found)
        return
    columns = {
        "labels": ["label", "nodes"],
        "relationships": ["type", "count"],
        "patterns": ["a", "type", "b", "count"],
        "properties": ["label", "property", "types", "nodes"],
        "constraints": ["name", "labels", "properties"],
        "indexes": ["name", "type", "labels", "properties", "state"],
    }
    for part, rows in found.items():
        title = "properties (of up to 1000 nodes a label)" if part == "properties" else part
        output.table(
            [_joined(row) for row in rows], columns[part], title=f"\n{title}", empty=f"\nNo {part} yet."
        )


@app.command()
def query(
    cypher: Annotated[
        str | None,
        typer.Argument(help="A read query in Cypher, or the name of one; `-` reads it from standard input."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", "-n", help="Run a named query instead; see --list.")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", help="A parameter, key=value; the value as JSON or text."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the named read queries.")] = False,
    rows: Annotated[int | None, typer.Option(min=1, help="Most rows to show (CWM_QUERY_ROWS).")] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Most seconds to take (CWM_QUERY_TIMEOUT).")
    ] = None,
    skip: Annotated[
        int, typer.Option(min=0, help="Begin after so many rows; the query must say its order (ORDER BY).")
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="Write a frame with typed columns: a new .parquet, .csv or .ndjson file."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: output.Json = False,
) -> None:
    """Ask the graph a read query, in Cypher or by name, with a limit of time and rows.

    \b
    Example: cwm graph query 'MATCH (p:Patient) RETURN p.key AS key, p.gender AS gender LIMIT 5'
    Example: cwm graph query --name schema.properties -p label=Patient -p sample=100 --csv
    Example: cwm graph query 'MATCH (o:Observation) RETURN o.key AS key, o.value AS value' --out values.parquet
    """
    from graph import open_graph
    from graph.frames import save
    from graph.sandbox import ask

    if list_:
        _list(as_json)
        return
    text, params = _chosen(cypher, name, _pairs(param or []))
    with open_graph() as graph:
        if out is not None:
            written = save(graph, text, params, out, timeout=timeout, rows=rows, skip=skip)
            found = {"file": str(out), **written}
            output.json(found) if as_json else output.note(f"{found['rows']:,} rows in {out}.")
            return
        answer = ask(graph, text, params, timeout=timeout, rows=rows, skip=skip)
    if as_json:
        output.json({"columns": answer.columns, "rows": answer.rows, "truncated": answer.truncated})
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, answer.columns)
        writer.writeheader()
        writer.writerows(_joined(row) for row in answer.rows)
    else:
        output.table([_joined(row) for row in answer.rows], answer.columns, empty="No rows.")
    if answer.truncated and not as_json:
        output.note(f"Only the first {len(answer.rows)} rows are shown; there are more (see --rows).")


def _list(as_json: bool) -> None:
    from graph.queries import catalogue

    found = [q for q in catalogue().values() if q.access == "read"]
    if as_json:
        output.json([q.model_dump(include={"name", "summary", "params", "returns"}) for q in found])
    else:
        output.table(
            [{"name": q.name, "parameters": ", ".join(q.params), "summary": q.summary} for q in found],
            ["name", "parameters", "summary"],
        )


def _chosen(cypher: str | None, name: str | None, given: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The text to run and its parameters; a parameter of a named query that may be left out is null."""
    from graph.queries import catalogue, named

    if name is None and cypher in catalogue():
        cypher, name = None, cypher
    if (cypher is None) == (name is None):
        raise InvalidInputError(
            "Give a query in Cypher, or --name, or --list.",
            do="Example: cwm graph query 'MATCH (n) RETURN count(n)'",
        )
    if name is None:
        loose = {key: _loose(text) for key, text in given.items()}
        return (sys.stdin.read() if cypher == "-" else cypher or ""), loose
    chosen = named(name)
    if chosen.access != "read":
        raise NotFoundError(
            "This query writes, so it is not run by hand.", got=name, do="See `cwm graph query --list`."
        )
    if unknown := [key for key in given if key not in chosen.params]:
        raise InvalidInputError(
            "The query has no such parameter.",
            got=", ".join(unknown),
            allowed=", ".join(chosen.params) or "none",
        )
    if missing := [key for key, p in chosen.params.items() if key not in given and not p.optional]:
        examples = " ".join(f"-p {key}={chosen.params[key].example}" for key in missing)
        raise InvalidInputError(
            "A parameter is missing.",
            got=", ".join(given) or "none",
            allowed=", ".join(chosen.params),
            do=f"Add {examples}",
        )
    typed = {key: _typed(key, chosen.params[key], text) for key, text in given.items()}
    return chosen.text, {**dict.fromkeys(chosen.params), **typed}


def _typed(key: str, param: "Param", text: str) -> Any:
    """What a named query is given: JSON or text, as the type that its header declares."""
    from graph.params import typed

    loose = _loose(text)
    if loose is None and param.optional:
        return loose
    return typed(key, param, loose if isinstance(loose, str) else text)


def _pairs(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in given:
        key, equals, text = item.partition("=")
        if not equals:
            raise InvalidInputError(
                "A parameter needs a value.",
                got=item,
                allowed="key=value",
                do="Example: -p patient=Patient/1",
            )
        found[key] = text
    return found


def _loose(text: str) -> Any:
    """A value as JSON, or the text where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _joined(row: dict[str, Any]) -> dict[str, Any]:
    """A row for people: lists of names with commas, anything deeper as JSON."""
    return {key: _cell(value) for key, value in row.items()}


def _cell(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
