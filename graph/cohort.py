"""Who is in a cohort: a definition applied to the graph, as it was known at an instant, each step counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from graph import known
from graph.cohorts import Age, Criterion, Definition, Fact, Index, Observed, Value
from graph.connection import Graph
from graph.fhir import times
from graph.journey_rows import UNTRUE
from ontology import mapping

if TYPE_CHECKING:
    import polars as pl

_DAY = 86_400_000
_COLUMNS = (
    "patient",
    "key",
    "type",
    "start",
    "recorded",
    "closed",
    "class",
    "status",
    "text",
    "value",
    "unit",
    "until",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the flow: patients before minus ``removed`` is ``left``."""

    step: str
    """``start``, ``index``, ``include`` or ``exclude``."""
    name: str
    removed: int
    left: int
    other_units: int = 0
    """Facts that could not be compared, since their unit is another."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """A definition applied: who, at which instant, and how many went at each step."""

    definition: Definition
    as_of: datetime | None
    members: tuple[tuple[str, datetime], ...]
    """Key and index (UTC) of each patient, in order of key."""
    flow: tuple[Step, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over definition, instant, members and flow: the same on every graph with the same record."""
        said = [
            self.definition.hash,
            self.as_of and self.as_of.isoformat(),
            [[key, at.isoformat()] for key, at in self.members],
            [[s.step, s.name, s.removed, s.left, s.other_units] for s in self.flow],
        ]
        return sha256(orjson.dumps(said)).hexdigest()


