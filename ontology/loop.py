"""The decision loop as data: which fact of an encounter stands at which station, for whom (``ontology/loop/``).

A rule reads only what is known of a fact at its own instant. A rule that tests a closing field (a final status) places
the fact when that field became known. So the rounds as known at an instant never change when more becomes known later.

>>> [s.name for s in stations()]
['input', 'cue', 'hypothesis', 'reflection', 'plan', 'collect']
>>> rules()["vital-signs"].station
'input'
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ontology import mapping
from ontology.errors import InvalidInputError

HERE = Path(__file__).parent / "loop"

_Model = TypeVar("_Model", bound=BaseModel)
Actor = Literal["clinician", "patient", "agent"]
StationName = Literal["input", "cue", "hypothesis", "reflection", "plan", "collect"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Station(_Part):
    """One place of the loop, and the Skill-Mix anchoring layers that it stands for."""

    name: StationName
    layers: tuple[str, ...] = Field(min_length=1)
    definition: str


class Rule(_Part):
    """Where facts of some types stand. Every condition that is given must hold."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    basis: Literal["paper", "ours"]
    """``paper``: the source names this element at this station (how FHIR says it is ours); ``ours``: our choice."""
    why: str
    types: tuple[str, ...] = Field(min_length=1)
    category: tuple[str, ...] = ()
    """One of these codes is among the categories."""
    codes: tuple[str, ...] = ()
    """One of these (``system|code``) is among the codes."""
    coded: dict[str, tuple[str, ...]] = {}
    """Element path to codes (``system|code``), one of which it has."""
    fields: dict[str, tuple[str, ...]] = {}
    """Property to values, one of which it has."""
    without: tuple[Literal["category", "codes"], ...] = ()
    """What must be empty."""
    unless: tuple[str, ...] = ()
    """Rules that come first: where one of them places the fact, this one does not."""
    after_collect: bool = False
    """True when the same fact is also collected: then it comes after that, so it opens the next round."""
    example: dict[str, Any]
    """A FHIR resource that this rule places: its test."""


class Sheet(_Part):
    """One file: the rules of one actor at one station."""

    actor: Actor
    station: StationName
    summary: str
    rules: tuple[Rule, ...] = Field(min_length=1)


class AgentRule(_Part):
    """Where an AI agent's prediction, or a fact that it rests on, stands in the agent's round; all of them ours."""

    name: str = Field(pattern=r"^agent-[a-z-]+$")
    station: StationName
    why: str
    of: Literal["because", "prediction"]
    field: Literal["contribution", "probability", "verdict", "released"]
    holds: Literal["present", "absent"]
    """Whether the field says something other than nothing, zero or false."""

    def fits(self, value: Any) -> bool:
        """Whether a value of the field is as the rule asks; a probability of 0 is a value.

        >>> [r.name for r in agent_rules() if r.field == "contribution" and r.fits(0.0)]
        ['agent-input']
        """
        there = value is not None if self.field == "probability" else bool(value)
        return there == (self.holds == "present")


class Outside(_Part):
    """Types and values that have no place in the loop, each with its reason; they are counted apart."""

    types: dict[str, str]
    status: dict[str, str]


class Placed(_Part):
    """A rule where it belongs."""

    actor: Actor
    station: StationName
    rule: Rule

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.rule.name

    @model_validator(mode="after")
    def _fields_exist(self) -> "Placed":
        for type_ in self.rule.types:
            found = mapping.load(type_)
            if unknown := set(self.rule.fields) - set(found.properties):
                raise ValueError(f"{self.name}: {type_} has no property {sorted(unknown)}")
        return self


@dataclass(frozen=True, slots=True)
class Fact:
    """What a rule may look at; ``known`` and ``closed`` in milliseconds since 1970 (UTC), None when not known."""

    key: str
    type: str
    known: int | None
    closed: int | None = None
    category: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    coded: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()


class Placing(NamedTuple):
    """A fact at a station, from the instant ``known`` on (ms since 1970)."""

    known: int
    phase: int
    """1 for what follows from the same fact's being collected."""
    rank: int
    """Place of the station in the loop."""
    fact: str
    actor: str
    station: str
    rule: str


@cache
def stations() -> tuple[Station, ...]:
    """The stations in the order of the loop."""
    return tuple(_checked(Station, item, "stations.yaml") for item in _yaml(HERE / "stations.yaml"))


@cache
def sheets() -> tuple[Sheet, ...]:
    """All files of rules, in order of name."""
    return tuple(_checked(Sheet, _yaml(path), path.name) for path in sorted(HERE.glob("rules/*.yaml")))


