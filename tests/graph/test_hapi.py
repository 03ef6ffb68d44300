"""HAPI FHIR's validator on what goes in and what comes out: an export has no error that its input did not have."""

import json
from pathlib import Path

import pytest

from graph import Graph
from graph.export.fhir import export
from graph.ingest import ingest
from tests.data import demo_slice
from tests.graph.hapi import validate
from tests.graph.made import ndjson, observation, patient

pytestmark = [pytest.mark.neo4j, pytest.mark.slow]


def test_what_we_export_has_no_error_that_the_input_did_not_have(graph: Graph, tmp_path: Path) -> None:
    # Awkward ones first, and one that has errors, so that it is seen that the validator finds them.
    rows = [
        patient(
            "x1",
            _birthDate={"extension": [{"url": "urn:x", "valueDecimal": 1.5}]},
            contained=[{"resourceType": "Device", "id": "d"}],
        ),
        observation("x2", valueQuantity={"value": 100.0, "unit": "mg"}),
        observation("x3", status="no such status", valueString="a", valueInteger=1),
        *demo_slice(1)[:60],
    ]
    given = {f"{r['resourceType']}/{r['id']}": json.dumps(r).encode() for r in rows}
    ingest(graph, [ndjson(tmp_path / "in.ndjson", given.values())])
    export(graph, tmp_path / "out")
    lines = [
        line
        for path in sorted((tmp_path / "out").glob("*.ndjson"))
        for line in path.read_bytes().splitlines()
    ]
    out = {f"{r['resourceType']}/{r['id']}": line for line in lines if (r := json.loads(line))}
    keys = sorted(given)
    assert sorted(out) == keys
    said = validate(graph.settings, [*(given[key] for key in keys), *(out[key] for key in keys)])
    before, after = said[: len(keys)], said[len(keys) :]
    assert len(after) == len(keys)
    errors = [
        [sorted((m for m in messages if m[0] in {"error", "fatal"}), key=repr) for messages in some]
        for some in (before, after)
    ]
    assert errors[1] == errors[0]
    assert errors[0][keys.index("Observation/x3")]
    assert not errors[0][keys.index("Observation/x2")]
