"""The generated pages of docs/reference: commands from Typer, settings from their class, queries from the catalogue.

`python -m cli.reference` writes them; a test says when they are out of date.
"""

import ast
import inspect
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer.main

from cli import reference_loop
from cli.main import build
from graph import queries
from graph.settings import Settings

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
MADE = "<!-- Made by `make docs`; edit the source, not this page. -->\n\n"
STATUSES = {
    0: "all went well",
    1: "something was set aside, a check failed, or a file could not be read or written",
    2: "the command or what it was given cannot be used",
    3: "what was asked for is not there",
    4: "the graph cannot be started or reached",
    5: "an optional library is missing; the message holds the command that adds it",
}


def commands(root: Any = None, path: tuple[str, ...] = ("cwm",)) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its whole name: ``cwm graph start``."""
    group: Any = root or typer.main.get_command(build())
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        here = (*path, name)
        if hasattr(command, "commands"):
            yield from commands(command, here)
        else:
            yield " ".join(here), command


def _usage(name: str, command: Any) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    return " ".join(str(command.get_usage(context)).split()).removeprefix("Usage: ")


def _option(parameter: Any) -> str:
    names = ", ".join(f"`{o}`" for o in (*parameter.opts, *parameter.secondary_opts))
    if parameter.param_type_name == "argument":
        names = f"`{parameter.metavar or parameter.name.upper()}`"
    shown = (
        parameter.default not in (None, False, ())
        and not callable(parameter.default)
        and not parameter.required
    )
    default = f" Default: `{parameter.default}`." if shown else ""
    return f"| {names} | {_cell((parameter.help or '') + default)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def cli_page() -> str:
    """Every command with its help, options and example."""
    parts = [
        MADE,
        "# The command\n",
        "`cwm --help`, and `--help` after any command, say the same in the terminal.",
    ]
    parts += [
        "`--json` prints one JSON document on standard output and nothing else; an error is one too, "
        '`{"error": {"code", "what", "got", "allowed", "do"}}`. Exit statuses:\n'
    ]
    parts += ["| status | meaning |\n|---|---|\n" + "\n".join(f"| {k} | {v} |" for k, v in STATUSES.items())]
    for name, command in commands():
        help_text = inspect.cleandoc(command.help or "").replace("\b\n", "").replace("\b", "")
        text, _, example = help_text.partition("Example:")
        parts += [f"\n## {name}\n", text.strip(), f"\n```\n{_usage(name, command)}\n```"]
        rows = [_option(p) for p in command.params if not getattr(p, "hidden", False)]
        parts += ["\n| argument or option | what |\n|---|---|\n" + "\n".join(rows)] if rows else []
        lines = [
            line.strip().removeprefix("Example: ") for line in example.strip().splitlines() if line.strip()
        ]
        parts += ["\nExample:\n\n```sh\n" + "\n".join(lines) + "\n```"] if lines else []
    return "\n".join(parts) + "\n"


def settings_page() -> str:
    """Every setting with its environment variable, default and meaning."""
    docs = _attribute_docs(Settings)
    parts = [
        MADE,
        "# Settings\n",
        "Each is an environment variable; one that is empty counts as not set, and `~` is your folder.\n",
        "| variable | default | what |\n|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = alias if isinstance(alias, str) else f"CWM_{name.upper()}"
        default = "the user's folder for it" if field.default_factory else field.default
        shown = "" if default is None else f"`{default}`" if not field.default_factory else default
        parts.append(f"| `{variable}` | {shown} | {_cell(docs[name]).replace('``', '`')} |")
    return "\n".join(parts) + "\n"


def _attribute_docs(cls: type) -> dict[str, str]:
    """The text below each attribute of a class; Python keeps it in the source only."""
    body = next(
        node for node in ast.parse(inspect.getsource(cls)).body if isinstance(node, ast.ClassDef)
    ).body
    return {
        first.target.id: str(second.value.value)
        for first, second in pairwise(body)
        if isinstance(first, ast.AnnAssign)
        and isinstance(first.target, ast.Name)
        and isinstance(second, ast.Expr)
        and isinstance(second.value, ast.Constant)
    }


def queries_page() -> str:
    """Every named query with its parameters and columns."""
    parts = [
        MADE,
        "# Named queries\n",
        "All Cypher of the platform. `cwm graph query NAME` runs those that read.\n",
    ]
    for name, query in queries.catalogue().items():
        parts += [f"## {name}\n", f"{query.summary} ({query.access})\n"]
        if query.params:
            parts += ["| parameter | type | what | example |\n|---|---|---|---|"]
            parts += [
                f"| `{p}` | {_cell(v.type)} | {_cell(v.doc)} | `{_cell(str(v.example))}` |"
                for p, v in query.params.items()
            ]
            parts += [""]
        if query.returns:
            parts += [
                "Returns: " + "; ".join(f"`{c}` {_cell(str(v))}" for c, v in query.returns.items()) + ".\n"
            ]
    return "\n".join(parts).rstrip() + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "settings.md": settings_page,
    "queries.md": queries_page,
    "questions.md": lambda: MADE + reference_loop.questions_page(),
    "loop-rules.md": lambda: MADE + reference_loop.rules_page(),
}


def write(folder: Path = FOLDER) -> list[Path]:
    """Write every page; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")
    return [folder / name for name in PAGES]


if __name__ == "__main__":
    for path in write():
        typer.echo(path.relative_to(FOLDER.parents[1]))
