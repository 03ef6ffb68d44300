"""Any resource that FHIR allows, made at random from HL7's definitions: extensions, contained parts, odd characters."""

import base64
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

import orjson

from graph.check import tables
from graph.check.tables import Field

Value = Any
WORDS = (
    "a",
    "Ünïcode 日本 🫀",
    'quote " and \\ backslash',
    "tab\tline\nbreak",
    "<b>&amp;</b>",
    "x" * 300,
    "é",
    "e\u0301",
    "a\u2028b",
)
DECIMALS = (
    "0",
    "1",
    "1.50",
    "-0.0",
    "1.5",
    "100",
    "0.000001",
    "12345678.90123456789",
    "1E3",
    "1e-7",
    "-17.0",
)
CHOICES: dict[str, tuple[Value, ...]] = {
    "boolean": (True, False),
    "integer": (0, -1, 7, 2**31 - 1, -(2**31)),
    "unsignedInt": (0, 3, 2**31 - 1),
    "positiveInt": (1, 2**31 - 1),
    "integer64": ("0", str(-(2**62)), "9"),
    "date": ("2020", "2020-02", "2020-02-29", "0001-01-01", "9998-12-31"),
    "dateTime": ("2020", "2020-02", "2020-02-29", "2020-02-29T23:59:59+14:00", "1905-08-23T01:02:03.123456Z"),
    "instant": ("2020-02-29T23:59:59Z", "2020-02-29T23:59:59.999-05:00"),
    "time": ("00:00:00", "23:59:59.999"),
    "code": ("active", "a-b", "final"),
    "oid": ("urn:oid:1.2.840.113619",),
    "xhtml": ('<div xmlns="http://www.w3.org/1999/xhtml"><p>a &#160; ü</p></div>',),
}


def primitive(random: Random, type_: str) -> Value:
    """A value of a primitive type; a decimal with the digits that its text must keep."""
    if type_ in CHOICES:
        return random.choice(CHOICES[type_])
    match type_:
        case "decimal":
            return orjson.Fragment(random.choice(DECIMALS).encode())
        case "id":
            return f"i{random.randrange(10**6)}"
        case "uuid":
            return f"urn:uuid:{UUID(int=random.getrandbits(128), version=4)}"
        case "base64Binary":
            return base64.b64encode(random.randbytes(9)).decode()
        case "uri" | "url" | "canonical":
            return f"http://example.org/{random.randrange(100)}"
    return random.choice(WORDS)


class Maker:
    """Makes resources of one version; ``rich`` is the chance of an optional element, ``deep`` how far they go down."""

    def __init__(self, random: Random, version: str, *, rich: float = 0.3, deep: int = 4) -> None:
        self.random, self.version, self.rich, self.deep = random, version, rich, deep

    def resource(self, type_: str, depth: int = 0, *, part: bool = False) -> dict[str, Value]:
        """A resource with an id; a contained one holds no others."""
        made = self.object(type_, depth, leave={"contained"} if part else set())
        return {"resourceType": type_, **made, "id": f"r{self.random.randrange(10**9)}"}

    def object(self, path: str, depth: int, leave: set[str] = frozenset()) -> dict[str, Value]:  # type: ignore[assignment]
        """An object at a path of the tables; never empty."""
        shape = tables.shape(self.version, path)
        groups: dict[str, list[Field]] = {}
        of = {name: base for base, names in shape.choices.items() for name in names}
        for field in shape.fields.values():
            groups.setdefault(of.get(field.name, field.name), []).append(field)
        made: dict[str, Value] = {}
        for base, fields in groups.items():
            if base not in shape.required and (base in leave or not self.wanted(depth, fields)):
                continue
            self.put(made, self.random.choice(fields), depth, shape.most.get(base, 2))
        if path == "Extension":  # either a value or extensions of its own
            if any(name.startswith("value") for name in made) or depth >= self.deep:
                made.pop("extension", None)
            if not {"extension", *made} - {"id", "url"} or ("extension" not in made and len(made) < 2):
                made["valueString"] = "x"
        if made or ("." not in path and tables.kinds(self.version)[path] == "resource"):
            return made
        return {"extension": [{"url": "http://example.org/x", "valueString": "only this"}]}

    def wanted(self, depth: int, fields: list[Field]) -> bool:
        """Whether an optional element is put."""
        simple = all(field.type in _PRIMITIVE for field in fields)
        return self.random.random() < (self.rich if depth < self.deep else self.rich / 4 if simple else 0)

    def put(self, made: dict[str, Value], field: Field, depth: int, most: int) -> None:
        """An element, and now and then what extends a primitive."""
        count = self.random.randint(1, min(most, 2)) if field.many else 1
        values = [self.value(field, depth + 1) for _ in range(count)]
        made[field.name] = values if field.many else values[0]
        if (
            field.type in _PRIMITIVE - {"xhtml"}
            and field.name not in {"id", "url"}
            and self.random.random() < 0.1
        ):
            beside = [self.beside() for _ in values]
            made[f"_{field.name}"] = beside if field.many else beside[0]

    def beside(self) -> dict[str, Value]:
        """The id and extensions of a primitive."""
        return {
            "id": "p",
            "extension": [{"url": "http://example.org/p", "valueDecimal": primitive(self.random, "decimal")}],
        }

    def value(self, field: Field, depth: int) -> Value:
        """One value of an element."""
        if field.type in _PRIMITIVE:
            return primitive(self.random, field.type)
        if field.type == "Resource":
            return self.resource(
                self.random.choice(("Patient", "Device", "Basic", "Organization")), self.deep, part=True
            )
        if field.type == "CodeableReference" and field.targets:
            return {"reference": self.value(replace(field, type="Reference"), depth)}
        if field.type == "Reference":
            type_ = self.random.choice(field.targets or ("Patient", "Device"))
            return {"reference": f"{type_}/x{self.random.randrange(9)}", "display": self.random.choice(WORDS)}
        return self.object(field.type, depth)


_PRIMITIVE = {
    name for v in tables.VERSIONS for name, kind in tables.kinds(v).items() if kind == "primitive-type"
}
