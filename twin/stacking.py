"""Stacking: how much each member is listened to, learned from predictions it made for patients it had not seen."""

from dataclasses import dataclass

import numpy as np

from twin.predictors import Array, logit

PRIOR = 30.0
"""How much the plain mean of the members' logits is believed before anything is seen: about what 120 patients say."""


@dataclass(frozen=True)
class Stack:
    """A logistic regression on the members' logits with weights that are never negative (van der Laan 2007, Breiman 1996).

    ``logit = intercept + sum(weight * (member's logit - centre) / scale)``. The weights begin at the plain mean of the
    members and leave it as far as the patients say: with few patients a free choice of weights is mostly luck. A member that
    says the same of everybody has no spread and gets weight 0.
    """

    intercept: float
    weights: Array
    centre: Array
    scale: Array

    @classmethod
    def fit(cls, probabilities: Array, outcome: Array) -> "Stack":
        """Learn from out-of-fold probabilities, shape ``(n, members)``."""
        from scipy.optimize import minimize

        z = logit(probabilities)
        centre, spread = z.mean(0), z.std(0)
        heard = spread > 1e-3
        scale = np.where(heard, spread, 1.0)
        x = np.where(heard, (z - centre) / scale, 0.0)
        mean = np.where(heard, scale, 0.0) / max(1, heard.sum())

        def loss(theta: Array) -> tuple[float, Array]:
            eta = theta[0] + x @ theta[1:]
            value = np.logaddexp(0, eta) - outcome * eta
            off = 1 / (1 + np.exp(-eta)) - outcome
            gradient = np.concatenate([[off.sum()], x.T @ off + PRIOR * (theta[1:] - mean)])
            return float(value.sum() + 0.5 * PRIOR * ((theta[1:] - mean) ** 2).sum()), gradient

        start = np.concatenate([logit(np.array([outcome.mean()])), np.zeros(x.shape[1])])
        bounds = [(None, None)] + [(0.0, None)] * x.shape[1]
        found = minimize(
            loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12, "gtol": 1e-8}
        )
        return cls(float(found.x[0]), np.where(heard, found.x[1:], 0.0), centre, scale)

    def logit(self, probabilities: Array) -> Array:
        """The stacked log odds, shape ``(n,)``."""
        x = (logit(probabilities) - self.centre) / self.scale
        return np.asarray(self.intercept + x @ self.weights, dtype=np.float64)
