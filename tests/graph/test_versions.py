"""Corrections: what a fact said before is read as of before, what it says now is read from then on, in whatever order it came."""

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from graph import Graph, Settings, open_graph, server
from graph.ask import ask
from graph.bulk.load import load
from graph.digest import digest
from graph.export import fhir
from graph.export.rdf import statements
from graph.export.request import request
from graph.fhir.versions import Said, stretches
from graph.ingest import IngestReport, ingest
from graph.journey import facts, journey
from graph.loop import fill
from graph.patients import corrections
from ontology.errors import InvalidInputError
from tests.conftest import Run
from tests.graph.made import Resource, bundle, encounter, entry, ndjson, observation, patient
from tests.graph.test_deletes import delete
from tests.graph.test_replay import everything

DAY = datetime(2150, 6, 1, tzinfo=UTC)
"""Before :data:`tests.graph.test_journey.NOON`."""
COMMON = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def day(days: float) -> datetime:
    return DAY + timedelta(days=days)


def pulse(value: int, days: float, id_: str = "o1", **more: Any) -> Resource:
    """A heart rate as it was last updated so many days after the first day."""
    meta = {"lastUpdated": day(days).isoformat(), "versionId": str(days)}
    times = {"effectiveDateTime": day(-2).isoformat(), "issued": day(-1).isoformat()}
    return observation(id_, **times, valueQuantity={"value": value, "unit": "/min"}, meta=meta, **more)


def take(graph: Graph, folder: Path, *lines: Any) -> IngestReport:
    report = ingest(graph, [ndjson(folder / f"{random.random()}.ndjson", lines)])  # noqa: S311
    assert report.read == report.written + report.unchanged + report.deleted + report.set_aside
    return report


@contextmanager
def imported(folder: Path, lines: Sequence[Any]) -> Iterator[Graph]:
    """A graph of its own, made by Neo4j's importer."""
    path = ndjson(folder / "in" / "a.ndjson", lines)
    own = Settings(home=folder / "own", heap="400m", page_cache="32m", grace=0)
    assert own.embedded
    try:
        load(own, [path])
        with open_graph(own) as made:
            yield made
    finally:
        server.stop(own.embedded)


def values(graph: Graph, at: datetime | None, key: str = "Observation/o1") -> list[float]:
    """What is read of a fact, by both ways of reading."""
    rows = [row for row in journey(graph, "p1", at).facts if row["key"] == key]
    (frame,) = facts(graph, [("p1", at)], types=["Observation"])
    assert [row["value"] for row in rows] == [v for k, v in frame.select("key", "value").rows() if k == key]
    return [row["value"] for row in rows]


@given(
    st.dictionaries(st.integers(1, 30), st.sampled_from("abc"), min_size=1, max_size=8),
    st.none() | st.integers(1, 30),
)
def test_at_each_instant_one_version_is_known_and_it_is_the_last_that_was_said(
    told: dict[int, str], gone: int | None
) -> None:
    tomb = f"{gone:04}|~|~" if gone else None
    line = stretches([Said(f"{at:04}|{at}", what) for at, what in told.items()], tomb)
    for now in range(32):
        seen = [
            s.said[0].content
            for s in line
            if (s.since is None or int(s.since) <= now) and (s.until is None or int(s.until) > now)
        ]
        last = max((at for at in told if at <= now), default=None)
        if gone and gone <= now and gone >= max(told):
            continue  # that the newest is deleted is told by its own mark
        if gone and gone <= now and (last is None or last <= gone):
            assert seen == []
        elif last is None:
            assert seen in ([told[min(told)]], [])
        else:
            assert seen == [told[last]]


@pytest.mark.neo4j
def test_a_corrected_value_is_read_from_its_correction_on_and_the_old_one_before(
    graph: Graph, tmp_path: Path
) -> None:
    take(graph, tmp_path, patient(), pulse(60, 1))
    report = take(graph, tmp_path, pulse(80, 5))
    assert (report.written, report.set_aside) == (1, 0)
    assert values(graph, day(0)) == values(graph, day(4)) == [60]
    assert values(graph, day(5)) == values(graph, None) == [80]
    assert values(graph, day(-1.5)) == []


