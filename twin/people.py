"""Patients and their encounters as the cohort needs them: to choose an index and to read an outcome.

The closing fields are here too, so nothing in this module may become a feature.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from graph.connection import Graph
from graph.journey_rows import UNTRUE
from ontology.errors import NotFoundError
from twin.tasks import Encounters, Index

BATCH = 500
"""Patients in one question to the database."""


@dataclass(frozen=True, slots=True)
class Former:
    """What an encounter said it was, and until when."""

    until: datetime
    kind: str | None
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """One encounter as known now or at an instant; times in UTC, ``closed`` is when its end and disposition became known."""

    key: str
    kind: str | None
    codes: tuple[str, ...]
    start: datetime | None
    end: datetime | None
    recorded: datetime | None
    closed: datetime | None
    disposition: str | None
    place: str | None
    wrong: bool = False
    """Whether it was entered in error, which is known when it is closed."""
    since: datetime | None = None
    until: datetime | None = None
    """Since and until when it says so; None for ever."""
    before: tuple[Former, ...] = ()
    """What it said before it was updated, the oldest first."""

    def said(self, at: datetime | None) -> bool:
        """Whether this is what was said at an instant; None for now."""
        if at is None:
            return self.until is None
        return (self.since is None or self.since <= at) and (self.until is None or self.until > at)

    def stands(self, at: datetime | None) -> bool:
        """Whether it was not known to be wrong at an instant; None for everything."""
        return not self.wrong or (at is not None and (self.closed is None or self.closed > at))

    def of(self, wanted: Encounters, at: datetime) -> bool:
        """Whether it was one of the encounters that a task names, by what was known of it at an instant."""
        said = next((former for former in self.before if former.until > at), self)
        return said.kind in wanted.classes and (
            not wanted.codes or not set(wanted.codes).isdisjoint(said.codes)
        )

    def instant(self, index: Index) -> datetime | None:
        """The moment that a task would predict at in this encounter; None when it has no such moment (yet)."""
        anchor = self.start if index.anchor == "start" else self.end
        return None if anchor is None or self.start is None else anchor + index.offset


@dataclass(frozen=True, slots=True)
class Person:
    """A patient with all encounters in order of start."""

    key: str
    gender: str | None
    birth: str | None
    race: str | None
    ethnicity: str | None
    population: str
    deceased: datetime | None
    visits: tuple[Visit, ...]


def age(birth: str | None, at: datetime) -> float | None:
    """Age in years at an instant, by a birth date as precise as it was given.

    Whole dates: days / 365.25. A year alone: the difference of the years, because whoever gives only a year has
    usually counted the age back from the year of care. A year and month: from the first of the month.

    >>> age("1958", datetime(2012, 2, 16, tzinfo=UTC)), age(None, datetime(2012, 2, 16, tzinfo=UTC))
    (54.0, None)
    >>> round(age("1958-02-17", datetime(2012, 2, 16, tzinfo=UTC)), 2)
    54.0
    """
    if not birth:
        return None
    if len(birth) == 4:
        return float(at.year - int(birth))
    day = datetime.fromisoformat(f"{birth}-01" if len(birth) == 7 else birth[:10]).replace(tzinfo=UTC)
    return (at - day) / timedelta(days=365.25)


def people(graph: Graph, keys: Sequence[str], at: datetime | None = None) -> Iterator[Person]:
    """The patients with these keys, in this order, without encounters that were known at ``at`` to be entered in error.

    Raises:
        NotFoundError: one of them is not in the graph.
    """
    for start in range(0, len(keys), BATCH):
        batch = list(keys[start : start + BATCH])
        found = {row["patient"]: row for row in graph.read("twin_data.people", patients=batch)}
        for key in batch:
            if key not in found:
                raise NotFoundError("No such patient in the graph.", got=key, do="See `cwm patient list`.")
            yield _person(found[key], at)


def _person(row: dict[str, Any], at: datetime | None) -> Person:
    versions: dict[str, list[Visit]] = {}
    for values in row["encounters"]:
        visit = _visit(*values)
        versions.setdefault(visit.key, []).append(visit)
    found = (_as_said(some, at) for some in versions.values())
    visits = (visit for visit in found if visit and visit.stands(at))
    never = datetime.max.replace(tzinfo=UTC)
    order = sorted(visits, key=lambda v: (v.start or never, v.key))
    plain = {name: row[name] for name in ("gender", "birth", "race", "ethnicity", "population")}
    return Person(key=row["patient"], deceased=instant(row["deceased"]), visits=tuple(order), **plain)


def _as_said(versions: Sequence[Visit], at: datetime | None) -> Visit | None:
    """The version of an encounter that was said at an instant, with those before it."""
    seen = next((visit for visit in versions if visit.said(at)), None)
    if seen is None or len(versions) == 1:
        return seen
    older = [
        Former(v.until, v.kind, v.codes) for v in versions if v.until and seen.since and v.until <= seen.since
    ]
    return replace(seen, before=tuple(sorted(older, key=attrgetter("until"))))


def _visit(
    key: str,
    kind: str | None,
    codes: list[str] | None,
    start: int | None,
    end: int | None,
    recorded: int | None,
    closed: int | None,
    disposition: str | None,
    place_key: str | None,
    place: str | None,
    status: str | None,
    since: int | None,
    until: int | None,
) -> Visit:
    begun, ended, known, over, first, last = (
        instant(x) for x in (start, end, recorded, closed, since, until)
    )
    where, wrong = place or place_key, status in UNTRUE
    named = tuple(codes or ())
    return Visit(key, kind, named, begun, ended, known, over, disposition, where, wrong, first, last)


def instant(millis: int | None) -> datetime | None:
    """Epoch milliseconds as a time in UTC.

    >>> instant(0)
    datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return None if millis is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
