"""`cwm concepts`: codes, where they stand in ICD-10-CM, what has no place, and units."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cli import output
from cli.instant import instant

app = typer.Typer(
    help="Codes: where they stand in ICD-10-CM, what has no place, units.", no_args_is_help=True
)

Level = Literal["chapter", "block", "category"]


@app.command()
def load(as_json: output.Json = False) -> None:
    """Write the tree of ICD-10-CM, place the codes that the data say, and relate their units; again, it changes nothing.

    Do it after an ingest that brought new codes.

    \b
    Example: cwm concepts load
    """
    from graph import open_graph, terminology, units

    with open_graph() as graph:
        done = terminology.load(graph)
        measured = units.load(graph)
    known = {"numbers": measured.numbers, "understood": measured.understood}
    if as_json:
        return output.json(done.as_dict() | {"units": known})
    output.table(
        [
            {
                "": "codes placed",
                "count": f"{done.placed:,}",
                "what": "codes of the data that have a category",
            },
            {
                "": "written",
                "count": f"{done.written:,}",
                "what": "codes of ICD-10-CM that were not in the graph",
            },
            {"": "IS_A", "count": f"{done.is_a:,}", "what": "which code lies in which"},
            {
                "": "MAPS_TO",
                "count": f"{done.maps_to:,}",
                "what": "codes of other systems and what they lead to",
            },
            {"": "removed", "count": f"{done.removed:,}", "what": "relationships of earlier editions"},
            {
                "": "numbers",
                "count": f"{measured.numbers:,}",
                "what": f"of which {_share(known)} have a known unit",
            },
        ],
        ["", "count", "what"],
    )
    return output.note(f"Edition {done.edition}, {done.seconds:.1f} s. See `cwm concepts coverage`.")


def _share(known: dict[str, int]) -> str:
    return f"{known['understood'] / known['numbers']:.1%}" if known["numbers"] else "none"


@app.command()
def coverage(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="FHIR files or folders to read; without them, the graph."),
    ] = None,
    rows: Annotated[int, typer.Option(min=0, help="Most codes without a place to show.")] = 20,
    as_json: output.Json = False,
) -> None:
    """Say what share of all conditions has a category of ICD-10-CM, and list the codes that have none by frequency.

    \b
    Example:
      cwm concepts coverage
      cwm concepts coverage docs/demo/fhir --json
    """
    from graph import Settings, open_graph
    from graph.coverage import of_files, of_graph

    if paths:
        found = of_files(paths, Settings().line_limit).as_dict()
    else:
        with open_graph() as graph:
            found = of_graph(graph).as_dict()
    if as_json:
        return output.json(found)
    if found["share"] is None:
        return output.out.print("There are no conditions.", style="dim")
    output.out.print(
        f"{found['placed']:,} of {found['conditions']:,} conditions ({found['share']:.2%}) have a category of ICD-10-CM; "
        f"{found['kinds']:,} different codes.",
        highlight=False,
    )
    output.table(
        [{"answer from": rule, "conditions": f"{n:,}"} for rule, n in found["rules"].items()],
        ["answer from", "conditions"],
        title="\nPlaced by",
    )
    rest = [r | {"codes": ", ".join(r["codes"])} for r in found["rest"][:rows]]
    title = f"\nWithout a place: {len(found['rest']):,} codes"
    return output.table(
        rest, ["conditions", "codes", "display"], title=title, empty="\nNothing is without a place."
    )


@app.command()
def show(
    code: Annotated[
        str, typer.Argument(help="A chapter (9), block (I20-I25), category (I25) or code (I25.10).")
    ],
    as_json: output.Json = False,
) -> None:
    """Show where a code of ICD-10-CM stands, and which codes of the data lie in it or lead to it.

    \b
    Example: cwm concepts show I25
    """
    from graph import open_graph, terminology
    from ontology.terminology import category, path

    found = terminology.node(code)
    above = path(found.code) or [found, *path(category(found.code) or "")]
    with open_graph() as graph:
        inside = [row for row in terminology.descendants(graph, code) if row["facts"]]
    places = [{"level": n.level, "code": n.code, "name": n.name} for n in reversed(above)]
    if as_json:
        return output.json({"place": places, "codes": inside})
    output.table(places, ["level", "code", "name"], whole=["level", "code"])
    columns = ["facts", "code", "name", "relation", "system"]
    return output.table(
        inside, columns, title="\nSaid in the data", empty="\nNo fact has such a code.", whole=["code"]
    )


@app.command()
def counts(
    level: Annotated[Level, typer.Option(help="How fine.")] = "chapter",
    within: Annotated[str | None, typer.Option(help="Only inside this chapter, block or category.")] = None,
    as_json: output.Json = False,
) -> None:
    """Count conditions and patients by chapter, block or category of ICD-10-CM, rolled up. Load the concepts first.

    \b
    Example: cwm concepts counts --level block --within 9
    """
    from graph import open_graph, terminology

    with open_graph() as graph:
        found = terminology.counts(graph, level, within)
    if as_json:
        return output.json(found)
    none = "Nothing to count. Are the concepts loaded? `cwm concepts load`"
    return output.table(found, ["code", "name", "conditions", "patients"], empty=none, whole=["code"])


@app.command()
def patient(
    patient: Annotated[str, typer.Argument(help="A patient's id or key.")],
    at: Annotated[
        str | None,
        typer.Option(help="As known at this instant (with its time zone) or at the end of this date (UTC)."),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Show a patient's conditions by chapter of ICD-10-CM, now or as they were known at an instant.

    \b
    Example: cwm concepts patient p1 --at 2020-01-01
    """
    from graph import open_graph, terminology

    with open_graph() as graph:
        found = terminology.by_chapter(graph, patient, instant(at))
    if as_json:
        return output.json(found)
    rows: list[dict[str, Any]] = [
        {
            "chapter": f"{group['chapter'] or '-'} {group['name'] or 'without a place'}" if i == 0 else "",
            "category": fact["category"],
            "start": fact["start"] and fact["start"].date(),
            "condition": fact["display"],
        }
        for group in found
        for i, fact in enumerate(group["conditions"])
    ]
    columns = ["chapter", "category", "start", "condition"]
    return output.table(rows, columns, empty="No conditions are known.", whole=["category", "start"])


