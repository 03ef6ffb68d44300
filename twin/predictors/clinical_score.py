"""The published clinical score of the task, computed from the graph."""

from typing import ClassVar, Self

import numpy as np
import polars as pl

from ontology.errors import InvalidInputError
from twin.dataset import Dataset
from twin.predictors import Array, outcomes


class ClinicalScore:
    """Points of the task's first published score, turned into a probability by a one-variable logistic regression.

    The regression is fitted on the training part only, so the score is recalibrated to the place where it is used; its
    order of patients is the published one. A patient without the score gets the training part's median points.
    """

    name: ClassVar[str] = "clinical-score"
    kind: ClassVar[str] = "published score, recalibrated"

    def fit(self, data: Dataset) -> Self:
        """Fit intercept and slope.

        Raises:
            InvalidInputError: the task has no published score.
        """
        from sklearn.linear_model import LogisticRegression

        if not data.scores.columns:
            raise InvalidInputError(
                "The task names no published score.",
                got=data.task.name,
                do="Leave it out: --without clinical-score.",
            )
        self.score = data.scores.columns[0]
        points = data.scores[self.score].cast(pl.Float64)
        median = points.median()
        self.median = float(median) if isinstance(median, int | float) else 0.0
        x = self._points(data)
        self.centre, self.scale = float(x.mean()), float(x.std()) or 1.0
        # A very weak penalty: without it, points that separate the outcomes in a small training part never converge.
        self.model = LogisticRegression(C=100.0).fit((x - self.centre) / self.scale, outcomes(data))
        return self

    def predict(self, data: Dataset) -> Array:
        """P(outcome = 1)."""
        x = (self._points(data) - self.centre) / self.scale
        return np.asarray(self.model.predict_proba(x)[:, 1], dtype=np.float64)

    def _points(self, data: Dataset) -> Array:
        points = data.scores[self.score].cast(pl.Float64).fill_null(self.median)
        return np.asarray(points.fill_nan(self.median).to_numpy(), dtype=np.float64).reshape(-1, 1)


MEMBER = ClinicalScore
