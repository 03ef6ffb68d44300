"""OMOP CDM tables: what a row becomes, when it is known, and that nothing of a folder is dropped in silence."""

import json
import shutil
import subprocess
import sys
import zipfile
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import Graph
from graph.digest import digest
from graph.export.compare import compare
from graph.fhir.read import Found, Item, Refused, read
from graph.ingest import StrictError, ingest
from graph.journey import journey
from graph.tabular import cells
from tests.conftest import Run
from tests.graph.omop_made import MAPPED, TABLES, omop, table

LIMIT = 1 << 20


def found(items: list[Item]) -> dict[str, dict[str, Any]]:
    made = [json.loads(item.raw) for item in items if isinstance(item, Found)]
    return {f"{r['resourceType']}/{r['id']}": r for r in made}


def refused(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.place, item.reason) for item in items if isinstance(item, Refused)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_folder_goes_in_whole_and_again_changes_nothing(graph: Graph, tmp_path: Path) -> None:
    folder = omop(tmp_path / "cdm")
    first = ingest(graph, [folder])
    # The provider at a care site is a role too, the cause of a death an observation, and a device in use a thing.
    assert first.read == first.written == sum(map(len, MAPPED.values())) + 2
    assert (first.set_aside, first.dangling) == (0, 0)
    before = digest(graph)
    again = ingest(graph, [folder])
    assert (again.read, again.written, again.unchanged) == (first.read, 0, first.read)
    assert digest(graph) == before
    assert compare(graph, [folder]).equal == first.read
    person = journey(graph, "omop-person-1")
    assert {event["type"] for event in person.facts} >= {
        "Condition",
        "Observation",
        "Procedure",
        "MedicationRequest",
        "DeviceUseStatement",
        "Specimen",
        "DocumentReference",
    }


def test_what_has_no_mapping_is_counted_and_named(graph: Graph, tmp_path: Path) -> None:
    rows = [row | {"mood": "fine"} for row in TABLES["MEASUREMENT"]]
    report = ingest(graph, [omop(tmp_path / "cdm", {"MEASUREMENT": rows})])
    assert report.unmapped["OBSERVATION_PERIOD: rows of a table without a mapping"] == 2
    assert report.unmapped["MEASUREMENT.mood: a column without a mapping"] == 2
    assert report.unmapped["CONDITION_OCCURRENCE.condition_concept_id: no concept"] == 1
    assert report.unmapped["PROCEDURE_OCCURRENCE.procedure_concept_id: not in CONCEPT"] == 1


def test_a_quote_that_does_not_end_takes_no_rows_with_it(tmp_path: Path) -> None:
    """The rest of the file has as many fields as are lacking, so it looks like the end of the row."""
    text = 'care_site_id,care_site_name\n1,Ward\n2,"Ward\n3,Ward 3\n4,"Ward ""4"""\n'
    items = list(read([omop(tmp_path / "cdm", {"CARE_SITE": text + '5,"Ward'})], LIMIT))
    made = found(items)
    names = {key[-1]: made[key]["name"] for key in made if key.startswith("Organization/")}
    assert names == {"1": "Ward", "3": "Ward 3", "4": 'Ward "4"'}
    assert refused(items) == [("cdm/CARE_SITE.csv:3", "bad-row"), ("cdm/CARE_SITE.csv:6", "bad-row")]


def test_a_note_as_long_as_a_book_goes_in(tmp_path: Path) -> None:
    note = {"note_id": 1, "person_id": 1, "note_date": "2020-01-02", "note_text": "word, \n" * 100_000}
    made = found(list(read([omop(tmp_path / "cdm", {"NOTE": [note]})], 1 << 26)))
    (content,) = made["DocumentReference/omop-note-1"]["content"]
    assert b64decode(content["attachment"]["data"]).decode() == str(note["note_text"]).strip()


