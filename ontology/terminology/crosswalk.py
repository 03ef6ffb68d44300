"""From a code of any known system to its category of ICD-10-CM: tables in ``crosswalks/``, each row with its source.

>>> place("http://snomed.info/sct", "444814009").category
'J01'
>>> place("http://hl7.org/fhir/sid/icd-9-cm", "401.9").category
'I10'
>>> place("http://hl7.org/fhir/sid/icd-10-cm", "i2510").relation
'source-is-narrower-than-target'
>>> place("http://loinc.org", "8867-4") is None
True
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ontology.terminology.files import HERE, Part, read
from ontology.terminology.systems import System, bare_icd, canonical, systems
from ontology.terminology.tree import category

Relation = Literal[
    "equivalent", "source-is-narrower-than-target", "source-is-broader-than-target", "related-to"
]
"""The relationships of FHIR's ConceptMap (R5): a category is usually wider than the code."""

NARROWER: Relation = "source-is-narrower-than-target"
RELATED: Relation = "related-to"
ICD_10 = frozenset({"icd-10-cm", "icd-10"})
"""Systems whose codes begin with their category."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a code stands among the categories of ICD-10-CM."""

    category: str
    relation: Relation
    source: str
    """``notation`` (the code itself says it), ``gem`` (official mappings) or ``ours``."""
    rule: str
    """The rule of the table that applied."""


class Line(Part):
    """One row of a crosswalk, curated by hand."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+\*?$")]
    """A code without its dot; with ``*`` all that begin so and have no mapping of their own."""
    to: Annotated[str, Field(pattern=r"^[A-Z][0-9][0-9A-Z]$")]
    words: str
    """What it means, in our words."""
    rule: str = "index"
    relation: Relation = NARROWER
    synthea: Literal["agrees", "differs"] | None = None
    """What an independent table says; see the file's ``checks``."""
    why: str | None = None


class Crosswalk(Part):
    """A table from one code system to the categories of ICD-10-CM."""

    name: str
    source_system: str = Field(alias="from")
    target: Literal["icd-10-cm"] = Field(alias="to")
    title: str
    about: str
    source: str
    licence: str
    rules: dict[str, str]
    checks: dict[str, str] = Field(default_factory=dict)
    table: str | None = None
    """A file of tab-separated rows beside it (code, to, others), read by the rule ``gem``."""
    rows: tuple[Line, ...]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        codes = [row.code for row in self.rows]
        if twice := {c for c in codes if codes.count(c) > 1}:
            raise ValueError(f"codes that stand twice: {sorted(twice)}")
        if wrong := [f"{r.code} -> {r.to}" for r in self.rows if category(r.to) != r.to]:
            raise ValueError(f"no category of ICD-10-CM: {wrong}")
        if unknown := {r.rule for r in self.rows} - set(self.rules):
            raise ValueError(f"rules that are not stated: {sorted(unknown)}")
        if self.source_system not in systems():
            raise ValueError(f"no such code system: {self.source_system}")
        if silent := [r.code for r in self.rows if r.rule == "clinical" and not r.why]:
            raise ValueError(f"a clinical choice must say why: {silent}")
        return self

    @cached_property
    def exact(self) -> dict[str, Line]:
        """Rows of whole codes."""
        return {row.code: row for row in self.rows if not row.code.endswith("*")}

    @cached_property
    def starts(self) -> list[tuple[str, Line]]:
        """Rows of beginnings, the longest first."""
        found = [(row.code[:-1], row) for row in self.rows if row.code.endswith("*")]
        return sorted(found, key=lambda pair: -len(pair[0]))

    @cached_property
    def official(self) -> dict[str, tuple[str, str]]:
        """Category and other candidates by code, from the table; without the codes that it leaves open."""
        if self.table is None:
            return {}
        with (HERE / "crosswalks" / self.table).open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, delimiter="\t", restval="")
            return {row["code"]: (row["to"], row["others"] or "") for row in rows if row["to"]}

    def find(self, code: str) -> Placement | None:
        """Where a code (of this system, without a dot) stands: a whole row, the official table, the beginning of a code."""
        if row := self.exact.get(code):
            return Placement(row.to, row.relation, "ours", row.rule)
        if official := self.official.get(code):
            return Placement(official[0], RELATED if official[1] else NARROWER, "gem", "gem")
        for start, row in self.starts:
            if code.startswith(start):
                return Placement(row.to, row.relation, "ours", row.rule)
        return None


@cache
def crosswalks() -> dict[str, Crosswalk]:
    """All crosswalks by the name of the system that they come from."""
    found = (read(path, Crosswalk) for path in sorted((HERE / "crosswalks").glob("*.yaml")))
    return {c.source_system: c for c in found}


@cache
def place(address: str | None, code: str | None) -> Placement | None:
    """Where a code stands, given the address of its system (canonical or alias); None when that is not known."""
    system = canonical(address)
    if system is None or not code:
        return None
    if system.name in ICD_10:
        return _by_notation(system, code)
    table = crosswalks().get(system.name)
    return table.find(bare_icd(code) if system.form != "plain" else code.strip()) if table else None


def _by_notation(system: System, code: str) -> Placement | None:
    found = category(code)
    if found is None:
        return None
    if system.name != "icd-10-cm":
        return Placement(found, RELATED, "notation", "icd-10")
    return Placement(found, "equivalent" if bare_icd(code) == found else NARROWER, "notation", "icd-10-cm")


def placed(codes: Iterable[str]) -> Placement | None:
    """Where a fact stands, given its codes (``system|code``): the first that has a place."""
    for text in codes:
        address, _, code = text.rpartition("|")
        if found := place(address, code):
            return found
    return None


def condition_of(codes: Iterable[str]) -> str | None:
    """The value of Skill-Mix's condition dimension for a fact's codes (``system|code``); None when none has a place.

    >>> condition_of(["http://loinc.org|8867-4", "http://snomed.info/sct|44054006"])
    'e11'
    >>> condition_of([]) is None
    True
    """
    found = placed(codes)
    return found.category.lower() if found else None
