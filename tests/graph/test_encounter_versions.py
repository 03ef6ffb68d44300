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

from graph import Graph
from graph.ask import ask
from graph.cohort import evaluate
from graph.digest import digest
from graph.export import parquet
from graph.export.meds import export
from graph.export.rdf import statements
from graph.export.request import request
from graph.journey import facts, journey
from graph.loop import fill
from graph.patients import corrections
from tests.conftest import Run
from tests.graph.made import Resource, encounter, patient
from tests.graph.test_cohort import define
from tests.graph.test_deletes import delete
from tests.graph.test_replay import everything
from tests.graph.test_versions import COMMON, _parts, day, imported, pulse, take
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


def planned(updated: float, **more: Any) -> Resource:
    """The encounter before anybody knew when it would be."""
    return {k: v for k, v in visit(updated, kind="PLAN", **more).items() if k != "period"} | {
        "status": "planned"
    }


def test_an_encounter_that_was_planned_without_a_time_is_known_from_when_it_had_one(
    graph: Graph, tmp_path: Path
) -> None:
    take(graph, tmp_path, patient(), pulse(60, 1, **HERE), planned(0), visit(1, end=None, kind="EMER"))

    def read() -> Any:
        asked, out = request(graph, day(3)), tmp_path / str(random.random())  # noqa: S311
        parquet.export(graph, out, asked)
        column = pl.read_parquet(out / "Observation.parquet")["encounter"].to_list()
        (person,) = people(graph, ["Patient/p1"])
        return seen(graph, day(3)), column, person.visits[0].recorded

    before = read()
    assert before == (([("EMER", None, False)], {"Observation/o1": "EMER"}), ["Encounter/e1"], day(1))
    take(graph, tmp_path, visit(5, kind="IMP"))
    assert read() == before


def test_a_start_that_is_brought_forward_makes_the_encounter_known_then(graph: Graph, tmp_path: Path) -> None:
    late, early = ({"period": {"start": day(d).isoformat()}} for d in (10, 5))
    take(graph, tmp_path, patient(), pulse(60, 1, **HERE), planned(0) | late, visit(3, kind="EMER") | early)
    before = seen(graph, day(7))
    assert before[1] == {"Observation/o1": "EMER"}
    take(graph, tmp_path, visit(20, kind="IMP") | early)
    assert seen(graph, day(7)) == before
    (person,) = people(graph, ["Patient/p1"])
    assert person.visits[0].recorded == day(5)


@pytest.mark.parametrize("first", [True, False])
def test_an_encounter_that_was_given_to_another_patient_is_in_each_record_as_long_as_it_was_theirs(
    graph: Graph, tmp_path: Path, first: bool
) -> None:
    mine, theirs = visit(1 if first else 5, kind="EMER"), visit(5 if first else 1, kind="IMP")
    theirs |= {"subject": {"reference": "Patient/p2"}}
    take(graph, tmp_path, patient(), patient("p2"), pulse(60, 1, **HERE), mine, theirs)
    for at in (day(3), day(6), None):
        ours = (at == day(3)) is first
        encounters, kinds = seen(graph, at)
        assert (len(encounters), kinds) == (int(ours), {"Observation/o1": "EMER" if ours else "IMP"})
        assert len(journey(graph, "p2", at).encounters) == int(not ours)
        (person,) = people(graph, ["Patient/p1"], at)
        assert [v.kind for v in person.visits] == ["EMER"] * ours


def test_the_twin_takes_encounters_at_an_instant_as_they_were_then(graph: Graph, tmp_path: Path) -> None:
    where = [delete("Encounter/e3", day(2).isoformat())]
    gone = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": where})
    wrong = {"status": "entered-in-error"}
    now = [visit(1, end=1), visit(1, "e2", end=1) | wrong, visit(1, "e3", end=1), gone, visit(1, "e4", end=1)]
    take(graph, tmp_path, patient(), *now)
    (then,) = people(graph, ["Patient/p1"], day(3))
    assert [(v.key, v.end) for v in then.visits] == [(f"Encounter/e{i}", day(1)) for i in (1, 4)]
    take(
        graph, tmp_path, visit(8, end=1) | wrong, visit(8, "e2", end=1), visit(8, "e3"), visit(8, "e4", end=7)
    )
    assert people_of(graph, day(3)) == [(v.key, v.start, v.end, v.kind) for v in then.visits]
    assert [key for key, *_ in people_of(graph, None)] == [f"Encounter/e{i}" for i in (2, 3, 4)]


