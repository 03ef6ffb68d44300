"""What a value of each primitive type must look like in JSON (https://hl7.org/fhir/R4/datatypes.html, /R5/json.html)."""

import re
from collections.abc import Callable
from typing import Any, Final

from graph.fhir import times

Test = Callable[[Any], bool]

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII).fullmatch
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII).fullmatch
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?", re.ASCII).fullmatch
_MOST = 2**31


def _real(text: str) -> bool:
    try:
        times.first(text)
    except (ValueError, OverflowError):
        return False
    return True


def _date(value: Any) -> bool:
    return isinstance(value, str) and bool(_DATE(value)) and _real(value)


def _instant(value: Any) -> bool:
    return isinstance(value, str) and bool(_INSTANT(value)) and _real(value)


def _word(pattern: str) -> Test:
    match = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: isinstance(value, str) and bool(match(value))


def _whole(least: int, most: int = _MOST - 1) -> Test:
    return lambda value: value.__class__ is int and least <= value <= most


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_uri = _word(r"\S+")

TESTS: Final[dict[str, Test]] = {
    "boolean": lambda v: v is True or v is False,
    "integer": _whole(-_MOST),
    "unsignedInt": _whole(0),
    "positiveInt": _whole(1),
    "integer64": _word(r"0|-?[1-9][0-9]*"),
    "decimal": lambda v: v.__class__ is int or v.__class__ is float,
    "date": _date,
    "dateTime": lambda v: _date(v) or _instant(v),
    "instant": _instant,
    "time": lambda v: isinstance(v, str) and bool(_TIME(v)),
    "string": _text,
    "markdown": _text,
    "code": _word(r"[^\s]+( [^\s]+)*"),
    "id": _word(r"[A-Za-z0-9\-.]{1,64}"),
    "uri": _uri,
    "url": _uri,
    "canonical": _uri,
    "oid": _word(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"),
    "uuid": _word(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "base64Binary": _word(r"\s*+([0-9a-zA-Z+/=]{4}\s*+)++"),
    "xhtml": lambda v: isinstance(v, str) and v.lstrip().startswith("<div"),
}
