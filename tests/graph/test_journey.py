"""What is read as of an instant is what was known then: nothing that comes later changes it."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import Graph
from graph.ingest import ingest
from graph.journey import COLUMNS, facts, journey, schema
from ontology.errors import InvalidInputError, NotFoundError

Resource = dict[str, Any]
NOON = datetime(2150, 6, 15, 12, tzinfo=UTC)
HOURS = st.integers(1, 24 * 60)
FRESH = itertools.count()


def when(hours: float) -> str:
    """That many hours from the moment asked about (negative: before)."""
    return (NOON + timedelta(hours=hours)).isoformat()


def load(graph: Graph, folder: Path, *resources: Resource) -> None:
    file = folder / f"{next(FRESH)}.ndjson"
    file.write_text("\n".join(json.dumps(r) for r in resources))
    report = ingest(graph, [file])
    assert (report.set_aside, report.read) == (0, len(resources))


def concept(code: str, system: str = "http://loinc.org") -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def fact(type_: str, id_: str, patient: str, **more: Any) -> Resource:
    return {"resourceType": type_, "id": id_, "subject": {"reference": f"Patient/{patient}"}, **more}


def stay(id_: str, patient: str, start: str, end: str | None = None, **more: Any) -> Resource:
    period = {"start": start} | ({"end": end} if end else {})
    return fact(
        "Encounter", id_, patient, status="finished", **{"class": {"code": "IMP"}}, period=period, **more
    )


DEATH = {"dischargeDisposition": concept("exp", "urn:d")}


@st.composite
def history(draw: st.DrawFn) -> tuple[list[Resource], list[Resource]]:
    """A patient's record as it stood at noon, and what arrived later: new facts and newer versions."""
    p = f"p{next(FRESH)}"
    seen: list[Resource] = [{"resourceType": "Patient", "id": p}, stay(f"{p}-e", p, when(-draw(HOURS)))]
    for i, (lag, held) in enumerate(draw(st.lists(st.tuples(HOURS, HOURS), max_size=4))):
        seen.append(
            fact(
                "Observation",
                f"{p}-o{i}",
                p,
                code=concept("718-7"),
                effectiveDateTime=when(-lag - held),
                issued=when(-lag),
            )
        )
    seen.append(fact("Condition", f"{p}-c", p, code=concept("44054006"), recordedDate=when(-draw(HOURS))))
    later: list[Resource] = []
    for i, (wait, ago) in enumerate(draw(st.lists(st.tuples(HOURS, HOURS), max_size=4))):
        later += [
            fact(
                "Observation",
                f"{p}-x{i}",
                p,
                code=concept("718-7"),
                effectiveDateTime=when(-ago),
                issued=when(wait),
            ),
            fact(
                "Condition",
                f"{p}-y{i}",
                p,
                code=concept("22298006"),
                onsetDateTime=when(-ago),
                recordedDate=when(wait),
            ),
            stay(f"{p}-z{i}", p, when(wait), when(wait + ago), hospitalization=DEATH),
        ]
    end, newer = draw(HOURS), {"lastUpdated": when(24 * 90)}
    closed = stay(f"{p}-e", p, seen[1]["period"]["start"], when(end), hospitalization=DEATH, meta=newer)
    later += [
        closed,
        {"resourceType": "Patient", "id": p, "deceasedDateTime": when(end)[:10], "meta": newer},
        {
            **seen[-1],
            "abatementDateTime": when(end),
            "clinicalStatus": concept("resolved", "urn:s"),
            "meta": newer,
        },
        fact(
            "Condition",
            f"{p}-u",
            p,
            code=concept("C50", "urn:icd"),
            encounter={"reference": f"Encounter/{p}-e"},
        ),
    ]
    return seen, later


@pytest.mark.neo4j
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(history(), min_size=1, max_size=6))
def test_nothing_that_arrives_later_changes_what_was_known(
    graph: Graph,
    tmp_path_factory: pytest.TempPathFactory,
    histories: list[tuple[list[Resource], list[Resource]]],
) -> None:
    folder = tmp_path_factory.mktemp("late")
    people = [seen[0]["id"] for seen, _ in histories]
    load(graph, folder, *(r for seen, _ in histories for r in seen))
    before = pl.concat(facts(graph, [(p, NOON) for p in people]))
    persons = [journey(graph, p, NOON).patient for p in people]
    load(graph, folder, *(r for _, later in histories for r in later))
    after = pl.concat(facts(graph, [(p, NOON) for p in people]))
    assert after.equals(before)
    assert before.height == sum(len(seen) - 1 for seen, _ in histories)
    for person, then in zip(people, persons, strict=True):
        now = journey(graph, person, NOON).patient
        assert {**now, "line": 0, "run": "", "source": ""} == {**then, "line": 0, "run": "", "source": ""}
        assert journey(graph, person).patient["dead"] is True
    assert pl.concat(facts(graph, [(p, None) for p in people])).height > before.height


