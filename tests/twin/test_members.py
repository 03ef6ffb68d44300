"""Every member, whichever it is: probabilities, order, determinism, learning, and no memory of the outcome it predicts."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from ontology.errors import InvalidInputError
from tests.twin.made import made
from twin import metrics
from twin.predictors import Array, chosen, logit, members, outcomes

EVERY = pytest.mark.parametrize("name", sorted(members()))


def area(y: Array, p: Array) -> float:
    return float(metrics.auroc(y, p, np.ones((1, len(y))))[0])


@EVERY
def test_a_member_gives_a_probability_to_everybody_and_finds_the_signal(name: str) -> None:
    train, test = made(300, seed=1), made(300, seed=2, prefix="q")
    p = members()[name]().fit(train).predict(test)
    assert p.shape == (300,)
    assert np.isfinite(p).all()
    assert ((p >= 0) & (p <= 1)).all()
    assert area(outcomes(test), p) > 0.58


@EVERY
def test_a_member_says_the_same_of_a_patient_alone_and_in_company(name: str) -> None:
    train, test = made(150, seed=1), made(40, seed=2, prefix="q")
    member = members()[name]().fit(train)
    together = member.predict(test)
    alone = np.concatenate([member.predict(test.take(np.array([i]))) for i in range(5)])
    assert np.allclose(together[:5], alone)


@EVERY
def test_learning_twice_gives_the_same_model(name: str) -> None:
    train, test = made(150, seed=1), made(40, seed=2, prefix="q")
    first, second = (members()[name]().fit(train).predict(test) for _ in range(2))
    assert np.array_equal(first, second)


@EVERY
def test_a_member_says_nothing_of_permuted_outcomes_of_patients_it_has_not_seen(name: str) -> None:
    train, test = made(400, seed=3, permute=True), made(400, seed=4, prefix="q", permute=True)
    p = members()[name]().fit(train).predict(test)
    # 400 patients, some 110 of them with the outcome: three standard errors of a chance AUROC are about 0.10.
    assert abs(area(outcomes(test), p) - 0.5) < 0.1


@EVERY
def test_a_member_refuses_outcomes_that_are_not_known_yet(name: str) -> None:
    train = made(60, seed=1)
    unknown = train.rows.with_columns(outcome=pl.lit(None, dtype=pl.Int64))
    with pytest.raises(InvalidInputError, match="outcome is known"):
        members()[name]().fit(type(train)(**{**vars(train), "rows": unknown}))


def test_a_member_s_name_is_its_file_s() -> None:
    assert all(m.__module__ == f"twin.predictors.{n.replace('-', '_')}" for n, m in members().items())


def test_leaving_out_an_unknown_member_or_all_of_them_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="No such member"):
        chosen(without=("crystal-ball",))
    with pytest.raises(InvalidInputError, match="must stay"):
        chosen(without=tuple(members()))


def test_log_odds_of_certainty_are_finite() -> None:
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()


def test_neighbours_of_a_patient_come_nearest_first_and_hold_their_outcome() -> None:
    train = made(120, seed=1)
    member = members()["patients-like-this"]().fit(train)
    near = member.neighbours(train.take(np.array([0, 1])), count=4)
    known = dict(zip(train.rows["patient"], train.rows["outcome"], strict=True))
    assert [len(n) for n in near] == [4, 4]
    assert all(a.distance <= b.distance for row in near for a, b in pairwise(row))
    assert all(n.outcome == known[n.patient] for row in near for n in row)


def test_a_patient_of_whom_nothing_is_known_gets_the_prevalence() -> None:
    train = made(120, seed=1)
    member = members()["patients-like-this"]().fit(train)
    nobody = made(3, seed=9, prefix="z")
    empty = type(nobody)(**{**vars(nobody), "triples": nobody.triples.clear()})
    assert np.allclose(member.predict(empty), outcomes(train).mean())
