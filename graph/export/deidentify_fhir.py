"""A FHIR resource without who it is about: every element is dropped unless it is known to be harmless."""

import re
from typing import Any

from graph.export.deidentify import Deidentifier, token, too_old
from graph.fhir import times

Resource = dict[str, Any]

DROPPED = frozenset(
    {
        "identifier",
        "name",
        "telecom",
        "address",
        "photo",
        "contact",
        "note",
        "extension",
        "modifierExtension",
        "meta",
    }
    | {
        "implicitRules",
        "attachment",
        "content",
        "presentedForm",
        "udiCarrier",
        "deviceName",
        "position",
        "patientInstruction",
    }
    | {"communication", "generalPractitioner", "alias", "qualification", "hoursOfOperation"}
)
"""Elements that are dropped whole, whatever is in them."""
TOKENS = frozenset(
    {
        "resourceType",
        "code",
        "system",
        "status",
        "intent",
        "use",
        "gender",
        "type",
        "category",
        "criticality",
        "comparator",
    }
    | {
        "priority",
        "lifecycleStatus",
        "mode",
        "kind",
        "currency",
        "verificationStatus",
        "clinicalStatus",
        "unit",
        "outcome",
    }
)
"""Elements that hold a code or a word of a fixed list where they are plain text."""
WORDS = frozenset({"display", "text", "unit", "valueString", "conclusion", "description"})
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?)?)?").fullmatch
_DATED = re.compile(
    r"(?i).*(date|datetime|instant|start|end|issued|authoredOn|recorded|sent|received|created|whenPrepared|whenHandedOver|time)$"
).fullmatch


def hidden(resource: Resource, patient: str | None, by: Deidentifier) -> Resource:
    """The resource as it may be seen: ids hashed, dates of ``patient`` (a key) shifted, words only where enough share them.

    Dates of a resource that belongs to no patient are dropped. Numbers keep their digits.
    """
    key = f"{resource['resourceType']}/{resource.get('id', '')}"
    made: Resource = {"resourceType": resource["resourceType"], "id": by.digits(key)}
    if birth := by.birth(resource.get("birthDate"), patient or key):
        made["birthDate"] = birth
    rest = {k: v for k, v in resource.items() if k not in {"resourceType", "id", "birthDate"}}
    return made | _object(rest, patient, by, key)


def _object(item: Resource, patient: str | None, by: Deidentifier, key: str) -> Resource:
    found: Resource = {}
    refers = "reference" in item
    for name, value in item.items():
        if name in DROPPED or name.startswith("_") or (refers and name not in {"reference", "type"}):
            continue
        kept = _value(name, value, patient, by, key)
        if kept is not None and kept not in ({}, []):
            found[name] = kept
    if too_old(found.get("value"), str(item.get("code") or item.get("unit"))):
        del found["value"]
    return found


def _value(name: str, value: Any, patient: str | None, by: Deidentifier, key: str) -> Any:
    match value:
        case dict() if "resourceType" in value:
            return _contained(value, patient, by, key)
        case dict():
            return None if name == "text" else _object(value, patient, by, key)
        case list():
            kept = (_value(name, item, patient, by, key) for item in value)
            return [item for item in kept if item is not None and item not in ({}, [])]
        case str():
            return _text(name, value, patient, by, key)
    return value


def _contained(value: Resource, patient: str | None, by: Deidentifier, key: str) -> Resource:
    made = {"resourceType": value["resourceType"], "id": by.digits(f"{key}#{value.get('id', '')}")}
    rest = {k: v for k, v in value.items() if k not in {"resourceType", "id", "birthDate"}}
    return made | _object(rest, patient, by, key)


def _text(name: str, text: str, patient: str | None, by: Deidentifier, key: str) -> str | None:
    if name == "reference":
        if text.startswith("#"):
            return f"#{by.digits(key + text)}"
        return by.name(text) if re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}", text) else None
    if _DATE(text) and _DATED(name):
        return moved(text, patient, by)
    if name in WORDS and by.shared(text):
        return text
    return text if name in TOKENS and name != "unit" and token(text) else None


def moved(text: str, patient: str | None, by: Deidentifier) -> str | None:
    """A FHIR date or instant, shifted and as precise as it was; an instant in UTC.

    >>> by = Deidentifier(b"x" * 32)
    >>> len(moved("2020-01-31", "Patient/1", by)), moved("2020-01-31", None, by)
    (10, None)
    """
    if patient is None:
        return None
    try:
        at = times.first(text) + by.shift(patient)
    except (ValueError, OverflowError):
        return None
    if len(text) > 10:
        return at.isoformat().replace("+00:00", "Z")
    return at.date().isoformat()[: len(text)]
