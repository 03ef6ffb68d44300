"""Deletions: gone from now on, there as of before, whatever came first, and back when a later version says so."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.digest import digest
from graph.export.fhir import resources
from graph.ingest import IngestReport, ingest
from graph.journey import journey
from graph.patients import listed
from ontology.errors import NotFoundError
from tests.conftest import Run
from tests.graph.made import Resource, bundle, encounter, entry, ndjson, observation, patient

pytestmark = pytest.mark.neo4j

LINE = "2021-06-01T00:00:00Z"
AT = int(datetime.fromisoformat(LINE).timestamp())
BEFORE, AFTER = datetime(2021, 5, 1, tzinfo=UTC), datetime(2021, 7, 1, tzinfo=UTC)


def version(resource: Resource, number: int, day: str = "2021-01-01") -> Resource:
    return resource | {"meta": {"versionId": str(number), "lastUpdated": f"{day}T00:00:00Z"}}


def delete(key: str, at: str | None = LINE, **more: Any) -> Resource:
    response = {"response": {"lastModified": at}} if at else {}
    return {"request": {"method": "DELETE", "url": key}} | response | more


def dated(entries: list[Resource], **more: Any) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries} | more)


def record() -> list[Resource]:
    here: Resource = {"encounter": {"reference": "Encounter/e1"}}
    people = [patient(), encounter(), observation("o1", issued="2020-01-01T10:00:00Z", **here)]
    return [version(r, 1) for r in people]


def take(graph: Graph, folder: Path, *lines: Any) -> IngestReport:
    report = ingest(graph, [ndjson(folder / f"{random.random()}.ndjson", lines)])  # noqa: S311
    assert report.read == report.written + report.unchanged + report.deleted + report.set_aside
    return report


def seen(graph: Graph, at: datetime | None = None) -> set[str]:
    found = journey(graph, "p1", at)
    return {row["key"] for row in (*found.encounters, *found.facts)}


def exported(graph: Graph) -> set[str]:
    return {r["key"] for r in resources(graph)}


def test_a_deleted_fact_is_gone_and_there_as_of_before(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, *record())
    report = take(graph, tmp_path, dated([delete("Observation/o1")]))
    assert (report.deleted, report.set_aside) == (1, 0)
    assert seen(graph) == seen(graph, AFTER) == {"Encounter/e1"}
    assert seen(graph, BEFORE) == {"Encounter/e1", "Observation/o1"}
    assert exported(graph) == {"Encounter/e1", "Patient/p1"}


def test_a_deleted_encounter_is_no_longer_named_by_its_facts(graph: Graph, tmp_path: Path) -> None:
    other = version(encounter("e2", start="2020-02-01T08:00:00Z"), 1)
    last = version(encounter("e3", start="2020-03-01T08:00:00Z"), 1)
    take(graph, tmp_path, *record(), other, last)
    take(graph, tmp_path, dated([delete("Encounter/e1"), delete("Encounter/e2")]))
    (fact,) = journey(graph, "p1").facts
    assert fact["encounter"] is None
    assert {row["encounter"] for row in journey(graph, "p1", BEFORE).facts} == {"Encounter/e1"}
    assert seen(graph) == {"Encounter/e3", "Observation/o1"}


def test_a_deleted_patient_is_not_found_and_was_there_before(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, *record())
    take(graph, tmp_path, dated([delete("Patient/p1")]))
    for at in (None, AFTER):
        with pytest.raises(NotFoundError):
            journey(graph, "p1", at)
    assert len(seen(graph, BEFORE)) == 2
    assert listed(graph) == []
    with pytest.raises(NotFoundError):
        list(resources(graph, patient="p1"))


def test_what_says_when_a_resource_was_deleted(graph: Graph, tmp_path: Path) -> None:
    bare = {"request": {"method": "DELETE", "url": "https://ehr.example.org/fhir/Patient/p1/_history/7"}}
    take(graph, tmp_path, version(patient(), 1))
    for more in ({"timestamp": LINE}, {"meta": {"lastUpdated": LINE}}):
        graph.write("admin.clear", batch=5000)
        take(graph, tmp_path, version(patient(), 1), dated([bare], **more))
        (node,) = graph.read("ingest.known", keys=["Patient/p1"])
        assert node["deleted"] == [AT, 0]
        assert node["tomb"] == "2021-06-01T00:00:00.000000Z|00000000000000000007|~"


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ('"timestamp":"2021-06-01T00:00:00Z"', "timestamp"),
        ('"meta":{"tag":[{"code":"x"}],"lastUpdated":"2021-06-01T00:00:00Z"}', "meta.lastUpdated"),
        ('"meta":{"lastUpdated":"2020-01-01T00:00:00Z"},"timestamp" : "2021-06-01T00:00:00Z"', "timestamp"),
    ],
)
def test_a_bundle_too_big_to_hold_deletes_at_its_time_too(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, clock: str
) -> None:
    monkeypatch.setitem(graph.settings.__dict__, "line_limit", 400)
    path = tmp_path / "b.json"
    path.write_text(
        f'{{"resourceType":"Bundle",{said},"entry":'
        + json.dumps([delete(f"Patient/p{i}", None) for i in range(30)])
        + "}"
    )
    assert ingest(graph, [path]).deleted == 30
    (node,) = graph.read("ingest.known", keys=["Patient/p1"])
    assert (node["deleted"], node["deleted_clock"]) == ([AT, 0], clock)


def test_a_delete_without_a_time_takes_effect_when_it_is_read(graph: Graph, tmp_path: Path) -> None:
    took = datetime.now(UTC)
    take(graph, tmp_path, *record())
    assert take(graph, tmp_path, dated([delete("Observation/o1", None)])).deleted == 1
    assert "Observation/o1" in seen(graph, took)
    assert "Observation/o1" not in seen(graph)
    again = take(graph, tmp_path, dated([delete("Observation/o1", None)]), *record())
    assert (again.unchanged, again.deleted, again.written) == (4, 0, 0)
    assert "Observation/o1" not in seen(graph)


def test_a_later_version_revives(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, *record(), dated([delete("Observation/o1")]))
    back = version(observation("o1"), 3, "2021-06-02")
    assert take(graph, tmp_path, back).written == 1
    assert "Observation/o1" in seen(graph)
    again = take(graph, tmp_path, dated([delete("Observation/o1")]), back, *record())
    assert (again.written, again.deleted) == (0, 0)
    assert "Observation/o1" in seen(graph)


def test_deletes_versions_and_their_order(graph: Graph, tmp_path: Path) -> None:
    """Whatever order they come in, in one ingest or many, the graph is the same."""
    parts: list[Any] = [*record(), version(patient(birthDate="1970"), 2, "2021-02-01")]
    inside = {
        "contained": [{"resourceType": "Organization", "id": "o"}],
        "managingOrganization": {"reference": "#o"},
    }
    parts += [
        version(patient("p2", **inside), 1),
        version(patient("p3"), 1),
        version(patient("p3"), 5, "2021-12-01"),
    ]
    parts += [
        dated([delete(key) for key in ("Observation/o1", "Patient/p2", "Patient/p3", "Patient/unknown")])
    ]
    parts += [dated([delete("Observation/o1", "2021-03-01T00:00:00Z")]), version(encounter("e2"), 1)]
    parts += [dated([delete("Encounter/e2")]), version(encounter("e3", start="2022-01-01T08:00:00Z"), 1)]
    digests, left = set(), set()
    for seed in range(5):
        graph.write("admin.clear", batch=5000)
        random.Random(seed).shuffle(parts)  # noqa: S311
        for i in range(0, len(parts), step := len(parts) if seed == 0 else seed):
            take(graph, tmp_path, *parts[i : i + step])
        digests.add(digest(graph))
        left.add(frozenset(exported(graph)))
    assert len(digests) == 1
    assert left == {frozenset({"Patient/p1", "Patient/p3", "Encounter/e1", "Encounter/e3"})}


def test_a_bulk_file_of_deletions_and_a_delete_that_names_nobody(
    graph: Graph, tmp_path: Path, cwm: Any
) -> None:
    take(graph, tmp_path, *record())
    lines = [dated([delete("Observation/o1", None)], timestamp=LINE),
             dated([delete("Observation?code=1"), delete("Encounter/e1", "yesterday")])]  # fmt: skip
    run: Run = cwm("ingest", str(ndjson(tmp_path / "deleted.ndjson", lines)), "--json")
    assert (run.status, run.json["deleted"], run.json["reasons"]) == (1, 1, {"delete": 1, "bad-value": 1})
    assert seen(graph) == {"Encounter/e1"}


def test_strict_takes_deletions(graph: Graph, tmp_path: Path) -> None:
    path = bundle(tmp_path / "b.json", [entry(patient()), delete("Patient/p1")])
    assert ingest(graph, [path], strict=True).deleted == 1
    assert exported(graph) == set()
