"""The decision loop filled from the data: rounds of clinician, patient and AI agent, on a real Neo4j."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.digest import digest
from graph.ingest import ingest
from graph.loop import fill, stand
from tests.conftest import Run
from tests.data import demo_slice, write_ndjson
from tests.graph.made import Resource, encounter, ndjson, observation, patient
from tests.skillmix.examples import TWIN, enough

pytestmark = pytest.mark.neo4j

IN = {"encounter": {"reference": "Encounter/e1"}}
OF = {"subject": {"reference": "Patient/p1"}}
V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def kind(code: str) -> dict[str, Any]:
    return {"category": [{"coding": [{"code": code}]}]}


def visit() -> list[Resource]:
    """A visit: vital sign and complaint, diagnosis, order; a flagged result the next day, another diagnosis, a refusal."""
    high = {"interpretation": [{"coding": [{"system": V3, "code": "HH"}]}]}
    no = {"statusReason": {"coding": [{"system": "http://snomed.info/sct", "code": "105480006"}]}}
    return [
        patient(),
        encounter(),
        observation("vital", **IN, **kind("vital-signs")),
        observation("pain", effectiveDateTime="2020-01-01T09:05:00Z", **IN, **kind("survey")),
        {"resourceType": "Condition", "id": "c1", "recordedDate": "2020-01-01T09:10:00Z", "code": {"text": "Anaemia"}} | IN | OF,
        {"resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order",
         "authoredOn": "2020-01-01T09:20:00Z", "medicationCodeableConcept": {"text": "iron"}} | IN | OF,
        observation("lab", issued="2020-01-02T10:00:00Z", **IN, **kind("laboratory"), **high),
        {"resourceType": "Condition", "id": "c2", "recordedDate": "2020-01-02T11:00:00Z", "code": {"text": "Bleeding"}} | IN | OF,
        {"resourceType": "Procedure", "id": "no", "status": "not-done", "performedDateTime": "2020-01-02T12:00:00Z",
         "code": {"text": "Colonoscopy"}} | no | IN | OF,
        {"resourceType": "Goal", "id": "g1", "lifecycleStatus": "active", "startDate": "2020-06-01",
         "description": {"text": "Walk"}} | OF,
        {"resourceType": "Claim", "id": "k1", "status": "active", "use": "claim", "created": "2020-01-01T12:00:00Z",
         "patient": {"reference": "Patient/p1"}},
    ]  # fmt: skip


def shown(graph: Graph, at: datetime | None = None) -> list[tuple[str, int, str, list[str]]]:
    found: dict[tuple[str, int, str], list[str]] = {}
    for row in graph.read("ask.decision_rounds", encounter="Encounter/e1", at=at):
        found.setdefault((row["actor"], row["n"], row["station"]), []).append(row["key"])
    return [(*spot, keys) for spot, keys in found.items()]


def test_facts_of_a_visit_stand_in_rounds_of_clinician_and_patient(graph: Graph, tmp_path: Path) -> None:
    ingest(graph, [ndjson(tmp_path / "visit.ndjson", visit())])
    report = fill(graph)
    assert shown(graph) == [
        ("clinician", 1, "input", ["Observation/vital", "Observation/pain"]),
        ("clinician", 1, "hypothesis", ["Condition/c1"]),
        ("clinician", 1, "plan", ["MedicationRequest/m1"]),
        ("clinician", 1, "collect", ["Observation/lab"]),
        ("clinician", 2, "cue", ["Observation/lab"]),
        ("clinician", 2, "hypothesis", ["Condition/c2"]),
        ("patient", 1, "input", ["Observation/pain"]),
        ("patient", 1, "plan", ["Procedure/no"]),
    ]
    assert (report.facts, report.placed, report.outside) == (9, 7, 1)
    assert report.unplaced == {"Goal": {"no-encounter": 1}}
    assert report.share_unplaced == 0.125
    assert (report.rounds, report.rounds_of_an_encounter) == (
        {"clinician": 2, "patient": 1},
        {"clinician": {2: 1}, "patient": {1: 1}},
    )


def test_the_rounds_as_known_at_an_instant_hold_what_was_known(graph: Graph, tmp_path: Path) -> None:
    ingest(graph, [ndjson(tmp_path / "visit.ndjson", visit())])
    fill(graph)
    then = shown(graph, datetime(2020, 1, 1, 9, 15, tzinfo=UTC))
    assert then == [
        ("clinician", 1, "input", ["Observation/vital", "Observation/pain"]),
        ("clinician", 1, "hypothesis", ["Condition/c1"]),
        ("patient", 1, "input", ["Observation/pain"]),
    ]
    again = visit()[:5]
    graph.write("admin.clear", batch=5000)
    ingest(graph, [ndjson(tmp_path / "early.ndjson", again)])
    fill(graph)
    assert shown(graph) == then, "the facts known by then, alone, make the same rounds"


def test_doing_it_again_writes_nothing_and_a_change_only_what_differs(graph: Graph, tmp_path: Path) -> None:
    ingest(graph, [ndjson(tmp_path / "visit.ndjson", visit())])
    fill(graph)
    before = rounds(graph)
    again = fill(graph)
    assert (again.changed, again.written, again.removed) == (0, 0, 0)

    late = (
        {
            "resourceType": "Condition",
            "id": "c3",
            "recordedDate": "2020-01-02T13:00:00Z",
            "code": {"text": "Ulcer"},
        }
        | IN
        | OF
    )
    ingest(graph, [ndjson(tmp_path / "late.ndjson", [late, patient("p2"), encounter("e2", "Patient/p2")])])
    more = fill(graph)
    assert (more.changed, more.written, more.removed) == (2, 1, 0)
    kept = {key: id_ for key, id_ in rounds(graph).items() if not key.endswith("clinician/2")}
    assert kept == {key: id_ for key, id_ in before.items() if key in kept}, "other rounds were left alone"
    assert shown(graph)[5] == ("clinician", 2, "hypothesis", ["Condition/c2", "Condition/c3"])
    assert chain(graph) == ["Encounter/e1/round/clinician/1", "Encounter/e1/round/clinician/2"]


def test_rounds_of_what_is_gone_are_removed(graph: Graph, tmp_path: Path) -> None:
    ingest(graph, [ndjson(tmp_path / "visit.ndjson", visit())])
    fill(graph)
    ingest(graph, [ndjson(tmp_path / "moved.ndjson", [
        {**r, "encounter": {"reference": "Encounter/e9"}, "meta": {"lastUpdated": "2021-01-01T00:00:00Z"}}
        for r in visit() if "encounter" in r
    ] + [encounter("e9", start="2020-01-01T08:30:00Z")])])  # fmt: skip
    fill(graph)
    assert shown(graph) == []
    assert {key.split("/round")[0] for key in rounds(graph)} == {"Encounter/e9"}


def test_it_changes_nothing_of_the_record_and_depends_on_no_order(graph: Graph, tmp_path: Path) -> None:
    """Facts of the demo, where one record is taken in at once and the other in two halves with a filling between them."""
    people = demo_slice(2)
    ingest(graph, [write_ndjson(tmp_path / "whole", people)])
    record = digest(graph)
    fill(graph)
    assert digest(graph) == record
    whole = content(graph)

    graph.write("admin.clear", batch=5000)
    ingest(graph, [write_ndjson(tmp_path / "b", people[1::2])])
    fill(graph)
    ingest(graph, [write_ndjson(tmp_path / "a", people[::2])])
    report = fill(graph)
    assert content(graph) == whole
    assert report.share_unplaced is not None
    assert report.share_unplaced < 0.1
    assert stand(graph).as_dict() | {"changed": 0, "written": 0, "removed": 0} == report.as_dict() | {
        "changed": 0, "written": 0, "removed": 0,
    }  # fmt: skip


ADVICE = """
MATCH (p:Patient {key: 'Patient/p1'}), (e:Encounter {key: 'Encounter/e1'}), (a:Agent {key: $agent}),
      (v:Observation {key: 'Observation/vital'}), (l:Observation {key: 'Observation/pain'})
