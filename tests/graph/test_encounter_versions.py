"""Encounters that change: as of before each change they are read as they were, and so is what hangs on them."""

import itertools
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph import Graph, Settings, open_graph, server
from graph.bulk.load import load
from graph.cohort import evaluate
from graph.digest import digest
from graph.export.meds import export
from graph.export.rdf import statements
from graph.export.request import request
from graph.journey import facts, journey
from graph.loop import fill
from graph.patients import corrections
from tests.conftest import Run
from tests.graph.made import Resource, encounter, ndjson, patient
from tests.graph.test_cohort import define
from tests.graph.test_deletes import delete
from tests.graph.test_replay import everything
from tests.graph.test_versions import COMMON, _parts, day, pulse, take
from twin.people import people
from twin.tasks import Encounters

pytestmark = pytest.mark.neo4j
HERE = {"encounter": {"reference": "Encounter/e1"}}


def visit(
    updated: float, id_: str = "e1", *, end: float | None = 2, kind: str = "AMB", **more: Any
) -> Resource:
    """An encounter from the day before the first on, as it was last updated so many days after the first."""
    period = {"start": day(-1).isoformat()} | ({} if end is None else {"end": day(end).isoformat()})
    status = "in-progress" if end is None else "finished"
    meta = {"lastUpdated": day(updated).isoformat()}
    return encounter(id_) | {"period": period, "status": status, "class": {"code": kind}, "meta": meta} | more


def diagnosis(id_: str = "c", **more: Any) -> Resource:
    """A diagnosis that says no time: it is known when the encounter is over."""
    of = {"subject": {"reference": "Patient/p1"}}
    return {"resourceType": "Condition", "id": id_, "code": {"text": "flu"}} | of | HERE | more


def seen(graph: Graph, at: datetime | None) -> tuple[list[Any], dict[str, Any]]:
    """Class, status and end of the encounters; the class of each fact's encounter; by both ways of reading."""
    found = journey(graph, "p1", at)
    kinds = {row["key"]: row["class"] for row in found.facts}
    (frame,) = facts(graph, [("p1", at)])
    rows = frame.select("key", "type", "class", "encounter").rows()
    assert kinds == {key: kind for key, type_, kind, _ in rows if type_ != "Encounter"}
    assert all(row["encounter"] == "Encounter/e1" for row in found.facts if row["class"])
    return [(row["class"], row["status"], row["end"] is not None) for row in found.encounters], kinds


def test_a_class_that_is_corrected_is_read_as_it_was_before(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, patient(), visit(1, kind="EMER"), pulse(60, 1, **HERE))
    assert take(graph, tmp_path, visit(5, kind="IMP")).written == 1
    assert [seen(graph, day(d)) for d in (4, 5)] == [
        ([("EMER", "finished", True)], {"Observation/o1": "EMER"}),
        ([("IMP", "finished", True)], {"Observation/o1": "IMP"}),
    ]
    assert seen(graph, None) == seen(graph, day(9))
    assert seen(graph, day(0)) == ([("EMER", None, False)], {"Observation/o1": "EMER"})
    assert take(graph, tmp_path, visit(1, kind="EMER"), visit(5, kind="IMP")).unchanged == 2


def test_an_encounter_that_is_updated_each_night_ends_when_that_was_said(
    graph: Graph, tmp_path: Path
) -> None:
    nights = [visit(0, end=None, kind="EMER"), visit(1, end=None, kind="IMP"), visit(3, end=2, kind="IMP")]
    for night in nights:
        take(graph, tmp_path, patient(), diagnosis(), night)
    assert [seen(graph, day(d)) for d in (-0.5, 0.5, 2.5, 3.5)] == [
        ([("EMER", None, False)], {}),
        ([("EMER", None, False)], {}),
        ([("IMP", None, False)], {}),
        ([("IMP", "finished", True)], {"Condition/c": "IMP"}),
    ]


