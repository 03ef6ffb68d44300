"""How a value is written in the files of Neo4j's importer, so that it comes back as the driver would have stored it.

Columns, texts and lists are set apart by control characters, which FHIR's JSON cannot hold as they are, so that no text
needs quoting but the empty one (nothing at all is null) and one with several lines. What cannot be written so that it
comes back the same is :class:`OddError`, and goes into the graph through the driver.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite, isnan
from typing import Any, Final

DELIMITER: Final = "\x1f"
QUOTE: Final = "\x1e"
ARRAY: Final = "\x1d"
EMPTY: Final = QUOTE + QUOTE
OPTIONS: Final = (
    "--delimiter=U+001F",
    "--quote=U+001E",
    "--array-delimiter=U+001D",
    "--ignore-empty-strings=false",
    "--legacy-style-quoting=false",
    "--id-type=actual",
)
"""What the importer is told about all this; that a node's id is its place in the store spares it a search for every end."""
BLANK: Final = "?" * 12
"""Where such a number is filled in later (:mod:`graph.bulk.numbers`); the importer refuses one that was not."""

_LONG = 1 << 63


class OddError(ValueError):
    """A value that cannot be written in these files; the message names its kind and never the value."""


def odd(text: str) -> bool:
    """True when a text holds one of the three characters.

    >>> odd("a" + ARRAY), odd("a, b;c")
    (True, False)
    """
    return DELIMITER in text or QUOTE in text or ARRAY in text


@lru_cache(maxsize=4096)  # the facts of an encounter share their times
def instant(at: datetime) -> str:
    """An instant, which is in UTC.

    >>> instant(datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)), instant(datetime(1970, 1, 1, tzinfo=UTC))
    ('1969-12-31T23:59:59.500000Z', '1970-01-01T00:00:00Z')
    """
    if at.tzinfo is not UTC:
        raise OddError("an instant that is not in UTC")
    return at.isoformat()[:-6] + "Z"


_OTHER = "a value of another type than others of its name"


def _int(value: int) -> str:
    if not -_LONG <= value < _LONG:
        raise OddError("a whole number beyond 64 bits")
    return str(value)


def _float(value: float) -> str:
    if isfinite(value):
        return repr(value)
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _texts(value: list[str]) -> str:
    # An empty list and a list of one empty text would be the same cell.
    if not value or value == [""]:
        raise OddError("an empty list")
    try:
        return ARRAY.join(value)
    except TypeError:
        raise OddError("a list of several kinds") from None


def _floats(value: list[float]) -> str:
    if {item.__class__ for item in value} != {float}:
        raise OddError("a list that is empty or of several kinds")
    return ARRAY.join(map(_float, value))


WAYS: Final[dict[str, tuple[type, Callable[[Any], str]]]] = {
    "long": (int, _int), "double": (float, _float), "boolean": (bool, _bool), "string[]": (list, _texts),
    "double[]": (list, _floats), "datetime": (datetime, instant),
}  # fmt: skip
"""The importer's types other than texts, by the type of their values, and how one of these is written."""

_KINDS: Final[dict[type, str]] = {
    str: "string", int: "long", float: "double", bool: "boolean", datetime: "datetime",
}  # fmt: skip


def kind(value: Any) -> str:
    """The importer's name of a value's type.

    >>> kind("a"), kind(True), kind(["a"]), kind([1.5])
    ('string', 'boolean', 'string[]', 'double[]')

    Raises:
        OddError: it has none.
    """
    if value.__class__ is list:
        kinds = {item.__class__ for item in value}
        if kinds == {str}:
            return "string[]"
        if kinds == {float}:
            return "double[]"
        raise OddError("a list that is empty or of several kinds")
    found = _KINDS.get(value.__class__)
    if found is None:
        raise OddError(f"a {value.__class__.__name__}")
    return found


def column(type_: str, values: Sequence[Any]) -> Sequence[str]:
    """The cells of some values of one name; nothing at all for None.

    >>> column("long", [1, None]), column("string", ["a", "", None]) == ["a", EMPTY, ""]
    (['1', ''], True)

    Raises:
        OddError: a value is of another type (of a text :func:`joined` says so).
    """
    if type_ == "string":
        if all(values):
            return values
        return [EMPTY if value == "" else "" if value is None else value for value in values]
    class_, way = WAYS[type_]
    classes = set(map(type, values))
    if classes == {class_}:
        return [*map(way, values)]
    if not classes <= {class_, type(None)}:
        raise OddError(_OTHER)
    return ["" if value is None else way(value) for value in values]


def joined(columns: Sequence[Sequence[str]]) -> list[str]:
    """The lines of some columns; a cell that goes over several lines of text is quoted.

    >>> joined([["a", "c"], ["b", "d"]]) == [f"a{DELIMITER}b", f"c{DELIMITER}d"]
    True
    >>> joined([["a\\nb"]]) == [f"{QUOTE}a\\nb{QUOTE}"]
    True

    Raises:
        OddError: a cell is no text, or holds one of the characters that set cells apart.
    """
    rows = [*zip(*columns, strict=True)]
    try:
        lines = [*map(DELIMITER.join, rows)]
    except TypeError:
        raise OddError(_OTHER) from None
    text = "\n".join(lines)
    # A reference may hold one by a per cent sign, which no look at the resource's text finds.
    if text.count(DELIMITER) != len(rows) * (len(columns) - 1) or (
        QUOTE in text and text.count(QUOTE) != 2 * sum(cells.count(EMPTY) for cells in columns)
    ):
        raise OddError("a text with a control character")
    if text.count("\n") == len(lines) - 1 and "\r" not in text:
        return lines
    return [
        DELIMITER.join(map(_folded, row)) if "\n" in line or "\r" in line else line
        for line, row in zip(lines, rows, strict=True)
    ]


def _folded(cell: str) -> str:
    return f"{QUOTE}{cell}{QUOTE}" if "\n" in cell or "\r" in cell else cell
