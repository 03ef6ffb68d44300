"""Instants as people type them, by one rule for every option and parameter that takes one.

A time says its zone and is refused without: whose midnight was meant nobody can tell afterwards. A date (or month, or
year) is a span of UTC and means the moment at which it is over, since that is what was known "on that day" and when a
fact so dated is known (:func:`graph.fhir.times.over`); where a span begins (``--since``, a parameter ``from``) it means
its start.
"""

from datetime import datetime

from graph.fhir import times
from ontology.errors import InvalidInputError

ALLOWED = "2024, 2024-03, 2024-03-01 (days of UTC) or 2024-03-01T12:00:00Z"
BEGINS = frozenset({"from", "since"})
"""Parameters that say where a span begins."""


def instant(text: str, *, begins: bool = False) -> datetime:
    """The instant that is meant, in UTC; ``begins`` takes the start of a date in place of when it is over.

    >>> instant("2024-03-01").isoformat(), instant("2024-03", begins=True).isoformat()
    ('2024-03-02T00:00:00+00:00', '2024-03-01T00:00:00+00:00')
    >>> instant("2024-03-01T12:00:00+01:00").isoformat()
    '2024-03-01T11:00:00+00:00'

    Raises:
        InvalidInputError: it is no date and no instant, or a time without its zone.
    """
    try:
        found = times.first(text) if begins else times.over(text)
    except (ValueError, OverflowError):
        raise InvalidInputError("This is no date or instant.", got=text, allowed=ALLOWED) from None
    if not times.zoned(text):
        raise InvalidInputError(
            "The time has no zone.", got=text, allowed=ALLOWED, do=f"For UTC write {text}Z."
        )
    return found
