"""A mapping turned into closures once for each set of elements, so that projecting a resource costs tens of microseconds.

Of the elements that a mapping reads, a resource has a few; closures are made for those that it has, and kept.
"""

import math
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from graph.fhir import readers, times
from graph.fhir.links import Coding, Name, Names
from ontology import mapping
from ontology.mapping import ENCOUNTER_CLOSED, PART_OF, Delayed, Mapping, Named, Properties

Resource = dict[str, Any]
Filler = Callable[[Resource, dict[str, Any], list[Coding]], None]
Clock = Callable[[Resource, dict[str, Any]], tuple[datetime | None, str] | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled mapping."""

    kind: str
    label: str
    generic: bool
    links: Names
    fillers: Callable[[tuple[str, ...]], tuple[Filler, ...]]
    """What reads a resource that has these elements at its top."""

    def fill(self, resource: Resource, props: dict[str, Any], codes: list[Coding]) -> None:
        """Put the node's properties and codes."""
        for filler in self.fillers(tuple(resource)):
            filler(resource, props, codes)

    def labels(self, resource: Resource, props: dict[str, Any]) -> tuple[str, ...]:
        """``Resource``, the type, the class, and ``Undated`` for what has its time from elsewhere."""
        kind = self.kind
        if self.generic and not (resource.get("subject") or resource.get("patient")):
            kind = "Ecosystem"
        labels = ("Resource", self.label) if kind == self.label else ("Resource", self.label, kind)
        if "recorded" not in props and (kind == "Event" or props.get("clock") == PART_OF):
            return (*labels, "Undated")
        return labels


@cache
def rule(type_: str) -> Rule:
    """The compiled mapping of a FHIR type."""
    m = mapping.load(type_)
    links = Names.made({path: _name(n) for path, n in m.links.items()})

    @lru_cache(maxsize=1024)
    def of(names: tuple[str, ...]) -> tuple[Filler, ...]:
        return tuple(fillers(m, frozenset(names)))

    return Rule(m.kind, m.label, m.generic, links, of)


def fillers(m: Mapping, names: Container[str]) -> Iterable[Filler]:
    """What reads a resource that has the elements ``names`` at its top, and no others."""
    if "identifier" in names:
        yield _identifiers
    yield from _coded(m, names)
    yield from _properties(m.properties, names)
    yield from _times(m, names)
    if m.components and "component" in names:
        yield _components
    if m.kind == "Patient":
        yield _population


def _there(paths: Iterable[str], names: Container[str]) -> tuple[str, ...]:
    """Those of the paths whose first element is among the names."""
    return tuple(path for path in paths if path.partition(".")[0] in names)


def _identifiers(resource: Resource, props: dict[str, Any], codes: list[Coding]) -> None:  # noqa: ARG001
    found = resource.get("identifier")
    if found:
        items = found if found.__class__ is list else [found]
        said = [f"{i.get('system') or ''}|{i['value']}" for i in items if i.get("value")]
        if said:
            props["identifiers"] = said


def _codings(path: str, concept: Any) -> list[Coding]:
    """The codings of CodeableConcepts, Codings or plain codes."""
    found: list[Coding] = []
    for item in concept if concept.__class__ is list else (concept,):
        if item.__class__ is str:
            continue
        if item.__class__ is not dict:
            raise readers.wrong(path, item, "a CodeableConcept or Coding")
        for coding in item.get("coding") or ((item,) if "code" in item else ()):
            code = coding.get("code")
            if code.__class__ is str and code:
                found.append(Coding(path, coding.get("system") or "", code, coding.get("display")))
    return found


def _coded(m: Mapping, names: Container[str]) -> Iterable[Filler]:
    if main := _there(m.code, names):
        yield _main(main)
    if category := _there(m.category, names):
        yield _category(category)
    yield from map(_other, _there(m.coded, names))


def _main(paths: tuple[str, ...]) -> Filler:
    finders = [(path, readers.get(path)) for path in paths]

    def fill(resource: Resource, props: dict[str, Any], codes: list[Coding]) -> None:
        for path, find in finders:
            concept = find(resource)
            if not concept:
                continue
            found = _codings(path, concept)
            if found:
                codes += found
                head = found[0]
                props["system"], props["code"] = head.system, head.code
                props["codes"] = [f"{c.system}|{c.code}" for c in found]
            if display := readers.words(concept):
                props["display"] = display
            return

    return fill


def _category(paths: tuple[str, ...]) -> Filler:
    finders = [(path, readers.every(path)) for path in paths]

    def fill(resource: Resource, props: dict[str, Any], codes: list[Coding]) -> None:
        said: list[str] = []
        for path, find in finders:
            for item in find(resource):
                if item.__class__ is str:
                    said.append(item)
                    continue
                found = _codings(path, item)
                codes += found
                said += [c.code for c in found]
        if said:
            props["category"] = said

    return fill


def _other(path: str) -> Filler:
    find = readers.every(path) if "." in path else readers.get(path)
    many = "." in path

    def fill(resource: Resource, props: dict[str, Any], codes: list[Coding]) -> None:  # noqa: ARG001
        found = find(resource)
        if found is not None:
            codes += _codings(path, list(found) if many else found)

    return fill


def _properties(properties: Properties, names: Container[str]) -> Iterable[Filler]:
    for name, p in properties.items():
        there = _there(p.elements, names)
        if p.read == "extension" and "extension" in names:
            there = p.elements  # addresses of extensions
        if there:
            yield _property(name, p.read, there)


def _property(name: str, reader: str, elements: tuple[str, ...]) -> Filler:
    reads = [readers.read(reader, path) for path in elements]

    def fill(resource: Resource, props: dict[str, Any], codes: list[Coding]) -> None:  # noqa: ARG001
        for read in reads:
            value = read(resource)
            if value is not None:
                props[name] = value
                return

    return fill


def _name(named: Named) -> Name:
    props = _link_props(named)
    cases = {word: Name(turn.type, turn.inward, named.target, props) for word, turn in named.cases.items()}
    return Name(named.type, named.inward, named.target, props, named.by, cases)


def _link_props(named: Named) -> Callable[[Resource], dict[str, Any]] | None:
    if not named.props:
        return None
    fillers = [_property(name, p.read, p.elements) for name, p in named.props.items()]

    def read(holder: Resource) -> dict[str, Any]:
        props: dict[str, Any] = {}
        for fill in fillers:
            fill(holder, props, [])
        return props

    return read


def _times(m: Mapping, names: Container[str]) -> Iterable[Filler]:
    if start := _there(m.times.start, names):
        yield _instant("start", start, times.first)
    if end := _there(m.times.end, names):
        yield _instant("end", end, times.last)
    if m.times.recorded:
        visits = tuple(path for path, link in m.links.items() if link.type == "INCLUDES")
        yield _recorded(_recording(m.times.recorded, names), _there(visits, names))
    if known := _there(m.closing.known, names):
        yield _instant("closed", known, times.over)


def _recording(alternatives: Iterable[str | Delayed], names: Container[str]) -> Iterable[str | Delayed]:
    for one in alternatives:
        if isinstance(one, Delayed):
            if after := _there(one.after, names):
                yield one.model_copy(update={"after": after})
        elif one == ENCOUNTER_CLOSED or _there((one,), names):
            yield one


def _instant(name: str, paths: tuple[str, ...], turn: Callable[[str], datetime]) -> Filler:
    clocks = [readers.clock(path, turn) for path in paths]

    def fill(resource: Resource, props: dict[str, Any], codes: list[Coding]) -> None:  # noqa: ARG001
        for read in clocks:
            moment = read(resource)
            if moment is not None:
                props[name] = moment
                return

    return fill


def _recorded(alternatives: Iterable[str | Delayed], visits: tuple[str, ...]) -> Filler:
    clocks = [_clock(a, visits) for a in alternatives]

    def fill(resource: Resource, props: dict[str, Any], codes: list[Coding]) -> None:  # noqa: ARG001
        for clock in clocks:
            if said := clock(resource, props):
                moment, props["clock"] = said
                if moment is not None:
                    props["recorded"] = moment
                return

    return fill


def _clock(alternative: str | Delayed, visits: tuple[str, ...]) -> Clock:
    if isinstance(alternative, Delayed):
        return _delayed(alternative)
    if alternative == ENCOUNTER_CLOSED:
        finders = [readers.get(path) for path in visits]
        return lambda r, _: (None, ENCOUNTER_CLOSED) if any(find(r) for find in finders) else None
    if alternative == PART_OF:
        return lambda r, _: (None, PART_OF) if r.get(PART_OF) else None
    read = readers.clock(alternative, times.over)

    def at(resource: Resource, _: dict[str, Any]) -> tuple[datetime, str] | None:
        moment = read(resource)
        return None if moment is None else (moment, alternative)

    return at


def _delayed(rule: Delayed) -> Clock:
    clocks = [(path, readers.clock(path, times.over)) for path in rule.after]
    minutes, default = rule.minutes, rule.default

    @lru_cache(maxsize=1024)
    def after(*keys: str) -> int:
        return max((minutes[k] for k in keys if k in minutes), default=default)

    def at(resource: Resource, props: dict[str, Any]) -> tuple[datetime, str] | None:
        for path, read in clocks:
            moment = read(resource)
            if moment is None:
                continue
            wait = after(*props.get("category", ()), props.get("system", ""))
            return (moment + timedelta(minutes=wait), f"{path}+{wait}m") if wait else (moment, path)
        return None

    return at


def _components(resource: Resource, props: dict[str, Any], codes: list[Coding]) -> None:
    """Aligned lists, since a list in Neo4j holds no nulls: NaN and the empty word stand for what is missing.

    A list without any word is left out: Neo4j's importer cannot tell one of a single empty word from an empty list.
    """
    rows = []
    for item in resource.get("component") or ():
        found = _codings("component.code", item.get("code") or {})
        codes += found
        quantity = item.get("valueQuantity") or {}
        number = quantity.get("value", item.get("valueInteger"))
        said = next((item[k] for k in _WORDS if k in item), None)
        text = readers.words(said) if said is not None else None
        if found and (number is not None or text):
            head = found[0]
            value = None if number is None else readers.number(number)
            value = math.nan if value is None else value
            unit = quantity.get("code") or quantity.get("unit") or ""
            rows.append((f"{head.system}|{head.code}", head.display or "", value, unit, text or ""))
    if rows:
        names = (
            "component_codes",
            "component_displays",
            "component_values",
            "component_units",
            "component_texts",
        )
        lists = zip(names, map(list, zip(*rows, strict=True)), strict=True)
        props.update((name, cells) for name, cells in lists if name == "component_values" or any(cells))


_WORDS = ("valueCodeableConcept", "valueString", "valueBoolean", "valueDateTime")
_SYNTHEA = "https://github.com/synthetichealth/synthea"


def _population(resource: Resource, props: dict[str, Any], codes: list[Coding]) -> None:  # noqa: ARG001
    """Synthetic when it says so (the label HTEST, or Synthea's identifier); otherwise real, the safe default."""
    labels = (resource.get("meta") or {}).get("security") or ()
    synthetic = any(s.get("code") == "HTEST" for s in labels) or any(
        i.get("system") == _SYNTHEA for i in resource.get("identifier") or ()
    )
    props["population"] = "synthetic" if synthetic else "real"
