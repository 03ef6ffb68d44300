"""Search in words, and what researchers ask of codes: paths, patients alike, what comes together."""

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graph import Graph, search
from graph.ingest import ingest
from ontology.errors import InvalidInputError
from tests.graph.made import encounter, ndjson, observation, patient

Resource = dict[str, Any]
NAMES = {"1": "Hypertensive disorder", "2": "Hyperlipidemia", "3": "Asthma"}


def condition(of: str, code: str, recorded: str = "2020-01-01T00:00:00Z") -> Resource:
    coding = {"system": "urn:c", "code": code, "display": NAMES[code]}
    subject = {"subject": {"reference": f"Patient/{of}"}, "recordedDate": recorded}
    return {"resourceType": "Condition", "id": f"{of}-{code}", "code": {"coding": [coding]}, **subject}


WHO = {"a": "12", "b": "12", "c": "1", "d": "3", "e": "23", "f": "3"}
RECORD = [
    *(patient(p, name=[{"text": f"Person {p.upper()}nn"}]) for p in WHO),
    *(condition(p, code) for p, codes in WHO.items() for code in codes if (p, code) != ("b", "2")),
    condition("b", "2", "2022-01-01T00:00:00Z"),
    {"resourceType": "Organization", "id": "h", "name": "General Hospital"},
    encounter("e1", "Patient/a", serviceProvider={"reference": "Organization/h"}),
    encounter("e2", "Patient/d", serviceProvider={"reference": "Organization/h"}),
    observation("o", "Patient/a", valueQuantity={"value": 70, "unit": "/min"}),
]
THEN = datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture
def record(graph: Graph, tmp_path: Path) -> Graph:
    assert ingest(graph, [ndjson(tmp_path / "a.ndjson", RECORD)]).set_aside == 0
    return graph


@pytest.mark.neo4j
def test_words_find_codes_names_and_facts(record: Graph, cwm: Any) -> None:
    found = {row["key"]: row["patients"] for row in search.concepts(record, "hyper")}
    assert found == {"urn:c|1": 3, "urn:c|2": 3}
    assert [row["key"] for row in search.concepts(record, "Disorder hyper")] == ["urn:c|1"]
    assert {row["key"]: row["patients"] for row in search.concepts(record, "hyper", at=THEN)}["urn:c|2"] == 2
    assert [row["key"] for row in search.names(record, "general hosp")] == ["Organization/h"]
    assert [row["key"] for row in search.names(record, "ann")] == ["Patient/a"]
    assert [row["key"] for row in search.facts(record, "hyperlip", patient="b")] == ["Condition/b-2"]
    assert search.facts(record, "hyperlip", patient="b", at=THEN) == []
    run = cwm("search", "heart", "--in", "facts", "--json").json
    assert [(row["patient"], row["value"]) for row in run["rows"]] == [("Patient/a", 70.0)]
    assert "Asthma" in cwm("search", "asth").out
    with pytest.raises(InvalidInputError):
        search.concepts(record, "?!")


@pytest.mark.neo4j
def test_patients_alike_share_codes(record: Graph) -> None:
    asked = {"patient": "Patient/a", "types": ["Condition"], "limit": 10}
    now = {row["patient"]: row["jaccard"] for row in record.read("analytics.similar", at=None, **asked)}
    assert now == {"Patient/b": 1.0, "Patient/c": 0.5, "Patient/e": pytest.approx(1 / 3)}
    then = {row["patient"]: row["jaccard"] for row in record.read("analytics.similar", at=THEN, **asked)}
    assert then["Patient/b"] == 0.5


@pytest.mark.neo4j
def test_what_comes_together_has_a_lift_with_its_interval(record: Graph) -> None:
    asked = {"code": "urn:c|1", "types": ["Condition"], "least": 1, "z": 1.96, "limit": 9}
    (row,) = record.read("analytics.cooccurrence", at=None, **asked)
    assert (row["code"], row["both"], row["first"], row["second"], row["patients"]) == ("urn:c|2", 2, 3, 3, 6)
    assert row["lift"] == pytest.approx((2 / 3) / (3 / 6))
    error = 1.96 * math.sqrt(1 / 2 - 1 / 3 - 1 / 3 + (2 * row["lift"] - 1) / 6)
    assert row["low"] == pytest.approx(row["lift"] * math.exp(-error))
    assert row["high"] == pytest.approx(row["lift"] * math.exp(error))
    (then,) = record.read("analytics.cooccurrence", at=THEN, **asked)
    assert then["both"] == 1


