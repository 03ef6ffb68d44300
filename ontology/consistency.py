"""Does the world hold together? A closure by the OWL 2 RL rules (``owlrl``), and the structural rules of OWL 2 DL.

The rules of OWL 2 RL find contradictions that individuals make evident: a member of two disjoint classes, by what it is said to
be or by what its relationships imply. They do not tell of a class that could never have a member, which takes a reasoner for
all of OWL 2 DL.

>>> outside_dl()
[]
>>> outside_dl("<urn:x> <urn:clinical-world-model:world#unheard> 1 .")
['urn:clinical-world-model:world#unheard is used as a property and not declared']
"""

from collections.abc import Iterator

from rdflib import OWL, RDF, RDFS, XSD, Graph, Namespace, Node, URIRef

from ontology import world

_FAULT = Namespace("http://www.daml.org/2002/03/agents/agent-ont#").error
_LITERALS = {
    *(
        XSD[n]
        for n in ("string", "boolean", "decimal", "integer", "double", "float", "dateTime", "dateTimeStamp")
    ),
    *(
        XSD[n]
        for n in (
            "nonNegativeInteger",
            "positiveInteger",
            "int",
            "long",
            "anyURI",
            "base64Binary",
            "hexBinary",
        )
    ),
    RDFS.Literal,
    RDF.PlainLiteral,
}
"""Datatypes of the OWL 2 map that the world uses or may use; ``xsd:date`` is not one of the map's."""
_KINDS = (
    OWL.Class,
    OWL.ObjectProperty,
    OWL.DatatypeProperty,
    OWL.AnnotationProperty,
    OWL.NamedIndividual,
    RDFS.Datatype,
)
_ABOUT_DATA = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
_RESERVED = tuple(str(ns) for ns in (OWL, RDF, RDFS, XSD))
_COMPLEX = (OWL.TransitiveProperty,)
_COUNTED = (
    OWL.cardinality,
    OWL.maxCardinality,
    OWL.minCardinality,
    OWL.qualifiedCardinality,
    OWL.maxQualifiedCardinality,
)


def contradictions(data: str | Graph = "") -> list[str]:
    """What cannot be true at once in the world, together with some data (Turtle, or a graph); empty when all can."""
    from owlrl import DeductiveClosure, OWLRL_Semantics

    graph = Graph().parse(world.FILE)
    if isinstance(data, str):
        graph.parse(data=data, format="turtle")
    else:
        graph += data
    DeductiveClosure(OWLRL_Semantics).expand(graph)
    return sorted(str(o) for o in graph.objects(None, _FAULT))


def outside_dl(data: str = "") -> list[str]:
    """What takes the world, with some more Turtle, out of OWL 2 DL, as far as its structure shows; empty when nothing does.

    Checked: every term that is used is declared; no name is a property of two kinds, or a class and a datatype; nothing is
    said of reserved names; datatypes are those of OWL 2; restrictions and keys are about properties of the right kind;
    counted properties are simple. This is less than the whole of the OWL API's check.
    """
    graph = Graph().parse(world.FILE).parse(data=data, format="turtle")
    declared = {kind: {s for s in graph.subjects(RDF.type, kind) if isinstance(s, URIRef)} for kind in _KINDS}
    return sorted(
        {*_twice(declared), *_undeclared(graph, declared), *_reserved(graph), *_restrictions(graph, declared)}
    )


def _twice(declared: dict[URIRef, set[URIRef]]) -> Iterator[str]:
    for i, one in enumerate(_ABOUT_DATA):
        for other in _ABOUT_DATA[i + 1 :]:
            yield from (f"{s} is a property of two kinds" for s in declared[one] & declared[other])
    yield from (f"{s} is a class and a datatype" for s in declared[OWL.Class] & declared[RDFS.Datatype])


def _undeclared(graph: Graph, declared: dict[URIRef, set[URIRef]]) -> Iterator[str]:
    properties = {s for kind in _ABOUT_DATA for s in declared[kind]}
    for s, p, o in graph:
        if isinstance(p, URIRef) and not str(p).startswith(_RESERVED) and p not in properties:
            yield f"{p} is used as a property and not declared"
        if (
            p == RDF.type
            and isinstance(o, URIRef)
            and not str(o).startswith(_RESERVED)
            and o not in declared[OWL.Class]
        ):
            yield f"{o} is used as a class and not declared"
        if p == RDFS.subClassOf and isinstance(o, URIRef) and {o, s} - declared[OWL.Class]:
            yield f"{o} or {s} is used as a class and not declared"
        if (
            p == RDFS.range
            and s in declared[OWL.DatatypeProperty]
            and isinstance(o, URIRef)
            and o not in _LITERALS
        ):
            yield f"{s} has values of {o}, which is no datatype of OWL 2"
        if (
            p == RDFS.range
            and s in declared[OWL.ObjectProperty]
            and isinstance(o, URIRef)
            and o not in declared[OWL.Class]
        ):
            yield f"{s} leads to {o}, which is no class"


def _reserved(graph: Graph) -> Iterator[str]:
    for s, p, _ in graph:
        if isinstance(s, URIRef) and str(s).startswith(_RESERVED):
            yield f"{s} is a reserved name, and {p} is said of it"


def _restrictions(graph: Graph, declared: dict[URIRef, set[URIRef]]) -> Iterator[str]:
    known = declared[OWL.ObjectProperty] | declared[OWL.DatatypeProperty]
    for restriction, _, name in graph.triples((None, OWL.onProperty, None)):
        if name not in known:
            yield f"a restriction is about {name}, which is no property"
        counted = any((restriction, count, None) in graph for count in _COUNTED)
        if counted and not _simple(graph, name):
            yield f"{name} is counted and not simple"
    for node in graph.objects(None, OWL.hasKey):
        yield from (f"a key names {p}, which is no property" for p in graph.items(node) if p not in known)


def _simple(graph: Graph, name: Node) -> bool:
    """No property below it is transitive or made from a chain."""
    below = {name, *graph.transitive_subjects(RDFS.subPropertyOf, name)}
    return not any((p, RDF.type, kind) in graph for p in below for kind in _COMPLEX) and not any(
        (p, OWL.propertyChainAxiom, None) in graph for p in below
    )
