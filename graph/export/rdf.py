"""The graph as RDF: a patient, a list of patients, or all of it, as known at an instant, in the terms of ``world.ttl``.

Names, identifiers and typed text stay in the graph unless identity is asked for. Keys and dates go out, so this is not
a de-identified copy. The same graph gives the same set of triples, whatever order its files came in.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from pyoxigraph import Triple

from graph import known
from graph.connection import Graph
from graph.export.rdf_node import End, Node, Reading, triples
from graph.export.rdf_prov import provenance
from graph.export.rdf_terms import literal, term
from graph.journey import patient_key
from graph.patients import merged
from ontology import world
from ontology.errors import InvalidInputError, NotFoundError

OWN = frozenset({"Patient", "Encounter", "Event", "Prediction", "Round", "Case", "CaseVersion"})
"""What belongs to a patient; all else is shared, and goes out with whoever refers to it."""
_SHARED = 500
"""Shared nodes read at once."""


def statements(
    graph: Graph, patients: Sequence[str] | None = None, *, at: datetime | None = None, identity: bool = False
) -> Iterator[list[Triple]]:
    """The triples, one list a node, each with its subject's own; all of the graph when ``patients`` is None.

    ``patients`` are ids or keys; ``at`` is an aware instant, None for everything. Of patients goes out their record,
    that of those they replaced, and what it refers to: providers, places, codes, ingest runs, agents with their claims
    and evidence, cases of these agents.
    Memory is that of one patient and of the shared nodes' ids; for the whole graph, of one node.

    Raises:
        InvalidInputError: ``at`` has no time zone.
        NotFoundError: there is no such patient.
    """
    if at is not None and at.utcoffset() is None:
        raise InvalidInputError(
            "The instant has no time zone.", got=at, allowed="for instance 2020-01-01T00:00:00Z"
        )
    reading = Reading(at.astimezone(UTC) if at else None, identity)
    unknown: set[str] = set()
    nodes = _all(graph, reading) if patients is None else _Patients(graph, reading).nodes(patients)
    for node in nodes:
        unknown |= {e.type for e in node.links}
        # The same fact may give two features to one prediction: a statement is said once.
        yield list(dict.fromkeys((*triples(node, reading), *provenance(node))))
    yield list(_declared(unknown - set(world.load().relations)))


def _all(graph: Graph, reading: Reading) -> Iterator[Node]:
    return (
        Node.of(row) for row in graph.stream("export.rdf_all", at=reading.at, closing=known.closing_names())
    )


def _declared(names: Iterable[str]) -> Iterator[Triple]:
    """Relationships that are called by the path of their element: the world has no words for them, so they say what they are."""
    for name in sorted(names):
        yield Triple(term(name), term("rdf:type"), term("owl:ObjectProperty"))
        yield Triple(term(name), term("rdfs:subPropertyOf"), term("REFERENCE"))
        words = literal("label", name.lower().replace("_", " "))
        if words is not None:
            yield Triple(term(name), term("rdfs:label"), words)


@dataclass
class _Patients:
    """The nodes of some patients and of what they share; a relationship goes out when both of its ends do."""

    graph: Graph
    reading: Reading
    shared: dict[str, bool] = field(default_factory=dict)
    """Elements of shared nodes, and whether they were read."""
    predictions: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)

    def nodes(self, patients: Sequence[str]) -> Iterator[Node]:
        """The nodes, patients first."""
        keys = sorted({patient_key(p) for p in patients})
        persons = merged(self.graph, self.reading.at)
        # Who was replaced comes with who stays.
        for key in (key for key in keys if persons.get(key) not in keys):
            rows = self.graph.read("export.rdf_patient", patient=key, at=self.reading.at)
            if not rows:
                raise NotFoundError("No such patient.", got=key, do="See `cwm patient list`.")
            yield from self._within(rows, set(keys))
        cases = self.graph.read("export.rdf_cases", patients=keys, at=self.reading.at)
        yield from self._within(cases, set(keys), self.predictions)
        yield from self._rest()

    def _within(
        self, rows: list[dict[str, Any]], patients: set[str], more: Iterable[str] = ()
    ) -> Iterator[Node]:
        found = [Node.of(row) for row in rows]
        mine = {node.element for node in found} | set(more)
        keys = {node.props["key"] for node in found if not {"Event", "Encounter"}.isdisjoint(node.labels)}
        for node in found:
            if "Prediction" in node.labels:
                self.predictions.add(node.element)
            yield self._cut(node, mine, patients, keys)

    def _cut(
        self, node: Node, mine: set[str], patients: set[str], keys: AbstractSet[str] = frozenset()
    ) -> Node:
        """The node with those of its relationships that stay inside; shared ends are noted for later."""
        kept: list[End] = []
        for end in filter(lambda end: self.reading.reaches(node, end), node.links):
            if OWN.isdisjoint(end.labels):
                self.shared.setdefault(end.element, False)
            elif not (
                end.element in mine
                or end.key in keys  # of what was corrected, whichever version is read
                or ("Patient" in end.labels and end.key in patients)
            ):
                continue
            kept.append(end)
        if run := node.props.get("run"):
            self.runs.add(run)
        return Node(node.element, node.labels, node.props, node.open, tuple(kept))

    def _rest(self) -> Iterator[Node]:
        """Shared nodes, and what they share in turn, and the runs that wrote all this."""
        while waiting := [element for element, read in self.shared.items() if not read]:
            for part in _parts(waiting, _SHARED):
                self.shared |= dict.fromkeys(part, True)
                rows = self.graph.read("export.rdf_nodes", elements=list(part), at=self.reading.at)
                yield from (self._cut(Node.of(row), set(), set()) for row in rows)
        runs = self.graph.read("export.rdf_runs", runs=sorted(self.runs))
        yield from map(Node.of, runs)


def _parts(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[i : i + size] for i in range(0, len(items), size))


def flat(lists: Iterable[list[Triple]]) -> Iterator[Triple]:
    """Triples one by one."""
    return chain.from_iterable(lists)
