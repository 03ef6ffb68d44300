"""Merged patients: the journey of the one who stays holds the record of the one who was replaced, until that is undone."""

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graph import Graph, cohort_store
from graph.cohort import Cohort, evaluate
from graph.cohorts import Definition
from graph.digest import digest
from graph.export import fhir, meds, parquet
from graph.export.fhir import resources
from graph.export.meds_events import subject
from graph.export.rdf import flat, statements
from graph.export.request import Request, request
from graph.ingest import ingest
from graph.journey import facts, journey
from graph.patients import export, listed, summary
from tests.graph.made import Resource, bundle, encounter, ndjson, observation, patient

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


RATE = {"codes": ["http://loinc.org|8867-4"]}
MEASURED = Definition.model_validate(
    {"name": "measured", "version": 1, "summary": "Measured.", "index": {"fact": RATE}}
)


def cohort(graph: Graph) -> list[str]:
    """Who stays, by the twin's cohorts and by those of researchers."""
    stays = [row["patient"] for row in graph.read("twin_data.patients")]
    everyone = {"index": {"at": "2030-01-01T00:00:00Z"}}
    found = evaluate(graph, MEASURED.model_validate(MEASURED.model_dump() | everyone))
    assert [key for key, _ in found.members] == stays
    assert found.flow[0].left == len(stays)
    return stays


def counted(found: Cohort) -> tuple[list[str], list[int]]:
    return [key for key, _ in found.members], [step.left for step in found.flow]


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


@pytest.mark.parametrize("said", SAID)
def test_a_cohort_holds_the_one_who_stays_with_the_facts_of_the_replaced(
    graph: Graph, tmp_path: Path, said: str
) -> None:
    later = observation("o3", "Patient/old", effectiveDateTime="2021-01-01T09:00:00Z")
    take(graph, tmp_path, *SAID[said], *FACTS[:2], later, patient("other"))
    saved = cohort_store.make(graph, MEASURED)
    assert cohort_store.members(graph, saved)["patient"].to_list() == ["Patient/new"]
    assert [(step.step, step.left) for step in saved.flow] == [("start", 2), ("index", 1)]
    twice = MEASURED.model_dump() | {
        "include": [
            {"name": "twice", "fact": RATE, "times": 2, "known": False, "window": (None, None)},
            {"name": "a year", "observed": {"after": 365}},
        ],
        "exclude": [{"name": "in hospital", "fact": {"classes": ["IMP"]}}],
    }
    asked = Definition.model_validate(twice)
    assert counted(evaluate(graph, asked)) == (["Patient/new"], [2, 1, 1, 1, 1])
    before = datetime(2020, 6, 1, tzinfo=UTC)
    assert counted(evaluate(graph, asked, before)) == ([], [2, 1, 0, 0, 0])
    assert counted(evaluate(graph, MEASURED, before)) == (["Patient/new"], [2, 1])
    assert counted(evaluate(graph, MEASURED, datetime(2019, 1, 1, tzinfo=UTC))) == ([], [2, 0])


def test_a_fact_in_another_unit_counts_once_for_the_merged(graph: Graph, tmp_path: Path) -> None:
    value = {"valueQuantity": {"value": 1, "unit": "Hz"}}
    take(graph, tmp_path, *SAID["both say it"], observation("o1", "Patient/old", **value))
    index = {"fact": RATE | {"value": {"at_least": 60, "unit": "/min"}}}
    found = evaluate(graph, Definition.model_validate(MEASURED.model_dump() | {"index": index}))
    assert [step.other_units for step in found.flow] == [0, 1]


