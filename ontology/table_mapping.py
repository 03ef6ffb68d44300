"""How rows of tables become FHIR resources: one YAML a table of OMOP CDM, one a kind of MEDS code, checked when loaded.

A mapping holds templates that look like the resource they make. A value ``{$maker: argument}`` takes something of the row;
whatever finds nothing goes away, with everything around it that says nothing by itself. Columns of an OMOP table that no
template uses are carried as extensions, so that a mapping cannot lose one by oversight.

>>> load("omop", "CONDITION_OCCURRENCE").resources[0].type
'Condition'
>>> sorted(registry("meds"))[:2]
['condition', 'encounter']
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ontology.errors import InvalidInputError

HERE = Path(__file__).parent / "tables"
Standard = Literal["omop", "meds"]
Type = Literal["key", "integer", "number", "text", "date", "time", "concept"]

MAKERS: Final = {
    "$text": "the words of a column",
    "$base64": "the words of a column as base64Binary (UTF-8)",
    "$number": "a number, with the digits it has",
    "$time": "the first of these columns that has an instant or a date",
    "$date": "a date from the columns [year, month, day], as far as they are given",
    "$day": "the day of an instant",
    "$concept": "a CodeableConcept: id, and where there are any source (words) and source_id (a concept)",
    "$quantity": "a Quantity: value, unit (a concept), source (words), operator (a concept), comparators (its words)",
    "$coding": "a Coding of one concept",
    "$reference": "a reference: to (a table, or a kind) and column",
    "$word": "a word for a value: column, values, and otherwise (a template)",
    "$class": "a word for the class of a concept, where CONCEPT says it: column, values",
    "$code": "the code of an event as a CodeableConcept",
    "$identifier": "an Identifier with the words of a column, in a system of the data set and the column",
    "$local": "the words of a column as a Coding in the code system of the data set",
    "$joined": "something of the row of another table with the same key: table, key, make",
    "$first": "the first of several templates that finds something",
}
"""What a template may ask for."""


_OF_A_COLUMN: Final = frozenset(
    {"$text", "$base64", "$identifier", "$number", "$coding", "$day", "$local", "$if"}
)


EVENT: Final = frozenset({"subject_id", "time", "numeric_value", "text_value", "unit", "encounter"})
"""What a template for MEDS may read of an event; ``encounter`` is the number in the first column of ``id`` that has one."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Part):
    """A column: its type, and whether a row without it is no row."""

    type: Type
    required: bool = False


def _column(value: Any) -> Any:
    """``key!`` for a required key."""
    if isinstance(value, str):
        return {"type": value.removesuffix("!"), "required": value.endswith("!")}
    return value


def _makers(here: Any) -> Any:
    """A template whose makers all exist, or ValueError."""
    if isinstance(here, dict):
        asked = [name for name in here if str(name).startswith("$") and name not in {"$if", "$choice"}]
        if unknown := [name for name in asked if name not in MAKERS]:
            raise ValueError(f"no such maker: {unknown[0]}; there are {', '.join(MAKERS)}")
        if asked and len(here) != 1:
            raise ValueError(f"{asked[0]} stands by itself")
        for value in here.values():
            _makers(value)
    elif isinstance(here, list):
        for value in here:
            _makers(value)
    return here


Template = Annotated[dict[str, Any], BeforeValidator(_makers)]
When = dict[str, Literal["given"] | list[int]]


class Made(_Part):
    """One resource that a row makes."""

    type: str = Field(pattern=r"^[A-Z][A-Za-z]+$")
    make: Template
    when: When | Literal["otherwise"] | None = None
    """Only where a column is given or has one of these values; ``otherwise``: where none before it was made."""
    rest: bool = True
    """Carries what no template uses."""


class Example(_Part):
    """A row, or rows, and the resources that come of it; it is the mapping's test."""

    rows: list[dict[str, Any]] = Field(min_length=1)
    concepts: dict[int, dict[str, str]] = {}
    """Rows of CONCEPT by concept_id: vocabulary_id, concept_code, concept_name, concept_class_id."""
    joined: dict[str, list[dict[str, Any]]] = {}
    gives: list[dict[str, Any]] = Field(min_length=1)


class TableMapping(_Part):
    """A table of OMOP CDM."""

    table: str = Field(pattern=r"^[A-Z_]+$")
    summary: str
    key: str
    """The column whose value names a row."""
    person: str | None = None
    """The column that says whose row it is; its value must be in PERSON, where that table is."""
    columns: dict[str, Annotated[Column, BeforeValidator(_column)]]
    resources: tuple[Made, ...] = Field(min_length=1)
    example: Example

    @model_validator(mode="after")
    def _known(self) -> "TableMapping":
        named = {self.key, *([self.person] if self.person else [])}
        for made in self.resources:
            named |= columns(made.make) | (set(made.when) if isinstance(made.when, dict) else set())
        if unknown := sorted(named - set(self.columns)):
            raise ValueError(f"no such column in {self.table}: {unknown[0]}")
        return self


