"""Verdicts: nothing carries over, bounds decide, cases suspend only when accepted, and reasons are listed."""

import datetime as dt
from typing import Any

import pytest

from graph import Graph
from ontology.errors import InvalidInputError, NotFoundError
from skillmix.agent import Agent, register
from skillmix.coordinate import Cells
from skillmix.evidence import record
from skillmix.policy import policy
from skillmix.verdict import Verdict, verdict
from tests.skillmix.examples import GOOD, HERE, NOW, TODAY, TWIN, case, enough, evidence

pytestmark = pytest.mark.neo4j


def ask(graph: Graph, where: Any = HERE, population: str = "synthetic", at: dt.datetime = NOW) -> Verdict:
    return verdict(graph, TWIN.key, where, population, at)


def test_good_evidence_in_the_cell_validates_and_the_missing_measures_are_listed(graph: Graph) -> None:
    enough(graph)
    answer = ask(graph)
    assert answer.status == "validated"
    assert set(answer.shown) == {"accuracy", "reliability"}
    assert set(answer.missing) == {"clinical-safety", "clinical-utility", "skill-preservation"}
    assert any("auroc 0.74 (95% interval 0.66 to 0.82; n 236, 48 events)" in r for r in answer.reasons)
    assert any("no retrospective evaluation" in r for r in answer.reasons)


def test_an_agent_without_evidence_is_insufficient_and_one_that_is_not_there_is_an_error(
    graph: Graph,
) -> None:
    register(graph, TWIN)
    assert ask(graph).status == "insufficient"
    with pytest.raises(NotFoundError):
        verdict(graph, "nobody@1+00000000", HERE, "synthetic", NOW)


def test_synthetic_evidence_never_validates_for_real_patients_nor_real_for_synthetic(graph: Graph) -> None:
    enough(graph)
    answer = ask(graph, population="real")
    assert answer.status == "insufficient"
    assert answer.shown == ()
    assert any("another population" in r for r in answer.reasons)


def test_a_population_asked_for_by_name_is_not_another_of_the_same_kind(graph: Graph) -> None:
    enough(graph)
    assert ask(graph, population="synthetic: demo").status == "validated"
    assert ask(graph, population="synthetic: other seed").status == "insufficient"


@pytest.mark.parametrize("dimension", list(type(HERE).model_fields))
def test_evidence_does_not_carry_over_to_any_neighbour(graph: Graph, dimension: str) -> None:
    enough(graph)
    neighbour = next(HERE.neighbours(dimension))
    answer = ask(graph, neighbour)
    assert answer.status == "insufficient"
    assert answer.shown == ()


def test_a_new_version_or_configuration_starts_with_nothing(graph: Graph) -> None:
    enough(graph)
    for other in (TWIN.model_copy(update={"version": "2"}), TWIN.model_copy(update={"config": {"seed": 2}})):
        register(graph, other)
        assert other.key != TWIN.key
        assert verdict(graph, other.key, HERE, "synthetic", NOW).status == "insufficient"


def test_evidence_on_a_set_counts_in_a_cell_by_that_cells_own_samples(graph: Graph) -> None:
    other = HERE.moved(condition="i10")
    both = Cells.of(HERE, condition=["i25", "i10"])
    counts = {HERE.text: {"n": 200, "events": 40}, other.text: {"n": 36, "events": 8}}
    enough(graph, cells=both, counts=counts)
    assert ask(graph).status == "validated"
    few = ask(graph, other)
    assert few.status == "insufficient"
    assert any("too few samples in this cell" in r for r in few.reasons)


def test_evidence_on_a_set_that_was_not_counted_says_nothing_of_its_cells(graph: Graph) -> None:
    enough(graph, cells=Cells.of(HERE, condition="*"))
    assert ask(graph).status == "insufficient"


def test_an_unknown_dimension_never_validates(graph: Graph) -> None:
    enough(graph, cells=Cells.of(HERE, condition="unknown"))
    answer = ask(graph)
    assert answer.status == "insufficient"
    assert any("do not tell" in r for r in answer.reasons)


def test_borrowed_evidence_is_shown_with_author_and_reason_and_never_validates(graph: Graph) -> None:
    enough(graph, assumption={"author": "Dr. Example", "reason": "Same clinic, year before."})
    answer = ask(graph)
    assert answer.status == "insufficient"
    assert any("Dr. Example: Same clinic, year before." in r for r in answer.reasons)


@pytest.mark.parametrize(
    "change", [{"n": 99}, {"events": 19}, {"n": 110, "events": 100}, {"events": None}, {"level": 0.9}]
)
def test_too_few_samples_events_or_non_events_or_too_low_a_level_do_not_count(
    graph: Graph, change: dict[str, Any]
) -> None:
    enough(graph, **change)
    assert ask(graph).status == "insufficient"