@pytest.mark.neo4j
def test_an_older_version_that_comes_later_tells_what_was_known_before(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, patient(), pulse(80, 5))
    assert values(graph, day(4)) == [80]
    report = take(graph, tmp_path, pulse(60, 1), pulse(70, 3))
    assert (report.written, report.reasons) == (2, {})
    assert [values(graph, day(d)) for d in (2, 4, 6)] == [[60], [70], [80]]
    again = take(graph, tmp_path, pulse(70, 3), pulse(80, 5), pulse(60, 1))
    assert (again.unchanged, again.written) == (3, 0)


@pytest.mark.neo4j
def test_what_was_entered_in_error_is_read_as_final_before_that_was_found(
    graph: Graph, tmp_path: Path
) -> None:
    wrong = pulse(60, 5) | {"status": "entered-in-error"}
    take(graph, tmp_path, patient(), pulse(60, 1), wrong)
    before, after = (journey(graph, "p1", day(d)).facts[0]["status"] for d in (4, 6))
    assert (before, after) == ("final", "entered-in-error")


@pytest.mark.neo4j
def test_a_version_that_says_the_same_again_corrects_nothing(graph: Graph, tmp_path: Path) -> None:
    """A data set that is published anew every month: nothing in it becomes known anew, and no node comes."""
    take(graph, tmp_path, patient(), pulse(60, 1))
    nodes = len(graph.read("ingest.digest_nodes"))
    for month in (3, 5, 7):
        take(graph, tmp_path, pulse(60, month))
    assert len(graph.read("ingest.digest_nodes")) == nodes
    assert values(graph, day(0)) == [60]
    take(graph, tmp_path, pulse(61, 4))
    assert [values(graph, day(d)) for d in (3.5, 4.5, 5.5)] == [[60], [61], [60]]


@pytest.mark.neo4j
def test_of_two_versions_with_one_instant_only_the_last_was_ever_to_be_seen(
    graph: Graph, tmp_path: Path
) -> None:
    first, second = pulse(60, 3), pulse(80, 3)
    second["meta"] = second["meta"] | {"versionId": "9"}
    take(graph, tmp_path, patient(), first, second)
    assert values(graph, day(0)) == [80]
    assert take(graph, tmp_path, first).reasons == {"older-version": 1}


@pytest.mark.neo4j
def test_what_is_no_fact_and_no_encounter_keeps_its_newest_version_only(graph: Graph, tmp_path: Path) -> None:
    new, old = ({"meta": {"lastUpdated": day(d).isoformat()}} for d in (5, 1))
    clinic = {"resourceType": "Organization", "id": "c"}
    take(graph, tmp_path, patient(**new), clinic | new)
    report = take(graph, tmp_path, patient(birthDate="1980-01-01", **old), clinic | {"name": "old"} | old)
    assert report.reasons == {"older-version": 2}


@pytest.mark.neo4j
def test_a_corrected_diagnosis_without_a_time_is_known_from_discharge_and_corrected_when_it_was(
    graph: Graph, tmp_path: Path
) -> None:
    stay = encounter(period={"start": day(0).isoformat(), "end": day(2).isoformat()})
    here = {"subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"}}

    def diagnosis(code: str, at: float) -> Resource:
        coding = {"coding": [{"system": "urn:icd", "code": code}]}
        meta = {"lastUpdated": day(at).isoformat()}
        return {"resourceType": "Condition", "id": "c", "code": coding, "meta": meta, **here}

    take(graph, tmp_path, diagnosis("I21", 1), diagnosis("I20", 4))
    take(graph, tmp_path, patient(), stay)
    seen = [[row["code"] for row in journey(graph, "p1", day(d)).facts] for d in (1.5, 3, 5)]
    assert seen == [[], ["I21"], ["I20"]]


