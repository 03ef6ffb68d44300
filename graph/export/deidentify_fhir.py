"""A FHIR resource without who it is about: every element is dropped unless it is known to be harmless."""

import re
from typing import Any

from graph.check import tables
from graph.export import ages
from graph.export.deidentify import Deidentifier, token
from graph.export.known_fhir import dated
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
_DROPPED = re.compile(
    r".*(identifier|attachment|address|humanName|contactPoint|contactDetail|signature|annotation|meta)",
    re.IGNORECASE,
).fullmatch
"""Kinds of values that are dropped whole, by the ends of the names of their elements."""
_NUMBERS = ("boolean", "decimal", "integer", "integer64", "positiveInt", "unsignedInt")


def hidden(resource: Resource, patient: str | None, by: Deidentifier) -> Resource:
    """The resource as it may be seen: ids hashed, dates of ``patient`` (a key) shifted, words only where enough share them.

    Dates of a resource that belongs to no patient are dropped, and whatever FHIR has no element for. Numbers keep their digits.
    """
    key = f"{resource['resourceType']}/{resource.get('id', '')}"
    made: Resource = {"resourceType": resource["resourceType"], "id": by.digits(key)}
    birth = resource.get("birthDate")
    if patient and isinstance(birth, str) and (year := by.birth(birth, patient)):
        made["birthDate"] = year
    rest = {k: v for k, v in resource.items() if k not in {"resourceType", "id", "birthDate"}}
    return made | _object(rest, patient, by, key)


def _object(item: Resource, patient: str | None, by: Deidentifier, key: str, within: str = "") -> Resource:
    """An object, which stands in an element of the name ``within``."""
    found: Resource = {}
    refers = "reference" in item
    for name, value in item.items():
        if name in DROPPED or _DROPPED(name) or (refers and name not in {"reference", "type"}):
            continue
        if not _is(name, within):
            continue
        kept = _value((name, within), value, patient, by, key)
        if kept is not None and kept not in ({}, []):
            found[name] = kept
    if ages.too_old(found.get("value"), [item.get("code"), item.get("unit")]):
        del found["value"]
    return found


def _is(name: str, within: str, *types: str) -> bool:
    """Whether FHIR has an element of that name there, of one of the types where they are given."""
    names = tables.holding(*types)
    return name in names or f"{within}.{name}" in names


def _value(at: tuple[str, str], value: Any, patient: str | None, by: Deidentifier, key: str) -> Any:
    """A value at an element: its name, and the name of the element around it."""
    match value:
        case dict() if "resourceType" in value:
            return _contained(value, patient, by, key)
        case dict():
            return None if at[0] == "text" else _object(value, patient, by, key, at[0])
        case list():
            kept = (_value(at, item, patient, by, key) for item in value)
            return [item for item in kept if item is not None and item not in ({}, [])]
        case str():
            return _text(at, value, patient, by, key)
    return value if _is(*at, *_NUMBERS) else None


def _contained(value: Resource, patient: str | None, by: Deidentifier, key: str) -> Resource:
    made = {"resourceType": value["resourceType"], "id": by.digits(f"{key}#{value.get('id', '')}")}
    rest = {k: v for k, v in value.items() if k not in {"resourceType", "id", "birthDate"}}
    return made | _object(rest, patient, by, key)


def _text(at: tuple[str, str], text: str, patient: str | None, by: Deidentifier, key: str) -> str | None:
    name = at[0]
    if name == "reference":
        if text.startswith("#"):
            return f"#{by.digits(key + text)}"
        return by.name(text) if re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}", text) else None
    if dated(*at, text):
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
        at = by.moved(times.first(text), patient)
    except (ValueError, OverflowError):
        return None
    if at is None:
        return None
    if len(text) > 10:
        return at.isoformat().replace("+00:00", "Z")
    return at.date().isoformat()[: len(text)]
