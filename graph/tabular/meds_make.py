"""From the events of a subject to its resources: what is gathered, and what stands for itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

import orjson

from graph.tabular.make import compile_
from graph.tabular.meds_folder import Folder, Subject
from graph.tabular.row import Row
from ontology.table_mapping import EVENT, KindMapping, kinds

COLUMN: Final = "urn:clinical-world-model:meds:column:"
"""Before the name of a column, the address of the extension that carries it (ours)."""
NAMES: Final = 1000
"""Families of codes that are counted by name."""
Made = tuple[int, dict[str, Any]]
"""A row and the resource that came of it."""


@dataclass(slots=True)
class Event:
    """A row of a MEDS table; ``values`` holds every other column that is given, as words."""

    line: int
    subject: str
    code: str
    values: dict[str, str]
    encounter: str | None = None


@dataclass(slots=True)
class Gathered:
    """Events of one person or one encounter, by what they say."""

    kind: KindMapping
    key: str | None
    roles: dict[str, tuple[Event, str | None]] = field(default_factory=dict)


class SubjectMaker:
    """Makes the resources of one subject; its events come in their order, and :meth:`end` gives what was gathered."""

    def __init__(self, folder: Folder, number: str, line: int, counts: Counter[str]) -> None:
        self.folder, self.counts = folder, counts
        self.around = Subject(folder, number)
        self._line = line
        self._seen: Counter[bytes] = Counter()
        self._gathered: dict[tuple[str, str | None], Gathered] = {}
        for kind in kinds().values():
            if kind.gathers == "subject":
                self._gathered[kind.name, None] = Gathered(kind, None)

    def take(self, event: Event) -> Iterator[Made]:
        """What an event becomes at once.

        Raises:
            ValueError: it is none; the words hold no value.
        """
        found = self.folder.codes.role(event.code)
        if found is not None:
            kind, role, value = found
            key = event.encounter if kind.gathers == "encounter" else None
            if kind.gathers == "subject" or key is not None:
                group = self._gathered.setdefault((kind.name, key), Gathered(kind, key))
                if role not in group.roles:
                    group.roles[role] = event, value
                    return
        yield self._alone(event)

    def end(self) -> Iterator[Made]:
        """What was gathered, and what of it says more than that."""
        for group in self._gathered.values():
            events = [event for event, _ in group.roles.values()]
            if not set(group.kind.need) <= group.roles.keys():
                yield from map(self._alone, events)
                continue
            row = Row(self._roles(group), self.around, group.kind.name)
            id_ = self.around.person if group.key is None else self.around.encounter(group.key)
            yield min((e.line for e in events), default=self._line), self._resource(group.kind, id_, row)
            for role, (event, _) in group.roles.items():
                if self._more(row, role, event):
                    yield self._alone(event)

    def _roles(self, group: Gathered) -> dict[str, str]:
        values = {"subject_id": self.around.number} | ({"encounter": group.key} if group.key else {})
        for role, (event, value) in group.roles.items():
            time = event.values.get("time")
            said = {"time": time, "value": value, "instant": None if time is None else _instant(time)}
            values |= {f"{role}.{name}": text for name, text in said.items() if text}
        return values

    def _more(self, row: Row, role: str, event: Event) -> bool:
        """True when an event says something that the resource it was gathered to does not."""
        said = {f"{role}.time", f"{role}.value"} & row.values.keys()
        ids = {name for kind in kinds().values() for name in kind.id}
        return bool(not said or said - row.used or event.values.keys() - {"time"} - ids)

    def _alone(self, event: Event) -> Made:
        codes = self.folder.codes
        kind = codes.kind(event.code)
        if not codes.known(event.code):
            self._count(f"code {codes.family(event.code)}: no kind, so an observation")
        values = {"subject_id": event.subject} | event.values
        if event.encounter is not None:
            values["encounter"] = event.encounter
        row = Row(values, self.around, kind.name, code=codes.concept(event.code))
        made = self._resource(kind, self._id(event), row)
        ids = {
            name
            for found in kinds().values()
            for name in found.id
            if event.values.get(name) == event.encounter
        }
        rest = [
            {"url": COLUMN + quote(name, safe=""), "valueString": value}
            for name, value in event.values.items()
            if name not in row.used and name not in ids
        ]
        return event.line, made | ({"extension": rest} if rest else {})

    def _resource(self, kind: KindMapping, id_: str, row: Row) -> dict[str, Any]:
        made: dict[str, Any] = {"resourceType": kind.type, "id": id_}
        if kind.gathers and self.folder.updated:
            made["meta"] = {"lastUpdated": self.folder.updated}
        return made | (_template(kind.name)(row) or {})

    def _id(self, event: Event) -> str:
        """By what the event says, and how often that was said before: the same in every file and every run."""
        said = orjson.dumps([event.subject, event.code, event.values], option=orjson.OPT_SORT_KEYS)
        hashed = sha256(said).digest()[:16]
        before = self._seen[hashed]
        self._seen[hashed] += 1
        return f"{self.folder.prefix}-{hashed.hex()}" + (f"-{before}" if before else "")

    def _count(self, what: str) -> None:
        if what not in self.counts and len(self.counts) >= NAMES:
            what = "codes of still other kinds: no kind, so observations"
        self.counts[what] += 1


def _template(name: str) -> Any:
    if name not in _TEMPLATES:
        _TEMPLATES[name] = compile_(kinds()[name].make)
    return _TEMPLATES[name]


_TEMPLATES: dict[str, Any] = {}


def _instant(time: str) -> str | None:
    return None if time.endswith("T00:00:00Z") else time


def encounter_of(values: dict[str, str]) -> str | None:
    """The number of the encounter that an event belongs to, by the first column that has one.

    >>> encounter_of({"hadm_id": "7", "time": "2020-01-01T00:00:00Z"})
    '7'
    """
    names = [name for kind in kinds().values() for name in kind.id]
    return next((values[name] for name in names if name in values), None)


__all__ = ["COLUMN", "EVENT", "Event", "SubjectMaker", "encounter_of"]
