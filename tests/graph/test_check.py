"""Checking resources: what is not as FHIR says is found and told without a value of the record."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.check import full, tables
from graph.check.inspect import Inspector, Level
from graph.check.outcome import Finding
from graph.check.structure import check
from graph.fhir import version
from graph.fhir.read import Found, Refused, read
from graph.ingest import ingest
from ontology.errors import InvalidInputError
from tests.data import demo_slice
from tests.graph.made import ndjson, observation, patient

BOTH = pytest.mark.parametrize("level", ["structure", "full"])


def found(resource: dict[str, Any], fhir: str = "r4") -> list[tuple[str, str]]:
    return [(f.code, f.expression) for f in check(resource, fhir)]


@pytest.mark.parametrize("fhir", ["r4", "r4b"])
def test_the_demo_is_as_fhir_says(fhir: str) -> None:
    assert [f for r in demo_slice(3) for f in check(r, fhir)] == []


@pytest.mark.parametrize(
    ("more", "code", "where"),
    [
        ({"sex": "f"}, "structure", "Patient"),
        ({"gender": 1}, "value", "Patient.gender"),
        ({"gender": ["male"]}, "structure", "Patient.gender"),
        ({"gender": None}, "structure", "Patient.gender"),
        ({"name": {"family": "A"}}, "structure", "Patient.name"),
        ({"name": []}, "structure", "Patient.name"),
        ({"name": ["Ann"]}, "structure", "Patient.name[0]"),
        ({"name": [{"given": ["A", ""]}]}, "value", "Patient.name[0].given[1]"),
        ({"name": [{"given": ["A", None], "_given": [None]}]}, "structure", "Patient.name[0].given"),
        ({"birthDate": "2020-02-30"}, "value", "Patient.birthDate"),
        ({"birthDate": "2020-02-03T00:00:00Z"}, "value", "Patient.birthDate"),
        ({"_birthDate": {"value": "2020"}}, "structure", "Patient.birthDate"),
        ({"_name": [{"id": "x"}]}, "structure", "Patient"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2020"}, "structure", "Patient"),
        ({"deceasedBoolean": "yes"}, "value", "Patient.deceased.ofType(boolean)"),
        ({"multipleBirthInteger": 1.5}, "value", "Patient.multipleBirth.ofType(integer)"),
        ({"link": [{"type": "seealso"}]}, "required", "Patient.link[0]"),
        ({"generalPractitioner": [{"reference": "Patient/1"}]}, "value", "Patient.generalPractitioner[0]"),
        ({"extension": [{"valueString": "x"}]}, "required", "Patient.extension[0]"),
        ({"extension": [{"url": "urn:x", "valueString": "x", "valueCode": "x"}]}, "structure", "Patient.extension[0]"),
        ({"contained": [{"resourceType": "Device"}]}, "required", "Patient.contained[0]"),
        ({"contained": [{"resourceType": "Devise", "id": "d"}]}, "structure", "Patient.contained[0]"),
        ({"contained": [{"resourceType": "Device", "id": "d", "contained": [{}]}]}, "structure", "Patient.contained[0]"),
        ({"meta": {"lastUpdated": "2020-01-01"}}, "value", "Patient.meta.lastUpdated"),
        ({"text": {"status": "generated", "div": "hello"}}, "value", "Patient.text.div"),
        ({"photo": [{"data": "%%%"}]}, "value", "Patient.photo[0].data"),
        # In lines, as mail has it, and of the alphabet for addresses: each line doubled the time that it took to say no.
        ({"photo": [{"data": ("A" * 76 + "\n") * 60 + "AA-_"}]}, "value", "Patient.photo[0].data"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_where_it_is(more: dict[str, Any], code: str, where: str) -> None:
    assert (code, where) in found(patient(**more))


@pytest.mark.parametrize(
    "more",
    [
        {"_birthDate": {"extension": [{"url": "urn:x", "valueDateTime": "2020-01-01T00:00:00Z"}]}},
        {"name": [{"given": ["A", None], "_given": [None, {"id": "x"}]}]},
        {
            "generalPractitioner": [{"reference": "#gp"}],
            "contained": [{"resourceType": "Practitioner", "id": "gp"}],
        },
        {"generalPractitioner": [{"reference": "urn:uuid:7"}, {"display": "somebody"}]},
        {"deceasedDateTime": "2016-12-31T23:59:60Z", "multipleBirthInteger": -1},
        {"photo": [{"data": ("A" * 76 + "\r\n") * 60 + "AA=="}]},
    ],
)
def test_what_fhir_allows_is_not_found_wrong(more: dict[str, Any]) -> None:
    assert found(patient(**more)) == []


def test_a_required_element_that_is_missing_is_named() -> None:
    (finding,) = check({"resourceType": "Observation", "id": "o", "status": "final"}, "r4")
    assert finding == Finding("error", "required", "code is missing.", "Observation")


def test_versions_differ() -> None:
    """In R5 the class of an encounter is a list, and its time is `actualPeriod`."""
    old = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "period": {"start": "2020"},
    }
    new = {
        "resourceType": "Encounter",
        "status": "completed",
        "class": [{"text": "x"}],
        "actualPeriod": {"start": "2020"},
    }
    assert (found(old), found(new, "r5")) == ([], [])
    assert found(old, "r5") == [("structure", "Encounter.class"), ("structure", "Encounter")]
    assert ("structure", "Encounter") in found(new)


def test_a_file_of_another_format_gives_no_end_of_findings() -> None:
    assert len(check({"resourceType": "Patient"} | {f"x{i}": i for i in range(5000)}, "r4")) == 100


@pytest.mark.parametrize("fhir", ["r4b", "r5"])
def test_two_sources_agree_what_is_required_and_what_is_a_list(fhir: str) -> None:
    """The tables are from HL7's definitions, the models from the makers of `fhir.resources`."""
    different = set()
    for type_ in sorted(tables.resources(fhir)):
        model = full._model(fhir, type_)
        assert model is not None, type_
        shape = tables.shape(fhir, type_)
        for name, info in model.model_fields.items():
            alias = info.alias or name
            if alias in shape.fields:
                many = str(info.annotation).startswith("typing.Optional[list") or "List[" in str(
                    info.annotation
                )
                if many != shape.fields[alias].many:
                    different.add(f"{type_}.{alias}")
        names = {info.alias or name for name, info in model.model_fields.items()}
        plain = {name for name in names if not name.startswith("_")} - {"resourceType", "fhir_comments"}
        different |= {f"{type_}.{name}" for name in plain ^ set(shape.fields)}
    assert different == set()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, "r4"),
        ({"meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Patient|5.0.0"]}}, "r5"),
        ({"meta": {"profile": ["http://hl7.org/fhir/4.3/StructureDefinition/Patient"]}}, "r4b"),
        # The version of a guide's profile is not the version of FHIR.
        (
            {"meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|5.0.1"]}},
            "r4",
        ),
        ({"resourceType": "CapabilityStatement", "fhirVersion": "4.3.0"}, "r4b"),
        ({"resourceType": "ImplementationGuide", "fhirVersion": ["5.0.0"]}, "r5"),
        ({"resourceType": "SubscriptionTopic"}, "r4b"),
        ({"resourceType": "InventoryItem"}, "r5"),
        ({"resourceType": "MedicinalProduct"}, "r4"),
        ({"meta": 7, "resourceType": "Patient"}, "r4"),
    ],
)
def test_the_version_is_what_the_resource_says(said: dict[str, Any], expected: str) -> None:
    assert version.of({"resourceType": "Patient"} | said) == expected


