"""Bytes to lines, never holding more than a limit, and what a broken stream still gave."""

import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from graph.fhir.read_items import KEPT

CHUNK = 1 << 20
BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Broken:
    """The end of a stream that could not be read to its end, with the torn line it ended in."""

    reason: str
    message: str
    number: int = 0
    raw: bytes = b""
    size: int = 0


def chunks(stream: IO[bytes]) -> Iterator[bytes | Broken]:
    """The stream in pieces; when it breaks, what could still be read and then one :class:`Broken`."""
    read = getattr(stream, "read1", stream.read)
    try:
        while data := read(CHUNK):
            yield data
    except (EOFError, zlib.error, lzma.LZMAError, struct.error, gzip.BadGzipFile):
        yield Broken(
            "broken-gzip", "the compressed data ends early or is damaged; what came before it was read"
        )
    except (tarfile.TarError, zipfile.BadZipFile):
        yield Broken("broken-archive", "the archive ends early or is damaged; what came before it was read")
    except OSError as error:
        yield Broken("unreadable", f"the file cannot be read: {error.strerror or type(error).__name__}")


@dataclass(slots=True)
class Line:
    """A line without its line break; ``size`` is its length in bytes, also where only its beginning is kept."""

    number: int
    raw: bytes
    size: int


def lines(pieces: Iterator[bytes | Broken], limit: int) -> Iterator[Line | Broken]:
    """Lines from 1 on, blank ones passed over; of a line longer than ``limit`` only the beginning is kept.

    >>> [(line.number, line.raw) for line in lines(iter([b"a\\n\\nb", b"c"]), 10)]
    [(1, b'a'), (3, b'bc')]
    """
    number, held, size = 1, bytearray(), 0
    broken: Broken | None = None
    for piece in pieces:
        if isinstance(piece, Broken):
            broken = piece
            break
        *whole, rest = piece.split(b"\n")
        for part in whole:
            if size:
                size += len(part)
                if size <= limit:
                    held += part
                yield from _line(number, bytes(held), size)
                held, size = bytearray(), 0
            else:
                yield from _line(number, part if len(part) <= limit else part[:KEPT], len(part))
            number += 1
        size += len(rest)
        if size <= limit:
            held += rest
        elif len(held) != KEPT:
            held = (held + rest)[:KEPT]
    if broken:
        yield Broken(broken.reason, broken.message, number, bytes(held), size)
    elif size:
        yield from _line(number, bytes(held), size)


def _line(number: int, raw: bytes, size: int) -> Iterator[Line]:
    text = raw.removeprefix(BOM) if number == 1 else raw
    text = text.strip()
    if text:
        yield Line(number, text, size)
