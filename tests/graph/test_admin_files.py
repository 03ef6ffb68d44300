"""Files for Neo4j's bulk importer: read into an empty private graph they give the same record, with the same digest."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graph import Graph, Settings, open_graph, server
from graph.digest import digest
from graph.export import admin
from graph.export.request import request
from graph.ingest import ingest
from graph.journey import journey
from ontology.errors import InvalidInputError
from tests.data import demo_slice, write_ndjson
from tests.graph.made import encounter, ndjson, observation, patient

AWKWARD = [
    patient(
        "q",
        name=[{"text": 'Ann "Q"; back\\slash, comma\tand\ttab'}],
        identifier=[{"system": "a;b", "value": "1,2"}],
    ),
    encounter("eq", "Patient/q", serviceProvider={"reference": "Organization/gone"}),
    observation(
        "oq", "Patient/q", valueString="two\nlines", component=[{"code": {"coding": [{"code": "x"}]}}]
    ),
    observation(
        "bare",
        "Patient/q",
        component=[{"code": {"coding": [{"system": "urn:x", "code": "x"}]}, "valueInteger": 3}],
    ),
    observation(
        "empty", "Patient/q", valueString=" ", component=[{"code": {"text": "no code"}, "valueInteger": 3}]
    ),
]


@pytest.mark.slow  # a second Neo4j
@pytest.mark.neo4j
def test_what_is_exported_and_imported_has_the_same_digest(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    ingest(
        graph, [write_ndjson(tmp_path / "in", demo_slice(2)), ndjson(tmp_path / "awkward.ndjson", AWKWARD)]
    )
    before, out = digest(graph), tmp_path / "out"
    counts = admin.export(graph, out)
    assert counts["nodes"] > 100
    assert counts["relationships"] > counts["nodes"]
    settings = Settings(home=tmp_path / "home", heap="512m", page_cache="64m", grace=0)
    admin.load(settings, out)
    assert not list((tmp_path / "here").iterdir()), "nothing is left where the command was given"
    folder = settings.embedded
    assert folder is not None
    try:
        with open_graph(settings) as copy:
            assert digest(copy) == before
            assert journey(copy, "q") == journey(graph, "q")
            again = ingest(copy, [tmp_path / "in"])
            assert again.unchanged == again.read
            assert digest(copy) == before
    finally:
        server.stop(folder)
    with pytest.raises(InvalidInputError, match="not empty"):
        admin.load(settings, out)


def test_a_folder_without_an_export_and_a_graph_elsewhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no export"):
        admin.load(Settings(home=tmp_path), tmp_path)
    with pytest.raises(InvalidInputError, match="private"):
        admin.load(Settings(graph="bolt://127.0.0.1:1"), tmp_path)


@pytest.mark.slow  # two more of Neo4j
@pytest.mark.neo4j
def test_as_of_an_instant_it_is_the_graph_of_what_was_known_then(graph: Graph, tmp_path: Path) -> None:
    later = observation("later", effectiveDateTime="2024-06-01T09:00:00Z")
    known = [patient(), encounter(), observation()]
    ingest(graph, [ndjson(tmp_path / "in.ndjson", [*known, later])])
    then = datetime(2024, 1, 1, tzinfo=UTC)
    admin.export(graph, tmp_path / "out", request(graph, then))
    assert "later" not in every_text(tmp_path / "out")
    settings = Settings(home=tmp_path / "home", heap="512m", page_cache="64m", grace=0)
    admin.load(settings, tmp_path / "out")
    with open_graph(settings) as copy:
        assert digest(copy, then) == digest(graph, then)
    assert settings.embedded is not None
    server.stop(settings.embedded)
    assert not list(graph.settings.home.glob("apart-*"))


@pytest.mark.slow  # one more of Neo4j
@pytest.mark.neo4j
def test_de_identified_it_holds_no_name_no_id_and_no_date_that_was(graph: Graph, tmp_path: Path) -> None:
    people = [
        patient(
            "mrn-4711", name=[{"family": "Lovelace"}], birthDate="1950-12-10", telecom=[{"value": "555-0100"}]
        ),
        observation(
            "lab-0815", "Patient/mrn-4711", effectiveDateTime="2021-03-04T09:00:00Z", valueString="her own"
        ),
    ]
    ingest(graph, [ndjson(tmp_path / "lovelace.ndjson", people)])
    counts = admin.export(graph, tmp_path / "out", request(graph, hide=True))
    text = every_text(tmp_path / "out")
    assert counts["nodes"] > 2
    for seed in ("mrn-4711", "lab-0815", "ovelace", "1950-12-10", "555-0100", "2021-03-04", "her own"):
        assert seed not in text
    assert "8867-4" in text


def every_text(folder: Path) -> str:
    return "".join(
        path.name + path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()
    )
