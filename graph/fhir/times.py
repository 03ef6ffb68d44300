"""FHIR dates and instants as intervals of UTC: a partial date is the whole day, month or year that it names.

FHIR asks for a time zone with every time; where it is missing, UTC is taken (ours), as it is for dates without a time.
FHIR writes a leap second as ``:60``, which no calendar here has: it is the first moment of the next minute (ours), its
fraction left out, so that what came before it and after it stays so.
Source: https://hl7.org/fhir/R4/datatypes.html#dateTime

>>> [str(turn("2119-02")) for turn in (first, last, over)]
['2119-02-01 00:00:00+00:00', '2119-02-28 23:59:59.999000+00:00', '2119-03-01 00:00:00+00:00']
>>> str(first("2016-12-31T23:59:60Z"))
'2017-01-01 00:00:00+00:00'
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::(?:[0-5]\d|(60))(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
).fullmatch
_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII).fullmatch
_SECOND = timedelta(seconds=1)
_TICK = timedelta(milliseconds=1)
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@lru_cache(maxsize=1 << 12)  # the facts of an encounter share their times
def _moment(text: str) -> datetime:
    match = _INSTANT(text)
    if match is None:
        raise ValueError(text)
    if match[2]:
        return _moment(f"{match[1]}:59{match[3] or ''}") + _SECOND
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _span(text: str) -> tuple[datetime, datetime]:
    """First instant, and the first instant after."""
    match = _PARTIAL(text)
    if match is None:
        raise ValueError(text)
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    begin = datetime(year, month, day, tzinfo=UTC)
    try:
        if match[3]:
            return begin, begin + timedelta(days=1)
        if match[2]:
            return begin, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return begin, datetime(year + 1, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return begin, _END_OF_TIME


def first(text: str) -> datetime:
    """The first instant of a FHIR date, dateTime or instant.

    Raises:
        ValueError: it is no date, or one that no calendar has.
        OverflowError: in UTC it lies outside the years 1 to 9999.
    """
    return _moment(text) if len(text) > 10 else _span(text)[0]


def last(text: str) -> datetime:
    """The last instant: the moment itself, or a millisecond before a partial date is over. Raises as :func:`first`."""
    return _moment(text) if len(text) > 10 else _span(text)[1] - _TICK


def over(text: str) -> datetime:
    """When it can be known: the moment itself, or when a partial date is over. Raises as :func:`first`."""
    return _moment(text) if len(text) > 10 else _span(text)[1]


def zoned(text: str) -> bool:
    """Whether a text that is a date or an instant leaves no doubt: a date has no zone, a time must say it.

    >>> zoned("2024-03-01"), zoned("2024-03-01T12:00Z"), zoned("2024-03-01T12:00")
    (True, True, False)
    """
    match = _INSTANT(text)
    return len(text) <= 10 or (match is not None and match[3] is not None)