def test_a_merge_is_undone_by_a_version_without_the_link(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, linked("old", "new", "replaced-by"), patient("new"), *FACTS)
    take(graph, tmp_path, patient("old", meta={"versionId": "2"}))
    assert (seen(graph, "new"), seen(graph, "old")) == (
        {"Observation/o2"},
        {"Encounter/e1", "Observation/o1"},
    )
    assert cohort(graph) == ["Patient/new", "Patient/old"]
    assert counted(evaluate(graph, MEASURED)) == (["Patient/new", "Patient/old"], [2, 2])
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
    assert counted(evaluate(graph, MEASURED)) == (cohort(graph), [3, 3])


def test_out_of_a_circle_and_past_one_who_was_deleted_one_stays(graph: Graph, tmp_path: Path) -> None:
    both = [{"other": {"reference": f"Patient/{who}"}, "type": "replaced-by"} for who in ("old", "mid")]
    take(
        graph,
        tmp_path,
        linked("old", "new", "replaced-by"),
        patient("new", link=both),
        linked("mid", "last", "replaced-by"),
        linked("last", "last", "replaced-by"),  # nobody is gone who is replaced by themselves
        *FACTS,
    )
    gone = {"request": {"method": "DELETE", "url": "Patient/mid"}}
    ingest(graph, [bundle(tmp_path / "gone.json", [gone])])
    assert cohort(graph) == ["Patient/last"]
    assert counted(evaluate(graph, MEASURED)) == (["Patient/last"], [1, 1])
    gone = {"request": {"method": "DELETE", "url": "Patient/last"}}
    ingest(graph, [bundle(tmp_path / "last.json", [gone])])
    assert cohort(graph) == ["Patient/new", "Patient/old"]


def test_in_a_long_circle_nobody_is_lost(graph: Graph, tmp_path: Path) -> None:
    ring = [linked(f"p{i:02}", f"p{(i + 1) % 14:02}", "replaced-by") for i in range(14)]
    take(graph, tmp_path, *ring, observation("o1", "Patient/p00"))
    assert len(cohort(graph)) == 14


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


def test_the_record_of_a_task_ends_with_the_last_encounter_of_the_whole_person(
    graph: Graph, tmp_path: Path
) -> None:
    later = encounter("e2", "Patient/new", "2022-01-01T08:00:00Z", **{"class": {"code": "IMP"}})
    take(graph, tmp_path, *SAID["both say it"], *FACTS, later)
    asked = {"classes": ["AMB"], "codes": [], "from": None}
    ((latest,),) = graph.values("twin_data.record_end", **asked)
    assert datetime.fromtimestamp(latest / 1000, UTC).year == 2022


def subjects(folder: Path) -> dict[int, set[str]]:
    frame = pl.concat(pl.read_parquet(path) for path in (folder / "data").glob("*.parquet"))
    splits = pl.read_parquet(folder / "metadata" / "subject_splits.parquet")
    assert sorted(splits["subject_id"]) == sorted(frame["subject_id"].unique())
    return {key: set(part["code"]) for (key,), part in frame.group_by("subject_id")}


@pytest.mark.parametrize("said", SAID)
def test_in_meds_a_merged_person_is_one_subject_with_one_split(
    graph: Graph, tmp_path: Path, said: str
) -> None:
    pytest.importorskip("meds")
    into = tmp_path / "in"
    into.mkdir()
    take(graph, into, *SAID[said], *FACTS[:2], patient("other"))
    meds.export(graph, tmp_path / "all")
    new, other = (subject(f"Patient/{who}", Request()) for who in ("new", "other"))
    found = subjects(tmp_path / "all")
    assert found.keys() == {new, other}
    assert {"ENCOUNTER//AMB", "LOINC//8867-4", "GENDER//female"} <= found[new]
    members = cohort_store.members(graph, cohort_store.make(graph, MEASURED))["patient"].to_list()
    asked = request(graph, datetime(2021, 1, 1, tzinfo=UTC), members)
    meds.export(graph, tmp_path / "cohort", asked)
    assert subjects(tmp_path / "cohort") == {new: found[new]}
    meds.export(graph, tmp_path / "before", Request(patients=["Patient/old"]))  # as a cohort of before has it
    assert subjects(tmp_path / "before") == {new: found[new]}
    take(graph, into, patient("old", meta={"versionId": "2"}), patient("new", meta={"versionId": "2"}))
    meds.export(graph, tmp_path / "undone")
    old = subject("Patient/old", Request())
    assert {who: "LOINC//8867-4" in codes for who, codes in subjects(tmp_path / "undone").items()} == {
        new: False, other: False, old: True
    }  # fmt: skip


