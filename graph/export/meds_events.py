"""A patient as events of MEDS: who it is, and what each encounter and fact says when."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from graph import known
from graph.export.ages import too_old
from graph.export.deidentify import Deidentifier, token
from graph.export.request import Request
from graph.fhir import times
from graph.journey_rows import aligned
from graph.tabular.meds_folder import BASE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Clock = Literal["known", "start"]
Event = tuple[int, datetime | None, str, float | None, str | None, str | None, int | None]
"""subject_id, time (UTC, without zone), code, numeric_value, text_value, unit, encounter_id."""


class _Row(NamedTuple):
    """What the query ``export.meds`` says of a node; times in milliseconds since 1970."""

    key: str
    type: str
    system: str | None
    code: str | None
    start: int | None
    recorded: int
    closed: int | None
    value: float | None
    unit: str | None
    text: str | None
    class_: str | None
    disposition: str | None
    encounter: str | None
    components: list[list[Any]] | None
    medicine: list[str | None] | None
    status: str | None
    versions: Sequence[Sequence[Any]] | None = None
    """Of an encounter that was updated; each as :class:`_Said`."""


class _Said(NamedTuple):
    """What a version of an encounter said, and since when (milliseconds since 1970)."""

    later: bool
    """Whether it took the place of another."""
    since: int
    class_: str | None
    system: str | None
    code: str | None
    closed: int | None
    end: int | None
    disposition: str | None


@cache
def vocabularies() -> dict[str, str]:
    """Short names of code systems by their address."""
    found: dict[str, str] = yaml.safe_load(
        Path(__file__).with_name("vocabularies.yaml").read_text(encoding="utf-8")
    )
    return found


def code_of(system: str | None, code: str | None, type_: str) -> str:
    """The code of an event.

    >>> code_of("http://loinc.org", "8867-4", "Observation"), code_of(None, None, "Condition")
    ('LOINC//8867-4', 'Condition//UNCODED')
    >>> code_of("urn:clinical-world-model:meds:demo", "STROKE//LEFT", "Observation")  # it came as it stands
    'STROKE//LEFT'
    """
    if code is None:
        return f"{type_}//UNCODED"
    if system and (system == BASE or system.startswith(f"{BASE}:")):
        return code
    return f"{vocabularies().get(system or '', system) or type_}//{code}"


def subject(patient: str, asked: Request) -> int:
    """The number of a patient: 63 bits of a hash of its key, a keyed one when it is to be hidden."""
    return asked.by.number(patient) if asked.by else _plain(patient)


def _plain(key: str) -> int:
    return int.from_bytes(sha256(key.encode()).digest()[:8], "big") >> 1


def events(
    patient: str, person: list[Any], rows: list[list[Any]], asked: Request, clock: Clock
) -> Iterator[Event]:
    """The events of a patient: who it is, then what each row of the query ``export.meds`` says, as they may be seen."""
    subject_id, by = subject(patient, asked), asked.by
    birth, gender, race, ethnicity, died, death = person
    for kind, word in (("GENDER", gender), ("RACE", race), ("ETHNICITY", ethnicity)):
        if said := word if by is None else _token(word) if kind == "GENDER" else by.shared(word):
            yield (subject_id, None, f"{kind}//{said}", None, None, None, None)
    if born := by.birth(birth, patient) if by else birth:
        yield (subject_id, times.first(born).replace(tzinfo=None), "MEDS_BIRTH", None, None, None, None)
    if died is not None:
        when = death if clock == "start" and death is not None else died
        if (moment := _moment(when, patient, by)) is not None:
            yield (subject_id, moment, "MEDS_DEATH", None, None, None, None)
    # Of what is known at one instant the order is that of the keys, and not of the database.
    for row in map(_Row._make, sorted(rows, key=itemgetter(0))):
        for ms, code, value, text, unit, encounter in _said(_coded(row) if by else row, clock):
            if (moment := _moment(ms, patient, by)) is None:
                continue
            none = value is None or math.isnan(value) or (by is not None and too_old(value, [unit]))
            number = None if none else float(value)
            words, units = (by.shared(text), by.shared(unit)) if by else (text, unit)
            visit = None if encounter is None else subject(encounter, asked)
            yield (subject_id, moment, code, number, words or None, units or None, visit)


def _coded(row: _Row) -> _Row:
    """A row in which what stands for a code is one, or nothing: somebody may have written a name there."""
    components, medicine = row.components, row.medicine
    if components:
        components = [[_token(code) or "" for code in components[0]], *components[1:]]
    if medicine:
        medicine = [_token(part) for part in medicine]
    return row._replace(
        system=_token(row.system),
        code=_token(row.code),
        class_=_token(row.class_),
        disposition=_token(row.disposition),
        status=_token(row.status),
        components=components,
        medicine=medicine,
        versions=row.versions and [_hushed(_Said(*said)) for said in row.versions],
    )


def _hushed(said: _Said) -> _Said:
    return said._replace(
        class_=_token(said.class_), system=_token(said.system), code=_token(said.code), disposition=_token(said.disposition)
    )  # fmt: skip


def _token(text: str | None) -> str | None:
    return text if text and token(text) else None


def _said(row: _Row, clock: Clock) -> Iterator[tuple[Any, ...]]:
    """What one node says: ms, code, value, text, unit, encounter of each event."""
    hidden = known.closing(row.type).properties
    began = row.start if clock == "start" and row.start is not None else row.recorded
    visit = row.encounter
    if row.type == "Encounter":
        own = [False, began, row.class_, row.system, row.code, row.closed, None, row.disposition]
        # When it held, a change of class does not say.
        versions = [own] if clock == "start" else row.versions or [own]
        for ms, said in _visited([_Said(*said) for said in versions]):
            yield (ms, said, None, None, None, visit)
        return

    def given(*, late: bool) -> tuple[float | None, str | None, str | None]:
        value = row.value if ("value" in hidden) is late else None
        text = row.text if ("text" in hidden) is late else None
        return value, text, None if value is None else row.unit

    system, code = row.medicine or (row.system, row.code)
    yield (began, code_of(system, code, row.type), *given(late=False), visit)
    if row.closed is not None and hidden:
        end = row.closed if clock == "known" or row.start is None else max(row.closed, row.start)
        yield (end, f"{row.type.upper()}_END//{row.status or 'UNKNOWN'}", *given(late=True), visit)
    for part, number, unit, words in aligned(row.components):
        own_system, _, own_code = part.rpartition("|")
        yield (
            began,
            code_of(own_system, own_code or None, row.type),
            number,
            words or None,
            unit or None,
            visit,
        )


def _visited(versions: list[_Said]) -> Iterator[tuple[int, str]]:
    """Time and code of the events of an encounter: its class and its code, again when they change, and its end as said last.

    >>> early, late = _Said(False, 0, "EMER", None, None, None, None, None), _Said(True, 9, "IMP", None, None, 7, 7, "home")
    >>> list(_visited([early, late]))
    [(0, 'ENCOUNTER//EMER'), (9, 'ENCOUNTER//IMP'), (9, 'ENCOUNTER_END//home')]
    """
    told: tuple[str, ...] = ()
    for said in versions:
        codes = [f"ENCOUNTER//{said.class_ or 'UNKNOWN'}"]
        if said.code is not None:
            codes.append(code_of(said.system, said.code, "Encounter"))
        yield from ((said.since, code) for code in codes if code not in told)
        told = tuple(codes)
    last = versions[-1]
    if last.closed is None:
        return
    over = last.closed
    for said in reversed(versions):
        if (said.end, said.disposition) != (last.end, last.disposition):
            break
        over = max(last.closed, said.since) if said.later else last.closed
    yield over, f"ENCOUNTER_END//{last.disposition or 'UNKNOWN'}"


def _moment(ms: int, patient: str, by: Deidentifier | None) -> datetime | None:
    """The time of an event, as MEDS has it without a zone; None where it may not be told."""
    at = _EPOCH + timedelta(milliseconds=ms)
    moment = by.moved(at, patient) if by else at
    return None if moment is None else moment.replace(tzinfo=None)
