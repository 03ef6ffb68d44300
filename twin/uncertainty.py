"""How sure: a calibrated probability with its interval, and class-conditional conformal sets."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from twin.predictors import Array

LEVEL = 0.95
PRIOR = np.array([1.0, 0.25])
"""Variances of intercept and slope about 0 and 1: a stack is calibrated unless patients say otherwise."""


@dataclass(frozen=True)
class Recalibration:
    """Calibrated probability with an interval: ``intercept + slope * log odds`` (Cox 1958, Platt 1999).

    Learned from log odds that were made without the patient's own outcome, with a normal prior about "right as it is"; the
    interval is that of the Laplace approximation. It is smooth and keeps the order of patients, and its interval holds it.
    """

    theta: Array
    """Intercept and slope, shape ``(2,)``."""
    covariance: Array
    """Of both, shape ``(2, 2)``."""

    @classmethod
    def fit(cls, logit: Array, outcome: Array) -> "Recalibration":
        """Newton's method on the penalised likelihood, which is concave."""
        x = np.column_stack([np.ones_like(logit), logit])
        centre = np.array([0.0, 1.0])
        theta, precision = centre.copy(), np.diag(1 / PRIOR)
        for _ in range(50):
            fitted = 1 / (1 + np.exp(-x @ theta))
            gradient = x.T @ (outcome - fitted) - precision @ (theta - centre)
            hessian = (x * (fitted * (1 - fitted))[:, None]).T @ x + precision
            step = np.linalg.solve(hessian, gradient)
            theta = theta + np.clip(step, -1, 1)
            if np.abs(step).max() < 1e-9:
                break
        theta[1] = max(theta[1], 0.0)
        return cls(theta, np.linalg.inv(hessian))

    def predict(self, logit: Array) -> tuple[Array, Array, Array]:
        """(probability, low, high), each of shape ``(n,)``, for stacked log odds."""
        from scipy.stats import norm

        x = np.column_stack([np.ones_like(logit), logit])
        middle = x @ self.theta
        spread = float(norm.ppf((1 + LEVEL) / 2)) * np.sqrt(np.einsum("ij,jk,ik->i", x, self.covariance, x))
        middle, low, high = (1 / (1 + np.exp(-z)) for z in (middle, middle - spread, middle + spread))
        return middle, low, high


class Conformal:
    """Sets of outcomes that leave out the true one in at most ``1 - confidence`` of the patients *of each outcome*.

    Class-conditional (Mondrian) conformal classification by ``crepes``, without smoothing, so it errs to the larger
    set. A set may hold both outcomes (not sure enough) or none (unlike all calibration patients of either outcome).
    Holds for patients exchangeable with those of the calibration, and for nobody else.
    """

    def __init__(self, confidence: float = 0.9) -> None:
        self.confidence = confidence

    def fit(self, score: Array, outcome: Array) -> Self:
        """Calibrate on scores in [0, 1] that were made without the patient's own outcome."""
        from crepes import ConformalClassifier

        own = np.where(outcome == 1, score, 1 - score)
        self.classifier: Any = ConformalClassifier().fit(1 - own, bins=outcome.astype(int))
        return self

    def predict(self, score: Array) -> np.ndarray:
        """Which outcomes are in the set: booleans of shape ``(n, 2)``, columns outcome 0 and outcome 1."""
        sets = []
        for label, probability in ((0, 1 - score), (1, score)):
            strange = (1 - probability).reshape(-1, 1)
            bins = np.full(len(score), label)
            inside = self.classifier.predict_set(
                strange, bins=bins, confidence=self.confidence, smoothing=False
            )
            sets.append(inside.reshape(-1).astype(bool))
        return np.column_stack(sets)
