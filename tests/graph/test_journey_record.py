"""A journey that is read again comes from memory: the same at every instant, and never older than the graph."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph import Graph, journey_rows, queries
from graph.journey import journey
from graph.journey_record import Entry, Kept, Record
from graph.queries import Query
from ontology.errors import NotFoundError
from tests.graph.made import encounter, observation, patient
from tests.graph.test_deletes import dated, delete, take
from tests.graph.test_journey import NOON, when
from tests.graph.test_replay import COMMON, HOURS, Event, load, told

pytestmark = pytest.mark.neo4j
LAST = ["e0", "e1", "u0", "q0", "o0", "o1", "c"]
TYPES = {"e": "Encounter", "u": "Condition", "q": "Procedure", "o": "Observation", "c": "Condition"}


def rows(graph: Graph, who: str, at: datetime | None) -> list[dict[str, Any]]:
    """The rows of a journey, encounters first."""
    found = journey(graph, who, at)
    return [*found.encounters, *found.facts]


def asked(graph: Graph, who: str, at: datetime | None) -> list[dict[str, Any]]:
    """The same as the database gives them."""
    ((_, group),) = graph.values(
        "journey.facts", moments=[{"patient": f"Patient/{who}", "at": at}], types=None
    )
    found = journey_rows.dicts(group)
    return sorted(found, key=lambda row: row["type"] != "Encounter")


@pytest.mark.parametrize("word", ["entered-in-error", "refuted"])
def test_a_diagnosis_that_was_never_true_says_so_before_it_ends_whatever_else_it_says(
    graph: Graph, tmp_path: Path, word: str
) -> None:
    made: dict[str, Any] = {"subject": {"reference": "Patient/p1"}, "recordedDate": "2020-01-01T08:00:00Z"}
    wrong = {"verificationStatus": {"coding": [{"code": word}]}}
    active = {"clinicalStatus": {"coding": [{"code": "active"}]}}
    diagnosis = {"resourceType": "Condition", "id": "a", **made, **wrong, **active}
    allergy = {"resourceType": "AllergyIntolerance", "id": "b", "patient": made["subject"], **wrong}
    other = {"resourceType": "Condition", "id": "c", **made, **active}
    load(graph, tmp_path, patient(), diagnosis, allergy | {"recordedDate": made["recordedDate"]}, other)
    for found in (rows, asked):
        said = {row["key"]: row["status"] for row in found(graph, "p1", NOON)}
        assert said == {
            "Condition/a": word,
            "AllergyIntolerance/b": word,
            "Condition/c": None,
        }


@settings(COMMON, max_examples=6)
@given(
    told(),
    st.dictionaries(st.sampled_from(LAST), HOURS, max_size=3),
    st.lists(HOURS, max_size=6),
    st.booleans(),
)
def test_at_any_instant_memory_gives_what_the_database_gives(
    graph: Graph,
    tmp_path_factory: pytest.TempPathFactory,
    events: list[Event],
    gone: dict[str, int],
    hours: list[int],
    merged: bool,
) -> None:
    """With what was deleted at some hour, and with the record of a patient who was merged into this one."""
    folder = tmp_path_factory.mktemp("any")
    graph.write("admin.clear", batch=5000)
    load(graph, folder, *(resource for _, resource in events))
    take(
        graph, folder, *(dated([delete(f"{TYPES[id_[0]]}/{id_}", when(hour))]) for id_, hour in gone.items())
    )
    if merged:
        link = {"link": [{"other": {"reference": "Patient/p"}, "type": "replaced-by"}]}
        take(graph, folder, patient("old", **link), observation("of-old", "Patient/old"))
    instants = [None, *(NOON + timedelta(hours=h, microseconds=u) for h in {*hours, 0} for u in (-1, 0))]
    from_memory = [[rows(graph, "p", at) for at in instants] for _ in range(3)]
    kept: Kept = graph.held["journeys"]
    assert kept.look("Patient/p", graph.marked("journey.patient", patient="Patient/p", at=None)[1])[1]
    assert from_memory == [[asked(graph, "p", at) for at in instants]] * 3


def test_a_record_is_read_once_and_then_only_looked_up(
    graph: Graph, tmp_path: Path, monkeypatch: Any
) -> None:
    take(graph, tmp_path, patient(), encounter(), observation("o1", issued="2020-01-01T10:00:00Z"))
    ran: list[str] = []
    named = queries.named

    def told_(name: str) -> Query:
        ran.append(name)
        return named(name)

    monkeypatch.setattr(queries, "named", told_)
    for _ in range(4):
        journey(graph, "p1", NOON)
    assert ran == ["journey.patient", "journey.record", *["journey.patient"] * 3]


@pytest.mark.parametrize("facts", [0, 1000, 2001])
def test_a_record_that_comes_in_several_lists_is_whole(graph: Graph, tmp_path: Path, facts: int) -> None:
    take(graph, tmp_path, patient(), encounter(), *(observation(f"o{i}") for i in range(facts)))
    found = rows(graph, "p1", None)
    assert found == asked(graph, "p1", None)
    assert len({row["key"] for row in found}) == len(found) == facts + 1


def test_what_anybody_writes_is_seen_at_once(graph: Graph, tmp_path: Path) -> None:
    """Also by a program that knows nothing of us."""
    take(graph, tmp_path, patient(), encounter(), observation("o1"))
    for _ in range(3):
        assert len(rows(graph, "p1", None)) == 2
    take(graph, tmp_path, observation("o2"))
    assert [len(rows(graph, "p1", None)) for _ in range(3)] == [3, 3, 3]
    with graph.driver.session(database=graph.database) as session:
        session.run("MATCH (o:Resource {key: 'Observation/o2'}) SET o.display = 'changed'").consume()
    assert any(row["display"] == "changed" for row in rows(graph, "p1", None))
    take(graph, tmp_path, dated([delete("Observation/o1"), delete("Patient/p1")]))
    assert "Patient/p1" in graph.held["journeys"]._of
    with pytest.raises(NotFoundError):
        journey(graph, "p1")
    assert "Patient/p1" not in graph.held["journeys"]._of, "nothing is kept of who is gone"


def test_the_callers_changes_stay_the_callers(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, patient(), encounter())
    for _ in range(3):
        for row in rows(graph, "p1", None):
            assert row["key"] == "Encounter/e1"
            row["key"] = "mine"


def record(key: str, size: int) -> Record:
    return Record([Entry({"key": key}, None, None, None, {}, None)] * size, [])


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("12"), st.integers(0, 7)), max_size=30))
def test_no_more_is_kept_than_allowed_and_nothing_of_another_state(asks: list[tuple[str, str, int]]) -> None:
    kept = Kept(most=10)
    for who, state, size in asks:
        mark = frozenset({state})
        pays, found = kept.look(who, mark)
        assert found is None or {e.row["key"] for e in found.entries} <= {who + state}
        if pays:
            kept.keep(who, mark, record(who + state, size))
        held = list(kept._of.values())
        assert sum(len(place.record.entries) for place in held if place.record) <= 10
        assert kept._rows == sum(place.size for place in held)


def test_of_a_record_too_large_to_keep_only_what_was_known_is_read_from_then_on() -> None:
    kept, mark = Kept(most=10), frozenset({"1"})
    assert kept.look("a", mark) == (True, None)
    kept.keep("a", mark, record("a", 11))
    assert kept.look("a", mark) == (False, None)
    assert kept.look("a", frozenset({"2"})) == (True, None)