@pytest.mark.neo4j
def test_what_a_bundle_meant_by_its_addresses_stays_true_of_the_version_that_came_in_it(
    graph: Graph, tmp_path: Path
) -> None:
    first = pulse(60, 1) | {"subject": {"reference": "urn:uuid:1"}}
    device = {"resourceType": "Device", "id": "d", "owner": {"reference": "urn:uuid:2"}}
    first |= {"contained": [device], "device": {"reference": "#d"}}
    clinic = {"resourceType": "Organization", "id": "clinic"}
    entries = [entry(patient(), "urn:uuid:1"), entry(clinic, "urn:uuid:2"), entry(first, "urn:uuid:3")]
    ingest(graph, [bundle(tmp_path / "first.json", entries)])
    whole = digest(graph, day(4))
    take(graph, tmp_path, pulse(80, 5))
    assert (values(graph, day(4)), values(graph, day(6))) == ([60], [80])
    assert digest(graph, day(4)) == whole
    asked = {"type": "Observation", "patients": None, "linked": True, "apart": False}
    (row,) = graph.stream("export.known", at=day(4), **asked)
    assert {tuple(link) for link in row["links"]} >= {
        ("Observation/o1", "subject", "urn:uuid:1", "Patient/p1"),
        ("Observation/o1#d", "owner", "urn:uuid:2", "Organization/clinic"),
    }
    assert (row["key"], row["url"]) == ("Observation/o1", "urn:uuid:3")


@pytest.mark.neo4j
def test_a_fact_that_was_deleted_and_came_back_is_not_there_in_between(graph: Graph, tmp_path: Path) -> None:
    gone = json.dumps(
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [delete("Observation/o1", day(3).isoformat())],
        }
    )
    lines = [patient(), pulse(60, 1), gone, pulse(60, 5)]
    for order in (lines, lines[::-1]):
        graph.write("admin.clear", batch=5000)
        for line in order:
            take(graph, tmp_path, line)
        assert [values(graph, day(d)) for d in (2, 4, 6)] == [[60], [], [60]]


@pytest.mark.neo4j
def test_a_prediction_rests_on_what_was_known_at_its_instant(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, patient(), pulse(60, 1))
    agent = {
        "key": "twin@1+a",
        "props": {"name": "twin", "version": "1", "provider": "test", "kind": "program"},
    }
    with graph.driver.session(database=graph.database) as session:
        session.run("CREATE (a:Agent:Provider {key: $key}) SET a += $props", agent)

    def predict(id_: str, at: datetime) -> None:
        reason = {"key": "Observation/o1", "feature": "pulse", "value": 60.0, "contribution": 0.5}
        graph.write(
            "twin.write_prediction", id=id_, props={"index_time": at, "task": "t", "made": at}, patient="Patient/p1",
            encounter=None, agent=agent["key"], coordinate=None, facts=[reason],
        )  # fmt: skip

    def reasons() -> dict[str, float]:
        with graph.driver.session(database=graph.database) as session:
            found = session.run("MATCH (p:Prediction)-[:BECAUSE]->(f) RETURN p.id AS p, f.value AS v").data()
        return {row["p"]: row["v"] for row in found}

    predict("before", day(2))
    take(graph, tmp_path, pulse(80, 5))
    predict("then", day(3))
    predict("after", day(6))
    assert reasons() == {"before": 60, "then": 60, "after": 80}
    take(graph, tmp_path, pulse(50, 2.5), pulse(60, 0))
    assert reasons() == {"before": 60, "then": 50, "after": 80}
    assert graph.read("ask.leaking_reasons") == []
    (row,) = graph.read("twin.prediction", id="before")
    assert [reason["key"] for reason in row["because"]] == ["Observation/o1"]


