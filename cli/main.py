"""The `cwm` command: finds every group of commands in :mod:`cli.commands` and gives errors one shape."""

import importlib
import importlib.metadata
import pkgutil
import sys
from typing import Annotated, Any, NoReturn

import typer

from cli import commands, output
from ontology.errors import CwmError, FileError, InvalidInputError

AS_JSON = "--json"
INTERRUPTED = 130
"""The exit status after Ctrl-C: typer gives it."""
USAGE: Any = typer.BadParameter.__base__
"""What typer raises when a command, an option or an argument is not one of ours."""


def build() -> typer.Typer:
    """The whole command, with every group that is there."""
    app = typer.Typer(
        name="cwm",
        help="The Clinical World Model: FHIR journeys, digital twins, evidence of agents, reports of their failures.",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for info in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f"{commands.__name__}.{info.name}")
        name = getattr(module, "NAME", info.name.replace("_", "-"))
        app.add_typer(module.app, name=None if getattr(module, "FLAT", False) else name)
    return app


def _version(asked: bool) -> None:
    if asked:
        output.out.print(f"cwm {importlib.metadata.version('clinical-world-model')}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say which version this is, and end.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


def run() -> None:
    """Run the command; the exit status is for scripts.

    0 all well, 1 some input was set aside, a check failed or a file could not be read or written, 2 bad usage,
    3 not found, 4 no graph, 5 an optional library is missing, 130 interrupted.
    """
    try:
        build()()
    except CwmError as error:
        _fail(error)
    except OSError as error:
        _fail(FileError.of(error))
    except SystemExit as end:
        if end.code == INTERRUPTED:
            output.note(
                "Interrupted; what is stored is whole. An ingest or a fetch that is run again goes on from there."
            )
        if AS_JSON in sys.argv and isinstance(usage := end.__context__, USAGE):
            _fail(InvalidInputError(usage.format_message(), do=f"See `{usage.ctx.command_path} --help`."))
        raise


def _fail(error: CwmError) -> NoReturn:
    try:
        output.error(error, as_json=AS_JSON in sys.argv)
    except OSError:  # it is the standard output that cannot be written
        output.error(error)
    sys.exit(error.exit_status)
