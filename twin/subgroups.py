"""Does the twin expect as many events as there were, in every group of patients and along every order of groups?"""

from collections import Counter

import numpy as np
import polars as pl

from twin import metrics
from twin.heldout import HeldOut
from twin.intervals import (
    Estimate,
    bootstrapped,
    holm,
    observed_expected,
    poisson_binomial_test,
    share,
    trend_test,
)
from twin.predictors import Array
from twin.report import Subgroup, Trend
from twin.tasks import Bands

FEWEST = 10
"""Groups with fewer patients are counted in the report's notes and not judged: the result could point at a person."""


def subgroups(
    rows: pl.DataFrame,
    columns: tuple[str, ...],
    held: HeldOut,
    samples: Array,
    orders: dict[str, Bands] | None = None,
) -> tuple[list[Subgroup], list[str]]:
    """One entry a group of each column, and a note for each group that is too small to show.

    Groups of a column in ``orders`` come in their order, those of the others by name.
    """
    found: list[Subgroup] = []
    notes: list[str] = []
    for column in columns:
        if column not in rows.columns:
            notes.append(f"The data do not tell {column}.")
            continue
        values = rows[column].cast(pl.String).fill_null("not recorded").to_numpy()
        order = orders[column].ordered if orders and column in orders else []
        for group in sorted(set(values), key=lambda g: (order.index(g) if g in order else len(order), g)):
            inside = np.flatnonzero(values == group)
            if len(inside) < FEWEST:
                notes.append(f"{column}={group}: fewer than {FEWEST} patients, not shown.")
                continue
            found.append(_one(column, str(group), inside, held, samples))
    adjusted = holm([s.p for s in found])
    return [s.model_copy(update={"p_holm": p}) for s, p in zip(found, adjusted, strict=True)], notes


def trends(rows: pl.DataFrame, orders: dict[str, Bands], held: HeldOut, samples: Array) -> list[Trend]:
    """One entry an order of groups that the task declares: does the stated risk fall behind along it?

    A group alone may be too small to show what all of them show together. Patients whose feature is missing take no part,
    and groups that are too small to show.
    """
    found: list[Trend] = []
    for column, band in orders.items():
        counted = Counter(rows[column].to_list()) if column in rows.columns else Counter()
        order = [g for g in band.ordered if counted[g] >= FEWEST]
        if len(order) < 2:
            continue
        place = rows[column].cast(pl.String).replace_strict(order, range(len(order)), default=None)
        inside = np.flatnonzero(place.is_not_null().to_numpy())
        steps = place.drop_nulls().to_numpy().astype(np.float64)
        y, p = held.outcome[inside], held.probability[inside]
        slope = bootstrapped(metrics.calibration_trend(steps), y, p, samples[:, inside])
        found.append(
            Trend(
                column=column, groups=order, n=len(y), events=int(y.sum()), slope=slope, p=trend_test(y, p, steps), p_holm=1.0,
                miscalibrated=(slope.low or 0.0) > 0 or (slope.high or 0.0) < 0,
            )
        )  # fmt: skip
    return [
        t.model_copy(update={"p_holm": p}) for t, p in zip(found, holm([t.p for t in found]), strict=True)
    ]


def _one(column: str, group: str, inside: np.ndarray, held: HeldOut, samples: Array) -> Subgroup:
    y, p, w = held.outcome[inside], held.probability[inside], samples[:, inside]
    n, events, expected = len(y), int(y.sum()), float(p.sum())
    observed = share(events, n)
    difference = Estimate(
        value=events / n - expected / n, low=(observed.low or 0.0) - expected / n, high=(observed.high or 0.0) - expected / n,
        n=n, events=events, how="Wilson interval of the observed share, less the mean probability",
    )  # fmt: skip
    right = held.sets[inside][np.arange(n), y.astype(int)]
    return Subgroup(
        column=column, group=group, n=n, events=events, expected=expected,
        observed_expected=observed_expected(events, expected, n), difference=difference,
        intercept=bootstrapped(metrics.calibration_intercept, y, p, w), auroc=bootstrapped(metrics.auroc, y, p, w),
        coverage=share(int(right.sum()), n, events=events), p=poisson_binomial_test(events, p), p_holm=1.0,
        miscalibrated=bool((difference.low or 0.0) > 0 or (difference.high or 0.0) < 0),
    )  # fmt: skip


def miscalibrated(found: list[Subgroup]) -> list[str]:
    """Groups whose interval leaves out 0, as ``column=group``, the least likely first."""
    return [
        f"{s.column}={s.group}"
        for s in sorted(found, key=lambda s: (s.p, s.column, s.group))
        if s.miscalibrated
    ]
