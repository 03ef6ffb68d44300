"""Slices of the demo data for tests: whole patients with everything their references need."""

import gzip
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson

Resource = dict[str, Any]

DEMO = Path(__file__).parent.parent / "docs" / "demo" / "fhir"
DIRECTORY = ("Location", "Organization", "Practitioner", "PractitionerRole", "Medication")
MIDDLING = (60, 260)


def read(path: Path) -> Iterator[Resource]:
    """The resources of one NDJSON file of the demo."""
    with gzip.open(path) as lines:
        yield from map(orjson.loads, lines)


def references(element: Any) -> Iterator[str]:
    """Every literal reference below an element."""
    if isinstance(element, dict):
        if isinstance(element.get("reference"), str):
            yield element["reference"]
        for value in element.values():
            yield from references(value)
    elif isinstance(element, list):
        for value in element:
            yield from references(value)


@cache
def _by_patient() -> dict[str, list[bytes]]:
    """The lines of each patient, not yet parsed: a test wants five of two hundred and fifty."""
    found: dict[str, list[bytes]] = {}
    for path in sorted(DEMO.glob("*.ndjson.gz")):
        if path.name.split(".")[0] in DIRECTORY:
            continue
        with gzip.open(path) as lines:
            for line in lines:
                found.setdefault(_owner(path, line), []).append(line)
    return found


def _owner(path: Path, line: bytes) -> str:
    pattern = (
        rb'"id":"([^"]+)"'
        if path.name.startswith("Patient.")
        else rb'"(?:subject|patient)":\{"reference":"Patient/([^"]+)"'
    )
    match = re.search(pattern, line)
    assert match, f"no patient in a line of {path.name}"
    return f"Patient/{match[1].decode()}"


@cache
def _directory() -> dict[str, Resource]:
    files = [path for kind in DIRECTORY for path in sorted(DEMO.glob(f"{kind}.*ndjson.gz"))]
    return {f"{r['resourceType']}/{r['id']}": r for path in files for r in read(path)}


def demo_slice(patients: int = 5, sizes: tuple[int, int] = MIDDLING) -> list[Resource]:
    """All resources of the first ``patients`` patients of the demo who have as many resources, and those they refer to.

    ``sizes``: least and most resources of a patient. No reference in the slice dangles. Always the same list for the same number.

    >>> len({r["id"] for r in demo_slice(2) if r["resourceType"] == "Patient"})
    2
    """
    people = [p for p, rows in sorted(_by_patient().items()) if sizes[0] <= len(rows) <= sizes[1]][:patients]
    rows = [orjson.loads(line) for person in people for line in _by_patient()[person]]
    chosen = {f"{r['resourceType']}/{r['id']}": r for r in rows}
    queue = list(chosen.values())
    while queue:
        for ref in references(queue.pop()):
            if ref not in chosen:
                chosen[ref] = _directory()[ref]
                queue.append(chosen[ref])
    return list(chosen.values())


def write_ndjson(folder: Path, resources: list[Resource]) -> Path:
    """The resources as NDJSON files, one a type, in ``folder``, which it returns."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in sorted({r["resourceType"] for r in resources}):
        rows = [
            orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE) for r in resources if r["resourceType"] == kind
        ]
        (folder / f"{kind}.ndjson").write_bytes(b"".join(rows))
    return folder


def demo_bundle(number: int = 0) -> Path:
    """One of the ten transaction bundles."""
    return sorted(DEMO.glob("bundles/*.json.gz"))[number]