@pytest.fixture
def record(graph: Graph, tmp_path: Path) -> Graph:
    """One stay from 2 June to the bare date 5 June 2150, with facts of each kind of clock."""
    inside = {"encounter": {"reference": "Encounter/e"}}
    load(
        graph,
        tmp_path,
        {"resourceType": "Patient", "id": "p", "deceasedDateTime": "2150-06-05", "gender": "male"},
        {"resourceType": "Medication", "id": "m", "code": concept("2599", "urn:rx")},
        stay("e", "p", "2150-06-02T08:00:00Z", "2150-06-05", hospitalization=DEATH),
        fact("Condition", "undated", "p", code=concept("I21", "urn:icd"), **inside),
        fact(
            "Observation", "bp", "p", code=concept("85354-9"), effectiveDateTime="2150-06-02T09:00:00Z", **inside,
            component=[
                {"code": concept("8480-6"), "valueQuantity": {"value": 120, "unit": "mm[Hg]"}},
                {"code": concept("8462-4"), "valueQuantity": {"value": 80, "unit": "mm[Hg]"}},
            ],
        ),
        fact("MedicationRequest", "order", "p", authoredOn="2150-06-01T00:00:00Z", **inside,
             medicationReference={"reference": "Medication/m"}),
    )  # fmt: skip
    return graph


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def keys(graph: Graph, moment: str) -> set[str]:
    seen = journey(graph, "p", at(moment))
    return {row["key"] for row in (*seen.encounters, *seen.facts)}


@pytest.mark.neo4j
def test_the_end_of_a_stay_and_the_death_are_hidden_until_that_day_is_over(record: Graph) -> None:
    during, over = at("2150-06-05T23:59:59Z"), at("2150-06-06T00:00:00Z")
    (open_,), (closed,) = (
        journey(record, "Patient/p", during).encounters,
        journey(record, "p", over).encounters,
    )
    assert (open_["end"], open_["status"], open_["disposition"]) == (None, None, None)
    assert (closed["status"], closed["disposition"]) == ("finished", "exp")
    assert closed["end"] == at("2150-06-05T23:59:59.999Z")
    assert "deceased" not in journey(record, "p", during).patient
    assert journey(record, "p", over).patient["dead"] is True


@pytest.mark.neo4j
def test_an_undated_diagnosis_is_known_at_discharge(record: Graph) -> None:
    assert "Condition/undated" not in keys(record, "2150-06-05T20:00:00Z")
    assert "Condition/undated" in keys(record, "2150-06-06T00:00:00Z")


@pytest.mark.neo4j
def test_a_fact_does_not_tell_of_an_encounter_that_has_not_begun(record: Graph) -> None:
    (early,) = journey(record, "p", at("2150-06-01T12:00:00Z")).facts
    assert (early["key"], early["encounter"], early["class"]) == ("MedicationRequest/order", None, None)
    late = next(r for r in journey(record, "p").facts if r["key"] == early["key"])
    assert (late["encounter"], late["class"]) == ("Encounter/e", "IMP")


@pytest.mark.neo4j
def test_a_medicine_named_by_reference_has_its_code(record: Graph) -> None:
    (order,) = pl.concat(facts(record, [("p", None)], types=["MedicationRequest"])).to_dicts()
    assert (order["system"], order["code"], order["codes"]) == ("urn:rx", "2599", ["urn:rx|2599"])


@pytest.mark.neo4j
def test_components_are_rows_of_their_own_after_the_panel(record: Graph) -> None:
    rows = pl.concat(
        facts(record, [("p", None)], types=["Observation"], systems=["http://loinc.org"])
    ).to_dicts()
    assert [(r["key"], r["code"], r["value"]) for r in rows] == [
        ("Observation/bp", "85354-9", None), ("Observation/bp", "8480-6", 120.0), ("Observation/bp", "8462-4", 80.0)
    ]  # fmt: skip
    assert {r["encounter"] for r in rows} == {"Encounter/e"}


@pytest.mark.neo4j
def test_many_moments_come_in_order_with_the_same_columns(record: Graph) -> None:
    moments = [
        ("p", None),
        ("p", at("2150-06-02T08:30:00Z")),
        ("nobody", None),
        ("p", at("2149-01-01T00:00:00Z")),
    ]
    frames = list(facts(record, moments, batch=2))
    assert [list(f.columns) for f in frames] == [list(COLUMNS)] * 2
    assert all(dict(f.schema) == schema() for f in frames)
    assert frames[1].is_empty()
    assert frames[0]["at"].to_list()[-2:] == [at("2150-06-02T08:30:00Z")] * 2
    assert frames[0]["at"].null_count() == frames[0].height - 2


@pytest.mark.neo4j
@pytest.mark.parametrize(
    "moment", ["2150-06-01T12:00:00Z", "2150-06-02T08:30:00Z", "2150-06-06T00:00:00Z", None]
)
def test_a_journey_has_the_rows_of_the_frame_in_the_same_order(record: Graph, moment: str | None) -> None:
    then = at(moment) if moment else None
    seen = journey(record, "p", then)
    (frame,) = facts(record, [("p", then)])
    rows = frame.drop("patient", "at").to_dicts()
    assert [r for r in rows if r["type"] == "Encounter"] == seen.encounters
    assert [r for r in rows if r["type"] != "Encounter"] == seen.facts
    assert all(list(row) == list(COLUMNS[2:]) for row in (*seen.encounters, *seen.facts))
    assert rows


@pytest.mark.neo4j
def test_systems_keep_encounters_and_facts_coded_in_them(record: Graph) -> None:
    seen = pl.concat(facts(record, [("p", None)], systems=["urn:icd"]))
    assert seen["key"].to_list() == ["Condition/undated", "Encounter/e"]


@pytest.mark.neo4j
def test_an_unknown_patient_and_an_instant_without_zone_are_refused(graph: Graph) -> None:
    with pytest.raises(NotFoundError, match="cwm patient list"):
        journey(graph, "nobody")
    with pytest.raises(InvalidInputError, match="time zone"):
        list(facts(graph, [("nobody", datetime(2020, 1, 1))]))  # noqa: DTZ001 - that is the point
