"""Statistics of predictions, each as a function of patient weights, so that one pass gives the estimate and its bootstrap.

Every function takes outcomes ``y`` and probabilities ``p`` of shape ``(n,)`` and weights ``w`` of shape ``(b, n)``: how
often each patient counts in each of ``b`` samples. It gives ``(b,)``; NaN where a sample has only one outcome.
"""

from collections.abc import Callable

import numpy as np

from twin.predictors import Array, logit

Statistic = Callable[[Array, Array, Array], Array]


def _tied(y: Array, p: Array, w: Array) -> tuple[Array, Array]:
    """Weighted events and non-events at each distinct probability, ascending; both ``(b, values)``."""
    order = np.argsort(p, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(p[order]) > 0])
    events = np.add.reduceat(w[:, order] * y[order], starts, axis=1)
    others = np.add.reduceat(w[:, order] * (1 - y[order]), starts, axis=1)
    return events, others


def _ratio(top: Array, bottom: Array) -> Array:
    ratio: Array = np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0)
    return ratio


def auroc(y: Array, p: Array, w: Array) -> Array:
    """Chance that a patient with the outcome has the higher probability; ties count a half.

    >>> auroc(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]), np.ones((1, 4))).tolist()
    [0.75]
    """
    events, others = _tied(y, p, w)
    below = np.cumsum(others, axis=1) - others / 2
    return _ratio((events * below).sum(1), events.sum(1) * others.sum(1))


def auprc(y: Array, p: Array, w: Array) -> Array:
    """Average precision: precision at each threshold weighted by the recall gained there."""
    events, others = _tied(y, p, w)
    hit, called = np.cumsum(events[:, ::-1], axis=1), np.cumsum((events + others)[:, ::-1], axis=1)
    precision = np.divide(hit, called, out=np.zeros_like(hit), where=called > 0)
    return _ratio((precision * events[:, ::-1]).sum(1), events.sum(1))


def brier(y: Array, p: Array, w: Array) -> Array:
    """Mean squared distance of probability and outcome; lower is better."""
    return _ratio(w @ (p - y) ** 2, w.sum(1))


def brier_skill(y: Array, p: Array, w: Array) -> Array:
    """``1 - Brier / Brier of the sample's own prevalence``: 0 knows nothing, 1 is perfect."""
    share = _ratio(w @ y, w.sum(1))
    return 1 - _ratio(brier(y, p, w), share * (1 - share))


def log_loss(y: Array, p: Array, w: Array) -> Array:
    """Mean negative log likelihood, with probabilities kept within [1e-4, 1 - 1e-4]."""
    z = logit(p)
    return _ratio(w @ (np.logaddexp(0, z) - y * z), w.sum(1))


def _shift(y: Array, z: Array, x: Array | None, w: Array) -> Array:
    """What a weighted logistic regression adds to the logits ``z``, by Newton's method: ``(b, 2)`` intercept, slope of ``x``.

    Zeros: the logits are right. Without ``x`` the slope is 0.
    """
    x = np.zeros_like(z) if x is None else x
    beta = np.zeros((len(w), 2))
    varied = float(np.ptp(x)) > 1e-9
    for _ in range(25):
        fitted = 1 / (1 + np.exp(-(z + beta[:, :1] + beta[:, 1:] * x)))
        off, information = w * (y - fitted), w * fitted * (1 - fitted)
        g0, h00 = off.sum(1), information.sum(1) + 1e-12
        if varied:
            g1, h01, h11 = off @ x, information @ x, information @ x**2
            det = np.maximum(h00 * h11 - h01**2, 1e-12)
            step = np.column_stack([(h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det])
        else:
            step = np.column_stack([g0 / h00, np.zeros(len(w))])
        beta += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            break
    one_sided = (w @ y == 0) | (w @ (1 - y) == 0)
    beta[one_sided] = np.nan
    return beta


def calibration_slope(y: Array, p: Array, w: Array) -> Array:
    """Slope of the outcome on the logit: 1 is right, below 1 is too extreme (Van Calster 2019)."""
    z = logit(p)
    return 1 + _shift(y, z, z, w)[:, 1] if float(np.ptp(z)) > 1e-9 else np.full(len(w), np.nan)


def calibration_intercept(y: Array, p: Array, w: Array) -> Array:
    """Calibration in the large: intercept with the slope held at 1; 0 is right, above 0 is too low."""
    return _shift(y, logit(p), None, w)[:, 0]


def calibration_trend(steps: Array) -> Statistic:
    """How much the stated risk falls behind at each step of an order of groups: log odds, 0 is right, above 0 is too low.

    ``steps`` has shape ``(n,)``: the place of each patient's group in the order. A shift that is common to all groups is
    allowed for, so that only a difference along the order counts.
    """

    def along(y: Array, p: Array, w: Array) -> Array:
        return _shift(y, logit(p), steps, w)[:, 1]

    return along


def observed_expected(y: Array, p: Array, w: Array) -> Array:
    """Observed events over expected events; 1 is right."""
    return _ratio(w @ y, w @ p)


def net_benefit(threshold: float) -> Statistic:
    """Net benefit of acting at this probability or above (Vickers 2006): true positives less weighted false ones, a patient."""

    def at(y: Array, p: Array, w: Array) -> Array:
        act = p >= threshold
        return _ratio(w @ (act * y) - (w @ (act * (1 - y))) * threshold / (1 - threshold), w.sum(1))

    return at


def net_benefit_gain(threshold: float) -> Statistic:
    """Net benefit less that of the better of acting on everybody and on nobody: above 0 it is worth having."""

    def at(y: Array, p: Array, w: Array) -> Array:
        everybody = net_benefit(threshold)(y, np.ones_like(p), w)
        return net_benefit(threshold)(y, p, w) - np.maximum(everybody, 0)

    return at


STATISTICS: dict[str, Statistic] = {
    "auroc": auroc, "auprc": auprc, "brier": brier, "brier-skill": brier_skill, "log-loss": log_loss,
    "calibration-slope": calibration_slope, "calibration-intercept": calibration_intercept,
    "observed-expected": observed_expected,
}  # fmt: skip
"""The statistics of every model in a report, in their order."""
