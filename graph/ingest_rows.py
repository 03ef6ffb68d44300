"""From the text of a resource to the rows that are written: one node, its parts, its codes, its references."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from graph.fhir import version
from graph.fhir.compiled import rule
from graph.fhir.parse import UnreadableError, parse
from graph.fhir.project import Coding, Projected, named, project, rank
from graph.fhir.read_items import Found, Refused
from graph.fhir.versions import moment
from ontology.errors import InvalidInputError

_LONGEST_KEY = 2000
"""Characters; an index of Neo4j takes some 8,000 bytes."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Row:
    """All that one resource writes."""

    key: str
    rank: str
    url: str | None
    found: Found
    nodes: list[dict[str, Any]]
    """``key, labels, props, times`` of the resource and of its contained parts; none of what was only glimpsed."""
    links: list[dict[str, Any]] = field(default_factory=list)
    """``a, b, type, props, times`` of each reference."""
    codes: list[dict[str, Any]] = field(default_factory=list)
    """``key, code, path`` of each coded element."""
    concepts: dict[str, dict[str, Any]] = field(default_factory=dict)
    generic: bool = False
    urls: frozenset[str] = frozenset()
    """Addresses under which other versions or copies of it came in the same batch."""

    @property
    def addresses(self) -> frozenset[str]:
        """All under which it came."""
        return self.urls | {self.url} if self.url else self.urls

    @property
    def versioned(self) -> bool:
        """Whether older versions of it are kept, as of facts and encounters; not so where it was only glimpsed.

        One of a type without a mapping counts as a fact also where it names no patient, since another version may name one.
        """
        return bool(self.nodes) and versioned(self.key)

    @property
    def moment(self) -> str:
        """Its ``meta.lastUpdated`` as ranks write it."""
        return moment(self.rank)

    @property
    def weight(self) -> int:
        """Bytes, about."""
        raw = self.found.raw
        return weight(raw, len(self.links) if self.nodes else raw.count(b'"reference"'))


def weight(raw: bytes, links: int) -> int:
    """What a resource with this text and so many references weighs in a batch, in bytes, about."""
    return len(raw) + 400 * links


def row(found: Found, run: str, fhir: str | None = None) -> Row | Refused:
    """The rows of a resource, or why it cannot go in; ``fhir`` is the version of FHIR where it does not say."""
    whole = read(found, run, fhir)
    if isinstance(whole, Refused):
        return whole
    made = Row(whole.key, whole.props["rank"], found.url, found, [], generic=whole.generic)
    for part in (whole, *whole.contained):
        _add(made, part, run)
    return made


def read(found: Found, run: str, fhir: str | None = None) -> Projected | Refused:
    """A resource as the graph keeps it, with where it came from and whom it means in its bundle; or why it cannot go in."""
    try:
        resource, canonical = parse(found.raw, id_=found.assigned)
    except UnreadableError as error:
        return _refused(found, error.reason, error.message)
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return _refused(found, "not-a-resource", "the JSON is not an object with a resourceType")
    try:
        whole = project(resource, canonical)
        text = found.raw.decode()
    except InvalidInputError as error:
        # Only what was wrong is passed on, never the value: it may be part of a record.
        reason = "no-id" if " usable id" in error.what else "bad-value"
        return _refused(found, reason, error.what)
    props = whole.props
    props["fhir"] = text
    if (said := version.of(resource, fhir)) != version.DEFAULT:
        props["fhir_version"] = said
    if found.url:
        props["url"] = found.url
    if found.assigned:
        props["assigned"] = True
    _place(whole, found, run)
    for part in whole.contained:
        _place(part, found, run)
    return whole


def _place(part: Projected, found: Found, run: str) -> None:
    props = part.props
    props["source"], props["line"], props["run"] = found.source, found.line, run
    if found.entry is not None:
        props["entry"] = found.entry
    if part.labels[1] == "Encounter":
        part.labels = (*part.labels, "Unordered")
    scope = found.scope
    for link in part.links:
        if scope and link.target in scope:
            link.target = scope[link.target]
        if len(link.target) > _LONGEST_KEY:
            link.target = short(link.target)


def glimpse(found: Found) -> Row | None:
    """Only which resource it is, and which version: enough for one that the graph holds, and much cheaper.

    None where it cannot go in; :func:`row` says why.
    """
    try:
        resource, canonical = parse(found.raw, id_=found.assigned)
        type_, id_ = named(resource)
        return Row(f"{type_}/{id_}", rank(resource, canonical), found.url, found, [])
    except (UnreadableError, InvalidInputError):
        return None


def _add(made: Row, part: Projected, run: str) -> None:
    times = _times(part.props)
    made.nodes.append({"key": part.key, "labels": list(part.labels), "props": part.props, "times": times})
    for link in part.links:
        a, b = (link.target, part.key) if link.inward else (part.key, link.target)
        times = _times(link.props) if len(link.props) > 1 else []
        link.props |= {"owner": part.key, "path": link.path, "run": run}
        made.links.append({"a": a, "b": b, "type": link.type, "props": link.props, "times": times})
    for coding in part.codes:
        key = concept_key(coding)
        made.codes.append({"key": part.key, "code": key, "path": coding.path})
        made.concepts[key] = {
            "key": key,
            "system": coding.system,
            "code": coding.code,
            "display": coding.display,
        }


def _times(props: dict[str, Any]) -> list[list[str | int]]:
    """Takes the datetimes out of properties: name, seconds since 1970, nanoseconds.

    The driver spends some 50 microseconds on each datetime and next to nothing on whole numbers; the database makes
    them again (measured in docs/benchmarks.md).

    >>> props = {"a": 1, "start": datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)}
    >>> _times(props), props
    ([['start', -1, 500000000]], {'a': 1})
    """
    times: list[list[str | int]] = []
    for name in [name for name, value in props.items() if value.__class__ is datetime]:
        since = props.pop(name) - _EPOCH
        times.append([name, since.days * 86400 + since.seconds, since.microseconds * 1000])
    return times


def versioned(key: str) -> bool:
    """Whether older versions of the resource with this key are kept.

    >>> versioned("Observation/1"), versioned("Encounter/1"), versioned("Patient/1")
    (True, True, False)
    """
    return rule(key.partition("/")[0]).kind in {"Event", "Encounter"}


def concept_key(coding: Coding) -> str:
    """The key of a code.

    >>> concept_key(Coding("code", "http://loinc.org", "8867-4", "Heart rate"))
    'http://loinc.org|8867-4'
    """
    return short(f"{coding.system}|{coding.code}")


def short(key: str) -> str:
    """A key that an index can hold: a longer one ends in its SHA-256.

    >>> short("Patient/1"), len(short("x" * 10_000)) <= 2000
    ('Patient/1', True)
    """
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[: _LONGEST_KEY - 65]}~{sha256(key.encode()).hexdigest()}"


def _refused(found: Found, reason: str, message: str) -> Refused:
    return Refused(found.source, found.line, reason, message, found.raw, found.entry, found.url)