@pytest.mark.neo4j
def test_the_corrections_of_a_patient_are_listed_with_what_was_said_before(
    graph: Graph, tmp_path: Path, cwm: Callable[..., Run]
) -> None:
    def pressure(high: int, days: int) -> Resource:
        parts = [
            {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": {"value": v, "unit": "mm[Hg]"}}
            for code, v in (("8480-6", high), ("8462-4", 70))
        ]  # fmt: skip
        meta = {"lastUpdated": day(days).isoformat()}
        return observation("bp", component=parts, issued=day(-1).isoformat(), meta=meta)

    assert cwm("patient", "corrections", "p1").status == 3
    take(graph, tmp_path, patient(), pulse(60, 1), pulse(61, 1, "o2"), pressure(120, 1))
    assert "No fact was corrected" in cwm("patient", "corrections", "p1").out
    take(graph, tmp_path, pulse(80, 5) | {"status": "corrected"}, pressure(140, 4))
    versions = cwm("patient", "corrections", "p1", "--json").json["versions"]
    assert [
        (v["key"][12:], v["value"], v["known"][:10], v["until"] and v["until"][:10]) for v in versions
    ] == [
        ("bp", None, "2150-05-31", "2150-06-05"),
        ("bp", None, "2150-06-05", None),
        ("o1", 60, "2150-05-31", "2150-06-06"),
        ("o1", 80, "2150-06-06", None),
    ]
    shown = cwm("patient", "corrections", "Patient/p1").out
    assert "120 mm[Hg]" in shown
    assert "corrected" in shown


@pytest.mark.neo4j
def test_a_correction_to_another_patient_is_told_in_each_record_as_far_as_it_is_theirs(
    graph: Graph, tmp_path: Path
) -> None:
    other = pulse(80, 5) | {"subject": {"reference": "Patient/p2"}}
    take(graph, tmp_path, patient(), patient("p2"), pulse(60, 1), other)
    assert [[row["value"] for row in corrections(graph, p)] for p in ("p1", "p2")] == [[60], [80]]
    assert (values(graph, day(4)), values(graph, day(6))) == ([60], [])


@pytest.mark.neo4j
def test_a_fact_that_is_known_stays_known_whatever_its_correction_says_of_its_issue(
    graph: Graph, tmp_path: Path
) -> None:
    take(graph, tmp_path, patient(), pulse(60, 1), pulse(80, 5) | {"issued": day(9).isoformat()})
    assert [values(graph, day(d)) for d in (4, 6, 10)] == [[60], [80], [80]]


@pytest.mark.neo4j
def test_when_versions_say_they_were_issued_after_they_were_updated_no_order_changes_what_was_known(
    graph: Graph, tmp_path: Path
) -> None:
    """The middle one was not known by itself when the last came, but the first was."""
    lines = [
        pulse(v, at) | {"issued": day(said).isoformat()}
        for v, at, said in ((50, 0, -1), (60, 1, 8), (70, 5, 9))
    ]
    found = []
    for order in itertools.permutations(lines):
        graph.write("admin.clear", batch=5000)
        for line in (patient(), *order):
            take(graph, tmp_path, line)
        assert [values(graph, day(d)) for d in (0.5, 2, 6)] == [[50], [60], [70]]
        found.append(digest(graph))
    assert len(set(found)) == 1


@pytest.mark.neo4j
def test_any_number_of_a_version_is_taken(graph: Graph, tmp_path: Path) -> None:
    odd = pulse(60, 1)
    odd["meta"] = odd["meta"] | {"versionId": "a~b|c"}
    for line in (patient(), odd, pulse(70, 3), pulse(80, 5)):
        take(graph, tmp_path, line)
    assert [values(graph, day(d)) for d in (2, 4, 6)] == [[60], [70], [80]]


@pytest.mark.neo4j
@pytest.mark.parametrize("named", [(1, 0, 1), (1, 1, 0), (0, 1, 1)])
def test_a_flag_that_names_its_patient_in_some_versions_only_is_the_same_in_every_order(
    graph: Graph, tmp_path: Path, named: tuple[int, ...]
) -> None:
    """A type without a mapping, which is a fact where it names somebody."""
    lines = []
    for at, has in enumerate(named, 1):
        flag = {
            "resourceType": "Flag",
            "id": "f",
            "code": {"text": str(at)},
            "period": {"start": "2150-05-01"},
        }
        subject = {"subject": {"reference": "Patient/p1"}} if has else {}
        lines.append(flag | subject | {"meta": {"lastUpdated": day(at).isoformat()}})
    found = set()
    for order in itertools.permutations(lines):
        graph.write("admin.clear", batch=5000)
        for line in (patient(), *order):
            take(graph, tmp_path, line)
        known = [len(journey(graph, "p1", day(at + 0.5)).facts) for at in (1, 2, 3)]
        found.add((digest(graph), *known))
    ((_, *known),) = found
    assert known == list(named)


@pytest.mark.neo4j
def test_what_a_bundle_meant_by_its_addresses_holds_also_where_it_has_not_arrived(
    graph: Graph, tmp_path: Path
) -> None:
    first = pulse(60, 1) | {"subject": {"reference": "urn:uuid:1"}}
    path = bundle(tmp_path / "b.json", [entry(patient(birthDate="1970-13-01"), "urn:uuid:1"), entry(first)])
    digests = []
    for early in (True, False):
        graph.write("admin.clear", batch=5000)
        if not early:
            take(graph, tmp_path, pulse(80, 5))
        assert ingest(graph, [path]).reasons == {"bad-value": 1}
        if early:
            take(graph, tmp_path, pulse(80, 5))
        take(graph, tmp_path, patient())
        assert (values(graph, day(4)), values(graph, day(6))) == ([60], [80])
        digests.append(digest(graph))
    assert digests[0] == digests[1]


@pytest.mark.neo4j
def test_what_others_refer_to_is_linked_as_of_before_its_correction(graph: Graph, tmp_path: Path) -> None:
    """In RDF, of all and of the patient; and a question shows the reason as it was called then."""

    def problem(name: str, at: float) -> Resource:
        of = {"subject": {"reference": "Patient/p1"}, "recordedDate": day(-9).isoformat()}
        code = {"coding": [{"system": "urn:icd", "code": "I21", "display": name}]}
        return {
            "resourceType": "Condition",
            "id": "c",
            "code": code,
            "meta": {"lastUpdated": day(at).isoformat()},
            **of,
        }

    order = {"resourceType": "MedicationRequest", "id": "m", "subject": {"reference": "Patient/p1"}}
    order |= {"authoredOn": day(-8).isoformat(), "reasonReference": [{"reference": "Condition/c"}]}
    take(graph, tmp_path, patient(), order, problem("angina", 1))

    def read() -> Any:
        whole, own = (
            {str(t) for part in statements(graph, who, at=day(4)) for t in part if "ingest" not in str(t)}
            for who in (None, ["p1"])
        )
        said = {t for t in whole | own if "/run" not in t and "IngestRun" not in t and "Run/" not in t}
        reasons = ask(graph, "active_medications", {"patient": "p1", "at": day(4).isoformat()}).rows
        return {t for t in said if "Condition/c>" in t and "REASON_REFERENCE" in t}, len(own), reasons

    before = read()
    assert len(before[0]) == 1
    assert before[2][0]["reason"] == "angina"
    take(graph, tmp_path, problem("infarction", 5))
    assert read() == before


@pytest.mark.neo4j
def test_a_prediction_on_what_is_contained_rests_on_what_was_known_too(graph: Graph, tmp_path: Path) -> None:
    def document(value: int | None, at: float) -> Resource:
        inner = observation("k", valueQuantity={"value": value}) if value else None
        of = {"subject": {"reference": "Patient/p1"}, "date": day(-1).isoformat()}
        made = {
            "resourceType": "DocumentReference",
            "id": "doc",
            "meta": {"lastUpdated": day(at).isoformat()},
            **of,
        }
        return made | ({"contained": [inner]} if inner else {"description": "none"})

    take(graph, tmp_path, patient(), document(5, 1))
    with graph.driver.session(database=graph.database) as session:
        session.run(
            "MATCH (f:Resource {key: 'DocumentReference/doc#k'})"
            " CREATE (:Prediction {id: 'x', index_time: $at})-[:BECAUSE {feature: 'f'}]->(f)",
            at=day(2),
        )
    for later in (document(9, 5), document(None, 7), document(3, 6)):
        take(graph, tmp_path, later)
        with graph.driver.session(database=graph.database) as session:
            found = session.run("MATCH (:Prediction)-[:BECAUSE]->(f) RETURN f.value AS value").data()
        assert found == [{"value": 5}]


TOLD = st.lists(
    st.tuples(st.integers(-3, 30), st.sampled_from([60, 70, 80]), st.sampled_from(["o1", "o2"])),
    min_size=2,
    max_size=8,
    unique_by=lambda one: (one[0], one[2]),
)


@pytest.mark.neo4j
@settings(COMMON, max_examples=8)
@given(TOLD, st.none() | st.integers(0, 30), st.randoms(use_true_random=False))
def test_the_order_in_which_versions_come_changes_nothing(
    graph: Graph,
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[int, int, str]],
    gone: int | None,
    mixed: random.Random,
) -> None:
    folder = tmp_path_factory.mktemp("mixed")
    lines: list[Any] = [pulse(value, at, id_) for at, value, id_ in told]
    if gone is not None:
        assume(all(at != gone for at, _, id_ in told if id_ == "o1"))
        where = [delete("Observation/o1", day(gone).isoformat())]
        lines.append(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": where}))
    lines.append(patient())
    instants = [None, *(day(d + 0.5) for d in range(-1, 31, 4))]

    def read() -> Any:
        seen = [journey(graph, "p1", at).facts for at in instants]
        return seen, digest(graph), [digest(graph, at) for at in instants if at]

    graph.write("admin.clear", batch=5000)
    take(graph, folder, *lines)
    whole = read()
    for at, rows in zip(instants[1:], whole[0][1:], strict=True):
        now: dict[str, list[float]] = {id_: [] for id_ in ("o1", "o2")}
        for id_ in now:
            known = [(t, v) for t, v, i in told if i == id_]
            last = max(
                (t for t, _ in known if day(t) <= at), default=min((t for t, _ in known), default=None)
            )
            dead = id_ == "o1" and gone is not None and day(gone) <= at and (last is None or last < gone)
            early = id_ == "o1" and gone is not None and known and gone < min(known)[0]
            if not dead and known and not (early and day(min(known)[0]) > at):
                now[id_] = [v for t, v in known if t == last]
        assert {id_: [r["value"] for r in rows if r["key"] == f"Observation/{id_}"] for id_ in now} == now
    graph.write("admin.clear", batch=5000)
    mixed.shuffle(lines)
    for part in _parts(lines, mixed):
        take(graph, folder, *part)
    assert read() == whole
    assert take(graph, folder, *lines).written == 0
    assert read() == whole


def _parts(lines: list[Any], mixed: random.Random) -> Sequence[list[Any]]:
    cuts = sorted(mixed.sample(range(len(lines) + 1), k=min(2, len(lines))))
    return [part for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True) if (part := lines[a:b])]


