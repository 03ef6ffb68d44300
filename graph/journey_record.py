"""A patient's whole record, kept while nothing is committed to the graph: any instant of it is then a matter of memory.

To read some thousand facts takes the database a tenth of a second, and whoever moves through time asks for the same ones
again and again. So the first look at a patient reads the record whole, and the next ones take what was known from it, as
long as the database's own mark says that nothing was committed since, by whomever. What is known at an instant is what
``journey.facts`` gives: a property-based test holds the two together.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Final, NamedTuple

from graph import journey_rows
from graph.connection import Graph, Mark
from graph.ingest_memory import seldom_collected

MOST: Final = 60_000
"""Rows that are kept, of all patients together; of one more than that, none."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NOWHERE = (None, None)
_RECORDED, _STATUS = journey_rows.COLUMNS.index("recorded"), journey_rows.COLUMNS.index("status")
_ONE, _OLDER = 0, 2
"""Of how many versions it is, as ``journey.record`` answers: the only one; one of which another took the place."""
_VISIT: Final = 14
"""Place of the key and the class of an encounter in what ``journey.record`` answers."""


class Entry(NamedTuple):
    """A row, and when it is to be seen; times are microseconds since 1970."""

    row: dict[str, Any]
    """As of everything; its encounter, when it is a fact, is in ``visits``."""
    recorded: int | None
    deleted: int | None
    closed: int | None
    hidden: dict[str, None]
    """The columns that are empty until it is closed."""
    visits: list[str] | None
    """Keys of the encounters that include the fact."""


class Visit(NamedTuple):
    """A version of an encounter, and when it is to be seen."""

    key: str
    kind: str | None
    """Its class."""
    recorded: int | None
    deleted: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """All that a patient's journey is at any instant."""

    entries: list[Entry]
    """In order of time."""
    visits: list[Visit]
    """Of all encounters that facts speak of."""


@dataclass(frozen=True)
class _Place:
    mark: Mark
    record: Record | None = None
    """None when it is too large."""

    @property
    def size(self) -> int:
        return (len(self.record.entries) if self.record else 0) + (1 if self.mark else 0)


_NOTHING = _Place(frozenset())


class Kept:
    """The records of the patients that were asked for last; for many threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._rows, self._lock = most, 0, Lock()
        self._of: OrderedDict[str, _Place] = OrderedDict()

    def look(self, patient: str, mark: Mark) -> tuple[bool, Record | None]:
        """Whether it pays to read the whole record of a patient now, and the record if it is kept."""
        with self._lock:
            place = self._of.get(patient)
            if place is None or place.mark != mark:
                return True, None
            self._of.move_to_end(patient)
            return False, place.record

    def keep(self, patient: str, mark: Mark, record: Record) -> None:
        """Keep the record of a patient; the ones asked for longest ago go."""
        with self._lock:
            self._put(patient, _Place(mark, record if len(record.entries) < self._most else None))

    def forget(self, patient: str) -> None:
        """Keep nothing of a patient who is no longer there."""
        with self._lock:
            self._rows -= self._of.pop(patient, _NOTHING).size

    def _put(self, patient: str, place: "_Place") -> None:
        self._rows += place.size - self._of.pop(patient, _NOTHING).size
        self._of[patient] = place
        while self._rows > self._most:
            _, gone = self._of.popitem(last=False)
            self._rows -= gone.size


def known(record: Record, at: datetime | None) -> list[dict[str, Any]]:
    """The rows as known at an instant, in their order; each is the caller's own, the lists in it are not.

    >>> row = {"key": "Observation/1", "status": "final", "encounter": None, "class": None}
    >>> record = Record([Entry(row, 10, None, 20, {"status": None}, ["Encounter/1"])], [Visit("Encounter/1", "IMP", 5, None)])
    >>> moment = _EPOCH + timedelta(microseconds=15)
    >>> known(record, moment)[0]["status"], known(record, None)[0]["status"], known(record, None)[0]["class"]
    (None, 'final', 'IMP')
    >>> known(record, _EPOCH)
    []
    """
    now = None if at is None else (at - _EPOCH) // _MICROSECOND

    def there(recorded: int | None, deleted: int | None) -> bool:
        if now is None:
            return deleted is None
        return recorded is not None and recorded <= now and (deleted is None or deleted > now)

    classes = {key: (key, kind) for key, kind, recorded, deleted in record.visits if there(recorded, deleted)}
    found = []
    for row, recorded, deleted, closed, hidden, visits in record.entries:
        if not there(recorded, deleted):
            continue
        seen = row.copy()
        if hidden and now is not None and (closed is None or closed > now):
            seen |= hidden
        if visits:
            seen["encounter"], seen["class"] = next(
                (classes[key] for key in visits if key in classes), _NOWHERE
            )
        found.append(seen)
    return found


def read(graph: Graph, patient: str, mark: Mark) -> Record:
    """The whole record of a patient in order of time, as it is now: no earlier than ``mark``."""
    # The mark that comes with the answer is dropped: it may be of a later state than what was read.
    with seldom_collected():
        answer, _ = graph.marked("journey.record", mark, patient=patient)
        newest: list[list[Any]] = []
        superseded: list[list[Any]] = []
        visits: list[Visit] = []
        spoken: set[str] = set()
        for cells in (cells for (some,) in answer for cells in some):
            versions = cells.pop()
            (superseded if versions == _OLDER else newest).append(cells)
            if (within := cells[-1]) is not None:
                spoken.update(within)
            elif versions == _ONE:
                key, kind = cells[_VISIT]
                visits.append(Visit(key, kind, cells[_RECORDED], cells[-3]))
        entries = _entries(newest)
        if superseded:
            # Versions of one fact have one key, and none is seen together with another.
            entries += [entry for cells in superseded for entry in _entries([cells])]
            entries.sort(key=lambda entry: journey_rows.place(entry.row))
        # Encounters of several versions, which may be in several records; those of another patient, or of none.
        if elsewhere := spoken.difference(visit.key for visit in visits):
            answer, _ = graph.marked("journey.visits", mark, keys=sorted(elsewhere))
            visits += [Visit(*cells) for cells in answer]
        return Record(entries, visits)


def _entries(facts: list[list[Any]]) -> list[Entry]:
    """Rows of facts that have a key each, with their times."""
    times: dict[str, tuple[Any, ...]] = {}
    for cells in facts:
        recorded = cells[_RECORDED]
        *_, deleted, closed, visits = cells
        del cells[-3:]
        cells[_RECORDED] = None if recorded is None else recorded // 1000
        hidden = dict.fromkeys(journey_rows.closing(cells[1], cells[_STATUS]))
        times[cells[0]] = recorded, deleted, closed, hidden, visits
    return [Entry(row, *times[row["key"]]) for row in journey_rows.dicts(facts)]
