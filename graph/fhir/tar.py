"""Tar as a stream, taken at its word: damage is never its end, and no header fills the memory.

What Python brings takes a damaged header in the middle for the end of the archive, and what comes after it is lost in
silence; and it holds a name or a header of any length that the archive claims.
"""

import tarfile
from tarfile import ReadError
from typing import IO, Final, Literal, Self

LONGEST: Final = 1 << 20
"""Bytes of the longest name or extended header of a member (ours; such hold paths and times)."""
_LONG: Final = frozenset(
    (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
)  # fmt: skip


class _Member(tarfile.TarInfo):
    """A member whose header must be good."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        if len(buf) == tarfile.BLOCKSIZE and not any(buf):  # the end
            return super().frombuf(buf, encoding, errors)
        try:
            found = super().frombuf(buf, encoding, errors)
        except (tarfile.HeaderError, ValueError):
            raise ReadError("a header is damaged, or the end is missing") from None
        if found.type in _LONG and found.size > LONGEST:
            raise ReadError("a header is longer than any")
        return found

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except ValueError:
            raise ReadError("a header says what no header can") from None


def opened(raw: IO[bytes], mode: Literal["r|", "r:*"]) -> tarfile.TarFile:
    """A tar to be read from front to back (``r|``), or in any order; a byte of a name that is no UTF-8 is U+FFFD.

    Raises:
        tarfile.TarError: it is none, or its first header is damaged; later ones raise when they are reached.
    """
    return tarfile.open(fileobj=raw, mode=mode, tarinfo=_Member, errors="replace")
