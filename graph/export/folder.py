"""The folder of an export: all of its files are in it, or none."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from ontology.errors import InvalidInputError

HALF = ".unfinished"
"""Where the files are until all are whole."""


@contextmanager
def filling(out: Path) -> Iterator[Path]:
    """A place for files that go into the new or empty folder ``out`` when all of them are written.

    When the work ends early, nothing is left of it. A process that is killed leaves :data:`HALF`, which no reader of the
    folder takes for the export.

    Raises:
        InvalidInputError: there is a file of that name, something is in the folder, or another export writes into it.
    """
    ours = not out.exists()
    half = out / HALF
    if not ours and (not out.is_dir() or any(entry != half for entry in out.iterdir())):
        raise InvalidInputError(
            "The export needs a folder of its own.", got=out, do="Give a new or empty folder."
        )
    try:
        half.mkdir(parents=True)
    except FileExistsError:
        raise InvalidInputError(
            "Another export writes into this folder, or was killed while it did.",
            got=out,
            do=f"Wait for it, or remove {half}.",
        ) from None
    try:
        yield half
        for entry in half.iterdir():
            entry.replace(out / entry.name)
        half.rmdir()
    except BaseException:
        rmtree(half, ignore_errors=True)
        if ours:
            with suppress(OSError):
                out.rmdir()
        raise