def test_the_bound_decides_and_not_the_point(graph: Graph) -> None:
    register(graph, TWIN)
    for (measure, statistic), figures in GOOD.items():
        if statistic != "auroc":
            record(graph, evidence(measure, statistic, *figures))
    record(graph, evidence(value=0.75, low=0.59, high=0.88))
    assert ask(graph).status == "insufficient"
    record(graph, evidence(value=0.61, low=0.60, high=0.62, dataset="larger"))
    assert ask(graph).status == "validated"


def test_an_interval_wholly_on_the_wrong_side_has_failed_and_is_not_outvoted(graph: Graph) -> None:
    enough(graph)
    record(graph, evidence(value=0.52, low=0.46, high=0.58, dataset="second"))
    assert ask(graph).status == "failed"


def test_a_measure_that_fails_and_is_not_required_is_listed_and_decides_nothing(graph: Graph) -> None:
    enough(graph)
    record(graph, evidence("clinical-safety", "sensitivity", 0.4, 0.3, 0.5))
    answer = ask(graph)
    assert answer.status == "validated"
    assert "clinical-safety" in answer.missing
    assert any("sensitivity 0.4" in r and "fails" in r for r in answer.reasons)


def test_the_newest_record_of_a_data_set_speaks_for_it(graph: Graph) -> None:
    enough(graph, date=TODAY - dt.timedelta(days=30))
    record(graph, evidence(value=0.52, low=0.46, high=0.58))
    assert ask(graph).status == "failed"
    assert ask(graph, at=NOW - dt.timedelta(days=5)).status == "validated"


def test_evidence_expires_on_the_day_after_its_greatest_age(graph: Graph) -> None:
    enough(graph)
    assert ask(graph, at=NOW + dt.timedelta(days=365)).status == "validated"
    answer = ask(graph, at=NOW + dt.timedelta(days=366))
    assert answer.status == "expired"
    assert answer.shown == ()
    assert any("older than the policy allows" in r for r in answer.reasons)


def test_evidence_gathered_later_is_not_seen(graph: Graph) -> None:
    enough(graph)
    assert ask(graph, at=NOW - dt.timedelta(days=1)).status == "insufficient"


def test_only_an_accepted_case_grave_enough_suspends_and_a_filing_is_shown(graph: Graph) -> None:
    enough(graph)
    for version, (status, severity, expected) in enumerate(
        [
            ("filed", "catastrophic", "validated"),
            ("under-review", "severe", "validated"),
            ("accepted", "minor", "validated"),
            ("accepted", "moderate", "suspended"),
            ("closed", "severe", "validated"),
        ]
    ):
        case(graph, status, severity, HERE, version)
        answer = ask(graph)
        assert answer.status == expected, (status, severity)
        assert [c.id for c in answer.cases] == ([] if status == "closed" else ["CWM-2026-0001"])


def test_an_accepted_case_suspends_its_own_coordinates_and_no_other(graph: Graph) -> None:
    enough(graph)
    case(graph, "accepted", "severe", HERE.moved(assigned_authority="automation"))
    assert ask(graph).status == "validated"
    assert ask(graph).cases == ()


def test_an_accepted_case_that_names_no_coordinate_suspends_all_of_its_agent(graph: Graph) -> None:
    enough(graph)
    case(graph, "accepted", "severe", None)
    assert ask(graph).status == "suspended"


def test_automation_asks_for_all_five_measures(graph: Graph) -> None:
    auto = HERE.moved(assigned_authority="automation")
    enough(graph, cells=Cells.of(auto))
    assert ask(graph, auto).status == "insufficient"


def test_a_policy_for_real_patients_only_does_not_validate_for_synthetic_ones(graph: Graph) -> None:
    enough(graph)
    strict = policy().model_copy(update={"populations": ("real",)})
    answer = verdict(graph, TWIN.key, HERE, "synthetic", NOW, policy=strict)
    assert answer.status == "insufficient"
    assert "does not validate for synthetic" in answer.reasons[0]


def test_the_question_must_name_a_population_and_an_instant_with_its_zone(graph: Graph) -> None:
    register(graph, TWIN)
    with pytest.raises(InvalidInputError, match="population"):
        ask(graph, population="mice")
    with pytest.raises(InvalidInputError, match="time zone"):
        ask(graph, at=dt.datetime(2026, 4, 1))  # noqa: DTZ001 - the point of the test


def test_evidence_of_an_agent_that_is_not_registered_is_refused(graph: Graph) -> None:
    stray = Agent(name="stray", version="1", provider="x", kind="rule")
    with pytest.raises(NotFoundError):
        record(graph, evidence(agent=stray.key))
