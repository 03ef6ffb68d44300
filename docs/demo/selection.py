"""Which of a Synthea patient's resources go into the demo: pure functions on one transaction bundle.

Synthea writes whole lives. The demo hands over four years of each, without what is bulky and says little.
Every rule stands here and in README.md.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

Resource = dict[str, Any]

WINDOW = ("2022-01-01", "2026-01-01")
"""First day of the hand-over, and the day after its last (ISO dates, UTC)."""

NOTE = "34117-2"
URINE_STRIP = "24357-6"
BLOOD_PANEL = "51990-0"
CHECK_UP = ("162673000", "185349003")
DENTAL_STEPS = {"1260009003", "1260010008", "274788003", "34043003", "243085009", "241046008", "468071007"}
SCREENINGS = {
    "710824005", "171207006", "454711000124102", "428211000124100", "710841007",
    "762993000", "713106006", "763302001", "866148006",
}  # fmt: skip
QUESTIONNAIRES = {"55757-9", "69737-5", "59453-1", "82666-9", "72109-2", "76499-3", "44249-1", "89206-7"}
MEDICATION_REVIEW_DUE = "314529007"
VISITS_A_MONTH = 1
WARD_HOURS = 12
"""Of the same result in an inpatient stay, one in so many hours is kept: the first."""
LEFT_OUT = {
    *(("DiagnosticReport", c) for c in {NOTE, *QUESTIONNAIRES}),
    *(("Procedure", c) for c in {*DENTAL_STEPS, *SCREENINGS}),
    ("Condition", MEDICATION_REVIEW_DUE),
}
BEFORE_WINDOW = {"Condition", "AllergyIntolerance", "CarePlan", "CareTeam", "MedicationRequest"}
ONCE_PER_CODE = {"SupplyDelivery", "Device"}
PULLED_IN = {"Condition", "Medication", "CareTeam"}


def code(resource: Resource) -> str:
    """The first code of what the resource is about, or the empty text."""
    item = resource.get("suppliedItem", {}).get("itemCodeableConcept")
    element = (
        resource.get("code")
        or item
        or resource.get("type")
        or resource.get("medicationCodeableConcept")
        or {}
    )
    first = element[0] if isinstance(element, list) else element
    return str((first.get("coding") or [{}])[0].get("code", ""))


def when(resource: Resource) -> str:
    """The instant at which it happened, as written; the empty text for what has no time (Medication)."""
    for field in ("period", "performedPeriod"):
        if field in resource:
            return str(resource[field].get("start", ""))
    for field in ("effectiveDateTime", "performedDateTime", "authoredOn", "onsetDateTime", "recordedDate",
                  "occurrenceDateTime", "date", "started", "manufactureDate"):  # fmt: skip
        if field in resource:
            return str(resource[field])
    return ""


def instant(text: str) -> datetime:
    """An aware datetime from FHIR text."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


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


def without(element: Any, gone: Callable[[str], bool]) -> Any:
    """The element without the references for which ``gone`` is true; what becomes empty goes too (None)."""
    if isinstance(element, dict):
        if isinstance(element.get("reference"), str) and gone(element["reference"]):
            return None
        kept = {key: without(value, gone) for key, value in element.items()}
        return {key: value for key, value in kept.items() if value is not None} or None
    if isinstance(element, list):
        return [value for item in element if (value := without(item, gone)) is not None] or None
    return element


def encounter_of(resource: Resource) -> str | None:
    """The reference to the encounter in which it was written."""
    holder = resource.get("encounter") or resource.get("context") or {}
    if isinstance(holder.get("encounter"), list):
        holder = holder["encounter"][0]
    return holder.get("reference")


def _encounters(resources: dict[str, Resource]) -> set[str]:
    """Encounters of the window; of visits that repeat for one reason (dialysis, hospice) the first of each month."""
    found = [(when(r), url) for url, r in resources.items() if r["resourceType"] == "Encounter"]
    seen: Counter[tuple[str, str, str]] = Counter()
    kept = set()
    for start, url in sorted(found):
        if not WINDOW[0] <= start < WINDOW[1]:
            continue
        visit = resources[url]
        reason = code({"type": visit.get("reasonCode", [])})
        seen[month := (start[:7], code(visit), reason)] += 1
        if visit["class"]["code"] in {"IMP", "EMER"} or not reason or seen[month] <= VISITS_A_MONTH:
            kept.add(url)
    return kept


def _with_note(resources: dict[str, Resource], kept: set[str]) -> set[str]:
    """Encounters whose note is handed over: inpatient, emergency, and the last check-up."""
    urgent = {url for url in kept if resources[url]["class"]["code"] in {"IMP", "EMER"}}
    check_ups = sorted((when(resources[url]), url) for url in kept if code(resources[url]) in CHECK_UP)
    return urgent | {url for _, url in check_ups[-1:]}


