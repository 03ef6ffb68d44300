"""What the shapes refuse: a graph that breaks one rule of the design is found, and says which."""

import pytest

from ontology.shapes import check

HEAD = """@prefix cwm: <urn:clinical-world-model:world#> . @prefix prov: <http://www.w3.org/ns/prov#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
RECORD = """
:run a cwm:IngestRun , prov:Activity ; cwm:id "r" ; prov:startedAtTime "2020-01-01T00:00:00Z"^^xsd:dateTime .
:p a cwm:Resource , cwm:Patient ; cwm:key "Patient/p" ; cwm:type "Patient" ; cwm:id "p" ; prov:wasGeneratedBy :run ;
   cwm:HAS_ENCOUNTER :e ; cwm:HAS_EVENT :f , :g , :h .
:e a cwm:Resource , cwm:Encounter ; cwm:key "Encounter/e" ; cwm:type "Encounter" ; cwm:id "e" ; prov:wasGeneratedBy :run ;
   cwm:INCLUDES :f .
:f a cwm:Resource , cwm:Event ; cwm:key "Observation/f" ; cwm:type "Observation" ; cwm:id "f" ; prov:wasGeneratedBy :run ;
   cwm:recorded "2020-01-01T00:00:00Z"^^xsd:dateTime ; cwm:clock "issued" .
:g a cwm:Resource , cwm:Event ; cwm:key "Condition/g" ; cwm:type "Condition" ; cwm:id "g" ; prov:wasGeneratedBy :run .
:h a cwm:Resource , cwm:Event ; cwm:key "Procedure/h" ; cwm:type "Procedure" ; cwm:id "h" ; prov:wasGeneratedBy :run .
"""


def placed(round_: str, *places: tuple[str, str, str]) -> str:
    """Links of a round: fact, station, hour of the day."""
    links = (
        f'{round_}-{fact[1:]}-{station} a cwm:Link ; cwm:from {round_} ; cwm:to {fact} ; cwm:relation "PLACES" ; cwm:rule "r" ; '
        f'cwm:station "{station}" ; cwm:recorded "2020-01-01T{hour}:00:00Z"^^xsd:dateTime . {round_} cwm:PLACES {fact} .'
        for fact, station, hour in places
    )
    return "\n".join(links)


def of_round(name: str, n: int, *, actor: str = "clinician", more: str = "") -> str:
    return f'{name} a cwm:Round ; cwm:key "{name}" ; cwm:actor "{actor}" ; cwm:n {n} ; cwm:IN_ENCOUNTER :e {more} .\n'


LOOP = (
    of_round(":r1", 1, more="; cwm:NEXT_ROUND :r2")
    + placed(":r1", (":f", "input", "08"), (":g", "hypothesis", "09"), (":h", "collect", "10"))
    + of_round(":r2", 2)
    + placed(":r2", (":f", "input", "11"), (":h", "plan", "12"))
)


BACK = "Within a round the work never goes back to an earlier station."
ROUNDS = {
    "backwards": (LOOP.replace('"hypothesis"', '"plan"').replace('"collect"', '"cue"'), BACK),
    "collect-in-the-middle": (
        LOOP.replace('"hypothesis"', '"collect"').replace(
            '"collect" ; cwm:recorded "2020-01-01T10', '"plan" ; cwm:recorded "2020-01-01T10'
        ),
        BACK,
    ),
    "no-such-station": (LOOP.replace('"collect"', '"guess"'), "There are six stations."),
    "no-such-actor": (LOOP.replace('"clinician"', '"nobody"'), "A round is of clinician, patient or agent."),
    "another-actor-next": (
        LOOP.replace(of_round(":r2", 2), of_round(":r2", 2, actor="patient")),
        "The next round is the same actor's, in the same encounter, one number on.",
    ),
    "a-number-left-out": (
        LOOP.replace(of_round(":r2", 2), of_round(":r2", 3)),
        "The next round is the same actor's, in the same encounter, one number on.",
    ),
    "begins-too-early": (LOOP.replace("T11", "T07"), "The next round begins when this one is over."),
    "no-reason-for-a-new-round": (
        LOOP.replace('"collect"', '"hypothesis"').replace(
            '"input" ; cwm:recorded "2020-01-01T11', '"plan" ; cwm:recorded "2020-01-01T11'
        ),
        "The next round goes back to an earlier station; what goes on belongs to this one.",
    ),
    "empty": (of_round(":r1", 1), "A round places something."),
    "no-encounter": (LOOP.replace("; cwm:IN_ENCOUNTER :e  .", "."), "A round is in one encounter."),
    "no-rule": (LOOP.replace('cwm:rule "r" ;', ""), "A rule put it there."),
}


AGENT = """
:a a cwm:Agent , cwm:Provider , prov:Agent ; cwm:key "twin@1+0a1b2c3d" ; cwm:name "twin" ; cwm:version "1" .
:x a cwm:Prediction ; cwm:id "x" ; cwm:ABOUT :p ; cwm:MADE_BY :a ;
   prov:wasAttributedTo :a ; prov:wasGeneratedBy :m ; cwm:probability 0.4 ;
   cwm:released true ; cwm:authority "monitoring" ; cwm:index_time "2020-01-02T00:00:00Z"^^xsd:dateTime ;
   cwm:made "2020-01-02T00:00:00Z"^^xsd:dateTime ; cwm:BECAUSE :f ; prov:wasDerivedFrom :f .
