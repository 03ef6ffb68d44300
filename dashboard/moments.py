"""The 'as of' control: one moment, set by a date, a slider or the visits. Moments are ISO text in UTC, None for now."""

import datetime as dt
from bisect import bisect_left, bisect_right
from typing import Any

from dashboard.components.words import moment

STEPS = 200
"""Steps of the slider from the first to the last instant of the record."""

Moved = tuple[str | None, str | None, int, str]


def parse(text: str | None) -> dt.datetime | None:
    """An aware instant from ISO text or from the date control; None for None.

    >>> parse("2024-05-01 13:00:00").isoformat()
    '2024-05-01T13:00:00+00:00'
    """
    if not text:
        return None
    found = dt.datetime.fromisoformat(text)
    return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)


def moved(by: str, when: str | None, slid: int, at: str | None, visits: list[str]) -> Moved | None:
    """The moment after one of the controls was used: store, date control, slider, sentence. None: nothing changed.

    ``visits``: the first instant of the record, then every visit's end, then the last instant, as ISO text.

    >>> visits = ["2020-01-01T00:00:00+00:00", "2021-01-01T00:00:00+00:00", "2022-01-01T00:00:00+00:00"]
    >>> moved("patient-before", None, 200, None, visits)[0]
    '2021-01-01T00:00:00+00:00'
    >>> moved("patient-after", None, 0, "2021-01-01T00:00:00+00:00", visits)[3]
    'Everything that is known is shown.'
    """
    now = parse(at)
    target = _target(by, when, slid, now, visits)
    if target == now and by in {"patient-when", "patient-slider"}:
        return None
    if target is None:
        return None, None, STEPS, "Everything that is known is shown."
    said = f"Shown is what was known at {moment(target)} UTC; what became known later is left out."
    return target.isoformat(), target.strftime("%Y-%m-%d %H:%M:%S"), _step(target, visits), said


def _target(
    by: str, when: str | None, slid: int, now: dt.datetime | None, visits: list[str]
) -> dt.datetime | None:
    ends = [dt.datetime.fromisoformat(visit) for visit in visits]
    if by == "patient-when":
        chosen = parse(when)
        # The control knows no fractions of a minute; the moment that it shows is not a new one.
        return now if chosen and now and abs((chosen - now).total_seconds()) < 60 else chosen
    if by == "patient-all" or not ends:
        return None
    if by == "patient-slider":
        return now if slid == (_step(now, visits) if now else STEPS) else _at(slid, ends)
    if by == "patient-before":
        place = bisect_left(ends, now) if now else len(ends) - 1
        return ends[max(0, place - 1)]
    place = bisect_right(ends, now) if now else len(ends)
    return ends[place] if place < len(ends) - 1 else None


def _at(step: int, ends: list[dt.datetime]) -> dt.datetime | None:
    if step >= STEPS:
        return None
    chosen = ends[0] + (ends[-1] - ends[0]) * step / STEPS
    return chosen.replace(microsecond=0)


def _step(at: dt.datetime, visits: list[str]) -> int:
    if len(visits) < 2:
        return STEPS
    first, last = (dt.datetime.fromisoformat(visits[place]) for place in (0, -1))
    part = (at - first).total_seconds() / max((last - first).total_seconds(), 1)
    return round(min(1.0, max(0.0, part)) * STEPS)


def marks(visits: list[str]) -> list[dict[str, Any]]:
    """About five labels under the slider: years, or days when the record is short."""
    if len(visits) < 2:
        return []
    first, last = (dt.datetime.fromisoformat(visits[place]) for place in (0, -1))
    style = "%Y" if (last - first).days > 900 else "%Y-%m-%d"
    labels = [
        (step, (first + (last - first) * step / STEPS).strftime(style))
        for step in range(0, STEPS + 1, STEPS // 5)
    ]
    return [{"value": step, "label": label} for step, label in labels]
