"""One input of an ingest: where it lies, how it is called, how far it was read."""

import gzip
import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from graph.fhir import archive
from graph.fhir.read_items import Item

LINES = (".ndjson", ".jsonl")
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
    reader: "Callable[[Source, int], Iterator[Item]] | None" = None
    """Makes resources of a table; None for FHIR itself."""
    taken: tuple[str, ...] = ()
    """How members of an archive begin that are not read as FHIR, since they are of a data set of tables."""
    unmapped: Counter[str] = field(default_factory=Counter)
    """What a table holds that no mapping speaks of: its name, and how often."""

    def __post_init__(self) -> None:
        self.name = shown(self.name)

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
        return io.BufferedReader(_Counted(self.path.open("rb"), self))

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
        # Not wrapped in a BufferedReader, which would lose the last whole lines before the damage of a file.
        return gzip.GzipFile(fileobj=_Counted(raw, self))  # type: ignore[return-value]  # it reads like IO[bytes]

    @contextmanager
    def at_any_place(self) -> "Iterator[Path | IO[bytes]]":
        """The file for a library that reads it from its end: its path, or where it has none its bytes.

        Raises:
            OSError: the file cannot be read.
        """
        yield self.path


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


def shown(name: str) -> str:
    """A name of the file system as text: a byte of it that is not UTF-8 becomes U+FFFD, since JSON and the graph hold text only.

    >>> shown("caf\\udce9.json")
    'caf�.json'
    """
    return name.encode(errors="surrogateescape").decode(errors="replace")


def uncompressed(name: str) -> str:
    """The name without `.gz`.

    >>> uncompressed("PERSON.csv.GZ")
    'PERSON.csv'
    """
    return name[:-3] if name.lower().endswith(".gz") else name


def by_line(name: str) -> bool:
    """True when the name says one resource a line."""
    return Path(uncompressed(name)).suffix.lower() in LINES
