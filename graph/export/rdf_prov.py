"""Where things come from, in PROV-O: runs and predictions as activities, agents as agents, and what was made from what."""

from collections.abc import Iterator

from pyoxigraph import NamedNode, Triple

from graph.export import rdf_terms as rdf
from graph.export.rdf_node import Node
from graph.export.rdf_terms import literal, term

ENTITIES = frozenset({"Prediction", "Evidence", "Claim", "Case", "CaseVersion"})


def provenance(node: Node) -> Iterator[Triple]:
    """The PROV-O triples of a node."""
    me, a = node.iri, term("rdf:type")
    if (run := node.props.get("run")) and "Resource" in node.labels:
        yield Triple(me, term("prov:wasGeneratedBy"), rdf.node(["IngestRun"], run))
    if ENTITIES & node.labels:
        yield Triple(me, a, term("prov:Entity"))
    if "IngestRun" in node.labels:
        yield Triple(me, a, term("prov:Activity"))
        yield from _times(me, node, started="prov:startedAtTime", finished="prov:endedAtTime")
    if "Agent" in node.labels:
        yield Triple(me, a, term("prov:Agent"))
        human = node.props.get("kind") == "human"
        yield Triple(me, a, term("prov:Person" if human else "prov:SoftwareAgent"))
    if "CaseVersion" in node.labels:
        yield from _times(me, node, filed="prov:generatedAtTime")
    if "Concept" in node.labels:
        yield from _concept(me, node)
    if "Prediction" in node.labels:
        yield from _prediction(me, node)


def _times(me: NamedNode, node: Node, **names: str) -> Iterator[Triple]:
    for name, predicate in names.items():
        if (said := literal(name, node.props.get(name))) is not None:
            yield Triple(me, term(predicate), said)


def _concept(me: NamedNode, node: Node) -> Iterator[Triple]:
    yield Triple(me, term("rdf:type"), term("skos:Concept"))
    for name, predicate in (("code", "skos:notation"), ("display", "skos:prefLabel")):
        if (said := literal(name, node.props.get(name))) is not None:
            yield Triple(me, term(predicate), said)


def _prediction(me: NamedNode, node: Node) -> Iterator[Triple]:
    """The making of a prediction: an activity of the agent, which used the facts."""
    making = rdf.part(me, "making")
    yield Triple(me, term("prov:wasGeneratedBy"), making)
    yield Triple(making, term("rdf:type"), term("prov:Activity"))
    yield from _times(me, node, made="prov:generatedAtTime")
    yield from _times(making, node, made="prov:endedAtTime")
    for end in node.links:
        it = rdf.node(end.labels, end.key)
        if end.type == "MADE_BY":
            yield Triple(me, term("prov:wasAttributedTo"), it)
            yield Triple(making, term("prov:wasAssociatedWith"), it)
        elif end.type == "BECAUSE":
            yield Triple(me, term("prov:wasDerivedFrom"), it)
            yield Triple(making, term("prov:used"), it)
