"""What FHIR allows where: the elements of every type of R4, R4B and R5, from HL7's definitions (``graph.check.make``).

>>> shape("r4", "Patient").fields["birthDate"]
Field(name='birthDate', many=False, type='date', targets=(), path='birthDate')
>>> shape("r4", "Observation").fields["valueQuantity"].path
'value.ofType(Quantity)'
>>> shape("r5", "Group").required
{'membership': ('membership',), 'type': ('type',)}
"""

import gzip
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

HERE = Path(__file__).parent
VERSIONS: Final = ("r4", "r4b", "r5")

Row = tuple[str, str, str, str]
_TYPE = re.compile(r"([^|(]+)(?:\(([^)]*)\))?")


@dataclass(frozen=True, slots=True)
class Field:
    """One name that an object may have."""

    name: str
    many: bool
    type: str
    """A type of FHIR, or the path of a shape of its own (``Patient.contact``)."""
    targets: tuple[str, ...]
    """Types that a Reference may point at; empty where all may."""
    path: str
    """How FHIRPath writes it."""


@dataclass(slots=True)
class Shape:
    """What an object of one type, or at one element, may and must have."""

    fields: dict[str, Field] = field(default_factory=dict)
    required: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Element to the names of which one must be there."""
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Element of several types to its names, of which one at most may be there."""
    most: dict[str, int] = field(default_factory=dict)
    """Name to the greatest number, where it is more than one and not unlimited."""


@cache
def _rows(version: str) -> dict[str, list[Row]]:
    """The lines below each path."""
    found: dict[str, list[Row]] = {}
    for line in gzip.decompress((HERE / f"{version}.tsv.gz").read_bytes()).decode().splitlines():
        path, low, high, types = line.split("\t")
        found.setdefault(path.rpartition(".")[0], []).append((path, low, high, types))
    return found


@cache
def kinds(version: str) -> dict[str, str]:
    """Every type of a version and its kind: ``resource``, ``complex-type`` or ``primitive-type``.

    >>> kinds("r4")["Observation"], kinds("r4")["HumanName"], kinds("r4")["date"]
    ('resource', 'complex-type', 'primitive-type')
    """
    return {path: kind for path, _, _, kind in _rows(version)[""]}


@cache
def resources(version: str) -> frozenset[str]:
    """The types of resources of a version, without the abstract ones.

    >>> len(resources("r4")), sorted(resources("r4b") - resources("r4"))[:2]
    (146, ['AdministrableProductDefinition', 'Citation'])
    """
    abstract = {"Resource", "DomainResource", "CanonicalResource", "MetadataResource"}
    return frozenset(name for name, kind in kinds(version).items() if kind == "resource") - abstract


def below(version: str, path: str) -> frozenset[Row]:
    """All that the tables say about what is below an element that is described in place."""
    inside = f"{path}."
    return frozenset(
        row for key, rows in _rows(version).items() if f"{key}.".startswith(inside) for row in rows
    )


@cache
def shape(version: str, path: str) -> Shape:
    """The shape of a type, or of the object at an element that is described in place."""
    made = Shape()
    for full, low, high, types in _rows(version).get(path, ()):
        _add(made, full, low, high, types)
    return made


@cache
def holding(*types: str) -> frozenset[str]:
    """Elements of these types in any version, of all types where none is given, by the names that JSON has for them.

    An element of a part that is described in place has the name of that part before its own.

    >>> dated = holding("date", "dateTime", "instant")
    >>> {"issued", "onsetDateTime", "dateCriterion.value"} <= dated, "value" in dated
    (True, False)
    """
    found: set[str] = set()
    for version in VERSIONS:
        types_of = kinds(version)
        for parent in _rows(version):
            if parent and types_of.get(parent) != "primitive-type":
                before = f"{parent.rpartition('.')[2]}." if "." in parent else ""
                fields = shape(version, parent).fields.values()
                found |= {before + f.name for f in fields if not types or f.type in types}
    return frozenset(found)


def _add(made: Shape, full: str, low: str, high: str, types: str) -> None:
    name, many = full.rpartition(".")[2], high != "1"
    if high == "0":
        return
    if name.endswith("[x]"):
        base = name.removesuffix("[x]")
        fields = [_field(full, base + t[0].upper() + t[1:], many, t, targets) for t, targets in _types(types)]
        fields = [Field(f.name, many, f.type, f.targets, f"{base}.ofType({f.type})") for f in fields]
        made.choices[base] = tuple(f.name for f in fields)
    else:
        base = name
        type_, targets = _types(types)[0]
        fields = [_field(full, name, many, type_, targets)]
    made.fields.update({f.name: f for f in fields})
    if low != "0":
        made.required[base] = tuple(f.name for f in fields)
    if many and high != "*":
        made.most[name] = int(high)


def _field(full: str, name: str, many: bool, type_: str, targets: tuple[str, ...]) -> Field:
    if type_ == "*":
        type_ = full
    return Field(name, many, type_.removeprefix("@"), targets, name)


def _types(text: str) -> list[tuple[str, tuple[str, ...]]]:
    found = _TYPE.findall(text)
    return [(name, tuple(targets.split(",")) if targets else ()) for name, targets in found]


def fhirpath(version: str, type_: str, names: list[str | int]) -> str:
    """The names of JSON below a resource as FHIRPath.

    >>> fhirpath("r4", "Observation", ["component", 0, "valueQuantity", "unit"])
    'Observation.component[0].value.ofType(Quantity).unit'
    """
    path, here = type_, type_
    for name in names:
        if isinstance(name, int):
            path += f"[{name}]"
            continue
        field = shape(version, here).fields.get(name)
        path += f".{field.path if field else name}"
        here = field.type if field else ""
    return path
