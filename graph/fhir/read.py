"""FHIR from files: single resources, bundles of any size, NDJSON of either, plain, gzipped, or in archives.

Whatever cannot be taken in is given as a :class:`~graph.fhir.read_items.Refused` in its place; reading goes on.
Nothing here parses a whole resource: a resource is its exact bytes.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import IO, Any

from graph.fhir import archive, deletes
from graph.fhir.parse import repeated, why
from graph.fhir.read_bundle import UNREADABLE, Head, document, head, unfold
from graph.fhir.read_files import Source, by_line, find, known
from graph.fhir.read_items import KEPT, Deletion, Found, Item, Refused
from graph.fhir.read_lines import BOM, Broken, Line, chunks, lines
from graph.fhir.read_stream import Slice, Slicer
from graph.setaside import reread

Pieces = Iterator[bytes | Broken]


def read(paths: Sequence[str | Path], limit: int) -> Iterator[Item]:
    """Everything in the files and folders: ``limit`` is the longest line or entry in bytes that is taken in.

    Raises:
        NotFoundError, InvalidInputError: a path is not there, or its name says nothing about FHIR.
    """
    for source in find(paths):
        if isinstance(source, Refused):
            yield source
        else:
            yield from items(source, limit)


def items(source: Source, limit: int) -> Iterator[Item]:
    """What is in one file, in the members of one archive, or what comes of the rows of one table."""
    if source.reader is not None:
        yield from source.reader(source, limit)
        return
    try:
        stream = source.raw() if source.is_archive else source.open()
    except OSError as error:
        yield Refused(source.name, 0, "unreadable", f"the file cannot be read: {error.strerror}")
        return
    with closing(stream):
        if source.is_archive:
            yield from _archive(source, stream, limit)
        else:
            yield from _file(source.name, chunks(stream), limit)


def _archive(source: Source, raw: IO[bytes], limit: int) -> Iterator[Item]:
    guard, empty = archive.Guard.of(source.size), True
    try:
        for member in archive.members(source.name, raw, known, guard):
            empty = False
            if isinstance(member, Refused):
                yield member
                continue
            name, stream = member
            if name.removeprefix(f"{source.name}!").startswith(source.taken):
                continue
            yield from _file(name, guard.watch(archive.pieces(stream)), limit)
            if guard.burst:
                return
    except (*archive.DAMAGED, OSError):
        yield Refused(source.name, 0, "broken-archive", "the archive ends early or is damaged")
        return
    if empty:
        yield Refused(source.name, 0, "empty-file", "there is no FHIR file in the archive")


def _file(name: str, pieces: Pieces, limit: int) -> Iterator[Item]:
    empty = True
    for item in _items(name, pieces, limit):
        empty = False
        yield item
    if empty:
        yield Refused(name, 0, "empty-file", "there is nothing in the file")


def _items(name: str, pieces: Pieces, limit: int) -> Iterator[Item]:
    if by_line(name):
        yield from _by_line(name, pieces, limit)
        return
    start, more = _fill(pieces, limit)
    text = b"".join(p for p in start if isinstance(p, bytes)).removeprefix(BOM).strip()
    torn = next((p for p in start if isinstance(p, Broken)), None)
    if more is None and torn is None:
        if not text:
            return
        if _several(text):
            yield from _by_line(name, iter([text]), limit)
        else:
            yield from _document(name, text, limit)
    else:
        yield from _streamed(name, chain([text], more or iter([torn] if torn else [])), limit)


def _fill(pieces: Pieces, limit: int) -> tuple[list[bytes | Broken], Pieces | None]:
    """The pieces of a file as far as ``limit``; the rest of them when there is more."""
    start: list[bytes | Broken] = []
    size = 0
    for piece in pieces:
        start.append(piece)
        size += len(piece) if isinstance(piece, bytes) else 0
        if size > limit:
            return start, pieces
    return start, None


def _several(text: bytes) -> bool:
    """True when a `.json` file is NDJSON in truth: its first line is a document and another line follows."""
    first, _, rest = text.partition(b"\n")
    return bool(rest.strip()) and head(first) != Head()


def _by_line(name: str, pieces: Pieces, limit: int) -> Iterator[Item]:
    for line in lines(pieces, limit):
        if isinstance(line, Broken):
            yield from _broken(name, line, limit)
        elif line.size > limit:
            yield _too_long(name, line.number, None, line.raw, line.size, limit)
        else:
            yield from _line(name, line)


def _line(name: str, line: Line) -> Iterator[Item]:
    # Only a line that speaks of a bundle or of a record set aside is worth a second look.
    if b'"Bundle"' in line.raw:
        yield from _bundle(name, line.number, line.raw) or [Found(name, line.number, line.raw)]
    elif line.raw.startswith(b'{"set_aside"'):
        yield from reread(name, line.number, line.raw)
    else:
        yield Found(name, line.number, line.raw)


def _bundle(name: str, number: int, raw: bytes) -> Iterator[Item] | None:
    """The entries of a bundle; None where the text is no bundle."""
    try:
        top = document.decode(raw)
    except UNREADABLE:
        if head(raw).resourceType != "Bundle":
            return None
        # It is JSON and says what it is, so what the reader refused is the one other element that it looks into.
        return iter([Refused(name, number, "bad-value", "the bundle's entry is not a list", raw=raw)])
    if top.resourceType != "Bundle":
        return None
    # The reader took the last of two lists of entries. A `List` also has entries, so the count alone says nothing.
    try:
        name_twice = repeated(raw) if raw.count(b'"entry"') > 1 else None
    except (ValueError, RecursionError):
        return iter([Refused(name, number, *why(raw, "the bundle"), raw=raw)])
    if name_twice in {"entry", "resourceType"}:
        message = f"the bundle has the name {name_twice} twice"
        return iter([Refused(name, number, "repeated-name", message, raw=raw)])
    when = deletes.told(top.timestamp, top.meta)
    return unfold(enumerate(top.entry or []), name, number, scoped=True, when=when)


def _document(name: str, text: bytes, limit: int) -> Iterator[Item]:
    bundle = _bundle(name, 0, text)
    if bundle is not None:
        yield from bundle
        return
    reason, message = why(text, "the document")
    if reason != "not-a-resource" and b'"Bundle"' in text:
        # What can be cut out of a broken bundle goes in; the break itself is named.
        yield from _streamed(name, iter([text]), limit)
    elif reason != "not-a-resource":
        yield Refused(name, 0, reason, message, raw=text)
    else:  # it is JSON; whether it is a resource is seen when it is read
        yield Found(name, 1, text)


def _streamed(name: str, pieces: Pieces, limit: int) -> Iterator[Item]:
    slicer, broken, first = Slicer(limit), None, b""
    for piece in pieces:
        if isinstance(piece, Broken):
            broken = piece
            break
        first = first or piece[:KEPT]
        for cut in slicer.feed(piece):
            yield from _cut(name, cut, limit, deletes.told_before(first))
        if slicer.hopeless:
            break
    if slicer.hopeless:
        broken = Broken("too-deep", "the document is nested so deep that it is not read to its end")
    torn = slicer.torn
    rest, entry = (torn.raw, torn.index) if torn else (b"" if slicer.count else first, None)
    size = torn.size if torn and torn.size > limit else None
    if broken:
        yield Refused(name, 0, broken.reason, broken.message, raw=rest, entry=entry, size=size)
    elif not slicer.complete:
        yield Refused(name, 0, *why(rest or b"{", "the document"), raw=rest, entry=entry, size=size)
    elif not slicer.count:
        yield _whole(name, first, limit)


def _whole(name: str, first: bytes, limit: int) -> Refused:
    """A document that no element could be cut out of: too long, or not JSON."""
    if len(first) < KEPT:
        return Refused(name, 0, *why(first, "the document"), raw=first)
    return Refused(
        name,
        0,
        "too-long",
        f"the document is longer than {limit} bytes and is not a bundle",
        raw=first,
        size=limit + 1,
    )


def _cut(name: str, cut: Slice, limit: int, when: tuple[str, Any] | None) -> Iterator[Item]:
    if cut.size > limit:
        yield _too_long(name, 0, cut.index, cut.raw, cut.size, limit)
    else:
        yield from unfold([(cut.index, cut.raw)], name, 0, scoped=False, when=when)


def _broken(name: str, broken: Broken, limit: int) -> Iterator[Item]:
    """The torn last line of a broken stream: taken in when it is whole, else set aside together with the break."""
    raw = broken.raw.strip()
    if raw and broken.size <= limit and head(raw) != Head():
        yield Found(name, broken.number, raw)
        raw = b""
    size = broken.size if broken.size > limit else None
    yield Refused(name, broken.number, broken.reason, broken.message, raw=raw, size=size)


def _too_long(name: str, line: int, entry: int | None, raw: bytes, size: int, limit: int) -> Refused:
    message = f"{size} bytes are longer than the {limit} that are allowed (CWM_LINE_LIMIT)"
    return Refused(name, line, "too-long", message, raw=raw[:KEPT], entry=entry, size=size)


__all__ = ["Deletion", "Found", "Item", "Refused", "Source", "find", "items", "read"]
