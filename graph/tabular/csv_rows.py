"""Records of a CSV file with the line at which each begins; memory holds one record, and a broken one costs only itself."""

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Final

from graph.fhir.read_items import KEPT, Refused
from graph.fhir.source import Source

CELL: Final = 1 << 22
"""Bytes of the longest cell (ours; Python's own 131,072 are fewer than a discharge letter may have)."""
_BOM = b"\xef\xbb\xbf"
csv.field_size_limit(CELL)


_QUOTE: Final = "a quoted field does not end, goes on after its second quote, or is longer than 4 MiB"


@dataclass(slots=True)
class Record:
    """The fields of a record and the line where it begins, from 1."""

    line: int
    fields: list[str]


class _Lines:
    """Lines for a reader of CSV; after their end there may be more again, which a generator could not give."""

    def __init__(self, feed: Callable[[], str | None]) -> None:
        self._feed = feed

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._feed()
        if line is None:
            raise StopIteration
        return line


class Records:
    """The records after the header; what is no record comes as refused.

    The separator is a tab where the header has one (then quotes mean nothing, as in the files of Athena), else a semicolon
    where it has no comma, else a comma.
    """

    def __init__(self, source: Source, stream: IO[bytes], limit: int) -> None:
        self.name, self.limit = source.name, limit
        self._stream = io.BufferedReader(stream, 1 << 18)  # type: ignore[type-var]  # it reads like a raw file
        self._number = 0
        self._again: deque[tuple[int, bytes]] = deque()
        self._used: list[tuple[int, bytes]] = []
        self._odd: tuple[str, str] | None = None
        self._broken: tuple[str, str] | None = None
        header = self._line()
        self.empty = header is None
        text = (header[1] if header else b"").removeprefix(_BOM).decode("utf-8", "replace")
        tab = "\t" in text
        self._delimiter = "\t" if tab else ";" if ";" in text and "," not in text else ","
        self._quoted = not tab
        try:
            self.header = [n.strip().lower() for n in next(self._reader([text]), [])]
        except csv.Error:
            self.header = []
        self._odd = None

    def _reader(self, lines: "Iterable[str]") -> "Iterator[list[str]]":
        if self._quoted:
            # Not strict, it would take a quote that does not end for a cell that holds the rows after it.
            return csv.reader(lines, delimiter=self._delimiter, strict=True)
        return csv.reader(lines, delimiter=self._delimiter, quoting=csv.QUOTE_NONE)

    def __iter__(self) -> Iterator[Record | Refused]:
        reader, width = self._reader(_Lines(self._feed)), len(self.header)
        while True:
            self._used.clear()
            self._odd = None
            try:
                fields = next(reader)
            except StopIteration:
                if not self._again:
                    break
                continue
            except csv.Error:
                yield self._refuse("bad-row", _QUOTE)
                continue
            if self._odd is not None:
                yield self._refuse(*self._odd)
            elif len(fields) == width:
                yield Record(self._used[0][0], fields)
            elif fields:
                yield self._refuse("bad-row", f"the row has {len(fields)} fields, and the header {width}")
        if self._broken is not None:
            yield Refused(self.name, self._number, *self._broken)

    def _refuse(self, reason: str, message: str) -> Refused:
        # The lines after the first were taken for a part of it: they are read again as what they are.
        (line, raw), *rest = self._used
        self._again.extendleft(reversed(rest))
        return Refused(self.name, line, reason, message, raw[:KEPT].rstrip(b"\r\n"))

    def _feed(self) -> str | None:
        line = self._again.popleft() if self._again else self._line()
        if line is None:
            return None
        self._used.append(line)
        try:
            return line[1].decode()
        except UnicodeDecodeError as error:
            self._odd = self._odd or ("not-utf8", f"the row is not UTF-8 (byte {error.start})")
            return line[1].decode("utf-8", "replace")

    def _line(self) -> tuple[int, bytes] | None:
        try:
            raw = self._stream.readline(self.limit + 1)
            if not raw:
                return None
            self._number += 1
            if len(raw) > self.limit:
                self._odd = ("too-long", f"the row is longer than {self.limit} bytes (CWM_LINE_LIMIT)")
                rest = raw
                while rest and not rest.endswith(b"\n"):
                    rest = self._stream.readline(1 << 20)
                raw = raw[:KEPT].replace(b'"', b"") + b"\n"
        except (EOFError, zlib.error, gzip.BadGzipFile):
            self._broken = ("broken-gzip", "the compressed data ends early or is damaged")
            return None
        except OSError as error:
            words = error.strerror or type(error).__name__
            self._broken = ("unreadable", f"the file cannot be read: {words}")
            return None
        return self._number, raw
