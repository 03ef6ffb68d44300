"""A patient's record as the pages show it: facts in lanes, as known at a moment."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.components.words import figure
from graph.connection import Graph
from graph.journey import journey

LANES = {
    "Encounters": ("Encounter",),
    "Conditions": ("Condition", "AllergyIntolerance", "FamilyMemberHistory"),
    "Medications": (
        "MedicationRequest",
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationStatement",
        "Immunization",
    ),
    "Procedures": ("Procedure", "ImagingStudy", "DeviceUseStatement"),
    "Results": ("Observation", "DiagnosticReport", "Specimen"),
    "Plans and papers": (),
}
"""Lanes of the timeline and the FHIR types in them; every other type is in the last."""

_LANE = {kind: lane for lane, kinds in LANES.items() for kind in kinds}
OTHER = "Plans and papers"

CLASSES = {
    "AMB": "outpatient visit",
    "EMER": "emergency",
    "IMP": "hospital stay",
    "ACUTE": "hospital stay",
    "NONAC": "hospital stay",
    "OBSENC": "observation stay",
    "SS": "day case",
    "HH": "at home",
    "VR": "remote",
}
"""Encounter classes (HL7 v3 ActCode) in words."""


@dataclass(frozen=True)
class Fact:
    """One line of the record. ``start``, ``end`` and ``recorded`` are aware, in UTC; any may be missing."""

    key: str
    lane: str
    start: dt.datetime | None
    end: dt.datetime | None
    recorded: dt.datetime | None
    what: str
    value: str

    @property
    def late(self) -> bool:
        """Whether it became known on a later day than it happened."""
        return bool(self.start and self.recorded and self.recorded.date() > self.start.date())


@dataclass(frozen=True)
class Record:
    """What was known of a patient at ``at`` (None: all that is known)."""

    patient: dict[str, Any]
    facts: list[Fact]
    at: dt.datetime | None

    @property
    def dated(self) -> list[Fact]:
        """Facts with a start, oldest first."""
        return sorted((f for f in self.facts if f.start), key=lambda f: (f.start, f.key))

    @property
    def bounds(self) -> tuple[dt.datetime, dt.datetime] | None:
        """The first and the last instant of the record."""
        times = [t for f in self.facts for t in (f.start, f.end, f.recorded) if t]
        return (min(times), max(times)) if times else None

    @property
    def visits(self) -> list[dt.datetime]:
        """The moments at which an encounter was over and known, oldest first."""
        ends = {max(filter(None, (f.end, f.recorded, f.start))) for f in self.facts if f.lane == "Encounters"}
        return sorted(ends)


@dataclass(frozen=True)
class Gap:
    """A stretch in which nothing was recorded."""

    start: dt.datetime
    end: dt.datetime
    days: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", (self.end - self.start).total_seconds() / 86400)


def gaps(record: Record) -> list[Gap]:
    """Stretches without any fact, longer than a year, or than a tenth of a record that is shorter than ten years.

    Never less than 12 hours. A condition that goes on is no sign that anybody looked.
    """
    dated = record.dated
    if not dated or not record.bounds:
        return []
    span = (record.bounds[1] - record.bounds[0]).total_seconds() / 86400
    least = max(0.5, min(365.25, span / 10))
    found, seen = [], dated[0].start
    for fact in dated:
        assert fact.start  # noqa: S101 - `dated` has only these
        if seen and (fact.start - seen).total_seconds() / 86400 > least:
            found.append(Gap(seen, fact.start))
        stay = fact.end if fact.lane == "Encounters" and fact.end else fact.start
        seen = max(seen or stay, stay)
    return found


def read(graph: Graph, key: str, at: dt.datetime | None = None) -> Record:
    """The record of a patient as known at ``at``.

    Raises:
        NotFoundError: no such patient.
    """
    found = journey(graph, key, at)
    return Record(found.patient, [_fact(row) for row in (*found.encounters, *found.facts)], at)


def _fact(row: dict[str, Any]) -> Fact:
    lane = _LANE.get(row["type"], OTHER)
    what = row["display"] or row["code"] or row["type"]
    value = row["text"] or ""
    if row["value"] is not None:
        value = f"{figure(row['value'])} {_unit(row['unit'])}".strip()
    if lane == "Encounters":
        value = CLASSES.get(row["class"] or "", row["class"] or "")
    elif lane in {"Medications", "Conditions"}:
        value = row["status"] or ""
    start, end, recorded = row["start"], row["end"], row["recorded"]
    return Fact(row["key"], lane, start, end, recorded, _plain(what), value)


def _plain(text: str) -> str:
    """A display without SNOMED's tag of the hierarchy.

    >>> _plain("Anemia (disorder)"), _plain("Aspirin (81 MG)")
    ('Anemia', 'Aspirin (81 MG)')
    """
    head, _, tail = text.rpartition(" (")
    tags = {"disorder)", "finding)", "procedure)", "situation)", "regime/therapy)", "observable entity)"}
    return head if head and tail in tags else text


def _unit(unit: str | None) -> str:
    """A UCUM unit without its annotations, which only repeat the name.

    >>> _unit("{score}"), _unit("mm[Hg]"), _unit(None)
    ('', 'mmHg', '')
    """
    if not unit or unit.startswith("{"):
        return ""
    return unit.replace("[", "").replace("]", "")


def lanes(facts: Sequence[Fact]) -> list[str]:
    """The lanes that these facts fill, in order."""
    there = {f.lane for f in facts}
    return [lane for lane in LANES if lane in there]
