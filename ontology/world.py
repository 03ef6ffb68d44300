"""The Clinical World Model's classes and relations, loaded from ``world.ttl`` (OWL) and checked against the mappings.

>>> world = load()
>>> world.relations["INCLUDES"].domain, world.relations["INCLUDES"].range
(('Encounter',), ('Event',))
>>> [layer.code for layer in world.layers][:2]
['input', 'data-processor']
"""

from dataclasses import dataclass
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
    """The classes that it is a kind of, nearest first."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of the world: its name is the type of its relationships."""

    name: str
    label: str
    definition: str
    source: str
    domain: tuple[str, ...]
    range: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """A place of the decision loop: ``code`` as in Skill-Mix, and the codes that the work goes to next."""

    name: str
    code: str
    definition: str
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """All of it, by name."""

    classes: dict[str, Term]
    relations: dict[str, Relation]
    layers: tuple[Layer, ...]


@cache
def load() -> World:
    """The world as ``world.ttl`` says.

    Raises:
        InvalidInputError: a term lacks its label, definition or source, a relation its domain or range.
    """
    graph = Graph().parse(FILE)
    names = sorted(_name(s) for s in graph.subjects(RDF.type, OWL.Class) if isinstance(s, URIRef))
    classes = {n: Term(n, *_said(graph, n), tuple(map(_name, _above(graph, CWM[n])))) for n in names}
    relations = {
        n: Relation(n, *_said(graph, n), _ends(graph, n, RDFS.domain), _ends(graph, n, RDFS.range))
        for n in sorted(map(_name, graph.subjects(RDF.type, OWL.ObjectProperty)))
        if n.isupper()
    }
    return World(classes, relations, tuple(_layer(graph, name) for name in _LOOP))


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


def _name(node: Node) -> str:
    return str(node).removeprefix(str(CWM))


def _said(graph: Graph, name: str) -> tuple[str, str, str]:
    values = [graph.value(CWM[name], p) for p in (RDFS.label, SKOS.definition, DCTERMS.source)]
    if None in values:
        raise InvalidInputError(
            "A term of the world is not complete.", got=name, allowed="label, definition and source"
        )
    label, definition, source = map(str, values)
    return label, definition, source


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