@pytest.mark.neo4j
def test_the_interval_of_a_lift_is_as_wide_as_the_lift_scatters(graph: Graph, tmp_path: Path) -> None:
    """Against draws of as many patients anew: the standard error of the logarithm, which no formula of ours goes into."""
    both, one, other, neither = 30, 30, 60, 80
    kinds = ["12"] * both + ["1"] * one + ["2"] * other + ["3"] * neither
    people = [patient(f"p{i}") for i in range(len(kinds))]
    facts = [condition(f"p{i}", code) for i, codes in enumerate(kinds) for code in codes]
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [*people, *facts])])
    asked = {"code": "urn:c|1", "types": ["Condition"], "least": 1, "z": 1.0, "limit": 1}
    (row,) = graph.read("analytics.cooccurrence", at=None, **asked)
    assert row["lift"] == pytest.approx(30 * 200 / (60 * 90))
    drawn = np.random.default_rng(0).multinomial(
        200, np.array([both, one, other, neither]) / 200, size=20_000
    )
    lifts = np.log(drawn[:, 0] * 200 / ((drawn[:, 0] + drawn[:, 1]) * (drawn[:, 0] + drawn[:, 2])))
    assert math.log(row["high"] / row["low"]) / 2 == pytest.approx(float(lifts.std()), rel=0.05)


@pytest.mark.neo4j
def test_the_shortest_paths_name_the_way(record: Graph) -> None:
    asked = {"from": "Patient/a", "to": "Patient/d", "limit": 5}
    paths = {tuple(row["keys"]): row["types"] for row in record.read("analytics.paths", at=None, **asked)}
    way = ("Patient/a", "Encounter/e1", "Organization/h", "Encounter/e2", "Patient/d")
    assert paths[way] == ["HAS_ENCOUNTER", "TOOK_PLACE_AT", "TOOK_PLACE_AT", "HAS_ENCOUNTER"]
    assert {len(keys) for keys in paths} == {5}
    assert record.read("analytics.paths", at=datetime(2019, 1, 1, tzinfo=UTC), **asked) == []


@pytest.mark.neo4j
def test_what_was_never_true_is_in_no_count_of_codes(record: Graph, tmp_path: Path) -> None:
    asked = {"patient": "Patient/a", "types": ["Condition"], "limit": 9, "at": None}
    other = {"types": ["Condition"], "code": "urn:c|1", "least": 1, "z": 1.96, "limit": 9, "at": None}

    def read() -> Any:
        of = {"patient": "Patient/a", "code": "http://loinc.org|8867-4", "at": None}
        return (
            record.read("analytics.similar", **asked),
            record.read("analytics.cooccurrence", **other),
            record.read("analytics.common", type="Condition", at=None, limit=9),
            record.read("analytics.results", **of),
        )

    before = read()
    untrue = [
        condition("f", code, "2019-01-01T00:00:00Z")
        | {"id": f"{word}-{code}", "verificationStatus": {"coding": [{"code": word}]}}
        for word in ("refuted", "entered-in-error")
        for code in "123"
    ]
    lines = [
        *untrue,
        observation("wrong", "Patient/a", status="entered-in-error", valueQuantity={"value": 7}),
    ]
    assert ingest(record, [ndjson(tmp_path / "b.ndjson", lines)]).set_aside == 0
    assert read() == before


@pytest.mark.neo4j
def test_common_codes_and_results_are_as_known_then(record: Graph) -> None:
    now = record.read("analytics.common", type="Condition", at=None, limit=9)
    assert [(row["code"], row["patients"]) for row in now] == [("urn:c|1", 3), ("urn:c|2", 3), ("urn:c|3", 3)]
    then = record.read("analytics.common", type="Condition", at=THEN, limit=9)
    assert {row["code"]: row["patients"] for row in then}["urn:c|2"] == 2
    (result,) = record.read("analytics.results", patient="Patient/a", code="http://loinc.org|8867-4", at=None)
    assert result["value"] == 70
    assert record.read("analytics.genders") == [{"gender": "female", "patients": 6}]
