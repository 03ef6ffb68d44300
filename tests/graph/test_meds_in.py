"""MEDS data sets: events become resources, an export comes back with as many subjects and events, and bad rows are named."""

import json
import shutil
import tarfile
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.digest import digest
from graph.export import meds
from graph.fhir.read import Found, Item, Refused, Source, find, items, read
from graph.ingest import ingest
from graph.journey import journey
from tests.data import demo_slice
from tests.graph.made import ndjson

pytest.importorskip("meds")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

LIMIT = 1 << 20
Event = dict[str, Any]


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


EVENTS: list[Event] = [
    {"subject_id": 7, "code": "GENDER//F"},
    {"subject_id": 7, "time": time("1950-07-09"), "code": "MEDS_BIRTH"},
    {"subject_id": 7, "time": time("2020-01-02T08:00:00"), "code": "ENCOUNTER//IMP", "encounter_id": 11},
    {"subject_id": 7, "time": time("2020-01-02T09:00:00"), "code": "LOINC//2160-0", "numeric_value": 80.6,
     "unit": "umol/L", "encounter_id": 11},
    {"subject_id": 7, "time": time("2020-01-02T09:00:00"), "code": "STROKE//LEFT", "text_value": "mild", "ward": "4"},
    {"subject_id": 7, "time": time("2020-01-02T09:00:00"), "code": "STROKE//LEFT", "text_value": "mild", "ward": "4"},
    {"subject_id": 7, "time": time("2020-01-05T10:00:00"), "code": "ENCOUNTER_END//home", "encounter_id": 11},
    {"subject_id": 7, "time": time("2020-01-05T11:00:00"), "code": "ICD10CM//I21.9", "encounter_id": 11},
    {"subject_id": 8, "code": "GENDER//?"},
    {"subject_id": 8, "time": time("2021-01-02T09:00:00"), "code": "CVX//140"},
]  # fmt: skip
SCHEMA = {
    "subject_id": pa.int64(), "time": pa.timestamp("us"), "code": pa.string(), "numeric_value": pa.float32(),
    "text_value": pa.large_string(), "unit": pa.string(), "encounter_id": pa.int64(), "ward": pa.string(),
}  # fmt: skip


def data_set(folder: Path, *shards: list[Event], about: dict[str, str] | None = None) -> Path:
    """A MEDS folder of those shards."""
    (folder / "data" / "train").mkdir(parents=True)
    (folder / "metadata").mkdir()
    (folder / "metadata" / "dataset.json").write_text(json.dumps(about or {"dataset_name": "made"}))
    names = {"code": ["STROKE//LEFT"], "description": ["Left stroke"], "parent_codes": [["SNOMED/230690007"]]}
    pq.write_table(pa.table(names), folder / "metadata" / "codes.parquet")
    for number, events in enumerate(shards):
        table = pa.Table.from_pylist(events, schema=pa.schema(SCHEMA))
        pq.write_table(table, folder / "data" / "train" / f"{number}.parquet")
    return folder


def found(items: list[Item]) -> list[dict[str, Any]]:
    return [json.loads(item.raw) for item in items if isinstance(item, Found)]


def refused(items: list[Item]) -> list[tuple[str, str, str]]:
    return [(item.place, item.reason, item.message) for item in items if isinstance(item, Refused)]


