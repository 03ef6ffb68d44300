"""Real sets of FHIR, where they lie beside the project (docs/data.md): slices of them, in two orders, into one graph."""

from pathlib import Path

import pytest

from graph import Graph
from graph.digest import digest
from graph.export.compare import compare
from graph.fhir.read import Found, read
from graph.ingest import ingest
from tests.graph.made import ndjson

SETS = Path(__file__).parents[3] / "shared/data"
pytestmark = [
    pytest.mark.neo4j,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not SETS.is_dir(), reason=f"the data sets are not there: {SETS}"),
]


def slices(tmp_path: Path) -> list[Path]:
    """Three patients of each Synthea set with its hospitals, and 150 lines of each file of the two real sets."""
    paths: list[Path] = []
    for name in ("synthea-r4", "synthea-hiv"):
        files = sorted((SETS / name).glob("*.json.gz"), key=lambda p: p.stat().st_size)
        paths += [*files[:3], *(p for p in files if "Information" in p.name)]
    for name in ("mimic-iv-demo", "physionet2012-a"):
        for path in sorted((SETS / name).glob("*.ndjson.gz")):
            found = (item.raw for item in read([path], 1 << 20) if isinstance(item, Found))
            lines = [line for line, _ in zip(found, range(150), strict=False)]
            paths.append(ndjson(tmp_path / name / path.name, lines))
    return paths


def test_slices_of_all_sets_go_into_one_graph_in_any_order_and_come_out_equal(
    graph: Graph, tmp_path: Path
) -> None:
    paths = slices(tmp_path)
    digests = set()
    for order in (paths, paths[::-1]):
        graph.write("admin.clear", batch=5000)
        report = ingest(graph, order)
        assert report.read == report.written + report.unchanged + report.set_aside
        assert set(report.reasons) <= {"conflict"}
        compared = compare(graph, order)
        assert compared.missing == 0
        assert compared.equal >= report.written
        digests.add(digest(graph))
    assert len(digests) == 1


def test_all_references_of_a_whole_patient_resolve(graph: Graph) -> None:
    """28 of 100 references of this set are searches for a practitioner, a place or an organization."""
    files = sorted((SETS / "synthea-hiv").glob("*.json.gz"), key=lambda p: p.stat().st_size)
    shared = [p for p in files if "Information" in p.name]
    report = ingest(graph, [next(p for p in files if p not in shared), *shared])
    assert report.dangling == 0
    assert report.resolved > 0
