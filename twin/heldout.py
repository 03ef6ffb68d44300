"""Predictions for patients that no part of the model had seen: the outer folds of an evaluation."""

from dataclasses import dataclass

import numpy as np

from twin.baselines import BASELINES
from twin.dataset import Dataset
from twin.ensemble import Forecast, Step, Twin, quiet
from twin.folds import folds
from twin.predictors import Array, outcomes


@dataclass(frozen=True)
class HeldOut:
    """Aligned with the rows of the data: outcome, forecasts, and each baseline's probability; weights a fold."""

    outcome: Array
    forecasts: list[Forecast]
    baselines: dict[str, Array]
    weights: list[dict[str, float]]

    @property
    def probability(self) -> Array:
        """The ensemble's calibrated probability."""
        return np.array([f.probability for f in self.forecasts])

    def of(self, member: str) -> Array:
        """A member's own probability, as it was before stacking."""
        return np.array([f.members[member] for f in self.forecasts])

    @property
    def sets(self) -> np.ndarray:
        """Booleans of shape ``(n, 2)``: is outcome 0, is outcome 1 in the conformal set."""
        return np.array([[c in f.outcomes for c in (0, 1)] for f in self.forecasts])


def held_out(
    data: Dataset, names: tuple[str, ...], count: int, inner: int, progress: Step | None = None
) -> HeldOut:
    """Every patient's forecast by a twin that learned from the other folds, embeddings included.

    Raises:
        InvalidInputError: too few patients of either outcome for that many folds.
    """
    from threadpoolctl import threadpool_limits

    say, y = progress or quiet, outcomes(data)
    fold = folds(data.rows["patient"].to_list(), y, count, salt="outer")
    steps = len(names) * (inner + 1)
    forecasts: list[Forecast | None] = [None] * len(y)
    baselines = {b.name: np.zeros(len(y)) for b in BASELINES}
    weights = []
    for k in range(count):
        test = np.flatnonzero(fold == k)
        train = data.take(np.flatnonzero(fold != k))

        def step(done: int, _total: int | None = None, what: str | None = None, k: int = k) -> None:
            say(k * steps + done, count * steps, f"fold {k + 1} of {count}: {what}")

        part = data.take(test)
        # Small problems: more threads wait for each other longer than they work.
        with threadpool_limits(1):
            twin = Twin(names, inner).fit(train, step)
            for i, forecast in zip(test, twin.predict(part), strict=True):
                forecasts[i] = forecast
            for baseline in BASELINES:
                baselines[baseline.name][test] = baseline().fit(train).predict(part)
        weights.append(twin.weights())
    return HeldOut(y, [f for f in forecasts if f is not None], baselines, weights)
