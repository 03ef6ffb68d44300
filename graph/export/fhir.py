"""Resources out of the graph as FHIR NDJSON, equal to what went in."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from graph.connection import Graph
from ontology.errors import InvalidInputError, NotFoundError

_BREAKS = str.maketrans("\r\n", "  ")


def resources(
    graph: Graph, *, patient: str | None = None, type_: str | None = None
) -> Iterator[dict[str, Any]]:
    """``type, key, fhir`` of resources in the order of their keys; of one patient and what its resources refer to, or all.

    ``patient`` is an id or a key.

    Raises:
        NotFoundError: no such patient.
    """
    if patient is None:
        yield from graph.stream("export.fhir", type=type_)
        return
    key = patient if patient.startswith("Patient/") else f"Patient/{patient}"
    if not any(there["rank"] for there in graph.read("ingest.known", keys=[key])):
        raise NotFoundError("No such patient.", got=key, do="See `cwm patient list`.")
    yield from graph.stream("export.patient", key=key, type=type_)


def export(
    graph: Graph, out: Path, *, patient: str | None = None, type_: str | None = None, compressed: bool = False
) -> dict[str, int]:
    """Write one NDJSON file a type into the folder ``out``; how many of each type.

    A resource goes out as its text came in; only line breaks between its elements become spaces, since NDJSON has one
    resource a line. Contained resources are inside their owner.

    Raises:
        NotFoundError: no such patient.
        InvalidInputError: ``out`` is a file, or already holds NDJSON that might be of another export.
    """
    if out.exists() and (not out.is_dir() or any(out.glob("*.ndjson*"))):
        raise InvalidInputError(
            "The export needs a folder of its own.", got=out, do="Give a new or empty folder."
        )
    out.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    with ExitStack() as files:
        current: IO[bytes] | None = None
        for resource in resources(graph, patient=patient, type_=type_):
            kind = resource["type"]
            if current is None or kind not in counts:
                files.close()
                current = files.enter_context(_open(out / f"{kind}.ndjson", compressed))
            current.write(resource["fhir"].translate(_BREAKS).encode() + b"\n")
            counts[kind] += 1
    return dict(counts)


def _open(path: Path, compressed: bool) -> IO[bytes]:
    if not compressed:
        return path.open("wb")
    # No time and no name in the header: equal content gives equal files.
    return gzip.GzipFile(path.with_name(path.name + ".gz"), "wb", mtime=0)  # type: ignore[return-value]  # writes like one


def same(a: str | bytes, b: str | bytes) -> bool:
    """True when two JSON texts say the same: keys in any order, every number with the digits it was written with.

    >>> same('{"a": 1.10, "b": 2}', '{"b":2,"a":1.10}'), same('{"a": 1.10}', '{"a": 1.1}')
    (True, False)
    """
    return bool(exact(a) == exact(b))


def exact(text: str | bytes) -> Any:
    """JSON with every number as ``{"\\0": digits}``, which no FHIR element can be, so that digits are compared as written."""
    return json.loads(text, parse_float=_number, parse_int=_number)


def _number(digits: str) -> dict[str, str]:
    return {"\0": digits}
