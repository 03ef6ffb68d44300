"""What a member learns from or predicts for: one row a patient, and everything known before the index.

:func:`build` is the same code for all patients of a task and for one patient at one moment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graph import journey
from graph.connection import Graph
from graph.journey_rows import UNTRUE
from twin import features, scores
from twin.cohort import cohort
from twin.features.compute import BECAUSE, REJECTED, compute
from twin.features.triples import SCHEMA as TRIPLES
from twin.features.triples import relations, triples
from twin.scores import MISSING
from twin.tasks import Bands, Task

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

BATCH = 200
"""Patients whose facts are in memory at once."""


@dataclass(frozen=True)
class Dataset:
    """Rows, features and scores are aligned: row ``i`` of each is the same patient at the same index.

    ``rows``: patient, encounter (keys), at (UTC), outcome (0/1, null when not known or not asked), died (true: died in the
    horizon without the outcome), population ('synthetic' or 'real'), fits (false: made at a moment or place that the
    task does not describe), unfit (why, or null), and the subgroup columns of the task.
    ``features``: floats, null = missing. ``scores``: one column of points a published score.
    ``triples``: patient, relation, concept. ``because``: patient, feature, key, value (empty unless asked for).
    ``missing``: patient, score, input: what a score could not see. ``rejected``: feature, reason, n: values left out
    for their unit or size. ``flow``: step and patients left after it.
    """

    task: Task
    rows: pl.DataFrame
    features: pl.DataFrame
    scores: pl.DataFrame
    triples: pl.DataFrame
    because: pl.DataFrame
    flow: list[tuple[str, int]]
    missing: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MISSING))
    rejected: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECTED))

    def __len__(self) -> int:
        """Patients."""
        return self.rows.height

    def take(self, index: npt.NDArray[Any]) -> "Dataset":
        """The rows at ``index`` (whole numbers, or a boolean mask), in that order; the flow stays the whole cohort's."""
        places = np.flatnonzero(index) if index.dtype == np.bool_ else index
        rows = self.rows[places]
        kept = rows.get_column("patient").implode()
        return replace(
            self,
            rows=rows,
            features=self.features[places],
            scores=self.scores[places],
            triples=self.triples.filter(pl.col("patient").is_in(kept)),
            because=self.because.filter(pl.col("patient").is_in(kept)),
            missing=self.missing.filter(pl.col("patient").is_in(kept)),
        )


def build(
    graph: Graph,
    task: Task,
    *,
    patients: Sequence[str] | None = None,
    at: datetime | None = None,
    because: bool = False,
    progress: Progress | None = None,
) -> Dataset:
    """The task's data: of all patients, of ``patients`` (keys), or of ``patients`` at one moment ``at`` (aware).

    Without ``at`` each patient stands at the index that the task chooses, and whoever the task leaves out is
    not in the rows (``flow`` says why). With ``at`` nobody is left out, the outcome is not looked up, and
    ``rows.unfit`` says what the task does not describe. Every value is read through ``graph.journey.facts``;
    what was known to be entered in error does not count.

    Raises:
        NotFoundError: a patient is not in the graph.
        InvalidInputError: ``at`` has no time zone.
    """
    found = cohort(graph, task, patients=patients, at=at, progress=progress)
    parts = []
    for start in range(0, found.rows.height, BATCH):
        rows = found.rows[start : start + BATCH]
        parts.append(_part(_facts(graph, rows, task), rows, task, because))
        if progress:
            progress("Reading features", start + rows.height, found.rows.height)
    wanted = [c for f in features.chosen(task.features) for c in features.columns(f)]
    kept = ["patient", "encounter", "at", "outcome", "died", "population", "fits", "unfit", "age"]
    values = _stacked([p["features"] for p in parts], dict.fromkeys(wanted, pl.Float64))
    rows = found.rows.with_columns(banded(values, name, band) for name, band in task.bands.items())
    return Dataset(
        task=task,
        rows=rows.select(*kept, *(c for c in task.subgroups if c not in kept)),
        features=values,
        scores=_stacked([p["scores"] for p in parts], dict.fromkeys(task.scores, pl.Float64)),
        triples=_stacked([p["triples"] for p in parts], TRIPLES),
        because=_stacked([p["because"] for p in parts], BECAUSE),
        flow=found.flow,
        missing=_stacked([p["missing"] for p in parts], MISSING),
        rejected=_stacked([p["rejected"] for p in parts], REJECTED)
        .group_by("feature", "reason")
        .agg(pl.col("n").sum())
        .sort("feature", "reason"),
    )


def banded(values: pl.DataFrame, name: str, bands: Bands) -> pl.Series:
    """The group of each patient by one feature; null where the feature is missing or below the least group.

    >>> visits = pl.DataFrame({"visits": [0.0, 3.0, 12.0, None]})
    >>> banded(visits, "use", Bands(feature="visits", groups={"few": 0, "many": 3})).to_list()
    ['few', 'many', 'many', None]
    """
    column = pl.col(bands.feature)
    group = pl.lit(None, pl.String)
    for label, least in sorted(bands.groups.items(), key=itemgetter(1)):
        group = pl.when(column >= least).then(pl.lit(label)).otherwise(group)
    return values.select(group.alias(name)).to_series()


def _facts(graph: Graph, rows: pl.DataFrame, task: Task) -> pl.DataFrame:
    """What was known of each patient, without what was known to be entered in error or refuted."""
    moments = list(rows.select("patient", "at").iter_rows())
    found = pl.concat(journey.facts(graph, moments, types=types(task), batch=BATCH))
    return found.filter(~pl.col("status").is_in(list(UNTRUE)).fill_null(value=False))


def types(task: Task) -> list[str]:
    """The FHIR types that the task's features, scores and triples read."""
    chosen = (f for f in features.chosen(task.features) if isinstance(f, features.Selecting))
    named = {t for f in chosen for t in f.where.types}
    return sorted(named | set(relations().relations) | {"Condition", "Encounter", "Observation"})


def _part(facts: pl.DataFrame, rows: pl.DataFrame, task: Task, because: bool) -> dict[str, pl.DataFrame]:
    computed = compute(facts, rows, features.chosen(task.features), task.lookback, because=because)
    scored = {s.name: s.score(facts, rows) for s in scores.chosen(task.scores)}
    points = [s.points.select(pl.col("points").cast(pl.Float64).alias(name)) for name, s in scored.items()]
    return {
        "features": computed.values,
        "because": computed.because,
        "rejected": computed.rejected,
        "scores": pl.concat(points, how="horizontal") if points else pl.DataFrame(),
        "triples": triples(facts, rows),
        "missing": pl.concat([s.missing for s in scored.values()] or [pl.DataFrame(schema=MISSING)]),
    }


def _stacked(frames: list[pl.DataFrame], schema: Any) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=schema), *frames])
