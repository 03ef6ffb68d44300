"""Every figure of a report against a known value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from twin import intervals, metrics
from twin.predictors import Array, logit


def once(statistic: metrics.Statistic, y: Array, p: Array) -> float:
    return float(statistic(y, p, np.ones((1, len(y))))[0])


def calibrated(n: int, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-rng.normal(-1, 1.2, n)))
    return (rng.random(n) < p).astype(float), p


@st.composite
def scored(draw: st.DrawFn) -> tuple[Array, Array]:
    """Both outcomes, and probabilities with many ties."""
    n = draw(st.integers(4, 40))
    y = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n).filter(lambda o: 0 < sum(o) < len(o)))
    p = draw(st.lists(st.sampled_from([0.05, 0.1, 0.25, 0.4, 0.6, 0.9]), min_size=n, max_size=n))
    return np.array(y, dtype=float), np.array(p)


@given(scored())
def test_ranking_and_error_are_what_scikit_learn_says(case: tuple[Array, Array]) -> None:
    y, p = case
    assert once(metrics.auroc, y, p) == pytest.approx(roc_auc_score(y, p))
    assert once(metrics.auprc, y, p) == pytest.approx(average_precision_score(y, p))
    assert once(metrics.brier, y, p) == pytest.approx(brier_score_loss(y, p))
    assert once(metrics.log_loss, y, p) == pytest.approx(log_loss(y, p))


@settings(max_examples=30)
@given(scored(), st.integers(0, 2**31))
def test_a_patient_drawn_twice_counts_twice(case: tuple[Array, Array], seed: int) -> None:
    y, p = case
    times = np.random.default_rng(seed).integers(0, 4, len(y))
    again_y, again_p = np.repeat(y, times), np.repeat(p, times)
    both = [*metrics.STATISTICS.values(), metrics.net_benefit(0.2), metrics.net_benefit_gain(0.2)]
    if not 0 < again_y.sum() < len(again_y):
        assert np.isnan(metrics.auroc(y, p, times[None, :].astype(float))).all()
        return
    for statistic in both:
        weighted, repeated = (
            statistic(y, p, times[None, :].astype(float))[0],
            once(statistic, again_y, again_p),
        )
        assert (np.isnan(weighted) and np.isnan(repeated)) or weighted == pytest.approx(repeated, abs=1e-4)


def test_slope_is_one_and_intercept_nought_where_every_probability_is_right() -> None:
    y, p = calibrated(200_000, seed=1)
    assert once(metrics.calibration_slope, y, p) == pytest.approx(1.0, abs=0.02)
    assert once(metrics.calibration_intercept, y, p) == pytest.approx(0.0, abs=0.02)
    assert once(metrics.observed_expected, y, p) == pytest.approx(1.0, abs=0.02)


def test_probabilities_that_are_too_extreme_have_a_slope_below_one() -> None:
    y, p = calibrated(50_000, seed=2)
    extreme = 1 / (1 + np.exp(-2 * logit(p)))
    assert once(metrics.calibration_slope, y, extreme) == pytest.approx(0.5, abs=0.02)


def test_probabilities_that_are_too_low_have_an_intercept_above_nought() -> None:
    y, p = calibrated(50_000, seed=3)
    low = 1 / (1 + np.exp(-(logit(p) - 0.7)))
    assert once(metrics.calibration_intercept, y, low) == pytest.approx(0.7, abs=0.04)


def test_slope_is_that_of_an_unpenalised_logistic_regression() -> None:
    y, p = calibrated(500, seed=4)
    fitted = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(logit(p)[:, None], y)
    assert once(metrics.calibration_slope, y, p) == pytest.approx(fitted.coef_[0, 0], abs=1e-3)


def test_a_model_that_says_the_same_of_everybody_has_no_slope() -> None:
    y = np.array([0.0, 1, 0, 1])
    assert np.isnan(once(metrics.calibration_slope, y, np.full(4, 0.5)))
    assert once(metrics.auroc, y, np.full(4, 0.5)) == 0.5
    assert once(metrics.brier_skill, y, np.full(4, 0.5)) == pytest.approx(0.0)


def test_net_benefit_weighs_false_alarms_by_the_odds_of_the_threshold() -> None:
    y, p = np.array([1.0, 1, 0, 0, 0]), np.array([0.9, 0.1, 0.8, 0.1, 0.1])
    assert once(metrics.net_benefit(0.2), y, p) == pytest.approx(1 / 5 - 1 / 5 * 0.25)
    everybody = 2 / 5 - 3 / 5 * 0.25
    assert once(metrics.net_benefit_gain(0.2), y, p) == pytest.approx(1 / 5 - 1 / 5 * 0.25 - everybody)


@given(st.integers(0, 30), st.integers(1, 30))
def test_the_interval_of_a_share_is_wilson_s(hits: int, n: int) -> None:
    hits = min(hits, n)
    found, known = intervals.share(hits, n), binomtest(hits, n).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((known.low, known.high))


@given(st.integers(1, 40), st.floats(0.05, 0.95), st.data())
def test_the_test_of_a_count_is_the_binomial_one_for_equal_probabilities(
    n: int, p: float, data: st.DataObject
) -> None:
    observed = data.draw(st.integers(0, n))
    tails = min(binom.cdf(observed, n, p), binom.sf(observed - 1, n, p))
    assert intervals.poisson_binomial_test(observed, np.full(n, p)) == pytest.approx(
        min(1.0, 2 * tails), abs=1e-9
    )


def test_adjusting_for_many_tests_never_makes_a_p_value_smaller_or_changes_the_order() -> None:
    raw = [0.004, 0.2, 0.01, 0.01, 0.9]
    adjusted = intervals.holm(raw)
    assert adjusted == [0.02, 0.4, 0.04, 0.04, 0.9]
    assert intervals.holm([]) == []


def test_rows_of_one_patient_are_drawn_together() -> None:
    drawn = intervals.resamples(["a", "b", "a", "c"], 50)
    assert np.array_equal(drawn[:, 0], drawn[:, 2])
    assert np.array_equal(drawn[:, 0] + drawn[:, 1] + drawn[:, 3], np.full(50, 3))
    assert np.array_equal(drawn, intervals.resamples(["a", "b", "a", "c"], 50))


def test_the_bootstrap_interval_of_the_auroc_holds_the_truth_about_as_often_as_it_says() -> None:
    hits = 0
    truth = once(metrics.auroc, *calibrated(200_000, seed=9))
    for seed in range(60):
        y, p = calibrated(200, seed=100 + seed)
        found = intervals.bootstrapped(
            metrics.auroc, y, p, intervals.resamples([str(i) for i in range(200)], 300)
        )
        hits += found.low is not None and found.high is not None and found.low <= truth <= found.high
    # 60 times 0.95 is 57; fewer than 50 has a chance below one in a thousand.
    assert hits >= 50


def test_fewer_than_five_events_get_no_bootstrap_interval_and_say_so() -> None:
    y, p = np.array([1.0] * 4 + [0.0] * 30), np.linspace(0.9, 0.1, 34)
    found = intervals.bootstrapped(metrics.auroc, y, p, intervals.resamples([str(i) for i in range(34)], 20))
    assert (found.value, found.low, found.high) == (1.0, None, None)
    assert found.how.startswith("too few")
    assert str(found) == "1.000 (too few: under 5 of an outcome)"


def test_one_outcome_only_has_no_auroc() -> None:
    found = intervals.bootstrapped(metrics.auroc, np.zeros(20), np.linspace(0, 1, 20), np.ones((5, 20)))
    assert found.value is None
    assert str(found) == "not defined"
