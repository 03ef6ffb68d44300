"""The Clinical World Model's classes and relations, loaded from ``world.ttl`` (OWL) and checked against the mappings.

>>> world = load()
>>> world.relations["INCLUDES"].domain, world.relations["INCLUDES"].range
(('Encounter',), ('Event',))
>>> [layer.code for layer in world.layers][:2]
['input', 'data-processor']
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Namespace, Node, URIRef
from rdflib.collection import Collection

from ontology import mapping
from ontology.errors import InvalidInputError

FILE = Path(__file__).parent / "world.ttl"
CWM = Namespace("urn:clinical-world-model:world#")
_LOOP = ("Input", "DataProcessor", "Hypothesis", "SystemI", "SystemII", "Reflection", "Action")


@dataclass(frozen=True, slots=True)
class Term:
    """A class of the world: its name is the label of its nodes."""

    name: str
    label: str
    definition: str
    source: str
    above: tuple[str, ...] = ()
    """The classes that it is a kind of, nearest first; those of others as prefixed names."""
    near: tuple[str, ...] = ()
    """Terms of others that mean nearly the same or have to do with it."""
    key: str | None = None
    """The property that names its nodes: no two have the same."""
    indexed: tuple[str, ...] = ()
    """Properties with an index of the database."""
    full_text: tuple[str, ...] = ()
    """Properties whose words the database finds."""
    vectors: tuple[str, ...] = ()
    """Properties that are vectors whose nearest the database finds."""
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of the world: its name is the type of its relationships."""

    name: str
    label: str
    definition: str
    source: str
    domain: tuple[str, ...]
    range: tuple[str, ...]
    above: tuple[str, ...] = ()
    qualified: bool = False
    """True when its relationships carry properties of their own."""
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For a class of the domain the classes that it leads to, where they are fewer than the range."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A property of nodes or relationships."""

    name: str
    label: str
    definition: str
    source: str
    domain: tuple[str, ...]
    """Empty where several kinds of nodes have it."""
    datatype: str | None
    """Prefixed name of its XSD datatype; None where the value says it (numbers)."""
    single: bool
    identifying: frozenset[str] = frozenset()
    """Classes on whose nodes it can name a person or a machine."""
    free_text: frozenset[str] = frozenset()
    """FHIR types in which it holds words that someone typed."""
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """A place of the decision loop: ``code`` as in Skill-Mix, and the codes that the work goes to next."""

    name: str
    code: str
    definition: str
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Station:
    """A place of a fact in a round: its code, its rank (the work never goes back in a round), the codes of its layers."""

    code: str
    rank: int
    layers: tuple[str, ...]
    definition: str


@dataclass(frozen=True, slots=True)
class World:
    """All of it, by name."""

    classes: dict[str, Term]
    relations: dict[str, Relation]
    layers: tuple[Layer, ...]
    attributes: dict[str, Attribute] = field(default_factory=dict)
    stations: tuple[Station, ...] = ()
    actors: tuple[str, ...] = ()


@cache
def load() -> World:
    """The world as ``world.ttl`` says.

    Raises:
        InvalidInputError: a term lacks its label, definition or source, a relation its domain or range.
    """
    graph = Graph().parse(FILE)
    return World(
        classes={n: _term(graph, n) for n in _ours(graph, OWL.Class)},
        relations={n: _relation(graph, n) for n in _ours(graph, OWL.ObjectProperty) if n.isupper()},
        layers=tuple(_layer(graph, name) for name in _LOOP),
        attributes={n: _attribute(graph, n) for n in _ours(graph, OWL.DatatypeProperty)},
        stations=tuple(sorted((_station(graph, n) for n in _ours(graph, CWM.Station)), key=lambda s: s.rank)),
        actors=tuple(sorted(str(graph.value(CWM[n], SKOS.notation)) for n in _ours(graph, CWM.Actor))),
    )


def problems(world: World | None = None) -> list[str]:
    """What the mappings and the world do not agree on; empty when all is well.

    Every class that a mapping gives must exist. A reference that a mapping calls by a relation of the world must hang
    between the classes that the relation allows, as far as the mapping says them.
    """
    world = world or load()
    found: list[str] = []
    for name, rule in mapping.registry().items():
        if rule.kind not in world.classes:
            found.append(f"{name}: no class {rule.kind}")
        for path, link in rule.links.items():
            relation = world.relations.get(link.type)
            if relation is None:
                if link.inward:
                    found.append(
                        f"{name}.{path}: {link.type} is turned round but is no relation of the world"
                    )
                continue
            mine, theirs = (
                (relation.range, relation.domain) if link.inward else (relation.domain, relation.range)
            )
            if rule.kind not in mine:
                found.append(
                    f"{name}.{path}: {link.type} does not go {'to' if link.inward else 'from'} {rule.kind}"
                )
            if link.target and mapping.load(link.target).kind not in theirs:
                found.append(f"{name}.{path}: {link.type} does not reach {link.target}")
    return found


