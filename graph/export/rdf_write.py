"""RDF into files: Turtle, N-Quads, JSON-LD; written as it is read, a node at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import orjson
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, serialize

from graph.connection import Graph
from graph.export.rdf import flat, statements
from graph.export.rdf_terms import BASE, XSD
from graph.export.request import Request
from graph.progress import Progress, silent, told
from ontology.context import PREFIXES, context
from ontology.errors import InvalidInputError

Lists = Iterable[list[Triple]]
Writer = Callable[[Lists, IO[bytes], datetime | None], int]


def graph_name(at: datetime | None) -> NamedNode:
    """The named graph of an N-Quads export, so that readings of several instants can lie in one store.

    >>> graph_name(datetime(2020, 1, 1, tzinfo=UTC)).value
    'urn:clinical-world-model:as-of:2020-01-01T00:00:00Z'
    """
    return NamedNode(f"{BASE}as-of:{at.astimezone(UTC).isoformat().replace('+00:00', 'Z') if at else 'now'}")


def export(
    graph: Graph,
    out: Path,
    format_: str | None = None,
    *,
    patients: Sequence[str] | None = None,
    at: datetime | None = None,
    identity: bool = False,
    progress: Progress = silent,
) -> int:
    """Write a new file; how many triples. ``format_`` is one of :data:`WRITERS`, by default that of the file's ending.

    The file appears whole or not at all: it is written beside its place and moved there at the end.

    Raises:
        InvalidInputError: the format is not known, the file is already there, or ``at`` has no time zone.
        NotFoundError: there is no such patient.
    """
    writer = WRITERS[chosen(format_, out)]
    if out.exists():
        raise InvalidInputError("The file is already there.", got=out, do="Give another name.")
    half = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with half.open("wb") as file:
            lists = statements(graph, patients, at=at, identity=identity)
            count = writer(told(lists, progress, Request(at, patients).resources(graph)), file, at)
        half.replace(out)
    finally:
        half.unlink(missing_ok=True)
    return count


def chosen(format_: str | None, out: Path) -> str:
    """The name of the format that is meant.

    >>> chosen(None, Path("a.nq")), chosen("jsonld", Path("a.txt"))
    ('nquads', 'jsonld')
    """
    name = format_ or ENDINGS.get(out.suffix)
    if name not in WRITERS:
        raise InvalidInputError(
            "The format of the file is not known.",
            got=format_ or out.name,
            allowed=", ".join(f"{name} ({ending})" for ending, name in ENDINGS.items()),
            do="Give --format, or a file name with one of these endings.",
        )
    return name


class _Counted:
    """An iterator that knows how many it gave."""

    def __init__(self, items: Iterable[Any]) -> None:
        self.count = 0
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        for item in self._items:
            self.count += 1
            yield item


def _turtle(lists: Lists, file: IO[bytes], at: datetime | None) -> int:  # noqa: ARG001
    rows = _Counted(flat(lists))
    serialize(rows, file, format=RdfFormat.TURTLE, prefixes=PREFIXES)
    return rows.count


def _nquads(lists: Lists, file: IO[bytes], at: datetime | None) -> int:
    name = graph_name(at)
    rows = _Counted(Quad(t.subject, t.predicate, t.object, name) for t in flat(lists))
    serialize(rows, file, format=RdfFormat.N_QUADS)
    return rows.count


def _jsonld(lists: Lists, file: IO[bytes], at: datetime | None) -> int:  # noqa: ARG001
    """One document: the context of the ontology, then an object a subject, a line each."""
    written = count = 0
    file.write(b'{"@context":' + orjson.dumps(context()["@context"]) + b',\n"@graph":[\n')
    for triples in lists:
        count += len(triples)
        for subject in _objects(triples):
            file.write((b",\n" if written else b"") + orjson.dumps(subject))
            written += 1
    file.write(b"\n]}\n")
    return count


def _objects(triples: Iterable[Triple]) -> Iterator[dict[str, Any]]:
    """Triples as JSON objects, one a subject, in the words of the context."""
    found: dict[str, dict[str, Any]] = {}
    known = context()["@context"]
    for t in triples:
        iri = _iri(t.subject)
        subject = found.setdefault(iri, {"@id": iri})
        name = short(t.predicate.value)
        if name == "rdf:type":
            subject.setdefault("@type", []).append(short(_iri(t.object)))
        else:
            subject.setdefault(name, []).append(_value(t.object, known.get(name)))
    yield from found.values()


def _iri(node: object) -> str:
    if not isinstance(node, NamedNode):
        raise TypeError(f"the export names every node, and this is a {type(node).__name__}")
    return node.value


def _value(object_: Any, said: Any) -> Any:
    """An object as JSON: bare where the context says its kind."""
    kind = said.get("@type") if isinstance(said, dict) else None
    if isinstance(object_, NamedNode):
        return object_.value if kind == "@id" else {"@id": object_.value}
    if not isinstance(object_, Literal):
        raise TypeError(f"no JSON-LD for {type(object_).__name__}")
    datatype = object_.datatype.value.replace(XSD, "xsd:")
    if kind == datatype or (kind is None and datatype == "xsd:string"):
        return object_.value
    return {"@value": object_.value, "@type": datatype}


def short(iri: str) -> str:
    """The IRI by its prefix; a term of the world by its bare name.

    >>> short("urn:clinical-world-model:world#INCLUDES"), short("http://www.w3.org/ns/prov#used")
    ('INCLUDES', 'prov:used')
    """
    for prefix, start in PREFIXES.items():
        if iri.startswith(start):
            local = iri[len(start) :]
            return local if prefix == "cwm" else f"{prefix}:{local}"
    return iri


WRITERS: dict[str, Writer] = {"turtle": _turtle, "nquads": _nquads, "jsonld": _jsonld}
ENDINGS = {".ttl": "turtle", ".nq": "nquads", ".jsonld": "jsonld"}
