"""The fast check: are the elements of a resource those that FHIR allows, as many and of the types that it says?

It looks at names, types of values, cardinalities, choices, targets of references and primitive extensions, in contained
resources and bundles too. It knows no value sets, invariants or profiles.

>>> [(f.code, f.expression) for f in check({"resourceType": "Patient", "birthDate": "2020-02-30", "sex": "f"}, "r4")]
[('value', 'Patient.birthDate'), ('structure', 'Patient')]
"""

import re
from typing import Any

from graph.check import tables
from graph.check.outcome import Finding, Severity
from graph.check.tables import Field, Shape
from graph.check.values import TESTS

_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}").fullmatch
_LOCAL = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(/_history/.+)?").fullmatch
Where = tuple["Where | None", str | int]
"""A place in a resource: the place above it, and the element or index; written out only when there is something to say."""

MOST = 100
"""Findings about one resource; a file of another format would give no end of them."""


def check(resource: Any, version: str) -> list[Finding]:
    """What in a resource is not as a version of FHIR says; ``version`` is ``r4``, ``r4b`` or ``r5``."""
    look = _Look(version)
    type_ = resource.get("resourceType") if isinstance(resource, dict) else None
    root: Where = (None, type_ if isinstance(type_, str) and _NAME(type_) else "Resource")
    try:
        look.resource(resource, root, inside=False)
    except RecursionError:
        look.say("too-costly", "It is nested too deep to be checked to its end.", root, "warning")
    return look.findings


def _written(where: Where) -> str:
    """The place as FHIRPath."""
    parts: list[str] = []
    here: Where | None = where
    while here:
        here, last = here
        parts.append(f"[{last}]" if isinstance(last, int) else f".{last}")
    return "".join(reversed(parts))[1:]


class _Look:
    """One walk over one resource."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.findings: list[Finding] = []

    def say(self, code: str, words: str, where: Where, severity: Severity = "error") -> None:
        """Note a finding."""
        if len(self.findings) < MOST:
            self.findings.append(Finding(severity, code, words, _written(where)))

    def resource(self, value: Any, where: Where, *, inside: bool) -> None:
        """A resource, or one inside another."""
        type_ = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(type_, str):
            self.say("structure", "A resource must be an object with a resourceType.", where)
        elif type_ not in tables.resources(self.version):
            self.say("structure", f"{self.version.upper()} has no such type of resource.", where)
        else:
            if inside and value.get("contained"):
                self.say("structure", "A contained resource must not contain others.", where)
            if inside and not value.get("id"):
                self.say("required", "A contained resource must have an id.", where)
            self.object(value, type_, where, free="resourceType")

    def object(self, value: dict[str, Any], path: str, where: Where, free: str = "") -> None:
        """An object against the shape at a path of the tables."""
        shape = tables.shape(self.version, path)
        for name, item in value.items():
            if field := shape.fields.get(name):
                self.field(item, field, (where, field.path), value, path)
            elif name.startswith("_") and (field := shape.fields.get(name[1:])) and field.type in TESTS:
                self.extended(item, field, (where, field.path), value.get(name[1:]))
            elif name != free:
                shown = f"{name} is" if _NAME(name) else "There is a name that is"
                self.say("structure", f"{shown} no element of {path} in {self.version.upper()}.", where)
        self.whole(value, shape, where)

    def whole(self, value: dict[str, Any], shape: Shape, where: Where) -> None:
        """What must be there, and what must not be there together."""
        for element, names in shape.required.items():
            if not any(name in value or f"_{name}" in value for name in names):
                self.say("required", f"{element} is missing.", where)
        for element, names in shape.choices.items():
            if sum(name in value or f"_{name}" in value for name in names) > 1:
                self.say("structure", f"{element} is given with more than one type.", where)

    def field(self, value: Any, field: Field, where: Where, holder: dict[str, Any], path: str) -> None:
        """The value, or the list of values, of one element."""
        if value is None:
            self.say("structure", "null stands where a value must be, or nothing.", where)
        elif not field.many:
            if value.__class__ is list:
                self.say("structure", "A list stands where one value must be.", where)
            else:
                self.value(value, field, where)
        elif value.__class__ is not list or not value:
            self.say("structure", "A list with something in it must be here.", where)
        else:
            most = tables.shape(self.version, path).most.get(field.name)
            if most and len(value) > most:
                self.say("structure", f"There are more than {most}.", where)
            beside = holder.get(f"_{field.name}")
            for i, item in enumerate(value):
                if item is None and isinstance(beside, list) and i < len(beside) and beside[i] is not None:
                    continue
                self.value(item, field, (where, i))

    def value(self, value: Any, field: Field, where: Where) -> None:
        """One value."""
        if test := TESTS.get(field.type):
            if not test(value):
                self.say("value", f"This is no {field.type} as FHIR writes it.", where)
        elif field.type == "Resource":
            self.resource(value, where, inside=field.name == "contained")
        elif value.__class__ is not dict or not value:
            self.say("structure", f"An object ({field.type}) must be here, and hold something.", where)
        else:
            self.object(value, field.type, where)
            if field.targets:
                self.target(value, field, where)

    def target(self, value: dict[str, Any], field: Field, where: Where) -> None:
        """Whether a reference points at a type that it may point at."""
        if field.type == "CodeableReference":
            value = value["reference"] if isinstance(value.get("reference"), dict) else {}
        text, said = value.get("reference"), value.get("type")
        match = _LOCAL(text) if isinstance(text, str) else None
        type_ = match[1] if match else said
        if isinstance(type_, str) and type_ not in field.targets and type_ in tables.resources(self.version):
            self.say("value", f"A reference to {type_}; allowed are {', '.join(field.targets)}.", where)

    def extended(self, value: Any, field: Field, where: Where, beside: Any) -> None:
        """The id and extensions of a primitive (`_birthDate`)."""
        if not field.many:
            self.element(value, where)
        elif value.__class__ is not list or (isinstance(beside, list) and len(beside) != len(value)):
            self.say("structure", "The extensions of a list must be a list of the same length.", where)
        else:
            for i, item in enumerate(value):
                if item is not None:
                    self.element(item, (where, i))

    def element(self, value: Any, where: Where) -> None:
        """An object that has an id and extensions only."""
        if value.__class__ is not dict or not value:
            self.say(
                "structure", "The extension of a primitive must be an object that holds something.", where
            )
        else:
            self.object(value, "Element", where)
