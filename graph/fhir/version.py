"""Which version of FHIR a resource is written in: what it says itself, else what is said of the whole input, else R4.

It says so by the profile of FHIR's own that it names with a version (``.../StructureDefinition/Patient|5.0.0``, or an
address of that version, ``http://hl7.org/fhir/5.0/StructureDefinition/Patient``), by ``fhirVersion`` (CapabilityStatement,
StructureDefinition, ImplementationGuide), or by a type that only one version has (``ActorDefinition`` is R5).

>>> of({"resourceType": "Patient", "meta": {"profile": ["http://hl7.org/fhir/5.0/StructureDefinition/Patient"]}})
'r5'
>>> of({"resourceType": "Patient"}), of({"resourceType": "Patient"}, "r4b"), of({"resourceType": "ActorDefinition"})
('r4', 'r4b', 'r5')
"""

import re
from functools import lru_cache
from typing import Any, Final

from graph.check import tables
from ontology.errors import InvalidInputError

NAMES: Final = {"r4": "4.0", "r4b": "4.3", "r5": "5.0"}
"""Our name of a version, and how its number begins."""
DEFAULT: Final = "r4"

_NUMBERS = {**{number: name for name, number in NAMES.items()}, "4.1": "r4b"}
_AT = re.compile(r"http://hl7\.org/fhir/(\d\.\d)/StructureDefinition/").match
_PINNED = re.compile(r"http://hl7\.org/fhir/StructureDefinition/[A-Za-z]+\|(\d\.\d)").match


def named(text: str) -> str:
    """The version that a person means: ``R4B``, ``4.3.0`` and ``4.3`` are all ``r4b``.

    >>> named("R5"), named("4.0.1")
    ('r5', 'r4')

    Raises:
        InvalidInputError: another version.
    """
    name = text.strip().lower()
    found = name if name in NAMES else _NUMBERS.get(name[:3])
    if found is None:
        raise InvalidInputError("This version of FHIR cannot be taken in.", got=text, allowed="R4, R4B or R5")
    return found


def of(resource: dict[str, Any], default: str | None = None) -> str:
    """``r4``, ``r4b`` or ``r5``; ``default`` is what is said of the whole input."""
    meta = resource.get("meta")
    if meta.__class__ is dict and (profiles := meta.get("profile")).__class__ is list:
        for profile in profiles:
            match = (_AT(profile) or _PINNED(profile)) if profile.__class__ is str else None
            if match and (found := _NUMBERS.get(match[1])):
                return found
    said = resource.get("fhirVersion")
    if said is not None and (
        found := _NUMBERS.get(str(said[0] if isinstance(said, list) and said else said)[:3])
    ):
        return found
    if default is not None:
        return default
    type_ = resource.get("resourceType")
    return _only(type_) if type_.__class__ is str else DEFAULT


@lru_cache(maxsize=1024)
def _only(type_: str) -> str:
    """The first version that has a type."""
    return next((name for name in NAMES if type_ in tables.resources(name)), DEFAULT)
