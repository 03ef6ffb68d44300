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


@pytest.mark.parametrize(
    ("planted", "word"),
    [
        ("<urn:x> a cwm:Patient , cwm:Encounter .", "Disjoint"),
        (
            "<urn:p> cwm:HAS_ENCOUNTER <urn:x> . <urn:x> cwm:INCLUDES <urn:y> . <urn:y> cwm:HAS_ENCOUNTER <urn:z> .",
            "Disjoint",
        ),
        ("<urn:x> a cwm:Prediction , prov:Activity .", "Disjoint"),
        ("cwm:PlanStation owl:sameAs cwm:CollectStation .", "same"),
    ],
    ids=["two-classes", "by-domain-and-range", "an-activity", "stations-that-are-one"],
)
def test_a_planted_contradiction_is_found(planted: str, word: str) -> None:
    found = contradictions(HEAD + planted)
    assert found
    assert any(word.lower() in line.lower() for line in found)


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
