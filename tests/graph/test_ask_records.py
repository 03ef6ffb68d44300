"""What hospitals' records are like: mistakes, refuted diagnoses, deaths in many words, mixed units, results without a date."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.ask import ask, questions
from graph.ask_rdf import ask_rdf
from graph.export.rdf_write import export
from graph.ingest import ingest
from graph.sparql.engine import Engine
from tests.graph import clinic
from tests.graph.made import Resource, ndjson
from tests.graph.test_ask import examples, expected, same

SHOWN_AS_RECORDED = {"known_at", "clock_sources", "second_clock", "unresolved_references"}
"""They tell what the record holds, and not what was the case."""
UNTIL_OVER = {"active_medications"}
"""The status of an order is known when the order is over: until then an order counts that was a mistake."""
DOUBLED = {"Condition", "AllergyIntolerance", "Observation", "MedicationRequest", "Encounter", "Procedure"}
"""Types of the clinic that come once more as what they are not."""


def both(graph: Graph, folder: Path, name: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer, after a look whether Cypher and SPARQL agree on it."""
    rows = ask(graph, name, params).rows
    path = folder / f"{name}.nq"
    path.unlink(missing_ok=True)
    export(graph, path)
    with Engine(path) as engine:
        same(ask_rdf(engine, name, params).rows, rows)
    return rows


def untrue(resource: Resource) -> Iterable[Resource]:
    """The same once more, entered in error; a diagnosis also as one that was refuted."""
    copy = resource | {"id": resource["id"] + "-wrong"}
    if resource["resourceType"] in {"Condition", "AllergyIntolerance"}:
        for said in ("entered-in-error", "refuted"):
            yield copy | {
                "id": f"{resource['id']}-{said}",
                "verificationStatus": {"coding": [{"code": said}]},
            }
    elif resource["resourceType"] != "Encounter" or "end" in resource["period"]:
        yield copy | {"status": "entered-in-error"}


@pytest.mark.neo4j
def test_mistakes_and_refuted_diagnoses_are_in_no_answer(graph: Graph, tmp_path: Path) -> None:
    clinic.build(graph)
    lines = [json.loads(line) for line in clinic.FILE.read_text(encoding="utf-8").splitlines()]
    wrong = [copy for r in lines if r["resourceType"] in DOUBLED for copy in untrue(r)]
    assert ingest(graph, [ndjson(tmp_path / "wrong.ndjson", wrong)]).written == len(wrong)
    export(graph, tmp_path / "all.nq")
    with Engine(tmp_path / "all.nq") as engine:
        for name in sorted(set(questions()) - SHOWN_AS_RECORDED - UNTIL_OVER):
            same(ask(graph, name, examples(name)).rows, expected(name))
            same(ask_rdf(engine, name, examples(name)).rows, expected(name))


def stay(id_: str, who: str, start: str, end: str, disposition: str | None = None) -> Resource:
    """A stay in hospital."""
    made = {"resourceType": "Encounter", "id": id_, "status": "finished", "class": {"code": "IMP"},
            "subject": {"reference": f"Patient/{who}"}, "period": {"start": start, "end": end}}  # fmt: skip
    return made | (
        {"hospitalization": {"dischargeDisposition": {"coding": [{"code": disposition}]}}}
        if disposition
        else {}
    )


@pytest.mark.neo4j
def test_who_died_in_hospital_was_not_discharged_alive_in_whatever_words_it_is_said(
    graph: Graph, tmp_path: Path
) -> None:
    dead = ["exp", "DIED", "EXPIRED", "20", "41", "371828006"]
    record: list[Resource] = [{"resourceType": "Patient", "id": f"p{i}"} for i in range(len(dead))]
    record += [
        stay(f"d{i}", f"p{i}", "2024-01-02T08:00:00Z", "2024-01-05T08:00:00Z", said)
        for i, said in enumerate(dead)
    ]
    record += [
        {"resourceType": "Patient", "id": "q", "deceasedDateTime": "2024-01-05T07:30:00Z"},
        stay("q1", "q", "2024-01-02T08:00:00Z", "2024-01-05T08:00:00Z"),
        {"resourceType": "Patient", "id": "home", "deceasedDateTime": "2024-03-01"},
        stay("h1", "home", "2024-01-02T08:00:00Z", "2024-01-05T08:00:00Z", "home"),
        stay("h2", "home", "2024-01-20T08:00:00Z", "2024-01-22T08:00:00Z", "01"),
    ]
    ingest(graph, [ndjson(tmp_path / "a.ndjson", record)])
    asked = {"class": "IMP", "days": 30, "from": "2024", "to": "2025"}
    (row,) = both(graph, tmp_path, "readmission_rate", asked)
    assert (row["events"], row["n"]) == (1, 2)


def weight(id_: str, value: float, unit: str, **when: str) -> Resource:
    """A body weight."""
    return {"resourceType": "Observation", "id": id_, "status": "final", "subject": {"reference": "Patient/p"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            "valueQuantity": {"value": value, "unit": unit}} | when  # fmt: skip


@pytest.mark.neo4j
def test_a_change_is_told_between_values_of_one_unit_only(graph: Graph, tmp_path: Path) -> None:
    record = [
        {"resourceType": "Patient", "id": "p"},
        weight("w1", 70, "kg", effectiveDateTime="2024-01-01T08:00:00Z"),
        weight("w2", 154, "[lb_av]", effectiveDateTime="2024-02-01T08:00:00Z"),
        weight("w3", 160, "[lb_av]", issued="2024-03-01T08:00:00Z"),
    ]
    ingest(graph, [ndjson(tmp_path / "a.ndjson", record)])
    asked = {"patient": "p", "test": "http://loinc.org|29463-7", "at": "2024-12-31"}
    rows = both(graph, tmp_path, "result_trend", asked)
    assert [(row["value"], row["change"]) for row in rows] == [(70, None), (154, None), (160, 6)]
    assert rows[2]["start"] is not None, "the result says no more than when it was issued"


@pytest.mark.neo4j
def test_a_result_that_says_only_when_it_was_issued_closes_a_gap(graph: Graph, tmp_path: Path) -> None:
    ill = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}, "recordedDate": "2023-01-01",
           "code": {"coding": [{"system": "urn:c", "code": "dm"}]}}  # fmt: skip
    record = [
        {"resourceType": "Patient", "id": "p"},
        ill,
        weight("w", 70, "kg", issued="2024-03-01T08:00:00Z"),
    ]
    ingest(graph, [ndjson(tmp_path / "a.ndjson", record)])
    asked = {"condition": "urn:c|dm", "test": "http://loinc.org|29463-7", "days": 90}
    assert both(graph, tmp_path, "care_gaps", asked | {"at": "2024-04-01"}) == []
    (gap,) = both(graph, tmp_path, "care_gaps", asked | {"at": "2024-12-31"})
    assert (gap["tests"], gap["last"] is None) == (1, False)