def people_of(graph: Graph, at: datetime | None) -> list[tuple[Any, ...]]:
    (person,) = people(graph, ["Patient/p1"], at)
    return [(v.key, v.start, v.end, v.kind) for v in person.visits]


def test_an_encounter_that_comes_back_is_in_no_table_and_no_cohort_of_the_time_between(
    graph: Graph, tmp_path: Path
) -> None:
    pytest.importorskip("meds")
    where = [delete("Encounter/e1", day(3).isoformat())]
    gone = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": where})
    take(graph, tmp_path, patient(), visit(1), pulse(60, 1, **HERE), gone)

    def read() -> Any:
        asked, out = request(graph, day(4)), tmp_path / str(random.random())  # noqa: S311
        parquet.export(graph, out / "p", asked)
        export(graph, out / "m", asked)
        rows = pl.read_parquet(out / "m" / "data" / "*.parquet")
        column = pl.read_parquet(out / "p" / "Observation.parquet")["encounter"].to_list()
        members = evaluate(graph, define(index={"fact": {"classes": ["AMB"]}}), day(4)).members
        return rows.to_dicts(), column, members, seen(graph, day(4))

    before = read()
    assert before[1:3] == ([None], ())
    take(graph, tmp_path, visit(9, kind="IMP"))
    assert read() == before


def test_meds_puts_no_end_before_it_was_known(graph: Graph, tmp_path: Path) -> None:
    pytest.importorskip("meds")
    take(graph, tmp_path, patient(), planned(0), visit(5, kind="IMP"))
    export(graph, tmp_path / "m")
    rows = pl.read_parquet(tmp_path / "m" / "data" / "*.parquet").select("code", "time").rows()
    known = day(5).replace(tzinfo=None)
    assert [(c, t) for c, t in rows if "ENC" in c] == [
        ("ENCOUNTER//IMP", known),
        ("ENCOUNTER_END//UNKNOWN", known),
    ]


def test_rdf_of_before_says_nothing_that_a_later_version_says(graph: Graph, tmp_path: Path) -> None:
    def by(who: str) -> Resource:
        return {"participant": [{"individual": {"reference": f"Practitioner/{who}"}}]}

    staff = [{"resourceType": "Practitioner", "id": who} for who in "ab"]
    take(graph, tmp_path, patient(), patient("p2"), *staff, visit(1, end=1, **by("a")), visit(2, **by("a")))

    def stated() -> set[str]:
        found = {str(s) for part in statements(graph, None, at=day(3)) for s in part}
        return {s for s in found if "ingestrun" not in s.lower()}

    before = stated()
    take(graph, tmp_path, visit(5, **by("b")) | {"subject": {"reference": "Patient/p2"}})
    assert stated() == before


def test_what_is_contained_in_an_encounter_names_it_by_its_key(graph: Graph, tmp_path: Path) -> None:
    inner = {"resourceType": "Condition", "id": "k", "code": {"text": "flu"}, "encounter": {"reference": "#"}}
    inner |= {"subject": {"reference": "Patient/p1"}}
    more = {"contained": [inner], "diagnosis": [{"condition": {"reference": "#k"}}]}
    take(graph, tmp_path, patient(), visit(1, **more))
    before = seen(graph, day(3)), ask(graph, "open_problems", {"patient": "p1", "at": day(3)}).rows
    assert before[0][1] == {"Encounter/e1#k": "AMB"}
    take(graph, tmp_path, visit(5, kind="IMP", **more))
    assert (seen(graph, day(3)), ask(graph, "open_problems", {"patient": "p1", "at": day(3)}).rows) == before


def test_an_encounter_that_is_contained_in_a_fact_is_read_as_it_was(graph: Graph, tmp_path: Path) -> None:
    def held(value: int, at: float, kind: str) -> Resource:
        inner = {k: v for k, v in visit(at, "e", kind=kind).items() if k != "meta"}
        return pulse(value, at) | {"contained": [inner], "encounter": {"reference": "#e"}}

    take(graph, tmp_path, patient(), held(60, 1, "EMER"))
    before = journey(graph, "p1", day(3)).facts
    assert [row["class"] for row in before] == ["EMER"]
    take(graph, tmp_path, held(70, 5, "IMP"))
    assert journey(graph, "p1", day(3)).facts == before
    (frame,) = facts(graph, [("p1", day(3))], types=["Observation"])
    assert frame["class"].to_list() == ["EMER"]