:m a prov:Activity .
:because a cwm:Link ; cwm:from :x ; cwm:to :f ; cwm:relation "BECAUSE" ; cwm:feature "f" ; cwm:contribution 0.1 .
"""
BROKEN = {
    "a-fact-without-its-clock": (
        RECORD.replace('; cwm:clock "issued"', ""), "A fact that is known at an instant says which clock gave it.",
    ),
    "two-patients": (RECORD + ":q cwm:HAS_ENCOUNTER :e .", "An encounter has one patient."),
    "an-event-as-encounter": (RECORD + ":p cwm:HAS_ENCOUNTER :f .", "Only an encounter is had as an encounter."),
    "ends-before-it-begins": (
        RECORD + ':f cwm:start "2020-01-02T00:00:00Z"^^xsd:dateTime ; cwm:end "2020-01-01T00:00:00Z"^^xsd:dateTime .',
        "It ends before it begins.",
    ),
    "sure-beyond-measure": (RECORD + AGENT.replace("0.4", "1.4"), "A probability lies between 0 and 1."),
    "about-nobody": (RECORD + AGENT.replace("cwm:ABOUT :p ;", ""), "A prediction is about one patient."),
    "by-nobody": (RECORD + AGENT.replace("cwm:MADE_BY :a ;", ""), "A prediction is made by one agent."),
    "released-without-authority": (
        RECORD + AGENT.replace('cwm:authority "monitoring" ;', ""),
        "A prediction that was released names the authority under which it was.",
    ),
    "from-the-future": (
        RECORD + AGENT.replace("2020-01-02", "2019-01-02"),
        "A prediction rests on what was known of its own patient at its index time.",
    ),
    "without-a-contribution": (
        RECORD + AGENT.replace('cwm:feature "f" ;', ""), "A prediction says what each fact it rests on contributed.",
    ),
}  # fmt: skip


IN_ORDER = {"rounds": RECORD + LOOP, "prediction": RECORD + AGENT}


@pytest.fixture(scope="module")
def found() -> dict[str, set[str]]:
    """Messages of each case: all cases are one graph, each with names of its own, since a check costs seconds."""
    cases = {
        **IN_ORDER,
        **{name: RECORD + loop for name, (loop, _) in ROUNDS.items()},
        **{name: turtle for name, (turtle, _) in BROKEN.items()},
    }
    text = "\n".join(f"@prefix : <urn:x:{name}:> .\n{turtle}" for name, turtle in cases.items())
    messages: dict[str, set[str]] = {name: set() for name in cases}
    for finding in check((HEAD + text).encode(), "turtle"):
        messages[finding.focus.split(":")[2]].add(finding.message)
    return messages


@pytest.mark.parametrize("name", IN_ORDER)
def test_what_is_in_order_satisfies_them(name: str, found: dict[str, set[str]]) -> None:
    assert found[name] == set()


@pytest.mark.parametrize("name", ROUNDS)
def test_an_illegal_transition_is_found(name: str, found: dict[str, set[str]]) -> None:
    loop, message = ROUNDS[name]
    assert loop != LOOP
    assert message in found[name]


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_design_forbids_is_found(name: str, found: dict[str, set[str]]) -> None:
    assert BROKEN[name][1] in found[name]
