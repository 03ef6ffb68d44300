"""When things became known: Synthea writes both clocks alike, a hospital does not.

Every delay is drawn from the resource's own id and a fixed seed, so it does not depend on the order of files.
These delays are ours, plausible and not measured; README.md lists them.
"""

import math
from datetime import datetime, timedelta
from random import Random
from typing import Any

from selection import encounter_of, instant, references, when

Resource = dict[str, Any]

SEED = 20260101
SLOW = (
    "culture",
    "bacteria",
    "virus",
    "rna",
    "mutation",
    "gene",
    "cytology",
    "histology",
    "biopsy",
    "pathology",
)
HTEST = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}


def dice(key: str) -> Random:
    """The random numbers that belong to one thing."""
    return Random(f"{SEED}:{key}")  # noqa: S311 - reproducible, not secret


def written(text: str, at: datetime) -> str:
    """``at`` in the form of ``text`` (with or without milliseconds)."""
    return at.isoformat(timespec="milliseconds" if "." in text else "seconds")


def _is_lab(resource: Resource) -> bool:
    kinds = {c.get("code") for group in resource.get("category", []) for c in group.get("coding", [])}
    return bool(kinds & {"laboratory", "LAB"})


def _delay(resource: Resource, key: str, *, in_hospital: bool) -> timedelta:
    """How long after the specimen a result is issued: cultures days, a clinic's blood the next day, a ward's an hour or two."""
    random = dice(key)
    if any(word in resource["code"].get("text", "").lower() for word in SLOW):
        return timedelta(hours=random.uniform(20, 96))
    if in_hospital or random.random() < 0.3:
        return timedelta(minutes=min(600.0, random.lognormvariate(math.log(70), 0.5)))
    return timedelta(hours=random.uniform(14, 40))


def _results(resources: dict[str, Resource]) -> None:
    """Results arrive late, all of a report together; one in a hundred is amended days later."""
    report_of = {
        ref: url
        for url, r in resources.items()
        if r["resourceType"] == "DiagnosticReport"
        for ref in references(r.get("result", []))
    }
    for url, resource in resources.items():
        if "issued" not in resource or not _is_lab(resource):
            continue
        key = report_of.get(url, url)
        visit = resources.get(encounter_of(resource) or "", {})
        in_hospital = visit.get("class", {}).get("code") in {"IMP", "EMER"}
        issued = instant(resource["issued"]) + _delay(resources[key], key, in_hospital=in_hospital)
        change = dice(f"amend:{url}")
        if resource["resourceType"] == "Observation" and change.random() < 0.01:
            issued += timedelta(days=change.uniform(1, 6))
            resource["status"] = "amended"
        resource["issued"] = written(resource["issued"], issued)


def _diagnoses(resources: dict[str, Resource]) -> None:
    """Diagnoses of a stay are recorded at its end; one in twelve of the others days after the visit."""
    for url, resource in resources.items():
        if resource["resourceType"] != "Condition" or "encounter" not in resource:
            continue
        visit = resources[resource["encounter"]["reference"]]
        recorded = instant(resource["recordedDate"])
        late = dice(f"late:{url}")
        if visit["class"]["code"] == "IMP":
            recorded = max(recorded, instant(visit["period"]["end"]))
        elif late.random() < 1 / 12:
            recorded += timedelta(days=late.uniform(1, 14))
        resource["recordedDate"] = written(resource["recordedDate"], recorded)


def tell(resources: dict[str, Resource]) -> None:
    """Set the second clock of one patient's resources, in place, and mark the patient as test data."""
    _results(resources)
    _diagnoses(resources)
    for resource in resources.values():
        if resource["resourceType"] == "Patient":
            resource.setdefault("meta", {})["security"] = [dict(HTEST)]


def last_updated(resource: Resource, visit: Resource | None, latest: str) -> str:
    """When the server's version was written (UTC): the visit's end, or a later ``issued`` or ``recordedDate``.

    ``latest`` for what has no time of its own.
    """
    moments = [
        resource.get("issued"),
        resource.get("recordedDate"),
        (visit or resource).get("period", {}).get("end"),
    ]
    known = [instant(m) for m in (*moments, when(resource)) if m]
    return max(known).isoformat(timespec="milliseconds") if known else latest
