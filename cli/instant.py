"""`--as-of`: an instant or a date, as every command that looks back takes it."""

from datetime import datetime
from typing import Annotated

import typer

from ontology.errors import InvalidInputError

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", help="What was known at an instant or at the end of a date; everything when not given."
    ),
]


def instant(text: str | None) -> datetime | None:
    """The instant that is meant, in UTC: a date means the end of that day.

    >>> instant("2024-03-01").isoformat(), instant(None)
    ('2024-03-01T23:59:59.999000+00:00', None)

    Raises:
        InvalidInputError: it is no date or instant.
    """
    from graph.fhir import times

    try:
        return None if text is None else times.last(text)
    except (ValueError, OverflowError):
        raise InvalidInputError(
            "This is no date or instant.",
            got=text,
            allowed="2024, 2024-03, 2024-03-01 or 2024-03-01T12:00:00Z",
        ) from None