def test_events_become_resources_and_again_changes_nothing(graph: Graph, tmp_path: Path) -> None:
    folder = data_set(tmp_path / "set", EVENTS)
    report = ingest(graph, [folder], strict=True)  # which reads everything twice
    # Ten events: two make a person, two an encounter, and one of the other subject is not understood.
    assert (report.read, report.written, report.set_aside, report.dangling) == (9, 9, 0, 0)
    assert report.unmapped == {
        "code STROKE//*: no kind, so an observation": 2,
        "code GENDER//*: no kind, so an observation": 1,
        "codes.parquet: parent_codes": 1,
    }
    before = digest(graph)
    again = ingest(graph, [folder])
    assert (again.written, again.unchanged) == (0, 9)
    assert digest(graph) == before
    (creatinine,) = [r for r in found(list(read([folder], LIMIT))) if "valueQuantity" in r]
    # The number in the width that it was written in, and not 80.5999984741211.
    assert creatinine["valueQuantity"] == {"value": 80.6, "unit": "umol/L"}
    strokes = [r for r in found(list(read([folder], LIMIT))) if r.get("valueString") == "mild"]
    assert strokes[0]["code"]["coding"] == [
        {"system": "urn:clinical-world-model:meds:made", "code": "STROKE//LEFT", "display": "Left stroke"}
    ]
    assert strokes[0]["extension"] == [
        {"url": "urn:clinical-world-model:meds:column:ward", "valueString": "4"}
    ]
    assert strokes[1]["id"] == f"{strokes[0]['id']}-1"


def test_an_event_is_known_at_its_time_and_an_end_when_it_comes(graph: Graph, tmp_path: Path) -> None:
    report = ingest(graph, [data_set(tmp_path / "set", EVENTS)])
    (key,) = graph.values("export.meds", after="", size=1, at=None, patients=None, closing=[])[0][:1]
    during = journey(graph, key, datetime.fromisoformat("2020-01-02T09:00:00Z"))
    assert Counter(e["type"] for e in during.facts) == {"Observation": 3}
    assert (during.encounters[0].get("end"), during.encounters[0].get("disposition")) == (None, None)
    after = journey(graph, key, datetime.fromisoformat("2020-01-05T11:00:00Z"))
    assert after.encounters[0]["disposition"] == "home"
    assert Counter(e["type"] for e in after.facts) == {"Observation": 3, "Condition": 1}
    assert report.reasons == {}


def test_an_export_of_the_demo_comes_back_with_as_many_subjects_and_events(
    graph: Graph, tmp_path: Path
) -> None:
    ingest(graph, [ndjson(tmp_path / "demo.ndjson", demo_slice(3))])
    out = meds.export(graph, tmp_path / "out", name="demo")
    graph.write("admin.clear", batch=5000)
    report = ingest(graph, [tmp_path / "out"])
    assert (report.set_aside, report.dangling) == (0, 0)
    back = meds.export(graph, tmp_path / "back", name="demo")
    assert (back["subjects"], back["events"]) == (out["subjects"], out["events"])

    def codes(folder: str) -> Counter[tuple[str, datetime, float, str]]:
        rows = pq.read_table(tmp_path / folder / "data").to_pylist()
        return Counter((r["code"], r["time"], r["numeric_value"], r["unit"]) for r in rows)

    assert codes("back") == codes("out")
    assert ingest(graph, [tmp_path / "out"]).unchanged == report.read


BAD: list[Event] = [
    EVENTS[9] | {"code": ""},
    EVENTS[9] | {"numeric_value": float("inf")},
    EVENTS[9] | {"subject_id": None},
    EVENTS[0] | {"subject_id": 9},
    EVENTS[9] | {"numeric_value": float("nan")},
]


def test_bad_rows_are_named_by_file_and_row_and_the_rest_goes_in(graph: Graph, tmp_path: Path) -> None:
    folder = data_set(tmp_path / "set", [EVENTS[9], *BAD])
    pq.write_table(
        pa.table({"subject_id": ["a"], "time": [1], "code": ["x"]}), folder / "data" / "odd.parquet"
    )
    (folder / "data" / "torn.parquet").write_bytes(b"PAR1 and no more")
    items = list(read([folder], LIMIT))
    assert refused(items) == [
        ("set/data/odd.parquet", "bad-table", "the column subject_id holds no whole numbers"),
        (
            "set/data/torn.parquet",
            "bad-table",
            "the file is no Parquet, or is damaged; what came before it was read",
        ),
        ("set/data/train/0.parquet:2", "bad-row", "the column code is empty"),
        ("set/data/train/0.parquet:3", "bad-row", "the column numeric_value is not a number"),
        ("set/data/train/0.parquet:4", "bad-row", "the column subject_id is empty"),
        ("set/data/train/0.parquet:6", "bad-row", "the rows of a subject do not lie together"),
    ]
    report = ingest(graph, [folder])
    assert report.read == report.written + report.set_aside
    assert report.reasons == {"bad-row": 4, "bad-table": 2}