@dataclass
class _Evaluation:
    """One definition on one graph."""

    graph: Graph
    at: datetime | None
    people: "pl.DataFrame"
    merged: "pl.DataFrame"
    """``patient`` who was replaced, and who ``stays``."""
    cache: dict[Fact, "pl.DataFrame"] = field(default_factory=dict)
    other_units: int = 0

    def facts(self, fact: Fact) -> "pl.DataFrame":
        """The facts that are meant but for values and texts, which may be hidden at an instant; times in ms.

        What a fact said before it was corrected is a row of its own, that was known ``until`` then.

        ``patient`` is the one who stays, whoever was merged into that one has the fact.
        """
        wrong = tuple(status for status in fact.status if status in UNTRUE)
        wide = fact.model_copy(update={"value": None, "text": (), "status": wrong})
        if wide not in self.cache:
            self.cache[wide] = self._of_people(_read(self.graph, wide, self.at))
        return self.cache[wide]

    def _of_people(self, facts: "pl.DataFrame") -> "pl.DataFrame":
        import polars as pl

        theirs = facts.join(self.merged, on="patient").with_columns(patient="stays").select(facts.columns)
        return pl.concat([facts, theirs]).join(self.people, on="patient", how="semi")

    def meets(self, criterion: Criterion, people: "pl.DataFrame") -> set[str]:
        """The patients (of ``people``, with their ``index``) who meet a criterion."""
        if criterion.any:
            return set().union(*(self.meets(part, people) for part in criterion.any))
        if criterion.fact:
            return self._with_facts(criterion, criterion.fact, people)
        return {row["patient"] for row in people.iter_rows(named=True) if _person(criterion, row)}

    def _with_facts(self, criterion: Criterion, fact: Fact, people: "pl.DataFrame") -> set[str]:
        import polars as pl

        rows = self.facts(fact).join(people.select("patient", "index"), on="patient")
        limit = pl.col("index") if criterion.known else pl.lit(None, pl.Int64)
        if criterion.known:
            rows = rows.filter(pl.col("recorded") <= pl.col("index"))
            rows = rows.filter((pl.col("until") > pl.col("index")).fill_null(value=True))
        else:
            rows = self._newest(rows)
        low, high = criterion.window
        began = pl.coalesce("start", "recorded") - pl.col("index")
        if low is not None:
            rows = rows.filter(began >= low * _DAY)
        if high is not None:
            rows = rows.filter(began <= high * _DAY)
        rows = self._matching(rows.with_columns(limit=limit), fact)
        counted = rows.group_by("patient").agg(pl.col("key").n_unique().alias("n"))
        return set(counted.filter(pl.col("n") >= criterion.times)["patient"].to_list())

    def _seen(self, rows: "pl.DataFrame") -> "pl.DataFrame":
        """Without versions that were corrected before they became known."""
        import polars as pl

        return rows.filter((pl.col("until") > pl.col("recorded")).fill_null(value=True))

    def _newest(self, rows: "pl.DataFrame") -> "pl.DataFrame":
        """Of each fact the version that is known as of the instant."""
        import polars as pl

        last = None if self.at is None else round(self.at.timestamp() * 1000)
        return rows.filter(
            pl.col("until").is_null() | (pl.col("until") > pl.lit(last, pl.Int64)).fill_null(value=False)
        )

    def _matching(self, rows: "pl.DataFrame", fact: Fact) -> "pl.DataFrame":
        """Rows whose values, texts and states are as asked and were known at ``limit`` (ms, null: as of the instant).

        ``seen`` is when all that was asked for had become known.
        """
        import polars as pl

        last = None if self.at is None else round(self.at.timestamp() * 1000)
        bound = pl.min_horizontal("limit", pl.lit(last, pl.Int64))
        rows = rows.with_columns(seen="recorded")
        for name, wanted in (("status", fact.status), ("text", fact.text), ("value", fact.value)):
            if not wanted:
                continue
            closing = [t for t in rows["type"].unique() if name in known.closing(t).properties]
            late = pl.col("type").is_in(closing)
            if name == "status":
                # Whether a diagnosis was ever true is a matter of its own, which does not wait for its end.
                own = [t for t in rows["type"].unique() if "verification" in mapping.load(t).properties]
                late &= ~(pl.col("type").is_in(own) & pl.col("status").is_in(list(UNTRUE))).fill_null(
                    value=False
                )
            hidden = late & bound.is_not_null() & (pl.col("closed") > bound).fill_null(value=True)
            seen = pl.when(late).then(pl.max_horizontal("seen", "closed")).otherwise("seen")
            rows = rows.filter(~hidden).with_columns(seen=seen)
            if isinstance(wanted, tuple):
                rows = rows.filter(pl.col(name).is_in(list(wanted)))
        return rows if fact.value is None else self._in_range(rows, fact.value)

    def _in_range(self, rows: "pl.DataFrame", wanted: Value) -> "pl.DataFrame":
        import polars as pl

        rows = rows.filter(pl.col("value").is_not_null() & pl.col("value").is_not_nan())
        if wanted.unit is not None:
            before = rows.height
            rows = rows.filter(pl.col("unit") == wanted.unit)
            self.other_units += before - rows.height
        value = pl.col("value")
        for bound, test in (
            (wanted.at_least, value.ge), (wanted.at_most, value.le), (wanted.above, value.gt), (wanted.below, value.lt)
        ):  # fmt: skip
            if bound is not None:
                rows = rows.filter(test(bound))
        return rows

    def index(self, index: Index) -> "pl.DataFrame":
        """Patient and index (ms) of everyone who has one."""
        import polars as pl

        if index.fact is None:
            assert index.at is not None  # noqa: S101 - the definition was checked
            return self.people.select("patient", index=pl.lit(round(index.at.timestamp() * 1000), pl.Int64))
        # A moment of knowledge is that of whichever version said so first, any other that of what is known in the end.
        facts = self.facts(index.fact)
        facts = self._seen(facts) if index.clock == "known" else self._newest(facts)
        rows = self._matching(facts.with_columns(limit=pl.lit(None, pl.Int64)), index.fact)
        clock = pl.col("seen") if index.clock == "known" else pl.coalesce("start", "recorded")
        picked = clock.min() if index.pick == "first" else clock.max()
        return rows.group_by("patient").agg(picked.alias("index")).filter(pl.col("index").is_not_null())


