"""What every model is compared with: knowing only how common the outcome is, and a plain logistic regression."""

from typing import ClassVar, Self

import numpy as np

from twin.dataset import Dataset
from twin.predictors import Array, Member, matrix, outcomes

EVENTS_A_VARIABLE = 10
"""The old rule of thumb (Peduzzi 1996): ten events for each variable."""


class Prevalence:
    """Everybody gets the training part's share of patients with the outcome."""

    name: ClassVar[str] = "prevalence"
    kind: ClassVar[str] = "share of the training part with the outcome"

    def fit(self, data: Dataset) -> Self:
        """Count."""
        self.share = float(outcomes(data).mean())
        return self

    def predict(self, data: Dataset) -> Array:
        """The same for everybody."""
        return np.full(len(data), self.share)


class PlainLogistic:
    """Unpenalised logistic regression on the few features that differ most between the outcomes.

    One variable for ten events or non-events of the training part (at least one), chosen in the training part by their
    F statistic; missing values are the median; no indicators, no interactions. It is what an analyst would do in an
    afternoon, and is fitted on the same folds as everything else.
    """

    name: ClassVar[str] = "plain-logistic"
    kind: ClassVar[str] = "unpenalised logistic regression, one variable for ten events"

    def fit(self, data: Dataset) -> Self:
        """Choose the variables and fit."""
        from sklearn.feature_selection import SelectKBest, f_classif
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        x, y = matrix(data), outcomes(data)
        middle = np.array([np.nan if np.isnan(c).all() else np.nanmedian(c) for c in x.T])
        filled = np.where(np.isnan(x), middle, x)
        self.varied = np.flatnonzero(~np.isnan(middle) & (np.ptp(filled, axis=0) > 0))
        few = max(1, min(len(self.varied), int(min(y.sum(), (1 - y).sum())) // EVENTS_A_VARIABLE))
        self.pipeline = make_pipeline(
            SimpleImputer(strategy="median"), StandardScaler(), SelectKBest(f_classif, k=few),
            LogisticRegression(C=np.inf, max_iter=2000),
        )  # fmt: skip
        self.pipeline.fit(x[:, self.varied], y)
        return self

    def predict(self, data: Dataset) -> Array:
        """P(outcome = 1)."""
        return np.asarray(self.pipeline.predict_proba(matrix(data)[:, self.varied])[:, 1], dtype=np.float64)


BASELINES: tuple[type[Member], ...] = (PlainLogistic, Prevalence)
