"""Competency questions: what clinicians, researchers and safety teams ask of the graph, each a named query ``ask.<name>``.

A question is one file in ``graph/queries/ask``. It runs as anyone's read query does, in a READ transaction with limits
of time and rows. Where a row says ``events`` of ``n``, its rate and Wilson's 95 % interval are added.
"""

import math
from collections.abc import Mapping
from typing import Any

from graph import sandbox
from graph.connection import Graph
from graph.journey import patient_key
from graph.params import typed
from graph.queries import Query, catalogue
from ontology.errors import InvalidInputError, NotFoundError

AUDIENCES = ("clinician", "researcher", "safety")
_Z95 = 1.959963984540054
_RATE = ("rate", "low", "high")


def questions() -> dict[str, Query]:
    """All questions by their bare name, those of one audience together.

    >>> [sum(q.audience == a for q in questions().values()) for a in AUDIENCES]
    [10, 10, 10]
    """
    found = [q for q in catalogue().values() if q.audience is not None]
    found.sort(key=lambda q: (AUDIENCES.index(q.audience or ""), q.name))
    return {q.name.removeprefix("ask."): q for q in found}


def question(name: str) -> Query:
    """The question of that name, with or without ``ask.``.

    Raises:
        NotFoundError: there is none.
    """
    try:
        return questions()[name.removeprefix("ask.")]
    except KeyError:
        raise NotFoundError(
            "No such question.", got=name, allowed=", ".join(questions()), do="See `cwm graph ask`."
        ) from None


def ask(
    graph: Graph,
    name: str,
    params: Mapping[str, Any] | None = None,
    *,
    timeout: float | None = None,
    rows: int | None = None,
) -> sandbox.Answer:
    """The answer to a question; parameters as Python values or as text that can be read as their type.

    ``timeout`` is in seconds, ``rows`` the most rows (by default ``query_timeout`` and ``query_rows`` of the settings).

    Raises:
        NotFoundError: there is no such question, or no such patient.
        InvalidInputError: a parameter is missing, unknown or of another type; or as :func:`graph.sandbox.ask`.
    """
    chosen = question(name)
    given = checked(chosen, params or {})
    answer = sandbox.ask(graph, chosen.text, given, timeout=timeout, rows=rows)
    if not answer.rows and "patient" in given:
        # No rows may also be the answer about somebody who is there.
        key, at = given["patient"], given.get("at")
        if not graph.read("journey.patient", patient=key, at=at):
            raise NotFoundError("No such patient.", got=key, do="See `cwm patient list`.")
    return rated(chosen, answer)


def rated(chosen: Query, answer: sandbox.Answer) -> sandbox.Answer:
    """The answer with ``rate, low, high`` in each row, where the question is about a rate."""
    if not chosen.rate:
        return answer
    made = [row | dict(zip(_RATE, wilson(row["events"], row["n"]), strict=True)) for row in answer.rows]
    return sandbox.Answer([*answer.columns, *_RATE], made, answer.truncated)


def columns(chosen: Query) -> dict[str, str]:
    """The columns of an answer and what they hold, with those that are added."""
    more = {
        "rate": "events / n.",
        "low": "Lower bound of Wilson's 95 % interval.",
        "high": "Upper bound of it.",
    }
    return chosen.returns | (more if chosen.rate else {})


def wilson(events: int, n: int) -> tuple[float | None, float | None, float | None]:
    """Rate and Wilson's score interval at 95 %, rounded to six places; nothing for nobody.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212.

    >>> wilson(1, 3), wilson(0, 0)
    ((0.333333, 0.061492, 0.79234), (None, None, None))
    """
    if not n:
        return None, None, None
    rate, square = events / n, _Z95 * _Z95
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = _Z95 * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n)) / (1 + square / n)
    return round(rate, 6), round(max(0.0, middle - half), 6), round(min(1.0, middle + half), 6)


def checked(chosen: Query, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a question, each of its type; those that may be left out are null. A patient may be a bare id.

    Raises:
        InvalidInputError: one is missing, unknown or cannot be read; the message gives its type and an example.
    """
    name = chosen.name.removeprefix("ask.")
    if unknown := [key for key in params if key not in chosen.params]:
        raise InvalidInputError(
            "The question has no such parameter.",
            got=", ".join(unknown),
            allowed=", ".join(chosen.params) or "none",
            do=f"See `cwm graph ask {name} --explain`.",
        )
    missing = [key for key, param in chosen.params.items() if params.get(key) is None and not param.optional]
    if missing:
        raise InvalidInputError(
            "The question needs more." if params else "The question needs parameters.",
            got=", ".join(params) or "none",
            allowed="; ".join(
                f"{key} ({chosen.params[key].type}): {chosen.params[key].doc}" for key in missing
            ),
            do="Example: " + example(chosen),
        )
    given = {key: params.get(key) for key in chosen.params}
    made = {key: v if v is None else typed(key, chosen.params[key], v) for key, v in given.items()}
    patient = made.get("patient")
    return made if patient is None else made | {"patient": patient_key(patient)}


def example(chosen: Query) -> str:
    """The command that asks the question with its example.

    >>> example(question("unevidenced_claims"))
    'cwm graph ask unevidenced_claims'
    """
    given = [
        f"-p '{key}={param.example}'" for key, param in chosen.params.items() if param.example is not None
    ]
    return " ".join(["cwm graph ask", chosen.name.removeprefix("ask."), *given])
