"""The twin as a whole: stacking, calibration, sets, folds, and contributions that add up."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontology.errors import InvalidInputError
from tests.twin.made import made
from twin.ensemble import Twin, sigmoid
from twin.explain import explain
from twin.folds import folds
from twin.metrics import auroc
from twin.predictors import Array, logit, outcomes
from twin.stacking import Stack
from twin.uncertainty import Conformal, Recalibration

QUICK = ("clinical-score", "gradient-boosting", "penalised-logistic")


@pytest.fixture(scope="module")
def twin() -> Twin:
    return Twin(QUICK).fit(made(300, seed=1))


def risks(n: int, seed: int) -> tuple[Array, Array]:
    """Exchangeable patients: a score and an outcome that follows from it."""
    rng = np.random.default_rng(seed)
    score = rng.beta(1.5, 4, n)
    return score, (rng.random(n) < score).astype(float)


def test_a_member_that_says_the_same_of_everybody_gets_no_weight() -> None:
    score, y = risks(300, seed=1)
    stack = Stack.fit(np.column_stack([score, np.full(300, 0.3)]), y)
    assert stack.weights[1] == 0
    assert stack.weights[0] > 0


def test_a_member_that_is_wrong_is_not_turned_round_but_ignored() -> None:
    score, y = risks(2000, seed=2)
    dim = sigmoid(logit(score) + np.random.default_rng(3).normal(size=2000))
    stack = Stack.fit(np.column_stack([dim, 1 - score]), y)
    assert stack.weights[1] == pytest.approx(0, abs=1e-6)
    assert stack.weights[0] > 0


def test_with_few_patients_members_are_heard_alike_and_with_many_the_better_one() -> None:
    rng = np.random.default_rng(4)

    def share(n: int) -> float:
        score, y = risks(n, seed=5)
        stack = Stack.fit(np.column_stack([score, sigmoid(logit(score) + 2 * rng.normal(size=n))]), y)
        heard = stack.weights / stack.scale
        return float(heard[0] / heard.sum())

    assert share(30) < 0.75 < share(20_000)


def test_stacking_one_good_member_keeps_its_probabilities_about_as_they_are() -> None:
    score, y = risks(20_000, seed=3)
    assert sigmoid(Stack.fit(score[:, None], y).logit(score[:, None])) == pytest.approx(score, abs=0.03)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(20, 200))
def test_the_probability_lies_in_its_interval_and_keeps_the_order_of_patients(seed: int, n: int) -> None:
    score, y = risks(n, seed)
    new = logit(np.sort(risks(50, seed + 1)[0]))
    p, low, high = Recalibration.fit(logit(score), y).predict(new)
    assert ((low >= 0) & (low <= p) & (p <= high) & (high <= 1)).all()
    assert (np.diff(p) >= 0).all()
    again = np.random.default_rng(seed).permutation(n)
    assert Recalibration.fit(logit(score)[again], y[again]).predict(new)[0] == pytest.approx(p)


def test_calibration_mends_probabilities_that_are_too_high_or_too_extreme() -> None:
    score, y = risks(8000, seed=4)
    right = np.array([0.1, 0.3, 0.5])
    for wrong in (lambda p: logit(p) + 1, lambda p: 2 * logit(p)):
        p, low, high = Recalibration.fit(wrong(score), y).predict(wrong(right))
        assert p == pytest.approx(right, abs=0.02)
        assert (high - low < 0.06).all()


def test_the_interval_of_the_calibration_holds_the_right_probability_as_often_as_it_says() -> None:
    right, held = np.array([0.1, 0.3, 0.5]), 0
    for seed in range(300):
        score, y = risks(400, seed)
        _, low, high = Recalibration.fit(logit(score) + 0.5, y).predict(logit(right) + 0.5)
        held += int(((low <= right) & (right <= high)).sum())
    # 95 % of 900, whose threes go together; below 90 % would be some four standard errors.
    assert held / 900 > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_sets_hold_the_truth_as_often_as_promised_for_either_outcome(seed: int) -> None:
    score, y = risks(1000, seed=seed)
    new, truth = risks(4000, seed=100 + seed)
    sets = Conformal(0.9).fit(score, y).predict(new)
    for outcome in (0, 1):
        who = truth == outcome
        # Given the calibration patients, coverage is drawn from a beta; then comes the new patients' own binomial spread.
        cases, new_cases = int((y == outcome).sum()), int(who.sum())
        spread = np.sqrt(0.09 / cases + 0.09 / new_cases)
        assert abs(sets[who, outcome].mean() - 0.9) <= 3.5 * spread


def test_more_confidence_never_makes_a_set_smaller() -> None:
    score, y = risks(400, seed=5)
    new = risks(200, seed=6)[0]
    small, large = (Conformal(c).fit(score, y).predict(new) for c in (0.8, 0.95))
    assert (small <= large).all()


@settings(max_examples=40)
@given(st.integers(2, 6), st.data())
def test_folds_split_patients_and_not_rows_and_know_no_order(count: int, data: st.DataObject) -> None:
    n = data.draw(st.integers(count * 2, 60))
    keys = [f"p{i}" for i in range(n)]
    y = np.array([float(i < n // 2) for i in range(n)])
    order = np.array(data.draw(st.permutations(range(n))))
    fold = folds(keys, y, count)
    assert np.array_equal(folds([keys[i] for i in order], y[order], count), fold[order])
    assert np.array_equal(folds([*keys, *keys], np.r_[y, y], count), np.r_[fold, fold])
    sizes = np.array([[((fold == k) & (y == o)).sum() for k in range(count)] for o in (0, 1)])
    assert np.ptp(sizes, axis=1).max() <= 1


def test_too_few_events_for_the_folds_are_refused_and_counted() -> None:
    with pytest.raises(InvalidInputError, match="10 patients, 1 with the outcome, into 2 folds"):
        folds([f"p{i}" for i in range(10)], np.r_[1.0, np.zeros(9)], 2)


def test_a_forecast_is_never_a_number_alone(twin: Twin) -> None:
    for forecast in twin.predict(made(40, seed=2, prefix="q")):
        assert 0 <= forecast.low <= forecast.probability <= forecast.high <= 1
        assert set(forecast.members) == set(QUICK)
        assert forecast.disagreement == pytest.approx(np.std(list(forecast.members.values())))
        assert set(forecast.outcomes) <= {0, 1}
        assert "never" in forecast.missing


def test_a_patient_of_the_training_is_answered_by_members_that_had_not_seen_the_patient() -> None:
    data = made(300, seed=1)
    chance = np.random.default_rng(9).permutation(outcomes(data))
    noise = replace(data, rows=data.rows.with_columns(outcome=pl.Series(chance)))
    twin = Twin(("gradient-boosting", "penalised-logistic")).fit(noise)
    told = twin.predict(noise)
    assert all(forecast.seen for forecast in told)
    assert not any(forecast.seen for forecast in twin.predict(made(20, seed=2, prefix="q")))
    # Outcomes by chance: who has seen them tells them better than chance, who has not cannot.
    by_heart = np.array([m.predict(noise) for m in twin.whole.members.values()])
    ones = np.ones((1, 300))
    assert max(auroc(chance, p, ones)[0] for p in by_heart) > 0.75
    assert auroc(chance, np.array([f.logit for f in told]), ones)[0] < 0.6


def test_the_reasons_are_those_of_the_members_that_answered(twin: Twin) -> None:
    data = made(300, seed=1)
    one = data.take(np.array([7]))
    told = explain(twin, one, data.take(np.arange(50)), pairs=2)
    assert told.logit == pytest.approx(twin.predict(one)[0].logit)
    assert told.base + sum(c.contribution for c in told.contributions) == pytest.approx(told.logit)


def test_the_order_of_the_rows_makes_no_difference(twin: Twin) -> None:
    train, test = made(300, seed=1), made(40, seed=2, prefix="q")
    order = np.random.default_rng(3).permutation(300)
    back = np.arange(39, -1, -1)
    assert Twin(QUICK).fit(train.take(order)).predict(test.take(back))[::-1] == twin.predict(test)


def test_other_features_than_those_of_the_training_are_refused(twin: Twin) -> None:
    test = made(5, seed=2)
    other = type(test)(**{**vars(test), "features": test.features.rename({"f0": "g0"})})
    with pytest.raises(InvalidInputError, match="not the features"):
        twin.predict(other)


def test_contributions_add_up_to_the_distance_from_the_base(twin: Twin) -> None:
    people = made(6, seed=7, prefix="q")
    background = made(300, seed=1)
    for i in range(len(people)):
        one = people.take(np.array([i]))
        told = explain(twin, one, background)
        assert told.base + sum(c.contribution for c in told.contributions) == pytest.approx(told.logit)
        assert told.logit == pytest.approx(twin.predict(one)[0].logit)
        assert {c.group for c in told.contributions} == {*people.features.columns, "score:saps1"}
        assert next(c for c in told.contributions if c.group == "never").contribution == pytest.approx(0)


def test_contributions_of_the_journey_add_up_too() -> None:
    background = made(120, seed=1)
    twin = Twin(("patients-like-this",), inner=2).fit(background)
    one = made(3, seed=8, prefix="q").take(np.array([1]))
    told = explain(twin, one, background, pairs=3)
    assert [c.group for c in told.contributions] == ["journey"]
    assert told.base + told.contributions[0].contribution == pytest.approx(twin.predict(one)[0].logit)


def test_the_sign_of_a_contribution_is_that_of_the_risk(twin: Twin) -> None:
    people = made(60, seed=9, prefix="q")
    background = made(300, seed=1)
    points = people.scores["saps1"]
    high, low = int(points.arg_max() or 0), int(points.arg_min() or 0)
    found = [explain(twin, people.take(np.array([i])), background, pairs=4) for i in (high, low)]
    score = [next(c.contribution for c in f.contributions if c.group == "score:saps1") for f in found]
    assert score[0] > 0 > score[1]


def test_a_twin_learns_only_from_known_outcomes() -> None:
    data = made(60, seed=1)
    unknown = type(data)(
        **{**vars(data), "rows": data.rows.with_columns(outcome=pl.lit(None, dtype=pl.Int64))}
    )
    with pytest.raises(InvalidInputError, match="60 of 60 unknown"):
        outcomes(unknown)
