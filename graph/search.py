"""Search in words: codes by their names, people and places by theirs, facts through the codes they have."""

import re
from datetime import datetime
from typing import Any

from graph import known
from graph.connection import Graph
from graph.journey import patient_key
from graph.plain import plain
from ontology.errors import InvalidInputError

MOST_CODES = 50
"""Codes that a search for facts follows."""


def words(text: str) -> str:
    """What the full-text index is asked: every word of the text as a beginning, all of them wanted.

    >>> words("Type-2 diab")
    'type* AND 2* AND diab*'

    Raises:
        InvalidInputError: there is neither letter nor digit.
    """
    found = re.findall(r"\w+", text.lower())
    if not found:
        raise InvalidInputError("There is nothing to search for.", got=text, allowed="letters and digits")
    return " AND ".join(f"{word}*" for word in found)


def concepts(graph: Graph, text: str, *, at: datetime | None = None, limit: int = 20) -> list[dict[str, Any]]:
    """Codes whose names or code have words that begin so: ``key, display, facts, patients, score``.

    Those that some fact has come first, then the others (a loaded edition's, :mod:`graph.terminology`), each the best first.
    With ``at`` (aware) only codes of facts that were known then, counted as of then, the most frequent first and without a
    score. The names of codes have no date: a code is found by the name that it has now.
    """
    when = None if at is None else known.aware(at)
    return graph.read(
        "search.concepts", text=words(text), at=when, closing=known.closing_names(), limit=limit
    )


def names(graph: Graph, text: str, limit: int = 20) -> list[dict[str, Any]]:
    """Patients, people who care, places and things by name: ``key, type, name, score``, the best first."""
    return graph.read("search.names", text=words(text), limit=limit)


def facts(
    graph: Graph, text: str, *, patient: str | None = None, at: datetime | None = None, limit: int = 20
) -> list[dict[str, Any]]:
    """Facts and encounters with a code whose name has words that begin so, the newest first; times as ISO 8601.

    ``at`` (aware) leaves out what was not known then; ``patient`` (id or key) keeps one patient's.

    Raises:
        InvalidInputError: nothing to search for, or ``at`` has no time zone.
    """
    codes = [row["key"] for row in concepts(graph, text, at=at, limit=MOST_CODES)]
    rows = graph.read(
        "search.facts",
        codes=codes,
        patient=None if patient is None else patient_key(patient),
        at=None if at is None else known.aware(at),
        closing=known.closing_names(),
        limit=limit,
    )
    return [plain(row) for row in rows]