@pytest.mark.neo4j
@settings(COMMON, max_examples=4)
@given(TOLD)
def test_no_correction_changes_what_is_read_as_of_before_it(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, int, str]]
) -> None:
    """Journeys, digests, searches and every export; a correction after noon of the 15th."""
    pytest.importorskip("meds")
    folder = tmp_path_factory.mktemp("corrected")
    graph.write("admin.clear", batch=5000)
    people = [patient("p"), *(encounter(f"e{i}", "Patient/p", day(i).isoformat()) for i in range(2))]
    of = {"subject": {"reference": "Patient/p"}, "encounter": {"reference": "Encounter/e0"}}
    versions = sorted(told, key=lambda one: one[0])
    take(graph, folder, *people, *(pulse(v, at, i) | of for at, v, i in versions if at <= 14))
    before = everything(graph, folder / "before")
    take(graph, folder, *(pulse(v, at, i) | of for at, v, i in versions if at > 14 and _there(versions, i)))
    after = everything(graph, folder / "after")
    for name, said in before.items():
        assert after[name] == said, name


def _there(versions: list[tuple[int, int, str]], id_: str) -> bool:
    """Whether the fact was there before: one that was not is known since its result was issued, and no correction."""
    return any(at <= 14 for at, _, i in versions if i == id_)


