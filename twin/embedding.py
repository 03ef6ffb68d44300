"""Vectors for the concepts of the journey graph, learned by PyKEEN, and patients placed among them."""

import gc
import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ontology.errors import MissingExtraError
from twin.predictors import SEED, Array

MODEL, DIMENSION, EPOCHS, BATCH = "TransE", 64, 15, 4096
"""Chosen by measuring (docs/twin.md): small and quick, and no worse than what is larger."""


@dataclass(frozen=True)
class Embedding:
    """What was learned: one row for each (relation, concept) that the training patients had.

    ``pairs`` has ``relation, concept, pair`` (row number) and ``weight``, the log of how rare it is; ``vectors`` has shape
    ``(pairs, DIMENSION)``. No torch is needed to use it, only to learn it.
    """

    pairs: pl.DataFrame
    vectors: Array

    @classmethod
    def fit(cls, triples: pl.DataFrame) -> "Embedding":
        """Learn from ``patient, relation, concept``; seeded, so the same triples in any order give the same vectors.

        Raises:
            MissingExtraError: torch or PyKEEN is not installed.
        """
        triples = (
            triples.select("patient", "relation", "concept").unique().sort("patient", "relation", "concept")
        )
        patients = triples["patient"].n_unique()
        pairs = (
            triples.group_by("relation", "concept")
            .len()
            .sort("relation", "concept")
            .with_row_index("pair")
            .with_columns(weight=((patients + 1) / (pl.col("len") + 0.5)).log())
            .drop("len")
        )
        if not len(pairs):
            return cls(pairs, np.zeros((0, DIMENSION)))
        entities, relations, names = _train(triples)
        concept = [names[0][c] for c in pairs["concept"]]
        relation = [names[1][r] for r in pairs["relation"]]
        vectors = _seen_from_patient(entities[concept], relations[relation])
        return cls(pairs, vectors - vectors.mean(0))

    def place(self, triples: pl.DataFrame, patients: list[str]) -> Array:
        """Unit vectors of patients, shape ``(len(patients), DIMENSION)``; all zero where nothing they had is known."""
        from scipy.sparse import csr_array

        number = pl.DataFrame({"patient": patients}, schema={"patient": pl.String}).with_row_index("row")
        had = (
            triples.select("patient", "relation", "concept").unique()
            .join(number, on="patient").join(self.pairs, on=["relation", "concept"]).sort("row", "pair")
        )  # fmt: skip
        where = (had["row"].to_numpy(), had["pair"].to_numpy())
        bag = csr_array((had["weight"].to_numpy(), where), shape=(len(patients), len(self.pairs)))
        total = np.asarray(bag @ self.vectors, dtype=np.float64).reshape(len(patients), -1)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        placed: Array = np.divide(total, length, out=np.zeros_like(total), where=length > 1e-12)
        return placed


def _seen_from_patient(concept: Array, relation: Array) -> Array:
    """Where a patient lies who has this relation to this concept, by the model's own scoring function."""
    return concept * relation if MODEL == "DistMult" else concept - relation


def _train(triples: pl.DataFrame) -> tuple[Array, Array, tuple[dict[str, int], dict[str, int]]]:
    """Vectors of entities and relations, and their numbers. One thread: the same sums in the same order everywhere."""
    factory, model, loop = _pykeen(triples)
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    # PyKEEN collects garbage after every epoch; without this it would look at every object of the process each time.
    gc.freeze()
    try:
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Training instances are always shuffled", DeprecationWarning)
            torch.manual_seed(SEED)
            loop.train(
                factory,
                num_epochs=EPOCHS,
                batch_size=BATCH,
                use_tqdm=False,
                use_tqdm_batch=False,
                pin_memory=False,
            )
    finally:
        gc.unfreeze()
        torch.set_num_threads(threads)
    vectors = [
        _numpy(r[0](indices=None)) for r in (model.entity_representations, model.relation_representations)
    ]
    return vectors[0], vectors[1], (factory.entity_to_id, factory.relation_to_id)


def _numpy(tensor: Any) -> Array:
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)


def _pykeen(triples: pl.DataFrame) -> tuple[Any, Any, Any]:
    """Triples factory, untrained model and training loop."""
    try:
        import torch
        from pykeen.models import model_resolver
        from pykeen.training import SLCWATrainingLoop
        from pykeen.triples import TriplesFactory
    except ImportError as error:
        raise MissingExtraError(
            "Patients-like-this needs PyKEEN and PyTorch.",
            got=str(error),
            do="Add them: make env in a checkout, else pip install 'clinical-world-model[embeddings]'. "
            "Or leave it out: --without patients-like-this.",
        ) from None
    logging.getLogger("pykeen").setLevel(logging.WARNING)
    labelled: npt.NDArray[np.str_] = triples.to_numpy().astype(str)
    factory = TriplesFactory.from_labeled_triples(labelled)
    kwargs = {"triples_factory": factory, "embedding_dim": DIMENSION, "random_seed": SEED}
    model = model_resolver.make(MODEL, kwargs)
    loop = SLCWATrainingLoop(
        model=model, triples_factory=factory, optimizer=torch.optim.Adam(model.parameters(), lr=0.02),
        negative_sampler_kwargs={"num_negs_per_pos": 2}, automatic_memory_optimization=False,
    )  # fmt: skip
    return factory, model, loop
