"""Resources as a Bundle that brings each back under the addresses by which the others refer to it."""

from collections import Counter
from collections.abc import Iterable
from io import SEEK_END
from pathlib import Path
from typing import IO, Any

import msgspec

from graph.export.resolved_fhir import Link
from graph.fhir import refs

_BREAKS = str.maketrans("\r\n", "  ")


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Counter[str]:
    """Write a Bundle of type collection, a line an entry, of rows with ``type, key, fhir, url, links``; how many of each type.

    No resource is rewritten: ``url`` is the ``fullUrl`` of its entry. Where another resource of the bundle calls it by another
    address, since it came in several bundles under several of them, it has one more entry under that one.
    Memory does not grow with the text.
    """
    counts: Counter[str] = Counter()
    places: dict[str, tuple[int, int]] = {}
    written: set[str] = set()
    called: dict[str, str] = {}
    with path.open("w+b") as file:
        file.write(b'{"resourceType":"Bundle","type":"collection","entry":[')
        for row in rows:
            text = row["fhir"].translate(_BREAKS).encode()
            places[row["key"]] = _entry(file, row["url"], text, first=not counts)
            counts[row["type"]] += 1
            written.add(row["url"])
            called.update(addresses(row["links"]))
        for address, key in sorted(called.items()):
            if address not in written and key in places:
                start, size = places[key]
                file.seek(start)
                text = file.read(size)
                file.seek(0, SEEK_END)
                _entry(file, address, text, first=False)
        file.write(b"\n]}\n")
    return counts


def addresses(links: Iterable[Link]) -> dict[str, str]:
    """What references name by the ``fullUrl`` of a bundle, and the key of the resource that was meant.

    >>> by_id = ("Encounter/1", "subject", "http://ehr/Patient/2", "Patient/2")
    >>> addresses([by_id, ("Encounter/1", "location[0].location", "urn:uuid:3", "Location/4")])
    {'urn:uuid:3': 'Location/4'}
    """
    found = ((refs.target(ref, owner), key) for owner, _, ref, key in links)
    return {address: key for address, key in found if address != key and "?" not in address}


def _entry(file: IO[bytes], url: str | None, text: bytes, *, first: bool) -> tuple[int, int]:
    """Where the text begins in the file, and how long it is."""
    address = b'"fullUrl":' + msgspec.json.encode(url) + b"," if url else b""
    file.write((b"\n{" if first else b",\n{") + address + b'"resource":')
    start = file.tell()
    file.write(text + b"}")
    return start, len(text)
