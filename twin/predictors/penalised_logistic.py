"""Penalised logistic regression: the model to beat."""

from typing import Any, ClassVar, Self

import numpy as np

from twin.dataset import Dataset
from twin.predictors import SEED, Array, matrix, outcomes

SOLVER: dict[str, Any] = {"max_iter": 2000, "tol": 1e-5}

EDGE = 3.0
"""Standardised values are held within so many standard deviations: one wild reading must not decide."""


STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1.0)

INDICATOR = 0.3
"""Scale of an indicator beside that of a value."""


def _log(x: Array) -> Array:
    return np.asarray(np.sign(x) * np.log1p(np.abs(x)), dtype=np.float64)


def _weak(x: Array) -> Array:
    return INDICATOR * x


class PenalisedLogistic:
    """Median imputation with missing indicators, logs, scaling, then an L2 penalty chosen by inner cross-validation.

    Values are taken as ``sign(x) * log(1 + |x|)``, because counts and concentrations are skewed. An indicator of what is
    missing enters at a third of the scale of a value, so it is penalised some ten times as strongly.

    The penalty is the strongest whose log loss in five folds is within one standard error of the best (Breiman's rule):
    with few events the best of a search is mostly luck. A feature that nobody in the training part has is left out.
    """

    name: ClassVar[str] = "penalised-logistic"
    kind: ClassVar[str] = "logistic regression with an L2 penalty"

    def fit(self, data: Dataset) -> Self:
        """Learn; with fewer than ten events or non-events the penalty is fixed at 0.003 and not searched."""
        from sklearn.impute import MissingIndicator, SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline, make_union
        from sklearn.preprocessing import FunctionTransformer, StandardScaler

        x, y = matrix(data), outcomes(data)
        self.seen = np.flatnonzero(~np.isnan(x).all(axis=0))
        clip = FunctionTransformer(np.clip, kw_args={"a_min": -EDGE, "a_max": EDGE})
        self.prepare = make_union(
            make_pipeline(
                FunctionTransformer(_log), SimpleImputer(strategy="median"), StandardScaler(), clip
            ),
            make_pipeline(MissingIndicator(features="all"), StandardScaler(), FunctionTransformer(_weak)),
        )
        ready = self.prepare.fit_transform(x[:, self.seen])
        strength = 0.003 if min(y.sum(), (1 - y).sum()) < 10 else _strength(ready, y)
        self.model = LogisticRegression(C=strength, **SOLVER).fit(ready, y)
        return self

    def predict(self, data: Dataset) -> Array:
        """P(outcome = 1)."""
        ready = self.prepare.transform(matrix(data)[:, self.seen])
        return np.asarray(self.model.predict_proba(ready)[:, 1], dtype=np.float64)


def _strength(x: Array, y: Array) -> float:
    """The strongest penalty within one standard error of the best."""
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    search = LogisticRegressionCV(
        Cs=list(STRENGTHS),
        l1_ratios=(0.0,),
        scoring="neg_log_loss",
        cv=folds,
        refit=False,
        use_legacy_attributes=False,
        **SOLVER,
    ).fit(x, y)
    scores = search.scores_.reshape(folds.get_n_splits(), len(STRENGTHS))
    mean, error = scores.mean(0), scores.std(0, ddof=1) / np.sqrt(len(scores))
    best = int(mean.argmax())
    return STRENGTHS[int(np.flatnonzero(mean >= mean[best] - error[best])[0])]


MEMBER = PenalisedLogistic
