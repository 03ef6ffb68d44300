"""`cwm graph export`: what is in the graph, out of it."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from cli import export_tables, output
from cli import rdf as as_rdf
from cli.asked import SHARED, Cohort, Hide, Key, Shared, asked
from cli.filters import fhir_types
from cli.instant import AsOf
from ontology.errors import InvalidInputError

app = typer.Typer(help="Write what is in the graph into files that others read.", no_args_is_help=True)


@app.callback()
def formats() -> None:
    """Write what is in the graph into files that others read."""


app.command("rdf")(as_rdf.rdf)
app.command()(export_tables.meds)
app.command()(export_tables.parquet)
app.command()(export_tables.admin)


@app.command()
def fhir(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder.")],
    patient: Annotated[
        str | None, typer.Option(help="One patient's resources and what they refer to; an id.")
    ] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Resources of one FHIR type only.")] = None,
    compressed: Annotated[bool, typer.Option("--gzip", help="Compress the files.")] = False,
    bundles: Annotated[
        bool, typer.Option("--bundles", help="One Bundle a patient; an ingest takes them in again as it was.")
    ] = False,
    history: Annotated[
        bool,
        typer.Option("--history", help="Every version of a fact, also what it said before a correction."),
    ] = False,
    as_of: AsOf = None,
    cohort: Cohort = None,
    deidentify: Hide = False,
    key: Key = None,
    shared: Shared = SHARED,
    as_json: output.Json = False,
) -> None:
    """Write FHIR NDJSON, one file a type, each resource equal to what went in, or as it was known, or de-identified.

    \b
    Example:
      cwm graph export fhir out/
      cwm graph export fhir out/ --patient p1 --gzip
      cwm graph export fhir out/ --history
      cwm graph export fhir out/ --bundles --as-of 2024-01-01 --deidentify
    """
    from graph import open_graph
    from graph.export import fhir as files

    if bundles and (patient or type_ or compressed or history):
        raise InvalidInputError(
            "Bundles are whole patients in files of JSON, as they are.",
            do="Leave out --patient, --type, --gzip and --history.",
        )
    lost: Counter[str] = Counter()
    with open_graph() as graph:
        wanted = asked(graph, as_of, cohort, deidentify, key, shared)
        if type_:
            fhir_types([type_], [row["type"] for row in graph.read("export.types")])
        with output.progress("patients" if bundles else "resources", quiet=as_json) as step:
            if bundles:
                counts = files.bundles(graph, out, wanted, progress=step)
            else:
                counts = files.export(
                    graph,
                    out,
                    patient=patient,
                    type_=type_,
                    compressed=compressed,
                    history=history,
                    asked=wanted,
                    lost=lost,
                    progress=step,
                )
    if as_json:
        without = {"by_urn": lost["references"], "without_id": lost["without_id"]}
        return output.json({"out": str(out), "resources": sum(counts.values()), "types": counts} | without)
    rows = [{"type": name, "resources": f"{count:,}"} for name, count in sorted(counts.items())]
    output.table(rows, ["type", "resources"], empty="The graph holds no such resource.")
    if lost.total():
        output.note(
            f"NDJSON has no place for the fullUrl by which {lost['references']:,} references name a resource, and from which"
            f" {lost['without_id']:,} resources have their id. To take all of it in again, export with --bundles."
        )
    return output.note(f"{sum(counts.values()):,} resources in {out}.")
