"""Cohorts as data: one YAML each in this folder, or a file of one's own; checked when it is loaded.

A definition names an *index* (an instant for each patient) and criteria around it. A criterion that includes keeps the patients
who meet it, one that excludes drops them; they are applied in order and each step is counted.

>>> load("diabetes-hba1c").include[0].name
'adult'
"""

import re
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from graph.check.tables import VERSIONS, resources
from ontology.errors import InvalidInputError, NotFoundError

HERE = Path(__file__).parent


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _fhir_type(name: str) -> str:
    known = frozenset().union(*map(resources, VERSIONS))
    if name not in known:
        near = get_close_matches(name, sorted(known), n=1)
        raise _cannot("no such FHIR type", name, "a type of R4, R4B or R5, as Encounter", *near)
    return name


def _cannot(what: str, got: object, allowed: str, near: str | None = None) -> PydanticCustomError:
    """What nothing can have, with what :func:`read` says of it."""
    said = {"got": got, "allowed": allowed, "do": near and f"Did you mean {near}?"}
    return PydanticCustomError("cannot_be", "{what}: {got}; allowed: {allowed}", {"what": what, **said})


def _crossed(from_: str, low: float, to: str, high: float) -> PydanticCustomError:
    return _cannot(
        "no number is in this range",
        f"{from_} {low:g}, {to} {high:g}",
        f"a lower bound ({from_}) that is below the upper ({to})",
    )


class Value(_Part):
    """A range of numbers in one unit."""

    unit: str | None = None
    """As the record writes it; facts in other units are not compared, and the flow says how many there were."""
    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None
    above: FiniteFloat | None = None
    below: FiniteFloat | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(bound is None for bound in (self.at_least, self.at_most, self.above, self.below)):
            raise ValueError("a value needs at_least, at_most, above or below")
        lows = [(bound, name) for name in ("at_least", "above") if (bound := getattr(self, name)) is not None]
        highs = [(bound, name) for name in ("at_most", "below") if (bound := getattr(self, name)) is not None]
        if lows and highs:
            (low, from_), (high, to) = max(lows), min(highs)
            touch = low == high and (self.above == low or self.below == high)
            if low > high or touch:
                raise _crossed(from_, low, to, high)
        return self


class Fact(_Part):
    """Which facts or encounters are meant; all that is given must hold."""

    types: tuple[Annotated[str, AfterValidator(_fhir_type)], ...] = ()
    """FHIR types, ``Encounter`` included; any when not given."""
    codes: tuple[str, ...] = ()
    """Main or component codes, ``system|code``; one of them."""
    under: tuple[str, ...] = ()
    """Codes of a hierarchy: these and all that ``IS_A`` leads up to them."""
    classes: tuple[str, ...] = ()
    """Classes of an encounter: AMB, IMP, EMER ..."""
    status: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    """Coded or textual values, word for word."""
    value: Value | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.types or self.codes or self.under or self.classes):
            raise ValueError("a fact needs types, codes, under or classes")
        for code in (*self.codes, *self.under):
            if "|" not in code:
                raise ValueError(f"{code} is no code: write system|code")
        return self


class Index(_Part):
    """The instant of each patient; who has none is not in the cohort."""

    fact: Fact | None = None
    pick: Literal["first", "last"] = "first"
    clock: Literal["known", "start"] = "known"
    """When the fact became known, or when it held. ``known`` is what a prediction may rest on."""
    at: datetime | None = None
    """The same instant for all patients."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.fact is None) == (self.at is None):
            raise ValueError("an index needs either fact or at")
        if self.at is not None and self.at.utcoffset() is None:
            raise ValueError("at needs a time zone")
        return self


class Age(_Part):
    """Completed years at the index."""

    at_least: int = 0
    at_most: int = 200

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.at_least > self.at_most:
            raise _crossed("at_least", self.at_least, "at_most", self.at_most)
        return self


class Observed(_Part):
    """Days of record before and after the index, from the first to the last instant at which anything became known."""

    before: int = 0
    after: int = 0


class Criterion(_Part):
    """One step of the flow; exactly one of ``fact, age, gender, observed, alive, any``."""

    name: str
    fact: Fact | None = None
    window: tuple[int | None, int | None] = (None, 0)
    """Days from the index within which the fact began (``start``), both ends included; null is without end."""
    times: int = Field(default=1, ge=1)
    """Least number of such facts."""
    known: bool = True
    """Count only what was known at the index. Set it to false to look ahead, for an outcome for instance."""
    age: Age | None = None
    gender: tuple[Literal["male", "female", "other", "unknown"], ...] = ()
    """Codes of FHIR's AdministrativeGender; one of them."""
    observed: Observed | None = None
    alive: bool | None = None
    """Whether no death was known at the index."""
    any: tuple["Criterion", ...] = ()
    """One of these is enough."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [self.fact, self.age, self.gender or None, self.observed, self.alive, self.any or None]
        if sum(item is not None for item in given) != 1:
            raise ValueError(f"{self.name}: give exactly one of fact, age, gender, observed, alive, any")
        low, high = self.window
        if low is not None and high is not None and low > high:
            raise ValueError(f"{self.name}: the window ends before it begins")
        return self


class Definition(_Part):
    """A cohort as it was written."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    version: int = Field(ge=1)
    summary: str
    index: Index
    include: tuple[Criterion, ...] = ()
    exclude: tuple[Criterion, ...] = ()

    @property
    def canonical(self) -> bytes:
        """The definition as JSON with sorted keys and without what is not said; equal meaning, equal bytes."""
        data = self.model_dump(mode="json", exclude_defaults=True, exclude={"summary"})
        return orjson.dumps(data, option=orjson.OPT_SORT_KEYS)

    @property
    def hash(self) -> str:
        """SHA-256 of it, first 16 bytes in hex; the summary does not count."""
        return sha256(self.canonical).hexdigest()[:32]


@cache
def registry() -> dict[str, Definition]:
    """The definitions of this folder by name."""
    return {found.name: found for found in map(read, sorted(HERE.glob("*.yaml")))}


def read(path: Path) -> Definition:
    """The definition in a YAML file.

    Raises:
        InvalidInputError: it is not well formed; the message says where.
    """
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Definition.model_validate(data)
    except ValidationError as fault:
        first = fault.errors()[0]
        where, said = ".".join(map(str, first["loc"])) or "the file", first.get("ctx", {})
        literal = first["type"] == "literal_error"
        raise InvalidInputError(
            f"The cohort {path.name} is not well formed at {where}.",
            got=first["input"] if literal else said.get("got", first["msg"]),
            allowed=said.get("expected" if literal else "allowed"),
            do=said.get("do") or "See docs/cohorts.md.",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise InvalidInputError(f"The cohort {path.name} is no YAML.", got=str(fault)) from None


def load(which: str) -> Definition:
    """A definition by its name in this folder, or by the path of a file.

    Raises:
        NotFoundError: there is none.
        InvalidInputError: the file is not well formed.
    """
    if re.search(r"[/\\.]", which):
        if not Path(which).is_file():
            raise NotFoundError("No such file.", got=which)
        return read(Path(which))
    try:
        return registry()[which]
    except KeyError:
        raise NotFoundError(
            "No such cohort.", got=which, allowed=", ".join(registry()), do="Or give the path of a YAML file."
        ) from None