def test_the_version_of_the_whole_input_holds_where_a_resource_is_silent() -> None:
    assert version.of({"resourceType": "Patient"}, "r5") == "r5"
    with pytest.raises(InvalidInputError, match="DSTU2"):
        version.named("DSTU2")


def test_a_finding_of_r4b_where_r4_differs_is_no_error() -> None:
    device = {"resourceType": "DeviceDefinition", "parentDevice": {"reference": "Device/1"}, "sex": "f"}
    assert {f.severity for f in full.check(device, "r4")} == {"error"}
    silent = full.check({"resourceType": "MedicinalProduct", "name": [{"productName": "x"}]}, "r4")
    assert [f.severity for f in silent] == ["information"]


BAD = [
    patient("p1", birthDate="1970-99-99", name=[{"given": "Wilhelmina"}]),
    observation("o1"),
    observation("o2", status=None, valueString="secret", valueInteger=7),
]


@BOTH
def test_findings_are_operation_outcomes_and_hold_no_value(tmp_path: Path, level: Level) -> None:
    path = ndjson(tmp_path / "a.ndjson", BAD)
    with Inspector(level, tmp_path / "f/out.ndjson", workers=1) as inspector:
        items = list(inspector.over(read([path], 1 << 20)))
    assert [json.loads(i.raw)["id"] for i in items if isinstance(i, Found)] == ["p1", "o1", "o2"]
    lines = [json.loads(line) for line in (tmp_path / "f/out.ndjson").read_text().splitlines()]
    assert [{i["location"][0] for i in line["issue"]} for line in lines] == [
        {f"{tmp_path.name}/a.ndjson:{n}"} for n in (1, 3)
    ]
    text = json.dumps(lines)
    assert not re.search("Wilhelmina|secret|1970", text)
    assert "Patient.name[0].given" in text
    assert [check(line, "r4") for line in lines] == [[], []]
    assert (inspector.checked, (tmp_path / "f/out.ndjson").stat().st_mode & 0o077) == (3, 0)


@BOTH
def test_strictly_what_has_an_error_is_refused_in_its_place(tmp_path: Path, level: Level) -> None:
    path = ndjson(tmp_path / "a.ndjson", BAD * 300)
    with Inspector(level, tmp_path / "out.ndjson", strict=True, workers=2) as inspector:
        items = list(inspector.over(read([path], 1 << 20)))
    assert [type(item) for item in items] == [Refused, Found, Refused] * 300
    assert {item.reason for item in items if isinstance(item, Refused)} == {"failed-check"}


def test_an_ingest_reports_what_it_found_and_sets_aside_only_when_asked(graph: Graph, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "a.ndjson", [observation("o1", sex="f"), observation("o2")])
    report = ingest(graph, [path], check="structure")
    assert (report.written, report.set_aside, report.findings, report.checked) == (2, 0, {"error": 1}, 2)
    assert report.findings_file
    assert json.loads(Path(report.findings_file).read_text())["resourceType"] == "OperationOutcome"
    graph.write("admin.clear", batch=5000)
    report = ingest(graph, [path], check="structure", strict_check=True, fhir_version="R4B")
    assert (report.written, report.reasons) == (1, {"failed-check": 1})
