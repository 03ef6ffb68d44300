"""The twin: members stacked on out-of-fold predictions, calibrated, with interval, conformal set and disagreement."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import polars as pl

from ontology.errors import InvalidInputError
from twin.dataset import Dataset
from twin.folds import folds
from twin.predictors import Array, Member, chosen, members, outcomes
from twin.stacking import Stack
from twin.uncertainty import Conformal, Recalibration

Step = Callable[[int, int | None, str | None], None]
"""Told (done, total, what) while long work goes on."""


def quiet(done: int, total: int | None = None, what: str | None = None) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Forecast:
    """What the twin says of one patient.

    ``probability`` is calibrated; ``low`` and ``high`` are the 95 % interval of the calibration. ``outcomes`` is the
    conformal set, of 0 and 1. ``disagreement`` is the standard deviation of the members' probabilities. ``logit`` is the
    stacked log odds, before calibration, which the contributions explain. ``missing`` names the features that this patient
    does not have. ``seen``: the patient was one of the training, and was answered by those members that had not learned
    from the patient.
    """

    patient: str
    probability: float
    low: float
    high: float
    outcomes: tuple[int, ...]
    disagreement: float
    logit: float
    members: dict[str, float]
    missing: tuple[str, ...]
    seen: bool = False


@dataclass(frozen=True)
class Core:
    """Members that learned from the same patients, and how they are stacked."""

    members: dict[str, Member]
    stack: Stack

    def each(self, data: Dataset) -> Array:
        """Every member's probability, shape ``(n, members)``."""
        return np.column_stack([member.predict(data) for member in self.members.values()])

    def logit(self, data: Dataset) -> Array:
        """The stacked log odds before calibration, shape ``(n,)``."""
        return self.stack.logit(self.each(data))


@dataclass
class Twin:
    """An ensemble for one task.

    ``names`` are the members to use. ``inner`` folds, by patient, make the out-of-fold predictions from which stacking,
    calibration and conformal sets learn; then every member learns again from all. The members of the folds are kept: a
    patient of the training is answered by those that had not seen the patient, so that no prediction rests on the patient's
    own outcome. Nothing depends on the order of the rows, and the same data give the same twin.
    """

    names: tuple[str, ...] = field(default_factory=chosen)
    inner: int = 3
    confidence: float = 0.9

    def fit(self, data: Dataset, progress: Step | None = None) -> Self:
        """Learn from patients whose outcome is known.

        Raises:
            InvalidInputError: too few patients with either outcome, or an outcome is unknown.
            MissingExtraError: a member needs a library that is not installed.
        """
        say = progress or quiet
        data = data.take(np.argsort(np.asarray(data.rows["patient"].to_list()), kind="stable"))
        y, patients = outcomes(data), data.rows["patient"].to_list()
        fold = folds(patients, y, self.inner, salt="inner")
        held = np.zeros((len(y), len(self.names)))
        total, done = len(self.names) * (self.inner + 1), 0
        learned: list[dict[str, Member]] = [{} for _ in range(self.inner)]
        for k in range(self.inner):
            train, test = data.take(np.flatnonzero(fold != k)), data.take(np.flatnonzero(fold == k))
            for m, name in enumerate(self.names):
                say(done, total, f"{name}, inner fold {k + 1} of {self.inner}")
                learned[k][name] = members()[name]().fit(train)
                held[fold == k, m] = learned[k][name].predict(test)
                done += 1
        self._combine(held, y, fold, learned)
        self.fold_of = dict(zip(patients, fold.tolist(), strict=True))
        everybody: dict[str, Member] = {}
        for name in self.names:
            say(done, total, f"{name}, all patients")
            everybody[name] = members()[name]().fit(data)
            done += 1
        self.whole = Core(everybody, Stack.fit(held, y))
        self.n, self.events, self.columns = len(y), int(y.sum()), list(data.features.columns)
        say(total, total, "ensemble ready")
        return self

    def _combine(self, held: Array, y: Array, fold: np.ndarray, learned: list[dict[str, Member]]) -> None:
        """Stack on out-of-fold predictions; calibrate on stacked scores that were themselves made out of fold."""
        self.apart = [Core(learned[k], Stack.fit(held[fold != k], y[fold != k])) for k in range(self.inner)]
        crossed = np.zeros(len(y))
        for k, core in enumerate(self.apart):
            crossed[fold == k] = core.stack.logit(held[fold == k])
        self.calibration = Recalibration.fit(crossed, y)
        self.conformal = Conformal(self.confidence).fit(sigmoid(crossed), y)

    def core(self, patient: str) -> Core:
        """What answers for a patient: all members, or for a patient of the training those that had not seen the patient."""
        fold = self.fold_of.get(patient)
        return self.whole if fold is None else self.apart[fold]

    def _each(self, data: Dataset) -> tuple[Array, Array]:
        """Members' probabilities ``(n, members)`` and stacked log odds ``(n,)``, each row by its patient's core."""
        patients = data.rows["patient"].to_list()
        part = np.array([self.fold_of.get(p, -1) for p in patients], dtype=int)
        each, logits = np.zeros((len(part), len(self.names))), np.zeros(len(part))
        for k in np.unique(part):
            inside = np.flatnonzero(part == k)
            core = self.core(patients[inside[0]])
            each[inside] = core.each(data.take(inside))
            logits[inside] = core.stack.logit(each[inside])
        return each, logits

    def predict(self, data: Dataset) -> list[Forecast]:
        """One forecast a row, in the order of the rows.

        Raises:
            InvalidInputError: the features are not those of the training.
        """
        if data.features.columns != self.columns:
            raise InvalidInputError(
                "These are not the features that the model was trained on.",
                got=", ".join(sorted(set(data.features.columns) ^ set(self.columns))) or "another order",
                do="Train again: cwm twin train.",
            )
        each, logits = self._each(data)
        probability, low, high = self.calibration.predict(logits)
        inside, spread = self.conformal.predict(sigmoid(logits)), each.std(axis=1)
        absent = data.features.select(pl.all().is_null()).to_numpy()
        columns = np.array(self.columns, dtype=object)
        return [
            Forecast(
                patient=patient, probability=float(probability[i]), low=float(low[i]), high=float(high[i]),
                outcomes=tuple(int(c) for c in np.flatnonzero(inside[i])), disagreement=float(spread[i]),
                logit=float(logits[i]), members=dict(zip(self.names, map(float, each[i]), strict=True)),
                missing=tuple(columns[absent[i]]), seen=patient in self.fold_of,
            )
            for i, patient in enumerate(data.rows["patient"].to_list())
        ]  # fmt: skip

    def weights(self) -> dict[str, float]:
        """How much each member is listened to (on its standardised logit)."""
        return {
            name: round(float(w), 4) for name, w in zip(self.names, self.whole.stack.weights, strict=True)
        }


def sigmoid(logit: Array) -> Array:
    """The probability of log odds."""
    return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float64)


def prevalence(data: Dataset) -> float:
    """Share of rows with the outcome, of those where it is known."""
    share: Any = data.rows["outcome"].cast(pl.Float64).mean()
    return float(share) if share is not None else float("nan")
