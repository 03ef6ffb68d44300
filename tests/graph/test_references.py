"""References of every form resolve whenever both ends are there."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import Graph
from graph import ingest as graph_ingest
from graph.digest import digest
from graph.ingest import ingest
from tests.graph.made import Resource, bundle, encounter, entry, ndjson, observation, patient

pytestmark = pytest.mark.neo4j


def links(graph: Graph) -> set[tuple[str, str, str]]:
    return {
        (r["a"], r["type"], r["b"])
        for r in graph.stream("ingest.digest_links")
        if r["type"] not in {"CODED", "NEXT"}
    }


def doctor(id_: str, npi: str) -> Resource:
    return {"resourceType": "Practitioner", "id": id_, "identifier": [{"system": "http://npi", "value": npi}]}


def seen_by(reference: str) -> Resource:
    return encounter(participant=[{"individual": {"reference": reference}}])


FORMS = ["Patient/p1", "https://ehr.example.org/fhir/Patient/p1", "Patient/p1/_history/3"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fact_first", [True, False])
def test_a_reference_by_id_resolves_in_any_order(
    graph: Graph, tmp_path: Path, form: str, fact_first: bool
) -> None:
    parts = [observation("o", form), patient("p1")]
    for number, part in enumerate(parts if fact_first else reversed(parts)):
        report = ingest(graph, [ndjson(tmp_path / f"{number}.ndjson", [part])])
    assert links(graph) == {("Patient/p1", "HAS_EVENT", "Observation/o")}
    assert report.dangling == 0


@pytest.mark.parametrize("limit", [1 << 20, 900])
def test_references_by_urn_resolve_within_a_bundle_of_any_size(
    graph: Graph, tmp_path: Path, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        entry(observation("o", "urn:uuid:11"), "urn:uuid:22"),
        entry({"resourceType": "Patient"}, "urn:uuid:11"),
    ]
    path = bundle(tmp_path / "b.json", entries)
    monkeypatch.setitem(graph.settings.__dict__, "line_limit", limit)
    report = ingest(graph, [path])
    assert links(graph) == {("Patient/11", "HAS_EVENT", "Observation/o")}
    assert (report.written, report.dangling) == (2, 0)


def test_a_contained_resource_is_linked_to_its_owner(graph: Graph, tmp_path: Path) -> None:
    inside = {"contained": [{"resourceType": "Organization", "id": "org"}]}
    ingest(
        graph,
        [ndjson(tmp_path / "a.ndjson", [patient(managingOrganization={"reference": "#org"}, **inside)])],
    )
    assert links(graph) == {("Patient/p1", "MANAGING_ORGANIZATION", "Patient/p1#org")}
    newer = patient(managingOrganization={"reference": "Organization/1"}, meta={"versionId": "2"})
    ingest(graph, [ndjson(tmp_path / "b.ndjson", [newer, {"resourceType": "Organization", "id": "1"}])])
    assert links(graph) == {("Patient/p1", "MANAGING_ORGANIZATION", "Organization/1")}
    assert not any("#" in n["props"]["key"] for n in graph.stream("ingest.digest_nodes"))


@pytest.mark.parametrize("value", ["http://npi|7", "7"])
def test_a_conditional_reference_finds_the_one_with_that_identifier(
    graph: Graph, tmp_path: Path, value: str
) -> None:
    first = ingest(
        graph, [ndjson(tmp_path / "a.ndjson", [patient("p1"), seen_by(f"Practitioner?identifier={value}")])]
    )
    assert (first.dangling, first.dangling_sample[0]["owner"]) == (1, "Encounter")
    second = ingest(graph, [ndjson(tmp_path / "b.ndjson", [doctor("d", "7"), doctor("e", "8")])])
    assert (second.resolved, second.dangling) == (1, 0)
    assert ("Practitioner/d", "TOOK_PART", "Encounter/e1") in links(graph)


def test_a_conditional_reference_that_several_answer_dangles_whenever_the_second_comes(
    graph: Graph, tmp_path: Path
) -> None:
    ref, one, two = seen_by("Practitioner?identifier=http://npi|7"), doctor("d", "7"), doctor("e", "7")
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [patient("p1"), ref, one])])
    report = ingest(graph, [ndjson(tmp_path / "b.ndjson", [two])])
    assert (report.dangling, len(report.ambiguous)) == (1, 1)
    late = digest(graph)
    graph.write("admin.clear", batch=5000)
    ingest(graph, [ndjson(tmp_path / "c.ndjson", [two, one, ref, patient("p1")])])
    assert digest(graph) == late


def test_a_conditional_reference_is_let_go_when_the_identifier_is_taken_away(
    graph: Graph, tmp_path: Path
) -> None:
    ref = seen_by("Practitioner?identifier=http://npi|7")
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [patient("p1"), ref, doctor("d", "7")])])
    newer = doctor("d", "8") | {"meta": {"versionId": "2"}}
    report = ingest(graph, [ndjson(tmp_path / "b.ndjson", [newer])])
    assert report.dangling == 1
    assert not any(a == "Practitioner/d" for a, _, _ in links(graph))


def test_a_conditional_reference_goes_at_once_to_whom_the_same_ingest_has_met(
    graph: Graph, tmp_path: Path
) -> None:
    ref = seen_by("Practitioner?identifier=http://npi|7")
    report = ingest(graph, [ndjson(tmp_path / "a.ndjson", [patient("p1"), ref, doctor("d", "7")])])
    assert (report.resolved, report.dangling) == (1, 0)
    assert ("Practitioner/d", "TOOK_PART", "Encounter/e1") in links(graph)
    assert found_by(graph) == {("Practitioner?identifier=http://npi|7", "Practitioner/d")}
    again = encounter("e2", participant=ref["participant"])
    report = ingest(graph, [ndjson(tmp_path / "b.ndjson", [again])])
    assert (report.resolved, report.dangling) == (1, 0)
    assert ("Practitioner/d", "TOOK_PART", "Encounter/e2") in links(graph)


def test_a_conditional_reference_follows_an_identifier_that_is_handed_on(
    graph: Graph, tmp_path: Path
) -> None:
    a, b = version(doctor("a", "1"), 1), version(doctor("b", "2"), 1)
    first = [a, b, encounter("e1", **known("2")), patient("p1")]
    then = [version(doctor("b", "3"), 2), version(doctor("a", "2"), 2), encounter("e2", **known("2"))]
    for number, part in enumerate((first, then)):
        ingest(graph, [ndjson(tmp_path / f"{number}.ndjson", part)])
    took_part = {(a, b) for a, type_, b in links(graph) if type_ == "TOOK_PART"}
    assert took_part == {("Practitioner/a", "Encounter/e1"), ("Practitioner/a", "Encounter/e2")}
    apart = digest(graph), ways(graph), found_by(graph)
    graph.write("admin.clear", batch=5000)
    ingest(graph, [ndjson(tmp_path / "whole.ndjson", [*then, *first])])
    assert (digest(graph), ways(graph), found_by(graph)) == apart


def found_by(graph: Graph) -> set[tuple[str, str]]:
    with graph.driver.session(database=graph.database) as session:
        said = session.run("MATCH (a:Alias) RETURN a.key AS key, a.to AS to")
        return {(row["key"], row["to"]) for row in said}


def ways(graph: Graph) -> set[tuple[str, str, str, str]]:
    with graph.driver.session(database=graph.database) as session:
        said = session.run(
            "MATCH (a)-[r]->(b) WHERE r.via IS NOT NULL RETURN a.key AS a, r.path AS path, b.key AS b, r.via AS via"
        )
        return {(row["a"], row["path"], row["b"], row["via"]) for row in said}


def version(resource: Resource, number: int) -> Resource:
    return resource | {"meta": {"versionId": str(number)}}


def known(npi: str) -> Resource:
    return {"participant": [{"individual": {"reference": f"Practitioner?identifier=http://npi|{npi}"}}]}


MRN = [{"system": "urn:mrn", "value": "9"}]
TOLD: list[Any] = [
    patient("p1", identifier=MRN), patient("p2"),
    version(patient("p2", identifier=MRN), 2), version(patient("p2"), 3),  # twice the number for a while
    encounter("e1", "Patient?identifier=urn:mrn|9", **known("1")),
    encounter("e2", "Patient?identifier=9", "2021-01-01T08:00:00Z", **known("2")),
    encounter("e3", "Patient?identifier=urn:mrn|9", "2022-01-01T08:00:00Z", **known("3")),
    observation("o1", "Patient?identifier=urn:mrn|9", encounter={"reference": "Encounter/e1"}),
    encounter("e4", "Patient?identifier=urn:mrn|9", "2023-01-01T08:00:00Z", **known("2")),
    version(doctor("a", "1"), 1), version(doctor("a", "2"), 2),  # takes another's, who then leaves
    version(doctor("b", "2"), 1), doctor("c", "3"), doctor("d", "3"),
    {"resourceType": "Bundle", "type": "transaction",
     "entry": [{"request": {"method": "DELETE", "url": "Practitioner/b"}, "response": {"lastModified": "2021-01-01T00:00:00Z"}}]},
]  # fmt: skip


@given(
    order=st.permutations(range(len(TOLD))),
    cuts=st.sets(st.integers(1, len(TOLD) - 1), max_size=3),
    batch=st.integers(1, 4),
)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_conditional_references_mean_depends_on_no_order_and_on_no_cut(
    graph: Graph, tmp_path: Path, order: list[int], cuts: set[int], batch: int
) -> None:
    graph.write("admin.clear", batch=5000)
    ends = [0, *sorted(cuts), len(order)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph_ingest, "BATCH", batch)
        for begin, end in pairwise(ends):
            lines = [TOLD[at] for at in order[begin:end]]
            ingest(graph, [ndjson(tmp_path / f"{begin}.ndjson", lines)])
    now = digest(graph), links(graph), ways(graph), found_by(graph)
    graph.write("admin.clear", batch=5000)
    ingest(graph, [ndjson(tmp_path / "whole.ndjson", TOLD)])
    assert now == (digest(graph), links(graph), ways(graph), found_by(graph))


def test_what_dangles_is_reported_and_is_there_when_it_arrives(graph: Graph, tmp_path: Path) -> None:
    report = ingest(graph, [ndjson(tmp_path / "a.ndjson", [observation("o", "Patient/gone")])])
    assert report.dangling_sample == [{"owner": "Observation", "target": "Patient/gone", "references": 1}]
    report = ingest(graph, [ndjson(tmp_path / "b.ndjson", [patient("gone")])])
    assert (report.dangling, report.dangling_sample) == (0, [])


def test_what_dangles_is_named_by_file_and_line_or_entry(graph: Graph, tmp_path: Path) -> None:
    lines = ndjson(tmp_path / "in" / "a.ndjson", [patient("p1"), observation("o1", "Patient/gone")])
    inside = {"contained": [{"resourceType": "Device", "id": "d", "owner": {"reference": "Organization/x"}}]}
    entries = [
        entry(patient("p2")),
        entry(observation("o2", "Patient/p2", device={"reference": "#d"}, **inside)),
    ]
    bundle(tmp_path / "in" / "b.json", entries)
    report = ingest(graph, [tmp_path / "in"])
    named = [(d["owner"], d["path"], d["target"], d["place"]) for d in report.dangling_places]
    assert named == [
        ("Observation/o1", "subject", "Patient/gone", "in/a.ndjson:2"),
        ("Observation/o2#d", "owner", "Organization/x", "in/b.json entry[1]"),
    ]
    assert (report.dangling, report.dangling_run) == (2, 2)
    again = ingest(graph, [lines])
    assert (again.dangling, again.dangling_run, again.dangling_places) == (2, 0, [])


def test_only_the_first_that_dangle_are_named_and_all_are_counted(graph: Graph, tmp_path: Path) -> None:
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [observation("before", "Patient/gone")])])
    many = [observation(f"o{i}", f"Patient/gone{i}") for i in range(130)]
    report = ingest(graph, [ndjson(tmp_path / "b.ndjson", many)])
    assert (report.dangling, report.dangling_run, len(report.dangling_places)) == (131, 130, 100)
    assert [d["line"] for d in report.dangling_places] == list(range(1, 101))


def test_an_identifier_that_a_reference_looks_for_is_not_shown(graph: Graph, tmp_path: Path) -> None:
    report = ingest(
        graph, [ndjson(tmp_path / "a.ndjson", [observation("o", "Patient?identifier=http://ssn|123")])]
    )
    assert [d["target"] for d in report.dangling_places] == ["Patient?identifier=http://ssn|..."]


def test_a_target_of_thousands_of_characters_is_shown_by_its_beginning(graph: Graph, tmp_path: Path) -> None:
    long = "Practitioner?identifier=http://npi|" + "9" * 40_000
    report = ingest(
        graph, [ndjson(tmp_path / "a.ndjson", [observation("o", performer=[{"reference": long}])])]
    )
    said = [d["target"] for d in (*report.dangling_places, *report.dangling_sample) if "npi" in d["target"]]
    assert said == [f"{long[:199]}…"] * 2


WRONG = [
    {"subject": {"reference": 123}},
    {"subject": {"reference": ["Patient/p1"]}},
    {"subject": "Patient/p1"},
    {"performer": [{"reference": True, "identifier": {"value": "7"}, "type": "Practitioner"}]},
    {"extension": [{"url": "http://x", "valueReference": {"reference": 1.5}}]},
]


@pytest.mark.parametrize("element", WRONG)
def test_a_reference_that_is_no_text_is_set_aside_by_its_line(
    graph: Graph, tmp_path: Path, element: Resource
) -> None:
    report = ingest(graph, [ndjson(tmp_path / "a.ndjson", [patient("p1"), observation("o") | element])])
    assert (report.written, report.set_aside, report.reasons) == (1, 1, {"bad-value": 1})
    (aside,) = report.set_aside_sample
    assert aside["place"] == f"{tmp_path.name}/a.ndjson:2"
    assert next(iter(element)) in aside["message"]


def test_a_resource_of_a_bundle_that_loses_a_tie_is_named_by_its_entry(graph: Graph, tmp_path: Path) -> None:
    first = bundle(tmp_path / "a.json", [entry(patient("p0")), entry(patient("p1"))])
    fuller = ndjson(tmp_path / "b.ndjson", [patient("p1", birthDate="1970")])
    report = ingest(graph, [first, fuller])
    assert [aside["place"] for aside in report.set_aside_sample] == [f"{tmp_path.name}/a.json entry[1]"]
