"""Tables of OMOP CDM and MEDS inside zip and tar: each is read where it lies, as often as needed; nothing is unpacked to disk.

A zip says what is in it at once. A tar is read from its beginning each time a table is needed, about twice a table, so a large
``.tar.gz`` is slow. Parquet is read from its end, so what is compressed around it is uncompressed some three times. Of a tar
whose first file is FHIR nothing more is asked, so reading FHIR costs no second pass.
"""

import io
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from graph.fhir import archive, tar
from graph.fhir.archive import DAMAGED
from graph.fhir.read_items import Refused
from graph.fhir.source import LINES, Source, uncompressed
from graph.tabular.found import Tables
from graph.tabular.meds import ABOUT
from graph.tabular.meds import among as meds
from graph.tabular.omop import among as omop
from graph.tabular.omop import is_csv

_DAMAGED = (*DAMAGED, RuntimeError)  # what zipfile says of a password


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

    @contextmanager
    def at_any_place(self) -> Iterator[Path | IO[bytes]]:
        """The bytes, from wherever they are wanted.

        Raises:
            OSError: the archive or the member cannot be read, or it is larger than its archive can mean.
        """
        if self.size > archive.Guard.of(self.path.stat().st_size).left:
            raise OSError(0, "the archive holds far more than its size can mean")
        with ExitStack() as stack:
            try:
                stream = _member(self.path, self.member, stack, again=True)
            except _DAMAGED:
                raise OSError(0, "the archive is damaged, or the member is under a password") from None
            try:
                yield stream
            except DAMAGED:
                raise OSError(0, "the member is damaged") from None


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
    """The tables in an archive; those of one folder in it belong together. ``fhir``: there is FHIR in it too.

    Raises:
        MissingExtraError: there is MEDS in it, and the package ``pyarrow`` is not there.
    """
    try:
        with path.open("rb") as raw:
            listed = list(_listed(path, raw))
    except (*_DAMAGED, OSError):
        return Tables()  # the reader of FHIR says what is wrong with it
    sets: dict[str, dict[str, Source]] = {at: {} for at in _sets(member for member, _ in listed)}
    folders: dict[str, list[Source]] = {}
    often = Counter(member for member, _ in listed)
    fhir, odd = False, []
    for member, size in listed:
        base = PurePosixPath(member).name
        at = next((at for at in _above(member, "metadata", "data") if at in sets), None)
        fhir = fhir or (at is None and (_is_fhir(base) or archive.is_archive(base)))
        if at is None and not is_csv(base):
            continue
        packed = Packed(path, f"{name}!{member}", size, member=member)
        if refused := archive.suspect(packed.name, member):
            odd.append(refused)
        elif often[member] > 1:
            odd.append(Refused(packed.name, 0, "bad-member", "the archive has several members of this name"))
        elif at is None:
            folders.setdefault(str(PurePosixPath(member).parent), []).append(packed)
        else:
            sets[at][member.removeprefix(at)] = packed
    found = [omop(files) for _, files in sorted(folders.items())] + [meds(sets[at]) for at in sorted(sets)]
    sources: list[Source | Refused] = [source for tables in found if tables for source in tables.sources]
    taken = frozenset(f"{at}{inside}" for at in sets for inside in ("metadata/", "data/"))
    return Tables([*odd, *sources] if any(found) else [], taken, fhir)


def _sets(members: Iterable[str]) -> set[str]:
    """Where in an archive data sets of MEDS are: how their members begin."""
    said: set[str] = set()
    data: set[str] = set()
    for member in members:
        if member.endswith(ABOUT):
            said.update(at for at in _above(member, "metadata") if f"{at}{ABOUT}" == member)
        elif member.endswith(".parquet"):
            data.update(_above(member, "data"))
    return said & data


def _above(member: str, *folders: str) -> Iterator[str]:
    """What stands in a path before folders of these names.

    >>> list(_above("./a/data/data/0.parquet", "data"))
    ['./a/', './a/data/']
    """
    at = 0
    for part in member.split("/")[:-1]:
        if part in folders:
            yield member[:at]
        at += len(part) + 1


def _listed(path: Path, raw: IO[bytes]) -> Iterator[tuple[str, int]]:
    """The files of an archive and their sizes."""
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(raw) as listed:
            yield from sorted((i.filename, i.file_size) for i in listed.infolist() if not i.is_dir())
        return
    guard = archive.Guard.of(path.stat().st_size)
    with tar.opened(archive.plain(raw), "r|") as packed:
        for number, info in enumerate(info for info in packed if info.isreg()):
            packed.members = []  # type: ignore[attr-defined]  # it would remember every member
            yield info.name, info.size
            if guard.passes(info):
                return
            if number == 0 and _is_fhir(PurePosixPath(info.name).name) and not info.name.endswith(ABOUT):
                return


def _is_fhir(base: str) -> bool:
    return uncompressed(base).lower().endswith((".json", *LINES)) and not base.startswith(".")


def _member(path: Path, member: str, stack: ExitStack, *, again: bool = False) -> IO[bytes]:
    """A member, to be read once from front to back, or ``again`` and again."""
    raw = stack.enter_context(path.open("rb"))
    if path.name.lower().endswith(".zip"):
        return stack.enter_context(stack.enter_context(zipfile.ZipFile(raw)).open(member))
    packed = stack.enter_context(tar.opened(raw, "r:*") if again else tar.opened(archive.plain(raw), "r|"))
    for info in packed:
        packed.members = []  # type: ignore[attr-defined]  # it would remember every member
        if info.name == member and info.isreg():
            stream = packed.extractfile(info)
            assert stream is not None  # noqa: S101  # it is a plain file
            return stack.enter_context(stream)
    raise tarfile.TarError(member)
