"""Merged patients: the journey of the one who stays holds the record of the one who was replaced, until that is undone."""

from itertools import permutations
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graph import Graph
from graph.digest import digest
from graph.export.fhir import resources
from graph.ingest import ingest
from graph.journey import facts, journey
from graph.patients import export, listed, summary
from tests.graph.made import Resource, encounter, ndjson, observation, patient

pytestmark = pytest.mark.neo4j


def linked(id_: str, other: str, type_: str, number: int = 1) -> Resource:
    meta = {"meta": {"versionId": str(number)}}
    return patient(id_, link=[{"other": {"reference": f"Patient/{other}"}, "type": type_}]) | meta


def take(graph: Graph, folder: Path, *items: Any) -> None:
    report = ingest(graph, [ndjson(folder / f"{len(list(folder.iterdir()))}.ndjson", items)])
    assert report.set_aside == 0


FACTS = [encounter("e1", "Patient/old"), observation("o1", "Patient/old"), observation("o2", "Patient/new")]
ALL = {"Encounter/e1", "Observation/o1", "Observation/o2"}


def seen(graph: Graph, who: str) -> set[str]:
    found = journey(graph, who)
    return {row["key"] for row in (*found.encounters, *found.facts)}


def cohort(graph: Graph) -> list[str]:
    return [row["patient"] for row in graph.read("twin_data.patients")]


SAID = {
    "the old one says it": [linked("old", "new", "replaced-by"), patient("new")],
    "the new one says it": [patient("old"), linked("new", "old", "replaces")],
    "both say it": [linked("old", "new", "replaced-by"), linked("new", "old", "replaces")],
}


@pytest.mark.parametrize("said", SAID)
def test_the_journey_of_one_who_stays_holds_that_of_the_replaced(
    graph: Graph, tmp_path: Path, said: str
) -> None:
    take(graph, tmp_path, *SAID[said], *FACTS)
    assert (seen(graph, "new"), seen(graph, "old")) == (ALL, {"Encounter/e1", "Observation/o1"})
    rows = pl.concat(facts(graph, [("new", None)]))
    assert sorted(rows["key"]) == sorted(ALL)  # nothing twice
    assert rows["patient"].unique().to_list() == ["Patient/new"]
    assert cohort(graph) == ["Patient/new"]
    assert [(r["id"], r["encounters"], r["facts"]) for r in listed(graph)] == [("new", 1, 2), ("old", 1, 1)]
    assert summary(graph, "new")["classes"] == [{"class": "AMB", "count": 1}]
    whole = ALL | {"Patient/new", "Patient/old"}
    assert (
        {r.key for r in export(graph, "new")} == {r["key"] for r in resources(graph, patient="new")} == whole
    )
    ((people),) = graph.read("twin_data.people", patients=["Patient/new"])
    assert [e[0] for e in people["encounters"]] == ["Encounter/e1"]


def test_a_merge_is_undone_by_a_version_without_the_link(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, linked("old", "new", "replaced-by"), patient("new"), *FACTS)
    take(graph, tmp_path, patient("old", meta={"versionId": "2"}))
    assert (seen(graph, "new"), seen(graph, "old")) == (
        {"Observation/o2"},
        {"Encounter/e1", "Observation/o1"},
    )
    assert cohort(graph) == ["Patient/new", "Patient/old"]
    apart = digest(graph)
    graph.write("admin.clear", batch=5000)
    take(graph, tmp_path, patient("old", meta={"versionId": "2"}), patient("new"), *FACTS)
    assert digest(graph) == apart


def test_merges_are_followed_through_several_and_round_in_circles(graph: Graph, tmp_path: Path) -> None:
    take(
        graph,
        tmp_path,
        linked("old", "new", "replaced-by"),
        linked("new", "last", "replaced-by"),
        patient("last"),
        *FACTS,
    )
    assert seen(graph, "last") == ALL
    assert cohort(graph) == ["Patient/last"]
    take(graph, tmp_path, linked("last", "old", "replaced-by", 2))
    assert [seen(graph, who) for who in ("old", "new", "last")] == [ALL, ALL, ALL]
    assert cohort(graph) == ["Patient/last", "Patient/new", "Patient/old"]  # nobody says who stays


def test_one_who_is_only_seen_also_elsewhere_stays_apart(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, linked("old", "new", "seealso"), linked("new", "old", "refer"), *FACTS)
    assert seen(graph, "new") == {"Observation/o2"}
    assert len(cohort(graph)) == 2


def test_the_order_of_a_merge_does_not_matter(graph: Graph, tmp_path: Path) -> None:
    digests = set()
    for order in list(
        permutations([linked("old", "new", "replaced-by"), patient("new"), FACTS[0], FACTS[2]])
    )[::5]:
        graph.write("admin.clear", batch=5000)
        for part in (order[:2], order[2:]):
            take(graph, tmp_path, *part)
        assert seen(graph, "new") == {"Encounter/e1", "Observation/o2"}
        digests.add(digest(graph))
    assert len(digests) == 1