def test_words_that_happen_to_be_a_key_or_the_number_of_something_else_are_kept(tmp_path: Path) -> None:
    """Sources write sexes and lots as numbers, and there is a person 1 and a dose of 1."""
    people: list[dict[str, Any]] = [{**row, "gender_source_value": "1"} for row in TABLES["PERSON"]]
    drugs: list[dict[str, Any]] = [
        {**row, "quantity": 1, "lot_number": "1"} for row in TABLES["DRUG_EXPOSURE"]
    ]
    results: list[dict[str, Any]] = [
        {**row, "value_source_value": row["value_as_number"]} for row in TABLES["MEASUREMENT"]
    ]
    folder = omop(tmp_path / "cdm", {"PERSON": people, "DRUG_EXPOSURE": drugs, "MEASUREMENT": results})
    made = found(list(read([folder], LIMIT)))

    def carried(key: str) -> dict[str, Any]:
        return {e["url"].rpartition(":")[2]: e.get("valueString") for e in made[key]["extension"]}

    assert carried("Patient/omop-person-1")["gender_source_value"] == "1"
    assert carried("Patient/omop-person-2")["gender_source_value"] == "1"
    assert carried("MedicationRequest/omop-drug-exposure-1")["lot_number"] == "1"
    assert "extension" not in made["Observation/omop-measurement-1"]  # the value itself, once more


def test_codes_are_those_of_concept_or_the_number_with_what_the_source_said(tmp_path: Path) -> None:
    by_table = found(list(read([omop(tmp_path / "a")], LIMIT)))["Condition/omop-condition-occurrence-1"]
    assert [(c["system"], c["code"]) for c in by_table["code"]["coding"]] == [
        ("http://snomed.info/sct", "22298006"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "I21.9"),
    ]
    bare = found(list(read([omop(tmp_path / "b", {"CONCEPT": None})], LIMIT)))
    condition = bare["Condition/omop-condition-occurrence-1"]["code"]
    assert [(c["system"], c["code"]) for c in condition["coding"]] == [
        ("https://fhir-terminology.ohdsi.org", "4329847"),
        ("https://fhir-terminology.ohdsi.org", "45586587"),
    ]
    assert condition["text"] == "I21.9"
    local = bare["Condition/omop-condition-occurrence-2"]["code"]["coding"]
    assert local == [
        {"system": "urn:clinical-world-model:omop:source:condition_source_value", "code": "local-7"}
    ]
    assert bare["Observation/omop-measurement-1"]["valueQuantity"]["unit"] == "mg/dL"


def test_dates_are_known_when_they_are_over_and_ends_when_they_come(graph: Graph, tmp_path: Path) -> None:
    ingest(graph, [omop(tmp_path / "cdm")])
    known = {
        e["key"]: e["recorded"] for e in journey(graph, "omop-person-1").facts if e["type"] == "Observation"
    }
    # A laboratory test, as CONCEPT says, is known after the delay of its kind; midnight means that no time is known.
    assert known["Observation/omop-measurement-1"] == at("2020-01-02T10:15:00Z")
    assert known["Observation/omop-measurement-2"] == at("2020-01-04T01:00:00Z")
    assert known["Observation/omop-death-1"] == at("2020-03-05T00:00:00Z")
    during = journey(graph, "omop-person-1", at("2020-01-04T12:00:00Z"))
    stay, _ = during.encounters
    assert (stay.get("end"), stay.get("disposition"), during.patient.get("deceased")) == (None, None, None)
    # The diagnosis of a stay says no time at which it was written, so it is known when the stay is over.
    assert "Condition" not in {e["type"] for e in during.facts}
    after = journey(graph, "omop-person-1", at("2020-01-06T00:00:00Z"))
    assert after.encounters[0]["disposition"] == "HOME"
    assert "Condition" in {e["type"] for e in after.facts}
    assert journey(graph, "omop-person-1", at("2020-03-05T00:00:00Z")).patient["dead"] is True


BAD = {
    "MEASUREMENT": [
        TABLES["MEASUREMENT"][0],
        TABLES["MEASUREMENT"][1] | {"measurement_id": 3, "person_id": 99},
        TABLES["MEASUREMENT"][1] | {"measurement_id": 4, "measurement_date": "2020-02-30"},
        TABLES["MEASUREMENT"][1] | {"measurement_id": 5, "value_as_number": "high"},
        TABLES["MEASUREMENT"][1] | {"measurement_id": 6, "measurement_datetime": "2020-01-09 10:00:00"},
        TABLES["MEASUREMENT"][1] | {"measurement_id": 7, "person_id": ""},
        TABLES["MEASUREMENT"][1] | {"measurement_id": "x"},
        TABLES["MEASUREMENT"][1],
    ]
}


