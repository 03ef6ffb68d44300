"""`cwm cohort`: who is in a study, by named criteria, with the flow of exclusions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import output
from cli.instant import AsOf, instant

if TYPE_CHECKING:
    from graph.cohort import Step

app = typer.Typer(
    help="Cohorts: define one by criteria, save who is in it, show the flow.", no_args_is_help=True
)

Which = Annotated[
    str, typer.Argument(metavar="COHORT", help="A saved cohort: its name, name@version, or id.")
]


@app.command("list")
def list_(as_json: output.Json = False) -> None:
    """List the definitions that come with the platform and the cohorts that are saved in the graph.

    \b
    Example: cwm cohort list
    """
    from graph import cohort_store, open_graph
    from graph.cohorts import registry

    with open_graph() as graph:
        saved = [found.model_dump(mode="json") for found in cohort_store.listed(graph)]
    defined = [{"name": d.name, "version": d.version, "summary": d.summary} for d in registry().values()]
    if as_json:
        return output.json({"defined": defined, "saved": saved})
    output.table(defined, ["name", "version", "summary"], title="Defined", whole=["name"])
    output.out.print()
    columns = ["id", "size", "as_of", "made"]
    return output.table(saved, columns, title="Saved", empty="None saved yet: cwm cohort make NAME")


@app.command()
def make(
    which: Annotated[
        str, typer.Argument(metavar="DEFINITION", help="A name from `cwm cohort list`, or a YAML file.")
    ],
    as_of: AsOf = None,
    dry: Annotated[bool, typer.Option("--dry", help="Show the flow and save nothing.")] = False,
    as_json: output.Json = False,
) -> None:
    """Apply a definition to the graph, show the flow of exclusions, and save who is in it.

    \b
    Example: cwm cohort make diabetes-hba1c
    Example: cwm cohort make ./mine.yaml --as-of 2024-01-01 --dry
    """
    from graph import cohort_store, open_graph
    from graph.cohort import evaluate
    from graph.cohorts import load

    definition = load(which)
    at = instant(as_of)
    with open_graph() as graph:
        if not dry:
            return _say(cohort_store.make(graph, definition, at), as_json)
        found = evaluate(graph, definition, at)
    if as_json:
        return output.json({"digest": found.digest, "size": len(found.members), "flow": found.flow})
    return _flow(found.flow)


@app.command()
def show(which: Which, as_json: output.Json = False) -> None:
    """Show a saved cohort: its digest, its definition and its flow.

    \b
    Example: cwm cohort show diabetes-hba1c
    """
    from graph import cohort_store, open_graph

    with open_graph() as graph:
        _say(cohort_store.load(graph, which), as_json)


@app.command()
def members(
    which: Which,
    limit: Annotated[int, typer.Option(min=0, help="Members at most; 0 for all.")] = 40,
    as_json: output.Json = False,
) -> None:
    """List who is in a saved cohort, with the index and the age at it.

    \b
    Example: cwm cohort members diabetes-hba1c --limit 10
    """
    from graph import cohort_store, open_graph

    with open_graph() as graph:
        found = cohort_store.members(graph, cohort_store.load(graph, which))
    rows = (found.head(limit) if limit else found).to_dicts()
    if as_json:
        return output.json({"size": found.height, "members": rows})
    output.table(
        [row | {"index": f"{row['index']:%Y-%m-%d %H:%M}"} for row in rows],
        ["patient", "index", "gender", "age"],
        empty="Nobody is in it.",
    )
    if len(rows) < found.height:
        output.note(f"The first {len(rows)} of {found.height}; all with --limit 0.")
    return None


@app.command()
def export(
    which: Which,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="A new file: .csv, .parquet or .json.")],
    as_json: output.Json = False,
) -> None:
    """Write the members of a saved cohort to a file; .json holds the definition and the flow too.

    \b
    Example: cwm cohort export diabetes-hba1c diabetes.csv
    """
    from graph import cohort_store, open_graph

    with open_graph() as graph:
        written = cohort_store.export(graph, cohort_store.load(graph, which), out)
    if as_json:
        return output.json({"file": str(out), "members": written})
    return output.note(f"Wrote {written} members to {out}.")


def _say(saved: Any, as_json: bool) -> None:
    if as_json:
        return output.json(saved.model_dump(mode="json"))
    shown = saved.model_dump(mode="json")
    names = ("id", "size", "digest", "as_of", "made", "software")
    rows = [
        {"what": name.replace("_", " "), "value": shown[name]} for name in names if shown[name] is not None
    ]
    output.table(rows, ["what", "value"])
    output.out.print()
    return _flow(saved.flow)


def _flow(flow: "tuple[Step, ...]") -> None:
    rows = []
    for step in flow:
        sign = {"start": "", "index": "have an index"}.get(step.step, f"{step.step}: {step.name}")
        note = f"{step.other_units} facts in other units not compared" if step.other_units else None
        rows.append(
            {"step": sign or step.name, "removed": step.removed or None, "left": step.left, "note": note}
        )
    columns = ["step", "removed", "left"] + (["note"] if any(row["note"] for row in rows) else [])
    output.table(rows, columns)
