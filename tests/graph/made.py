"""Small FHIR inputs that tests make."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Resource = dict[str, Any]


def patient(id_: str = "p1", **more: Any) -> Resource:
    return {"resourceType": "Patient", "id": id_, "gender": "female"} | more


def encounter(
    id_: str = "e1", of: str = "Patient/p1", start: str = "2020-01-01T08:00:00Z", **more: Any
) -> Resource:
    period = {"start": start, "end": start[:11] + "18:00:00Z"}
    status = {"status": "finished", "class": {"code": "AMB"}}
    return (
        {"resourceType": "Encounter", "id": id_, "subject": {"reference": of}, "period": period}
        | status
        | more
    )


def observation(id_: str = "o1", of: str = "Patient/p1", **more: Any) -> Resource:
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]}
    subject = {"subject": {"reference": of}, "effectiveDateTime": "2020-01-01T09:00:00Z"}
    return {"resourceType": "Observation", "id": id_, "status": "final", "code": code} | subject | more


def ndjson(path: Path, resources: Iterable[Resource | str | bytes]) -> Path:
    """Write resources, or lines as they are, to a file that may be gzipped."""
    lines = b"".join(_line(r) + b"\n" for r in resources)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    return path


def bundle(path: Path, entries: Iterable[Resource], kind: str = "transaction") -> Path:
    """Write a bundle of entries."""
    text = json.dumps({"resourceType": "Bundle", "type": kind, "entry": list(entries)}, indent=1)
    path.write_text(text)
    return path


def entry(resource: Resource, url: str | None = None, **more: Any) -> Resource:
    """A bundle's entry."""
    return ({"fullUrl": url} if url else {}) | {"resource": resource} | more


def _line(resource: Resource | str | bytes) -> bytes:
    if isinstance(resource, bytes):
        return resource
    return (resource if isinstance(resource, str) else json.dumps(resource)).encode()
