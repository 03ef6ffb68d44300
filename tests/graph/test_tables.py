"""Exports for models and for analysis: valid by their own schemas, and blind to what became known later."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graph import Graph, cohort_store
from graph.cohorts import load as definition
from graph.digest import digest
from graph.export import fhir, meds, parquet
from graph.export.known_fhir import as_known
from graph.export.request import Request, request
from graph.ingest import ingest
from ontology.errors import InvalidInputError
from tests.data import demo_slice, write_ndjson
from tests.graph.made import encounter, ndjson, observation, patient

Resource = dict[str, Any]
NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
IN_E1 = {"encounter": {"reference": "Encounter/e1"}}
HOME = {"dischargeDisposition": {"coding": [{"system": "urn:d", "code": "home"}]}}
NARRATIVE = {"status": "generated", "div": "<div>went home</div>"}
BEFORE = [
    patient(birthDate="1960-05-06"),
    encounter(period={"start": "2020-01-01T08:00:00Z"}, status="in-progress"),
    observation(**IN_E1, valueQuantity={"value": 70.10, "unit": "/min"}),
]
AFTER = [
    encounter(hospitalization=HOME, text=NARRATIVE, length={"value": 10, "unit": "h"}),
    patient(birthDate="1960-05-06", deceasedDateTime="2020-01-02"),
    observation("o2", effectiveDateTime="2020-01-01T13:00:00Z"),
    {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"}, **IN_E1},
]


def fresh(graph: Graph, folder: Path, *resources: Resource) -> None:
    graph.write("admin.clear", batch=5000)
    ranked = [r | {"meta": {"versionId": str(i + 1)}} for i, r in enumerate(resources)]
    report = ingest(graph, [ndjson(folder / f"{len(list(folder.iterdir()))}.ndjson", ranked)])
    assert set(report.reasons) <= {"older-version"}


def events(folder: Path) -> list[tuple[Any, ...]]:
    frame = pl.concat(pl.read_parquet(path) for path in sorted((folder / "data").glob("*.parquet")))
    return frame.select("time", "code", "numeric_value", "text_value", "unit").rows()


@pytest.mark.neo4j
def test_meds_passes_its_packages_own_schemas(graph: Graph, tmp_path: Path) -> None:
    package = pytest.importorskip("meds")
    import pyarrow.parquet as pq

    ingest(graph, [write_ndjson(tmp_path / "in", demo_slice(2))])
    out = tmp_path / "out"
    counts = meds.export(graph, out, name="demo")
    codes = pq.read_table(out / package.code_metadata_filepath)
    splits = pq.read_table(out / package.subject_splits_filepath)
    package.CodeMetadataSchema.validate(codes)
    package.SubjectSplitSchema.validate(splits)
    package.DatasetMetadataSchema.validate(json.loads((out / package.dataset_metadata_filepath).read_text()))
    for path in (out / package.data_subdirectory).glob("*.parquet"):
        table = pq.read_table(path)
        package.DataSchema.validate(table)
        frame = pl.DataFrame(pl.from_arrow(table))
        assert frame["subject_id"].rle().len() == frame["subject_id"].n_unique(), "each subject in one piece"
        assert all(part["time"].is_sorted() for _, part in frame.group_by("subject_id"))
        assert set(frame["code"]) <= set(codes["code"].to_pylist())
    assert (counts["subjects"], splits.num_rows) == (2, 2)


@pytest.mark.neo4j
def test_an_event_comes_when_it_was_known_and_an_end_is_an_event_of_its_own(
    graph: Graph, tmp_path: Path
) -> None:
    pytest.importorskip("meds")
    fresh(graph, tmp_path, *BEFORE, *AFTER)
    meds.export(graph, tmp_path / "m")
    times = {code: time for time, code, *_ in events(tmp_path / "m")}
    assert times["ENCOUNTER//AMB"] == datetime(2020, 1, 1, 8)  # noqa: DTZ001 - MEDS has no zones
    assert times["ENCOUNTER_END//home"] == datetime(2020, 1, 1, 18)  # noqa: DTZ001
    assert times["Condition//UNCODED"] == datetime(2020, 1, 1, 18)  # noqa: DTZ001
    assert times["MEDS_DEATH"] == datetime(2020, 1, 3)  # noqa: DTZ001
    assert times["GENDER//female"] is None
    meds.export(graph, tmp_path / "s", clock="start")
    held = {code: time for time, code, *_ in events(tmp_path / "s")}
    assert held["Condition//UNCODED"] == datetime(2020, 1, 1, 8)  # noqa: DTZ001


@pytest.mark.neo4j
def test_what_was_entered_in_error_is_no_event_once_that_is_known(graph: Graph, tmp_path: Path) -> None:
    pytest.importorskip("meds")
    wrong = {"status": "entered-in-error"}
    verified = {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    of = {"subject": {"reference": "Patient/p1"}}
    done = {"resourceType": "Procedure", "id": "p", "code": {"coding": [{"code": "cut"}]}, **of}
    ended = {"performedPeriod": {"start": "2020-01-01T10:00:00Z", "end": "2020-01-01T14:00:00Z"}}
    found = {"resourceType": "Condition", "id": "c", "code": {"coding": [{"code": "flu"}]}, **of}
    seen = observation("o2", code={"coding": [{"code": "typo"}]}, **wrong)
    refuted = {"verificationStatus": {"coding": [{"code": "refuted"}]}, "recordedDate": "2019"}
    other = found | refuted | {"id": "r", "code": {"coding": [{"code": "cold"}]}}
    untrue = [done | ended | wrong, found | verified | {"recordedDate": "2019"}, other, seen]
    fresh(graph, tmp_path, *BEFORE, *untrue)
    for at, told in ((None, set()), (NOON, {"Procedure//cut"})):
        out = tmp_path / f"m{at is None}"
        meds.export(graph, out, Request(at=at))
        codes = {code for _, code, *_ in events(out)}
        errors = {"PROCEDURE_END//entered-in-error", "Condition//flu", "Observation//typo", "Condition//cold"}
        assert codes & (errors | {"Procedure//cut"}) == told


def contents(folder: Path) -> dict[str, Any]:
    """What an export says, without what tells of the ingest."""
    found: dict[str, Any] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "dataset.json"):
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
            found[path.name] = frame.drop("source", "line", strict=False).to_dicts()
        else:
            lines = path.read_text().splitlines()
            found[path.name] = [{k: v for k, v in json.loads(line).items() if k != "meta"} for line in lines]
    return found


@pytest.mark.neo4j
def test_what_became_known_later_is_in_no_export_of_before(graph: Graph, tmp_path: Path) -> None:
    pytest.importorskip("meds")
    said = []
    for name, resources in (("then", BEFORE), ("now", [*BEFORE, *AFTER])):
        fresh(graph, tmp_path, *resources)
        asked = request(graph, NOON)
        fhir.export(graph, tmp_path / name / "fhir", asked=asked)
        parquet.export(graph, tmp_path / name / "parquet", asked)
        meds.export(graph, tmp_path / name / "meds", asked)
        said.append({part: contents(tmp_path / name / part) for part in ("fhir", "parquet", "meds")})
    then, now = said
    assert now["parquet"] == then["parquet"]
    assert now["meds"] == then["meds"]
    (stay,) = now["fhir"]["Encounter.ndjson"]
    assert (stay["status"], stay["period"]) == ("unknown", {"start": "2020-01-01T08:00:00Z"})
    assert not {"hospitalization", "text", "length"} & set(stay)
    assert now["fhir"]["Patient.ndjson"] == then["fhir"]["Patient.ndjson"]
    assert now["fhir"]["Observation.ndjson"] == then["fhir"]["Observation.ndjson"]
    assert "Condition.ndjson" not in now["fhir"]
    assert "70.1" in (tmp_path / "now" / "fhir" / "Observation.ndjson").read_text()


def test_a_resource_with_nothing_to_hide_is_the_same() -> None:
    whole = observation(meta={"versionId": "1", "lastUpdated": "2020-01-01T10:00:00Z"}, code={"coding": []})
    assert as_known(whole, NOON, open_=False) == whole
    later = observation(
        meta={"versionId": "2", "lastUpdated": "2020-01-01T13:00:00Z"},
        note=[{"time": "2021-01", "text": "x"}],
    )
    assert as_known(later, NOON, open_=False) == observation(note=[{"text": "x"}])


def test_a_number_keeps_its_digits_where_something_else_has_to_go() -> None:
    text = (
        '{"resourceType":"Observation","id":"o","valueQuantity":{"value":1.10},"note":[{"time":"2021-01"}]}'
    )
    row = {"fhir": text, "open": False, "patients": ["Patient/p"]}
    made = fhir.changed(row, Request(at=NOON))
    assert ('"value":1.10' in made, "2021" in made) == (True, False)
    assert fhir.changed(row, Request(at=datetime(2022, 1, 1, tzinfo=UTC))) == text


def test_every_date_that_is_not_over_goes_however_it_is_written_and_nothing_that_only_looks_like_one() -> (
    None
):
    order = {"resourceType": "ServiceRequest", "id": "2099-12", "identifier": [{"value": "3000-01"}]}
    code = {"coding": [{"system": "urn:lab", "code": "1234-56"}, {"code": "2031"}]}
    for late in ("2031", "2031-05", "2020-01-01T13:00:00", "2020-01-01T13:00", "2020-01-01T12:00:00-02:00"):
        timing = {"event": [late, "2019"], "repeat": {"boundsPeriod": {"start": "2019", "end": late}}}
        whole = order | {"code": code, "occurrenceDateTime": late, "note": [{"text": "2045-01"}]}
        kept = {"event": ["2019"], "repeat": {"boundsPeriod": {"start": "2019"}}}
        assert as_known(whole | {"timing": timing}, NOON, open_=False) == order | {
            "code": code,
            "note": [{"text": "2045-01"}],
            "timing": kept,
        }
    due = {"dateCriterion": [{"code": code, "value": "2020-02-01"}], "vaccineCode": [code]}
    advice = {"resourceType": "ImmunizationRecommendation", "id": "i", "recommendation": [due]}
    seen = as_known(advice, NOON, open_=False)["recommendation"]
    assert seen == [{"dateCriterion": [{"code": code}], "vaccineCode": [code]}]


def bundles(graph: Graph, out: Path) -> dict[str, str]:
    """The bundles of what was known at noon, by name."""
    fhir.bundles(graph, out, Request(at=NOON))
    return {path.name: path.read_text() for path in out.iterdir()}


@pytest.mark.neo4j
def test_who_takes_part_only_later_is_in_no_patients_export_of_before(graph: Graph, tmp_path: Path) -> None:
    drug = {"resourceType": "Medication", "id": "m", "code": {"text": "for dementia"}}
    order = {
        "resourceType": "MedicationRequest",
        "id": "r",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "Medication/m"},
        "authoredOn": "2020-01-01T13:00:00Z",
    }
    asked = Request(at=NOON, patients=["Patient/p1"])
    fresh(graph, tmp_path, *BEFORE, drug)
    then = fhir.export(graph, tmp_path / "then", asked=asked)
    before = bundles(graph, tmp_path / "bundles-then")
    fresh(graph, tmp_path, *BEFORE, drug, order)
    assert fhir.export(graph, tmp_path / "now", asked=asked) == then
    assert bundles(graph, tmp_path / "bundles-now") == before
    asked = Request(at=NOON + timedelta(hours=2), patients=["Patient/p1"])
    assert fhir.export(graph, tmp_path / "later", asked=asked)["Medication"] == 1


@pytest.mark.neo4j
def test_a_diagnosis_that_is_still_open_has_the_same_digest_in_a_graph_made_of_its_export(
    graph: Graph, tmp_path: Path
) -> None:
    problem = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p1"},
        "clinicalStatus": {"coding": [{"code": "resolved"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "recordedDate": "2020-01-01T10:00:00Z",
        "abatementDateTime": "2020-01-05",
    }
    fresh(graph, tmp_path, *BEFORE, problem)
    then = digest(graph, NOON)
    text = bundles(graph, tmp_path / "out")["p1.json"]
    assert ("confirmed" in text, "resolved" in text, "abatement" in text) == (True, False, False)
    graph.write("admin.clear", batch=5000)
    ingest(graph, [tmp_path / "out"])
    assert digest(graph, NOON) == then


@pytest.mark.neo4j
def test_tables_have_the_columns_of_the_mapping_and_rows_say_whose_they_are(
    graph: Graph, tmp_path: Path, cwm: Any
) -> None:
    fresh(graph, tmp_path, *BEFORE, *AFTER)
    run = cwm("graph", "export", "parquet", str(tmp_path / "p"), "--json")
    assert run.json["types"] == {"Condition": 1, "Encounter": 1, "Observation": 2, "Patient": 1}
    rows = pl.read_parquet(tmp_path / "p" / "Observation.parquet")
    assert dict(rows.schema) == parquet.schema("Observation")
    first = rows.row(0, named=True)
    assert (first["patient"], first["encounter"], first["value"]) == ("Patient/p1", "Encounter/e1", 70.1)
    assert first["start"] == datetime(2020, 1, 1, 9, tzinfo=UTC)
    people = pl.read_parquet(tmp_path / "p" / "Patient.parquet").row(0, named=True)
    assert (people["dead"], people["birth"], people["patient"]) == (True, "1960-05-06", "Patient/p1")
    with pytest.raises(InvalidInputError, match="folder of its own"):
        parquet.export(graph, tmp_path / "p")


@pytest.mark.neo4j
def test_a_cohort_is_exported_and_nobody_else(graph: Graph, tmp_path: Path, cwm: Any) -> None:
    inside = encounter("e9", "Patient/p1", **{"class": {"code": "IMP"}})
    other = [
        patient("p2", birthDate="1970-01-01"),
        encounter("e2", "Patient/p2"),
        observation("o9", "Patient/p2"),
    ]
    fresh(graph, tmp_path, *BEFORE, inside, *other)
    cohort_store.make(graph, definition("first-inpatient-stay"))
    options = ("--cohort", "first-inpatient-stay", "--json")
    assert cwm("graph", "export", "parquet", str(tmp_path / "p"), *options).json["types"] == {
        "Encounter": 2, "Observation": 1, "Patient": 1
    }  # fmt: skip
    assert cwm("graph", "export", "meds", str(tmp_path / "m"), *options).json["subjects"] == 1
    assert cwm("graph", "export", "fhir", str(tmp_path / "b"), "--bundles", *options).json["types"] == {
        "Encounter": 2, "Observation": 1, "Patient": 1
    }  # fmt: skip
    (file,) = (tmp_path / "b").iterdir()
    bundle = json.loads(file.read_text())
    assert (bundle["type"], len(bundle["entry"])) == ("collection", 4)
    assert cwm("graph", "export", "fhir", str(tmp_path / "c"), "--bundles", "--gzip").status == 2
