"""Rounds: never backwards, and what was known at an instant is never rearranged by what comes later."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import rounds
from graph.fhir.project import project
from graph.rounds import Visit
from ontology import loop
from ontology.loop import Fact

RULES = loop.rules()
HIGH = ("interpretation", "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation|H")


def seen(resource: dict[str, Any]) -> Fact:
    """A resource as the rules look at it, projected as an ingest does."""
    made = project({"id": "x"} | resource)
    props = made.props
    known = props.get("recorded")
    return Fact(
        made.key,
        props["type"],
        int(known.timestamp() * 1000) if known else 0,
        category=tuple(props.get("category") or ()),
        codes=tuple(props.get("codes") or ()),
        coded=tuple((c.path, f"{c.system}|{c.code}") for c in made.codes),
        fields=tuple((n, props[n]) for n in ("status", "verification", "intent") if props.get(n)),
    )


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_places_its_example_where_it_says(name: str) -> None:
    placed = RULES[name]
    spots = {(p.actor, p.station, p.rule) for p in loop.place(seen(placed.rule.example))}
    assert (placed.actor, placed.station, name) in spots


FACTS = st.lists(
    st.builds(
        Fact,
        key=st.integers(0, 99).map(lambda i: f"X/{i:02}"),
        type=st.sampled_from(["Observation", "Condition", "MedicationRequest", "Procedure", "Goal"]),
        known=st.none() | st.integers(0, 20),
        closed=st.none() | st.integers(0, 30),
        category=st.sampled_from([(), ("survey",), ("laboratory",), ("vital-signs",)]),
        coded=st.sampled_from([(), (HIGH,)]),
    ),
    max_size=25,
    unique_by=lambda f: f.key,
)


def shape(facts: list[Fact]) -> list[tuple[str, int, str, str]]:
    made = rounds.of_facts("Encounter/1", facts)
    return [(r.actor, r.n, p.station, p.fact) for r in made for p in r.places]


@given(FACTS)
def test_a_round_never_goes_back_and_the_next_one_does(facts: list[Fact]) -> None:
    made = list(rounds.of_facts("Encounter/1", facts))
    for one in made:
        ranks = [p.rank for p in one.places]
        assert ranks == sorted(ranks)
    for a, b in pairwise(made):
        if b.follows(a):
            assert b.places[0].rank < a.places[-1].rank
            assert b.places[0].known >= a.places[-1].known
        else:
            assert (b.actor, b.n) == ("patient", 1)


@given(FACTS, st.integers(0, 20))
def test_what_was_known_stands_where_it_stood(facts: list[Fact], at: int) -> None:
    """Facts that became known later, and closing fields, take nothing from its place and add nothing before it."""
    then = [f for f in facts if f.known is not None and f.known <= at]
    now = {(a, n, s, f) for a, n, s, f in shape(facts) if f in {t.key for t in then}}
    assert now == set(shape(then))


@given(FACTS, st.randoms())
def test_the_order_in_which_facts_are_read_makes_no_difference(facts: list[Fact], random: Any) -> None:
    other = list(facts)
    random.shuffle(other)
    assert shape(other) == shape(facts)


VISITS = st.lists(
    st.builds(
        Visit, st.integers(0, 9).map(str), st.none() | st.integers(0, 20), st.none() | st.integers(0, 30)
    ),
    unique_by=lambda v: v.key,
)


@given(VISITS, st.integers(0, 20))
def test_a_fact_without_an_encounter_goes_to_one_that_was_open_and_stays_there(
    visits: list[Visit], known: int
) -> None:
    fact = Fact("Goal/1", "Goal", known)
    chosen = rounds.encounter_of(fact, [], visits)
    then = [
        Visit(v.key, v.recorded, v.closed if v.closed is not None and v.closed <= known else None)
        for v in visits
        if v.recorded is not None and v.recorded <= known
    ]
    assert chosen == rounds.encounter_of(fact, [], then), "what came later does not move it"
    if chosen is not None:
        visit = next(v for v in visits if v.key == chosen)
        assert visit.recorded is not None
        assert visit.recorded <= known
        assert visit.closed is None or visit.closed >= known


def test_a_flagged_result_opens_the_next_round() -> None:
    facts = [
        Fact("Observation/vital", "Observation", 1, category=("vital-signs",)),
        Fact("MedicationRequest/1", "MedicationRequest", 2),
        Fact("Observation/lab", "Observation", 3, category=("laboratory",), coded=(HIGH,)),
        Fact("Condition/1", "Condition", 4),
    ]
    assert shape(facts) == [
        ("clinician", 1, "input", "Observation/vital"),
        ("clinician", 1, "plan", "MedicationRequest/1"),
        ("clinician", 1, "collect", "Observation/lab"),
        ("clinician", 2, "cue", "Observation/lab"),
        ("clinician", 2, "hypothesis", "Condition/1"),
    ]


PREDICTION = {
    "id": "p1", "agent": "twin@1", "made": 9, "encounter": "Encounter/1", "probability": 0.4, "verdict": "validated",
    "released": True, "because": [["Observation/1", 0.2], ["Observation/2", None], ["Observation/2", 0.0]],
}  # fmt: skip


def test_a_prediction_is_a_round_of_its_agent() -> None:
    one = next(rounds.of_agents([PREDICTION], {"Encounter/1"}))
    assert one.key == "Encounter/1/round/agent/twin@1/1"
    assert [(p.station, p.fact) for p in one.places] == [
        ("input", "Observation/2"),
        ("cue", "Observation/1"),
        ("hypothesis", "p1"),
        ("reflection", "p1"),
        ("plan", "p1"),
    ]


def test_a_withheld_prediction_ends_at_reflection() -> None:
    withheld = PREDICTION | {"released": False, "verdict": "insufficient"}
    one = next(rounds.of_agents([withheld], {"Encounter/1"}))
    assert one.places[-1].station == "reflection"


def test_a_prediction_of_no_encounter_has_no_round() -> None:
    assert list(rounds.of_agents([PREDICTION | {"encounter": None}], {"Encounter/1"})) == []
