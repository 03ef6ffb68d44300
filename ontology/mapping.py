"""How each FHIR type becomes a node: one YAML a type in ``ontology/fhir/``, checked when it is loaded.

A mapping is data, not code. It names the class in the world model, the elements that become properties, the coded
elements, the names of references, the clocks, and the *closing fields*, which are known only later than the rest.

>>> load("Observation").kind
'Event'
>>> load("Observation").times.start[0]
'effectiveDateTime'
>>> load("Basic").generic
True
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ontology.errors import InvalidInputError

HERE = Path(__file__).parent / "fhir"
GENERIC = "generic"

Kind = Literal["Patient", "Provider", "Ecosystem", "Encounter", "Event"]
Reader = Literal["text", "number", "flag", "code", "words", "name", "date", "instant", "last", "extension"]

ENCOUNTER_CLOSED = "encounter.closed"
"""As a clock: known when the encounter that the resource refers to is closed."""
PART_OF = "partOf"
"""As a clock: an encounter without a time of its own is known when the one that it is a part of is."""

RESERVED = frozenset(
    {
        "Agent",
        "Case",
        "CaseVersion",
        "Claim",
        "Concept",
        "Contained",
        "Coordinate",
        "Dangling",
        "Deleted",
        "Ecosystem",
        "Event",
    }
    | {"Evidence", "IngestRun", "Prediction", "Provider", "Resource", "Undated"}
)
"""Labels with a meaning of their own: a FHIR type of that name gets the label ``Fhir<Type>`` instead."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Property(_Part):
    """One property of a node: the first of the elements that says something, read in one of the fixed ways."""

    read: Reader
    elements: tuple[str, ...] = Field(min_length=1)


def _shorthand(value: Any) -> Any:
    """``status`` for ``{text: [status]}``; ``{number: [a, b]}`` for reader and elements."""
    if isinstance(value, str):
        return {"read": "text", "elements": [value]}
    if isinstance(value, dict) and len(value) == 1 and "read" not in value:
        ((reader, elements),) = value.items()
        return {"read": reader, "elements": [elements] if isinstance(elements, str) else elements}
    return value


Properties = dict[str, Annotated[Property, BeforeValidator(_shorthand)]]


class Turn(_Part):
    """Another name of a reference, where a word beside it says so."""

    type: str = Field(pattern=r"^[A-Z][A-Z_]*$")
    inward: bool = False


class Named(_Part):
    """What the reference at an element is called in the graph."""

    type: str = Field(pattern=r"^[A-Z][A-Z_]*$")
    inward: bool = False
    """True when the relationship goes from the target to the resource that holds the reference."""
    target: str | None = None
    """The one type that FHIR allows there: then a reference by identifier alone needs no ``type``."""
    props: Properties = {}
    """Properties of the relationship, read from the object that holds the reference."""
    by: str | None = None
    """The element beside the reference whose word chooses among ``cases``."""
    cases: dict[str, Turn] = {}


class Delayed(_Part):
    """A clock for results whose time of issue is not given: an element, and a while later."""

    after: tuple[str, ...] = Field(min_length=1)
    minutes: dict[str, int] = {}
    """Category code to minutes; a choice of this project, not of FHIR."""
    default: int = 0


class Times(_Part):
    """When it held and when it became known; each a list of elements in order of preference."""

    start: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    recorded: tuple[str | Delayed, ...] = ()
    """Elements, delays, ``encounter.closed`` or ``partOf``; empty where the type has no time: always known."""


class Closing(_Part):
    """Properties that are known only when the matter is closed, and the elements that say when that was."""

    fields: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


class Example(_Part):
    """A small resource and what must come of it: test, tutorial and reference at once."""

    resource: dict[str, Any]
    labels: tuple[str, ...]
    node: dict[str, Any]
    """Properties that the node must have (times as ISO 8601)."""
    links: tuple[str, ...] = ()
    """``TYPE> target`` or ``TYPE< target`` (inward), in order."""
    codes: tuple[str, ...] = ()
    """``path system|code``, in order."""


class Mapping(_Part):
    """The mapping of one FHIR R4 type."""

    type: str
    kind: Kind = Field(alias="class")
    summary: str
    code: tuple[str, ...] = ()
    """Coded elements that give ``system, code, display, codes``; the first that is there."""
    category: tuple[str, ...] = ()
    """Coded elements (or plain codes) that give ``category``."""
    coded: tuple[str, ...] = ()
    """Other coded elements: a link to their concepts only."""
    properties: Properties = {}
    links: dict[str, Named] = {}
    times: Times = Times()
    closing: Closing = Closing()
    components: bool = False
    """True when ``component`` holds values of its own."""
    example: Example | None = None
    generic: bool = False

    @property
    def label(self) -> str:
        """The label of the type."""
        return f"Fhir{self.type}" if self.type in RESERVED else self.type

    @model_validator(mode="after")
    def _closing_fields_exist(self) -> "Mapping":
        known = {*self.properties, "end"}
        if unknown := set(self.closing.fields) - known:
            raise ValueError(f"closing names no property: {sorted(unknown)}")
        return self


def _read(path: Path) -> Mapping:
    try:
        return Mapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise InvalidInputError(f"The mapping {path.name} is not well formed.", got=error) from error


@cache
def registry() -> dict[str, Mapping]:
    """All mappings by FHIR type, without the generic rule."""
    return {m.type: m for m in map(_read, sorted(HERE.glob("*.yaml"))) if not m.generic}


@cache
def load(type_: str) -> Mapping:
    """The mapping of a FHIR type, or the generic rule under that type's name (``generic`` is true)."""
    if found := registry().get(type_):
        return found
    return _read(HERE / f"{GENERIC}.yaml").model_copy(update={"type": type_})
