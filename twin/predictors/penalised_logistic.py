"""Penalised logistic regression: the model to beat."""

from typing import Any, ClassVar, Self

import numpy as np

from twin.dataset import Dataset
from twin.predictors import SEED, Array, matrix, outcomes

EDGE = 3.0
"""Standardised values are held within so many standard deviations: one wild reading must not decide."""


class PenalisedLogistic:
    """Median imputation with missing indicators, scaling, then an L2 penalty chosen by inner cross-validation.

    The strength is the one with the best log loss in three folds. A feature that nobody in the training part has is
    left out.
    """

    name: ClassVar[str] = "penalised-logistic"
    kind: ClassVar[str] = "logistic regression with an L2 penalty"

    def fit(self, data: Dataset) -> Self:
        """Learn; with fewer than six events or non-events the penalty is fixed at 0.01 and not searched."""
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
        from sklearn.model_selection import StratifiedKFold
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

        x, y = matrix(data), outcomes(data)
        self.seen = np.flatnonzero(~np.isnan(x).all(axis=0))
        common: dict[str, Any] = {"max_iter": 2000, "tol": 1e-5}
        if min(y.sum(), (1 - y).sum()) < 6:
            last: Any = LogisticRegression(C=0.01, **common)
        else:
            last = LogisticRegressionCV(
                Cs=[1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1.0], l1_ratios=(0.0,), scoring="neg_log_loss",
                cv=StratifiedKFold(3, shuffle=True, random_state=SEED), use_legacy_attributes=False, **common,
            )  # fmt: skip
        clip = FunctionTransformer(np.clip, kw_args={"a_min": -EDGE, "a_max": EDGE})
        self.pipeline = make_pipeline(
            RobustScaler(quantile_range=(5.0, 95.0)), clip,
            SimpleImputer(strategy="median", add_indicator=True),
            StandardScaler(), last,
        )  # fmt: skip
        self.pipeline.fit(x[:, self.seen], y)
        return self

    def predict(self, data: Dataset) -> Array:
        """P(outcome = 1)."""
        return np.asarray(self.pipeline.predict_proba(matrix(data)[:, self.seen])[:, 1], dtype=np.float64)


MEMBER = PenalisedLogistic
