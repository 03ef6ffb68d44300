"""Patients are found, summed up, and handed out as they came in."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph import Graph, patients
from graph.ingest import ingest
from graph.journey import journey
from ontology.errors import InvalidInputError, NotFoundError
from tests.conftest import Run

WHO = {"reference": "Patient/p1"}
RECORD: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p1", "name": [{"given": ["Ann"], "family": "Doe"}], "gender": "female"},
    {"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "AMB"}, "subject": WHO,
     "period": {"start": "2024-02-01T08:00:00Z", "end": "2024-02-01T09:00:00Z"},
     "serviceProvider": {"reference": "Organization/o1"}},
    {"resourceType": "Observation", "id": "b1", "status": "final", "code": {"text": "Weight"}, "subject": WHO,
     "encounter": {"reference": "Encounter/e1"}, "effectiveDateTime": "2024-02-01T08:10:00Z", "issued": "2024-02-03T08:10:00Z",
     "valueQuantity": {"value": 70.50, "unit": "kg"}},
    {"resourceType": "CareTeam", "id": "t1", "subject": WHO, "participant": [{"member": {"reference": "Practitioner/d1"}}]},
    {"resourceType": "Practitioner", "id": "d1", "name": [{"family": "Who"}]},
    {"resourceType": "Organization", "id": "o1", "name": "Practice"},
]  # fmt: skip
OTHERS: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p2", "name": [{"given": ["Bob"], "family": "Doering"}]},
    {"resourceType": "Observation", "id": "b2", "status": "final", "code": {"text": "Weight"},
     "subject": {"reference": "Patient/p2"}},
    {"resourceType": "Organization", "id": "o2", "name": "Elsewhere"},
    {"resourceType": "Provenance", "id": "v1", "recorded": "2024-03-01T00:00:00Z",
     "target": [{"reference": "Patient/p1"}, {"reference": "Patient/p2"}, {"reference": "Observation/b2"}],
     "agent": [{"who": {"reference": "Practitioner/d1"}}]},
]  # fmt: skip


@pytest.fixture
def filled(graph: Graph, tmp_path: Path) -> Graph:
    file = tmp_path / "record.ndjson"
    file.write_text("\n".join(json.dumps(r) for r in [*RECORD, *OTHERS]))
    assert ingest(graph, [file]).set_aside == 0
    return graph


@pytest.mark.neo4j
def test_patients_are_found_by_beginnings_of_names_and_ids_and_paged(filled: Graph) -> None:
    assert [p["id"] for p in patients.listed(filled)] == ["p1", "p2"]
    assert [p["id"] for p in patients.listed(filled, limit=1, after="p1")] == ["p2"]
    assert [p["id"] for p in patients.listed(filled, "doe")] == ["p1", "p2"]
    assert [p["id"] for p in patients.listed(filled, "ann DOE")] == ["p1"]
    assert [p["id"] for p in patients.listed(filled, "p2")] == ["p2"]
    assert patients.listed(filled, "nobody") == []
    with pytest.raises(InvalidInputError, match="search"):
        patients.listed(filled, "*")


@pytest.mark.neo4j
def test_a_summary_counts_what_is_on_record(filled: Graph) -> None:
    seen = patients.summary(filled, "p1")
    assert seen["types"] == [{"type": "Observation", "count": 1}]
    assert seen["classes"] == [{"class": "AMB", "count": 1}]
    assert (seen["first"], seen["last"]) == ("2024-02-01T08:00:00+00:00", "2024-02-01T08:10:00+00:00")
    with pytest.raises(NotFoundError):
        patients.summary(filled, "nobody")


@pytest.mark.neo4j
@pytest.mark.parametrize("form", ["bundle", "ndjson"])
def test_an_export_is_equal_to_what_came_in_and_holds_no_other_patient(filled: Graph, form: str) -> None:
    items = patients.export(filled, "Patient/p1")
    if form == "bundle":
        bundle = json.loads("".join(patients.bundle(items)))
        assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
        out = [entry["resource"] for entry in bundle["entry"]]
    else:
        out = [json.loads(line) for line in patients.ndjson(items)]
    provenance = OTHERS[-1]
    assert sorted(out, key=lambda r: str(r["id"])) == sorted(
        [*RECORD, provenance], key=lambda r: str(r["id"])
    )
    assert out[0]["resourceType"] == "Patient"


@pytest.mark.neo4j
def test_the_command_shows_what_was_known_on_a_day(filled: Graph, cwm: Any, tmp_path: Path) -> None:
    def keys(run: Run) -> list[str]:
        return [row["key"] for row in run.json["rows"]]

    assert keys(cwm("patient", "journey", "p1", "--as-of", "2024-02-02", "--json")) == ["Encounter/e1"]
    assert keys(cwm("patient", "journey", "p1", "--json")) == ["Encounter/e1", "Observation/b1"]
    assert keys(cwm("patient", "journey", "p1", "--type", "Observation", "--json")) == ["Observation/b1"]
    assert "70.5 kg" in cwm("patient", "journey", "p1").out
    assert "2024-02-03 08:10" in cwm("patient", "journey", "p1").out
    assert cwm("patient", "list", "ann", "--json").json["patients"][0]["name"] == "Ann Doe"
    assert "Ann Doe" in cwm("patient", "show", "p1").out
    file = tmp_path / "out.json"
    assert cwm("patient", "export", "p1", "--out", str(file), "--json").json["resources"] == len(RECORD) + 1
    assert len(json.loads(file.read_text())["entry"]) == len(RECORD) + 1
    assert cwm("patient", "export", "p1", "--out", str(file)).status == 2
    assert cwm("patient", "journey", "p1", "--as-of", "tomorrow").status == 2
    assert cwm("patient", "show", "nobody").status == 3


@pytest.mark.neo4j
def test_encounters_come_in_the_order_of_their_start_whenever_they_arrived(
    filled: Graph, tmp_path: Path
) -> None:
    later = {
        **RECORD[1],
        "id": "e0",
        "period": {"start": "2023-01-01T00:00:00Z", "end": "2023-01-01T01:00:00Z"},
    }
    (tmp_path / "more.ndjson").write_text(json.dumps(later))
    ingest(filled, [tmp_path / "more.ndjson"])
    assert [e["key"] for e in journey(filled, "p1").encounters] == ["Encounter/e0", "Encounter/e1"]
