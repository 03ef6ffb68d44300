"""What of a resource was known at an instant: the properties and elements that stay hidden until a matter is closed.

:mod:`graph.journey` reads patients so; digests, snapshots and exports of whole graphs use the same rule through here.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from ontology import mapping
from ontology.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Closing:
    """What is hidden of a type while its matter is open."""

    properties: frozenset[str]
    """Properties of the node."""
    elements: tuple[str, ...]
    """Elements of the resource, as dotted paths."""

    def covers(self, path: str) -> bool:
        """Whether an element path (with or without indexes) lies in one of the hidden elements.

        >>> closing("Encounter").covers("hospitalization.dischargeDisposition")
        True
        >>> closing("Encounter").covers("location[0].location")
        False
        """
        bare = "".join(part.partition("]")[2] if "]" in part else part for part in path.split("["))
        return any(bare == element or bare.startswith(f"{element}.") for element in self.elements)


@cache
def closing(type_: str) -> Closing:
    """What is hidden of a FHIR type, by its mapping.

    >>> sorted(closing("Patient").properties), closing("Patient").elements
    (['closed', 'dead', 'deceased'], ('deceasedDateTime', 'deceasedBoolean'))
    """
    found = mapping.load(type_)
    elements: dict[str, None] = dict.fromkeys(found.closing.known)
    for name in found.closing.fields:
        elements |= dict.fromkeys(found.times.end if name == "end" else found.properties[name].elements)
    own = set(found.closing.fields)
    starts = set(found.times.start) | {
        e for clock in found.times.recorded if isinstance(clock, str) for e in [clock]
    }
    # What a property without a clock says is not hidden in its element either: the two would disagree.
    shown = {e for name, rule in found.properties.items() if name not in own for e in rule.elements}
    hidden = tuple(element for element in elements if element not in starts | shown)
    return Closing(frozenset(own | {"closed"}) if own else frozenset(), hidden)


@cache
def closing_names() -> list[str]:
    """What is hidden until its matter is closed, for queries over many types: type and property, type and coded element.

    >>> {"MedicationAdministration.value", "Encounter.hospitalization.dischargeDisposition"} <= set(closing_names())
    True
    >>> "Encounter.reasonCode" in closing_names()
    False
    """
    names: list[str] = []
    for type_, mapped in sorted(mapping.registry().items()):
        hidden = closing(type_)
        names += [f"{type_}.{name}" for name in sorted(hidden.properties)]
        names += [f"{type_}.{element}" for element in mapped.coded if hidden.covers(element)]
    return names


def aware(at: datetime) -> datetime:
    """The instant itself.

    Raises:
        InvalidInputError: it has no time zone.
    """
    if at.utcoffset() is None:
        raise InvalidInputError(
            "The instant has no time zone.", got=at, allowed="for instance 2020-01-01T00:00:00Z"
        )
    return at


def seen(props: dict[str, Any], type_: str, *, hidden: bool) -> dict[str, Any]:
    """The properties of a node without what is not known yet, when the matter is still open (``hidden``)."""
    if not hidden:
        return props
    gone = closing(type_).properties
    return {name: value for name, value in props.items() if name not in gone}
