"""How a batch is written: numbers in place of keys, what somebody else took away meanwhile, and no search of the whole graph."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from graph import Graph, queries
from graph.digest import digest
from graph.fhir.read_items import Deletion, Found
from graph.ingest import ingest
from graph.ingest_number import Ahead, numbered
from graph.ingest_rows import Row, glimpse, row
from graph.ingest_write import Writer
from tests.graph.made import Resource, ndjson, observation, patient
from tests.graph.test_ingest import journey

FEVER = {"coding": [{"system": "http://loinc.org", "code": "8310-5", "display": "Body temperature"}]}
BY_KEY = (
    "forget",
    "reasons",
    "restate",
    "said",
    "versions",
    "become",
    "bury",
    "concepts",
    "held",
    "known",
    "outdate",
    "release",
    "stored",
    "tombs",
    "urls",
    "write",
)


def made(resources: list[Resource]) -> list[Row]:
    rows = [row(Found("made.ndjson", i, orjson.dumps(r)), "run") for i, r in enumerate(resources, 1)]
    assert all(isinstance(r, Row) for r in rows)
    return [r for r in rows if isinstance(r, Row)]


@pytest.mark.parametrize("means", [{}, {"Practitioner?identifier=npi|1": "Practitioner/d1"}])
def test_the_numbers_of_a_batch_mean_the_keys_they_stand_for(means: dict[str, str]) -> None:
    rows = made([r | {"code": FEVER} if r["resourceType"] == "Observation" else r for r in journey()])
    nodes = [node for r in rows for node in r.nodes]
    fresh = nodes[::2]  # the others are in the graph already
    said = numbered(rows, fresh, "run", means)
    keys = said["keys"]
    assert keys == [node["key"] for node in said["fresh"]] + said["ends"]
    assert len(keys) == len(set(keys))
    told = [
        (keys[a], keys[b], alike["type"], alike["path"], ref, keys[(a, b)[alike["owner"]]], said["run"], *via)
        for alike in said["links"]
        for a, b, ref, *via in alike["each"]
    ]
    told += [
        (keys[a], keys[b], t, p["path"], p["ref"], p["owner"], p["run"], *([p["via"]] if "via" in p else []))
        for a, b, t, p, _ in said["others"]
    ]
    assert sorted(told) == sorted(
        (means.get(a, a), means.get(b, b), link["type"], p["path"], p["ref"], p["owner"], p["run"],
         *(end for end in (a, b) if end in means))
        for r in rows
        for link in r.links
        for a, b, p in [(link["a"], link["b"], link["props"])]
    )  # fmt: skip
    assert sorted(
        (keys[n], said["concepts"][c], alike["path"]) for alike in said["codes"] for n, c in alike["each"]
    ) == sorted((code["key"], code["code"], code["path"]) for r in rows for code in r.codes)


def test_a_batch_numbered_before_its_turn_is_written_so_only_where_the_graph_holds_nothing_of_it() -> None:
    rows = made(journey())
    nodes = [node for r in rows for node in r.nodes]
    gone = Deletion("made.ndjson", 9, None, b"", "Patient/gone", None, "read")
    ahead = Ahead.of([*rows, gone], "run")
    assert ahead is not None
    assert ahead.params == numbered(rows, nodes, "run", {})
    assert ahead.fits(rows, nodes, {})
    assert not ahead.fits(rows, nodes[1:], {}), "one is there already"
    assert not ahead.fits(rows[1:], nodes, {}), "one is not written"
    assert not ahead.fits([made([journey()[0]])[0], *rows[1:]], nodes, {}), "another version of one is"
    assert not ahead.fits(rows, nodes, {"Practitioner?identifier=npi|1": "Practitioner/d1"})
    glimpsed = glimpse(rows[0].found)
    assert glimpsed
    assert Ahead.of([glimpsed, *rows[1:]], "run") is None


def test_a_first_load_numbers_each_batch_while_the_one_before_is_written(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[int] = []

    def slowly(rows: Sequence[Row], *given: Any) -> dict[str, Any]:
        late.append(len(rows))
        return numbered(rows, *given)

    monkeypatch.setattr("graph.ingest_write.numbered", slowly)
    monkeypatch.setattr("graph.ingest.BATCH", 4)
    facts = [observation(f"o{i}", f"Patient/p{i}") for i in range(9)]
    ingest(graph, [ndjson(tmp_path / "facts.ndjson", facts)])
    assert not late
    ingest(graph, [ndjson(tmp_path / "patients.ndjson", [patient(f"p{i}") for i in range(9)])])
    assert late == [4, 4, 1], "placeholders of them are there"
    assert graph.frame("MATCH (p:Patient)-[:HAS_EVENT]->(o:Observation) RETURN count(*) AS n").rows() == [
        (9,)
    ]


def test_what_somebody_else_deletes_between_two_batches_is_written_again(graph: Graph) -> None:
    facts = [
        {"resourceType": "Observation", "id": f"o{i}", "status": "final", "code": FEVER, "effectiveDateTime": "2020",
         "subject": {"reference": "Patient/p"}} for i in range(2)
    ]  # fmt: skip
    writer = Writer(graph, "run")
    try:
        writer.write(made(facts[:1]))
        graph.write("admin.clear", batch=5000)
        outcome = writer.write(made(facts[1:]))
    finally:
        writer.close()
    assert (outcome.written, outcome.links) == (1, 2)
    found = graph.frame(
        "MATCH (o:Observation)-[:CODED]->(c:Concept), (o)<-[:HAS_EVENT]-(p:Dangling) "
        "RETURN o.key AS o, c.display AS c, p.key AS p"
    )
    assert found.rows() == [("Observation/o1", "Body temperature", "Patient/p")]


@pytest.mark.parametrize("size", [1, 4])
def test_the_graph_is_the_same_in_small_batches_in_any_order(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """So what one batch says of the nodes of another is found, whichever of the two comes first."""
    resources = [*journey(2), observation("p0e0", "Patient/p0", meta={"versionId": "2"}, code=FEVER)]
    ingest(graph, [ndjson(tmp_path / "whole.ndjson", resources)])
    whole = digest(graph)
    graph.write("admin.clear", batch=5000)
    random.Random(size).shuffle(resources)  # noqa: S311
    monkeypatch.setattr("graph.ingest.BATCH", size)
    ingest(graph, [ndjson(tmp_path / "parts.ndjson", resources)])
    assert digest(graph) == whole


@pytest.mark.parametrize("glimpsed", [True, False])
def test_the_same_again_with_some_changes_writes_these_alone(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, glimpsed: bool
) -> None:
    """What was in the graph in the last batch is likely in it in the next: then only its version is read."""
    seen: list[str] = []

    def glance(found: Found) -> Row | None:
        made = glimpse(found) if glimpsed else None
        seen.extend([made.key] if made else [])
        return made

    monkeypatch.setattr("graph.spread.glimpse", glance)
    monkeypatch.setattr("graph.ingest.BATCH", 2)
    old = journey(8)
    ingest(graph, [ndjson(tmp_path / "old.ndjson", old)])
    assert not seen, "all was new"
    later = {"meta": {"lastUpdated": "2030-01-01T00:00:00Z"}}
    whole = {
        "contained": [
            {"resourceType": "Organization", "id": "org", "name": "Other"},
            {"resourceType": "Location", "id": "l"},
        ]
    }
    new = [*old]
    for place in (len(old) // 2, len(old) - 12):
        new[place] = old[place] | later | {"code": FEVER} | whole
    new += [
        observation("new", "Patient/p0"),
        observation("bad", "Patient/p0", effectiveDateTime="2020-13-01"),
        *old[:3],
    ]
    report = ingest(graph, [ndjson(tmp_path / "new.ndjson", new)])
    assert (report.written, report.unchanged, report.set_aside) == (3, len(old) + 1, 1)
    assert report.read == len(new)
    assert bool(seen) == glimpsed
    found = digest(graph)
    graph.write("admin.clear", batch=5000)
    for name in ("new", "old"):
        ingest(graph, [tmp_path / f"{name}.ndjson"])
    assert digest(graph) == found


@pytest.mark.parametrize("name", BY_KEY)
def test_a_batch_finds_its_nodes_by_their_key_also_in_a_plan_made_for_an_empty_graph(
    graph: Graph, name: str
) -> None:
    """A plan made before the first batch serves the later ones: one that reads all nodes would do so for every key."""
    query = queries.named(f"ingest.{name}")
    text = query.text.replace("CYPHER 5", "CYPHER 5 replan=force EXPLAIN", 1)
    with graph.driver.session(database=graph.database) as session:
        plan = session.run(text, {name: [] for name in query.params}).consume().plan
    assert plan is not None
    steps = [step.partition("@")[0] for step in operators(plan)]
    assert any("Seek" in step for step in steps)
    assert not [step for step in steps if "Scan" in step]


def operators(plan: dict[str, Any]) -> list[str]:
    return [plan["operatorType"], *(step for child in plan.get("children", []) for step in operators(child))]
