"""Search by likeness: what is spelt or meant nearly so is found, as of an instant, and never by another model's vectors."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import Graph
from graph.ingest import ingest
from graph.vectors import letters, like, meaning
from graph.vectors.embed import embed, models
from ontology.errors import InvalidInputError, NotFoundError
from tests.graph.made import bundle, encounter, ndjson, patient

Resource = dict[str, Any]
NAMES = {
    "1": "Hypertensive disorder",
    "2": "Hyperlipidemia",
    "3": "Asthma",
    "4": "Acute myocardial infarction",
    "5": "Fracture of wrist",
    "6": "Viral sinusitis",
    "7": "Sprain of ankle",
}
THEN = datetime(2021, 1, 1, tzinfo=UTC)
needs_model = pytest.mark.skipif(not meaning.available(), reason="the extra `meaning` is not installed")


def condition(of: str, code: str, recorded: str = "2020-01-01T00:00:00Z", **more: Any) -> Resource:
    coding = {"system": "urn:c", "code": code, "display": more.pop("display", None) or NAMES[code]}
    subject = {"subject": {"reference": f"Patient/{of}"}, "recordedDate": recorded}
    return {"resourceType": "Condition", "id": f"{of}-{code}", "code": {"coding": [coding]}} | subject | more


RECORD = [
    patient("a", name=[{"text": "Annegret Smithson"}]),
    patient("b", name=[{"text": "Bert Vandenberg"}]),
    {"resourceType": "Organization", "id": "h", "name": "Massachusetts General Hospital"},
    encounter("e", "Patient/a", serviceProvider={"reference": "Organization/h"}),
    *(condition("a", code) for code in "123567"),
    condition("b", "4", "2022-01-01T00:00:00Z"),
    condition("b", "3"),
]


def test_the_letters_of_a_name_find_it_misspelt_and_the_same_names_make_the_same_model(
    tmp_path: Path,
) -> None:
    made = letters.fit(list(NAMES.values()))
    assert letters.fit([*reversed(NAMES.values()), "Asthma"]).digest == made.digest
    score = made.encode(["hypertensiv disorders"]) @ made.encode(list(NAMES.values())).T
    assert score.argmax() == 0
    assert not made.encode(["%$", "qqq"]).any()
    with pytest.raises(InvalidInputError):
        letters.fit(["?", ""])


@given(st.lists(st.text(max_size=30), min_size=1, max_size=12))
def test_any_words_become_vectors_of_one_length_or_nothing(texts: list[str]) -> None:
    lengths = (MODEL.encode(texts) ** 2).sum(axis=1)
    assert all(abs(n - 1) < 1e-4 or n == 0 for n in lengths)


MODEL = letters.fit(list(NAMES.values()))


def test_no_order_of_the_searches_loses_what_one_of_them_found() -> None:
    assert like.fuse({"words": [], "letters": ["x", "y"], "meaning": ["y", "z"]}) == ["y", "x", "z"]


@needs_model
def test_the_language_model_knows_that_a_heart_attack_is_an_infarction() -> None:
    from graph import Settings

    encoder = meaning.load(Settings())
    score = encoder.encode(["heart attack"]) @ encoder.encode(list(NAMES.values())).T
    assert score.argmax() == 3
    with pytest.raises(InvalidInputError, match="another model"):
        meaning.load(Settings(), "0" * 16)


@pytest.mark.neo4j
def test_a_search_by_likeness_from_ingest_to_what_was_known_then(
    graph: Graph, tmp_path: Path, cwm: Any
) -> None:
    ingest(graph, [ndjson(tmp_path / "a.ndjson", RECORD)])
    none = cwm("search", "astma", "--like")
    assert none.status == 3
    assert "cwm concepts embed" in none.err
    made = cwm("concepts", "embed", "--json").json["encoders"]
    assert made["letters"]["written"] == len(graph.read("vectors.codes", encoder="letters")) + 1
    assert embed(graph).encoders["letters"] == made["letters"] | {
        "written": 0,
        "kept": made["letters"]["written"],
    }
    # Misspelt, and in other words; facts too.
    (first, *_) = like.codes(graph, "hypertnsive disordr").rows
    assert (first["key"], first["facts"]) == ("urn:c|1", 1)
    assert "letters" in first["by"]
    if meaning.available():
        assert "urn:c|4" in {row["key"] for row in like.codes(graph, "heart attack", limit=3).rows}
    shown = cwm("search", "astma", "--like", "--in", "facts", "--patient", "b", "--limit", "1", "--json").json
    assert [row["key"] for row in shown["rows"]] == ["Condition/b-3"]
    assert "Hyperlipidemia" in cwm("search", "hyperlipidaemia", "--like").out
    # As of then only what was known then; what comes later changes nothing of it.
    then = like.codes(graph, "myocardial infraction", at=THEN).rows
    assert "urn:c|4" not in {row["key"] for row in then}
    later = condition("a", "8", "2023-01-01T00:00:00Z", display="Old myocardial infarction")
    ingest(graph, [ndjson(tmp_path / "b.ndjson", [later])])
    assert embed(graph).encoders["letters"]["written"] == 1
    assert like.codes(graph, "myocardial infraction", at=THEN).rows == then
    assert "urn:c|8" in {row["key"] for row in like.codes(graph, "myocardial infraction", limit=2).rows}
    # Names: a place by its vector, a patient by letters that differ; no vector is of a patient.
    assert [row["key"] for row in like.names(graph, "masachusets general hospitl", 1).rows] == [
        "Organization/h"
    ]
    assert [row["key"] for row in like.names(graph, "smithsen", 1).rows] == ["Patient/a"]
    of = {
        row["key"] for row in graph.read("search.near", index="name_letters", vector=[1.0] + [0.0] * 255, k=9)
    }
    assert of == {"Organization/h"}


@pytest.mark.neo4j
def test_vectors_of_another_model_are_refused_and_made_anew(graph: Graph, tmp_path: Path) -> None:
    ingest(graph, [ndjson(tmp_path / "a.ndjson", RECORD)])
    made = embed(graph).encoders["letters"]
    letters.file(graph.settings, made["model"]).unlink()
    with pytest.raises(NotFoundError, match="cwm concepts embed --again"):
        like.codes(graph, "asthma")
    assert embed(graph).encoders["letters"] == made
    graph.write("vectors.made_by", encoder="letters", model="f" * 16, names=1, software="0")
    with pytest.raises(NotFoundError):
        like.codes(graph, "asthma")
    again = embed(graph, again=True)
    assert again.encoders["letters"] == made
    assert [row["model"] for row in models(graph) if row["encoder"] == "letters"] == [made["model"]]
    # What is deleted loses its vector with the next run.
    gone = {
        "request": {"method": "DELETE", "url": "Organization/h"},
        "response": {"lastModified": "2024-01-01T00:00:00Z"},
    }
    ingest(graph, [bundle(tmp_path / "d.json", [gone], "history")])
    assert embed(graph).removed == 1
