"""Small FHIR journeys for tests, and the way they go into the graph."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from graph.connection import Graph
from graph.ingest import ingest

Resource = dict[str, Any]
CHECK_UP = "http://snomed.info/sct|162673000"


def concept(token: str) -> dict[str, Any]:
    system, code = token.split("|")
    return {"coding": [{"system": system, "code": code}]}


def said(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def patient(name: str, birth: str = "1960-05-01", **given: Any) -> Resource:
    return {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": birth, **given}


def encounter(
    name: str,
    of: str,
    start: datetime,
    end: datetime | str | None = None,
    kind: str = "AMB",
    token: str = CHECK_UP,
    disposition: str | None = None,
) -> Resource:
    end = start + timedelta(hours=1) if end is None else end
    made = {
        "resourceType": "Encounter",
        "id": name,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind},
        "type": [concept(token)],
        "subject": {"reference": f"Patient/{of}"},
        "period": {"start": said(start), "end": end if isinstance(end, str) else said(end)},
    }
    if disposition:
        made["hospitalization"] = {"dischargeDisposition": concept(f"urn:disposition|{disposition}")}
    return made


def observation(
    name: str, of: str, at: datetime, token: str, value: float, unit: str, issued: datetime | None = None
) -> Resource:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    made = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": concept(token),
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": said(at),
        "valueQuantity": quantity,
    }
    return {**made, "issued": said(issued)} if issued else made


def condition(
    name: str, of: str, at: datetime, token: str, recorded: datetime | None = None, **given: Any
) -> Resource:
    return {
        "resourceType": "Condition",
        "id": name,
        "code": concept(token),
        "subject": {"reference": f"Patient/{of}"},
        "onsetDateTime": said(at),
        "recordedDate": said(recorded or at),
        **given,
    }


def take_in(graph: Graph, folder: Path, resources: Iterable[Resource]) -> None:
    """Ingest the resources from one NDJSON file in ``folder``; nothing may be set aside."""
    path = folder / "made.ndjson"
    path.write_text("".join(json.dumps(r) + "\n" for r in resources), encoding="utf-8")
    report = ingest(graph, [path])
    assert report.set_aside == 0, report.reasons
