"""Cases are filed, versioned and linked in the graph, and never lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from graph import Graph
from mcare import pattern, registry
from mcare.report import Report
from ontology.errors import InvalidInputError, NotFoundError
from skillmix.agent import Agent, register
from tests.mcare.samples import report

pytestmark = pytest.mark.neo4j


@pytest.fixture
def agent(graph: Graph) -> str:
    one = Agent(name="twin", version="1", provider="us", kind="predictor", config={"seed": 1})
    register(graph, one)
    return one.key


def test_a_case_comes_back_as_it_was_filed(graph: Graph, agent: str) -> None:
    one = report(links={"agent": agent})
    case = registry.file(graph, one, by="filer")
    found = registry.show(graph, case)
    assert found.report == one
    assert found.status == "filed"
    assert found.level.verified == 2
    listed = registry.find(graph, agent=agent)
    assert [row["id"] for row in listed] == [case]
    assert listed[0]["severity"] == "minor"


def test_a_revision_keeps_the_older_version(graph: Graph) -> None:
    case = registry.file(graph, report(), by="filer")
    number = registry.revise(graph, case, report(title="Better said"), by="filer", note="clearer title")
    found = registry.show(graph, case)
    assert number == 2
    assert [v.report.title for v in found.versions] == [report().title, "Better said"]
    assert [v.note for v in found.versions] == ["filed", "clearer title"]


def test_of_two_who_revise_the_same_version_one_is_told(graph: Graph) -> None:
    case = registry.file(graph, report(), by="filer")
    registry.revise(graph, case, report(title="First"), by="a", note="n", expected=1)
    with pytest.raises(registry.ConflictError):
        registry.revise(graph, case, report(title="Second"), by="b", note="n", expected=1)
    assert registry.show(graph, case).report.title == "First"


def test_numbers_are_unique_however_many_file_at_once(graph: Graph) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda n: registry.file(graph, report(title=f"case {n}"), by="f"), range(12)))
    assert len(set(ids)) == 12


def test_a_link_to_nothing_is_refused_and_nothing_is_written(graph: Graph) -> None:
    with pytest.raises(InvalidInputError, match="prediction nowhere"):
        registry.file(graph, report(links={"predictions": ["nowhere"]}), by="filer")
    assert registry.find(graph) == []


def test_only_somebody_else_accepts_a_case_and_may_confirm_another_severity(graph: Graph) -> None:
    case = registry.file(graph, report(), by="filer")
    with pytest.raises(InvalidInputError, match="other than its filer"):
        registry.review(graph, case, status="accepted", by="filer", note="mine")
    registry.review(graph, case, status="accepted", by="reviewer", note="replicated", severity="moderate")
    found = registry.show(graph, case)
    assert found.status == "accepted"
    assert found.report.severity.grade == "moderate"
    assert found.versions[0].report.severity.grade == "minor"


def test_what_is_not_there_is_said(graph: Graph) -> None:
    with pytest.raises(NotFoundError):
        registry.show(graph, "CWM-2026-9999")
    with pytest.raises(NotFoundError):
        registry.revise(graph, "CWM-2026-9999", report(), by="a", note="n")
    assert registry.find(graph, text="CWM") == []


def test_a_report_about_a_group_is_whole_and_says_when_it_may_be_chance(graph: Graph, agent: str) -> None:
    found = pattern.GroupFinding(
        task="admission-365d",
        column="age_band",
        group="80+",
        n=40,
        events=20,
        expected=12.0,
        difference=0.2,
        low=0.05,
        high=0.35,
        p=0.01,
        p_adjusted=0.12,
        looked_at=12,
        method="five-fold cross-validation by patient",
        population="synthetic patients",
    )
    one = pattern.about(graph, agent, found, coordinate=None, evidence=[])
    assert "may be chance" in one.clinical_summary
    assert one.severity.grade == "potential"
    case = registry.file(graph, one, by="filer")
    clear = found.model_copy(update={"p": 0.001, "p_adjusted": 0.012})
    second = pattern.about(graph, agent, clear, coordinate=None, evidence=[])
    assert second.severity.grade == "minor"
    assert second.model_history.cases == [case]
    assert Report.model_validate(second.model_dump()) == second


def test_a_report_about_an_order_of_groups_tells_every_group(graph: Graph, agent: str) -> None:
    shares = [("few", 100, 18, 24.0), ("some", 63, 18, 19.5), ("many", 64, 33, 25.3)]
    found = pattern.TrendFinding(
        task="admission-365d",
        column="use",
        shares=shares,
        n=227,
        events=69,
        difference=0.41,
        low=0.06,
        high=0.75,
        p=0.019,
        p_adjusted=0.056,
        looked_at=3,
        method="five-fold cross-validation by patient",
        population="synthetic patients",
    )
    one = pattern.about(graph, agent, found, coordinate=None, evidence=[])
    assert (
        one.title
        == f"{agent.partition('@')[0]}: risk stated perhaps too low at each step of use, from few to many"
    )
    assert all(f"{events} of {n}" in one.clinical_summary for _, n, events, _ in shares)
    assert [c.status for c in one.formulation.criteria] == ["met", "not-met", "not-assessed"]
    assert registry.show(graph, registry.file(graph, one, by="filer")).report == one