@pytest.mark.neo4j
def test_an_export_as_of_before_a_correction_is_taken_in_again_as_it_was(
    graph: Graph, tmp_path: Path
) -> None:
    take(graph, tmp_path, patient(), pulse(60, 1))
    before = digest(graph, day(4))
    take(graph, tmp_path, pulse(80, 5))
    fhir.export(graph, tmp_path / "out", asked=request(graph, day(4)))
    graph.write("admin.clear", batch=5000)
    ingest(graph, [tmp_path / "out"])
    assert digest(graph, day(4)) == before
    assert values(graph, None) == [60]


@pytest.mark.neo4j
def test_an_export_with_its_history_is_taken_in_again_as_the_same_graph(graph: Graph, tmp_path: Path) -> None:
    take(graph, tmp_path, patient(), pulse(80, 5), pulse(60, 1), pulse(60, 7), pulse(70, 2, "o2"))
    whole = digest(graph)
    assert fhir.export(graph, tmp_path / "out", history=True) == {"Patient": 1, "Observation": 4}
    assert fhir.export(graph, tmp_path / "one", patient="p1", history=True)["Observation"] == 4
    assert fhir.export(graph, tmp_path / "now") == {"Patient": 1, "Observation": 2}
    gone = [delete("Observation/o2", day(9).isoformat())]
    take(graph, tmp_path, json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": gone}))
    assert fhir.export(graph, tmp_path / "less", history=True) == {"Patient": 1, "Observation": 3}
    with pytest.raises(InvalidInputError, match="whole record as it is"):
        fhir.export(graph, tmp_path / "then", history=True, asked=request(graph, day(4)))
    graph.write("admin.clear", batch=5000)
    ingest(graph, [tmp_path / "out"])
    assert digest(graph) == whole


@pytest.mark.neo4j
def test_a_corrected_fact_stays_where_it_stood_in_the_decision_loop(graph: Graph, tmp_path: Path) -> None:
    here = {"encounter": {"reference": "Encounter/e1"}}
    stay = encounter(period={"start": day(-3).isoformat(), "end": day(2).isoformat()})
    take(graph, tmp_path, patient(), stay, pulse(60, 1, **here), pulse(61, 1, "o2", **here))
    fill(graph)
    asked = {"encounter": "Encounter/e1", "at": None}
    before = graph.read("ask.decision_rounds", **asked)
    take(graph, tmp_path, pulse(80, 5, **here))
    report = fill(graph)
    assert (report.changed, graph.read("ask.decision_rounds", **asked)) == (1, before)
    assert len(before) == 2
    stated = {str(t) for part in statements(graph, ["p1"], at=day(4)) for t in part}
    placed = [t for t in stated if "PLACES>" in t and "Observation/o1>" in t]
    assert len(placed) == 1


@pytest.mark.neo4j
@pytest.mark.slow  # a second Neo4j
def test_a_first_load_by_the_importer_keeps_every_version(graph: Graph, tmp_path: Path) -> None:
    lines = [patient(), *(pulse(60 + d, d) for d in (5, 1, 3)), pulse(66, 2, "o2")]
    take(graph, tmp_path, *lines)
    with imported(tmp_path, lines) as made:
        assert digest(made) == digest(graph)
        assert [values(made, day(d)) for d in (2, 4, 6)] == [[61], [63], [65]]