def test_bad_rows_are_set_aside_with_file_and_line_and_the_rest_goes_in(graph: Graph, tmp_path: Path) -> None:
    folder = omop(tmp_path / "cdm", BAD)
    report = ingest(graph, [folder])
    assert report.reasons == {"no-person": 1, "bad-row": 5}
    assert report.read == report.written + report.set_aside
    said = [(row["place"], row["message"]) for row in report.set_aside_sample]
    assert said == [
        ("cdm/MEASUREMENT.csv:3", "there is no such person_id in PERSON"),
        ("cdm/MEASUREMENT.csv:4", "the column measurement_date is not a date of the calendar"),
        ("cdm/MEASUREMENT.csv:5", "the column value_as_number is not a number"),
        (
            "cdm/MEASUREMENT.csv:6",
            "the columns measurement_date and measurement_datetime name different days",
        ),
        ("cdm/MEASUREMENT.csv:7", "the column person_id is empty"),
        ("cdm/MEASUREMENT.csv:8", "the column measurement_id is not a whole number"),
    ]
    # Mended in the table and taken in again, only they are new; the file of what was set aside holds no resources.
    assert report.set_aside_file is not None
    aside = ingest(graph, [report.set_aside_file])
    assert (aside.written, aside.reasons) == (0, report.reasons)
    omop(tmp_path / "cdm")
    mended = ingest(graph, [folder])
    assert (mended.written, mended.set_aside) == (0, 0)


def test_a_bad_death_is_named_and_the_person_goes_in(tmp_path: Path) -> None:
    death = TABLES["DEATH"][0]
    rows = [death | {"death_date": "2020-13-01"}, {"person_id": 2, "death_date": "2022-01-01"}]
    items = list(
        read([omop(tmp_path / "cdm", {"DEATH": [*rows, rows[1] | {"death_date": "2023-01-01"}]})], LIMIT)
    )
    assert refused(items) == [("cdm/DEATH.csv:2", "bad-row"), ("cdm/DEATH.csv:4", "bad-row")]
    people = found(items)
    assert "deceasedDateTime" not in people["Patient/omop-person-1"]
    assert people["Patient/omop-person-2"]["deceasedDateTime"] == "2022-01-01"


def test_files_may_be_small_packed_or_as_athena_writes_them(tmp_path: Path) -> None:
    want = found(list(read([omop(tmp_path / "a")], LIMIT)))
    assert found(list(read([omop(tmp_path / "b", name="{}.csv.gz")], LIMIT))) == want
    tabs = table([row | {"concept_name": f'"{row["concept_name"]}'} for row in TABLES["CONCEPT"]], "\t")
    low = omop(tmp_path / "c", {"CONCEPT": tabs.replace('"""', '"').replace('"\t', "\t")})
    for path in low.iterdir():
        path.rename(path.with_name(path.name.lower()))
    got = found(list(read([low], LIMIT)))
    assert got.keys() == want.keys()
    code = got["Observation/omop-measurement-1"]["code"]["coding"][0]
    assert (code["code"], code["display"]) == ("2160-0", '"Creatinine')


def test_a_release_takes_the_place_of_an_older_one_and_data_sets_stay_apart(
    graph: Graph, tmp_path: Path
) -> None:
    def release(day: str, value: str) -> Path:
        about = [{"cdm_source_name": "General", "cdm_source_abbreviation": "GH", "cdm_release_date": day}]
        rows = [TABLES["MEASUREMENT"][0] | {"value_as_number": value}]
        return omop(tmp_path / day, {"CDM_SOURCE": about, "MEASUREMENT": rows})

    newer = ingest(graph, [release("2024-02-01", "1.2")])
    older = ingest(graph, [release("2024-01-01", "9.9")])
    facts = older.written
    assert older.reasons == {"older-version": older.read - facts}
    assert newer.written == newer.read
    values = graph.frame(
        "MATCH (o:Observation) WHERE o.key CONTAINS 'measurement' RETURN o.value AS v, o:Deleted AS old ORDER BY v"
    )
    assert values.rows() == [(1.2, False), (9.9, True)]
    assert ingest(graph, [omop(tmp_path / "other")]).unchanged == 0


