"""What every graph must satisfy (``shapes.ttl``, SHACL), checked over its RDF export.

>>> data = '''@prefix cwm: <urn:clinical-world-model:world#> .
... <urn:c> a cwm:Concept ; cwm:key "http://loinc.org|8867-4" .'''
>>> [(f.severity, f.focus, f.path) for f in check(data.encode(), "turtle")]
[('violation', 'urn:c', 'urn:clinical-world-model:world#code')]
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rdflib import RDF, SH, Dataset, Graph, Node, URIRef

from ontology import world
from ontology.errors import InvalidInputError

FILE = Path(__file__).parent / "shapes.ttl"


@dataclass(frozen=True, order=True)
class Finding:
    """One statement that a shape does not allow, or misses."""

    severity: str
    """violation or warning."""
    focus: str
    """IRI of the node."""
    message: str
    path: str | None = None
    value: str | None = None


@cache
def _shapes() -> tuple[Graph, Graph]:
    return Graph().parse(FILE), Graph().parse(world.FILE)


def check(data: bytes | Path, format_: str) -> list[Finding]:
    """What a graph breaks, in order; empty when it satisfies every shape.

    ``format_`` is turtle, nquads or jsonld. The whole of it is held in memory: some 1 KB a triple, so check patients or
    cohorts and not millions of facts.

    Raises:
        InvalidInputError: it is no RDF of that format.
    """
    from pyshacl import validate

    graph = _read(data, format_)
    shapes, terms = _shapes()
    graph += terms  # the classes and stations; pySHACL's own way of mixing an ontology in takes half a minute
    _, report, _ = validate(graph, shacl_graph=shapes, advanced=True, inplace=True)
    if not isinstance(report, Graph):
        raise InvalidInputError("The shapes could not be checked.", got=report)
    return sorted(
        set(_findings(report)), key=lambda f: (f.severity, f.focus, f.message, f.path or "", f.value or "")
    )


def _read(data: bytes | Path, format_: str) -> Graph:
    name = {"jsonld": "json-ld"}.get(format_, format_)
    graph = Dataset(default_union=True) if name == "nquads" else Graph()
    try:
        if isinstance(data, Path):
            graph.parse(data, format=name)
        else:
            graph.parse(data=data, format=name)
    except (SyntaxError, ValueError) as fault:
        raise InvalidInputError(f"This is no {format_}.", got=str(fault)[:200]) from None
    if isinstance(graph, Dataset):
        flat = Graph()
        for s, p, o, _ in graph.quads():
            flat.add((s, p, o))
        return flat
    return graph


def _findings(report: Graph) -> list[Finding]:
    found = []
    for result in report.subjects(RDF.type, SH.ValidationResult):
        severity = str(report.value(result, SH.resultSeverity)).rpartition("#")[2].lower()
        message = str(report.value(result, SH.resultMessage))
        path, value = report.value(result, SH.resultPath), report.value(result, SH.value)
        focus = str(report.value(result, SH.focusNode))
        found.append(Finding(severity, focus, message, _named(path), _named(value)))
    return found


def _named(node: Node | None) -> str | None:
    """An IRI or a literal as text; a path that is an expression has no name."""
    if node is None:
        return None
    return str(node) if isinstance(node, URIRef) or not str(node).startswith("n") else None
