"""The `cwm` command: finds every group of commands in :mod:`cli.commands` and gives errors one shape."""

import importlib
import pkgutil
import sys

import typer

from cli import commands, output
from ontology.errors import CwmError


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
    for info in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f"{commands.__name__}.{info.name}")
        name = getattr(module, "NAME", info.name.replace("_", "-"))
        app.add_typer(module.app, name=None if getattr(module, "FLAT", False) else name)
    return app


def run() -> None:
    """Run the command; the exit status is for scripts.

    0 all well, 1 some input was set aside or a check failed, 2 bad usage, 3 not found, 4 no graph,
    5 an optional library is missing, 130 interrupted.
    """
    try:
        build()()
    except CwmError as error:
        output.error(error, as_json="--json" in sys.argv)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        output.note("Interrupted; what was done is kept, and running it again goes on from there.")
        sys.exit(130)
