"""Parameters of named queries: values of Python, or texts, read as the type that the query's header declares."""

import json
from datetime import datetime
from typing import Any

from graph.instant import ALLOWED, BEGINS, instant
from graph.queries import Param
from ontology.errors import InvalidInputError


def typed(key: str, param: Param, value: Any) -> Any:
    """The value as the type of the parameter; lists and maps may be given as JSON.

    >>> typed("limit", Param(type="INTEGER", doc="Rows."), "5"), typed("types", Param(type="LIST<STRING>", doc=""), '["A"]')
    (5, ['A'])

    Raises:
        InvalidInputError: it cannot be read so; the message gives the type, what the parameter means and an example.
    """
    try:
        return _read(param.type, value, begins=key in BEGINS)
    except (ValueError, TypeError, OverflowError, RecursionError, InvalidInputError):
        example = param.example if isinstance(param.example, str) else json.dumps(param.example)
        raise InvalidInputError(
            f"The parameter {key} is of another type.",
            got=value,
            allowed=f"{param.type}: {param.doc}" + (f" {ALLOWED}" if param.type == "ZONED DATETIME" else ""),
            do=f"Example: -p '{key}={example}'",
        ) from None


def _read(kind: str, value: Any, *, begins: bool) -> Any:
    if kind.startswith("LIST"):
        inner = kind[len("LIST<") : -1]
        items = _json(value, list)
        return [_read(inner, item, begins=begins) for item in items] if inner else items
    match kind:
        case "STRING":
            return _text(value)
        case "INTEGER":
            return _integer(value)
        case "FLOAT":
            return _float(value)
        case "ZONED DATETIME":
            return _instant(value, begins=begins)
    return _json(value, {"BOOLEAN": bool, "MAP": dict}[kind])


def _json(value: Any, wanted: type) -> Any:
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, wanted):
        raise TypeError
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool | list | dict):
        raise TypeError
    return str(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise TypeError
    found = int(value)
    if not -(2**63) <= found < 2**63:
        raise OverflowError
    return found


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _instant(value: Any, *, begins: bool) -> datetime:
    """A value from Python has its zone already, or is refused; a text is read by the rule for all of them."""
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return value
    return instant(value if isinstance(value, str) else str(value), begins=begins)