def test_in_meds_a_circle_is_one_subject_since_it_is_one_person(graph: Graph, tmp_path: Path) -> None:
    pytest.importorskip("meds")
    (tmp_path / "in").mkdir()
    ring = [linked("old", "new", "replaced-by"), linked("new", "old", "replaced-by"), *FACTS]
    take(graph, tmp_path / "in", *ring)
    for i, asked in enumerate((None, Request(patients=["Patient/old", "Patient/new"]))):
        meds.export(graph, tmp_path / str(i), asked)
        (codes,) = subjects(tmp_path / str(i)).values()
        assert {"ENCOUNTER//AMB", "LOINC//8867-4"} <= codes


def test_tables_and_bundles_hold_a_merged_person_as_one(graph: Graph, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    take(graph, tmp_path / "in", *SAID["the old one says it"], *FACTS, patient("other"))
    asked = Request(patients=["Patient/new"])
    for name, wanted in (("all", None), ("asked", asked)):
        parquet.export(graph, tmp_path / name, wanted)
        for type_, many in (("Observation", 2), ("Encounter", 1)):
            rows = pl.read_parquet(tmp_path / name / f"{type_}.parquet")
            assert rows["patient"].to_list() == ["Patient/new"] * many
        people = pl.read_parquet(tmp_path / name / "Patient.parquet").select("key", "patient").rows()
        assert {("Patient/old", "Patient/new"), ("Patient/new", "Patient/new")} <= set(people)
        assert len(people) == (3 if wanted is None else 2)
    fhir.bundles(graph, tmp_path / "bundles")
    assert {path.name for path in (tmp_path / "bundles").iterdir()} == {"new.json", "other.json"}
    fhir.export(graph, tmp_path / "ndjson", asked=asked)
    whole = (tmp_path / "ndjson").glob("*.ndjson")
    assert sum(len(path.read_text().splitlines()) for path in whole) == 5


def test_de_identified_a_merged_person_stays_one(graph: Graph, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    born = {"birthDate": "1925-01-01"}  # over 89, which only both records together say
    take(graph, tmp_path / "in", linked("old", "new", "replaced-by") | born, patient("new"), *FACTS)
    asked = request(graph, hide=True, shared=2)
    assert asked.by
    assert asked.by.words == frozenset()  # one person's
    fhir.export(graph, tmp_path / "out", asked=asked)
    assert "birthDate" not in (tmp_path / "out" / "Patient.ndjson").read_text()
    times = pl.read_ndjson(tmp_path / "out" / "Observation.ndjson")["effectiveDateTime"]
    assert len(times) == 2
    assert times.n_unique() == 1  # moved by the same days
    graph.write("admin.clear", batch=5000)
    ingest(graph, list((tmp_path / "out").iterdir()))
    assert cohort(graph) == [asked.by.name("Patient/new")]
    assert [len(step) for step in counted(evaluate(graph, MEASURED))] == [1, 2]


def test_as_rdf_the_one_who_stays_brings_the_record_of_the_replaced(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, *SAID["the old one says it"], *FACTS)
    both, one, old = (list(flat(statements(graph, who))) for who in (["new", "old"], ["new"], ["old"]))
    assert both == one
    told = {str(triple.subject) for triple in one}
    assert all(any(key in subject for subject in told) for key in (*ALL, "Patient/old"))
    assert not any("Observation/o2" in str(triple) for triple in old)
