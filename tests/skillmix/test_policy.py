"""Policies are data: bounds decide, a broken file is refused, and none can switch zero transfer off."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ontology.errors import InvalidInputError, NotFoundError
from skillmix.evidence import MEASURES, Evidence
from skillmix.judge import why_not
from skillmix.policy import HERE as FOLDER
from skillmix.policy import SEVERITIES, Rule, policies, policy
from tests.skillmix.examples import evidence

numbers = st.floats(-2, 4, allow_nan=False)


@pytest.mark.parametrize("name", policies())
def test_every_policy_defends_each_threshold_and_asks_for_something_at_each_authority(name: str) -> None:
    rules = policy(name)
    assert rules.name == name
    assert set(rules.measures) == set(MEASURES)
    assert all(rules.required.values())
    assert all(len(r.why) > 20 for m in rules.measures.values() for r in m.rules)


@given(numbers, numbers, numbers)
def test_a_lower_bound_decides_whatever_the_point(low: float, width: float, least: float) -> None:
    high = low + abs(width)
    said = Rule(statistic="x", low_at_least=least, why="").judge(low, high)
    assert said == ("passed" if low >= least else "failed" if high < least else "inconclusive")


@given(numbers, numbers, numbers, numbers)
def test_a_narrower_interval_inside_a_passed_one_passes_too(a: float, b: float, c: float, d: float) -> None:
    low, inner_low, inner_high, high = sorted((a, b, c, d))
    rule = Rule(statistic="x", within=(0.4, 2.5), why="")
    if rule.judge(low, high) == "passed":
        assert rule.judge(inner_low, inner_high) == "passed"
    if rule.judge(inner_low, inner_high) == "failed" and rule.judge(low, high) == "passed":
        pytest.fail("a wide interval hid a failure")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.7, 1.4, "passed"),
        (0.3, 1.4, "inconclusive"),
        (0.45, 0.7, "failed"),
        (1.3, 2.0, "failed"),
        (2.6, 3.0, "failed"),
    ],
)
def test_a_slope_must_touch_the_good_range_and_be_known_well_enough(
    low: float, high: float, said: str
) -> None:
    assert policy().rule("reliability", "calibration-slope").judge(low, high) == said


def test_severities_at_or_above_the_policys_suspend() -> None:
    rules = policy()
    assert [s for s in SEVERITIES if rules.suspends(s)] == ["moderate", "severe", "catastrophic"]
    assert not rules.suspends("dreadful")


@pytest.mark.parametrize(
    "change",
    [
        {"level": 1.5},
        {"least_n": 0},
        {"suspends_at": "awful"},
        {"required": {"monitoring": ["accuracy"]}},
        {"required": {"monitoring": [], "augmentation": ["accuracy"], "automation": ["accuracy"]}},
        {"measures": {}},
        {"transfer": "allowed"},
    ],
)
def test_a_broken_policy_is_refused_with_its_name(tmp_path: Path, change: dict[str, Any]) -> None:
    data = yaml.safe_load((FOLDER / "default.yaml").read_text(encoding="utf-8")) | change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"mine\.yaml"):
        policy(str(path))


def test_a_rule_without_a_condition_is_refused() -> None:
    with pytest.raises(ValidationError, match="no condition"):
        Rule(statistic="x", why="")


def test_a_policy_of_ones_own_is_read_from_its_path_and_has_another_digest(tmp_path: Path) -> None:
    data = yaml.safe_load((FOLDER / "default.yaml").read_text(encoding="utf-8")) | {
        "name": "ward",
        "least_n": 500,
    }
    path = tmp_path / "ward.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    assert policy(str(path)).least_n == 500
    assert policy(str(path)).digest != policy().digest
    with pytest.raises(NotFoundError):
        policy("nowhere")


@pytest.mark.parametrize(
    "change",
    [
        {"low": 0.9, "high": 0.8},
        {"events": 300},
        {"value": float("nan")},
        {"measure": "beauty"},
        {"population": "mice"},
        {"level": 95},
        {"counts": {"i25": {"n": 1}}},
        {"counts": {evidence().cells.single.moved(condition="i10").text: {"n": 1}}},  # type: ignore[union-attr]
        {"assumption": {"author": "", "reason": "because"}},
    ],
)
def test_evidence_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((InvalidInputError, ValidationError)):
        evidence(**change)


def test_the_id_is_the_content() -> None:
    one = evidence()
    assert Evidence.model_validate(one.model_dump()).id == one.id
    assert evidence(by="someone else").id != one.id


def test_many_records_that_do_not_count_are_named_by_three_and_a_number() -> None:
    ruled = [(evidence(dataset=f"set {i}"), "elsewhere") for i in range(5)]
    said = why_not(ruled)  # type: ignore[arg-type]
    assert said.count("nothing carries over") == 1
    assert "and 2 more" in said
