"""The gate: release, downgrade or withhold; the same snapshot gives the same answer."""

import datetime as dt

import pytest

from graph import Graph
from skillmix.coordinate import Cells
from skillmix.evidence import evidence as records
from skillmix.evidence import record
from skillmix.gate import decide
from tests.skillmix.examples import HERE, NOW, TWIN, case, enough, evidence

pytestmark = pytest.mark.neo4j

MONITORING = HERE.moved(assigned_authority="monitoring")


def test_a_validated_output_is_released_at_the_authority_asked_for(graph: Graph) -> None:
    enough(graph)
    answer = decide(graph, TWIN.key, HERE, "synthetic", NOW)
    assert (answer.released, answer.outcome, answer.authority) == (True, "released", "augmentation")
    assert answer.coordinate == HERE
    assert answer.reasons[0] == answer.sentence


def test_an_output_is_downgraded_to_a_lower_authority_only_where_that_one_is_validated(graph: Graph) -> None:
    enough(graph, cells=Cells.of(MONITORING))
    answer = decide(graph, TWIN.key, HERE, "synthetic", NOW)
    assert (answer.released, answer.outcome, answer.authority) == (True, "downgraded", "monitoring")
    assert (answer.status, answer.coordinate) == ("insufficient", MONITORING)
    assert "Downgraded to monitoring" in answer.sentence


def test_evidence_for_a_higher_authority_does_not_open_a_lower_one(graph: Graph) -> None:
    enough(graph)
    answer = decide(graph, TWIN.key, MONITORING, "synthetic", NOW)
    assert (answer.released, answer.outcome, answer.authority) == (False, "withheld", None)


def test_what_is_shown_on_synthetic_patients_is_withheld_from_real_ones(graph: Graph) -> None:
    enough(graph)
    enough(graph, cells=Cells.of(MONITORING))
    answer = decide(graph, TWIN.key, HERE, "real", NOW)
    assert (answer.released, answer.authority, answer.status) == (False, None, "insufficient")
    assert any("another population" in r for r in answer.reasons)


def test_an_accepted_case_withholds_and_says_so(graph: Graph) -> None:
    enough(graph)
    case(graph, "accepted", "severe", HERE)
    answer = decide(graph, TWIN.key, HERE, "synthetic", NOW)
    assert (answer.released, answer.status) == (False, "suspended")
    assert any("CWM-2026-0001" in r for r in answer.reasons)


def test_a_filing_is_shown_beside_a_released_output(graph: Graph) -> None:
    enough(graph)
    case(graph, "filed", "severe", HERE)
    answer = decide(graph, TWIN.key, HERE, "synthetic", NOW)
    assert answer.released
    assert [c.id for c in answer.cases] == ["CWM-2026-0001"]


def test_the_same_snapshot_gives_the_same_hash_whatever_the_hour(graph: Graph) -> None:
    enough(graph)
    first = decide(graph, TWIN.key, HERE, "synthetic", NOW)
    assert decide(graph, TWIN.key, HERE, "synthetic", NOW) == first
    assert decide(graph, TWIN.key, HERE, "synthetic", NOW + dt.timedelta(days=20)).hash == first.hash
    enough(graph)  # the same records again are no change
    assert decide(graph, TWIN.key, HERE, "synthetic", NOW).hash == first.hash


def test_whatever_the_answer_rests_on_changes_the_hash(graph: Graph) -> None:
    enough(graph)
    seen = {decide(graph, TWIN.key, HERE, "synthetic", NOW).hash}
    seen.add(decide(graph, TWIN.key, HERE, "real", NOW).hash)
    seen.add(decide(graph, TWIN.key, HERE, "synthetic", NOW + dt.timedelta(days=400)).hash)
    record(graph, evidence(value=0.75, dataset="second"))
    seen.add(decide(graph, TWIN.key, HERE, "synthetic", NOW).hash)
    case(graph, "filed", "minor", HERE)
    seen.add(decide(graph, TWIN.key, HERE, "synthetic", NOW).hash)
    case(graph, "under-review", "minor", HERE, 1)
    seen.add(decide(graph, TWIN.key, HERE, "synthetic", NOW).hash)
    assert len(seen) == 6


def test_evidence_elsewhere_does_not_change_the_answer(graph: Graph) -> None:
    enough(graph)
    before = decide(graph, TWIN.key, HERE, "synthetic", NOW)
    enough(graph, cells=Cells.of(HERE.moved(care_setting="ward")))
    assert decide(graph, TWIN.key, HERE, "synthetic", NOW).hash == before.hash


def test_evidence_comes_back_from_the_graph_as_it_went_in(graph: Graph) -> None:
    assumption = {"author": "Dr. Example", "reason": "Same clinic."}
    counted = {HERE.text: {"n": 120, "events": None}}
    ids = enough(graph)
    ids.append(record(graph, evidence(assumption=assumption)))
    ids.append(record(graph, evidence(cells=Cells.of(HERE, condition=["i25", "i10"]), counts=counted)))
    ids.append(record(graph, evidence(cells=Cells.of(condition="i25"))))
    back = records(graph, TWIN.key)
    assert sorted(e.id for e in back) == sorted(ids)
    assert len(set(ids)) == len(ids)
