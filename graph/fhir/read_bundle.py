"""A bundle to its entries, each resource with its exact bytes."""

from collections.abc import Iterable, Iterator

import msgspec

from graph.fhir.read_items import Found, Item, Refused

_URN = "urn:uuid:"
_EMPTY = msgspec.Raw()


class Head(msgspec.Struct):
    """The type and id of a resource, read without the rest of it."""

    resourceType: str | None = None  # noqa: N815  # FHIR's name
    id: str | None = None


class _Request(msgspec.Struct):
    method: str | None = None


class _Entry(msgspec.Struct):
    fullUrl: str | None = None  # noqa: N815  # FHIR's name
    resource: msgspec.Raw = _EMPTY
    request: _Request | None = None


class _Document(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815  # FHIR's name
    entry: list[msgspec.Raw] | None = None


document = msgspec.json.Decoder(_Document)
_entry = msgspec.json.Decoder(_Entry)
_head = msgspec.json.Decoder(Head)


def head(raw: bytes | msgspec.Raw) -> Head:
    """Type and id; both None where the text is not JSON or not an object."""
    try:
        return _head.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Head()


def unfold(
    entries: Iterable[tuple[int, bytes | msgspec.Raw]], source: str, line: int, *, scoped: bool
) -> Iterator[Item]:
    """The resources of a bundle's entries.

    ``scoped`` holds all entries at once, so that references by ``fullUrl`` are known before any of them goes in;
    without it (a bundle too big to hold) such references wait for the end of the ingest.
    """
    items = (_unfold(raw, source, line, index) for index, raw in entries)
    if not scoped:
        yield from items
        return
    held = list(items)
    scope = {item.url: _key(item) for item in held if isinstance(item, Found) and item.url}
    for item in held:
        if isinstance(item, Found):
            item.scope = scope
        yield item


def _key(item: Found) -> str:
    top = head(item.raw)
    return f"{top.resourceType}/{top.id or item.assigned}"


def _unfold(raw: bytes | msgspec.Raw, source: str, line: int, index: int) -> Item:
    text = bytes(raw)
    try:
        entry = _entry.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refused(source, line, *why(text, "the entry of the bundle"), raw=text, entry=index)
    if entry.request and entry.request.method == "DELETE":
        return Refused(source, line, "delete", "the entry deletes a resource", raw=text, entry=index)
    resource = bytes(entry.resource)
    if resource in (b"", b"null"):
        return Refused(source, line, "no-resource", "the entry holds no resource", raw=text, entry=index)
    found = Found(source, line, resource, index, entry.fullUrl)
    if entry.fullUrl and entry.fullUrl.startswith(_URN) and not head(resource).id:
        found.assigned = entry.fullUrl.removeprefix(_URN)
    return found


def why(text: bytes, what: str) -> tuple[str, str]:
    """Reason and message for bytes that a JSON reader refused.

    >>> why(b'{"a": ', "the line")
    ('broken-json', 'the line is not JSON (it ends early)')
    >>> why(b'"\\xff"', "the line")[0]
    'not-utf8'
    """
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return "not-utf8", f"{what} is not UTF-8 (byte {error.start})"
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        # The reader's own words may quote the text; only the position is passed on.
        _, _, position = str(error).rpartition("(byte ")
        where = f"byte {position.rstrip(')')}" if position.rstrip(")").isdigit() else "it ends early"
        return "broken-json", f"{what} is not JSON ({where})"
    return "not-a-resource", f"{what} is not an object with a resourceType"