@pytest.mark.parametrize("second", [1, 4])
def test_a_diagnosis_of_an_encounter_stays_known_when_the_end_is_corrected(
    graph: Graph, tmp_path: Path, second: float
) -> None:
    take(graph, tmp_path, patient(), diagnosis(), visit(2.5, end=2))
    assert [seen(graph, day(d))[1] for d in (1.5, 2.2)] == [{}, {"Condition/c": "AMB"}]
    take(graph, tmp_path, visit(6, end=second))
    assert [seen(graph, day(d))[1] for d in (1.5, 2.2)] == [{}, {"Condition/c": "AMB"}]
    assert seen(graph, day(7)) == ([("AMB", "finished", True)], {"Condition/c": "AMB"})


def test_a_fact_of_an_encounter_in_nobodys_record_has_its_class_as_it_was(
    graph: Graph, tmp_path: Path
) -> None:
    def alone(updated: float, kind: str) -> Resource:
        return {k: v for k, v in visit(updated, kind=kind).items() if k != "subject"}

    take(graph, tmp_path, patient(), pulse(60, 1, **HERE))
    assert seen(graph, None)[1] == {"Observation/o1": None}
    take(graph, tmp_path, alone(1, "EMER"), alone(5, "IMP"))
    kinds = [seen(graph, at)[1]["Observation/o1"] for at in (day(2), day(6), None)]
    assert kinds == ["EMER", "IMP", "IMP"]


def test_an_encounter_that_was_deleted_and_came_back_is_not_there_in_between(
    graph: Graph, tmp_path: Path
) -> None:
    where = [delete("Encounter/e1", day(3).isoformat())]
    gone = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": where})
    lines = [patient(), pulse(60, 1, **HERE), visit(1, kind="EMER"), gone, visit(5, kind="IMP")]
    found = []
    for order in (lines, lines[::-1]):
        graph.write("admin.clear", batch=5000)
        for line in order:
            take(graph, tmp_path, line)
        kinds = [seen(graph, day(d))[1]["Observation/o1"] for d in (2, 4, 6)]
        assert kinds == ["EMER", None, "IMP"]
        found.append(digest(graph))
    assert found[0] == found[1]


def test_a_part_of_a_stay_is_read_as_it_was_in_whatever_order_all_comes(graph: Graph, tmp_path: Path) -> None:
    def part(updated: float, kind: str) -> Resource:
        whole = {"partOf": {"reference": "Encounter/e1"}}
        return {k: v for k, v in visit(updated, "e2", kind=kind).items() if k != "period"} | whole

    lines = [part(1, "EMER"), part(5, "IMP"), visit(1, end=None), visit(4, end=3)]
    found = []
    for order in itertools.permutations(lines):
        graph.write("admin.clear", batch=5000)
        for line in (patient(), *order):
            take(graph, tmp_path, line)
        rows = [journey(graph, "p1", day(d)).encounters for d in (-0.5, 4.5, 6)]
        kinds = [[row["class"] for row in some if row["key"] == "Encounter/e2"] for some in rows]
        assert kinds == [["EMER"], ["EMER"], ["IMP"]]
        found.append(digest(graph))
    assert len(set(found)) == 1


def test_what_counts_encounters_or_looks_for_an_index_sees_each_once(graph: Graph, tmp_path: Path) -> None:
    """The list of patients, the twin's people, the end of the record, whoever was seen as an inpatient."""
    take(
        graph,
        tmp_path,
        patient(),
        visit(1, end=None, kind="EMER"),
        visit(3, kind="IMP"),
        visit(400, kind="IMP", priority={"text": "a"}),
    )
    (row,) = graph.read("patient.list", after="", limit=9)
    assert row["encounters"] == 1
    asked = {"text": "", "sort": "name", "descending": False, "skip": 0, "limit": 9}
    (row,) = graph.read("dashboard.patients", **asked)
    assert row["encounters"] == 1
    (person,) = people(graph, ["Patient/p1"])
    (one,) = person.visits
    assert (one.kind, one.recorded, one.end, one.closed) == ("IMP", day(-1), day(2), day(3))
    wanted = Encounters(classes=("EMER",))
    assert [one.of(wanted, day(d)) for d in (-1, 2, 3, 500)] == [True, True, False, False]
    for kind in ("IMP", "EMER"):  # as which it might have been an index
        (end,) = graph.read("twin_data.record_end", **{"classes": [kind], "codes": [], "from": None})
        assert end["latest"] == day(2).timestamp() * 1000


