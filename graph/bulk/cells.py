"""How a value is written in the files of Neo4j's importer, so that it comes back as the driver would have stored it.

Columns, texts and lists are set apart by control characters, which FHIR's JSON cannot hold as they are, so that no text
needs quoting but the empty one (nothing at all is null) and one with several lines. What cannot be written so that it
comes back the same is :class:`OddError`, and goes into the graph through the driver.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
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

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONG = 1 << 63


class OddError(ValueError):
    """A value that cannot be written in these files; the message names its kind and never the value."""


def odd(text: str) -> bool:
    """True when a text holds one of the three characters.

    >>> odd("a" + ARRAY), odd("a, b;c")
    (True, False)
    """
    return DELIMITER in text or QUOTE in text or ARRAY in text


@lru_cache(maxsize=4096)
def instant(seconds: int, nanoseconds: int) -> str:
    """An instant in UTC, from seconds and nanoseconds (whole microseconds) since 1970.

    >>> instant(-1, 500_000_000), instant(0, 0)
    ('1969-12-31T23:59:59.500000Z', '1970-01-01T00:00:00Z')
    """
    at = _EPOCH + timedelta(seconds=seconds, microseconds=nanoseconds // 1000)
    return at.isoformat()[:-6] + "Z"


_OTHER = "a value of another type than others of its name"


def _int(value: Any) -> str:
    if value.__class__ is not int:
        raise OddError(_OTHER)
    if not -_LONG <= value < _LONG:
        raise OddError("a whole number beyond 64 bits")
    return str(value)


def _float(value: Any) -> str:
    if value.__class__ is not float:
        raise OddError(_OTHER)
    text = repr(value)
    return _WORDS.get(text, text)


_WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def _bool(value: Any) -> str:
    if value.__class__ is not bool:
        raise OddError(_OTHER)
    return "true" if value else "false"


def _texts(value: Any) -> str:
    # An empty list and a list of one empty text would be the same cell.
    if value.__class__ is not list or not value or value == [""]:
        raise OddError("an empty list")
    try:
        return ARRAY.join(value)
    except TypeError:
        raise OddError("a list of several kinds") from None


def _floats(value: Any) -> str:
    if value.__class__ is not list or not value:
        raise OddError("an empty list")
    return ARRAY.join(map(_float, value))


def _datetime(value: Any) -> str:
    if value.__class__ is not tuple:
        raise OddError(_OTHER)
    return instant(*value[1:])


WAYS: Final[dict[str, Callable[[Any], str]]] = {
    "long": _int, "double": _float, "boolean": _bool, "string[]": _texts, "double[]": _floats, "datetime": _datetime,
}  # fmt: skip
"""The importer's types other than texts, and how a value of each is written; all raise :class:`OddError` for another's.

Instants come as name, seconds and nanoseconds.
"""

_KINDS: Final[dict[type, str]] = {str: "string", int: "long", float: "double", bool: "boolean"}


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
    if type_ != "string":
        way = WAYS[type_]
        return ["" if value is None else way(value) for value in values]
    if None in values or "" in values:
        return [EMPTY if value == "" else "" if value is None else value for value in values]
    return values


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
