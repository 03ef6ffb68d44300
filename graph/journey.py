"""What was known of a patient at an instant: the one way in which features, predictions and pages read the record.

A fact is there when ``recorded <= at``; its closing fields (``ontology/fhir/``) only when ``closed <= at``; a fact
that says no time at all is there only when everything is asked for (``at=None``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from graph import journey_record, journey_rows
from graph.connection import Graph, Mark
from graph.ingest_memory import seldom_collected
from ontology import mapping
from ontology.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    import polars as pl

Moment = tuple[str, datetime | None]

COLUMNS = ("patient", "at", *journey_rows.COLUMNS)
"""Columns of :func:`facts`, in order."""
_BREAK = "\x1e"


@dataclass(frozen=True, slots=True)
class Journey:
    """One patient as known at an instant; ``at`` None means everything.

    ``patient`` has the node's properties (a death not yet known is left out); ``encounters`` and ``facts`` are rows
    with the columns of :func:`facts`, in order of time.
    """

    patient: dict[str, Any]
    at: datetime | None
    encounters: list[dict[str, Any]]
    facts: list[dict[str, Any]]


def patient_key(patient: str) -> str:
    """The key of a patient given by key or by bare id.

    >>> patient_key("p1"), patient_key("Patient/p1")
    ('Patient/p1', 'Patient/p1')
    """
    return patient if patient.startswith("Patient/") else f"Patient/{patient}"


def journey(graph: Graph, patient: str, at: datetime | None = None) -> Journey:
    """The patient, encounters and facts as known at ``at`` (aware; None for everything).

    Raises:
        NotFoundError: there is no such patient.
        InvalidInputError: ``at`` has no time zone.
    """
    key = patient_key(patient)
    found, mark = graph.marked("journey.patient", patient=key, at=_aware(at))
    if not found:
        if at is None:
            _kept(graph).forget(key)
        raise NotFoundError("No such patient.", got=patient, do="See `cwm patient list`.")
    split: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for row in _rows(graph, key, at, mark):
        split[row["type"] != "Encounter"].append(row)
    properties, hidden = found[0]
    return Journey(_seen(properties, hidden), at, *split)


def _kept(graph: Graph) -> journey_record.Kept:
    kept: journey_record.Kept = graph.held.setdefault("journeys", journey_record.Kept())
    return kept


def _rows(graph: Graph, patient: str, at: datetime | None, mark: Mark) -> list[dict[str, Any]]:
    """The rows in order of time; the first look at a patient keeps the record as long as the graph stays as it is."""
    kept = _kept(graph)
    pays, record = kept.look(patient, mark) if mark else (False, None)
    if pays:
        record = journey_record.read(graph, patient, mark)
        kept.keep(patient, mark, record)
    if record is not None:
        with seldom_collected():
            return journey_record.known(record, at)
    with seldom_collected():
        groups = graph.values("journey.facts", moments=[{"patient": patient, "at": at}], types=None)
        return [row for _, group in groups for row in journey_rows.dicts(group)]


def _seen(properties: dict[str, Any], hidden: bool) -> dict[str, Any]:
    """The patient without what is not known yet; times as Python's own."""
    gone = {"fhir", "rank", "digest"}
    if hidden:
        gone |= {*mapping.load("Patient").closing.fields, "closed"}
    return {
        k: v.to_native() if hasattr(v, "to_native") else v for k, v in properties.items() if k not in gone
    }


def facts(
    graph: Graph,
    moments: Iterable[Moment],
    *,
    types: Sequence[str] | None = None,
    systems: Sequence[str] | None = None,
    batch: int = 200,
) -> Iterator["pl.DataFrame"]:
    """Encounters and facts of many patients, each as known at its own instant; one frame a batch of moments.

    Columns are :data:`COLUMNS`: ``start``, ``end``, ``recorded`` and ``at`` in UTC to the millisecond; ``value`` in
    ``unit``; ``encounter`` and ``class`` of the encounter that includes the fact. Closing fields are null when not yet
    known. A component (a blood pressure's two numbers) is a row of its own after its panel, with the same ``key``.
    Rows are in order of moment, time (start, else recorded), key.

    Args:
        graph: where to read.
        moments: pairs of patient (key or id) and aware instant; None for everything.
        types: FHIR types to give (``Encounter`` included); None for all.
        systems: keep facts with a code in one of these systems; encounters stay.
        batch: moments read at once.

    Raises:
        InvalidInputError: an instant has no time zone.
    """
    rest = iter(moments)
    while part := [(patient_key(p), _aware(at)) for p, at in islice(rest, batch)]:
        asked = [{"patient": patient, "at": at} for patient, at in part]
        wanted = None if types is None else list(types)
        groups = graph.values("journey.facts", moments=asked, types=wanted)
        yield _frame(part, sorted(groups, key=itemgetter(0)), systems)


def _aware(at: datetime | None) -> datetime | None:
    if at is not None and at.utcoffset() is None:
        raise InvalidInputError(
            "The instant has no time zone.", got=at, allowed="for instance 2020-01-01T00:00:00Z"
        )
    return at


def schema() -> dict[str, "pl.DataType"]:
    """The types of :data:`COLUMNS`."""
    import polars as pl

    time, words = pl.Datetime("ms", "UTC"), pl.List(pl.String())
    special = {"at": time, "start": time, "end": time, "recorded": time, "codes": words, "category": words}
    return {name: special.get(name, pl.Float64() if name == "value" else pl.String()) for name in COLUMNS}


def _frame(part: list[Moment], groups: list[list[Any]], systems: Sequence[str] | None) -> "pl.DataFrame":
    import polars as pl

    types = schema()
    names = (*journey_rows.COLUMNS, "_part", "_moment")
    rows = [(*row, moment) for moment, group in groups for row in journey_rows.rows(group)]
    cells = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    frame = pl.DataFrame([_column(name, cells[name], types.get(name, pl.Int64())) for name in names])
    whose = pl.DataFrame(
        {"patient": [patient for patient, _ in part], "at": [at for _, at in part]},
        schema={name: types[name] for name in ("patient", "at")},
    )
    frame = frame.with_columns(whose[frame["_moment"]])
    if systems is not None:
        heads = [f"{system}|" for system in systems]
        coded = (
            pl.col("codes")
            .list.eval(pl.any_horizontal(*(pl.element().str.starts_with(h) for h in heads)))
            .list.any()
        )
        frame = frame.filter(
            (pl.col("type") == "Encounter") | (coded.fill_null(value=False) if heads else False)
        )
    frame = frame.sort("_moment", pl.coalesce("start", "recorded"), "key", "_part", nulls_last=True)
    return frame.select(COLUMNS)


def _column(name: str, cells: Sequence[Any], type_: "pl.DataType") -> "pl.Series":
    import polars as pl

    if isinstance(type_, pl.List):  # lists go in as text, ten times faster than one by one
        return pl.Series(name, [_BREAK.join(c) if c else None for c in cells], pl.String).str.split(_BREAK)
    if name in {"start", "end", "recorded"}:
        return pl.Series(name, cells, pl.Int64).cast(type_)
    return pl.Series(name, cells, type_)
