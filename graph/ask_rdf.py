"""The same questions over the RDF of the graph: each has a twin in SPARQL (``graph/sparql/ask``) that gives the same answer.

SPARQL's rows are flat. A column ``because__fact`` is the part ``fact`` of the list ``because``; ``reasons__`` is a list of
bare values. Rows that agree in all other columns are put together, in the order in which they come.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from graph import sparql
from graph.ask import checked, question, rated
from graph.queries import Query
from graph.sandbox import Answer
from graph.sparql.engine import Engine
from ontology.errors import NotFoundError

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)").fullmatch


def twins() -> set[str]:
    """The questions that have a twin in SPARQL, by bare name.

    >>> "care_gaps" in twins()
    True
    """
    return {name.removeprefix("ask.") for name in sparql.catalogue() if name.startswith("ask.")}


def ask_rdf(
    engine: Engine,
    name: str,
    params: Mapping[str, Any] | None = None,
    *,
    timeout: float = 30.0,
    rows: int = 1000,
) -> Answer:
    """The answer to a question from RDF; ``rows`` is the most rows before lists are put together.

    Raises:
        NotFoundError: there is no such question, it has no twin, or there is no such patient.
        InvalidInputError: as :func:`graph.ask.ask`.
    """
    chosen = question(name)
    if chosen.name.removeprefix("ask.") not in twins():
        raise NotFoundError(
            "This question has no form in SPARQL.", got=name, do="Ask the graph itself: leave out --rdf."
        )
    given = checked(chosen, params or {})
    found = engine.ask(sparql.named(chosen.name).sparql, given, timeout=timeout, rows=rows)
    if not found.rows and "patient" in given:
        there = engine.ask(
            sparql.named("record.patient").sparql, {"patient": given["patient"]}, timeout=timeout
        )
        if not there.rows:
            raise NotFoundError("No such patient in this export.", got=given["patient"])
    made = [_ordered(chosen, row) for row in folded(found.rows)]
    return rated(chosen, Answer(list(chosen.returns), made, found.truncated))


def folded(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Flat rows with lists put together; instants as the graph's own answers write them.

    >>> folded([{"a": 1, "b__x": 1, "c__": "p"}, {"a": 1, "b__x": 2, "c__": "p"}, {"a": 2, "b__x": None, "c__": None}])
    [{'a': 1, 'b': [{'x': 1}, {'x': 2}], 'c': ['p']}, {'a': 2, 'b': [], 'c': []}]
    """
    made: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        plain = {name: _value(value) for name, value in row.items()}
        own = {name: value for name, value in plain.items() if "__" not in name}
        whole = made.setdefault(tuple(own.values()), dict(own))
        parts: dict[str, dict[str, Any]] = {}
        for name, value in plain.items():
            if "__" in name:
                list_, _, part = name.partition("__")
                parts.setdefault(list_, {})[part] = value
        for list_, part_values in parts.items():
            _put(whole.setdefault(list_, []), part_values)
    return list(made.values())


def _put(items: list[Any], part: dict[str, Any]) -> None:
    item: Any = part[""] if list(part) == [""] else part
    empty = item is None or (isinstance(item, dict) and all(value is None for value in item.values()))
    if not empty and item not in items:
        items.append(item)


def _ordered(chosen: Query, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in chosen.returns}


def _value(value: Any) -> Any:
    if isinstance(value, str) and _INSTANT(value):
        with suppress(ValueError):  # a text that only looks like one, such as a leap second
            return datetime.fromisoformat(value).isoformat()
    return value
