"""Members of the ensemble: one file each, found by :func:`members`.

To add one, write a module with a class that follows :class:`Member` and name it ``MEMBER``. The class's ``name`` is
the module's name with dashes. Every member must be deterministic for a given seed and must not depend on the order
of the rows.
"""

import importlib
import pkgutil
from typing import ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from ontology.errors import InvalidInputError
from twin.dataset import Dataset

Array = npt.NDArray[np.float64]

SEED = 20120814
"""The one seed of the twin; a constant, so that the same data give the same model everywhere."""


class Member(Protocol):
    """A way to turn what was known of a patient at the index into a probability."""

    name: ClassVar[str]
    """Its name in reports and on the command line."""
    kind: ClassVar[str]
    """The kind of model, in a few words."""

    def fit(self, data: Dataset) -> Self:
        """Learn from patients whose outcome is known (``rows.outcome`` has no null)."""

    def predict(self, data: Dataset) -> Array:
        """P(outcome = 1) of each row, shape ``(n,)``, in [0, 1], never missing."""


def members() -> dict[str, type[Member]]:
    """All members by name, in the order of their names.

    >>> sorted(members())
    ['clinical-score', 'gradient-boosting', 'patients-like-this', 'penalised-logistic']
    """
    found = {}
    for info in pkgutil.iter_modules(__path__):
        member: type[Member] = importlib.import_module(f"{__name__}.{info.name}").MEMBER
        found[member.name] = member
    return dict(sorted(found.items()))


def chosen(without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of all members but those in ``without``.

    Raises:
        InvalidInputError: a name is unknown, or nobody is left.

    >>> chosen(without=("patients-like-this", "gradient-boosting"))
    ('clinical-score', 'penalised-logistic')
    """
    every = members()
    unknown = sorted(set(without) - set(every))
    left = tuple(name for name in every if name not in without)
    if unknown or not left:
        what = "No such member." if unknown else "At least one member must stay."
        raise InvalidInputError(what, got=", ".join(unknown or without), allowed=", ".join(every))
    return left


def matrix(data: Dataset) -> Array:
    """The features as floats, shape ``(n, features)``; what is missing is NaN."""
    return np.ascontiguousarray(data.features.cast(pl.Float64).fill_null(np.nan).to_numpy(), dtype=np.float64)


def outcomes(data: Dataset) -> Array:
    """The outcome as 0.0 or 1.0, shape ``(n,)``.

    Raises:
        InvalidInputError: an outcome is not known yet.
    """
    outcome = data.rows["outcome"].cast(pl.Float64)
    if outcome.null_count():
        raise InvalidInputError(
            "A model can only learn from patients whose outcome is known.",
            got=f"{outcome.null_count()} of {len(outcome)} unknown",
        )
    return np.asarray(outcome.to_numpy(), dtype=np.float64)


def logit(probability: Array) -> Array:
    """Log odds, with probabilities kept within [1e-4, 1 - 1e-4] so that no member is ever infinitely sure.

    >>> logit(np.array([0.5, 1.0])).round(2).tolist()
    [0.0, 9.21]
    """
    p = np.clip(probability, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(p / (1 - p)), dtype=np.float64)
