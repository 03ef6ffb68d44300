"""Tables of OMOP CDM inside zip and tar: each is read where it lies, as often as it is needed; nothing is unpacked to disk.

A zip says what is in it at once. A tar is read from its beginning each time a table is needed, about twice a table, so a large
``.tar.gz`` is slow. Of a tar whose first file is FHIR nothing more is asked, so reading FHIR costs no second pass.
"""

import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from graph.fhir import archive
from graph.fhir.read_items import Refused
from graph.fhir.source import LINES, Source, uncompressed
from graph.tabular.found import Tables
from graph.tabular.omop import among, is_csv

# zipfile says NotImplementedError of a compression that it does not know, and RuntimeError of a password.
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error)


@dataclass(slots=True)
class Packed(Source):
    """A table in an archive."""

    member: str = ""

    def raw(self) -> IO[bytes]:
        """The bytes, uncompressed.

        Raises:
            OSError: the archive or the member cannot be read.
        """
        return self.open()

    def open(self) -> IO[bytes]:
        """The bytes, uncompressed.

        Raises:
            OSError: the archive or the member cannot be read.
        """
        stack = ExitStack()
        with suppress(*_DAMAGED):
            stream = _member(self.path, self.member, stack)
            limit = archive.Guard.of(self.path.stat().st_size).left
            return archive.plain(_Guarded(stream, stack, self, limit))  # type: ignore[arg-type]  # it reads like IO[bytes]
        stack.close()
        raise OSError(0, "the archive is damaged, or the member is under a password")


class _Guarded(io.RawIOBase):
    """A member that gives no more than its archive can mean, and says how far it was read."""

    def __init__(self, stream: IO[bytes], stack: ExitStack, source: Source, limit: int) -> None:
        self._stream, self._stack, self._source, self._left = stream, stack, source, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except _DAMAGED:
            raise OSError(0, "the member is damaged") from None
        self._left -= len(data)
        if self._left < 0:
            raise OSError(0, "the archive holds far more than its size can mean")
        buffer[: len(data)] = data
        self._source.consumed = min(self._source.consumed + len(data), self._source.size)
        return len(data)

    def close(self) -> None:
        self._stack.close()
        super().close()


def recognise(path: Path, name: str) -> Tables:
    """The tables of OMOP CDM in an archive; those of one folder in it belong together. ``fhir``: there is FHIR in it too."""
    try:
        with path.open("rb") as raw:
            listed = list(_listed(path, raw))
    except (*_DAMAGED, OSError):
        return Tables()  # the reader of FHIR says what is wrong with it
    folders: dict[str, list[Packed]] = {}
    fhir, odd = False, []
    for member, size in listed:
        base = PurePosixPath(member).name
        fhir = fhir or _is_fhir(base) or archive.is_archive(base)
        if not is_csv(base):
            continue
        if refused := archive.suspect(f"{name}!{member}", member):
            odd.append(refused)
        else:
            packed = Packed(path, f"{name}!{member}", size, member=member)
            folders.setdefault(str(PurePosixPath(member).parent), []).append(packed)
    found = [tables for _, files in sorted(folders.items()) if (tables := among(files))]
    sources: list[Source | Refused] = [source for tables in found for source in tables.sources]
    return Tables([*odd, *sources] if found else [], fhir=fhir)


def _listed(path: Path, raw: IO[bytes]) -> Iterator[tuple[str, int]]:
    """The files of an archive and their sizes."""
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(raw) as found:
            yield from sorted((i.filename, i.file_size) for i in found.infolist() if not i.is_dir())
        return
    with tarfile.open(fileobj=archive.plain(raw), mode="r|") as tar:
        for number, info in enumerate(info for info in tar if info.isreg()):
            tar.members = []  # type: ignore[attr-defined]  # it would remember every member
            yield info.name, info.size
            if number == 0 and _is_fhir(PurePosixPath(info.name).name):
                return


def _is_fhir(base: str) -> bool:
    return uncompressed(base).lower().endswith((".json", *LINES)) and not base.startswith(".")


def _member(path: Path, member: str, stack: ExitStack) -> IO[bytes]:
    raw = stack.enter_context(path.open("rb"))
    if path.name.lower().endswith(".zip"):
        return stack.enter_context(stack.enter_context(zipfile.ZipFile(raw)).open(member))
    tar = stack.enter_context(
        tarfile.open(fileobj=archive.plain(raw), mode="r|")  # noqa: SIM115  # the stack closes it
    )
    for info in tar:
        tar.members = []  # type: ignore[attr-defined]  # it would remember every member
        if info.name == member and info.isreg():
            stream = tar.extractfile(info)
            assert stream is not None  # noqa: S101  # it is a plain file
            return stack.enter_context(stream)
    raise tarfile.TarError(member)
