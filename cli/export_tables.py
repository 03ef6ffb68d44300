"""`cwm graph export meds`, `parquet` and `admin`: tables for models, for analysis, for Neo4j's bulk importer."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.asked import SHARED, Cohort, Hide, Key, Shared, asked
from cli.instant import AsOf

Out = Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder.")]


class Clock(StrEnum):
    """Which clock gives an event its time."""

    known = "known"
    start = "start"


def meds(
    out: Out,
    as_of: AsOf = None,
    cohort: Cohort = None,
    clock: Annotated[
        Clock, typer.Option(help="An event's time: when it became known, or when it held.")
    ] = Clock.known,
    name: Annotated[str, typer.Option(help="Name of the data set.")] = "cwm",
    deidentify: Hide = False,
    key: Key = None,
    shared: Shared = SHARED,
    as_json: output.Json = False,
) -> None:
    """Write a MEDS data set: events, codes, splits; checked by the schema of the package `meds`.

    \b
    Example:
      cwm graph export meds out/ --as-of 2024-01-01
      cwm graph export meds out/ --cohort diabetes-hba1c --deidentify
    """
    from graph import open_graph
    from graph.export import meds as tables

    with open_graph() as graph:
        wanted = asked(graph, as_of, cohort, deidentify, key, shared)
        with output.progress("patients", quiet=as_json) as step:
            counts = tables.export(graph, out, wanted, name=name, clock=clock.value, progress=step)
    if as_json:
        return output.json({"out": str(out), **counts})
    return output.note(f"{counts['events']:,} events of {counts['subjects']:,} subjects in {out}.")


def parquet(
    out: Out,
    as_of: AsOf = None,
    cohort: Cohort = None,
    deidentify: Hide = False,
    key: Key = None,
    shared: Shared = SHARED,
    as_json: output.Json = False,
) -> None:
    """Write one Parquet table a resource type, with typed columns and the patient and encounter of each row.

    \b
    Example:
      cwm graph export parquet out/
      cwm graph export parquet out/ --as-of 2024-01-01 --deidentify --key study.key
    """
    from graph import open_graph
    from graph.export import parquet as tables

    with open_graph() as graph:
        wanted = asked(graph, as_of, cohort, deidentify, key, shared)
        with output.progress("rows", quiet=as_json) as step:
            counts = tables.export(graph, out, wanted, progress=step)
    if as_json:
        return output.json({"out": str(out), "rows": sum(counts.values()), "types": counts})
    rows = [{"type": name, "rows": f"{count:,}"} for name, count in counts.items()]
    return output.table(rows, ["type", "rows"], empty="Nothing is there to export.")


def admin(
    out: Out,
    as_of: AsOf = None,
    cohort: Cohort = None,
    deidentify: Hide = False,
    key: Key = None,
    shared: Shared = SHARED,
    as_json: output.Json = False,
) -> None:
    """Write CSV files for Neo4j's bulk importer: the record as it is, for an empty database.

    `import.args` holds the arguments of `neo4j-admin database import full`; `cwm graph load` runs it on a private graph. As of an
    instant, of a cohort or de-identified, a private Neo4j of its own is filled first.

    \b
    Example:
      cwm graph export admin out/
      cwm graph export admin out/ --as-of 2024-01-01 --deidentify
    """
    from graph import open_graph
    from graph.export import admin as files

    with open_graph() as graph, output.progress("nodes", quiet=as_json) as step:
        wanted = asked(graph, as_of, cohort, deidentify, key, shared)
        counts = files.export(graph, out, wanted, progress=step)
    if as_json:
        return output.json({"out": str(out), **counts})
    return output.note(f"{counts['nodes']:,} nodes and {counts['relationships']:,} relationships in {out}.")


def load(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `cwm graph export admin` wrote.")],
    as_json: output.Json = False,
) -> None:
    """Read the files of `cwm graph export admin` into a private graph that is empty and at rest.

    \b
    Example:
      CWM_HOME=new cwm graph load out/
    """
    from graph import Settings
    from graph.export import admin as files

    settings = Settings()
    files.load(settings, source)
    if as_json:
        return output.json({"folder": str(settings.embedded)})
    return output.note(f"The record is in {settings.embedded}.")
