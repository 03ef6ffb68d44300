"""From the text of a resource to its content, with nothing lost in silence: no digit of a number, no name given twice.

A JSON reader keeps the last of two equal names, turns ``1.50`` into ``1.5`` and knows no number above 1.8e308. Most texts
hold nothing of the kind, which two cheap looks at them show; the others are read once more, slowly and exactly.
"""

import json
import re
from typing import Any, Final

import orjson

DEEPEST: Final = 254
"""Levels of objects and lists in each other that are taken in."""

_SORTED = orjson.OPT_SORT_KEYS
# A number in an object or list that may be written in several ways: with a point or an exponent, a negative zero, a long one.
_NUMBER = re.compile(rb"[:,\[]\s*+(-?\d++[.eE][\d.eE+-]++|-0|-?\d{16,}+)(?=[\s,}\]])")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}").fullmatch


class UnreadableError(ValueError):
    """A text that cannot be read as the content of one resource: a reason of ``read_items.REASONS`` and words for people."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason, self.message = reason, message
        super().__init__(message)


def parse(raw: bytes, *, id_: str | None = None) -> tuple[Any, bytes]:
    """The content, and its canonical JSON: keys sorted, no white space, every number with the digits it was written with.

    ``id_`` is given to an object that has no id of its own.

    >>> parse(b'{"b": 1.50, "a": 2}')
    ({'b': 1.5, 'a': 2}, b'{"a":2,"b":1.50}')

    Raises:
        UnreadableError: not JSON, not UTF-8, nested too deep, half of a surrogate pair, or a name twice in one object.
    """
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        content = _wide(raw, error)
    try:
        compact = orjson.dumps(content)
        if compact != raw and not (isinstance(content, dict | list) and _plain(raw, compact)):
            return _exactly(raw, content, id_)
        if id_ and _lacks_id(content):
            content["id"] = id_
        return content, orjson.dumps(content, option=_SORTED)
    except RecursionError:
        raise _too_deep() from None
    except orjson.JSONEncodeError as error:
        raise (_too_deep() if "ecursion" in str(error) else _half()) from None


def _plain(raw: bytes, compact: bytes) -> bool:
    """True when the text says the same as what was read: as many quotes (so no name was dropped), and no digit lost."""
    if b"\\u00" in raw or raw.count(b'"') != compact.count(b'"'):
        return False
    return all(map(_same, _NUMBER.findall(raw)))


def _same(number: bytes) -> bool:
    try:
        return orjson.dumps(orjson.loads(number)) == number
    except orjson.JSONDecodeError:
        return False


def _exactly(raw: bytes, content: Any, id_: str | None) -> tuple[Any, bytes]:
    try:
        tree = json.loads(raw.decode(), parse_float=_digits, parse_int=_digits, object_pairs_hook=_once)
    except _TwiceError:
        raise UnreadableError("repeated-name", f"the name {repeated(raw)} is given twice") from None
    if id_ and _lacks_id(tree):
        tree["id"] = content["id"] = id_
    return content, orjson.dumps(tree, option=_SORTED)


def _lacks_id(content: Any) -> bool:
    return isinstance(content, dict) and not content.get("id")


def _digits(text: str) -> orjson.Fragment:
    return orjson.Fragment(text.encode())


class _TwiceError(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise _TwiceError
    return content


class _Pairs(list[tuple[str, Any]]):
    """An object with all the names that its text has."""


def repeated(raw: bytes) -> str | None:
    """The path of the first name that an object of a JSON text has twice; None when there is none.

    Bytes that are not UTF-8 are for its reader to name.

    >>> repeated(b'{"name": [{"use": "usual"}, {"use": "old", "use": "usual"}]}')
    'name[1].use'

    Raises:
        ValueError, RecursionError: not JSON, or nested too deep.
    """
    text = raw.decode(errors="replace")
    todo: list[tuple[str, Any]] = [("", json.loads(text, object_pairs_hook=_Pairs, parse_int=float))]
    while todo:
        path, here = todo.pop()
        if isinstance(here, _Pairs):
            seen: set[str] = set()
            for name, _ in here:
                if name in seen:
                    return _below(path, name)
                seen.add(name)
            todo += [(_below(path, name), value) for name, value in reversed(here)]
        elif isinstance(here, list):
            todo += [(f"{path}[{i}]", value) for i, value in reversed(list(enumerate(here)))]
    return None


def _below(path: str, name: str) -> str:
    # A name that is no name of an element may be part of a record, so it is not repeated.
    name = name if _NAME(name) else "?"
    return f"{path}.{name}" if path else name


def _wide(raw: bytes, error: orjson.JSONDecodeError) -> Any:
    """What orjson refuses only because a number is beyond a double; that number is infinite then, its text is kept."""
    if "infinity" not in str(error):
        raise UnreadableError(*why(raw, "the text")) from None
    try:
        return json.loads(raw.decode(), parse_int=_int, parse_constant=_refuse)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise UnreadableError("broken-json", "the text is not JSON") from None


def _int(digits: str) -> int | float:
    return int(digits) if len(digits) < 19 else float(digits)


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _too_deep() -> UnreadableError:
    return UnreadableError("too-deep", f"the text is nested more than {DEEPEST} levels deep")


def _half() -> UnreadableError:
    return UnreadableError(
        "half-character", "the text holds one half of a surrogate pair, which is no character"
    )


def why(text: bytes, what: str) -> tuple[str, str]:
    """Reason and message for bytes that a JSON reader refused.

    >>> why(b'{"a": ', "the line")
    ('broken-json', 'the line is not JSON (byte 6)')
    >>> why(b'"\\xff"', "the line")[0]
    'not-utf8'
    """
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return "not-utf8", f"{what} is not UTF-8 (byte {error.start})"
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # The reader's own words may quote the text; only the position is passed on.
        said = str(error)
        if "depth limit" in said:
            return "too-deep", f"{what} is nested more than {DEEPEST} levels deep"
        if "surrogate" in said:
            return "half-character", f"{what} holds one half of a surrogate pair, which is no character"
        if "infinity" not in said:
            return "broken-json", f"{what} is not JSON (byte {len(text.decode()[: error.pos].encode())})"
    return "not-a-resource", f"{what} is not an object with a resourceType"
