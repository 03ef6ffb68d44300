"""Find the files of an ingest and open them: folders walked, names sorted, `.gz` seen by its first bytes, archives by name."""

import gzip
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from graph.fhir import archive
from graph.fhir.read_items import Refused
from ontology.errors import InvalidInputError, NotFoundError

LINES = (".ndjson", ".jsonl")
SUFFIXES = (".json", *LINES)
_ALLOWED = ", ".join([*(f"{s}, {s}.gz" for s in SUFFIXES), *archive.SUFFIXES])
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Source:
    """One input file: where it lies, and the name by which messages and the graph know it."""

    path: Path
    name: str
    size: int
    """Bytes on disk."""
    consumed: int = 0
    """Bytes read so far; compressed bytes for `.gz`."""

    @property
    def by_line(self) -> bool:
        """True when the name says one resource a line."""
        return by_line(self.name)

    @property
    def is_archive(self) -> bool:
        """True when the name says that it holds other files."""
        return archive.is_archive(self.name.rpartition("/")[2])

    def raw(self) -> IO[bytes]:
        """The bytes as they lie on disk.

        Raises:
            OSError: the file cannot be opened.
        """
        return _Counted(self.path.open("rb"), self)  # type: ignore[return-value]  # it reads like IO[bytes]

    def open(self) -> IO[bytes]:
        """The bytes, uncompressed.

        Raises:
            OSError: the file cannot be opened.
        """
        raw = self.path.open("rb")
        if raw.read(2) != _GZIP:
            raw.seek(0)
            return raw
        raw.seek(0)
        return gzip.GzipFile(fileobj=_Counted(raw, self))  # type: ignore[return-value]  # it reads like IO[bytes]


class _Counted(io.RawIOBase):
    """A raw file that tells its source how far it was read, and is closed when the reading ends."""

    def __init__(self, raw: IO[bytes], source: Source) -> None:
        self._raw, self._source = raw, source

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._raw.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._source.consumed = min(self._source.consumed + len(data), self._source.size)
        return len(data)

    def close(self) -> None:
        self._raw.close()
        super().close()


def find(paths: Sequence[str | Path]) -> list[Source | Refused]:
    """All input files below the given paths in a stable order; what cannot be listed is refused, not raised.

    A file that is named is taken when its suffix is known; in a folder other suffixes are passed over. A file is known
    by its folder and its name, whether it or the folder was given: ``bundles/a.json``.

    Raises:
        NotFoundError: a given path is not there, or a given folder has no file to read.
        InvalidInputError: a given file has a suffix that says nothing about FHIR.
    """
    found: list[Source | Refused] = []
    for given in map(Path, paths):
        if not os.path.lexists(given):
            raise NotFoundError("No such file or folder.", got=given)
        root = Path(os.path.abspath(given))  # noqa: PTH100  # resolve() would replace the name of a link
        if root.is_dir():
            inside = list(_walk(root, root.name))
            if not inside:
                raise NotFoundError(
                    "There is nothing to read in this folder.", got=given, allowed=f"files ending in {_ALLOWED}"
                )
            found += inside
        elif known(root.name) or archive.is_archive(root.name):
            found.append(_source(root, f"{root.parent.name}/{root.name}".removeprefix("/")))
        else:
            raise InvalidInputError(
                "This file's name does not say that it holds FHIR JSON.", got=given, allowed=_ALLOWED
            )
    return found


def _walk(folder: Path, name: str) -> Iterator[Source | Refused]:
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        yield Refused(name, 0, "unreadable", f"the folder cannot be read: {error.strerror}")
        return
    for entry in entries:
        inside = f"{name}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), inside)
        elif known(entry.name) or archive.is_archive(entry.name):
            yield _source(Path(entry.path), inside)


def _source(path: Path, name: str) -> Source | Refused:
    try:
        return Source(path, name, path.stat().st_size)
    except OSError as error:
        return Refused(name, 0, "unreadable", f"the file cannot be read: {error.strerror}")


def _plain(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") else name


def by_line(name: str) -> bool:
    """True when the name says one resource a line."""
    return Path(_plain(name)).suffix.lower() in LINES


def known(name: str) -> bool:
    """True when the name says FHIR JSON, compressed or not."""
    return _plain(name).lower().endswith(SUFFIXES) and not name.startswith(".")