@pytest.mark.parametrize("column", ["code", "text_value"])
def test_words_that_are_no_utf8_are_named(tmp_path: Path, column: str) -> None:
    folder = data_set(tmp_path / "set", EVENTS)
    words: dict[str, Any] = {"subject_id": [1], "time": pa.array([None], pa.timestamp("us")), "code": ["x"]}
    words[column] = pa.array([b"\xff"]).view(pa.string())
    pq.write_table(pa.table(words), folder / "data" / "odd.parquet")
    message = "the file is no Parquet, or is damaged; what came before it was read"
    assert refused(list(read([folder], LIMIT))) == [("set/data/odd.parquet", "bad-table", message)]


def test_ids_do_not_depend_on_files_order_or_batches(tmp_path: Path) -> None:
    one = found(list(read([data_set(tmp_path / "a", EVENTS)], LIMIT)))
    two = found(list(read([data_set(tmp_path / "b", EVENTS[8:], EVENTS[:8])], LIMIT)))
    assert sorted(r["id"] for r in one) == sorted(r["id"] for r in two)
    other = found(list(read([data_set(tmp_path / "c", EVENTS, about={"dataset_name": "other"})], LIMIT)))
    assert not {r["id"] for r in one} & {r["id"] for r in other}


def test_a_number_said_with_more_than_its_role_is_an_observation_too(tmp_path: Path) -> None:
    events = [
        EVENTS[1] | {"text_value": "at home"},
        EVENTS[2],
        EVENTS[2] | {"time": time("2020-01-03")},
        EVENTS[6] | {"encounter_id": 12},
    ]
    made = found(list(read([data_set(tmp_path / "set", events)], LIMIT)))
    kinds = Counter((r["resourceType"], r.get("code", {}).get("coding", [{}])[0].get("code")) for r in made)
    assert kinds == {
        ("Patient", None): 1,
        ("Encounter", None): 1,
        # Another beginning of the same encounter, an end without a beginning, and a birth with words.
        ("Observation", "ENCOUNTER//IMP"): 1,
        ("Observation", "ENCOUNTER_END//home"): 1,
        ("Observation", "MEDS_BIRTH"): 1,
    }


def test_a_birth_or_death_without_a_time_is_kept(tmp_path: Path) -> None:
    """The Patient has no place for it."""
    events = [
        {"subject_id": 7, "time": None, "code": code} for code in ("MEDS_BIRTH", "MEDS_DEATH", "GENDER//F")
    ]
    made = found(list(read([data_set(tmp_path / "set", events)], LIMIT)))
    kinds = [(r["resourceType"], r.get("code", {}).get("coding", [{}])[0].get("code")) for r in made]
    assert kinds == [("Patient", None), ("Observation", "MEDS_BIRTH"), ("Observation", "MEDS_DEATH")]


def test_the_name_of_the_data_set_may_be_missing_or_broken(tmp_path: Path) -> None:
    folder = data_set(tmp_path / "set", EVENTS)
    (folder / "metadata" / "dataset.json").write_text("{")
    ids = [r["id"] for r in found(list(read([folder], LIMIT))) if r["resourceType"] == "Patient"]
    assert ids == ["meds-7", "meds-8"]


@pytest.mark.parametrize("pack", ["zip", "tar", "gztar"])
def test_a_data_set_in_an_archive_is_that_of_the_folder(tmp_path: Path, pack: str) -> None:
    """Codes have their descriptions, and what is not carried is counted, as in a folder."""
    folder = data_set(tmp_path / "in" / "set", EVENTS[:8], EVENTS[8:])
    packed = Path(shutil.make_archive(str(tmp_path / "out" / "set"), pack, tmp_path / "in"))
    sources = {kind: [s for s in find([path]) if isinstance(s, Source)] for kind, path in
               (("folder", folder), ("archive", packed))}  # fmt: skip
    made = {kind: [item for s in some for item in items(s, LIMIT)] for kind, some in sources.items()}
    assert found(made["archive"]) == found(made["folder"])
    assert refused(made["archive"]) == []
    assert [s.unmapped for s in sources["archive"]] == [s.unmapped for s in sources["folder"]]
    names = [s.name.replace("!./", "!") for s in sources["archive"]]
    assert names == [f"out/{packed.name}!set/data/train/{n}.parquet" for n in (0, 1)]
    assert all(s.consumed == s.size for s in sources["archive"])


