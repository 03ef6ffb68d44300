"""Patients like this one: nearest neighbours in an embedding of the journey graph (PyKEEN)."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from twin.dataset import Dataset
from twin.embedding import Embedding
from twin.predictors import Array, outcomes


@dataclass(frozen=True)
class Neighbour:
    """A patient of the training part, how near (cosine distance, 0 = same direction) and what happened."""

    patient: str
    distance: float
    outcome: int


class PatientsLikeThis:
    """What happened to the nearest patients, nearer ones weighing more.

    The graph's entities (concepts) and relations get vectors by a knowledge graph embedding of the training patients'
    journeys, all of it known before the index. A patient's vector is the weighted mean of the vectors of what the
    patient had, so a new patient is placed by the same rule and without training again, and a training patient's own
    outcome plays no part in where the patient lies.
    """

    name: ClassVar[str] = "patients-like-this"
    kind: ClassVar[str] = "nearest neighbours in a PyKEEN embedding of the journey graph"

    def fit(self, data: Dataset) -> Self:
        """Embed the training journeys, keep the patients' vectors and outcomes.

        Raises:
            MissingExtraError: torch or PyKEEN is not installed.
        """
        self.outcome = outcomes(data)
        self.embedding = Embedding.fit(data.triples)
        self.patients = data.rows["patient"].to_list()
        self.prevalence = float(self.outcome.mean())
        self.vectors = self.embedding.place(data.triples, self.patients)
        self.k = int(np.clip(2.5 * np.sqrt(len(self.patients)), 5, 150))
        return self

    def predict(self, data: Dataset) -> Array:
        """Distance-weighted share of the nearest with the outcome, shrunk to prevalence by a weight of five patients."""
        index, distance = self._nearest(data)
        weight = self._weights(distance)
        prior = 5.0
        return np.asarray(
            ((weight * self.outcome[index]).sum(1) + prior * self.prevalence) / (weight.sum(1) + prior),
            dtype=np.float64,
        )

    def neighbours(self, data: Dataset, count: int = 5) -> list[list[Neighbour]]:
        """The nearest patients of each row, nearest first."""
        index, distance = self._nearest(data)
        return [
            [
                Neighbour(self.patients[i], round(float(d), 4), int(self.outcome[i]))
                for i, d in zip(row, far, strict=True)
            ]
            for row, far in zip(index[:, :count], distance[:, :count], strict=True)
        ]

    def _nearest(self, data: Dataset) -> tuple[np.ndarray, Array]:
        here = self.embedding.place(data.triples, data.rows["patient"].to_list())
        far = 1.0 - here @ self.vectors.T
        k = min(self.k, far.shape[1])
        # A stable sort on the rounded distance: ties fall to the patient whose key comes first.
        index = np.argsort(np.round(far, 9), axis=1, kind="stable")[:, :k]
        return index, np.take_along_axis(far, index, axis=1)

    @staticmethod
    def _weights(distance: Array) -> Array:
        """1 at the median distance of the neighbours; 0 where the distance is 1 to all: nothing is known of the patient."""
        scale = np.maximum(np.median(distance, axis=1, keepdims=True), 1e-9)
        placed = np.ptp(distance, axis=1, keepdims=True) > 1e-12
        return np.asarray(np.exp(0.5 - 0.5 * (distance / scale) ** 2) * placed, dtype=np.float64)


MEMBER = PatientsLikeThis
