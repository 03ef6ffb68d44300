"""Zip and tar archives as streams: each member is read where it lies, nothing is unpacked to disk.

A member is known by ``archive.zip!folder/name.ndjson``. What must not be trusted is refused in one clear line: a name
that leads out of the archive, a link, an archive in an archive, a member under a password, and an archive that grows
far beyond its size (a bomb). Everything else goes on.
"""

import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Final

from graph.fhir import tar
from graph.fhir.read_items import Refused
from graph.fhir.read_lines import Broken, chunks

SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz")
RATIO: Final = 250
"""An archive may hold this many times its size on disk (ours; FHIR as NDJSON packs to a tenth, at best to a sixtieth)."""
FLOOR: Final = 64 * 2**20
"""Bytes that any archive may hold, however small it is."""
DAMAGED: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    struct.error,  # what zipfile says of LZMA that is cut in its head
    NotImplementedError,  # of a compression or a version that it does not know
    UnicodeDecodeError,  # of a name that is not in the form that it claims
)
"""What the readers of archives say of damage, beside OSError."""

Member = tuple[str, IO[bytes]]
_BOMB: Final = "the archive holds far more than its size can mean; the rest is not read"


@dataclass(slots=True)
class Guard:
    """Counts what an archive gives: :data:`FLOOR` bytes, or :data:`RATIO` times its size, of all members together."""

    left: int

    @classmethod
    def of(cls, size: int) -> "Guard":
        """The guard of an archive of ``size`` bytes on disk."""
        return cls(max(FLOOR, RATIO * size))

    @property
    def burst(self) -> bool:
        """True when it gave too much."""
        return self.left < 0

    def passes(self, member: tarfile.TarInfo) -> bool:
        """Count a member that is passed over, before it is; True when that is too much."""
        self.left -= 0 if member.issparse() else member.size
        return self.burst

    def watch(self, pieces: Iterator[bytes | Broken]) -> Iterator[bytes | Broken]:
        """The pieces as long as they are not too much, and then the refusal."""
        for piece in pieces:
            self.left -= len(piece) if isinstance(piece, bytes) else 0
            if self.burst:
                yield Broken("bomb", _BOMB)
                return
            yield piece


def pieces(stream: IO[bytes]) -> Iterator[bytes | Broken]:
    """A member in pieces, uncompressed; where it is damaged, what could be read and one :class:`Broken`."""
    try:
        opened = plain(stream)
    except (*DAMAGED, OSError):
        yield Broken("broken-archive", "the member is damaged")
    else:
        yield from chunks(opened)


def plain(stream: IO[bytes]) -> IO[bytes]:
    """The bytes, uncompressed when they begin as gzip does."""
    buffered = io.BufferedReader(stream)  # type: ignore[type-var]  # members of both kinds read like raw files
    if buffered.peek(2)[:2] == b"\x1f\x8b":
        # Not wrapped in a BufferedReader, which would lose the last whole lines before the damage of a file.
        return gzip.GzipFile(fileobj=buffered)  # type: ignore[return-value]  # it reads like IO[bytes]
    return buffered


def is_archive(name: str) -> bool:
    """True when the name says zip or tar.

    >>> is_archive("export.TAR.gz"), is_archive("Patient.ndjson.gz")
    (True, False)
    """
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def members(
    name: str, raw: IO[bytes], wanted: Callable[[str], bool], guard: Guard
) -> Iterator[Member | Refused]:
    """The members with a ``wanted`` name, each with its bytes; read one before asking for the next.

    ``guard`` counts what has to be unpacked only to be passed over; the reader counts the rest.

    Raises:
        OSError, one of DAMAGED: the archive is damaged.
    """
    if name.lower().endswith(".zip"):
        yield from _zip(name, raw, wanted)
    else:
        yield from _tar(name, raw, wanted, guard)


def _zip(name: str, raw: IO[bytes], wanted: Callable[[str], bool]) -> Iterator[Member | Refused]:
    with zipfile.ZipFile(raw) as archive:
        for info in sorted(archive.infolist(), key=lambda i: (i.filename, i.header_offset)):
            inside = f"{name}!{info.filename}"
            if info.is_dir() or not _asked(info.filename, wanted):
                continue
            if refused := suspect(inside, info.filename):
                yield refused
            elif info.flag_bits & 1:
                yield Refused(inside, 0, "bad-member", "the member is under a password; unpack it first")
            else:
                try:
                    stream = archive.open(info)
                except NotImplementedError:
                    yield Refused(inside, 0, "bad-member", "the member is packed in a way that is not known")
                    continue
                except zipfile.BadZipFile:
                    yield Refused(inside, 0, "broken-archive", "the member is damaged")
                    continue
                with stream:
                    yield inside, stream


def _tar(
    name: str, raw: IO[bytes], wanted: Callable[[str], bool], guard: Guard
) -> Iterator[Member | Refused]:
    # From front to back, so a member is never looked for twice.
    with tar.opened(plain(raw), "r|") as archive:
        for info in archive:
            archive.members = []  # type: ignore[attr-defined]  # it would remember every member
            inside = f"{name}!{info.name}"
            asked = not info.isdir() and _asked(info.name, wanted)
            refused = suspect(inside, info.name) if asked else None
            stream = archive.extractfile(info) if asked and info.isreg() and not refused else None
            if stream is not None:
                with stream:
                    yield inside, stream
                continue
            if guard.passes(info):
                yield Refused(inside, 0, "bomb", _BOMB)
                return
            if asked:
                no_file = Refused(inside, 0, "bad-member", "the member is a link or no plain file")
                yield refused or no_file


def _asked(member: str, wanted: Callable[[str], bool]) -> bool:
    base = PurePosixPath(member.replace("\\", "/")).name
    return wanted(base) or is_archive(base)


def suspect(inside: str, member: str) -> Refused | None:
    """What is wrong with the name of a member: it leads out, or is another archive; else None."""
    plain = member.replace("\\", "/")
    path = PurePosixPath(plain)
    if path.is_absolute() or ".." in path.parts or plain[1:3] == ":/":
        return Refused(inside, 0, "bad-member", "the member's name leads out of the archive")
    if is_archive(path.name):
        return Refused(
            inside, 0, "bad-member", "an archive within an archive is not opened; unpack the outer one"
        )
    return None
