"""The graph as RDF: what goes out, what stays, what was known when, and that it satisfies the shapes."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import RdfFormat, Triple, parse
from rdflib import Dataset
from rdflib import Graph as Rdf

from graph import Graph
from graph.export.rdf import flat, statements
from graph.export.rdf_terms import node
from graph.export.rdf_write import ENDINGS, export
from graph.ingest import ingest
from graph.journey import journey
from ontology import shapes, world
from ontology.errors import InvalidInputError, NotFoundError
from tests.conftest import Run
from tests.data import write_ndjson
from tests.graph.made import patient
from tests.graph.rdf_made import AGENT, SECRET, WHEN, made, resources

pytestmark = pytest.mark.neo4j
CWM = str(world.CWM)


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return {}


@pytest.fixture
def full(graph_of_module: Graph) -> Graph:
    return graph_of_module


@pytest.fixture(scope="module")
def graph_of_module(
    _connection: Graph, known: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Graph:
    known.update(made(_connection, tmp_path_factory.mktemp("rdf")))
    return _connection


def triples(graph: Graph, *patients: str, **more: Any) -> set[Triple]:
    return set(flat(statements(graph, list(patients) or None, **more)))


def of(found: set[Triple], predicate: str) -> list[tuple[str, str]]:
    return sorted((t.subject.value, t.object.value) for t in found if t.predicate.value == CWM + predicate)  # type: ignore[union-attr]  # the export names every node


def iri(key: str) -> str:
    return node(["Resource"], key).value


def test_all_of_it_satisfies_the_shapes(full: Graph, tmp_path: Path) -> None:
    export(full, tmp_path / "all.ttl")
    assert shapes.check(tmp_path / "all.ttl", "turtle") == []


def test_three_formats_say_the_same_and_other_readers_understand_them(
    full: Graph, known: dict[str, Any], tmp_path: Path
) -> None:
    person = known["people"][0]
    counts = {export(full, tmp_path / f"x{end}", patients=[person]) for end in ENDINGS}
    assert len(counts) == 1
    turtle, jsonld = Rdf().parse(tmp_path / "x.ttl"), Rdf().parse(tmp_path / "x.jsonld", format="json-ld")
    quads = Dataset(default_union=True)
    quads.parse(tmp_path / "x.nq", format="nquads")
    assert len(turtle) > 1000
    assert set(turtle) == set(jsonld) == {(s, p, o) for s, p, o, _ in quads.quads()}
    assert {str(g) for *_, g in quads.quads()} == {"urn:clinical-world-model:as-of:now"}


def test_every_node_and_relationship_of_the_graph_is_there(full: Graph) -> None:
    found = triples(full)
    types = Counter(t.object.value for t in found if t.predicate.value.endswith("#type"))  # type: ignore[union-attr]
    for label in (
        "Patient",
        "Encounter",
        "Event",
        "Provider",
        "Ecosystem",
        "Concept",
        "Agent",
        "Prediction",
        "Case",
        "Round",
        "IngestRun",
    ):
        (row,) = full.driver.execute_query(f"MATCH (n:{label}) RETURN count(n) AS n").records  # type: ignore[arg-type]
        assert types[CWM + label] == row["n"] > 0, label
    rows = full.driver.execute_query(
        "MATCH (a)-[r]->(b) RETURN type(r) AS type, count(DISTINCT [a, b]) AS n"
    ).records
    for row in rows:
        assert len(of(found, row["type"])) == row["n"], row["type"]


def test_a_patient_brings_what_the_record_refers_to_and_nothing_of_another(
    full: Graph, known: dict[str, Any]
) -> None:
    mine, other = known["people"]
    found = triples(full, mine)
    subjects = {t.subject.value for t in found}  # type: ignore[union-attr]
    ends = {
        t.object.value
        for t in found
        if t.predicate.value.startswith(CWM) and t.object.value.startswith("urn:clinical-world-model:")
    }  # type: ignore[union-attr]
    assert f"urn:clinical-world-model:resource:{mine}" in subjects
    assert not [t for t in found if other.split("/")[1] in str(t)]
    assert ends - {e for e in ends if "#" in e} <= subjects, "an end that is not told of"
    whole, both = triples(full), triples(full, mine, other)
    assert found < both
    assert both <= whole


def test_a_prediction_says_where_it_comes_from_in_prov_o(
    full: Graph, known: dict[str, Any], tmp_path: Path
) -> None:
    export(full, tmp_path / "p.nq", patients=[known["people"][0]])
    found = Dataset(default_union=True)
    found.parse(tmp_path / "p.nq", format="nquads")
    rows = found.query(
        """PREFIX prov: <http://www.w3.org/ns/prov#> PREFIX cwm: <urn:clinical-world-model:world#>
        SELECT ?agent ?fact ?at WHERE {
        ?p cwm:id "p1" ; prov:wasAttributedTo/cwm:key ?agent ; prov:wasGeneratedBy ?m ; prov:wasDerivedFrom ?f .
        ?m a prov:Activity ; prov:used ?f ; prov:wasAssociatedWith/cwm:key ?agent ; prov:endedAtTime ?at . ?f cwm:key ?fact ;
        prov:wasGeneratedBy/a prov:Activity } ORDER BY ?fact"""
    )
    assert [(str(r[0]), str(r[1]), str(r[2])) for r in rows] == [
        (AGENT, f, "2026-01-01T00:00:00+00:00") for f in known["facts"]
    ]  # type: ignore[index]


def test_names_identifiers_and_typed_text_stay_unless_asked_for(full: Graph) -> None:
    hidden, told = (str(triples(full, identity=asked)) for asked in (False, True))
    for word in SECRET:
        assert word not in hidden
        assert word in told


def test_as_of_tells_what_the_journey_tells(full: Graph, known: dict[str, Any]) -> None:
    person = known["people"][0]
    dates = sorted(f["recorded"] for f in journey(full, person).facts if f["recorded"])
    for at in (dates[0], dates[len(dates) // 2], dates[-1]):
        seen, found = journey(full, person, at), triples(full, person, at=at)
        kinds = {f"{CWM}Event", f"{CWM}Encounter"}
        told = {t.subject.value for t in found if t.object.value in kinds}  # type: ignore[union-attr]
        assert told == {iri(r["key"]) for r in (*seen.encounters, *seen.facts)}
        ended = {s for s, _ in of(found, "end")} & {iri(r["key"]) for r in seen.encounters}
        assert ended == {iri(r["key"]) for r in seen.encounters if r["end"]}
        assert all(datetime.fromisoformat(o.replace("Z", "+00:00")) <= at for _, o in of(found, "recorded"))
        assert not of(found, "made")
    before, after = (
        triples(full, at=datetime(2026, 1, 2, tzinfo=UTC)),
        triples(full, at=WHEN.replace(year=2027)),
    )
    assert of(before, "made")
    assert not of(before, "filed")
    assert of(after, "filed")


def test_a_reading_of_an_earlier_instant_satisfies_the_shapes_too(
    full: Graph, known: dict[str, Any], tmp_path: Path
) -> None:
    dates = sorted(f["recorded"] for f in journey(full, known["people"][0]).facts if f["recorded"])
    export(full, tmp_path / "then.nq", patients=[known["people"][0]], at=dates[len(dates) // 2])
    assert [f for f in shapes.check(tmp_path / "then.nq", "nquads") if f.severity == "violation"] == []


def test_the_command_writes_checks_and_refuses(
    full: Graph, known: dict[str, Any], tmp_path: Path, cwm: Any
) -> None:
    person = known["people"][1].split("/")[1]
    done: Run = cwm("graph", "export", "rdf", str(tmp_path / "p.nq"), "--patient", person, "--json")
    assert done.json["triples"] == len(list(parse(path=str(tmp_path / "p.nq"), format=RdfFormat.N_QUADS)))
    before = (tmp_path / "p.nq").read_bytes()
    again: Run = cwm("graph", "export", "rdf", str(tmp_path / "p.nq"), "--patient", person, "--json")
    assert (again.status, again.json["error"]["what"]) == (2, "The file is already there.")
    assert (tmp_path / "p.nq").read_bytes() == before
    assert cwm("graph", "export", "rdf", str(tmp_path / "p.xyz")).status == 2
    assert cwm("graph", "export", "rdf", str(tmp_path / "p.ttl"), "--patient", "nobody").status == 3
    assert not (tmp_path / "p.ttl").exists()
    asked: Run = cwm(
        "graph",
        "sparql",
        "--data",
        str(tmp_path / "p.nq"),
        "--name",
        "record.facts",
        "-p",
        f"patient=Patient/{person}",
        "--json",
    )
    assert {r["fact"] for r in asked.json["rows"]} == {f["key"] for f in journey(full, person).facts}
    with pytest.raises(InvalidInputError):
        next(statements(full, at=datetime(2020, 1, 1)))  # noqa: DTZ001 - a time without a zone is the point
    with pytest.raises(NotFoundError):
        list(statements(full, ["nobody"]))


def test_the_order_of_files_makes_no_difference(graph: Graph, tmp_path: Path) -> None:
    from graph.ingest import ingest

    found = []
    for name, rows in (("a", resources()), ("b", resources()[::-1])):
        graph.write("admin.clear", batch=5000)
        ingest(graph, [write_ndjson(tmp_path / name, rows)])
        runs = ("wasGeneratedBy", "startedAtTime", "endedAtTime")
        found.append(
            {
                t
                for t in triples(graph)
                if not t.predicate.value.endswith(runs) and "ingestrun" not in t.subject.value
            }
        )  # type: ignore[union-attr]
    assert found[0] == found[1]


def test_words_that_someone_typed_for_a_visit_a_picture_or_a_drug_stay_too(
    graph: Graph, tmp_path: Path
) -> None:
    typed = [f"{SECRET[2]} for {word}" for word in ("visit", "picture", "drug")]
    here = {"subject": {"reference": "Patient/p1"}}
    dose = [{"text": typed[2]}]
    visit = {
        "resourceType": "Appointment",
        "id": "a",
        "status": "booked",
        "description": typed[0],
        "created": "2020",
    }
    visit |= {"participant": [{"actor": here["subject"], "status": "accepted"}]}
    picture = {
        "resourceType": "ImagingStudy",
        "id": "i",
        "status": "available",
        **here,
        "description": typed[1],
    }
    drugs = [
        {"resourceType": "MedicationRequest", "id": "r", **here, "dosageInstruction": dose},
        {"resourceType": "MedicationDispense", "id": "d", **here, "dosageInstruction": dose},
        {"resourceType": "MedicationStatement", "id": "s", **here, "dosage": dose},
        {"resourceType": "MedicationAdministration", "id": "m", **here, "dosage": dose[0]},
    ]
    ingest(graph, [write_ndjson(tmp_path, [patient(), visit, picture | {"started": "2020"}, *drugs])])
    hidden, told = (str(triples(graph, identity=asked)) for asked in (False, True))
    assert [word for word in typed if word in hidden] == []
    assert told.count(typed[2]) == 4
    assert [word for word in typed if word not in told] == []