def test_a_broken_csv_costs_only_its_broken_rows(tmp_path: Path) -> None:
    text = 'location_id,city,address_1\n1,Bern,"two\nlines"\n2,Basel\n3,"never ends,x\n4,Chur,y\n\n5,Genf,z\n'
    folder = omop(tmp_path / "cdm", {"LOCATION": text, "CARE_SITE": "", "PROVIDER": "npi\n1\n"})
    (folder / "OBSERVATION.csv").write_bytes(
        table(TABLES["OBSERVATION"]).encode() + b"2,2,0,2021-01-02,\xff\n"
    )
    items = list(read([folder], LIMIT))
    assert refused(items) == [
        ("cdm/CARE_SITE.csv", "empty-file"),
        ("cdm/LOCATION.csv:4", "bad-row"),
        ("cdm/LOCATION.csv:5", "bad-row"),
        ("cdm/PROVIDER.csv:1", "bad-table"),
        ("cdm/OBSERVATION.csv:3", "not-utf8"),
    ]
    places = {
        i.line: json.loads(i.raw)["id"] for i in items if isinstance(i, Found) and "LOCATION" in i.source
    }
    assert places == {2: "omop-location-1", 6: "omop-location-4", 8: "omop-location-5"}


def test_a_table_in_two_files_is_read_once_and_named(tmp_path: Path) -> None:
    folder = omop(tmp_path / "cdm")
    (folder / "person.csv.gz").write_bytes(b"")
    items = list(read([folder], LIMIT))
    assert refused(items) == [("cdm/person.csv.gz", "bad-table")]
    assert "Patient/omop-person-1" in found(items)