@app.command()
def embed(
    again: Annotated[
        bool, typer.Option("--again", help="Fit the model on the names that are there now, make all anew.")
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Make vectors of the names of codes, providers, places and things, for `cwm search --like`; only what is new.

    Do it after `cwm concepts load`, and after an ingest that brought new codes. Names of patients get no vectors.

    \b
    Example: cwm concepts embed
    """
    from graph import open_graph
    from graph.vectors.embed import embed

    with output.progress("vectors", quiet=as_json) as step, open_graph() as graph:
        done = embed(graph, again=again, progress=step)
    if as_json:
        return output.json(done.as_dict())
    output.table(
        [{"encoder": name} | row for name, row in done.encoders.items()],
        ["encoder", "model", "names", "written", "kept"],
        whole=["encoder", "model"],
    )
    for name, why in done.left_out.items():
        output.note(f"{name} was left out: {why} (the extra `meaning`).")
    return output.note(f"{done.removed:,} vectors of what is gone removed, {done.seconds:.1f} s.")


@app.command()
def units(as_json: output.Json = False) -> None:
    """List the units of the numbers in the graph: what they mean in UCUM, and the unit in which they are compared.

    \b
    Example: cwm concepts units
    """
    from graph import open_graph
    from graph.units import survey

    with open_graph() as graph:
        found = survey(graph)
    if as_json:
        return output.json(found.as_dict())
    columns = ["unit", "numbers", "ucum", "canonical", "factor", "offset"]
    output.table(found.units, columns, empty="No number has a unit.", whole=["unit"])
    return output.note(f"{found.understood:,} of {found.numbers:,} numbers have a unit that is understood.")


@app.command()
def systems(as_json: output.Json = False) -> None:
    """List the code systems: who owns them, what their licence allows, and what of them is here.

    \b
    Example: cwm concepts systems --json
    """
    from ontology.terminology import systems as known

    found = [s.model_dump() for s in known().values()]
    if as_json:
        return output.json(found)
    return output.table(found, ["title", "ships", "licence", "what"], whole=["title", "ships"])


@app.command("import")
def import_(
    system: Annotated[str, typer.Argument(help="snomed-ct, loinc, rxnorm or atc.")],
    file: Annotated[Path, typer.Argument(help="The file of your own licensed release.")],
    as_json: output.Json = False,
) -> None:
    """Take in the hierarchy above the codes of the graph from a file that you have under your own licence.

    SNOMED CT: sct2_Relationship_Snapshot_*.txt. LOINC: ComponentHierarchyBySystem.csv. RxNorm: RXNREL.RRF. ATC: a CSV
    with the columns code and name.

    \b
    Example: cwm concepts import snomed-ct sct2_Relationship_Snapshot_INT.txt
    """
    from graph import hierarchy, open_graph

    with open_graph() as graph:
        done = hierarchy.take_in(graph, system, file)
    if as_json:
        return output.json(done.as_dict())
    rows = [{"what": key.replace("_", " "), "value": value} for key, value in done.as_dict().items()]
    return output.table(rows, ["what", "value"])
