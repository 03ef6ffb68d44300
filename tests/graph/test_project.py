"""Every mapping does what its example says; references, versions and bad input are as the contract wants them."""

import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.fhir import compiled
from graph.fhir.links import Coding
from graph.fhir.project import Projected, canonical, digest, project, rank
from ontology import mapping
from ontology.errors import InvalidInputError

MAPPINGS = mapping.registry()


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def written(seen: Projected) -> tuple[list[str], list[str]]:
    links = [f"{link.type}{'<' if link.inward else '>'} {link.target}" for link in seen.links]
    return links, [f"{c.path} {c.system}|{c.code}" for c in seen.codes]


@pytest.mark.parametrize("name", sorted(MAPPINGS))
def test_the_example_of_a_mapping_gives_the_node_that_it_promises(name: str) -> None:
    rule = MAPPINGS[name]
    assert rule.example is not None, f"{name}.yaml has no example"
    seen = project(dict(rule.example.resource))
    props = {key: plain(value) for key, value in seen.props.items()}
    assert seen.labels == rule.example.labels
    assert {key: props.get(key) for key in rule.example.node} == rule.example.node
    assert written(seen) == (list(rule.example.links), list(rule.example.codes))
    assert not seen.generic


@pytest.mark.parametrize("name", sorted(MAPPINGS))
def test_an_example_has_the_type_and_a_property_of_its_mapping(name: str) -> None:
    rule = MAPPINGS[name]
    assert rule.example
    assert rule.example.resource["resourceType"] == name
    assert set(rule.example.node) & {*rule.properties, "code", "recorded"}


class _Everything:
    def __contains__(self, name: object) -> bool:
        return True


@pytest.mark.parametrize("name", sorted(MAPPINGS))
def test_only_what_a_resource_has_is_read_and_nothing_is_missed(name: str) -> None:
    """The reading that was made for a resource's own elements finds what that for all elements finds."""
    example = MAPPINGS[name].example
    assert example
    whole = example.resource
    for left_out in (None, *whole):
        some = {key: value for key, value in whole.items() if key != left_out}
        props: dict[str, Any] = {}
        codes: list[Coding] = []
        for read in compiled.fillers(MAPPINGS[name], _Everything()):
            read(some, props, codes)
        seen: dict[str, Any] = {}
        found: list[Coding] = []
        compiled.rule(name).fill(some, seen, found)
        assert (seen, found) == (props, codes)


