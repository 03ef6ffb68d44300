"""What references by identifier or by address mean, and what hangs on it, depends on no order and on no number of ingests."""

from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.digest import digest
from graph.ingest import ingest
from tests.graph.made import Resource, bundle, encounter, entry, ndjson, observation, patient

pytestmark = pytest.mark.neo4j


def version(resource: Resource, number: int) -> Resource:
    return resource | {"meta": {"versionId": str(number)}}


def by(number: str, resource: Resource) -> Resource:
    return resource | {"identifier": [{"system": "urn:n", "value": number}]}


def visit(id_: str, day: int, **more: Any) -> Resource:
    return encounter(id_, start=f"2020-01-{day:02}T08:00:00Z", **more)


def undated(**more: Any) -> Resource:
    at = {"encounter": {"reference": "Encounter?identifier=urn:n|1"}}
    return {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"}} | at | more


def organization(id_: str) -> Resource:
    """Which says that it gave its number itself."""
    itself = {"type": "Organization", "identifier": {"system": "urn:n", "value": "1"}}
    return {
        "resourceType": "Organization",
        "id": id_,
        "identifier": [{"system": "urn:n", "value": "1", "assigner": itself}],
    }


def under(address: str, resource: Resource) -> list[Resource]:
    return [entry(resource, address)]


DOCTOR: Resource = {"resourceType": "Practitioner", "id": "d"}
PART = {
    "contained": [{"resourceType": "Condition", "id": "in"}],
    "evidence": [{"detail": [{"reference": "#in"}]}],
}
NUMBERED = {"subject": {"reference": "Patient?identifier=urn:n|1"}}
SEEN = visit("e1", 1, participant=[{"individual": {"reference": "urn:uuid:77"}}])

CASES: dict[str, list[list[Resource]]] = {
    "a fact loses the times of an encounter of which there is another": [
        [patient(), undated(), by("1", visit("e1", 1))], [by("1", visit("e2", 5))]],
    "a fact that began before loses only when it became known": [
        [patient(), undated(onsetDateTime="2019"), by("1", visit("e1", 1))], [by("1", visit("e2", 5))]],
    "a fact loses the times of an encounter that loses its number": [
        [patient(), undated(), by("1", visit("e1", 1))], [version(visit("e1", 1), 2)]],
    "a contained part goes with its fact to another encounter": [
        [patient(), undated(**PART), by("1", visit("e1", 1))],
        [version(visit("e1", 1), 2), by("1", visit("e2", 5))]],
    "a contained part loses its times with its fact": [
        [patient(), undated(**PART), by("1", visit("e1", 1))], [by("1", visit("e2", 5))]],
    "what was around an encounter that goes is joined": [
        [by("1", patient()), visit("e1", 1), visit("e2", 2, **NUMBERED), visit("e3", 3)], [by("1", patient("p2"))]],
    "an encounter goes to another patient": [
        [by("1", patient()), visit("e1", 1), visit("e2", 2, **NUMBERED), visit("e3", 3)],
        [version(patient(), 2), by("1", patient("p2"))]],
    "one that refers to itself by a number that another has too": [[organization("a")], [organization("b")]],
    "two came under one address": [
        [patient(), SEEN], under("urn:uuid:77", DOCTOR), under("urn:uuid:77", DOCTOR | {"id": "e"})],
    "a newer version comes without the address": [
        [patient(), SEEN], under("urn:uuid:77", version(DOCTOR, 1)), [version(DOCTOR, 2)]],
    "an older version comes under the address": [
        [patient(), SEEN, version(DOCTOR, 2)], under("urn:uuid:77", version(DOCTOR, 1))],
    "the same came under two addresses": [
        [patient(), SEEN, visit("e2", 2, participant=[{"individual": {"reference": "urn:uuid:66"}}])],
        under("urn:uuid:77", DOCTOR), under("urn:uuid:66", DOCTOR)],
}  # fmt: skip
"""What is delivered, a file each."""


def deliver(folder: Path, files: list[list[Resource]]) -> list[Path]:
    folder.mkdir()
    return [
        bundle(folder / f"{at}.json", some, "collection")
        if "resource" in some[0]
        else ndjson(folder / f"{at}.ndjson", some)
        for at, some in enumerate(files)
    ]


@pytest.mark.parametrize("case", CASES)
def test_it_does_not_matter_how_it_is_delivered(graph: Graph, tmp_path: Path, case: str) -> None:
    files = deliver(tmp_path / "in", CASES[case])
    ingest(graph, files)
    whole = digest(graph)
    for turn in range(len(files)):
        for way in (1, -1):
            graph.write("admin.clear", batch=5000)
            for path in (files[turn:] + files[:turn])[::way]:
                ingest(graph, [path])
            assert digest(graph) == whole, (turn, way)
    ingest(graph, files)
    assert digest(graph) == whole, "again it changes nothing"


def test_a_reference_by_address_stays_when_a_newer_version_comes_without_it(
    graph: Graph, tmp_path: Path
) -> None:
    files = deliver(tmp_path / "in", CASES["a newer version comes without the address"])
    assert [ingest(graph, [path]).dangling for path in files] == [1, 0, 0]


def test_a_fact_whose_encounter_is_in_doubt_is_known_at_no_time(graph: Graph, tmp_path: Path) -> None:
    files = deliver(
        tmp_path / "in", CASES["a fact loses the times of an encounter of which there is another"]
    )
    for path in files:
        ingest(graph, [path])
    (node,) = [n for n in graph.stream("ingest.digest_nodes") if n["props"]["key"] == "Condition/c"]
    assert not {"recorded", "start", "start_clock"} & {k for k, v in node["props"].items() if v is not None}


def test_every_reference_of_an_element_is_one_relationship(graph: Graph, tmp_path: Path) -> None:
    files = deliver(tmp_path / "in", CASES["one that refers to itself by a number that another has too"])
    for path in files:
        ingest(graph, [path])
    said = [(r["props"]["owner"], r["props"]["path"]) for r in graph.stream("ingest.digest_links")]
    assert len(said) == len(set(said)) == 2


def test_a_fact_takes_the_times_of_its_encounter_again_with_its_parts(graph: Graph, tmp_path: Path) -> None:
    """The encounter is written anew with other times."""
    facts = [patient(), undated(**PART), observation("o")]
    late = version(by("1", visit("e1", 9)), 2)
    files = deliver(tmp_path / "in", [[*facts, by("1", visit("e1", 1))], [late]])
    for path in files:
        ingest(graph, [path])
    apart = digest(graph)
    graph.write("admin.clear", batch=5000)
    ingest(graph, [ndjson(tmp_path / "whole.ndjson", [*facts, late])])
    assert digest(graph) == apart
