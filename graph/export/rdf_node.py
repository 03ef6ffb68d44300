"""One node of the graph, with its relationships, as triples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyoxigraph import NamedNode, Triple

from graph.export import rdf_terms as rdf
from graph.export.rdf_terms import literal, term
from graph.journey_rows import aligned
from ontology import mapping, world

_BOOKKEEPING = frozenset({"owner", "path", "ref", "run", "via"})
"""What a reference knows of itself; it stays in the graph."""
_SAID = {"relation": "match"}
"""Properties of relationships whose name means something else on a Link."""
_COMPONENT = ("code", "display", "value", "unit", "text")


@dataclass(frozen=True, slots=True)
class End:
    """Where a relationship leads."""

    type: str
    props: dict[str, Any]
    element: str
    labels: list[str]
    key: str


@dataclass(frozen=True, slots=True)
class Node:
    """One row of the queries ``export.rdf_*``."""

    element: str
    labels: frozenset[str]
    props: dict[str, Any]
    open: bool
    links: tuple[End, ...]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Node":
        """The node of a row."""
        props = {k: v for k, v in row["props"].items() if v is not None}
        return cls(
            row["element"], frozenset(row["labels"]), props, row["open"], tuple(End(*e) for e in row["links"])
        )

    @property
    def iri(self) -> NamedNode:
        """Its IRI."""
        props = self.props
        return rdf.node(self.labels, str(props.get("key", props.get("id", props.get("index")))))


@dataclass(frozen=True, slots=True)
class Reading:
    """As known when (None: everything), and whether names and identifiers are told."""

    at: datetime | None = None
    identity: bool = False

    def tells(self, node: Node, name: str) -> bool:
        """Whether a property of a node goes out."""
        attribute = world.load().attributes.get(name)
        if attribute is None:
            return self.identity
        if attribute.internal or (self.at is not None and name == "digest"):
            return False
        if node.open and (name == "closed" or name in _closing(node)):
            return False
        return self.identity or not (
            attribute.identifying & node.labels or node.props.get("type") in attribute.free_text
        )

    def reaches(self, node: Node, end: End) -> bool:
        """Whether a relationship goes out: not the code of an element that is not known yet."""
        if not (node.open and end.type == "CODED"):
            return True
        rule = mapping.load(node.props["type"])
        return not any(
            end.props.get("path") in rule.properties[f].elements for f in rule.closing.fields if f != "end"
        )


def _closing(node: Node) -> tuple[str, ...]:
    type_ = node.props.get("type")
    if type_ is None:
        return ("status", "severity", "verified_level", "current") if "Case" in node.labels else ()
    return mapping.load(type_).closing.fields


def triples(node: Node, reading: Reading) -> Iterator[Triple]:
    """What the graph says of a node."""
    me, a = node.iri, term("rdf:type")
    classes = world.load().classes
    for label in sorted(node.labels):
        if label in classes and not classes[label].internal:
            yield Triple(me, a, term(label))
    if type_ := node.props.get("type"):
        yield Triple(me, a, term(f"fhir:{type_}"))
    for name, value in sorted(node.props.items()):
        if reading.tells(node, name):
            for item in value if isinstance(value, list) else [value]:
                if (said := literal(name, item)) is not None:
                    yield Triple(me, term(name), said)
    yield from _components(me, node)
    for end in node.links:
        if reading.reaches(node, end):
            yield from _relation(me, end, reading)


def _components(me: NamedNode, node: Node) -> Iterator[Triple]:
    """Each component of an observation as a node of its own; NaN and the empty word stand for nothing."""
    lists = [node.props.get(f"component_{name}s") for name in _COMPONENT]
    for i, values in enumerate(aligned(lists), 1):
        it = rdf.part(me, f"component-{i}")
        yield Triple(me, term("COMPONENT"), it)
        yield Triple(it, term("rdf:type"), term("Component"))
        said = dict(zip(_COMPONENT, values, strict=True))
        said["codes"] = said["code"]
        said["system"], _, said["code"] = str(said["code"]).rpartition("|")
        for name, value in sorted(said.items()):
            if value not in ("", None) and value == value:  # noqa: PLR0124 - NaN is not equal to itself
                found = literal(name, value)
                if found is not None:
                    yield Triple(it, term(name), found)


def _relation(me: NamedNode, end: End, reading: Reading) -> Iterator[Triple]:
    """The relationship itself, and a Link for the properties that it carries."""
    it = rdf.node(end.labels, end.key)
    yield Triple(me, term(end.type), it)
    own = {
        _SAID.get(k, k): v
        for k, v in end.props.items()
        if k not in _BOOKKEEPING and not _later(v, reading.at)
    }
    if not own:
        return
    link = rdf.link(me, end.type, it, {k: str(literal(k, v)) for k, v in own.items()})
    yield Triple(link, term("rdf:type"), term("Link"))
    yield Triple(link, term("from"), me)
    yield Triple(link, term("relation"), literal("relation", end.type) or term(end.type))
    yield Triple(link, term("to"), it)
    for name, value in sorted(own.items()):
        if (said := literal(name, value)) is not None:
            yield Triple(link, term(name), said)


def _later(value: Any, at: datetime | None) -> bool:
    """True for an instant that was still to come."""
    native = value.to_native() if hasattr(value, "to_native") else value
    return at is not None and isinstance(native, datetime) and native.astimezone(UTC) > at
