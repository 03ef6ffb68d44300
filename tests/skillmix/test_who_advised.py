"""The one query: which agents, where, with which evidence and open cases, advised in this patient's care, and why."""

from typing import Any

import pytest

from graph import Graph
from skillmix.coordinate import Cells
from skillmix.gate import decide
from tests.skillmix.examples import HERE, NOW, TWIN, case, enough

pytestmark = pytest.mark.neo4j

CARE = """
CREATE (p:Resource:Patient {key: 'Patient/1'}), (o:Resource:Patient {key: 'Patient/2'}),
       (n:Resource:Encounter {key: 'Encounter/1'}),
       (c:Resource:Condition:Event {key: 'Condition/1', display: 'Chronic ischemic heart disease'}),
       (b:Resource:Observation:Event {key: 'Observation/1', display: 'Systolic blood pressure'})
"""
ADVICE = """
MATCH (p:Patient {key: $patient}), (n:Encounter {key: 'Encounter/1'}), (a:Agent {key: $agent}),
      (c:Condition {key: 'Condition/1'}), (b:Observation {key: 'Observation/1'})
MERGE (k:Coordinate {index: $index})
CREATE (x:Prediction {id: $id, task: 'admission-365d', made: datetime($made), index_time: datetime($made),
  probability: 0.4, low: 0.3, high: 0.5})
SET x += $gate
CREATE (x)-[:ABOUT]->(p), (x)-[:MADE_BY]->(a), (x)-[:AT]->(k), (x)-[:IN_ENCOUNTER]->(n),
  (x)-[:BECAUSE {feature: 'sbp', value: 181.0, contribution: -0.2}]->(b),
  (x)-[:BECAUSE {feature: 'ihd', value: 1.0, contribution: 0.6}]->(c)
"""


def advise(graph: Graph, id_: str, patient: str, population: str, made: str) -> None:
    """Write a prediction as the twin does, with the gate's answer."""
    answer = decide(graph, TWIN.key, HERE, population, NOW)
    gate: dict[str, Any] = {
        "released": answer.released,
        "authority": answer.authority,
        "verdict": answer.status,
        "verdict_hash": answer.hash,
        "reasons": list(answer.reasons),
    }
    with graph.driver.session(database=graph.database) as session:
        session.run(
            ADVICE, id=id_, patient=patient, agent=TWIN.key, index=HERE.index, made=made, gate=gate
        ).consume()


def test_a_row_a_prediction_with_agent_coordinate_evidence_cases_and_reasons(graph: Graph) -> None:
    with graph.driver.session(database=graph.database) as session:
        session.run(CARE).consume()
    ids = enough(graph)
    enough(graph, cells=Cells.of(HERE.moved(care_setting="ward")))
    case(graph, "filed", "minor", HERE)
    advise(graph, "p1", "Patient/1", "synthetic", "2026-03-01T00:00:00Z")
    advise(graph, "p2", "Patient/1", "real", "2026-03-02T00:00:00Z")
    advise(graph, "p3", "Patient/2", "synthetic", "2026-03-03T00:00:00Z")

    held, released = graph.read("ask.who_advised", patient="Patient/1")
    assert (held["prediction"], held["released"], held["verdict"]) == ("p2", False, "insufficient")
    assert "Withheld" in held["reasons"][0]
    assert [held[number] for number in ("probability", "low", "high")] == [None] * 3
    assert [f["contribution"] for f in held["because"]] == [None] * 2

    assert (released["prediction"], released["released"], released["authority"]) == (
        "p1",
        True,
        "augmentation",
    )
    assert [released[number] for number in ("probability", "low", "high")] == [0.4, 0.3, 0.5]
    assert (released["agent"], released["coordinate"], released["encounter"]) == (
        TWIN.key,
        HERE.text,
        "Encounter/1",
    )
    assert {e["id"] for e in released["evidence"]} == set(ids)
    assert {(e["statistic"], e["n"], e["date"]) for e in released["evidence"]} >= {
        ("auroc", 236, "2026-04-01")
    }
    assert [(c["id"], c["status"], c["severity"]) for c in released["cases"]] == [
        ("CWM-2026-0001", "filed", "minor")
    ]
    assert [(f["fact"], f["display"], f["value"], f["contribution"]) for f in released["because"]] == [
        ("Condition/1", "Chronic ischemic heart disease", 1.0, 0.6),
        ("Observation/1", "Systolic blood pressure", 181.0, -0.2),
    ]


def test_a_case_somewhere_else_or_closed_is_not_in_the_answer(graph: Graph) -> None:
    with graph.driver.session(database=graph.database) as session:
        session.run(CARE).consume()
    enough(graph)
    advise(graph, "p1", "Patient/1", "synthetic", "2026-03-01T00:00:00Z")
    case(graph, "filed", "minor", HERE.moved(care_setting="ward"))
    assert graph.read("ask.who_advised", patient="Patient/1")[0]["cases"] == []
    case(graph, "filed", "minor", None, 1)
    assert [c["id"] for c in graph.read("ask.who_advised", patient="Patient/1")[0]["cases"]] == [
        "CWM-2026-0001"
    ]
    case(graph, "closed", "minor", HERE, 2)
    assert graph.read("ask.who_advised", patient="Patient/1")[0]["cases"] == []


def test_nobody_advised_an_unknown_patient(graph: Graph) -> None:
    assert graph.read("ask.who_advised", patient="Patient/none") == []
