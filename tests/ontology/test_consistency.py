"""The world holds together, and would be caught if it did not."""

import pytest

from ontology import world
from ontology.consistency import contradictions, outside_dl

HEAD = """@prefix cwm: <urn:clinical-world-model:world#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
"""


def test_the_world_has_no_contradiction_and_is_owl_2_dl() -> None:
    assert contradictions() == []
    assert outside_dl() == []


CONTRADICTIONS = {
    "two-classes": ("<urn:1> a cwm:Patient , cwm:Encounter .", ("Disjoint", "urn:1")),
    "by-domain-and-range": (
        "<urn:p> cwm:HAS_ENCOUNTER <urn:2> . <urn:2> cwm:HAS_ENCOUNTER <urn:z> .",
        ("Disjoint", "urn:2"),
    ),
    "an-entity-that-is-an-activity": ("<urn:3> a cwm:Prediction , prov:Activity .", ("Disjoint", "urn:3")),
    "an-agent-that-is-a-record": ("<urn:4> a cwm:Agent , cwm:Encounter .", ("Disjoint", "urn:4")),
}


@pytest.fixture(scope="module")
def found() -> list[str]:
    """All of them planted at once, since a closure costs seconds."""
    return contradictions(HEAD + "\n".join(turtle for turtle, _ in CONTRADICTIONS.values()))


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_planted_contradiction_is_found(name: str, found: list[str]) -> None:
    words = CONTRADICTIONS[name][1]
    assert any(all(word in line for word in words) for line in found), found


@pytest.mark.parametrize(
    ("planted", "word"),
    [
        ("cwm:start a owl:ObjectProperty .", "two kinds"),
        ("<urn:x> cwm:nowhere 1 .", "not declared"),
        ("<urn:x> a cwm:Nobody .", "not declared"),
        ("cwm:born a owl:DatatypeProperty ; rdfs:range xsd:gYear .", "no datatype"),
        ("owl:Thing rdfs:label 'all' .", "reserved"),
        ("cwm:NEXT a owl:TransitiveProperty .", "not simple"),
        ("cwm:Event owl:hasKey ( cwm:unheard ) .", "key"),
    ],
    ids=["punned", "property", "class", "datatype", "reserved", "transitive", "key"],
)
def test_what_is_outside_owl_2_dl_is_found(planted: str, word: str) -> None:
    assert any(word in line for line in outside_dl(HEAD + planted))


def test_every_term_says_what_it_is_and_where_it_comes_from() -> None:
    seen = world.load()
    terms = [*seen.classes.values(), *seen.relations.values(), *seen.attributes.values()]
    assert len(terms) > 150
    for term in terms:
        assert term.label, term.name
        assert len(term.definition) > 8, term.name
        assert term.definition.endswith("."), term.name
        assert any(
            word in term.source for word in ("arXiv:2604.08226", "FHIR R4", "M-CARE", "This project")
        ), term.name
