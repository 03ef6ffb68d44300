"""Who is in a task, from which moment, and what became of them; with the number left after every step."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from graph.connection import Graph
from ontology.errors import InvalidInputError
from twin.index import Place, at_moment, chosen
from twin.people import Person, age, instant, people
from twin.tasks import AGES, Rule, Task

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

TIME = pl.Datetime("ms", "UTC")
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "patient": pl.String,
    "encounter": pl.String,
    "at": TIME,
    "outcome": pl.Int8,
    "died": pl.Boolean,
    "population": pl.String,
    "fits": pl.Boolean,
    "unfit": pl.String,
    "sex": pl.String,
    "age": pl.Float64,
    "age_group": pl.String,
    "race": pl.String,
    "ethnicity": pl.String,
    "place": pl.String,
    "entered": TIME,
}
RULES: dict[Rule, tuple[str, str]] = {
    "dead-at-index": ("alive at the index", "the patient was dead"),
    "too-young": ("old enough at the index", "the patient was too young, or of unknown age"),
    "in-hospital-at-index": ("not in hospital at the index", "the patient was in hospital"),
    "left-before-index": ("not known to have left before the index", "the patient was known to have left"),
    "follow-up-too-short": ("followed to the end of the horizon", "the record ends before the horizon"),
}
"""Each rule as who is left after it, and as the reason why a prediction does not fit."""


@dataclass(frozen=True)
class Cohort:
    """``rows`` by ``SCHEMA``, in order of patient; ``flow``: step and patients left after it."""

    rows: pl.DataFrame
    flow: list[tuple[str, int]]
    end: datetime | None
    """End of the record; None when the task needs none or a moment was given."""


def cohort(
    graph: Graph,
    task: Task,
    *,
    patients: Sequence[str] | None = None,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Cohort:
    """The task's rows: for training (each patient's own index) or at one moment ``at`` (aware) for given patients.

    At a moment nobody is left out, the outcome is not looked up, and ``unfit`` says what the task does not describe.

    Raises:
        InvalidInputError: ``at`` has no time zone.
        NotFoundError: a patient is not in the graph.
    """
    if at is not None and at.tzinfo is None:
        raise InvalidInputError(
            "The moment needs a time zone.", got=at, allowed="such as 2025-01-31T12:00:00Z"
        )
    keys = (
        [r["patient"] for r in graph.read("twin_data.patients")]
        if patients is None
        else sorted(set(patients))
    )
    end = None if at else record_end(graph, task)
    left: Counter[str] = Counter()
    rows = []
    for done, person in enumerate(people(graph, keys, at), 1):
        row = _row_at(person, task, at) if at else _row(person, task, end, left)
        if row:
            rows.append(row)
        if progress and (done % 100 == 0 or done == len(keys)):
            progress("Choosing the cohort", done, len(keys))
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("patient")
    return Cohort(frame, _flow(task, len(keys), left, frame, at), end)


def record_end(graph: Graph, task: Task) -> datetime | None:
    """Where the record ends for this task: declared, or the latest instant recorded for its patients."""
    if task.horizon is None:
        return None
    if task.data.end != "latest-record":
        return task.data.end
    wanted, first = task.index.encounters, task.index.first_day
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) if first else None
    found = graph.read(
        "twin_data.record_end",
        **{"classes": list(wanted.classes), "codes": list(wanted.codes), "from": since},
    )
    return instant(found[0]["latest"])


def _row(person: Person, task: Task, end: datetime | None, left: Counter[str]) -> tuple[object, ...] | None:
    place = chosen(person, task.index)
    if place is None:
        return None
    left["index"] += 1
    for exclusion in task.exclusions:
        if excluded(exclusion.rule, person, place, task, end):
            return None
        left[exclusion.rule] += 1
    outcome, died = happened(person, place, task)
    return None if outcome is None else _cells(person, place, outcome, died)


def _row_at(person: Person, task: Task, at: datetime) -> tuple[object, ...]:
    place = at_moment(person, task, at)
    why = [place.unfit] if place.unfit else []
    rules = (e.rule for e in task.exclusions if e.rule != "follow-up-too-short")
    why += [RULES[r][1] for r in rules if excluded(r, person, place, task, None)]
    return _cells(person, Place(at, place.visit, "; ".join(why) or None), None, None)


def excluded(rule: Rule, person: Person, place: Place, task: Task, end: datetime | None) -> bool:
    """Whether a rule takes the patient out; every rule but the follow-up's uses only what was known at the index."""
    at, visit = place.at, place.visit
    if rule == "too-young":
        years = age(person.birth, at)
        return years is None or years < task.least_age
    if rule == "dead-at-index":
        return person.deceased is not None and person.deceased <= at
    if rule == "left-before-index":
        return visit is not None and visit.closed is not None and visit.closed <= at
    if rule == "in-hospital-at-index":
        stays = (v for v in person.visits if v.kind in task.outcome.classes and v.start and v != visit)
        return any(v.start <= at and (v.end is None or v.end > at) for v in stays if v.start)
    return task.horizon is None or end is None or at + task.horizon > end


def happened(person: Person, place: Place, task: Task) -> tuple[int | None, bool | None]:
    """The outcome (None: not recorded), and whether the patient died in the horizon without it."""
    if task.outcome.kind == "disposition":
        known = place.visit.disposition if place.visit else None
        return (None, None) if known is None else (int(known in task.outcome.dispositions), False)
    assert task.horizon is not None  # noqa: S101 - the schema of tasks guarantees it
    until = place.at + task.horizon
    wanted = (v.start for v in person.visits if v.kind in task.outcome.classes and v.start)
    outcome = int(any(place.at < start <= until for start in wanted))
    return outcome, not outcome and person.deceased is not None and place.at < person.deceased <= until


def _cells(person: Person, place: Place, outcome: int | None, died: bool | None) -> tuple[object, ...]:
    years = age(person.birth, place.at)
    visit = place.visit
    return (
        person.key,
        visit.key if visit else None,
        place.at,
        outcome,
        died,
        person.population,
        place.unfit is None,
        place.unfit,
        person.gender or "unknown",
        years,
        age_group(years),
        person.race or "unknown",
        person.ethnicity or "unknown",
        (visit.place if visit else None) or "unknown",
        visit.start if visit else None,
    )


def age_group(years: float | None) -> str:
    """The band of age by which results are broken down; before the birth that a record states, its age is unknown.

    >>> age_group(64.9), age_group(65.0), age_group(None), age_group(-0.5)
    ('40-64', '65-79', 'unknown', 'unknown')
    """
    if years is None or years < 0:
        return "unknown"
    return next(name for name in reversed(AGES.ordered) if years >= AGES.groups[name])


def _flow(
    task: Task, total: int, left: Counter[str], rows: pl.DataFrame, at: datetime | None
) -> list[tuple[str, int]]:
    if at:
        return [
            ("patients asked for", total),
            ("that the task describes", int(rows.get_column("fits").sum())),
        ]
    steps = [("patients", total), ("with an index encounter", left["index"])]
    steps += [(RULES[e.rule][0], left[e.rule]) for e in task.exclusions]
    steps += [
        ("with a known outcome", rows.height),
        ("of these, with the outcome", int(rows["outcome"].sum())),
    ]
    return [*steps, ("of these, died in the horizon without it", int(rows["died"].sum()))]
