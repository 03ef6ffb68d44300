"""Journeys made for tests of the model: a latent risk, features that see it dimly, and some that are missing."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from twin.dataset import Dataset
from twin.tasks import task


def made(
    n: int = 300, *, seed: int = 0, signal: float = 1.0, permute: bool = False, prefix: str = "p"
) -> Dataset:
    """``n`` patients of whom some 25 % have the outcome; ``permute`` cuts the tie between outcome and everything else."""
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(1.3 - signal * 1.5 * risk))).astype(int)
    if permute:
        y = rng.permutation(y)
    keys = [f"Patient/{prefix}{i:05d}" for i in range(n)]
    features: dict[str, np.ndarray] = {}
    for j in range(6):
        column = risk * (0.9 if j < 3 else 0.0) + rng.normal(size=n)
        column[rng.random(n) < 0.1 * j] = np.nan
        features[f"f{j}"] = column
    features["never"] = np.full(n, np.nan)
    start = datetime(2020, 1, 1, tzinfo=UTC)
    rows = pl.DataFrame(
        {
            "patient": keys,
            "encounter": [f"Encounter/{prefix}{i:05d}" for i in range(n)],
            "at": [start + timedelta(days=i) for i in range(n)],
            "outcome": y,
            "population": ["synthetic"] * n,
            "fits": [True] * n,
            "sex": rng.choice(["female", "male"], n),
            "age_group": rng.choice(["18-44", "45-64", "65+"], n, p=[0.5, 0.4, 0.1]),
        },
        schema_overrides={"at": pl.Datetime("ms", "UTC")},
    )
    triples = [
        (keys[i], "had", f"concept-{c:02d}")
        for i in range(n)
        for c in rng.choice(20, size=4, replace=False)
        if rng.random() < 1 / (1 + np.exp(-(risk[i] if c < 10 else -risk[i])))
    ]
    return Dataset(
        task=task("icu-mortality-48h"),
        rows=rows,
        features=pl.DataFrame(features).fill_nan(None),
        scores=pl.DataFrame({"saps1": np.round(8 + 3 * risk + rng.normal(size=n))}),
        triples=pl.DataFrame(triples, schema=["patient", "relation", "concept"], orient="row"),
        because=pl.DataFrame(
            schema={"patient": pl.String, "feature": pl.String, "key": pl.String, "value": pl.Float64}
        ),
        flow=[("made", n)],
    )
