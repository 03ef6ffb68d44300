"""A bundle to its entries, each resource with its exact bytes."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from graph.fhir.deletes import deletion
from graph.fhir.parse import repeated, why
from graph.fhir.read_items import Found, Item, Refused

_OWN = re.compile(r"(?:urn:(?:uuid|oid):|https?://.+/([A-Z][A-Za-z]+)/)([A-Za-z0-9\-.]{1,64})").fullmatch
_EMPTY = msgspec.Raw()
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the JSON reader raises: not JSON or not of the wanted shape, not UTF-8, nested too deep."""


class Head(msgspec.Struct):
    """The type and id of a resource, read without the rest of it."""

    resourceType: str | None = None  # noqa: N815  # FHIR's name
    id: str | None = None


class _Request(msgspec.Struct):
    method: str | None = None
    url: Any = None
    ifMatch: Any = None  # noqa: N815  # FHIR's name


class _Response(msgspec.Struct):
    lastModified: Any = None  # noqa: N815  # FHIR's name
    etag: Any = None


class _Entry(msgspec.Struct):
    fullUrl: str | None = None  # noqa: N815  # FHIR's name
    resource: msgspec.Raw = _EMPTY
    request: _Request | None = None
    response: _Response | None = None


class _Document(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815  # FHIR's name
    entry: list[msgspec.Raw] | None = None
    timestamp: Any = None
    meta: Any = None


document = msgspec.json.Decoder(_Document)
_entry = msgspec.json.Decoder(_Entry)
_head = msgspec.json.Decoder(Head)


def head(raw: bytes | msgspec.Raw) -> Head:
    """Type and id; both None where the text is not JSON or not an object."""
    try:
        return _head.decode(raw)
    except UNREADABLE:
        return Head()


def unfold(
    entries: Iterable[tuple[int, bytes | msgspec.Raw]],
    source: str,
    line: int,
    *,
    scoped: bool,
    when: tuple[str, Any] | None = None,
) -> Iterator[Item]:
    """The resources of a bundle's entries, and what they delete; ``when`` is what the bundle says about its time.

    ``scoped`` holds all entries at once, so that references by ``fullUrl`` are known before any of them goes in;
    without it (a bundle too big to hold) such references wait for the end of the ingest.
    """
    items = (_unfold(raw, source, line, index, when) for index, raw in entries)
    if not scoped:
        yield from items
        return
    held = list(items)
    scope = {item.url: _key(item) for item in held if isinstance(item, Found) and item.url}
    for item in held:
        if isinstance(item, Found):
            item.scope = scope
        yield item


def _twice(entry: bytes, resource: bytes) -> str | None:
    """A name that the entry itself has twice: the reader took the last, and the other resource would be lost."""
    shell = entry.replace(resource, b"0", 1) if resource else entry
    if all(shell.count(name) < 2 for name in (b'"resource"', b'"fullUrl"', b'"request"')):
        return None
    try:
        return repeated(shell)
    except (ValueError, RecursionError):  # it is no object then, and refused as what it is
        return None


def _key(item: Found) -> str:
    top = head(item.raw)
    return f"{top.resourceType}/{top.id or item.assigned}"


def _unfold(
    raw: bytes | msgspec.Raw, source: str, line: int, index: int, when: tuple[str, Any] | None
) -> Item:
    text = bytes(raw)
    try:
        entry = _entry.decode(raw)
    except UNREADABLE:
        return Refused(source, line, *why(text, "the entry of the bundle"), raw=text, entry=index)
    if entry.request and entry.request.method == "DELETE":
        return deletion(entry, when, (source, line, index), text)
    resource = bytes(entry.resource)
    if name := _twice(text, resource):
        message = f"the entry of the bundle has the name {name} twice"
        return Refused(source, line, "repeated-name", message, raw=text, entry=index)
    if resource in (b"", b"null"):
        return Refused(source, line, "no-resource", "the entry holds no resource", raw=text, entry=index)
    found = Found(source, line, resource, index, entry.fullUrl)
    if entry.fullUrl and not (top := head(resource)).id:
        match = _OWN(entry.fullUrl)
        found.assigned = match[2] if match and match[1] in {None, top.resourceType} else None
    return found
