"""The classification in the graph: the tree of ICD-10-CM, and where the codes that the data say stand in it.

``(:Concept)-[:IS_A]->(:Concept)`` from code to category to block to chapter, ``(:Concept)-[:MAPS_TO {source, relation,
rule}]->(:Concept)`` from a code of another system. What the data said of a code (``display``) stays; the classification's name is
``name``, its place ``level``, and a category's ``condition`` is its value in Skill-Mix's condition dimension. A code that no data
have said is ``listed`` and is no part of the record's digest.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from graph.connection import Graph, Row
from graph.journey import facts
from ontology.errors import NotFoundError
from ontology.terminology import Node, canonical, nodes, path, place, systems
from ontology.terminology.crosswalk import placed as placed_of
from ontology.terminology.files import edition
from ontology.terminology.tree import below

ICD: Final = "icd-10-cm"
BATCH: Final = 5000


@dataclass
class Loaded:
    """What a load did."""

    edition: str
    """Digest of the terminology's data."""
    written: int = 0
    """Codes that were not in the graph."""
    is_a: int = 0
    maps_to: int = 0
    placed: int = 0
    """Codes that the data say and that have a category."""
    removed: int = 0
    """Relationships of earlier editions."""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Code:
    """A code that the data say, with the way from what it leads to up to its category."""

    key: str
    chain: tuple[Node, ...]
    relation: str
    source: str
    rule: str


def load(graph: Graph) -> Loaded:
    """Write the tree and place every code that the data say; again, it changes nothing but what is new or outdated."""
    began = time.monotonic()
    done = Loaded(edition())
    said = list(_said(graph))
    done.placed = len(said)
    tree = nodes() | {node.code: node for code in said for node in code.chain[:-1]}
    for part in _batches(map(_row, tree.values())):
        done.written += graph.write("terminology.list", rows=part)[0]["written"]
    for part in _batches({"a": n.key, "b": _key(n.parent)} for n in tree.values() if n.parent):
        done.is_a += graph.write("terminology.is_a", rows=part, source=ICD, edition=done.edition)[0]["links"]
    for part in _batches(map(_mapping, (code for code in said if code.chain[0].key != code.key))):
        done.maps_to += graph.write("terminology.maps_to", rows=part, edition=done.edition)[0]["links"]
    gone = graph.write("terminology.outdated", sources=[ICD], edition=done.edition, mappings=True)
    done.removed = gone[0]["removed"]
    done.seconds = round(time.monotonic() - began, 3)
    return done


def _said(graph: Graph) -> Iterator[_Code]:
    addresses = [address for system in systems().values() for address in (system.uri, *system.aliases)]
    for row in graph.read("terminology.spoken", systems=addresses):
        found = place(row["system"], row["code"])
        if found:
            system = canonical(row["system"])
            finer = below(row["code"]) if system and system.name == ICD else []
            relation = "equivalent" if finer else found.relation
            chain = (*finer, nodes()[found.category])
            yield _Code(row["key"], chain, relation, found.source, found.rule)


def _mapping(code: _Code) -> Row:
    ends = {"a": code.key, "b": code.chain[0].key}
    return ends | {"source": code.source, "relation": code.relation, "rule": code.rule}


def _row(node: Node) -> Row:
    condition = node.code.lower() if node.level == "category" else None
    own = {"key": node.key, "system": systems()[ICD].uri, "code": node.code, "name": node.name}
    return own | {"level": node.level, "condition": condition}


def _key(code: str | None) -> str:
    return f"{systems()[ICD].uri}|{code}"


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while part := list(islice(rest, BATCH)):
        yield part


def node(code: str) -> Node:
    """A chapter, block, category or code of ICD-10-CM by its code, in any case and with or without its dot.

    Raises:
        NotFoundError: there is none.

    >>> node("i25").name, node("9").level
    ('Chronic ischemic heart disease', 'chapter')
    """
    text = code.strip().upper()
    if found := nodes().get(text):
        return found
    if finer := below(text):
        return finer[0]
    raise NotFoundError(
        "ICD-10-CM has no such chapter, block, category or code.",
        got=code,
        allowed="for instance 9, I20-I25, I25, I25.10",
        do="See `cwm concepts counts --level block`.",
    )


def descendants(graph: Graph, code: str) -> list[Row]:
    """All codes in the graph that lie in a code of ICD-10-CM or lead to one that does; see ``terminology.descendants``."""
    return graph.read("terminology.descendants", key=node(code).key)


def counts(graph: Graph, level: str = "chapter", within: str | None = None) -> list[Row]:
    """Conditions and patients by ``chapter``, ``block`` or ``category``, rolled up; see ``terminology.counts``."""
    inside = None if within is None else node(within).code
    return graph.read("terminology.counts", level=level, within=inside)


def by_chapter(graph: Graph, patient: str, at: datetime | None = None) -> list[Row]:
    """A patient's conditions as known at ``at`` (aware; None for everything), grouped by chapter of ICD-10-CM.

    Rows: ``chapter`` and ``name`` (null for codes without a place, which come last) and ``conditions``, in order of time,
    with ``key, display, category, start, end, status``. It reads through :mod:`graph.journey`, and needs no loaded tree.

    Raises:
        InvalidInputError: ``at`` has no time zone.
    """
    groups: dict[str | None, list[Row]] = {}
    for frame in facts(graph, [(patient, at)], types=["Condition"]):
        for fact in frame.to_dicts():
            found = placed_of(fact["codes"] or ())
            chapter = path(found.category)[-1].code if found else None
            kept = {name: fact[name] for name in ("key", "display", "start", "end", "status")}
            groups.setdefault(chapter, []).append(kept | {"category": found.category if found else None})
    order = sorted(groups, key=lambda c: (c is None, int(c or 0)))
    return [{"chapter": c, "name": nodes()[c].name if c else None, "conditions": groups[c]} for c in order]
