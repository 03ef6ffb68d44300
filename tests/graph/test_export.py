"""Resources come back out equal to what went in."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import Graph
from graph.digest import digest
from graph.export.fhir import OTHERS, export, same
from graph.ingest import ingest
from ontology.errors import InvalidInputError, NotFoundError
from tests.conftest import Run
from tests.graph.made import bundle, encounter, entry, ndjson, observation, patient

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.neo4j
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES, min_size=1, max_size=6))
def test_whatever_goes_in_comes_out_equal(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, values: list[Any]
) -> None:
    tmp = tmp_path_factory.mktemp("x")
    graph.write("admin.clear", batch=5000)
    # The type has no mapping, so no element of it has to have a shape.
    lines = [json.dumps({"resourceType": "Made", "id": f"m{i}", "value": v}) for i, v in enumerate(values)]
    report = ingest(graph, [ndjson(tmp / "a.ndjson", lines)])
    export(graph, tmp / "out")
    out = (tmp / "out/Made.ndjson").read_text(encoding="utf-8").split("\n")[:-1] if report.written else []
    refused = sum(report.reasons.values())
    assert len(out) == len(lines) - refused
    by_id = {json.loads(line)["id"]: line for line in lines}
    assert all(same(by_id[json.loads(line)["id"]], line) for line in out)


@pytest.mark.neo4j
def test_digits_and_line_breaks(graph: Graph, tmp_path: Path) -> None:
    text = '{\r\n "resourceType": "Observation", "id": "o",\n "valueQuantity": {"value": 1.10}\n}'
    (tmp_path / "a.json").write_bytes(text.encode())
    ingest(graph, [tmp_path / "a.json"])
    export(graph, tmp_path / "out", compressed=True)
    (line,) = gzip.decompress((tmp_path / "out/Observation.ndjson.gz").read_bytes()).splitlines()
    assert same(line, text)
    assert b"1.10" in line


@pytest.mark.neo4j
def test_one_patient_comes_with_what_its_resources_refer_to(graph: Graph, tmp_path: Path, cwm: Any) -> None:
    at = {"serviceProvider": {"reference": "Organization/h"}}
    mine = [patient("p1"), encounter(**at), observation("o1"), {"resourceType": "Organization", "id": "h"}]
    other = [patient("p2"), observation("o2", "Patient/p2"), encounter("e2", "Patient/p2", **at)]
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [*mine, *other])])
    run: Run = cwm("graph", "export", "fhir", str(tmp_path / "out"), "--patient", "p1", "--json")
    assert run.json["types"] == {"Encounter": 1, "Observation": 1, "Organization": 1, "Patient": 1}
    assert export(graph, tmp_path / "out2", type_="Patient") == {"Patient": 2}
    with pytest.raises(NotFoundError):
        export(graph, tmp_path / "out3", patient="nobody")
    with pytest.raises(InvalidInputError):
        export(graph, tmp_path / "out")


WARD: dict[str, Any] = {
    "resourceType": "Organization",
    "id": "ward",
    "partOf": {"reference": "urn:uuid:house"},
}
ONE = [
    entry({"resourceType": "Patient", "gender": "female"}, "urn:uuid:p1"),
    entry(encounter("e1", "urn:uuid:p1", serviceProvider={"reference": "urn:uuid:ward-1"}), "urn:uuid:e1"),
    entry(observation("o1", "urn:uuid:p1", encounter={"reference": "urn:uuid:e1"}), "urn:uuid:o1"),
    entry(WARD, "urn:uuid:ward-1"),
    entry({"resourceType": "Organization", "id": "house"}, "urn:uuid:house"),
    entry({"resourceType": "Location", "id": "of-nobody"}),
]
OTHER = [
    entry(patient("p2"), "https://ehr.example.org/fhir/Patient/p2"),
    entry(encounter("e2", "Patient/p2", serviceProvider={"reference": "urn:uuid:ward-2"}), "urn:uuid:e2"),
    entry(observation("o2", "Patient/p2", derivedFrom=[{"reference": "urn:uuid:o1"}]), "urn:uuid:o2"),
    entry(observation("o3", "Patient/p2", effectiveDateTime="2021-01-01T09:00:00Z"), "urn:uuid:o3"),
    entry(WARD, "urn:uuid:ward-2"),
]  # fmt: skip


def linked(graph: Graph) -> set[tuple[str, str, str]]:
    return {(r["a"], r["type"], r["b"]) for r in graph.stream("ingest.digest_links")}


@pytest.mark.neo4j
@pytest.mark.parametrize("as_of", [None, "2020-06-01"])
def test_bundles_of_a_source_that_refers_by_urn_give_the_same_graph_again(
    graph: Graph, tmp_path: Path, cwm: Any, as_of: str | None
) -> None:
    ingest(graph, [bundle(tmp_path / "1.json", ONE), bundle(tmp_path / "2.json", OTHER)])
    at = datetime(2020, 6, 2, tzinfo=UTC) if as_of else None
    whole, links = digest(graph, at), linked(graph)
    out = tmp_path / "out"
    assert (
        cwm("graph", "export", "fhir", str(out), "--bundles", *(["--as-of", as_of] if as_of else [])).status
        == 0
    )
    assert sorted(path.name for path in out.iterdir()) == [OTHERS, "p1.json", "p2.json"]
    graph.write("admin.clear", batch=5000)
    report = ingest(graph, [out])
    assert (report.set_aside, report.dangling) == (0, 0)
    assert digest(graph, at) == whole
    assert linked(graph) == {link for link in links if not as_of or "Observation/o3" not in link}
    assert {
        ("Patient/p1", "HAS_ENCOUNTER", "Encounter/e1"),
        ("Observation/o2", "DERIVED_FROM", "Observation/o1"),
    } <= links


@pytest.mark.neo4j
def test_ndjson_says_what_it_cannot_keep_of_a_source_that_refers_by_urn(
    graph: Graph, tmp_path: Path, cwm: Any
) -> None:
    ingest(graph, [bundle(tmp_path / "in.json", ONE)])
    found = cwm("graph", "export", "fhir", str(tmp_path / "a"), "--json").json
    assert (found["by_urn"], found["without_id"]) == (5, 1)
    assert "--bundles" in cwm("graph", "export", "fhir", str(tmp_path / "b")).err
    assert "fullUrl" not in cwm("graph", "export", "fhir", str(tmp_path / "c"), "--deidentify").err
    assert cwm("graph", "export", "fhir", str(tmp_path / "d"), "--bundles", "--json").json["by_urn"] == 0


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ('{"a":1,"b":2}', '{"b":2, "a":1}', True),
        ("[1.10]", "[1.1]", False),
        ('["1"]', "[1]", False),
        ("[1]", "[1,1]", False),
    ],
)
def test_comparing(a: str, b: str, equal: bool) -> None:
    assert same(a, b) is equal
