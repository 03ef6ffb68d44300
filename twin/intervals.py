"""Estimates with their 95 % intervals: bootstrap over patients, Wilson for shares, exact for counts."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from twin.metrics import Statistic, calibration_intercept
from twin.predictors import SEED, Array, logit

LEVEL = 0.95
FEWEST = 5
"""With fewer patients of either outcome a bootstrap interval would pretend; none is given."""


class Estimate(BaseModel):
    """A figure with its interval. ``how`` says how the interval was made, or why there is none."""

    model_config = ConfigDict(frozen=True)
    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = LEVEL
    n: int
    events: int
    how: str

    def __str__(self) -> str:
        if self.value is None:
            return "not defined"
        if self.low is None or self.high is None:
            return f"{self.value:.3f} ({self.how})"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def resamples(patients: Sequence[str], count: int = 1000, *, seed: int = SEED) -> Array:
    """How often each row counts in each bootstrap sample, shape ``(count, n)``; all rows of a patient go together."""
    keys, row = np.unique(np.asarray(patients), return_inverse=True)
    drawn = np.random.default_rng(seed).multinomial(len(keys), np.full(len(keys), 1 / len(keys)), size=count)
    return np.asarray(drawn[:, row], dtype=np.float64)


def bootstrapped(statistic: Statistic, y: Array, p: Array, samples: Array) -> Estimate:
    """The statistic with its percentile interval over the samples (weights of the same rows, shape ``(b, n)``)."""
    n, events = len(y), int(y.sum())
    value = float(statistic(y, p, np.ones((1, n)))[0]) if n else float("nan")
    if not np.isfinite(value):
        return Estimate(
            value=None, n=n, events=events, how="not defined: only one outcome, or one probability"
        )
    if min(events, n - events) < FEWEST:
        return Estimate(value=value, n=n, events=events, how=f"too few: under {FEWEST} of an outcome")
    drawn = np.concatenate(
        [statistic(y, p, part) for part in np.array_split(samples, max(1, samples.size // 2**20))]
    )
    low, high = np.nanpercentile(drawn, [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2])
    return Estimate(
        value=value,
        low=float(low),
        high=float(high),
        n=n,
        events=events,
        how=f"bootstrap over patients, {len(samples)}",
    )


def share(hits: int, n: int, *, events: int | None = None) -> Estimate:
    """A share with its Wilson interval, which holds for few patients too. ``events`` is by default the hits.

    >>> print(share(0, 20))
    0.000 (0.000 to 0.161)
    """
    events = hits if events is None else events
    if not n:
        return Estimate(value=None, n=0, events=events, how="not defined: nobody")
    low, high = wilson(hits, n)
    return Estimate(value=hits / n, low=low, high=high, n=n, events=events, how="Wilson")


def wilson(hits: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's interval of a share.

    >>> [round(x, 4) for x in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    middle, spread = hits + z * z / 2, z * np.sqrt(hits * (n - hits) / n + z * z / 4)
    return max(0.0, float((middle - spread) / (n + z * z))), min(1.0, float((middle + spread) / (n + z * z)))


def observed_expected(observed: int, expected: float, n: int) -> Estimate:
    """Observed over expected with the exact Poisson interval of the observed (Garwood 1936).

    >>> print(observed_expected(10, 5.0, 100))
    2.000 (0.959 to 3.678)
    """
    from scipy.stats import chi2

    if expected <= 0:
        return Estimate(value=None, n=n, events=observed, how="not defined: nothing expected")
    low = chi2.ppf((1 - LEVEL) / 2, 2 * observed) / 2 if observed else 0.0
    high = chi2.ppf((1 + LEVEL) / 2, 2 * (observed + 1)) / 2
    value = observed / expected
    return Estimate(
        value=value,
        low=float(low / expected),
        high=float(high / expected),
        n=n,
        events=observed,
        how="exact Poisson",
    )


def poisson_binomial_test(observed: int, probabilities: Array) -> float:
    """Two-sided exact chance of a count as far from expected, if every patient's probability is right.

    The distribution of the count is the convolution of the patients' own; twice the smaller tail, at most 1.

    >>> round(poisson_binomial_test(10, np.full(10, 0.5)), 6)
    0.001953
    """
    mass = np.ones(1)
    for p in probabilities:
        mass = np.convolve(mass, [1 - p, p])
    return float(min(1.0, 2 * min(mass[: observed + 1].sum(), mass[observed:].sum())))


def trend_test(y: Array, p: Array, steps: Array) -> float:
    """Two-sided chance of so large a trend of ``y - p`` along ``steps``, if the probabilities are right up to a common shift.

    The score test of the slope in :func:`twin.metrics.calibration_trend` (Rao 1948), normal for many patients.

    >>> order = np.repeat([0.0, 1.0], 50)
    >>> round(trend_test(np.r_[np.zeros(40), np.ones(20), np.zeros(40)], np.full(100, 0.2), order), 3)
    1.0
    """
    from scipy.stats import norm

    shift = float(calibration_intercept(y, p, np.ones((1, len(y))))[0])
    fitted = 1 / (1 + np.exp(-(logit(p) + shift)))
    information = fitted * (1 - fitted)
    centred = steps - (information @ steps) / information.sum()
    spread = float(information @ centred**2)
    return float(2 * norm.sf(abs(centred @ (y - fitted)) / np.sqrt(spread))) if spread > 0 else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted for how many were tested (Holm 1979), in the order given.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    scaled = np.asarray(p_values, dtype=np.float64)[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(round(x, 12)) for x in adjusted]
