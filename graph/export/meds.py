"""MEDS 0.4: one table of events for sequence models, with codes, splits and a description of the set.

An event's ``time`` is when it became *known* (or when it held, on request), so that a model that reads events up to a moment
reads what was known then. What closes a matter is an event of its own, when it closed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from graph import known
from graph.connection import Graph
from graph.export.folder import filling
from graph.export.meds_events import Clock, Event, code_of, events
from graph.export.request import Request, of_persons
from graph.progress import Progress, silent
from graph.snapshot import software
from ontology.errors import InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    import pyarrow as pa

SHARD = 2000
"""Patients of one file; a patient is never in two."""
_PAGE = 200
SPLITS = (("train", 0.8), ("tuning", 0.9), ("held_out", 1.0))
"""Names and upper ends of the shares; by a hash of the subject, so that a patient keeps its split."""
Shard = list[tuple[str, list[Event]]]
"""Patients of one file, each with its events."""


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
        rows.sort(key=lambda row: (row[0], () if row[1] is None else (row[1],), row[2]))
        table = meds.DataSchema.align(_table(rows))
        meds.DataSchema.validate(table)
        pq.write_table(table, out / "data" / f"{number}.parquet")
        events += table.num_rows
        used.update(row[2] for row in rows)
    _metadata(graph, out, asked, name, sorted(used), sorted(subjects))
    return {"subjects": len(subjects), "events": events, "codes": len(used)}


def _shards(graph: Graph, asked: Request, clock: Clock, progress: Progress) -> Iterator[Shard]:
    shard: Shard = []
    seen, total = 0, asked.subjects(graph)
    for page in _pages(graph, asked):
        for patient, person, rows in page:
            if found := list(events(patient, person, rows, asked, clock)):
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
