"""A snapshot can be cited: the same files give the same digest, anything else another, and later facts do not change the past."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from graph import Graph, snapshot
from graph.digest import digest
from graph.export import parquet, rdf, rdf_write
from graph.export.request import Request
from graph.ingest import ingest
from graph.known import closing
from ontology.errors import InvalidInputError, NotFoundError
from tests.conftest import Run
from tests.graph.made import encounter, ndjson, observation, patient

Resource = dict[str, Any]
NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
IN_E1 = {"encounter": {"reference": "Encounter/e1"}}
RECORD = [
    patient(identifier=[{"system": "urn:mrn", "value": "7"}]),
    encounter(hospitalization={"dischargeDisposition": {"coding": [{"system": "urn:d", "code": "home"}]}}),
    encounter("e2", start="2020-02-01T08:00:00Z"),
    observation(**IN_E1, valueQuantity={"value": 70, "unit": "/min"}),
    observation("o2", of="Patient?identifier=urn:mrn|7", effectiveDateTime="2020-01-01T13:00:00Z"),
    {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, **IN_E1},
]


def fresh(graph: Graph, folder: Path, *files: list[Resource]) -> None:
    graph.write("admin.clear", batch=5000)
    for i, resources in enumerate(files):
        report = ingest(graph, [ndjson(folder / f"{id(files)}-{i}.ndjson", resources)])
        assert report.set_aside == 0


@pytest.mark.neo4j
@settings(
    max_examples=2,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.permutations(RECORD), st.integers(1, len(RECORD) - 1))
def test_the_same_resources_in_any_order_and_any_files_have_the_same_digest(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, order: list[Resource], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("order")
    fresh(graph, folder, RECORD)
    whole, noon = digest(graph), digest(graph, NOON)
    fresh(graph, folder, order[:cut], order[cut:])
    assert (digest(graph), digest(graph, NOON)) == (whole, noon)


CHANGES = {
    "a value": (3, {"valueQuantity": {"value": 71, "unit": "/min"}}),
    "a reference": (3, {"encounter": {"reference": "Encounter/e2"}}),
    "an element without a property": (0, {"maritalStatus": {"text": "M"}}),
}


@pytest.mark.neo4j
def test_a_change_of_one_element_or_a_missing_resource_gives_another_digest(
    graph: Graph, tmp_path: Path
) -> None:
    seen = set()
    for where, change in [(0, {}), *CHANGES.values()]:
        fresh(graph, tmp_path, [r | (change if i == where else {}) for i, r in enumerate(RECORD)])
        seen.add(digest(graph))
    fresh(graph, tmp_path, RECORD[:-1])
    seen.add(digest(graph))
    assert len(seen) == len(CHANGES) + 2


@pytest.mark.neo4j
def test_what_becomes_known_later_does_not_change_the_digest_of_the_past(
    graph: Graph, tmp_path: Path
) -> None:
    open_stay = encounter(period={"start": "2020-01-01T08:00:00Z"}, status="in-progress")
    fresh(graph, tmp_path, [RECORD[0], open_stay, RECORD[3]])
    then = digest(graph, NOON)
    fresh(graph, tmp_path, RECORD)
    assert digest(graph, NOON) == then
    assert digest(graph, datetime(2020, 1, 1, 14, tzinfo=UTC)) != then
    with pytest.raises(InvalidInputError, match="time zone"):
        digest(graph, datetime(2020, 1, 1))  # noqa: DTZ001 - that is the point


@pytest.mark.neo4j
def test_what_is_contained_in_what_becomes_known_later_is_not_there_before(
    graph: Graph, tmp_path: Path
) -> None:
    """A person or a place has no clock of its own, and one that is contained is known with what contains it."""
    inside = {"contained": [{"resourceType": "Practitioner", "id": "who", "name": [{"family": "Late"}]}]}
    later = observation("late", issued="2021-01-01T00:00:00Z", performer=[{"reference": "#who"}], **inside)
    fresh(graph, tmp_path, RECORD)
    parquet.export(graph, tmp_path / "before", Request(at=NOON))
    then = digest(graph, NOON), rdf_write.export(graph, tmp_path / "before.nq", at=NOON)
    fresh(graph, tmp_path, [*RECORD, later])
    parquet.export(graph, tmp_path / "after", Request(at=NOON))
    assert (digest(graph, NOON), rdf_write.export(graph, tmp_path / "after.nq", at=NOON)) == then
    assert "who" not in (tmp_path / "after.nq").read_text()
    tables = [sorted(f.name for f in (tmp_path / when).glob("*")) for when in ("before", "after")]
    assert tables[0] == tables[1]
    assert digest(graph, datetime(2021, 1, 2, tzinfo=UTC)) != then[0]


@pytest.mark.neo4j
def test_no_reading_of_the_past_as_rdf_has_what_is_said_only_later(graph: Graph, tmp_path: Path) -> None:
    """Neither a code, nor what a reference pointed at before it came, nor how a stay ended."""

    def triples(*resources: Any, of: list[str] | None = None) -> set[str]:
        fresh(graph, tmp_path, [*RECORD, *resources])
        found = rdf.flat(rdf.statements(graph, of, at=NOON))
        return {str(triple) for triple in found if "ingestrun" not in str(triple)}

    later = observation(
        "late", issued="2021-01-01T00:00:00Z", code={"coding": [{"system": "urn:x", "code": "rare"}]}
    )
    ended = {"dischargeDisposition": {"coding": [{"system": "urn:x", "code": "rare"}]}}
    stay = encounter("stay", start="2020-01-01T08:00:00Z")
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
    }
    report |= {"issued": "2020-01-01T09:00:00Z", "result": [{"reference": "Observation/late"}]}
    for patients in (None, ["p1"]):
        then = triples(stay, report, of=patients)
        assert triples(stay, report, later, of=patients) == then
        assert triples(stay | {"hospitalization": ended}, report, of=patients) == then
        assert any("stay" in triple for triple in then)


@pytest.mark.neo4j
def test_a_snapshot_is_kept_shown_and_verified_elsewhere(graph: Graph, cwm: Any, tmp_path: Path) -> None:
    fresh(graph, tmp_path, RECORD)
    file = tmp_path / "snapshot.json"
    made = cwm("graph", "snapshot", "make", "--out", str(file), "--json").json
    assert (made["resources"], made["types"]["Encounter"], made["unfinished"]) == (6, 2, [])
    assert cwm("graph", "snapshot", "make", "--json").json == made
    assert made["digest"] in cwm("graph", "snapshot", "show", made["id"][:6]).out.replace("\n", "")
    assert [row["id"] for row in cwm("graph", "snapshot", "list", "--json").json] == [made["id"]]
    fresh(graph, tmp_path, RECORD[::-1])
    assert cwm("graph", "snapshot", "verify", str(file)).status == 0
    published = tmp_path / "published.json"
    published.write_text(json.dumps({name: said for name, said in made.items() if name != "sources"}))
    assert cwm("graph", "snapshot", "verify", str(published)).status == 0, "names of files may name patients"
    fresh(graph, tmp_path, RECORD[1:])
    other: Run = cwm("graph", "snapshot", "verify", str(file), "--json")
    assert (other.status, other.json["equal"]) == (1, False)
    with pytest.raises(NotFoundError):
        snapshot.load(graph, "ffffff")
    file.write_text(json.dumps({"id": "x"}))
    with pytest.raises(InvalidInputError):
        snapshot.load(graph, str(file))


@pytest.mark.neo4j
@pytest.mark.parametrize(
    ("text", "why"),
    [("{}", "id: Field required"), ("resourceType,id\n1,2\n" * 50, "Invalid JSON"), ("[]", "object"), ("", "Invalid JSON")],
    ids=["empty object", "a table", "a list", "empty"],
)  # fmt: skip
def test_a_file_that_is_no_snapshot_is_said_so_in_one_line(
    graph: Graph, cwm: Any, tmp_path: Path, text: str, why: str
) -> None:
    file = tmp_path / "none.json"
    file.write_text(text)
    with pytest.raises(InvalidInputError) as refused:
        snapshot.load(graph, str(file))
    assert why in refused.value.what
    assert "\n" not in str(refused.value)
    assert cwm("graph", "snapshot", "verify", str(file), "--json").json["error"]["code"] == "invalid-input"


@pytest.mark.neo4j
def test_a_snapshot_of_the_past_names_its_instant_and_counts_what_was_known(
    graph: Graph, tmp_path: Path
) -> None:
    fresh(graph, tmp_path, RECORD)
    made = snapshot.make(graph, NOON)
    assert (made.as_of, made.types) == (NOON, {"Encounter": 1, "Observation": 1, "Patient": 1})
    assert "as of 2020-01-01T12:00:00Z" in made.citation
    assert snapshot.verify(graph, made).equal


def test_a_code_of_a_closing_field_is_hidden_too() -> None:
    stay = closing("Encounter")
    assert stay.covers("hospitalization.dischargeDisposition.coding[0]")
    assert stay.covers("period.end")
    assert not stay.covers("reasonCode")
    assert not closing("Observation").properties