class KindMapping(_Part):
    """A kind of MEDS code: each of its events becomes a resource, or the events of a subject or an encounter become one."""

    name: str
    summary: str
    type: str = Field(pattern=r"^[A-Z][A-Za-z]+$")
    gathers: Literal["subject", "encounter"] | None = None
    default: bool = False
    """Takes every code that no other kind takes."""
    codes: dict[str, str | None] = {}
    """For events: a code, or the beginning of codes and ``*``, to the system of what ``*`` stands for."""
    roles: dict[str, list[str]] = {}
    """For what is gathered: codes, or beginnings of codes and ``*``, by what they say.

    Read as ``role.time``, ``role.value`` (what ``*`` stands for) and ``role.instant`` (the time, when it is not midnight).
    """
    need: list[str] = []
    """The roles without which nothing is made."""
    id: list[str] = []
    """The columns that may hold the number of the encounter, by preference."""
    make: Template
    example: Example

    @model_validator(mode="after")
    def _known(self) -> "KindMapping":
        said = {f"{role}.{part}" for role in self.roles for part in ("time", "value", "instant")}
        if unknown := sorted(columns(self.make) - said - EVENT):
            raise ValueError(f"no such column of an event: {unknown[0]}")
        if bool(self.roles) != (self.gathers is not None) or not set(self.need) <= set(self.roles):
            raise ValueError("roles are for what is gathered, and what is needed is one of them")
        return self


def columns(template: Any) -> set[str]:
    """The columns of its own row that a template reads.

    >>> sorted(columns({"onset": {"$time": ["a", "b"]}, "code": {"$concept": {"id": "c", "source": "d"}}}))
    ['a', 'b', 'c', 'd']
    """
    if isinstance(template, list):
        return set().union(*map(columns, template))
    if not isinstance(template, dict):
        return set()
    found: set[str] = set()
    for name, value in template.items():
        match name:
            case "$time" | "$date":
                found.update(value)
            case "$concept":
                found.update(value.values())
            case "$quantity":
                found.update(column for part, column in value.items() if part != "comparators")
            case "$reference" | "$class" | "$word" | "$joined":
                found |= {value["key" if name == "$joined" else "column"]} | columns(value.get("otherwise"))
            case "$choice":
                found |= columns([option for options in value.values() for option in options])
            case _ if name in _OF_A_COLUMN:
                found.add(value)
            case _:
                found |= columns(value)
    return found


@cache
def registry(standard: Standard) -> dict[str, TableMapping | KindMapping]:
    """All mappings of a standard by name.

    Raises:
        InvalidInputError: a file is not as the schema says.
    """
    model = TableMapping if standard == "omop" else KindMapping
    found: dict[str, TableMapping | KindMapping] = {}
    for path in sorted((HERE / standard).glob("*.yaml")):
        try:
            found[path.stem] = model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (ValidationError, yaml.YAMLError) as error:
            raise InvalidInputError(
                f"The mapping {standard}/{path.name} cannot be used.",
                got=str(error)[:500],
                do="Mend that file; ontology/table_mapping.py says how it is made.",
            ) from None
    return found


def tables() -> dict[str, TableMapping]:
    """The mappings of OMOP CDM's tables by the name of the table."""
    return {name: m for name, m in registry("omop").items() if isinstance(m, TableMapping)}


def kinds() -> dict[str, KindMapping]:
    """The mappings of MEDS' codes by the name of the kind."""
    return {name: m for name, m in registry("meds").items() if isinstance(m, KindMapping)}


def load(standard: Standard, name: str) -> Any:
    """One mapping.

    Raises:
        InvalidInputError: there is none of that name.
    """
    found = registry(standard)
    if name not in found:
        raise InvalidInputError("There is no such table mapping.", got=name, allowed=", ".join(found))
    return found[name]


@cache
def systems() -> dict[str, list[str]]:
    """The names of code systems in OMOP and MEDS by their address; the first is the one that an export writes.

    >>> systems()["http://loinc.org"]
    ['LOINC']
    """
    found: dict[str, list[str]] = yaml.safe_load((HERE / "vocabularies.yaml").read_text(encoding="utf-8"))
    return found


@cache
def vocabularies() -> dict[str, str]:
    """The address of a code system by the name that OMOP and MEDS give it, in small letters.

    >>> vocabularies()["rxnorm"]
    'http://www.nlm.nih.gov/research/umls/rxnorm'
    """
    return {name.lower(): system for system, names in systems().items() for name in names}
