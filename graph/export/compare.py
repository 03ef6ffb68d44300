"""Does everything come out as it went in? Inputs and graph compared resource by resource, memory a few bytes each."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from graph.connection import Graph
from graph.export.fhir import exact, resources
from graph.fhir.read import Found, items
from graph.fhir.read_files import Source, find
from graph.fhir.versions import SUFFIX


@dataclass
class Compared:
    """What the comparison found; resources that cannot go in at all are not counted."""

    equal: int = 0
    """Input resources that the graph gives back equal, the versions that it keeps of a fact among them."""
    other: int = 0
    """Input resources of which the graph holds another version."""
    missing: int = 0
    """Input resources of which the graph holds none."""


def compare(graph: Graph, paths: Sequence[str | Path]) -> Compared:
    """Compare the resources of files with those that the graph gives back: same content, numbers digit by digit."""
    there: dict[str, set[bytes]] = {}
    for r in resources(graph, history=True):
        there.setdefault(r["key"].partition(SUFFIX)[0], set()).add(_print(r["fhir"]))
    result = Compared()
    for source in find(paths):
        for item in items(source, graph.settings.line_limit) if isinstance(source, Source) else ():
            key = _key(item) if isinstance(item, Found) else None
            if key is None or not isinstance(item, Found):
                continue
            found = there.get(key)
            if found is None:
                result.missing += 1
            elif _print(item.raw) in found:
                result.equal += 1
            else:
                result.other += 1
    return result


def _key(item: Found) -> str | None:
    try:
        resource = orjson.loads(item.raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(resource, dict):
        return None
    id_ = resource.get("id") or item.assigned
    return f"{resource.get('resourceType')}/{id_}" if id_ else None


def _print(text: str | bytes) -> bytes:
    """A fingerprint of the exact content."""
    return hashlib.sha256(json.dumps(exact(text), sort_keys=True).encode()).digest()[:16]
