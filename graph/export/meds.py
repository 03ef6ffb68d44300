"""MEDS 0.4: one table of events for sequence models, with codes, splits and a description of the set.

An event's ``time`` is when it became *known* (or when it held, on request), so that a model that reads events up to a moment
reads what was known then. What closes a matter is an event of its own, when it closed.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson
import yaml

from graph import known
from graph.connection import Graph
from graph.export.ages import too_old
from graph.export.deidentify import Deidentifier, token
from graph.export.folder import filling
from graph.export.request import Request, of_persons
from graph.fhir import times
from graph.journey_rows import aligned
from graph.progress import Progress, silent
from graph.snapshot import software
from graph.tabular.meds_folder import BASE
from ontology.errors import InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    import pyarrow as pa

SHARD = 2000
"""Patients of one file; a patient is never in two."""
_PAGE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPLITS = (("train", 0.8), ("tuning", 0.9), ("held_out", 1.0))
"""Names and upper ends of the shares; by a hash of the subject, so that a patient keeps its split."""
Clock = Literal["known", "start"]
Event = tuple[int, datetime | None, str, float | None, str | None, str | None, int | None]
"""subject_id, time (UTC, without zone), code, numeric_value, text_value, unit, encounter_id."""
Shard = list[tuple[str, list[Event]]]
"""Patients of one file, each with its events."""


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


def export(
    graph: Graph,
    out: Path,
    asked: Request | None = None,
    *,
    name: str = "cwm",
    clock: Clock = "known",
    progress: Progress = silent,
) -> dict[str, int]:
    """Write a MEDS data set into the new folder ``out``: ``data/*.parquet`` and ``metadata/``; counts of what is in it.

    Every file is checked against the schema of the package ``meds`` as it is written.

    Raises:
        MissingExtraError: the packages ``meds`` and ``pyarrow`` are not there.
        InvalidInputError: ``out`` is not empty; or two patients got the same number (ask again with another key).
    """
    try:
        for package in ("meds", "pyarrow"):
            import_module(package)
    except ImportError as error:
        raise MissingExtraError(
            "MEDS needs the packages meds and pyarrow.",
            got=str(error),
            do="Add them: make env in a checkout, else pip install 'clinical-world-model[research]'.",
        ) from None
    asked = of_persons(graph, asked)
    with filling(out) as folder:
        return _fill(graph, folder, asked, name, _shards(graph, asked, clock, progress))


def _fill(graph: Graph, out: Path, asked: Request, name: str, shards: Iterator[Shard]) -> dict[str, int]:
    import meds
    import pyarrow.parquet as pq

    (out / "data").mkdir()
    (out / "metadata").mkdir()
    used: set[str] = set()
    subjects: dict[int, str] = {}
    events = 0
    for number, shard in enumerate(shards):
        rows: list[Event] = []
        for patient, found in shard:
            subject = found[0][0]
            if subjects.setdefault(subject, patient) != patient:
                raise InvalidInputError(
                    "Two patients have the same number.", do="Export again with another key."
                )
            rows += found
        rows.sort(key=lambda row: (row[0], row[1] is not None, row[1] or _EPOCH.replace(tzinfo=None), row[2]))
        table = meds.DataSchema.align(_table(rows))
        meds.DataSchema.validate(table)
        pq.write_table(table, out / "data" / f"{number}.parquet")
        events += table.num_rows
        used.update(row[2] for row in rows)
    _metadata(graph, out, asked, name, sorted(used), sorted(subjects))
    return {"subjects": len(subjects), "events": events, "codes": len(used)}


def subject(patient: str, asked: Request) -> int:
    """The number of a patient: 63 bits of a hash of its key, a keyed one when it is to be hidden."""
    return asked.by.number(patient) if asked.by else _plain(patient)


def _plain(key: str) -> int:
    return int.from_bytes(sha256(key.encode()).digest()[:8], "big") >> 1


def _shards(graph: Graph, asked: Request, clock: Clock, progress: Progress) -> Iterator[Shard]:
    shard: Shard = []
    seen, total = 0, asked.subjects(graph)
    for page in _pages(graph, asked):
        for patient, person, rows in page:
            if found := list(_events(patient, person, rows, asked, clock)):
                shard.append((patient, found))
            if len(shard) == SHARD:
                yield shard
                shard = []
        progress(seen := seen + len(page), total)
    if shard:
        yield shard


def _pages(graph: Graph, asked: Request) -> Iterator[list[list[Any]]]:
    """Patients page by page; hidden ones in the order of their new numbers, since the old one would tell who is in which file."""
    patients = None if asked.patients is None else list(asked.patients)
    when: dict[str, Any] = {"size": _PAGE, "at": asked.at, "closing": known.closing_names()}
    if asked.by is not None:
        if patients is None:
            patients = [row["patient"] for row in graph.read("export.people", at=asked.at)]
        patients.sort(key=asked.by.number)
        for i in range(0, len(patients), _PAGE):
            some = patients[i : i + _PAGE]
            page = graph.values("export.meds", after="", patients=some, **when)
            yield sorted(page, key=lambda row: some.index(row[0]))
        return
    after: str | None = ""
    while after is not None:
        page = graph.values("export.meds", after=after, patients=patients, **when)
        after = page[-1][0] if len(page) == _PAGE else None
        yield page


def _events(
    patient: str, person: list[Any], rows: list[list[Any]], asked: Request, clock: Clock
) -> Iterator[Event]:
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
    for row in rows:
        for ms, code, value, text, unit, encounter in _said(_coded(row) if by else row, clock):
            if (moment := _moment(ms, patient, by)) is None:
                continue
            none = value is None or math.isnan(value) or (by is not None and too_old(value, [unit]))
            number = None if none else float(value)
            words, units = (by.shared(text), by.shared(unit)) if by else (text, unit)
            visit = None if encounter is None else subject(encounter, asked)
            yield (subject_id, moment, code, number, words or None, units or None, visit)


def _coded(row: list[Any]) -> list[Any]:
    """A row in which what stands for a code is one, or nothing: somebody may have written a name there."""
    made = list(row)
    for i in (2, 3, 10, 11, 15):
        made[i] = _token(made[i])
    if components := made[13]:
        made[13] = [[_token(code) or "" for code in components[0]], *components[1:]]
    if medicine := made[14]:
        made[14] = [_token(part) for part in medicine]
    return made


def _token(text: str | None) -> str | None:
    return text if text and token(text) else None


def _said(row: list[Any], clock: Clock) -> Iterator[tuple[Any, ...]]:
    """What one node says: ms, code, value, text, unit, encounter of each event."""
    _, type_, system, code, start, recorded, closed, value, unit, text, class_, disposition, encounter = row[
        :13
    ]
    components, medicine, status = row[13:]
    hidden = known.closing(type_).properties
    began = start if clock == "start" and start is not None else recorded
    if type_ == "Encounter":
        yield (began, f"ENCOUNTER//{class_ or 'UNKNOWN'}", None, None, None, encounter)
        if code is not None:
            yield (began, code_of(system, code, type_), None, None, None, encounter)
        if closed is not None:
            yield (closed, f"ENCOUNTER_END//{disposition or 'UNKNOWN'}", None, None, None, encounter)
        return
    system, code = medicine or (system, code)
    event = code_of(system, code, type_)
    late = {name for name in ("value", "text") if name in hidden}
    seen = {"value": value, "text": text}
    now = {name: None if name in late else seen[name] for name in seen}
    yield (began, event, now["value"], now["text"], unit if now["value"] is not None else None, encounter)
    if closed is not None and hidden:
        then = {name: seen[name] if name in late else None for name in seen}
        end = closed if clock == "known" or start is None else max(closed, start)
        yield (
            end,
            f"{type_.upper()}_END//{status or 'UNKNOWN'}",
            then["value"],
            then["text"],
            unit if then["value"] is not None else None,
            encounter,
        )
    for part, number, units, words in aligned(components):
        own_system, _, own_code = part.rpartition("|")
        yield (
            began,
            code_of(own_system, own_code or None, type_),
            number,
            words or None,
            units or None,
            encounter,
        )


def _moment(ms: int, patient: str, by: Deidentifier | None) -> datetime | None:
    """The time of an event, as MEDS has it without a zone; None where it may not be told."""
    at = _EPOCH + timedelta(milliseconds=ms)
    moment = by.moved(at, patient) if by else at
    return None if moment is None else moment.replace(tzinfo=None)


def _table(rows: list[Event]) -> "pa.Table":
    import pyarrow as pa

    kinds = (
        pa.int64(),
        pa.timestamp("us"),
        pa.string(),
        pa.float32(),
        pa.large_string(),
        pa.string(),
        pa.int64(),
    )
    names = ("subject_id", "time", "code", "numeric_value", "text_value", "unit", "encounter_id")
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    arrays = [pa.array(column, kind) for column, kind in zip(cells, kinds, strict=True)]
    return pa.table(dict(zip(names, arrays, strict=True)))


def _metadata(
    graph: Graph, out: Path, asked: Request, name: str, used: list[str], subjects: list[int]
) -> None:
    import meds
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = dict(_names(graph, asked))
    codes = {
        "code": pa.array(used, pa.string()),
        "description": pa.array([names.get(code, (None, None))[0] for code in used], pa.string()),
        "parent_codes": pa.array([names.get(code, (None, None))[1] for code in used], pa.list_(pa.string())),
    }
    table = meds.CodeMetadataSchema.align(pa.table(codes))
    meds.CodeMetadataSchema.validate(table)
    pq.write_table(table, out / meds.code_metadata_filepath)
    splits = {
        "subject_id": pa.array(subjects, pa.int64()),
        "split": pa.array([split(s) for s in subjects], pa.string()),
    }
    table = meds.SubjectSplitSchema.align(pa.table(splits))
    meds.SubjectSplitSchema.validate(table)
    pq.write_table(table, out / meds.subject_splits_filepath)
    about = {
        "dataset_name": name,
        "etl_name": "clinical-world-model",
        "etl_version": software().rpartition(" ")[2],
        "meds_version": meds.__version__,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_modifier_columns": ["unit"],
        "other_extension_columns": ["encounter_id"],
    }
    meds.DatasetMetadataSchema.validate(about)
    (out / meds.dataset_metadata_filepath).write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2))


def split(subject_id: int) -> str:
    """The split of a subject.

    >>> split(1) == split(1), split(1) in {"train", "tuning", "held_out"}
    (True, True)
    """
    place = int.from_bytes(sha256(f"split|{subject_id}".encode()).digest()[:8], "big") / (1 << 64)
    return next(name for name, end in SPLITS if place < end)


def _names(graph: Graph, asked: Request) -> Iterator[tuple[str, tuple[str | None, list[str] | None]]]:
    """Code of the table to its name and the codes above it."""
    after: str | None = ""
    while after is not None:
        page = graph.values("export.codes", after=after, size=5000)
        after = page[-1][0] if len(page) == 5000 else None
        for key, display, parents in page:
            above = [_code(parent) for parent in parents] or None
            yield _code(key), (asked.by.shared(display) if asked.by else display, above)


def _code(key: str) -> str:
    system, _, code = key.rpartition("|")
    return code_of(system, code, "")
