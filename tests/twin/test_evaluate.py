"""The evaluation: nothing leaks between folds, every model has its interval, and a wronged group is found."""

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import polars as pl
import pytest

from tests.twin.made import made
from twin import ensemble, evaluate, predictors
from twin.dataset import Dataset
from twin.heldout import HeldOut, held_out
from twin.intervals import resamples, trend_test
from twin.predictors import Array, outcomes
from twin.render import markdown
from twin.report import Report
from twin.subgroups import miscalibrated, subgroups, trends
from twin.tasks import Bands

QUICK = ("clinical-score", "gradient-boosting")


class Memory:
    """Knows by heart every patient it has learned from."""

    name: ClassVar[str] = "memory"
    kind: ClassVar[str] = "remembers"

    def fit(self, data: Dataset) -> Self:
        self.known = dict(zip(data.rows["patient"], outcomes(data).tolist(), strict=True))
        self.rest = float(outcomes(data).mean())
        return self

    def predict(self, data: Dataset) -> Array:
        return np.array([self.known.get(p, self.rest) for p in data.rows["patient"]])


@pytest.fixture(scope="module")
def report() -> Report:
    return evaluate.evaluate(made(300, seed=1), 5, names=QUICK, agent="twin-test")


def test_a_member_that_remembers_patients_gains_nothing_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble, "members", lambda: {**predictors.members(), "memory": Memory})
    held = held_out(made(300, seed=3, permute=True), ("clinical-score", "memory"), 5, 3)
    remembered = held.of("memory")
    assert len(np.unique(np.round(remembered, 6))) <= 5
    assert all(w["memory"] == 0 for w in held.weights)


def test_permuted_outcomes_leave_nothing_to_find() -> None:
    found = evaluate.evaluate(made(300, seed=5, permute=True), 5, names=QUICK)
    for model in found.models:
        auroc = model.statistics["auroc"]
        assert auroc.value is not None
        # Under the null the AUROC of 300 patients, a quarter with the outcome, has a standard error of about 0.04.
        assert abs(auroc.value - 0.5) < 0.13, model.name


def test_every_model_of_a_report_has_each_statistic_with_n_and_interval(report: Report) -> None:
    names = [m.name for m in report.models]
    assert names == ["twin-test", *QUICK, "plain-logistic", "prevalence"]
    for model in report.models:
        for name, e in model.statistics.items():
            assert (e.n, e.events) == (report.n, report.events)
            if not (model.name == "prevalence" and name == "calibration-slope"):
                assert e.low is not None, (model.name, name)
                assert e.high is not None
                assert e.low <= (e.value or 0) + 1e-9
                assert (e.value or 0) <= e.high + 1e-9


def test_the_report_is_the_same_whatever_the_order_of_the_rows(report: Report) -> None:
    data = made(300, seed=1)
    order = np.random.default_rng(1).permutation(300)
    again = evaluate.evaluate(data.take(order), 5, names=QUICK, agent="twin-test")
    leave = {"made", "seconds"}
    assert again.model_dump(exclude=leave) == report.model_dump(exclude=leave)


def test_a_report_comes_back_from_its_json_and_reads_as_markdown(report: Report) -> None:
    assert Report.model_validate_json(report.model_dump_json()) == report
    text = markdown(report)
    for part in (
        "## Models",
        "## Calibration",
        "## Prediction sets at 90%",
        "## Acting on it",
        "## Subgroups",
        "prevalence",
    ):
        assert part in text
    assert "nan" not in text


def test_the_calibration_table_holds_every_patient_once(report: Report) -> None:
    assert sum(b.observed.n for b in report.calibration) == report.n
    assert sum(b.observed.events for b in report.calibration) == report.events
    predicted = [b.predicted for b in report.calibration]
    assert predicted == sorted(predicted)


def test_patients_whose_outcome_is_not_known_are_left_out_and_not_guessed() -> None:
    data = made(200, seed=1)
    hidden = data.rows.with_columns(
        outcome=pl.when(pl.int_range(200) < 20).then(None).otherwise(pl.col("outcome"))
    )
    assert len(evaluate.known(replace(data, rows=hidden))) == 180


