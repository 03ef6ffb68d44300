"""References that are found without a walk over the resource are those that a walk finds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.fhir.compiled import rule
from graph.fhir.links import Link, Names, links, walk
from graph.fhir.project import canonical
from ontology.errors import InvalidInputError
from tests.data import demo_slice
from tests.graph.made import Resource

WORDS = st.sampled_from(
    [
        "Patient/1",
        "#",
        "#a",
        "urn:uuid:1",
        "",
        'x "reference":',
        '"identifier":',
        "reference",
        7,
        1.5,
        True,
        None,
    ]
)
"""What may stand at the end of a path, with texts that look like the names that are counted."""
ELEMENTS = st.sampled_from(
    [
        "reference",
        "identifier",
        "type",
        "value",
        "individual",
        "actor",
        "link",
        'a"reference',
        "display",
        "subject",
    ]
)
VALUES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ELEMENTS, inner, max_size=3),
    max_leaves=6,
)
REFERENCES = st.fixed_dictionaries({"reference": st.sampled_from(["Patient/1", "#a", "Encounter/2", ""])})
TOPS = st.sampled_from(
    [
        "subject",
        "encounter",
        "performer",
        "participant",
        "patient",
        "device",
        "identifier",
        "link",
        "note",
        "contained",
    ]
)
RESOURCES = st.dictionaries(TOPS, REFERENCES | VALUES, max_size=4)
TYPES = st.sampled_from(["Observation", "Encounter", "Patient", "Procedure", "Condition", "Basic"])


def _or_error(find: Any) -> list[Link] | str:
    """What is found, or what was wrong; a walk ends in the same errors."""
    try:
        found: list[Link] = find()
    except (InvalidInputError, AttributeError, TypeError, KeyError) as error:
        return f"{type(error).__name__}: {error}"
    return found


def _same(resource: Resource, names: Names) -> list[Link] | str:
    quick = _or_error(lambda: links(resource, "Basic/1", names, canonical(resource)))
    assert quick == _or_error(lambda: walk(resource, "Basic/1", names.of, names.last))
    return quick


@given(type_=TYPES, resource=RESOURCES)
def test_the_same_references_are_found_or_refused_whatever_stands_in_a_resource(
    type_: str, resource: Resource
) -> None:
    _same(resource, rule(type_).links)


def test_the_same_references_are_found_in_resources_of_the_demo() -> None:
    found = [_same(resource, rule(resource["resourceType"]).links) for resource in demo_slice()]
    assert sum(map(len, found)) > 1000


def test_a_fact_with_few_references_is_not_walked_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.fhir.links.walk", pytest.fail)
    fact: Resource = {
        "resourceType": "Observation",
        "identifier": [{"value": 'says "reference": in a text'}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": "Patient/1"},
        "encounter": {"reference": "Encounter/2"},
    }
    found = links(fact, "Observation/3", rule("Observation").links, canonical(fact))
    assert [(link.path, link.type, link.target) for link in found] == [
        ("subject", "HAS_EVENT", "Patient/1"),
        ("encounter", "INCLUDES", "Encounter/2"),
    ]
