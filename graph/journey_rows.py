"""The rows of a journey from what ``journey.facts`` answers: closing fields hidden, medicines named, components taken apart.

One answer of a large patient has some thousand rows, so this is written for speed: tuples, and each instant made once.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from ontology import mapping

COLUMNS = (
    *("key", "type", "system", "code", "display", "codes", "category", "status"),
    *("start", "end", "recorded", "value", "unit", "text", "encounter", "class", "disposition"),
)
"""Columns of a row, in order; times as whole milliseconds since 1970."""

UNTRUE = frozenset({"entered-in-error", "refuted"})
"""Status of what was never true; a journey shows it, and what counts facts leaves it out."""
_CLOSING = ("status", "end", "value", "text", "disposition")
_NOWHERE = (None, None)
_NEVER = float("inf")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rows(group: Iterable[list[Any]]) -> Iterator[tuple[Any, ...]]:
    """The cells of each row and, last, the number of the component (0 for the fact itself), which follows its panel."""
    for cells in group:
        key, type_, system, code, display, codes, category, status, start, end, recorded = cells[:11]
        value, unit, text, visit, disposition, open_, components, medicine = cells[11:]
        if open_ and (hidden := _hidden(type_, status if status in UNTRUE else None)):
            status, end, value, text, disposition = (
                None if hide else cell
                for hide, cell in zip(hidden, (status, end, value, text, disposition), strict=True)
            )
        encounter, class_ = visit or _NOWHERE
        if medicine:
            system, code, display, codes = medicine
        yield (
            *(key, type_, system, code, display, codes, category, status, start, end, recorded),
            *(value, unit, text, encounter, class_, disposition, 0),
        )
        for part, (token, name, number, measure, words) in enumerate(aligned(components), 1):
            spoken, _, bare = token.rpartition("|")
            yield (
                *(key, type_, spoken, bare, name or None, [token], category, status, start, end, recorded),
                None if number != number else number,  # noqa: PLR0124 - NaN stands for no number
                *(measure or None, words or None, encounter, class_, disposition, part),
            )


def aligned(components: Sequence[list[Any] | None] | None) -> Iterator[tuple[Any, ...]]:
    """The components of a panel one by one, of its aligned lists; of a list that is not there each has the empty word.

    >>> list(aligned([["a", "b"], None])), list(aligned(None))
    ([('a', ''), ('b', '')], [])
    """
    if not components or components[0] is None:
        return iter(())
    nothing = [""] * len(components[0])
    return zip(*(nothing if cells is None else cells for cells in components), strict=True)


def dicts(group: Iterable[list[Any]], clock: "Clock | None" = None) -> list[dict[str, Any]]:
    """The rows by name in order of time (start, else recorded), key and component; times aware, in UTC."""
    clock = clock or Clock({None: None})
    places: list[tuple[float, str, int]] = []
    found: list[dict[str, Any]] = []
    for row in rows(group):
        key, type_, system, code, display, codes, category, status, start, end, recorded = row[:11]
        value, unit, text, encounter, class_, disposition, part = row[11:]
        time = recorded if start is None else start
        places.append((_NEVER if time is None else time, key, part))
        found.append(
            {
                "key": key, "type": type_, "system": system, "code": code, "display": display,
                "codes": codes or None, "category": category or None, "status": status,
                "start": clock[start], "end": clock[end], "recorded": clock[recorded],
                "value": value, "unit": unit, "text": text,
                "encounter": encounter, "class": class_, "disposition": disposition,
            }
        )  # fmt: skip
    return [found[i] for i in sorted(range(len(found)), key=places.__getitem__)]


def place(row: dict[str, Any]) -> tuple[bool, datetime, str]:
    """Where a row stands in the order of time, without the components of a panel, which stay as they are.

    >>> early = {"key": "Observation/2", "start": None, "recorded": _EPOCH}
    >>> place(early) < place(early | {"recorded": None})
    True
    """
    time = row["recorded"] if row["start"] is None else row["start"]
    return time is None, time or _EPOCH, row["key"]


class Clock(dict[int | None, datetime | None]):
    """Instants by milliseconds since 1970: many facts of a visit share one."""

    def __missing__(self, milliseconds: int) -> datetime:
        at = self[milliseconds] = _EPOCH + timedelta(milliseconds=milliseconds)
        return at


def closing(type_: str, status: str | None = None) -> list[str]:
    """The columns that stay empty until the matter is closed, of a fact with this status.

    >>> closing("Encounter"), closing("Patient")
    (['status', 'end', 'disposition'], [])
    >>> closing("Condition"), closing("Condition", "entered-in-error")
    (['status', 'end'], ['end'])
    """
    hidden = _hidden(type_, status if status in UNTRUE else None)
    return [name for name, hide in zip(_CLOSING, hidden, strict=False) if hide]


@cache
def _hidden(type_: str, status: str | None) -> tuple[bool, ...]:
    """Which of the closing columns stay empty until the matter is closed; nothing where none does."""
    found = mapping.load(type_)
    # Whether a diagnosis was ever true is a matter of its own, which does not wait for its end.
    shown = {"status"} if status in UNTRUE and "verification" in found.properties else set()
    hidden = tuple(name in found.closing.fields and name not in shown for name in _CLOSING)
    return hidden if any(hidden) else ()