def test_a_cohort_takes_an_encounter_as_it_was_at_its_index(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, patient(), visit(1, kind="EMER"), pulse(60, 1, **HERE), visit(5, kind="IMP"))

    def who(kind: str, index: dict[str, Any], at: datetime | None = None) -> list[str]:
        seen_so = {"name": "seen", "fact": {"classes": [kind]}}
        return [key for key, _ in evaluate(graph, define(index=index, include=[seen_so]), at).members]

    first, late = {"fact": {"types": ["Observation"]}}, {"at": day(6)}
    assert [who(kind, first) for kind in ("EMER", "IMP")] == [["Patient/p1"], []]
    assert [who(kind, late) for kind in ("EMER", "IMP")] == [[], ["Patient/p1"]]
    assert [who(kind, first, day(4)) for kind in ("EMER", "IMP")] == [["Patient/p1"], []]
    by_visit = evaluate(graph, define(index={"fact": {"classes": ["EMER"]}}))
    assert by_visit.members == (("Patient/p1", day(-1)),)


def test_the_record_in_rdf_is_as_it_was_with_what_others_say_of_the_encounter(
    graph: Graph, tmp_path: Path
) -> None:
    take(graph, tmp_path, patient(), visit(1, kind="EMER"), pulse(60, 1, **HERE), diagnosis())
    take(graph, tmp_path, encounter("e9", start=day(2.5).isoformat()))
    fill(graph)

    def stated(who: list[str] | None) -> set[str]:
        found = {str(s) for part in statements(graph, who, at=day(4)) for s in part}
        return {s for s in found if "Encounter/e1" in s and "IngestRun" not in s and "/run" not in s}

    before = stated(None), stated(["p1"])
    assert any("INCLUDES" in s for s in before[0])
    assert any("NEXT" in s for s in before[1])
    take(graph, tmp_path, visit(5, kind="IMP"))
    fill(graph)
    assert (stated(None), stated(["p1"])) == before


def test_a_model_that_reads_meds_sees_each_update_when_it_was_known(graph: Graph, tmp_path: Path) -> None:
    meds = pytest.importorskip("meds")
    assert meds
    home = {"hospitalization": {"dischargeDisposition": {"coding": [{"code": "home"}]}}}
    nights = [visit(0, end=None, kind="EMER"), visit(1, end=None, kind="IMP"), visit(3, kind="IMP", **home)]
    take(graph, tmp_path, patient(), *nights, visit(9, kind="IMP", priority={"text": "a"}, **home))

    def events(name: str, **more: Any) -> list[tuple[str, float]]:
        export(graph, tmp_path / name, **more)
        rows = pl.read_parquet(tmp_path / name / "data" / "*.parquet").select("code", "time").rows()
        return [
            (code, (at.replace(tzinfo=UTC) - day(0)).total_seconds() / 86400)
            for code, at in rows
            if "ENC" in code
        ]

    all_ = [("ENCOUNTER//EMER", -1), ("ENCOUNTER//IMP", 1), ("ENCOUNTER_END//home", 3)]
    assert events("all") == all_
    assert events("then", asked=request(graph, day(2.5))) == all_[:2]
    assert events("held", clock="start") == [("ENCOUNTER//IMP", -1), ("ENCOUNTER_END//home", 2)]
    hidden = events("hidden", asked=request(graph, hide=True, shared=0))
    assert sorted(code for code, _ in hidden) == sorted(code for code, _ in all_)


def test_what_an_encounter_said_before_is_listed_with_the_corrections(
    graph: Graph, tmp_path: Path, cwm: Callable[..., Run]
) -> None:
    take(graph, tmp_path, patient(), visit(1, end=None, kind="EMER"), visit(5, kind="IMP"))
    rows = [(row["class"], row["status"], row["end"]) for row in corrections(graph, "p1")]
    assert rows == [("EMER", "in-progress", None), ("IMP", "finished", day(2).isoformat())]
    shown = cwm("patient", "corrections", "p1").out
    for word in ("EMER", "in-progress", "IMP", "finished", "2150-06-03"):
        assert word in shown