def test_rounds_follow_when_an_older_version_says_when_the_stay_was_over(
    graph: Graph, tmp_path: Path
) -> None:
    result = pulse(60, 1) | {"issued": day(1.5).isoformat(), "effectiveDateTime": day(1.5).isoformat()}
    lines = [patient(), result, visit(3, kind="EMER"), visit(5)]
    late = visit(0, end=1, kind="EMER")

    def rounds() -> list[Any]:
        return graph.read("ask.decision_rounds", encounter="Encounter/e1", at=None)

    take(graph, tmp_path, *lines)
    fill(graph)
    assert rounds()
    take(graph, tmp_path, late)
    fill(graph)
    after = rounds()
    graph.write("admin.clear", batch=5000)
    take(graph, tmp_path, *lines, late)
    fill(graph)
    assert rounds() == after == []


def parts(case: str) -> list[Resource]:
    """Encounters and diagnoses that take their times from others, with something contained; an order could tell."""
    inner = {
        "resourceType": "Condition",
        "id": "k",
        "code": {"text": "a"},
        "subject": {"reference": "Patient/p1"},
    }
    bare = {k: v for k, v in visit(5, "part").items() if k != "period"}
    if case == "contained in a part":
        moved = {"period": {"start": day(0).isoformat(), "end": day(2).isoformat()}}
        held = {"contained": [inner], "diagnosis": [{"condition": {"reference": "#k"}}]}
        return [bare | held | {"partOf": {"reference": "Encounter/e1"}}, visit(1), visit(5) | moved]
    if case == "part of nothing":
        whole = {k: v for k, v in visit(3, "mid").items() if k != "period"}
        whole |= {"partOf": {"reference": "Encounter/missing"}}
        return [whole, visit(1, "part"), bare | {"partOf": {"reference": "Encounter/mid"}}]
    first = diagnosis(meta={"lastUpdated": day(3).isoformat()})
    later = {k: v for k, v in diagnosis(meta={"lastUpdated": day(6).isoformat()}).items() if k != "encounter"}
    return [visit(1), first, later | {"contained": [inner], "evidence": [{"detail": [{"reference": "#k"}]}]}]


@pytest.mark.parametrize("case", ["contained in a part", "part of nothing", "contained in a diagnosis"])
def test_what_takes_its_time_from_others_is_the_same_in_every_order(
    graph: Graph, tmp_path: Path, case: str
) -> None:
    found = []
    for order in itertools.permutations(parts(case)):
        graph.write("admin.clear", batch=5000)
        for line in (patient(), *order):
            take(graph, tmp_path, line)
        keys = [[row["key"] for row in journey(graph, "p1", day(d)).facts] for d in (-0.5, 0.5, 4, 7)]
        found.append((digest(graph), keys))
    assert all(one == found[0] for one in found)


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
ODD = st.dictionaries(st.integers(0, 6), st.sampled_from(["planned", "moved", "other", "wrong"]), max_size=3)
"""Which of them are of another shape."""


def odd(line: Resource, shape: str | None) -> Resource:
    """The version of an encounter without a period, with another start, of another patient, or entered in error."""
    if shape == "planned":
        return {k: v for k, v in line.items() if k != "period"} | {"status": "planned"}
    if shape == "moved":
        return line | {"period": line["period"] | {"start": day(-0.5).isoformat()}}
    if shape == "other":
        return line | {"subject": {"reference": "Patient/p2"}}
    return line | {"status": "entered-in-error"} if shape else line


@settings(COMMON, max_examples=8)
@given(TOLD, ODD, st.none() | st.integers(0, 30), st.randoms(use_true_random=False))
def test_the_order_in_which_versions_come_changes_nothing(
    graph: Graph,
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[int, str, str, int | None]],
    shapes: dict[int, str],
    gone: int | None,
    mixed: random.Random,
) -> None:
    folder = tmp_path_factory.mktemp("mixed")
    lines: list[Any] = [
        odd(visit(at, id_, kind=kind, end=end), shapes.get(i)) for i, (at, id_, kind, end) in enumerate(told)
    ]
    lines += [
        patient(),
        patient("p2"),
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
    take(graph, tmp_path, *lines)
    with imported(tmp_path, lines) as made:
        assert digest(made) == digest(graph)
        assert [seen(made, day(d)) for d in (2, 4, 6)] == [seen(graph, day(d)) for d in (2, 4, 6)]