@given(
    st.binary(max_size=300),
    st.sampled_from(["LOCATION", "PERSON", "DEATH", "NOTE", "OBSERVATION_PERIOD", "CONCEPT", "CDM_SOURCE"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_bytes_break_a_table(tmp_path: Path, noise: bytes, name: str) -> None:
    folder = omop(tmp_path / "cdm")
    whole = (folder / f"{name}.csv").read_bytes() if name in TABLES else b"cdm_source_name\n"
    (folder / f"{name}.csv").write_bytes(whole + noise)
    items = list(read([folder], LIMIT))
    assert len(found(items)) + len(refused(items)) > 10
    (folder / f"{name}.csv").write_bytes(noise)
    assert all(item.source for item in read([folder], LIMIT))


def test_a_strict_ingest_takes_a_good_folder_and_stops_at_a_bad_row(graph: Graph, tmp_path: Path) -> None:
    assert ingest(graph, [omop(tmp_path / "a")], strict=True).set_aside == 0
    with pytest.raises(StrictError, match=r"b/MEASUREMENT.csv:3"):
        ingest(graph, [omop(tmp_path / "b", BAD)], strict=True)


def test_a_row_without_end_is_never_held_in_memory(tmp_path: Path) -> None:
    text = "location_id,city\n1,Bern\n2," + "x" * 5000 + "\n3,Chur\n"
    items = list(read([omop(tmp_path / "cdm", {"LOCATION": text})], 1000))
    assert refused(items) == [("cdm/LOCATION.csv:3", "too-long")]
    assert {"Location/omop-location-1", "Location/omop-location-3"} <= found(items).keys()


def test_memory_does_not_grow_with_the_tables(tmp_path: Path) -> None:
    # What is remembered of people and concepts has an end, which the smaller folder reaches.
    def peak(rows: int) -> int:
        folder = tmp_path / str(rows)
        people = [{"person_id": i, "gender_concept_id": 8507, "year_of_birth": 1980} for i in range(rows)]
        facts = [{"observation_id": i, "person_id": i, "observation_concept_id": 4275495,
                  "observation_date": "2021-01-02"} for i in range(rows)]  # fmt: skip
        folder.mkdir()
        (folder / "PERSON.csv").write_text(table(people))
        (folder / "OBSERVATION.csv").write_text(table(facts))
        script = (
            "import sys, tracemalloc; from graph.fhir.read import read; tracemalloc.start();"
            "n = sum(1 for _ in read([sys.argv[1]], 1 << 20)); print(n, tracemalloc.get_traced_memory()[1])"
        )
        out = subprocess.run(
            [sys.executable, "-c", script, folder], capture_output=True, text=True, check=True
        )
        count, memory = map(int, out.stdout.split())
        assert count == 2 * rows
        return memory

    assert peak(5_000) < 1.2 * peak(1_500)


def test_the_command_says_what_came_in_and_what_had_no_mapping(
    graph: Graph, cwm: Callable[..., Run], tmp_path: Path
) -> None:
    folder = omop(tmp_path / "cdm", BAD)
    said = cwm("ingest", str(folder))
    assert said.status == 1
    assert "OBSERVATION_PERIOD: rows of a table without a" in said.out
    assert "cdm/MEASUREMENT.csv:4" in said.out
    again = cwm("ingest", str(folder), "--json")
    assert again.json["read"] == again.json["unchanged"] + again.json["set_aside"]
    assert again.json["unmapped"]["OBSERVATION_PERIOD: rows of a table without a mapping"] == 2
    refusal = cwm("ingest", str(folder), "--fhir-version", "R5")
    assert refusal.status == 2
    assert "without --fhir-version" in refusal.err
    one = cwm("ingest", str(folder / "PERSON.csv"))
    assert "folder" in one.err


@given(st.datetimes(min_value=datetime(1800, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001  # they have no zone
def test_any_time_is_read_as_the_same_instant_or_as_its_day(moment: datetime) -> None:
    for text in (str(moment), moment.isoformat(), f"{moment} UTC", f"{moment}+00:00"):
        read_ = cells.time(text)
        if moment.time() == moment.min.time():
            assert read_ == str(moment.date())
        else:
            assert at(read_) == at(f"{moment.isoformat()}Z")


@given(st.text(max_size=12))
def test_no_cell_breaks_a_reader(text: str) -> None:
    for reader in cells.READ.values():
        try:
            assert isinstance(reader(text), str)
        except ValueError:
            continue
    try:
        number = cells.number(text)
    except ValueError:
        return
    assert float(json.loads(number)) == float(text)


@pytest.mark.parametrize("pack", ["zip", "tar", "gztar"])
def test_tables_in_an_archive_are_those_of_the_folder(tmp_path: Path, pack: str) -> None:
    want = found(list(read([omop(tmp_path / "in" / "cdm", name="{}.csv.gz")], LIMIT)))
    (tmp_path / "in" / "more.ndjson").write_text('{"resourceType":"Basic","id":"b"}\n')
    packed = Path(shutil.make_archive(str(tmp_path / "out" / "set"), pack, tmp_path / "in"))
    items = list(read([packed], LIMIT))
    assert refused(items) == []
    assert found(items) == want | {"Basic/b": {"resourceType": "Basic", "id": "b"}}
    (person,) = {item.source for item in items if "PERSON" in item.source}
    assert person.replace("!./", "!") == f"out/{packed.name}!cdm/PERSON.csv.gz"
    assert found(list(read([packed.parent], LIMIT))) == found(items)


def test_an_archive_of_tables_that_is_damaged_or_a_bomb_is_refused_in_one_line(tmp_path: Path) -> None:
    whole = tmp_path / "a.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in omop(tmp_path / "cdm", {"LOCATION": None}).iterdir():
            archive.write(path, path.name)
        archive.writestr("LOCATION.csv", "location_id,city\n1," + "x" * 80_000_000)
        archive.writestr("../CARE_SITE.csv", "care_site_id\n1\n")
    said = refused([item for item in read([whole], LIMIT) if isinstance(item, Refused)])
    assert (f"{tmp_path.name}/a.zip!../CARE_SITE.csv", "bad-member") in said
    assert [reason for place, reason in said if "LOCATION" in place] == ["unreadable"]
    data = bytearray(whole.read_bytes())
    data[200:260] = b"\0" * 60
    (tmp_path / "b.zip").write_bytes(data)
    broken = refused(list(read([tmp_path / "b.zip"], LIMIT)))
    assert broken
    assert {reason for _, reason in broken} <= {
        "unreadable",
        "bad-member",
        "broken-archive",
        "bad-row",
        "bad-table",
        "no-person",
    }