CREATE (x:Prediction {id: $id, task: 'admission-365d', made: datetime('2020-01-03T00:00:00Z'), probability: 0.4,
  verdict: 'validated', released: $released})
CREATE (x)-[:ABOUT]->(p), (x)-[:MADE_BY]->(a), (x)-[:IN_ENCOUNTER]->(e), (x)-[:BECAUSE {feature: 'a', contribution: 0.3}]->(v),
  (x)-[:BECAUSE {feature: 'b', contribution: 0.0}]->(l)
"""


def test_a_prediction_is_a_round_of_the_ai_agent(graph: Graph, tmp_path: Path) -> None:
    ingest(graph, [ndjson(tmp_path / "visit.ndjson", visit())])
    fill(graph)
    enough(graph)
    with graph.driver.session(database=graph.database) as session:
        session.run(ADVICE, id="x1", agent=TWIN.key, released=True).consume()
        session.run(ADVICE, id="x2", agent=TWIN.key, released=False).consume()
    report = fill(graph)
    assert (report.changed, report.written) == (1, 2)
    assert [row for row in shown(graph) if row[0] == "agent"] == [
        ("agent", 1, "input", ["Observation/pain"]),
        ("agent", 1, "cue", ["Observation/vital"]),
        ("agent", 1, "hypothesis", ["x1"]),
        ("agent", 1, "reflection", ["x1"]),
        ("agent", 1, "plan", ["x1"]),
        ("agent", 2, "input", ["Observation/pain"]),
        ("agent", 2, "cue", ["Observation/vital"]),
        ("agent", 2, "hypothesis", ["x2"]),
        ("agent", 2, "reflection", ["x2"]),
    ]


def test_the_command_says_what_stands_where_and_what_could_not_be_placed(
    graph: Graph, cwm: Callable[..., Run], tmp_path: Path
) -> None:
    ingest(graph, [ndjson(tmp_path / "visit.ndjson", visit())])
    found = cwm("graph", "loop", "--json").json
    assert found["stations"]["clinician"] == {"input": 2, "cue": 1, "hypothesis": 2, "plan": 1, "collect": 1}
    assert found["share_unplaced"] == 0.125
    people = cwm("graph", "loop", "--report")
    assert "1 of 8 facts (12.5%) could not be placed" in people.out
    rows = cwm("graph", "loop", "--encounter", "e1", "--as-of", "2020-01-01", "--json").json
    assert {row["station"] for row in rows} == {"input", "hypothesis", "plan"}
    assert "No such encounter" in cwm("graph", "loop", "--encounter", "nobody").err


def rounds(graph: Graph) -> dict[str, str]:
    """Keys of all rounds and what the database calls them, which changes when one is written anew."""
    return {r["key"]: r["id"] for r in ask(graph, "MATCH (r:Round) RETURN r.key AS key, elementId(r) AS id")}


def chain(graph: Graph) -> list[str]:
    rows = ask(graph, "MATCH (a:Round)-[:NEXT_ROUND]->(b) RETURN a.key AS a, b.key AS b ORDER BY a")
    return [rows[0]["a"], *(row["b"] for row in rows)]


def content(graph: Graph) -> list[Any]:
    return ask(
        graph,
        "MATCH (r:Round)-[at:PLACES]->(f) RETURN r.key AS round, r.n AS n, at.station AS station, at.rule AS rule, "
        "toString(at.recorded) AS at, f.key AS fact ORDER BY round, station, fact",
    )


def ask(graph: Graph, cypher: str) -> list[Any]:
    from graph.sandbox import ask as run

    return run(graph, cypher, rows=1_000_000).rows
