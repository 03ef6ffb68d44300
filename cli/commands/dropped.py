"""`cwm dropped`: what an earlier release of tables had and this one has not."""

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from ontology.errors import InvalidInputError

FLAT = True
app = typer.Typer()


@app.command()
def dropped(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="The release that is in the graph: its folder.")
    ],
    delete: Annotated[
        bool, typer.Option("--delete", help="Mark it deleted, as of the date of this release.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even where it is more than half of a table.")
    ] = False,
    as_json: output.Json = False,
) -> None:
    """List what an earlier release of OMOP CDM tables had and this one has not; nothing is changed without --delete.

    Ingest the release first. A table that is not there, or has rows that cannot be read, is left alone. As of before the
    date of the release, what is deleted is still there; a later release that has it again brings it back.

    \b
    Example: cwm dropped omop-2024-06
    Example: cwm dropped omop-2024-06 --delete
    """
    from graph import open_graph
    from graph.fhir.read_files import look
    from graph.tabular.dropped import compare
    from graph.tabular.dropped import delete as bury

    if force and not delete:
        raise InvalidInputError("There is nothing to force.", got="--force", do="Add --delete.")
    look(paths)
    with open_graph() as graph:
        found = compare(graph, paths)
        if delete and found.tables:
            bury(graph, found, force=force)
    if as_json:
        return output.json(found.as_dict())
    rows = [{"table": table, "dropped": f"{len(keys):,}"} for table, keys in found.tables.items()]
    rows += [{"table": table, "left alone": why} for table, why in found.skipped.items()]
    columns = ["table", "dropped"] + (["left alone"] if found.skipped else [])
    output.table(rows, columns, empty="Nothing was dropped.", whole=["table"])
    if found.file:
        return output.note(
            f"{found.deleted:,} deleted as of {found.release[:10]}; the deletions: {found.file}"
        )
    return output.note("Nothing was deleted; --delete does it.") if found.tables else None