def evaluate(graph: Graph, definition: Definition, at: datetime | None = None) -> Cohort:
    """Apply a definition to the graph as it was known at ``at`` (aware; None for everything). Nothing is written.

    Whatever becomes known after ``at`` changes neither members nor flow.

    Raises:
        InvalidInputError: ``at`` has no time zone.
    """
    import polars as pl

    when = None if at is None else known.aware(at).astimezone(UTC)
    kinds = {
        "patient": pl.String,
        "gender": pl.String,
        "birth": pl.String,
        "died": pl.Int64,
        "first": pl.Int64,
        "last": pl.Int64,
    }
    people = pl.DataFrame(graph.values("cohort.patients", at=when), kinds, orient="row")
    pairs = [pair for *pair, _ in graph.values("patient.merged", at=when)]
    merged = pl.DataFrame(pairs, {"patient": pl.String, "stays": pl.String}, orient="row")
    work = _Evaluation(graph, when, people, merged)
    flow = [Step("start", "all patients", 0, people.height)]
    left = people.join(work.index(definition.index), on="patient")
    flow.append(Step("index", "has an index", people.height - left.height, left.height, work.other_units))
    for kind, criteria in (("include", definition.include), ("exclude", definition.exclude)):
        for criterion in criteria:
            work.other_units = 0
            meets = work.meets(criterion, left)
            keep = pl.col("patient").is_in(list(meets))
            after = left.filter(keep if kind == "include" else ~keep)
            flow.append(
                Step(kind, criterion.name, left.height - after.height, after.height, work.other_units)
            )
            left = after
    found = left.sort("patient").select("patient", "index").iter_rows()
    members = tuple((key, datetime.fromtimestamp(ms / 1000, UTC)) for key, ms in found)
    return Cohort(definition, when, members, tuple(flow))


def _read(graph: Graph, fact: Fact, at: datetime | None) -> "pl.DataFrame":
    import polars as pl

    types = list(fact.types) or None
    shown: dict[str, Any] = {
        "wrong": not UNTRUE.isdisjoint(fact.status),
        "closing": known.closing_names(),
        "at": at,
    }
    if fact.codes or fact.under:
        under = (
            [row["key"] for row in graph.read("cohort.under", codes=list(fact.under))] if fact.under else []
        )
        codes = sorted({*fact.codes, *fact.under, *under})
        groups = graph.values("cohort.coded", codes=codes, types=types, **shown)
    else:
        classes = list(fact.classes) or None
        groups = graph.values("cohort.typed", types=types, classes=classes, **shown)
    rows: Iterable[list[Any]] = (row for (group,) in groups for row in group)
    whole = {"start", "recorded", "closed", "until"}
    kinds = {n: pl.Int64() if n in whole else pl.Float64() if n == "value" else pl.String() for n in _COLUMNS}
    made = pl.DataFrame(list(rows), kinds, orient="row")
    if fact.classes:
        made = made.filter(pl.col("class").is_in(list(fact.classes)))
    return made


def _person(criterion: Criterion, row: dict[str, Any]) -> bool:
    match criterion:
        case Criterion(age=Age() as age):
            years = years_at(row["birth"], datetime.fromtimestamp(row["index"] / 1000, UTC))
            return years is not None and age.at_least <= years <= age.at_most
        case Criterion(observed=Observed() as observed):
            first, last = row["first"], row["last"]
            return (
                first is not None
                and first <= row["index"] - observed.before * _DAY
                and last >= row["index"] + observed.after * _DAY
            )
        case Criterion(alive=bool() as alive):
            return alive == (row["died"] is None or row["died"] > row["index"])
    return row["gender"] in criterion.gender


def years_at(birth: str | None, at: datetime) -> int | None:
    """Completed years at an instant (UTC); a partial date of birth counts as its first day. None when it is unknown.

    >>> years_at("1950-07-02", datetime(2020, 7, 1, tzinfo=UTC)), years_at("1950", datetime(2020, 1, 1, tzinfo=UTC))
    (69, 70)
    """
    if not birth:
        return None
    born: date = times.first(birth).date()
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))
