"""`--as-of`, `--at`: an instant or a date, as every command that looks back takes it."""

from datetime import datetime
from typing import Annotated

import typer

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="What was known at an instant (with its time zone) or at the end of a date (UTC); everything when not given.",
    ),
]


def instant(text: str | None) -> datetime | None:
    """The instant that is meant, in UTC: a date means when that day is over, a time says its zone.

    >>> instant("2024-03-01").isoformat(), instant(None)
    ('2024-03-02T00:00:00+00:00', None)

    Raises:
        InvalidInputError: it is no date or instant, or a time without its zone.
    """
    from graph.instant import instant as read

    return None if text is None else read(text)
