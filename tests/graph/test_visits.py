"""Encounters without a time of their own: the first place, the encounter that they are a part of, what R5 calls it."""

import itertools
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.digest import digest
from graph.fhir.project import project
from graph.ingest import ingest
from graph.journey import journey
from tests.graph.made import Resource, encounter, ndjson, patient

FRESH = itertools.count()
WARD = {"start": "2020-01-01T10:00:00Z", "end": "2020-01-02T10:00:00Z"}


def visit(id_: str, **more: Any) -> Resource:
    """An encounter that says no period."""
    return {name: value for name, value in encounter(id_).items() if name != "period"} | more


def part(id_: str, of: str, **more: Any) -> Resource:
    return visit(id_, partOf={"reference": f"Encounter/{of}"}, **more)


def diagnosis(id_: str, of: str) -> Resource:
    here = {"subject": {"reference": "Patient/p1"}, "encounter": {"reference": f"Encounter/{of}"}}
    return {"resourceType": "Condition", "id": id_, "code": {"text": "flu"}, **here}


def take(graph: Graph, folder: Path, *resources: Resource) -> None:
    assert ingest(graph, [ndjson(folder / f"{next(FRESH)}.ndjson", resources)]).set_aside == 0


def known(graph: Graph, hour: int | None, day: int = 1) -> set[str]:
    at = None if hour is None else datetime(2020, 1, day, hour, tzinfo=UTC)
    seen = journey(graph, "p1", at)
    return {row["key"].partition("/")[2] for row in (*seen.encounters, *seen.facts)}


def test_an_encounter_without_a_period_begins_at_its_first_place() -> None:
    seen = project(visit("e", location=[{"location": {"display": "ward"}, "period": WARD}]))
    assert (seen.props["clock"], str(seen.props["start"])) == (
        "location.period.start",
        "2020-01-01 10:00:00+00:00",
    )
    assert "closed" not in seen.props  # when the stay ended, the last place alone does not say


def test_an_encounter_of_r5_is_read_by_its_new_names() -> None:
    gone = {"coding": [{"system": "urn:d", "code": "exp"}]}
    seen = project(visit("e", actualPeriod=WARD, admission={"dischargeDisposition": gone})).props
    assert (seen["clock"], seen["disposition"]) == ("actualPeriod.start", "exp")
    assert str(seen["closed"]) == str(seen["end"]) == "2020-01-02 10:00:00+00:00"


@pytest.mark.neo4j
def test_a_part_of_a_stay_is_known_with_the_stay_and_its_facts_when_that_is_over(
    graph: Graph, tmp_path: Path
) -> None:
    take(
        graph,
        tmp_path,
        patient(),
        part("inner", "middle"),
        diagnosis("flu", "inner"),
        part("middle", "whole"),
    )
    assert known(graph, None) == {"inner", "middle", "flu"}
    assert known(graph, 20) == set()
    take(graph, tmp_path, encounter("whole"))
    assert [known(graph, hour) for hour in (7, 8, 18)] == [
        set(),
        {"inner", "middle", "whole"},
        {"inner", "middle", "whole", "flu"},
    ]
    clocks = graph.frame(
        "MATCH (e:Encounter) RETURN e.id AS id, e.clock AS clock, e.start_clock AS start ORDER BY id"
    )
    assert clocks.rows() == [
        ("inner", "partOf", "partOf"),
        ("middle", "partOf", "partOf"),
        ("whole", "period.start", None),
    ]


@pytest.mark.neo4j
def test_a_part_follows_when_the_stay_is_told_anew(graph: Graph, tmp_path: Path) -> None:
    newer = {"meta": {"versionId": "2"}}
    moved = encounter("whole", start="2020-01-03T08:00:00Z") | newer
    line = [patient(), encounter("whole"), part("inner", "whole"), diagnosis("flu", "inner"), moved]
    take(graph, tmp_path, *line[:4])
    take(graph, tmp_path, moved)
    assert (known(graph, 20), known(graph, 20, 3)) == (set(), {"inner", "whole", "flu"})
    timeless = part("whole", "inner", meta={"versionId": "3"})
    take(graph, tmp_path, timeless)
    assert known(graph, 20, 3) == set()  # each is a part of the other now, and neither says when
    want = digest(graph)
    graph.write("admin.clear", batch=5000)
    take(graph, tmp_path, patient(), timeless, part("inner", "whole"), diagnosis("flu", "inner"))
    assert digest(graph) == want


@pytest.mark.neo4j
def test_a_long_chain_of_parts_follows_when_the_stay_is_told_anew(graph: Graph, tmp_path: Path) -> None:
    chain = [part("c0", "whole"), *(part(f"c{i + 1}", f"c{i}") for i in range(13)), diagnosis("flu", "c13")]
    moved = encounter("whole", start="2020-01-03T08:00:00Z", meta={"versionId": "2"})
    take(graph, tmp_path, patient(), encounter("whole"), *chain)
    take(graph, tmp_path, moved)
    assert (known(graph, 20), len(known(graph, 20, 3))) == (set(), 16)


@pytest.mark.neo4j
@pytest.mark.parametrize("seed", range(3))
def test_the_order_in_which_parts_and_stays_come_changes_nothing(
    graph: Graph, tmp_path: Path, seed: int
) -> None:
    visits = [encounter("whole"), part("a", "whole"), part("b", "a"), part("c", "b"), part("lost", "nobody")]
    ended = visit("d", period={"end": "2020-01-01T12:00:00Z"}, partOf={"reference": "Encounter/whole"})
    line = [patient(), *visits, ended, *(diagnosis(f"of-{v['id']}", v["id"]) for v in [*visits, ended])]
    take(graph, tmp_path, *line)
    want = digest(graph)
    assert known(graph, 13) >= {"a", "b", "c", "of-d"}
    assert known(graph, 19) == known(graph, None) - {"lost", "of-lost"}
    graph.write("admin.clear", batch=5000)
    random.Random(seed).shuffle(line)  # noqa: S311
    for resource in line:
        take(graph, tmp_path, resource)
    assert digest(graph) == want
