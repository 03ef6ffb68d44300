"""References and names of relationships: one normal form whatever way a resource wrote them.

>>> target("https://ehr.example.org/fhir/Patient/7/_history/2", "Observation/1")
'Patient/7'
>>> target("#meds", "Observation/1"), target("#", "Observation/1#meds")
('Observation/1#meds', 'Observation/1')
>>> target("Practitioner?identifier=http%3A%2F%2Fnpi%7C99", "Encounter/1")
'Practitioner?identifier=http://npi|99'
>>> relationship("careTeam.provider")
'CARE_TEAM_PROVIDER'
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

_LITERAL = re.compile(
    r"(?:https?://.+/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]+)?(#.+)?"
).fullmatch
_SEARCH = re.compile(r"(?:https?://.+/)?([A-Z][A-Za-z]+\?.+)").fullmatch
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[.:]")


def target(reference: str, owner: str) -> str:
    """The key that a reference names: ``Type/id``, ``Type/id#local``, ``urn:...``, ``Type?identifier=...`` or as written.

    ``owner`` is the key of the resource that holds it (with ``#local`` for a contained one).
    """
    if reference.startswith("#"):
        holder = owner.partition("#")[0]
        return holder + reference if len(reference) > 1 else holder
    return _outside(reference)


@lru_cache(maxsize=1 << 16)
def _outside(reference: str) -> str:
    if match := _LITERAL(reference):
        return f"{match[1]}/{match[2]}{match[3] or ''}"
    if match := _SEARCH(reference):
        return unquote(match[1])
    return reference


def by_identifier(type_: str, identifier: dict[str, Any]) -> str | None:
    """The key of a logical reference (FHIR R4 ``Reference.identifier``), or None when the identifier has no value."""
    value = identifier.get("value")
    if not isinstance(value, str):
        return None
    system = identifier.get("system")
    return (
        f"{type_}?identifier={system}|{value}" if isinstance(system, str) else f"{type_}?identifier={value}"
    )


@lru_cache(maxsize=4096)
def relationship(path: str) -> str:
    """``UPPER_SNAKE`` of an element path without indexes."""
    return re.sub(r"[^A-Z0-9_]", "_", _HUMP.sub("_", path).upper())