def test_a_data_set_in_an_archive_may_stand_at_its_top_beside_fhir(tmp_path: Path) -> None:
    folder = data_set(tmp_path / "set", EVENTS)
    (folder / "more.ndjson").write_text('{"resourceType":"Basic","id":"b"}\n')
    packed = Path(shutil.make_archive(str(tmp_path / "out"), "zip", folder))
    got = list(read([packed], LIMIT))
    assert {"Basic", "Patient", "Observation"} <= {r["resourceType"] for r in found(got)}
    assert refused(got) == []


def test_tables_of_both_kinds_in_one_archive_are_read_and_what_is_there_twice_is_refused(
    tmp_path: Path,
) -> None:
    folder = data_set(tmp_path / "set", EVENTS)
    (folder / "PERSON.csv").write_text("person_id,gender_concept_id,year_of_birth\n1,8507,1950\n")
    packed = Path(shutil.make_archive(str(tmp_path / "out"), "tar", folder))
    items_ = list(read([packed], LIMIT))
    assert {r["id"].partition("-")[0] for r in found(items_) if r["resourceType"] == "Patient"} == {
        "meds",
        "omop",
    }
    assert refused(items_) == []
    with tarfile.open(packed, "a") as archive:
        archive.add(folder / "data" / "train" / "0.parquet", "./data/train/0.parquet")
        archive.add(folder / "PERSON.csv", "./PERSON.csv")
    said = refused(list(read([packed], LIMIT)))
    assert {(place.rpartition("/")[2], reason) for place, reason, _ in said} == {
        ("0.parquet", "bad-member"),
        ("PERSON.csv", "bad-member"),
    }


def test_a_data_set_that_is_packed_by_lzma_and_damaged_is_refused(tmp_path: Path) -> None:
    folder = data_set(tmp_path / "set", EVENTS)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(folder).as_posix())
        archive.writestr("b.ndjson", '{"resourceType":"Basic","id":"b"}\n' * 50)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    for name, skip in ((b"data/train/0.parquet", 40), (b"b.ndjson", 20)):
        at = data.index(name) + len(name) + skip
        data[at : at + 20] = b"\xff" * 20
    (tmp_path / "a.zip").write_bytes(data)
    said = refused(list(read([tmp_path / "a.zip"], LIMIT)))
    assert {place.rpartition("!")[2].partition(":")[0] for place, _, _ in said} == {
        "data/train/0.parquet",
        "b.ndjson",
    }


def test_a_data_set_in_an_archive_that_is_damaged_or_a_bomb_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = data_set(tmp_path / "set", EVENTS[:8], EVENTS[8:])
    first, second = sorted((folder / "data" / "train").iterdir())
    first.write_bytes(first.read_bytes() + b"\0" * 80_000_000)
    packed = Path(shutil.make_archive(str(tmp_path / "out"), "zip", folder))
    ((place, reason, message),) = refused(list(read([packed], LIMIT)))
    assert (place, reason) == (f"{tmp_path.name}/out.zip!data/train/0.parquet", "unreadable")
    assert "far more than its size" in message
    first.write_bytes(second.read_bytes())
    data = bytearray(Path(shutil.make_archive(str(tmp_path / "out"), "zip", folder)).read_bytes())
    at = data.index(b"data/train/1.parquet") + 60
    data[at : at + 200] = b"\0" * 200
    packed.write_bytes(data)
    said = refused(list(read([packed], LIMIT)))
    assert said
    assert {reason for _, reason, _ in said} <= {"unreadable", "bad-table", "bad-row"}
