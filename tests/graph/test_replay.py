"""A journey told event by event is the journey told at once; and nothing that comes later changes what is read as of before."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import Graph, search
from graph.digest import digest
from graph.export import fhir, meds, parquet
from graph.export.request import request
from graph.ingest import ingest
from graph.journey import facts, journey
from tests.graph.made import ndjson
from tests.graph.test_journey import NOON, Resource, concept, fact, stay, when
from tests.graph.test_tables import contents

pytestmark = pytest.mark.neo4j
HEART = {"code": {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]}}
DIED = {"dischargeDisposition": {"coding": [{"system": "urn:d", "code": "exp", "display": "Expired"}]}}
COMMON = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
HOURS = st.integers(-60, 60)
Event = tuple[int, Resource]
"""When it became known, in hours from noon, and what."""


@st.composite
def told(draw: st.DrawFn) -> list[Event]:
    """What happens to one patient, each with the hour at which it became known; some of it without a time of its own."""
    events: list[Event] = [(-1000, {"resourceType": "Patient", "id": "p", "gender": "female"})]
    for i, (begin, long) in enumerate(draw(st.lists(st.tuples(HOURS, st.integers(1, 40)), max_size=2))):
        ended = {"hospitalization": DIED} if draw(st.booleans()) else {}
        events.append((begin, stay(f"e{i}", "p", when(begin), when(begin + long), **ended)))
        inside = {"encounter": {"reference": f"Encounter/e{i}"}}
        if draw(st.booleans()):  # known when the stay is over
            disease = fact("Condition", f"u{i}", "p", code=concept("I21", "urn:icd"), **inside)
            events.append((begin + long, disease))
        period = {"start": when(begin + 1), "end": when(begin + long)}
        done = {"code": concept("80146002", "urn:s"), "outcome": concept("385669000", "urn:s")}
        events.append((begin + 1, fact("Procedure", f"q{i}", "p", performedPeriod=period, **done, **inside)))
    for i, (held, lag) in enumerate(draw(st.lists(st.tuples(HOURS, st.integers(0, 30)), max_size=3))):
        times = {"effectiveDateTime": when(held), "issued": when(held + lag)}
        value = {"valueQuantity": {"value": 60 + i, "unit": "/min"}}
        events.append((held + lag, fact("Observation", f"o{i}", "p", **times, **HEART, **value)))
    known = draw(HOURS)
    code = concept("44054006", "urn:s")
    return [*events, (known, fact("Condition", "c", "p", code=code, recordedDate=when(known)))]


def load(graph: Graph, folder: Path, *resources: Resource) -> None:
    path = ndjson(folder / "some.ndjson", resources)
    assert set(ingest(graph, [path]).reasons) <= {"older-version"}


def read(graph: Graph, at: datetime | None) -> Any:
    """A journey as it is read at an instant, without what tells of the ingest."""
    seen = journey(graph, "p", at)
    person = {k: v for k, v in seen.patient.items() if k not in {"line", "run", "source"}}
    return person, seen.encounters, seen.facts


@settings(COMMON, max_examples=3)
@given(told(), st.randoms(use_true_random=False))
def test_events_one_by_one_in_any_order_give_the_journey_that_is_loaded_whole(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, events: list[Event], random: Any
) -> None:
    folder = tmp_path_factory.mktemp("any")
    instants = [None, NOON, *(NOON + timedelta(hours=h) for h in (-61, -20, 20, 120))]
    graph.write("admin.clear", batch=5000)
    load(graph, folder, *(resource for _, resource in events))
    whole = digest(graph), [read(graph, at) for at in instants], digest(graph, NOON)
    graph.write("admin.clear", batch=5000)
    random.shuffle(events)
    for _, resource in events:
        load(graph, folder, resource)
    assert (digest(graph), [read(graph, at) for at in instants], digest(graph, NOON)) == whole


@settings(COMMON, max_examples=3)
@given(told())
def test_events_as_they_become_known_give_at_each_moment_what_the_whole_gives_as_of_then(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    folder = tmp_path_factory.mktemp("known")
    graph.write("admin.clear", batch=5000)
    load(graph, folder, *(resource for _, resource in events))
    moments = sorted({hour for hour, _ in events})
    then = [read(graph, NOON + timedelta(hours=hour)) for hour in moments]
    graph.write("admin.clear", batch=5000)
    for hour, seen in zip(moments, then, strict=True):
        # What waits for the end of its stay is written when that end is known: its stay was there before.
        load(graph, folder, *(resource for known, resource in events if known == hour))
        assert read(graph, NOON + timedelta(hours=hour)) == seen


def everything(graph: Graph, folder: Path) -> dict[str, Any]:
    """All that can be read as of noon: journeys, digest, searches, exports."""
    asked = request(graph, NOON)
    fhir.export(graph, folder / "fhir", asked=asked)
    parquet.export(graph, folder / "parquet", asked)
    meds.export(graph, folder / "meds", asked)
    said: dict[str, Any] = {name: contents(folder / name) for name in ("fhir", "parquet", "meds")}
    words = ("heart", "exp", "44054006", "385669000")
    said["codes"] = [search.concepts(graph, word, at=NOON) for word in words]
    said["facts"] = [search.facts(graph, word, at=NOON) for word in words]
    said["rows"] = pl.concat(facts(graph, [("p", NOON)])).to_dicts()
    return said | {"journey": read(graph, NOON), "digest": digest(graph, NOON)}


@settings(COMMON, max_examples=3)
@given(told())
def test_what_becomes_known_after_noon_changes_nothing_that_is_read_as_of_noon(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    """Later facts, and later versions of what was known: the end of a stay with its outcome, a death."""
    pytest.importorskip("meds")
    folder = tmp_path_factory.mktemp("late")
    graph.write("admin.clear", batch=5000)
    load(graph, folder, *(open_(resource) for hour, resource in events if hour <= 0))
    before = everything(graph, folder / "before")
    assert before["rows"] or min(hour for hour, _ in events[1:]) > 0
    newer = {"meta": {"lastUpdated": when(24 * 90)}}
    death = {"resourceType": "Patient", "id": "p", "gender": "female", "deceasedDateTime": when(130), **newer}
    late = fact("Observation", "late", "p", effectiveDateTime=when(-500), issued=when(1), **HEART)
    load(graph, folder, death, late, *(resource | newer for _, resource in events[1:]))
    after = everything(graph, folder / "after")
    for name, said in before.items():
        assert after[name] == said, name
    assert journey(graph, "p").patient["dead"] is True


def open_(resource: Resource) -> Resource:
    """The resource as it stood at noon: what was not over yet is without its end and outcome."""
    made: Resource = json.loads(json.dumps(resource))
    for name in ("period", "performedPeriod"):
        if name in made and made[name]["end"] > when(0):
            del made[name]["end"]
            made.pop("hospitalization", None)
            made.pop("outcome", None)
            if made["resourceType"] == "Encounter":
                made["status"] = "in-progress"
    return made