TOLD = st.lists(
    st.tuples(
        st.integers(-2, 30),
        st.sampled_from(["e1", "e2"]),
        st.sampled_from(["AMB", "IMP"]),
        st.none() | st.integers(0, 12),
    ),
    min_size=1,
    max_size=7,
    unique_by=lambda one: one[:2],
)


@settings(COMMON, max_examples=8)
@given(TOLD, st.none() | st.integers(0, 30), st.randoms(use_true_random=False))
def test_the_order_in_which_versions_come_changes_nothing(
    graph: Graph,
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[int, str, str, int | None]],
    gone: int | None,
    mixed: random.Random,
) -> None:
    folder = tmp_path_factory.mktemp("mixed")
    lines: list[Any] = [visit(at, id_, kind=kind, end=end) for at, id_, kind, end in told]
    lines += [
        patient(),
        pulse(60, 1, **HERE),
        diagnosis(),
        diagnosis("d", encounter={"reference": "Encounter/e2"}),
    ]
    lines += [diagnosis(meta={"lastUpdated": day(8).isoformat()}, code={"text": "cold"})]
    if gone is not None and all(at != gone for at, id_, *_ in told if id_ == "e1"):
        where = [delete("Encounter/e1", day(gone).isoformat())]
        lines.append(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": where}))
    instants = [None, *(day(d + 0.5) for d in range(-2, 31, 4))]

    def read() -> Any:
        for at in instants:
            (frame,) = facts(graph, [("p1", at)])
            rows = journey(graph, "p1", at)
            both = {(row["key"], row["class"], row["start"]) for row in (*rows.encounters, *rows.facts)}
            assert set(frame.select("key", "class", "start").rows()) == both
        return (
            [journey(graph, "p1", at) for at in instants if at],
            digest(graph),
            [digest(graph, at) for at in instants if at],
        )

    def stripped(found: Any) -> Any:
        return [(one.encounters, one.facts) for one in found[0]], *found[1:]

    graph.write("admin.clear", batch=5000)
    take(graph, folder, *lines)
    whole = stripped(read())
    graph.write("admin.clear", batch=5000)
    mixed.shuffle(lines)
    for part in _parts(lines, mixed):
        take(graph, folder, *part)
    assert stripped(read()) == whole
    assert take(graph, folder, *lines).written == 0
    assert stripped(read()) == whole


@settings(COMMON, max_examples=5)
@given(TOLD)
def test_no_change_of_an_encounter_changes_what_is_read_as_of_before_it(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, str, str, int | None]]
) -> None:
    """Journeys, digests, searches and every export; a change after noon of the 15th."""
    pytest.importorskip("meds")
    folder = tmp_path_factory.mktemp("changed")
    graph.write("admin.clear", batch=5000)
    of = {"subject": {"reference": "Patient/p"}}
    versions = sorted(told, key=lambda one: one[0])
    there = {id_ for at, id_, *_ in versions if at <= 14}
    before_, after_ = (
        [
            visit(at, id_, kind=kind, end=end) | of
            for at, id_, kind, end in versions
            if (at <= 14) is early and id_ in there
        ]
        for early in (True, False)
    )
    take(graph, folder, patient("p"), pulse(60, 1, **HERE) | of, diagnosis() | of, *before_)
    before = everything(graph, folder / "before")
    take(graph, folder, *after_)
    after = everything(graph, folder / "after")
    for name, said in before.items():
        assert after[name] == said, name


@pytest.mark.slow  # a second Neo4j
def test_a_first_load_by_the_importer_keeps_every_version(graph: Graph, tmp_path: Path) -> None:
    lines = [
        patient(),
        diagnosis(),
        pulse(60, 1, **HERE),
        visit(5, kind="IMP"),
        visit(0, end=None, kind="EMER"),
        visit(3),
    ]
    path = ndjson(tmp_path / "in" / "a.ndjson", lines)
    take(graph, tmp_path, *lines)
    own = Settings(home=tmp_path / "own", heap="400m", page_cache="32m", grace=0)
    assert own.embedded
    try:
        load(own, [path])
        with open_graph(own) as made:
            assert digest(made) == digest(graph)
            assert [seen(made, day(d)) for d in (2, 4, 6)] == [seen(graph, day(d)) for d in (2, 4, 6)]
    finally:
        server.stop(own.embedded)
