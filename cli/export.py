"""`cwm graph export`: what is in the graph, out of it."""

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli import rdf as as_rdf

app = typer.Typer(help="Write what is in the graph into files that others read.", no_args_is_help=True)


@app.callback()
def formats() -> None:
    """Write what is in the graph into files that others read."""


app.command("rdf")(as_rdf.rdf)


@app.command()
def fhir(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder.")],
    patient: Annotated[
        str | None, typer.Option(help="One patient's resources and what they refer to; an id.")
    ] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Resources of one FHIR type only.")] = None,
    compressed: Annotated[bool, typer.Option("--gzip", help="Compress the files.")] = False,
    as_json: output.Json = False,
) -> None:
    """Write FHIR NDJSON, one file a type, each resource equal to what went in.

    \b
    Example:
      cwm graph export fhir out/
      cwm graph export fhir out/ --patient p1 --gzip
    """
    from graph import open_graph
    from graph.export.fhir import export

    with open_graph() as graph:
        counts = export(graph, out, patient=patient, type_=type_, compressed=compressed)
    if as_json:
        return output.json({"out": str(out), "resources": sum(counts.values()), "types": counts})
    rows = [{"type": name, "resources": f"{count:,}"} for name, count in sorted(counts.items())]
    output.table(rows, ["type", "resources"], empty="The graph holds no such resource.")
    return output.note(f"{sum(counts.values()):,} resources in {out}.")
