"""What a person sees while the private Neo4j is fetched or started: a bar on a terminal, one line elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

Bar = Callable[[int], None]
"""Called with the bytes that were just done."""


@contextmanager
def bar(what: str, total: int) -> Iterator[Bar]:
    """A bar of bytes on standard error."""
    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(what, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.advance(task, done)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A spinner on a terminal; elsewhere nothing."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(what):
            yield
    else:
        yield
