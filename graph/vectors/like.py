"""Search by likeness: full-text search and the vectors of every encoder of the graph, their orders put together.

Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): a code gets ``1 / (10 + place)`` from each order that has it. There is
always something nearest, so the last rows may have nothing to do with what was asked: look at ``by``.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from graph import known, search
from graph.connection import Graph, Row
from graph.journey import patient_key
from graph.plain import plain
from graph.vectors import Encoder, Vectors, module
from graph.vectors.embed import given, models
from ontology.errors import MissingExtraError, NotFoundError

POOL: Final = 100
"""How many of each order are put together."""
CLOSE: Final = 10
"""Places of an order that count as its own find, and codes whose facts are shown."""
K: Final = 10
"""Smaller than the 60 of the paper (ours), since few orders that know different things are put together: with 60, what stands in
the middle of two of them beats what one has in its first place. docs/benchmarks.md has both.
"""


@dataclass
class Found:
    """What was found, the best first."""

    rows: list[Row]
    """As of :mod:`graph.search`, and ``by``: the orders that have it among their first ten."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Encoders that could not be asked, and what to do."""


def codes(
    graph: Graph, text: str, *, at: datetime | None = None, limit: int = 20, used: bool = False
) -> Found:
    """Codes called nearly so: ``key, display, facts, patients, by``; ``used`` keeps those that facts have.

    With ``at`` (aware) only codes of facts known then. Each is then compared by itself, so what became known later changes
    neither what is found nor its order, as long as the vectors are not made anew.

    Raises:
        NotFoundError: the graph has no vectors, or their model is not here.
        InvalidInputError: nothing to search for, ``at`` has no time zone, or the vectors are of another model.
    """
    when = None if at is None else known.aware(at)
    encoders, left = _encoders(graph)
    if not encoders:
        do = "Make them: cwm concepts embed." if not left else " ".join(left.values())
        raise NotFoundError("This graph has no vectors that can be asked.", do=do)
    orders = {"words": [row["key"] for row in _words(graph, text, when)]}
    for name, encoder in encoders.items():
        orders[name] = near(graph, "code", name, encoder.encode([text]), when)
    rows = graph.read(
        "search.codes", keys=fuse(orders), used=used, at=when, closing=known.closing_names(), limit=limit
    )
    return Found(_with_by(rows, orders), left)


def names(graph: Graph, text: str, limit: int = 20) -> Found:
    """Patients, people who care, places and things called nearly so: ``key, type, name, by``.

    Who is found by words with a letter or two off comes first; patients are found only so, since they have no vectors.
    """
    encoders, left = _encoders(graph)
    orders = {"words": [row["key"] for row in graph.read("search.names", text=nearly(text), limit=POOL)]}
    for name, encoder in encoders.items():
        orders[name] = near(graph, "name", name, encoder.encode([text]))
    near_by = fuse({name: order for name, order in orders.items() if name != "words"})
    keys = list(dict.fromkeys(orders["words"] + near_by))
    return Found(_with_by(graph.read("search.named", keys=keys, limit=limit), orders), left)


def facts(
    graph: Graph, text: str, *, patient: str | None = None, at: datetime | None = None, limit: int = 20
) -> Found:
    """Facts of the ten nearest codes that facts have, the nearest code first, then the newest; times as ISO 8601.

    Raises:
        NotFoundError, InvalidInputError: as :func:`codes`.
    """
    near = codes(graph, text, at=at, limit=CLOSE, used=True)
    rows = graph.read(
        "search.facts_by_code",
        codes=[row["key"] for row in near.rows],
        patient=None if patient is None else patient_key(patient),
        at=None if at is None else known.aware(at),
        closing=known.closing_names(),
        limit=limit,
    )
    return Found([plain(row) for row in rows], near.left_out)


def fuse(orders: dict[str, list[str]]) -> list[str]:
    """All that is in some order, the best of them together first.

    >>> fuse({"words": ["b", "a"], "letters": ["b", "c"]})
    ['b', 'a', 'c']
    """
    score: dict[str, float] = {}
    for order in orders.values():
        for place, key in enumerate(order, 1):
            score[key] = score.get(key, 0.0) + 1 / (K + place)
    return sorted(score, key=lambda key: (-score[key], key))


def nearly(text: str) -> str:
    """What the full-text index is asked for names: each word as a beginning, or with a letter or two other than it is.

    >>> nearly("Smiht, Jo")
    '(smiht* OR smiht~1) AND (jo*)'
    """
    search.words(text)
    parts = []
    for word in re.findall(r"\w+", text.lower()):
        edits = 2 if len(word) > 5 else 1
        parts.append(f"({word}* OR {word}~{edits})" if len(word) > 2 else f"({word}*)")
    return " AND ".join(parts)


def _encoders(graph: Graph) -> tuple[dict[str, Encoder], dict[str, str]]:
    """The encoders that made vectors of this graph, and those that are not installed here."""
    found: dict[str, Encoder] = {}
    left: dict[str, str] = {}
    for row in models(graph):
        try:
            found[row["encoder"]] = module(row["encoder"]).load(graph.settings, row["model"])
        except MissingExtraError as error:
            left[row["encoder"]] = error.do or error.what
    return found, left


def _words(graph: Graph, text: str, at: datetime | None) -> list[Row]:
    if at is None:
        return graph.read("search.code_words", text=search.words(text), limit=POOL)
    return search.concepts(graph, text, at=at, limit=POOL)


def near(graph: Graph, kind: str, name: str, vectors: Vectors, at: datetime | None = None) -> list[str]:
    """Keys of the nearest ``code`` or ``name`` to the first of some vectors of an encoder, the nearest first."""
    vector = given(vectors[0])
    if at is None:
        rows = graph.read("search.near", index=f"{kind}_{name}", vector=vector, k=POOL)
    else:
        rows = graph.read(
            "search.near_known",
            encoder=name,
            vector=vector,
            at=at,
            closing=known.closing_names(),
            k=POOL,
        )
    return [row["key"] for row in rows]


def _with_by(rows: list[Row], orders: dict[str, list[str]]) -> list[Row]:
    first = {name: set(order[:CLOSE]) for name, order in orders.items()}
    return [row | {"by": [name for name, keys in first.items() if row["key"] in keys]} for row in rows]
