"""Gradient boosting of decision trees (LightGBM)."""

from typing import ClassVar, Self

import numpy as np

from twin.dataset import Dataset
from twin.openmp import bring, lightgbm
from twin.predictors import SEED, Array, matrix, outcomes

bring()  # here, since a stored model is read without a call of ours: its class is imported, then LightGBM


class GradientBoosting:
    """Shallow trees, slow learning, missing values handled by the trees themselves.

    The settings are fixed and not tuned on the data at hand (ours): with a few hundred events a search costs more in
    optimism than it gains. Deterministic: LightGBM's ``deterministic`` mode with row-wise histograms.
    """

    name: ClassVar[str] = "gradient-boosting"
    kind: ClassVar[str] = "gradient boosting of trees (LightGBM)"

    def fit(self, data: Dataset) -> Self:
        """Learn from the features as they are; a leaf holds at least 1 % of the patients, and 10; small data get small trees."""
        lgb = lightgbm()
        x, y = matrix(data), outcomes(data)
        many = len(y) >= 1000
        params = {
            "objective": "binary", "learning_rate": 0.03, "num_leaves": 12 if many else 4,
            "min_data_in_leaf": max(10, len(y) // 100),
            "lambda_l2": 5.0, "feature_fraction": 0.3, "bagging_fraction": 0.8, "bagging_freq": 1,
            "min_data_in_bin": 3, "seed": SEED, "deterministic": True, "force_row_wise": True, "num_threads": 1,
            "verbosity": -1, "feature_pre_filter": False,
        }  # fmt: skip
        self.booster = lgb.train(params, lgb.Dataset(x, y), num_boost_round=300 if many else 100)
        return self

    def predict(self, data: Dataset) -> Array:
        """P(outcome = 1)."""
        return np.asarray(self.booster.predict(matrix(data), num_threads=1), dtype=np.float64)


MEMBER = GradientBoosting
