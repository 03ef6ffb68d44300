"""How commands speak: tables and notes for people, one JSON document on standard output for scripts."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Protocol

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from ontology.errors import CwmError

# What is printed may hold words of records and of users, so no console reads markup, emoji names or numbers in it;
# style is given beside the words, by `styled`.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, markup=False, emoji=False, highlight=False)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


class Step(Protocol):
    """What long work calls to say how far it is."""

    def __call__(self, done: int, total: int | None = None, what: str | None = None) -> None:
        """``done`` of ``total`` (None when unknown); ``what`` is being worked on."""


def styled(*parts: str | tuple[str, str]) -> Text:
    """A line of words and of (words, style), every word as it stands.

    >>> styled(("warn", "yellow"), " Leukocytes [#/volume]").plain
    'warn Leukocytes [#/volume]'
    """
    return Text.assemble(*parts)


def json(data: Any) -> None:
    """One JSON document on standard output; datetimes as ISO 8601."""
    text = orjson.dumps(
        data, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY, default=str
    )
    typer.echo(text.decode())


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    title: str | None = None,
    empty: str = "Nothing to show.",
    whole: Collection[str] = (),
) -> None:
    """Rows as a table, or the line ``empty``; the columns ``whole`` are never broken into lines."""
    if not rows:
        out.print(empty, style="dim")
        return
    view = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        view.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in whole)
    for row in rows:
        view.add_row(*("" if row.get(c) is None else str(row.get(c)) for c in columns))
    out.print(view)


def note(text: str) -> None:
    """A line for people, on standard error."""
    err.print(text, style="dim")


def error(problem: CwmError, *, as_json: bool = False) -> None:
    """An error in the one shape."""
    if as_json:
        json({"error": problem.as_dict()})
    else:
        err.print(styled(("Error", "bold red"), f" {problem.what}"))
        for label, value in (("got", problem.got), ("allowed", problem.allowed), ("do", problem.do)):
            if value is not None:
                err.print(styled((f"  {label:8}", "dim"), str(value)))


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Step]:
    """A progress bar on standard error; call the step with (done, total, what)."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=quiet or not err.is_terminal,
    )
    with bar:
        task = bar.add_task(what, total=None)

        def step(done: int, total: int | None = None, what: str | None = None) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield step
