"""`cwm graph backup` and `cwm graph restore`: the whole private graph in one file, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output

if TYPE_CHECKING:
    from graph.backup import Manifest

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    overwrite: Overwrite = False,
    as_json: output.Json = False,
) -> None:
    """Write the private graph to one file; the graph rests meanwhile.

    Models, users and set-aside input lie beside the graph under CWM_HOME and are not in the file.

    \b
    Example: cwm graph backup before-the-trial.cwm
    """
    from graph import Settings
    from graph.backup import backup as write

    with output.progress("Backing up", quiet=as_json) as step:
        made = write(Settings(), file, overwrite=overwrite, say=lambda what: step(0, None, what))
    _say(made, file, as_json, "Written")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `cwm graph backup` wrote.")],
    overwrite: Overwrite = False,
    check: Annotated[bool, typer.Option("--check", help="Only look whether the file is whole.")] = False,
    as_json: output.Json = False,
) -> None:
    """Put a backup in the place of the private graph; what was there stays until the new one is whole.

    \b
    Example: cwm graph restore before-the-trial.cwm --overwrite
    """
    from graph import Settings
    from graph.backup import look
    from graph.backup import restore as read

    with output.progress("Restoring", quiet=as_json) as step:
        found = (
            look(file)
            if check
            else read(Settings(), file, overwrite=overwrite, say=lambda what: step(0, None, what))
        )
    _say(found, file, as_json, "Whole" if check else "Restored")


def _say(manifest: "Manifest", file: Path, as_json: bool, done: str) -> None:
    if as_json:
        output.json({"file": str(file), **manifest.model_dump(mode="json")})
    else:
        output.out.print(
            f"{done}: {file}, {manifest.bytes / 1e6:,.1f} MB, Neo4j {manifest.neo4j}, made {manifest.made:%Y-%m-%d %H:%M} UTC.",
            highlight=False,
        )