def resource(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": "o1", "status": "final", **more}


def test_an_unmapped_type_goes_in_by_the_generic_rule() -> None:
    seen = project(
        {
            "resourceType": "Flag",
            "id": "f",
            "subject": {"reference": "Patient/1"},
            "period": {"start": "2020"},
        }
    )
    assert seen.generic
    assert seen.labels == ("Resource", "Flag", "Event")
    assert seen.links[0].type == "HAS_EVENT"
    assert project({"resourceType": "Library", "id": "l"}).labels == ("Resource", "Library", "Ecosystem")


def test_a_fhir_type_never_takes_a_label_of_the_world_model() -> None:
    assert project({"resourceType": "Evidence", "id": "1"}).labels == (
        "Resource",
        "FhirEvidence",
        "Ecosystem",
    )


def test_a_contained_resource_is_a_node_of_its_own_known_with_its_container() -> None:
    seen = project({
        "resourceType": "ExplanationOfBenefit", "id": "e", "created": "2020-01-01T00:00:00Z", "referral": {"reference": "#r"},
        "contained": [{"resourceType": "ServiceRequest", "id": "r", "subject": {"reference": "Patient/1"},
                       "supportingInfo": [{"reference": "#"}]}],
    })  # fmt: skip
    (part,) = seen.contained
    assert part.key == seen.links[0].target == "ExplanationOfBenefit/e#r"
    assert part.labels == ("Resource", "ServiceRequest", "Event", "Contained")
    assert (part.props["recorded"], part.props["clock"]) == (seen.props["recorded"], "container")
    assert [link.target for link in part.links] == ["Patient/1", "ExplanationOfBenefit/e"]


def test_paths_of_links_have_indexes_and_are_unique() -> None:
    seen = project({
        "resourceType": "Encounter", "id": "e",
        "participant": [{"individual": {"reference": "Practitioner/1"}}, {"individual": {"reference": "Practitioner/1"}}],
        "extension": [{"url": "u", "valueReference": {"reference": "Device/1"}}],
    })  # fmt: skip
    assert [link.path for link in seen.links] == [
        "participant[0].individual", "participant[1].individual", "extension[0].valueReference"
    ]  # fmt: skip
    assert seen.links[2].type == "EXTENSION_VALUE_REFERENCE"


def test_a_reference_by_identifier_needs_a_type_or_an_element_that_allows_one_only() -> None:
    who = {"identifier": {"system": "urn:npi", "value": "9"}}
    assert project(resource(performer=[who])).links == []
    (link,) = project(resource(performer=[{**who, "type": "Practitioner"}])).links
    assert link.target == "Practitioner?identifier=urn:npi|9"


def test_a_reference_with_only_a_display_gives_no_link() -> None:
    assert project(resource(subject={"display": "somebody"})).links == []


@pytest.mark.parametrize(
    ("system", "category", "minutes"),
    [
        ("http://loinc.org", "laboratory", 60),
        ("http://loinc.org", "vital-signs", 0),
        ("http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-microbiology-test", "laboratory", 2880),
        ("http://loinc.org", None, 0),
    ],
)
def test_a_result_without_issue_is_known_after_the_delay_of_its_kind(
    system: str, category: str | None, minutes: int
) -> None:
    seen = project(resource(
        code={"coding": [{"system": system, "code": "1"}]}, effectiveDateTime="2020-01-01T00:00:00Z",
        category=[{"coding": [{"code": category}]}] if category else [],
    ))  # fmt: skip
    assert (seen.props["recorded"] - seen.props["start"]).total_seconds() == minutes * 60
    assert seen.props["clock"] == "effectiveDateTime" + (f"+{minutes}m" if minutes else "")


def test_a_result_of_a_bare_date_is_known_only_after_that_day() -> None:
    props = project(resource(effectiveDateTime="2020-02-28")).props
    assert (plain(props["start"]), plain(props["recorded"])) == (
        "2020-02-28T00:00:00+00:00",
        "2020-02-29T00:00:00+00:00",
    )


def test_components_are_aligned_and_what_they_lack_is_marked() -> None:
    props = project(resource(component=[
        {"code": {"coding": [{"system": "s", "code": "1"}]}, "valueQuantity": {"value": 0, "unit": "kg"}},
        {"code": {"coding": [{"system": "s", "code": "2"}]}, "valueCodeableConcept": {"text": "Yes"}},
        {"code": {"coding": [{"system": "s", "code": "3"}]}, "dataAbsentReason": {"text": "asleep"}},
    ])).props  # fmt: skip
    assert props["component_codes"] == ["s|1", "s|2"]
    assert props["component_values"][0] == 0.0
    assert math.isnan(props["component_values"][1])
    assert props["component_texts"] == ["", "Yes"]
    assert props["component_units"] == ["kg", ""]
    assert "component_displays" not in props, "nothing is said in words"


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"effectiveDateTime": "2020-02-30"}, "effectiveDateTime"),
        ({"effectiveDateTime": "yesterday"}, "effectiveDateTime"),
        ({"effectiveDateTime": 2020}, "effectiveDateTime"),
        ({"issued": "2020-01-01T25:00:00Z"}, "issued"),
        ({"meta": {"lastUpdated": "2020-13-01T00:00:00Z"}}, "meta.lastUpdated"),
        ({"valueQuantity": {"value": "twelve"}}, "valueQuantity.value"),
        ({"valueQuantity": "twelve"}, "valueQuantity.value"),
        ({"code": "8480-6 as a word", "category": 3}, "category"),
        ({"component": "none"}, "wrong shape"),
        ({"id": None}, "no usable id"),
        ({"id": "a/b"}, "no usable id"),
        ({"resourceType": None}, "no resourceType"),
        ({"resourceType": 5}, "no resourceType"),
        ({"resourceType": "../x"}, "resourceType that is no name of a FHIR type"),
        ({"resourceType": "Foo/bar"}, "resourceType that is no name of a FHIR type"),
        ({"resourceType": "observation"}, "resourceType observation that is no name of a FHIR type"),
        (
            {"contained": [{"resourceType": "device"}]},
            r"contained\[0\] has a resourceType device that is no name",
        ),
        ({"contained": [{"id": "d"}]}, "contained"),
        ({"contained": ["Device"]}, "contained"),
        ({"identifier": ["x"]}, "wrong shape"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(bad: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        project(resource(**bad))


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="not a FHIR resource"):
        project(["Patient"])  # type: ignore[arg-type]  # what a broken file may hold


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["code", "coding", "value", "x"]), inner, max_size=2)
    ),
    max_leaves=5,
)
ELEMENTS = st.sampled_from(
    ["meta", "identifier", "code", "category", "subject", "effectiveDateTime", "issued", "valueQuantity", "component",
     "contained", "period", "type", "class", "participant", "extension", "name", "location", "birthDate", "deceasedDateTime"]
)  # fmt: skip


@given(st.sampled_from([*sorted(MAPPINGS), "Basic"]), st.dictionaries(ELEMENTS, JSON, max_size=4))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_content_gives_a_node_or_the_one_error(type_: str, content: dict[str, Any]) -> None:
    try:
        seen = project({"resourceType": type_, "id": "x", **content})
    except InvalidInputError:
        return
    assert seen.key == f"{type_}/x"


@given(JSON, JSON)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_equal_content_has_an_equal_digest_whatever_the_order_of_keys(a: Any, b: Any) -> None:
    assert digest({"x": a, "y": b}) == digest({"y": b, "x": a})
    assert (canonical({"x": a}) == canonical({"x": b})) == (digest({"x": a}) == digest({"x": b}))


def test_rank_prefers_the_later_then_the_higher_then_the_fuller() -> None:
    def r(text: str = "", **meta: str) -> str:
        return rank(resource(meta=meta, note=[{"text": text}]))

    ordered = [
        r("x"), r("xx"), r(versionId="2"), r(versionId="10"), r(lastUpdated="2019-12-31T23:00:00-05:00", versionId="1"),
        r(lastUpdated="2020-01-01T05:00:00Z", versionId="1"),
    ]  # fmt: skip
    assert ordered == sorted(ordered)


@given(
    st.permutations([resource(meta={"versionId": v}, valueInteger=n) for v in ("1", "2") for n in (3, 40)])
)
def test_the_version_that_stays_does_not_depend_on_the_order(versions: list[dict[str, Any]]) -> None:
    assert max(versions, key=rank)["valueInteger"] == 40
    assert max(versions, key=rank)["meta"]["versionId"] == "2"
