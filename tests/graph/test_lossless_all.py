"""Whatever FHIR allows comes back as it went in: every type of R4, R4B and R5, and the real sets where they lie.

``CWM_TEST_FULL=1`` makes 100 resources a type in place of 1 and reads the real sets whole (half an hour).
"""

import os
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import Graph
from graph.check import full, tables
from graph.check.structure import check
from graph.export.compare import compare
from graph.export.fhir import resources, same
from graph.fhir.read import Found, read
from graph.ingest import ingest
from graph.ingest_rows import Row, row
from tests.graph.anything import Maker
from tests.graph.made import ndjson

FULL = bool(os.environ.get("CWM_TEST_FULL"))
SETS = Path(__file__).parents[3] / "shared/data"
TYPES = [(version, type_) for version in tables.VERSIONS for type_ in sorted(tables.resources(version))]


def text(resource: dict[str, Any], random: Random) -> bytes:
    """Its JSON, compact or indented."""
    return orjson.dumps(resource, option=orjson.OPT_INDENT_2 if random.random() < 0.3 else 0)


def through(raw: bytes, fhir: str) -> Row:
    """Read, projected, ready to be written; what would be written says what was read."""
    made = row(Found("a.json", 1, raw), "run", fhir)
    assert isinstance(made, Row), (made.reason, made.message, raw)
    assert same(made.nodes[0]["props"]["fhir"], raw)
    return made


@pytest.mark.parametrize("version", tables.VERSIONS)
def test_every_type_goes_in_and_comes_back_equal(version: str) -> None:
    for type_ in sorted(tables.resources(version)):
        for seed in range(100 if FULL else 1):
            random = Random(f"{version}{type_}{seed}")  # noqa: S311
            raw = text(Maker(random, version).resource(type_), random)
            made = through(raw, version)
            assert made.nodes[0]["props"]["type"] == type_
            assert made.nodes[0]["props"].get("fhir_version", "r4") == version


@given(st.sampled_from(TYPES), st.randoms(use_true_random=False), st.floats(0, 0.8))
@settings(max_examples=5000 if FULL else 60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_models_can_hold_comes_back_equal(
    what: tuple[str, str], random: Random, rich: float
) -> None:
    version, type_ = what
    raw = text(Maker(random, version, rich=rich, deep=3).resource(type_), random)
    resource = orjson.loads(raw)
    if version != "r4":  # the library has no models of R4
        assert full.check(resource, version) == []
    assert check(resource, version) == []
    through(raw, version)


@pytest.mark.neo4j
def test_a_batch_of_all_types_comes_back_equal_from_the_database(graph: Graph, tmp_path: Path) -> None:
    lines: dict[str, list[bytes]] = {}
    for version, type_ in TYPES:
        if type_ == "Bundle":  # of which the entries go in
            continue
        random = Random(f"{version}{type_}")  # noqa: S311
        resource = Maker(random, version, deep=2).resource(type_)
        lines.setdefault(version, []).append(orjson.dumps(resource))
    for version, some in lines.items():
        path = ndjson(tmp_path / f"{version}.ndjson", some)
        report = ingest(graph, [path], fhir_version=version)
        assert (report.read, report.reasons) == (len(some), {})
        assert compare(graph, [path]).equal == len(some)
    there = {r["key"]: r["fhir"] for r in resources(graph)}
    given = {
        f"{r['resourceType']}/{r['id']}": raw
        for some in lines.values()
        for raw in some
        if (r := orjson.loads(raw))
    }
    assert there.keys() == given.keys()
    assert all(same(there[key], raw) for key, raw in given.items())


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not SETS.is_dir(), reason=f"the data sets are not there: {SETS}")
@pytest.mark.parametrize("name", ["synthea-r4", "synthea-hiv", "mimic-iv-demo", "physionet2012-a"])
def test_every_resource_of_the_real_sets_goes_in_and_comes_back_equal(name: str) -> None:
    files = sorted(SETS.joinpath(name).glob("*json.gz"), key=lambda path: path.stat().st_size)
    count = 0
    for path in files if FULL else files[:: max(1, len(files) // 8)]:
        items = (item for item in read([path], 1 << 26) if isinstance(item, Found))
        for item in items if FULL else islice(items, 60):
            made = row(item, "run")
            assert isinstance(made, Row), made.reason
            assert same(made.nodes[0]["props"]["fhir"], item.raw)
            count += 1
    assert count > 200
