"""Resources come back out equal to what went in."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import Graph
from graph.export.fhir import export, same
from graph.ingest import ingest
from ontology.errors import InvalidInputError, NotFoundError
from tests.conftest import Run
from tests.graph.made import encounter, ndjson, observation, patient

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
