"""Deletions: what a bundle's entry says with the method DELETE, in transactions, histories and Bulk Data's `deleted`.

A deletion ranks among the versions of its resource by its instant and version, and above a version of the same instant.
A version that ranks higher revives the resource.
"""

import re
from typing import Any

from graph.fhir import refs, times
from graph.fhir.read_items import READ, Deletion, Refused

_KEY = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}").fullmatch
_VERSION = re.compile(r'(?:.*/_history/|W/"|")([A-Za-z0-9\-.]{1,64})"?').fullmatch


def deletion(entry: Any, when: Any, place: tuple[str, int, int], raw: bytes) -> Deletion | Refused:
    """The deletion that an entry says; ``when`` is the bundle's ``(clock, text)`` or None, ``place`` file, line, entry.

    ``entry`` has ``request`` (``url``, ``ifMatch``) and ``response`` (``lastModified``, ``etag``), or None for them.
    """
    source, line, index = place
    url, response = entry.request.url, entry.response
    key = refs.target(url, "") if isinstance(url, str) else ""
    if not _KEY(key):
        message = "the entry deletes by a search or without an address, so it names no one resource"
        return Refused(source, line, "delete", message, raw=raw, entry=index)
    told = response and response.lastModified
    clock, text = ("response.lastModified", told) if told else (when or (READ, None))
    try:
        at = None if text is None else times.over(text)
    except (ValueError, TypeError, OverflowError):
        return Refused(source, line, "bad-value", f"the {clock} is no instant", raw=raw, entry=index)
    said = (response and response.etag, url, entry.request.ifMatch)
    version = next((m[1] for text in said if isinstance(text, str) and (m := _VERSION(text))), None)
    return Deletion(source, line, index, raw, key, at, clock, version)


def told(timestamp: Any, meta: Any) -> tuple[str, Any] | None:
    """What a bundle says about when it was put together: clock and text, or None.

    >>> told(None, {"lastUpdated": "2026-01-02T00:00:00Z"})
    ('meta.lastUpdated', '2026-01-02T00:00:00Z')
    """
    if timestamp is not None:
        return "timestamp", timestamp
    updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return ("meta.lastUpdated", updated) if updated is not None else None


_STAMP = re.compile(rb'"timestamp"\s*:\s*("[^"]*")')
_UPDATED = re.compile(rb'"lastUpdated"\s*:\s*("[^"]*")')


def told_before(beginning: bytes) -> tuple[str, Any] | None:
    """The same for a bundle too big to hold, from its beginning: what stands before its entries.

    >>> told_before(b'{"meta": {"lastUpdated": "2026-01-02T00:00:00Z"}, "entry": [')
    ('meta.lastUpdated', '2026-01-02T00:00:00Z')
    """
    head, _, _ = beginning.partition(b'"entry"')
    stamp, updated = (
        found[1].decode(errors="replace").strip('"') if (found := said.search(head)) else None
        for said in (_STAMP, _UPDATED)
    )
    return told(stamp, {"lastUpdated": updated})
