"""The words of a cell as what its column holds; what cannot be that is a ValueError.

A time of exactly midnight means in OMOP that no time is known ("set it to midnight"), so it is read as the bare date, which
is known when the day is over. A time without a zone is taken as UTC (ours, as for FHIR).
Source: https://ohdsi.github.io/CommonDataModel/cdm54.html, Themis (birth_datetime).

>>> [READ["time"](text) for text in ("2020-01-02 03:04:05.5", "2020-01-02 00:00:00", "2020-01-02T03:04-05:00", "20200102")]
['2020-01-02T03:04:05.5Z', '2020-01-02', '2020-01-02T03:04:00-05:00', '2020-01-02']
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

from graph.fhir import times
from ontology.table_mapping import Type

_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)", re.ASCII).fullmatch
_TIME = re.compile(
    r"(\d{4}-?\d\d-?\d\d)[T ](\d\d):?(\d\d)(?::?(\d\d)(\.\d{1,9})?)? ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?", re.ASCII
).fullmatch
_WHOLE = re.compile(r"([+-]?)0*(\d{1,19})(?:\.0*)?", re.ASCII).fullmatch
_NUMBER = re.compile(r"([+-]?)(?:0*(\d+)(\.\d*)?|(\.\d+))([eE][+-]?\d{1,3})?", re.ASCII).fullmatch


def whole(text: str) -> str:
    """A whole number, also as ``7.0``, as tools write a column with gaps.

    >>> whole("007"), whole("7.0"), whole("-3")
    ('7', '7', '-3')

    Raises:
        ValueError: it is none.
    """
    match = _WHOLE(text)
    if match is None:
        raise ValueError("a whole number")
    return f"{'-' if match[1] == '-' and match[2] != '0' else ''}{match[2]}"


def number(text: str) -> str:
    """A number as JSON writes it, with the digits it has.

    >>> [number(text) for text in ("1.10", ".5", "+7", "-0.0", "1e3", "007")]
    ['1.10', '0.5', '7', '-0.0', '1e3', '7']

    Raises:
        ValueError: it is none; infinity and NaN are none.
    """
    match = _NUMBER(text)
    if match is None:
        raise ValueError("a number")
    sign, digits, fraction, alone, exponent = match.groups(default="")
    fraction = alone or (fraction if len(fraction) > 1 else "")
    return f"{'-' if sign == '-' else ''}{digits or '0'}{fraction}{exponent}"


def day(text: str) -> str:
    """A date as FHIR writes it.

    Raises:
        ValueError: it is none, or no calendar has it.
    """
    match = _DATE(text)
    try:
        if match is None:
            found = time(text)
            if len(found) > 10:
                raise ValueError
            return found
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        raise ValueError("a date of the calendar") from None


def time(text: str) -> str:
    """A date or an instant as FHIR writes it.

    Raises:
        ValueError: it is none, or no calendar has it.
    """
    match = _TIME(text)
    if match is None:
        if _DATE(text) is None:
            raise ValueError("an instant of the calendar")
        return day(text)
    on, hour, minute, second, fraction, zone = match.groups()
    second, fraction = second or "00", fraction or ""
    on = day(on)
    zone = _zone(zone)
    try:
        times.first(f"{on}T{hour}:{minute}:{second}{zone}")
    except (ValueError, OverflowError):
        raise ValueError("an instant of the calendar") from None
    if hour == minute == second == "00" and not fraction.strip(".0"):
        return on
    return f"{on}T{hour}:{minute}:{second}{fraction}{zone}"


def _zone(text: str | None) -> str:
    if text in {None, "Z", "UTC"}:
        return "Z"
    digits = str(text)[1:].replace(":", "")
    return f"{str(text)[0]}{digits[:2]}:{digits[2:] or '00'}"


def concept(text: str) -> str:
    """The number of a concept; empty for 0, which means that there is none.

    Raises:
        ValueError: it is no whole number.
    """
    found = whole(text)
    return "" if found == "0" else found


READ: Final[dict[Type, Callable[[str], str]]] = {
    "key": whole,
    "integer": whole,
    "number": number,
    "text": str,
    "date": day,
    "time": time,
    "concept": concept,
}
"""What reads a cell of each type of column; a cell is stripped and not empty."""
