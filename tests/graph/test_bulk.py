"""The first load by Neo4j's importer gives what an ingest gives: the same graph, the same report; all of it or nothing."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph import Graph, Settings, open_graph, server
from graph.bulk.load import load
from graph.digest import digest
from graph.ingest import IngestReport, StrictError, ingest
from ontology.errors import GraphUnavailableError, InvalidInputError
from tests.graph.awkward import everything, files, shuffled
from tests.graph.made import ndjson, patient

pytestmark = pytest.mark.neo4j

OWN = ("run", "seconds", "rate", "set_aside_file")
"""What differs between two reports of the same."""


def said(report: IngestReport) -> dict[str, Any]:
    found = {name: value for name, value in report.as_dict().items() if name not in OWN}
    found["set_aside_sample"] = sorted(found["set_aside_sample"], key=str)
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """A private graph of the test's own, that nothing has made yet."""
    one = Settings(home=tmp_path / "own", heap="400m", page_cache="32m", grace=0)
    yield one
    assert one.embedded
    server.stop(one.embedded)


def killed(paths: list[Path], home: Path) -> None:
    """A load that is killed while its files are written or imported."""
    code = "import sys; from cli.main import run; sys.argv[0] = 'cwm'; run()"
    command = [sys.executable, "-c", code, "ingest", "--bulk", *map(str, paths)]
    begun = subprocess.Popen(command, env=os.environ | {"CWM_HOME": str(home)}, stderr=subprocess.DEVNULL)
    while not list(home.glob("graph/loading-*/files/*.csv")):
        assert begun.poll() is None
        time.sleep(0.02)
    begun.kill()
    begun.wait()


@pytest.mark.slow  # a second Neo4j
def test_a_bulk_load_gives_the_graph_and_the_report_of_an_ingest(
    graph: Graph, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("graph.ingest", "graph.bulk.later"):
        monkeypatch.setattr(f"{place}.BATCH", 7)  # so that versions of one resource are in several batches
    monkeypatch.setattr("graph.bulk.load.RESOURCES", 50)
    paths = files(tmp_path / "in")
    ingest(graph, paths)
    other_order = digest(graph)
    graph.write("admin.clear", batch=5000)
    paths = shuffled(paths, 1)
    through_bolt = ingest(graph, paths)
    assert settings.embedded
    killed(paths, settings.home)
    assert not (settings.embedded / "neo4j").exists()
    report = load(settings, paths, workers=2)
    assert said(report) == said(through_bolt)
    assert report.set_aside > 5
    assert report.deleted > 3
    assert report.dangling_run > 0
    assert not list(settings.embedded.glob("loading-*"))  # also what the killed one left
    with open_graph(settings) as made:
        assert everything(made) == everything(graph)
        assert digest(made) == digest(graph) == other_order
        again = ingest(made, paths)
        assert said(again) == said(ingest(graph, paths))
        assert again.written == again.deleted == 0
        assert digest(made) == other_order
    with pytest.raises(InvalidInputError, match="not empty"):
        load(settings, paths)


def test_nothing_is_done_to_a_graph_elsewhere_or_without_space(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "a.ndjson", [patient()])
    with pytest.raises(InvalidInputError, match="private"):
        load(Settings(graph="bolt://127.0.0.1:1"), [path])
    with pytest.raises(GraphUnavailableError, match="disk space"):
        load(Settings(home=tmp_path / "h", disk_free=2**60), [path])
    assert not (tmp_path / "h").exists()


def test_a_strict_load_stops_before_anything_is_there(settings: Settings, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "a.ndjson", [patient(), "{broken"])
    with pytest.raises(StrictError, match="broken-json"):
        load(settings, [path], strict=True)
    assert settings.embedded
    assert not (settings.embedded / "neo4j").exists()
    assert not list(settings.embedded.glob("loading-*"))
