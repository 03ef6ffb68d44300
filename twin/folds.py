"""Which patient is in which fold: a matter of the patient's key and outcome, never of the order of the rows."""

import hashlib

import numpy as np
import numpy.typing as npt

from ontology.errors import InvalidInputError
from twin.predictors import SEED, Array

Folds = npt.NDArray[np.int64]


def folds(patients: list[str], outcome: Array, count: int, *, salt: str = "") -> Folds:
    """A fold number in ``0 .. count-1`` for each row; all rows of a patient share one; outcomes spread evenly.

    Patients are dealt out by a seeded hash of their key, those who ever had the outcome first.

    Raises:
        InvalidInputError: fewer than two folds, or fewer patients of either outcome than folds.

    >>> folds(["a", "b", "c", "d"], np.array([1.0, 0, 1, 0]), 2).tolist()
    [1, 0, 0, 1]
    """
    ever: dict[str, float] = {}
    for patient, y in zip(patients, outcome.tolist(), strict=True):
        ever[patient] = max(ever.get(patient, 0.0), y)
    events = int(sum(ever.values()))
    least = min(events, len(ever) - events)
    if count < 2 or least < count:
        raise InvalidInputError(
            f"Cannot split {len(ever)} patients, {events} with the outcome, into {count} folds.",
            allowed="at least 2 folds, and in each a patient with and one without the outcome",
            do="Use fewer folds or more patients.",
        )
    dealt = sorted(ever, key=lambda p: (-ever[p], hashlib.sha256(f"{SEED}|{salt}|{p}".encode()).hexdigest()))
    number = {patient: i % count for i, patient in enumerate(dealt)}
    return np.array([number[p] for p in patients], dtype=np.int64)