def _ours(graph: Graph, kind: URIRef) -> list[str]:
    """Names of the terms of a kind that are declared in our namespace."""
    found = {s for s in graph.subjects(RDF.type, kind) if isinstance(s, URIRef)}
    return sorted(_name(s) for s in found if s in CWM)


def _name(node: Node) -> str:
    return str(node).removeprefix(str(CWM))


def _names(graph: Graph, nodes: list[Node]) -> tuple[str, ...]:
    """Our names as they are, those of others with their prefix."""
    return tuple(
        _name(n) if n in CWM else str(n.n3(graph.namespace_manager)) for n in nodes if isinstance(n, URIRef)
    )


def _said(graph: Graph, name: str) -> tuple[str, str, str]:
    values = [graph.value(CWM[name], p) for p in (RDFS.label, SKOS.definition, DCTERMS.source)]
    if None in values:
        raise InvalidInputError(
            "A term of the world is not complete.", got=name, allowed="label, definition and source"
        )
    label, definition, source = map(str, values)
    return label, definition, source


def _texts(graph: Graph, name: str, about: str) -> tuple[str, ...]:
    return tuple(sorted(str(o) for o in graph.objects(CWM[name], CWM[about])))


def _term(graph: Graph, name: str) -> Term:
    node = CWM[name]
    near = [o for p in (SKOS.closeMatch, SKOS.relatedMatch) for o in sorted(graph.objects(node, p), key=str)]
    key = graph.value(node, OWL.hasKey)
    return Term(
        name,
        *_said(graph, name),
        above=_names(graph, _above(graph, node)),
        near=_names(graph, near),
        key=_name(Collection(graph, key)[0]) if key is not None else None,
        indexed=_texts(graph, name, "indexed"),
        full_text=_texts(graph, name, "fullText"),
        vectors=_texts(graph, name, "vectors"),
        internal=bool(_texts(graph, name, "internal")),
    )


def _relation(graph: Graph, name: str) -> Relation:
    said = _said(graph, name)
    ends = _ends(graph, name, RDFS.domain), _ends(graph, name, RDFS.range)
    above = _names(graph, sorted(graph.objects(CWM[name], RDFS.subPropertyOf), key=str))
    return Relation(name, *said, *ends, above, bool(_texts(graph, name, "qualified")), _only(graph, name))


def _only(graph: Graph, name: str) -> dict[str, tuple[str, ...]]:
    """Classes whose every relationship of that type leads to one class (``owl:allValuesFrom``)."""
    found: dict[str, tuple[str, ...]] = {}
    for restriction in graph.subjects(OWL.onProperty, CWM[name]):
        end = graph.value(restriction, OWL.allValuesFrom)
        if end is not None:
            found |= {_name(c): (_name(end),) for c in graph.subjects(RDFS.subClassOf, restriction)}
    return found


def _attribute(graph: Graph, name: str) -> Attribute:
    node = CWM[name]
    range_ = graph.value(node, RDFS.range)
    plain = isinstance(range_, URIRef) and range_ != RDFS.Literal
    return Attribute(
        name,
        *_said(graph, name),
        domain=_ends(graph, name, RDFS.domain) if (node, RDFS.domain, None) in graph else (),
        datatype=str(range_.n3(graph.namespace_manager)) if plain and range_ is not None else None,
        single=(node, RDF.type, OWL.FunctionalProperty) in graph,
        identifying=frozenset(_texts(graph, name, "identifying")),
        free_text=frozenset(_texts(graph, name, "freeText")),
        internal=bool(_texts(graph, name, "internal")),
    )


def _station(graph: Graph, name: str) -> Station:
    node = CWM[name]
    layers = sorted(str(graph.value(layer, SKOS.notation)) for layer in graph.objects(node, CWM.atLayer))
    code, rank = (str(graph.value(node, p)) for p in (SKOS.notation, CWM.rank_in_round))
    return Station(code, int(rank), tuple(layers), _said(graph, name)[1])


def _above(graph: Graph, node: Node) -> list[Node]:
    return [n for n in graph.transitive_objects(node, RDFS.subClassOf) if n is not None and n != node]


def _ends(graph: Graph, name: str, end: URIRef) -> tuple[str, ...]:
    node = graph.value(CWM[name], end)
    if node is None:
        raise InvalidInputError("A relation of the world has an end missing.", got=f"{name}: {_name(end)}")
    union = graph.value(node, OWL.unionOf)
    return tuple(map(_name, Collection(graph, union))) if union is not None else (_name(node),)


def _layer(graph: Graph, name: str) -> Layer:
    _, definition, _ = _said(graph, name)
    following = {_name(n) for n in graph.objects(CWM[name], CWM.leadsTo)}
    codes = {n: str(graph.value(CWM[n], SKOS.notation)) for n in _LOOP}
    return Layer(name, codes[name], definition, tuple(codes[n] for n in _LOOP if n in following))
