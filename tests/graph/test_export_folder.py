"""An export's folder holds all of it or nothing."""

from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.export import admin, fhir, meds, parquet
from graph.export.folder import HALF
from graph.fhir.read_files import find
from graph.fhir.source import Source
from graph.ingest import ingest
from ontology.errors import InvalidInputError
from tests.graph.made import encounter, ndjson, observation, patient

EXPORTS = [fhir.export, fhir.bundles, parquet.export, meds.export, admin.export]
each = pytest.mark.parametrize("export", EXPORTS, ids=lambda export: f"{export.__module__}.{export.__name__}")


@pytest.fixture
def small(graph: Graph, tmp_path: Path) -> Graph:
    ingest(graph, [ndjson(tmp_path / "in.ndjson", [patient(), encounter(), observation()])])
    return graph


def stopped(done: int, total: int | None = None, what: str | None = None) -> None:
    """Who presses Ctrl-C when some of it is done."""
    if done:
        raise KeyboardInterrupt


@pytest.mark.neo4j
@each
def test_an_export_that_is_interrupted_leaves_nothing_and_can_be_begun_again(
    small: Graph, tmp_path: Path, export: Any
) -> None:
    out, there = tmp_path / "out", tmp_path / "there"
    there.mkdir()
    for folder in (out, there):
        with pytest.raises(KeyboardInterrupt):
            export(small, folder, progress=stopped)
    assert (out.exists(), list(there.iterdir())) == (False, [])
    export(small, there)
    assert list(there.iterdir())


@pytest.mark.neo4j
@each
def test_an_export_goes_into_no_folder_that_holds_something(
    small: Graph, tmp_path: Path, export: Any
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "Patient-1.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="needs a folder of its own"):
        export(small, out)
    assert [file.name for file in out.iterdir()] == ["Patient-1.json"]


@pytest.mark.neo4j
def test_what_a_killed_export_left_is_named(small: Graph, tmp_path: Path) -> None:
    (tmp_path / "out" / HALF).mkdir(parents=True)
    with pytest.raises(InvalidInputError, match="or was killed") as refused:
        fhir.export(small, tmp_path / "out")
    assert str(tmp_path / "out" / HALF) in str(refused.value.do)


@pytest.mark.neo4j
@each
def test_an_export_says_how_far_it_is(small: Graph, tmp_path: Path, export: Any) -> None:
    said: list[tuple[int, int | None]] = []

    def listen(done: int, total: int | None = None, what: str | None = None) -> None:
        said.append((done, total))

    export(small, tmp_path / "out", progress=listen)
    done, total = said[-1]
    assert total is not None
    assert 0 < done <= total


def test_what_a_killed_export_left_is_not_taken_in(tmp_path: Path) -> None:
    ndjson(tmp_path / "out" / HALF / "Patient.ndjson", [patient()])
    ndjson(tmp_path / "out" / "Encounter.ndjson", [encounter()])
    assert [source.name for source in find([tmp_path / "out"]) if isinstance(source, Source)] == [
        "out/Encounter.ndjson"
    ]
