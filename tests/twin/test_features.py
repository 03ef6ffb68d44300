"""Features from facts: counts, windows, units, what is missing, and what is behind a value."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontology.errors import InvalidInputError
from tests.twin.frames import AT, facts_frame, rows_frame
from twin import features
from twin.features.compute import Computed, compute
from twin.features.triples import relations, triples

YEAR = timedelta(days=365)
SBP = {"token": "http://loinc.org|8480-6", "unit": "mm[Hg]"}
ROWS = rows_frame([{"patient": "Patient/a"}])


def fact(days: float, **given: Any) -> dict[str, Any]:
    return {"start": AT - timedelta(days=days), **given}


def outpatient(*facts: dict[str, Any], rows: pl.DataFrame = ROWS) -> Computed:
    return compute(
        facts_frame(facts), rows, features.chosen(("demographics", "outpatient")), YEAR, because=True
    )


def value(found: Computed, name: str) -> Any:
    return found.values[name].item()


def test_a_patient_without_facts_has_counts_of_zero_and_no_measurements() -> None:
    found = outpatient()
    assert value(found, "emergencies") == 0
    assert value(found, "diabetes") == 0
    assert value(found, "systolic_last") is None
    assert value(found, "admitted_since") is None


def test_statistics_of_a_measurement_are_those_of_its_values_in_time() -> None:
    found = outpatient(
        fact(1, value=120.0, **SBP), fact(101, value=150.0, **SBP), fact(51, value=135.0, **SBP)
    )
    assert value(found, "systolic_last") == 120
    assert value(found, "systolic_mean") == 135
    assert value(found, "systolic_slope") == pytest.approx(-0.3)


def test_values_close_in_time_give_no_slope() -> None:
    found = outpatient(fact(1, value=120.0, **SBP), fact(3, value=150.0, **SBP))
    assert value(found, "systolic_slope") is None


def test_a_value_in_a_strange_unit_or_out_of_all_bounds_is_left_out_and_counted() -> None:
    strange = {**SBP, "unit": "kPa"}
    found = outpatient(
        fact(1, value=16.0, **strange), fact(2, value=999.0, **SBP), fact(3, value=120.0, **SBP)
    )
    assert value(found, "systolic_last") == 120
    assert found.rejected.rows() == [("systolic", "not plausible", 1), ("systolic", "unit kPa", 1)]


def test_an_event_counts_in_its_window_only() -> None:
    visit = {"type": "Encounter", "class": "EMER"}
    found = outpatient(fact(20, **visit), fact(400, **visit), fact(-1, **visit))
    assert value(found, "emergencies") == 1
    assert value(found, "admitted_since") == 20


def test_one_drug_ordered_twice_is_one_drug() -> None:
    drug = {"type": "MedicationRequest", "token": "urn:rx|1"}
    found = outpatient(fact(1, **drug), fact(2, **drug), fact(3, **{**drug, "token": "urn:rx|2"}))
    assert value(found, "drugs") == 2


def test_a_condition_known_to_have_ended_is_not_active_but_still_in_the_history() -> None:
    diabetes = {"type": "Condition", "token": "http://snomed.info/sct|44054006"}
    found = outpatient(fact(3000, end=AT - timedelta(days=5), **diabetes))
    assert value(found, "diabetes") == 1
    assert value(found, "conditions") == 0


def test_unknown_sex_and_age_are_missing_and_not_zero() -> None:
    found = outpatient(rows=rows_frame([{"patient": "Patient/a", "sex": "unknown", "age": None}]))
    assert value(found, "age") is None
    assert value(found, "female") is None


def test_rows_keep_their_order_whatever_the_order_of_the_facts() -> None:
    rows = rows_frame([{"patient": "Patient/b", "age": 1.0}, {"patient": "Patient/a", "age": 2.0}])
    facts = [fact(1, value=120.0, **SBP), fact(1, patient="Patient/b", value=130.0, **SBP)]
    assert outpatient(*facts, rows=rows).values["systolic_last"].to_list() == [130, 120]


def test_behind_a_last_value_is_one_fact_and_behind_a_mean_all_of_them() -> None:
    found = outpatient(
        fact(9, key="Observation/old", value=150.0, **SBP), fact(1, key="Observation/new", value=120.0, **SBP)
    )
    behind = {f: set(k["key"]) for (f,), k in found.because.group_by("feature")}
    assert behind["systolic_last"] == {"Observation/new"}
    assert behind["systolic_mean"] == {"Observation/new", "Observation/old"}


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(-30, 900), st.floats(60, 250)), max_size=12), st.randoms())
def test_features_do_not_depend_on_the_order_of_the_facts(made: list[tuple[int, float]], random: Any) -> None:
    facts = [fact(d, key=f"Observation/{i}", value=v, **SBP) for i, (d, v) in enumerate(made)]
    mixed = random.sample(facts, len(facts))
    assert outpatient(*facts).values.equals(outpatient(*mixed).values)
    assert outpatient(*facts).because.equals(outpatient(*mixed).because)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 364), st.floats(60, 250)), min_size=1, max_size=12))
def test_a_mean_lies_between_the_least_and_the_greatest_value(made: list[tuple[int, float]]) -> None:
    facts = [fact(d, key=f"Observation/{i}", value=v, **SBP) for i, (d, v) in enumerate(made)]
    mean = value(outpatient(*facts), "systolic_mean")
    assert min(v for _, v in made) - 1e-9 <= mean <= max(v for _, v in made) + 1e-9


@pytest.mark.parametrize("name", features.feature_sets())
def test_every_feature_set_gives_the_columns_that_it_promises(name: str) -> None:
    found = compute(facts_frame([]), ROWS, features.chosen((name,)), YEAR)
    assert found.values.columns == features.feature_sets()[name].columns
    assert set(found.values.dtypes) == {pl.Float64}


def test_two_features_of_one_name_are_refused() -> None:
    one = "{name: a, label: A, kind: own, column: age}"
    text = f"{{name: x, about: y, features: [{one}, {one}]}}"
    with pytest.raises(InvalidInputError, match="make one column"):
        features.load("x.yaml", text)


def test_triples_say_what_was_had_taken_visited_and_how_high_a_finding_was() -> None:
    facts = facts_frame(
        [
            fact(1, type="Condition", token="http://snomed.info/sct|44054006"),
            fact(1, type="Encounter", token="http://snomed.info/sct|1", **{"class": "EMER"}),
            fact(1, value=165.0, **SBP),
            fact(-1, type="Condition", token="http://snomed.info/sct|22298006"),
        ]
    )
    assert triples(facts, ROWS).rows() == [
        ("Patient/a", "had_condition", "http://snomed.info/sct|44054006"),
        ("Patient/a", "had_finding", "http://loinc.org|8480-6:high"),
        ("Patient/a", "visited", "class|EMER"),
    ]


@pytest.mark.parametrize("finding", relations().findings, ids=lambda f: f.code)
def test_each_level_of_a_finding_is_reached_from_its_cut_on(finding: Any) -> None:
    values = [finding.cuts[0] - 0.001, *finding.cuts]
    facts = [
        fact(1, key=f"Observation/{i}", value=v, token=finding.code, unit=finding.units[0])
        for i, v in enumerate(values)
    ]
    concepts = triples(facts_frame(facts), ROWS)["concept"].to_list()
    assert sorted(concepts) == sorted(f"{finding.code}:{level}" for level in finding.levels)