def _active(resource: Resource) -> bool:
    """Whether something older than the window still holds in it."""
    status = code({"code": resource.get("clinicalStatus", {})}) or resource.get("status")
    ended = resource.get("abatementDateTime") or resource.get("period", {}).get("end") or ""
    return bool(ended >= WINDOW[0]) if ended else status == "active"


def _wanted(resource: Resource, visits: set[str], noted: set[str], bulk: set[str], url: str) -> bool:
    kind, start, visit = resource["resourceType"], when(resource), encounter_of(resource)
    if kind == "Patient" or url in visits:
        return True
    if kind in {"Encounter", "Medication"} or url in bulk or not start < WINDOW[1]:
        return False
    if (kind, code(resource)) in LEFT_OUT:
        return False
    if kind == "DocumentReference":
        return visit in noted
    if kind == "ImagingStudy" and visit not in noted:
        return False
    if start < WINDOW[0]:
        return kind in BEFORE_WINDOW and _active(resource)
    return visit is None or visit in visits


def _bulk_panel(resource: Resource, resources: dict[str, Resource]) -> bool:
    """Urine bulk anywhere, and the outpatients' blood panel that repeats the serum panel."""
    if resource["resourceType"] != "DiagnosticReport":
        return False
    visit = resources.get(encounter_of(resource) or "", {})
    outpatient = visit.get("class", {}).get("code") not in {"IMP", "EMER"}
    return code(resource) == URINE_STRIP or (code(resource) == BLOOD_PANEL and outpatient)


def _first_of_each(resources: dict[str, Resource], chosen: set[str]) -> set[str]:
    """``chosen`` with one SupplyDelivery and one Device a patient and code: the earliest."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for url in chosen:
        resource = resources[url]
        if resource["resourceType"] in ONCE_PER_CODE:
            groups[resource["resourceType"], code(resource)].append((when(resource), url))
    return chosen - {url for group in groups.values() for _, url in sorted(group)[1:]}


def _thin(resources: dict[str, Resource], chosen: set[str]) -> set[str]:
    """``chosen`` with one result or order a code and half-day of each inpatient stay, and one a month of outpatients.

    Panels stay with all of their results or not at all.
    """
    seen: set[tuple[str, ...]] = set()
    dropped: set[str] = set()
    panels = {ref for url in chosen for ref in references(resources[url].get("result", []))}
    for kind in ("DiagnosticReport", "Observation", "MedicationRequest"):
        found = [u for u in chosen if resources[u]["resourceType"] == kind and u not in panels]
        for url in sorted(found, key=lambda u: (when(resources[u]), u)):
            turn = _turn(resources[url], resources)
            if turn in seen:
                dropped |= {url, *references(resources[url].get("result", []))}
            elif turn:
                seen.add(turn)
    return chosen - dropped


def _turn(resource: Resource, resources: dict[str, Resource]) -> tuple[str, ...] | None:
    """Those with the same turn are repetitions of each other; None for what always stays (emergencies, no visit or code)."""
    if not code(resource):
        return None
    visit = encounter_of(resource) or ""
    setting = resources.get(visit, {}).get("class", {}).get("code")
    at = instant(when(resource))
    if setting == "IMP":
        return (visit, code(resource), f"{at:%Y-%m-%d}", str(at.hour // WARD_HOURS))
    return ("", code(resource), f"{at:%Y-%m}") if setting in {"AMB", "HH", "VR"} else None


def select(bundle: Resource) -> dict[str, Resource]:
    """The resources of one Synthea bundle that are handed over, by ``fullUrl``.

    Empty for a patient without a visit in the window.
    """
    resources = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    visits = _encounters(resources)
    if not any(
        code(resources[url]) != "308646001" for url in visits
    ):  # a death certificate alone is no visit
        return {}
    noted = _with_note(resources, visits)
    bulk = {url for url, r in resources.items() if _bulk_panel(r, resources)}
    bulk |= {ref for url in bulk for ref in references(resources[url].get("result", []))}
    chosen = {url for url, r in resources.items() if _wanted(r, visits, noted, bulk, url)}
    chosen = _thin(resources, _first_of_each(resources, chosen))
    queue = list(chosen)
    while queue:
        for ref in references(resources[queue.pop()]):
            if ref in resources and ref not in chosen and resources[ref]["resourceType"] in PULLED_IN:
                chosen.add(ref)
                queue.append(ref)
    return {url: _mend(resources[url], chosen) for url in resources if url in chosen}


def _mend(resource: Resource, chosen: set[str]) -> Resource:
    """A copy without references to what stays behind; an older diagnosis becomes an item of the problem list."""
    mended: Resource = without(resource, lambda ref: ref.startswith("urn:uuid:") and ref not in chosen)
    if resource["resourceType"] == "Condition" and "encounter" not in mended:
        system = "http://terminology.hl7.org/CodeSystem/condition-category"
        item = {"system": system, "code": "problem-list-item", "display": "Problem List Item"}
        mended["category"] = [{"coding": [item]}]
        profile = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-condition-problems-health-concerns"
        mended["meta"] = {"profile": [profile]}
    return mended
