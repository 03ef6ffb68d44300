"""Names and values of the graph as terms of RDF: an IRI for every node, typed literals, equal for equal graphs.

>>> node(["Resource", "Patient"], "Patient/p1").value
'urn:clinical-world-model:resource:Patient/p1'
>>> literal("made", "2020-01-01T08:00Z")
<Literal value=2020-01-01T08:00:00Z datatype=<NamedNode value=http://www.w3.org/2001/XMLSchema#dateTime>>
"""

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import orjson
from pyoxigraph import Literal, NamedNode

from ontology import world
from ontology.context import PREFIXES

BASE = "urn:clinical-world-model:"
XSD = "http://www.w3.org/2001/XMLSchema#"
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.(\d+))?(Z|[+-]\d\d:\d\d)(?:\[.*\])?").fullmatch


@cache
def term(name: str) -> NamedNode:
    """The IRI of a prefixed name; a name without a prefix is of the world.

    >>> term("prov:used").value, term("INCLUDES").value
    ('http://www.w3.org/ns/prov#used', 'urn:clinical-world-model:world#INCLUDES')
    """
    prefix, colon, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local if colon else PREFIXES["cwm"] + quote(name, safe=""))


@cache
def kinds() -> tuple[str, ...]:
    """The classes that name nodes, each in its own space of names."""
    named = [t.name for t in world.load().classes.values() if t.key and not t.internal]
    return tuple(sorted({*named, "CaseVersion"}))


@lru_cache(maxsize=1 << 16)
def _node(kind: str, key: str) -> NamedNode:
    return NamedNode(f"{BASE}{kind.lower()}:{quote(key, safe='/-._~:@+!$(),;=')}")


def node(labels: Iterable[str], key: str) -> NamedNode:
    """The IRI of a node: ``urn:clinical-world-model:`` and its kind, then its key.

    Raises:
        KeyError: none of the labels is a kind that the world names.
    """
    have = set(labels)
    for kind in kinds():
        if kind in have:
            return _node(kind, key)
    raise KeyError(sorted(have))


def part(of: NamedNode, name: str) -> NamedNode:
    """The IRI of something that lives with a node, such as a component."""
    return NamedNode(f"{of.value}/{quote(name, safe='')}")


def link(start: NamedNode, type_: str, end: NamedNode, props: dict[str, Any]) -> NamedNode:
    """The IRI of a relationship, made from all that it says."""
    said = orjson.dumps([start.value, type_, end.value, props], option=orjson.OPT_SORT_KEYS, default=str)
    return NamedNode(f"{BASE}link:{sha256(said).hexdigest()[:32]}")


def literal(name: str, value: Any) -> Literal | None:
    """A property's value as a literal of the datatype that the world declares, else of the value's own; None for nothing.

    Times are in UTC, with seconds and without trailing zeros.

    Raises:
        TypeError: a value that the graph cannot hold.
    """
    if value is None:
        return None
    attribute = world.load().attributes.get(name)
    datatype = attribute.datatype if attribute else None
    if datatype == "xsd:dateTime" and isinstance(value, str):
        return Literal(_instant(value), datatype=term("xsd:dateTime"))
    if datatype == "xsd:double" and isinstance(value, int | float):
        return Literal(_double(float(value)), datatype=term("xsd:double"))
    return of_value(value)


def of_value(value: Any) -> Literal:
    """A value as a literal of its own type; times in UTC."""
    value = value.to_native() if hasattr(value, "to_native") else value
    match value:
        case bool():
            return Literal("true" if value else "false", datatype=term("xsd:boolean"))
        case int():
            return Literal(str(value), datatype=term("xsd:integer"))
        case float():
            return Literal(_double(value), datatype=term("xsd:double"))
        case datetime():
            return Literal(_instant(value.astimezone(UTC).isoformat()), datatype=term("xsd:dateTime"))
        case date():
            return Literal(value.isoformat(), datatype=term("xsd:date"))
        case str():
            return Literal(value)
    raise TypeError(f"no literal for {type(value).__name__}")


def _double(value: float) -> str:
    """The shortest text that gives the same number back.

    >>> _double(1.0), _double(1e-7), _double(float("nan")), _double(float("-inf"))
    ('1.0', '1e-07', 'NaN', '-INF')
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return repr(value)


@lru_cache(maxsize=1 << 14)
def _instant(text: str) -> str:
    match = _TIME(text)
    if match is None:
        return text
    minutes, seconds, fraction, zone = match.groups()
    rest = (fraction or "").rstrip("0")
    return f"{minutes}{seconds or ':00'}{'.' + rest if rest else ''}{'Z' if zone == '+00:00' else zone}"
