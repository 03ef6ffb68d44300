"""`cwm graph snapshot`: what a paper cites of a graph, and whether another graph is the same."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.instant import AsOf, instant
from ontology.errors import InvalidInputError

app = typer.Typer(help="Cite the graph: its digest, so that others can rebuild it.", no_args_is_help=True)

Which = Annotated[
    str, typer.Argument(metavar="WHICH", help="Beginning of an id or digest, or a file that --out wrote.")
]


@app.command()
def make(
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option(help="Write it to a new JSON file too, for others.")] = None,
    as_json: output.Json = False,
) -> None:
    """Find the digest of the whole graph, or of what was known at an instant, and keep it.

    \b
    Example: cwm graph snapshot make --out snapshot.json
    Example: cwm graph snapshot make --as-of 2024-01-01
    """
    from graph import open_graph, snapshot

    if out is not None and out.exists():
        raise InvalidInputError("The file is already there.", got=out, do="Give another name to --out.")
    with open_graph() as graph:
        made = snapshot.make(graph, instant(as_of))
    if out is not None:
        out.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    _say(made, as_json)


@app.command("list")
def list_(as_json: output.Json = False) -> None:
    """List the snapshots that were kept, newest first.

    \b
    Example: cwm graph snapshot list
    """
    from graph import open_graph, snapshot

    with open_graph() as graph:
        found = snapshot.listed(graph)
    if as_json:
        return output.json([made.model_dump(mode="json") for made in found])
    rows = [made.model_dump(mode="json") for made in found]
    return output.table(rows, ["id", "as_of", "resources", "made", "software"], empty="No snapshot yet.")


@app.command()
def show(which: Which, as_json: output.Json = False) -> None:
    """Show a snapshot and the line that cites it.

    \b
    Example: cwm graph snapshot show 0a1b2c
    """
    from graph import open_graph, snapshot

    with open_graph() as graph:
        _say(snapshot.load(graph, which), as_json)


@app.command()
def verify(which: Which, as_json: output.Json = False) -> None:
    """Say whether this graph is the one of a snapshot; the exit status is 1 when it is not.

    \b
    Example: cwm graph snapshot verify snapshot.json
    """
    from graph import open_graph, snapshot

    with open_graph() as graph:
        found = snapshot.verify(graph, snapshot.load(graph, which))
    if as_json:
        output.json(found.model_dump(mode="json"))
    elif found.equal:
        output.out.print(f"This graph is that of snapshot {found.snapshot.id}.")
    else:
        output.out.print(f"This graph is not that of snapshot {found.snapshot.id}.")
        rows = [{"graph": "the snapshot's", "digest": found.snapshot.digest}]
        output.table([*rows, {"graph": "this", "digest": found.digest}], ["graph", "digest"])
    if not found.equal:
        raise typer.Exit(1)


def _say(made: Any, as_json: bool) -> None:
    if as_json:
        return output.json(made.model_dump(mode="json"))
    names = ("id", "digest", "as_of", "resources", "runs", "software", "made")
    shown = made.model_dump(mode="json")
    shown["runs"] = f"{len(made.runs)} ingests"
    rows = [
        {"what": name.replace("_", " "), "value": shown[name]} for name in names if shown[name] is not None
    ]
    rows += [{"what": type_, "value": f"{n:,}"} for type_, n in made.types.items()]
    output.table(rows, ["what", "value"])
    if made.unfinished:
        output.note("An ingest has not ended, so the graph may not be whole: " + ", ".join(made.unfinished))
    return output.out.print(f"\nCite it as: {made.citation}", highlight=False, soft_wrap=True)
