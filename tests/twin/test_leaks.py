"""Nothing from after the index reaches a feature, a score or a triple: on a real graph, with facts that arrive late."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.connection import Graph
from ontology.errors import InvalidInputError, NotFoundError
from tests.twin.journeys import Resource, concept, condition, encounter, observation, patient, said, take_in
from twin.dataset import Dataset, build
from twin.tasks import task

pytestmark = pytest.mark.neo4j

CHECK = datetime(2024, 3, 1, 9, tzinfo=UTC)
"""After every drawn day, so the first check-up is the index of everybody."""
INDEX = CHECK + timedelta(hours=1)
DAY = timedelta(days=1)
SBP, DIABETES, PROBLEM = (
    "http://loinc.org|8480-6",
    "http://snomed.info/sct|44054006",
    "http://snomed.info/sct|185347001",
)
ICU_START = datetime(2012, 2, 14, tzinfo=UTC)
HEART = "http://loinc.org|8867-4"


def base(who: str) -> list[Resource]:
    """A known check-up with a pressure, a diagnosis from before, and a record that goes on for two years."""
    return [
        patient(who),
        encounter(f"{who}-check", who, CHECK),
        encounter(f"{who}-end", who, CHECK + 700 * DAY, token=PROBLEM),
        observation(f"{who}-bp", who, CHECK, SBP, 140, "mm[Hg]"),
        condition(f"{who}-dm", who, CHECK - 200 * DAY, DIABETES),
    ]


def late(who: str, known: int, happened: int, value: float) -> list[Resource]:
    """Facts that happened before the index (or not) and became known after it."""
    when, then = INDEX - timedelta(days=happened), INDEX + timedelta(days=known)
    return [
        observation(f"{who}-late-bp", who, when, SBP, value, "mm[Hg]", issued=then),
        condition(f"{who}-late-mi", who, when, "http://snomed.info/sct|22298006", recorded=then),
        encounter(f"{who}-late-er", who, then, kind="EMER", token=PROBLEM),
        encounter(f"{who}-late-check", who, then + DAY),
        condition(f"{who}-late-end", who, when - DAY, "http://snomed.info/sct|38341003", recorded=then),
    ]


def known_part(data: Dataset, who: str) -> tuple[object, ...]:
    """What members may see of one patient."""
    place = data.rows.with_row_index().filter(pl.col("patient") == f"Patient/{who}")["index"].to_list()
    assert len(place) == 1
    triples = data.triples.filter(pl.col("patient") == f"Patient/{who}").drop("patient")
    at = data.rows["at"][place[0]]
    return at, data.features.row(place[0]), data.scores.row(place[0]), sorted(triples.rows())


arrivals = st.lists(
    st.tuples(st.integers(1, 300), st.integers(-100, 300), st.floats(80, 200).map(lambda v: round(v, 1))),
    min_size=1,
    max_size=4,
)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals)
def test_facts_that_arrive_after_the_index_change_nothing(
    graph: Graph, tmp_path: Path, arrivals: list[tuple[int, int, float]]
) -> None:
    graph.write("admin.clear", batch=5000)
    resources = base("plain")
    for number, arrival in enumerate(arrivals):
        resources += base(f"late{number}") + late(f"late{number}", *arrival)
    take_in(graph, tmp_path, resources)
    data = build(graph, task("admission-365d"))
    for number in range(len(arrivals)):
        assert known_part(data, f"late{number}") == known_part(data, "plain")
    outcomes = dict(data.rows.select("patient", "outcome").rows())
    assert outcomes == {"Patient/plain": 0} | {f"Patient/late{n}": 1 for n in range(len(arrivals))}


def test_the_same_facts_known_in_time_do_change_features(graph: Graph, tmp_path: Path) -> None:
    early = observation("early-bp2", "early", CHECK - DAY, SBP, 200, "mm[Hg]")
    take_in(graph, tmp_path, [*base("plain"), *base("early"), early])
    data = build(graph, task("admission-365d"))
    assert known_part(data, "early") != known_part(data, "plain")


def test_a_fact_behind_a_feature_is_named_and_was_known(graph: Graph, tmp_path: Path) -> None:
    take_in(graph, tmp_path, [*base("a"), *late("a", 10, 5, 190.0)])
    data = build(graph, task("admission-365d"), patients=["Patient/a"], because=True)
    behind = set(data.because["key"].to_list())
    assert {"Observation/a-bp", "Condition/a-dm", "Encounter/a-check"} <= behind
    assert not any("late" in key for key in behind)


def icu(who: str, end: str, disposition: str, **person: str) -> list[Resource]:
    return [
        patient(who, "1950", **person),
        encounter(f"{who}-stay", who, ICU_START, end, "ACUTE", disposition=disposition),
        observation(f"{who}-hr1", who, ICU_START + timedelta(hours=3), HEART, 80, "/min"),
        observation(f"{who}-hr2", who, ICU_START + timedelta(hours=47), HEART, 120, "/min"),
        observation(
            f"{who}-hr3",
            who,
            ICU_START + timedelta(hours=49),
            HEART,
            190 if disposition == "exp" else 60,
            "/min",
        ),
    ]


def test_how_a_stay_ended_changes_the_outcome_and_nothing_else(graph: Graph, tmp_path: Path) -> None:
    died = icu("died", "2012-02-16", "exp", deceasedDateTime="2012-02-16")
    take_in(graph, tmp_path, [*died, *icu("lived", "2012-02-16", "oth"), *icu("long", "2012-04-30", "oth")])
    data = build(graph, task("icu-mortality-48h"))
    assert dict(data.rows.select("patient", "outcome").rows()) == {
        "Patient/died": 1,
        "Patient/lived": 0,
        "Patient/long": 0,
    }
    assert known_part(data, "died") == known_part(data, "lived") == known_part(data, "long")
    assert data.features["heart_rate_last"].to_list() == [120, 120, 120]


def test_a_stay_known_to_be_over_at_48_hours_is_left_out_and_counted(graph: Graph, tmp_path: Path) -> None:
    take_in(graph, tmp_path, [*icu("gone", "2012-02-15", "exp"), *icu("stays", "2012-02-20", "oth")])
    data = build(graph, task("icu-mortality-48h"))
    assert data.rows["patient"].to_list() == ["Patient/stays"]
    assert ("not known to have left before the index", 1) in data.flow


def test_one_patient_gets_the_row_that_it_has_among_all(graph: Graph, tmp_path: Path) -> None:
    take_in(graph, tmp_path, [*base("a"), *base("b"), *late("b", 20, 3, 180.0)])
    everybody, alone = (build(graph, task("admission-365d"), patients=p) for p in (None, ["Patient/b"]))
    assert known_part(everybody, "b") == known_part(alone, "b")
    assert alone.rows["outcome"].to_list() == [1]


def test_at_a_moment_the_outcome_is_not_asked_for_and_what_is_known_then_counts(
    graph: Graph, tmp_path: Path
) -> None:
    take_in(graph, tmp_path, [*base("a"), *late("a", 10, 5, 190.0)])
    ask = {"patients": ["Patient/a"]}
    soon = build(graph, task("admission-365d"), at=INDEX + 5 * DAY, **ask)
    assert soon.rows.select("outcome", "fits", "encounter").row(0) == (None, True, "Encounter/a-check")
    later = build(graph, task("admission-365d"), at=INDEX + 60 * DAY, **ask)
    assert later.rows["fits"].to_list() == [False]
    assert (soon.features["systolic_mean"].item(), later.features["systolic_mean"].item()) == (140, 165)


def test_what_was_entered_in_error_counts_for_nothing_once_that_is_known(
    graph: Graph, tmp_path: Path
) -> None:
    wrong = {"status": "entered-in-error"}
    verified = {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    refuted = {"verificationStatus": {"coding": [{"code": "refuted"}]}}
    since, until = said(CHECK - 10 * DAY), said(INDEX + 10 * DAY)
    done = {
        "resourceType": "Procedure",
        "id": "a-proc",
        "subject": {"reference": "Patient/a"},
        "code": concept("urn:p|1"),
        "performedPeriod": {"start": since, "end": until},
    }
    errors: list[Resource] = [
        observation("a-bp2", "a", CHECK - DAY, SBP, 200, "mm[Hg]") | wrong,
        condition("a-mi", "a", CHECK - DAY, "http://snomed.info/sct|22298006", **verified),
        condition("a-no", "a", CHECK - DAY, "http://snomed.info/sct|22298006", **refuted),
        encounter("a-er", "a", CHECK - 2 * DAY, kind="EMER", token=PROBLEM) | wrong,
        encounter("a-in", "a", INDEX + 20 * DAY, kind="IMP", token=PROBLEM) | wrong,
        encounter("a-far", "a", INDEX + 7000 * DAY) | wrong,
    ]
    take_in(graph, tmp_path, [*base("a"), *base("plain"), *errors])
    data = build(graph, task("admission-365d"))
    assert known_part(data, "a") == known_part(data, "plain")
    assert data.rows["outcome"].to_list() == [0, 0]
    take_in(graph, tmp_path, [done | wrong])
    for at, counted in ((INDEX, 1), (INDEX + 11 * DAY, 0)):
        then = build(graph, task("admission-365d"), patients=["Patient/a"], at=at)
        assert then.features["procedures"].item() == counted, "an order or a procedure counts until its end"


def test_a_moment_without_a_time_zone_or_a_patient_who_is_not_there_is_refused(graph: Graph) -> None:
    with pytest.raises(InvalidInputError, match="time zone"):
        build(graph, task("admission-365d"), patients=[], at=datetime(2024, 1, 1))  # noqa: DTZ001 - the mistake
    with pytest.raises(NotFoundError, match="No such patient"):
        build(graph, task("admission-365d"), patients=["Patient/nobody"])


def test_an_empty_graph_gives_an_empty_dataset_with_all_columns(graph: Graph) -> None:
    data = build(graph, task("icu-mortality-48h"))
    assert len(data) == 0
    assert data.flow[0] == ("patients", 0)
    assert "gcs_last" in data.features.columns
    assert data.scores.columns == ["saps1"]