def planted(groups: dict[str, tuple[int, int, float]]) -> tuple[pl.DataFrame, HeldOut, Array]:
    """Groups as (patients, events, probability given to each)."""
    labels, y, p = [], [], []
    for name, (n, events, probability) in groups.items():
        labels += [name] * n
        y += [1.0] * events + [0.0] * (n - events)
        p += [probability] * n
    forecasts = [
        ensemble.Forecast(str(i), q, q, q, (0, 1), 0.0, 0.0, {}, ()) for i, q in enumerate(p)
    ]  # fmt: skip
    rows = pl.DataFrame({"group": labels})
    return rows, HeldOut(np.array(y), forecasts, {}, []), resamples([str(i) for i in range(len(y))], 100)


def test_a_group_whose_risk_is_understated_is_found_and_the_others_are_not() -> None:
    rows, held, samples = planted({"right": (400, 80, 0.2), "wronged": (100, 40, 0.2), "tiny": (4, 4, 0.1)})
    found, notes = subgroups(rows, ("group", "nowhere"), held, samples)
    assert miscalibrated(found) == ["group=wronged"]
    wronged = next(s for s in found if s.group == "wronged")
    assert wronged.observed_expected.value == pytest.approx(2.0)
    assert wronged.p < wronged.p_holm < 0.001
    assert notes == ["group=tiny: fewer than 10 patients, not shown.", "The data do not tell nowhere."]


def test_right_probabilities_are_seldom_called_miscalibrated() -> None:
    rng = np.random.default_rng(1)
    called = 0
    for _ in range(200):
        rows, held, samples = planted({"g": (150, int(rng.binomial(150, 0.15)), 0.15)})
        called += bool(miscalibrated(subgroups(rows, ("group",), held, samples[:, :150])[0]))
    # One in twenty is 10 of 200; more than 22 has a chance below one in a thousand.
    assert called <= 22


BANDS = {"group": Bands(feature="visits", groups={"many": 10, "few": 0, "some": 4})}


def test_a_risk_that_falls_behind_step_by_step_is_found_where_no_group_shows_it() -> None:
    rows, held, samples = planted({"few": (100, 14, 0.2), "some": (100, 20, 0.2), "many": (100, 26, 0.2)})
    assert miscalibrated(subgroups(rows, ("group",), held, samples, BANDS)[0]) == []
    (found,) = trends(rows, BANDS, held, samples)
    assert found.groups == ["few", "some", "many"]
    assert found.miscalibrated
    assert found.p < 0.05
    # Odds of 14/86 and 26/74 two steps apart.
    assert found.slope.value == pytest.approx(np.log((26 / 74) / (14 / 86)) / 2, abs=0.02)


def test_a_shift_that_is_common_to_all_groups_is_no_trend() -> None:
    rows, held, samples = planted({"few": (100, 30, 0.2), "some": (100, 30, 0.2), "many": (100, 30, 0.2)})
    (found,) = trends(rows, BANDS, held, samples)
    assert found.slope.value == pytest.approx(0, abs=1e-6)
    assert not found.miscalibrated
    assert found.p == pytest.approx(1)


def test_a_trend_where_there_is_none_is_seldom_called() -> None:
    rng = np.random.default_rng(2)
    small = 0
    for _ in range(400):
        y = rng.binomial(1, 0.3, 150).astype(float)
        small += trend_test(y, np.full(150, 0.3), np.repeat([0.0, 1.0, 2.0], 50)) < 0.05
    # One in twenty is 20 of 400; the range holds all but one in a thousand.
    assert 7 <= small <= 36


def test_an_order_with_one_group_left_tells_nothing() -> None:
    rows, held, samples = planted({"few": (100, 14, 0.2), "many": (5, 4, 0.2)})
    assert trends(rows, BANDS, held, samples) == []


def test_the_digest_of_the_data_knows_content_and_no_order() -> None:
    data = made(60, seed=1)
    order = np.random.default_rng(2).permutation(60)
    assert evaluate.digest(data.take(order)) == evaluate.digest(data)
    other = replace(data, features=data.features.with_columns(f0=pl.col("f0") + 1e-9))
    assert evaluate.digest(other) != evaluate.digest(data)


def test_one_patient_who_is_real_makes_the_population_real() -> None:
    data = made(10, seed=1)
    assert evaluate.population(data) == "synthetic"
    mixed = data.rows.with_columns(
        population=pl.when(pl.int_range(10) == 3).then(pl.lit("real")).otherwise("population")
    )
    assert evaluate.population(replace(data, rows=mixed)) == "real"
