"""The rules of the decision loop: well formed, each with a reason, each on a station that stands for layers of Skill-Mix."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology import loop, mapping, skillmix_values
from ontology.errors import InvalidInputError
from ontology.loop import Fact

RULES = loop.rules()


def test_the_stations_come_in_order_and_cover_all_seven_layers() -> None:
    assert [s.name for s in loop.stations()] == [
        "input",
        "cue",
        "hypothesis",
        "reflection",
        "plan",
        "collect",
    ]
    layers = {layer for s in loop.stations() for layer in s.layers}
    assert layers == set(skillmix_values.dimensions()["anchoring_layer"].positions)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_says_why_and_whose_it_is(name: str) -> None:
    placed = RULES[name]
    assert placed.rule.why.endswith(".")
    assert placed.rule.basis in {"paper", "ours"}
    assert not set(placed.rule.types) & set(loop.outside().types), "a type is placed or left out, not both"


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_looks_at_elements_that_the_mapping_reads(name: str) -> None:
    rule = RULES[name].rule
    for type_ in rule.types:
        found = mapping.load(type_)
        if not found.generic:
            assert set(rule.coded) <= {*found.code, *found.category, *found.coded}
            assert not rule.category or found.category


def test_what_was_entered_in_error_or_is_an_account_has_no_place() -> None:
    wrong = Fact("Condition/1", "Condition", 1, fields=(("verification", "entered-in-error"),))
    assert (loop.place(wrong), loop.reason(wrong)) == ([], "outside")
    assert loop.reason(Fact("Claim/1", "Claim", 1)) == "outside"
    assert loop.reason(Fact("Basic/1", "Basic", 1)) == "no-rule"
    assert loop.reason(Fact("Condition/1", "Condition", None)) == "no-clock"


def test_a_flagged_result_is_collected_and_opens_the_next_round_as_its_cue() -> None:
    high = ("interpretation", "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation|H")
    seen = loop.place(Fact("Observation/1", "Observation", 5, category=("laboratory",), coded=(high,)))
    assert sorted((p.station, p.phase) for p in seen) == [("collect", 0), ("cue", 1)]
    vital = loop.place(Fact("Observation/1", "Observation", 5, category=("vital-signs",), coded=(high,)))
    assert sorted((p.station, p.phase) for p in vital) == [("cue", 0), ("input", 0)]


def test_a_refused_hypothesis_stands_at_reflection_too() -> None:
    seen = loop.place(Fact("Condition/1", "Condition", 5, fields=(("verification", "refuted"),)))
    assert [p.station for p in seen] == ["hypothesis", "reflection"]


def test_a_refusal_is_the_patients_and_not_something_done() -> None:
    no = ("statusReason", "http://snomed.info/sct|105480006")
    seen = loop.place(Fact("Procedure/1", "Procedure", 5, coded=(no,)))
    assert [(p.actor, p.station) for p in seen] == [("patient", "plan")]


LOOKS = st.builds(
    Fact,
    key=st.just("X/1"),
    type=st.sampled_from(sorted({t for p in RULES.values() for t in p.rule.types})),
    known=st.integers(0, 9),
    closed=st.none() | st.integers(0, 9),
    category=st.lists(
        st.sampled_from(["survey", "laboratory", "vital-signs", "health-concern"]), max_size=2
    ).map(tuple),
    codes=st.lists(
        st.sampled_from(sorted({c for p in RULES.values() for c in p.rule.codes})), max_size=2
    ).map(tuple),
    fields=st.sampled_from([(), (("verification", "refuted"),), (("status", "entered-in-error"),)]),
)


@given(LOOKS)
def test_a_fact_stands_at_most_once_at_a_station_of_an_actor(fact: Fact) -> None:
    seen = loop.place(fact)
    assert len({(p.actor, p.station) for p in seen}) == len(seen)
    assert bool(seen) == (loop.reason(fact) == "no-clock")
    for p in seen:
        placed = RULES[p.rule]
        assert (placed.actor, placed.station) == (p.actor, p.station)
        assert not {q.rule for q in seen} & set(placed.rule.unless)


@pytest.mark.parametrize(
    "change", [{"basis": "somebody"}, {"types": []}, {"name": "Two Words"}, {"example": None}, {"unheard": 1}]
)
def test_a_rule_that_is_not_well_formed_is_refused(change: dict[str, Any]) -> None:
    rule = RULES["vital-signs"].rule.model_dump() | change
    sheet = {"actor": "clinician", "station": "input", "summary": "x", "rules": [rule]}
    with pytest.raises(InvalidInputError, match="not well formed"):
        loop._checked(loop.Sheet, sheet, "x.yaml")


def test_a_rule_on_a_property_that_no_mapping_gives_is_refused() -> None:
    rule = RULES["refuted"].rule.model_copy(update={"fields": {"colour": ("red",)}})
    with pytest.raises(InvalidInputError, match="no property"):
        loop._checked(
            loop.Placed, {"actor": "clinician", "station": "reflection", "rule": rule.model_dump()}, "x.yaml"
        )
