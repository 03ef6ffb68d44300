"""What a member learns from or predicts for: one row a patient, and everything known before the index.

:func:`build` is the same code for all patients of a task and for one patient at one moment.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from twin.tasks import Task

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


MISSING = {"patient": pl.String, "score": pl.String, "input": pl.String}


@dataclass(frozen=True)
class Dataset:
    """Rows, features and scores are aligned: row ``i`` of each is the same patient at the same index.

    ``rows``: patient, encounter (keys), at (UTC), outcome (0/1, null when not known or not asked), died (true: died in the
    horizon without the outcome), population ('synthetic' or 'real'), fits (false: made at a moment or place that the
    task does not describe), unfit (why, or null), and the subgroup columns of the task.
    ``features``: floats, null = missing. ``scores``: one column of points a published score.
    ``triples``: patient, relation, concept. ``because``: patient, feature, key, value (empty unless asked for).
    ``missing``: patient, score, input: what a score could not see. ``flow``: step and patients left after it.
    """

    task: Task
    rows: pl.DataFrame
    features: pl.DataFrame
    scores: pl.DataFrame
    triples: pl.DataFrame
    because: pl.DataFrame
    flow: list[tuple[str, int]]
    missing: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MISSING))

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
