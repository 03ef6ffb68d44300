"""How sure: Venn-Abers calibration with its interval, and class-conditional conformal sets."""

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from twin.predictors import Array


@dataclass
class VennAbers:
    """The two calibrated probabilities between which the right one lies (inductive Venn-Abers prediction, Vovk and Petej 2014).

    For a score, ``low`` and ``high`` are what isotonic regression says if the new patient is added to the calibration
    patients with outcome 0, and with outcome 1. One of the two is the calibrated one, whichever happens.
    """

    low: Array
    high: Array
    scores: Array

    @classmethod
    def fit(cls, score: Array, outcome: Array) -> "VennAbers":
        """Calibrate on scores in [0, 1] that were made without the patient's own outcome."""
        from venn_abers.venn_abers import calc_p0p1

        order = np.lexsort((outcome, score))
        pair = np.column_stack([1 - score, score])[order]
        # The library divides 0 by 0 on its way and ignores the result.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)
            low, high, scores = calc_p0p1(pair, outcome[order])
        return cls(low, high, scores)

    def predict(self, score: Array) -> tuple[Array, Array]:
        """(low, high), each of shape ``(n,)``."""
        from venn_abers.venn_abers import calc_probs

        _, pair = calc_probs(self.low, self.high, self.scores, np.column_stack([1 - score, score]))
        low, high = np.minimum(pair[:, 0], pair[:, 1]), np.maximum(pair[:, 0], pair[:, 1])
        return np.clip(low, 0, 1), np.clip(high, 0, 1)


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