@cache
def rules() -> dict[str, Placed]:
    """All rules by name, in order of file and place.

    Raises:
        InvalidInputError: a file is not well formed, or two rules have one name.
    """
    found: dict[str, Placed] = {}
    for sheet in sheets():
        for rule in sheet.rules:
            if rule.name in found:
                raise InvalidInputError("Two rules of the decision loop have one name.", got=rule.name)
            content = {"actor": sheet.actor, "station": sheet.station, "rule": rule}
            found[rule.name] = _checked(Placed, content, rule.name)
    if unknown := {n for p in found.values() for n in p.rule.unless} - set(found):
        raise InvalidInputError(
            "A rule of the decision loop names one that is not there.", got=sorted(unknown)
        )
    return found


@cache
def agent_rules() -> tuple[AgentRule, ...]:
    """How a prediction becomes a round of its agent."""
    return tuple(_checked(AgentRule, item, "agent.yaml") for item in _yaml(HERE / "agent.yaml"))


@cache
def outside() -> Outside:
    """What has no place in the loop, and why."""
    return _checked(Outside, _yaml(HERE / "outside.yaml"), "outside.yaml")


def place(fact: Fact) -> list[Placing]:
    """Where the fact stands: at most once for each actor and station, by the earliest clock, then the first rule.

    Empty when it is outside the loop, when no rule fits, or when it is known at no instant.
    """
    return [
        Placing(known, phase, ranks()[station], fact.key, actor, station, rule)
        for phase, actor, station, rule, closing in _shape(*_look(fact))
        if (known := fact.closed if closing else fact.known) is not None
    ]


def reason(fact: Fact) -> str:
    """Why a fact was not placed: ``outside``, ``no-rule`` or ``no-clock``."""
    if is_outside(fact.type, fact.fields):
        return "outside"
    return "no-clock" if _shape(*_look(fact)) else "no-rule"


def is_outside(type_: str, fields: tuple[tuple[str, str], ...] = ()) -> bool:
    """True for what the loop leaves out: accounts, and what was entered in error."""
    return type_ in outside().types or any(
        name in {"status", "verification"} and value in outside().status for name, value in fields
    )


_Shape = tuple[int, str, str, str, bool]


@cache
def ranks() -> dict[str, int]:
    """Each station's place in the loop, from 0."""
    return {station.name: i for i, station in enumerate(stations())}


_Look = tuple[str, tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]


def _look(fact: Fact) -> _Look:
    """What rules see of a fact; its codes only where a rule of its type asks for codes, so that few looks differ."""
    return fact.type, fact.category, fact.codes if fact.type in _by_codes() else (), fact.coded, fact.fields


@cache
def _by_codes() -> frozenset[str]:
    asking = (p.rule for p in rules().values() if p.rule.codes or "codes" in p.rule.without)
    return frozenset(type_ for rule in asking for type_ in rule.types)


@lru_cache(maxsize=100_000)
def _shape(
    type_: str,
    category: tuple[str, ...],
    codes: tuple[str, ...],
    coded: tuple[tuple[str, str], ...],
    fields: tuple[tuple[str, str], ...],
) -> tuple[_Shape, ...]:
    """The stations of all facts that look like this one: ``phase, actor, station, rule, on a closing field``."""
    if is_outside(type_, fields):
        return ()
    fact = Fact("", type_, None, None, category, codes, coded, fields)
    fitting = [p for p in _by_type().get(type_, ()) if _fits(p.rule, fact)]
    names = {p.name for p in fitting}
    best: dict[tuple[str, str], Placed] = {}
    for placed in fitting:
        spot = (placed.actor, placed.station)
        if not names & set(placed.rule.unless) and (
            spot not in best or _late(best[spot], type_) > _late(placed, type_)
        ):
            best[spot] = placed
    return tuple(
        (
            int(p.rule.after_collect and (actor, "collect") in best),
            actor, station, p.name, _late(p, type_),
        )
        for (actor, station), p in best.items()
    )  # fmt: skip


def _late(placed: Placed, type_: str) -> bool:
    """True when the rule tests a field that is known only when the matter is closed."""
    return bool(set(placed.rule.fields) & set(mapping.load(type_).closing.fields))


def _fits(rule: Rule, fact: Fact) -> bool:
    if rule.category and not set(rule.category) & set(fact.category):
        return False
    if rule.codes and not set(rule.codes) & set(fact.codes):
        return False
    if any(getattr(fact, name) for name in rule.without):
        return False
    values, coded = dict(fact.fields), set(fact.coded)
    return all(values.get(name) in allowed for name, allowed in rule.fields.items()) and all(
        any((path, code) in coded for code in allowed) for path, allowed in rule.coded.items()
    )


@cache
def _by_type() -> dict[str, tuple[Placed, ...]]:
    types = {type_ for p in rules().values() for type_ in p.rule.types}
    return {type_: tuple(p for p in rules().values() if type_ in p.rule.types) for type_ in types}


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _checked(model: type[_Model], content: Any, where: str) -> _Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InvalidInputError(f"{where} of the decision loop is not well formed.", got=error) from error
