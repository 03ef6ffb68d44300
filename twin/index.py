"""Which moment of a patient's journey a task predicts at: chosen once, and never by what comes after it."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from twin.people import Person, Visit
from twin.tasks import Index, Task


@dataclass(frozen=True, slots=True)
class Place:
    """A moment ``at`` of a patient, in an encounter; ``unfit`` says why the task does not describe it."""

    at: datetime
    visit: Visit | None
    unfit: str | None = None


def drawn_day(patient: str, index: Index) -> datetime:
    """The day from which a patient's index is looked for: the same for ever, whoever else is in the graph.

    >>> index = Index.model_validate({"encounters": {"classes": ["AMB"]}, "anchor": "end", "offset": "0h",
    ...     "pick": "first-after-hashed-day", "from": "2022-01-01", "spread": "365d", "valid_for": "30d"})
    >>> drawn_day("Patient/a", index).isoformat()
    '2022-06-05T00:00:00+00:00'
    """
    if index.first_day is None:
        return datetime.min.replace(tzinfo=UTC)
    digest = hashlib.sha256(f"{index.seed}|{patient}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return datetime.combine(index.first_day, time(), UTC) + timedelta(days=int(share * index.spread.days))


def candidates(person: Person, index: Index) -> list[Place]:
    """Every moment at which the task could predict for this patient, in order."""
    moments = ((v.instant(index), v) for v in person.visits)
    found = (Place(at, v) for at, v in moments if at is not None and v.of(index.encounters, at))
    return sorted(found, key=lambda p: (p.at, _key(p.visit)))


def chosen(person: Person, index: Index) -> Place | None:
    """The patient's index: the first candidate whose encounter starts on or after the drawn day.

    A candidate that comes later cannot change it: that is why it is not drawn among all of them.
    """
    since = drawn_day(person.key, index)
    return next(
        (p for p in candidates(person, index) if p.visit and p.visit.start and p.visit.start >= since), None
    )


def at_moment(person: Person, task: Task, at: datetime) -> Place:
    """The place of a prediction made at ``at``, by what was known then.

    It fits the task when a candidate's own moment has come and is no older than ``valid_for``; else the place is
    the latest encounter that was known, and ``unfit`` says why the task does not describe it.
    """
    latest = [p for p in candidates(person, task.index) if p.at <= at and p.visit and _known(p.visit, at)]
    if latest and at - latest[-1].at <= task.index.valid_for:
        return Place(at, latest[-1].visit)
    known = [v for v in person.visits if _known(v, at)]
    if not known:
        return Place(at, None, "no encounter is known at this moment")
    visit = max(known, key=lambda v: (v.start or datetime.min.replace(tzinfo=UTC), v.key))
    why = (
        "the last index encounter is too long ago" if latest else "no encounter has reached the task's index"
    )
    return Place(at, visit, why)


def _known(visit: Visit, at: datetime) -> bool:
    return visit.recorded is None or visit.recorded <= at


def _key(visit: Visit | None) -> str:
    return visit.key if visit else ""
