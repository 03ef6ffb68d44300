"""A report is checked before it is filed, and every fault is named by line and field."""

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mcare import check, draft, nosology, render
from mcare.levels import assess
from mcare.report import SECTIONS, Experiment, Observation, Report
from tests.mcare.samples import report, written


def test_the_13_sections_stand_in_the_order_of_the_source() -> None:
    assert len(SECTIONS) == 13
    fields = [name for name in Report.model_fields if name in SECTIONS]
    assert fields == list(SECTIONS)
    text = render.markdown(report())
    places = [text.index(f"## {n} {heading}") for n, heading in enumerate(SECTIONS.values(), 1)]
    assert places == sorted(places)


@pytest.mark.parametrize("section", list(SECTIONS))
def test_no_section_may_be_left_out(section: str) -> None:
    data = written()
    del data[section]
    with pytest.raises(check.InvalidReportError, match=section):
        check.read(yaml.safe_dump(data))


def test_an_unknown_section_is_refused_with_its_line() -> None:
    text = yaml.safe_dump(written(), sort_keys=False) + "diagnosis: none\n"
    with pytest.raises(check.InvalidReportError) as fault:
        check.read(text)
    finding = fault.value.findings[0]
    assert finding.field == "diagnosis"
    assert finding.line == len(text.splitlines())


def test_a_blank_report_cannot_be_filed_and_says_all_that_is_still_to_be_written() -> None:
    with pytest.raises(check.InvalidReportError) as fault:
        check.read(yaml.safe_dump(draft.blank(), sort_keys=False))
    assert {f.message for f in fault.value.findings} == {"this is still to be written"}
    named = {f.field.split(".")[0] for f in fault.value.findings}
    assert named >= set(SECTIONS) - {"links"}


@pytest.mark.parametrize(
    ("section", "value", "says"),
    [
        (
            "treatment",
            {"interventions": [{"target": "core", "text": "x", "addresses": ["replicated"]}]},
            "call met",
        ),
        ("treatment", {}, "none with the reason"),
        ("model_perspective", {"text": "a", "not_applicable": "b"}, "not both"),
        ("severity", {"grade": "awful"}, "severe"),
        ("axes", {"core": "a", "shell": "b", "alignment": "good", "context": "c"}, "synergy"),
    ],
)
def test_rules_between_fields_are_checked(section: str, value: object, says: str) -> None:
    with pytest.raises(check.InvalidReportError, match=says):
        check.read(yaml.safe_dump(written(**{section: value})))


def test_an_unknown_category_names_those_that_are_there() -> None:
    data = copy.deepcopy(written())
    data["formulation"]["categories"] = ["possession"]
    with pytest.raises(check.InvalidReportError, match="distributional-miscalibration"):
        check.read(yaml.safe_dump(data))


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text("title: a\nseverity: [\n", encoding="utf-8")
    with pytest.raises(check.InvalidReportError, match="line 3"):
        check.read_file(file)


@pytest.mark.parametrize("category", nosology.categories().values(), ids=lambda c: c.id)
def test_every_category_of_the_nosology_can_be_diagnosed(category: nosology.Category) -> None:
    data = copy.deepcopy(written())
    data["formulation"]["categories"] = [category.id]
    assert category.mechanism
    assert Report.model_validate(data).formulation.categories == [category.id]


def test_json_goes_round() -> None:
    one = report()
    out = render.json(one)
    assert out.pop("level")["verified"] == 2
    assert Report.model_validate(out) == one


experiments = st.builds(
    Experiment,
    reference=st.just("run"),
    variables=st.lists(st.sampled_from(["shell", "core"]), max_size=2),
    control=st.sampled_from([None, "off"]),
    capture=st.sampled_from(["complete", "partial"]),
    group=st.sampled_from(["a", "b"]),
    replicated_by=st.lists(st.sampled_from(["a", "b"]), max_size=2),
)
observations = st.builds(
    Observation,
    environment=st.just("e"),
    duration=st.just("d"),
    method=st.just("m"),
    sample_size=st.integers(1, 3),
    controls=st.lists(st.just("c"), max_size=1),
    experiments=st.lists(experiments, max_size=2),
    assertion_level=st.integers(1, 4),
)


@given(observations)
@settings(max_examples=200)
def test_a_verified_level_is_carried_by_the_evidence(seen: Observation) -> None:
    level = assess(seen)
    sound = [
        e
        for e in seen.experiments
        if len(e.variables) == 1 and e.control and e.capture == "complete" and e.replicated_by
    ]
    if level.verified >= 2:
        assert seen.sample_size > 1
    if level.verified >= 3:
        assert sound
    if level.verified == 4:
        assert any(set(e.replicated_by) - {e.group} for e in sound)
    assert bool(level.missing) == (level.verified < level.claimed)


@given(observations, experiments)
def test_more_evidence_never_lowers_the_verified_level(seen: Observation, more: Experiment) -> None:
    richer = seen.model_copy(update={"experiments": [*seen.experiments, more]})
    assert assess(richer).verified >= assess(seen).verified


def test_a_claim_beyond_the_evidence_is_warned_about() -> None:
    data = copy.deepcopy(written())
    data["observation"]["assertion_level"] = 4
    found = check.warnings(check.read(yaml.safe_dump(data)))
    assert any("level 4" in f.message for f in found)
    assert "**Missing for the claim:**" in render.markdown(Report.model_validate(data))
