"""De-identified exports: identifiers are put everywhere, and none is found in any file of any export."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import Graph
from graph.export import deidentify, fhir, meds, parquet
from graph.export.deidentify import FARTHEST, Deidentifier, key_from
from graph.export.deidentify_fhir import hidden, moved
from graph.export.request import Request, request
from graph.ingest import ingest
from ontology.errors import InvalidInputError
from tests.graph.made import bundle, encounter, entry, ndjson, observation, patient

Resource = dict[str, Any]
KEY = b"0123456789abcdef0123456789abcdef"
SEEDS = (
    "Zebulon",
    "Quackenbush",
    "MRN-55019",
    "55019",
    "pt-zebulon",
    "enc-quack",
    "obs-zeb",
    "org-sacred",
    "555-0199",
    "zeb@example.org",
    "Elm Street",
    "Springfield",
    "62704",
    "SERIAL-77",
    "Sacred Heart Hospital",
    "Prunella",
    "private-note",
    "secret.example.org",
)  # fmt: skip
DATES = ("1925-03-04", "1960-05-06", "2020-01-01", "2020-01-03", "2020-01-02", "2019-12-30")
NAME = {"family": "Quackenbush", "given": ["Zebulon"], "text": "Zebulon Quackenbush"}
ID = [{"system": "http://secret.example.org/mrn", "value": "MRN-55019"}]
DIV = {"status": "generated", "div": "<div>Zebulon Quackenbush, MRN-55019</div>"}
EXTENSION = [{"url": "http://secret.example.org/x", "valueString": "Zebulon Quackenbush"}]
ADDRESS = [{"line": ["1 Elm Street"], "city": "Springfield", "postalCode": "62704"}]
TELECOM = [{"system": "phone", "value": "555-0199"}, {"system": "email", "value": "zeb@example.org"}]
EVERYWHERE = {
    "identifier": ID,
    "text": DIV,
    "extension": EXTENSION,
    "meta": {"source": "http://secret.example.org"},
}
ABOUT = {"subject": {"reference": "Patient/pt-zebulon", "display": "Zebulon Quackenbush"}}
IN = {"encounter": {"reference": "Encounter/enc-quack", "display": "seen by Prunella"}}


def said(code: str = "8867-4") -> Resource:
    coding = {"system": "http://loinc.org", "code": code, "display": "Heart rate of Zebulon"}
    return {"coding": [coding], "text": "Quackenbush's heart"}


SEEDED: list[Resource] = [
    patient(
        "pt-zebulon",
        birthDate="1960-05-06",
        name=[NAME],
        address=ADDRESS,
        telecom=TELECOM,
        photo=[{"data": "WmVidWxvbg=="}],
        contact=[{"name": NAME, "telecom": TELECOM}],
        generalPractitioner=[{"display": "Prunella"}],
        _birthDate={"extension": EXTENSION},
        maritalStatus={"text": "wed to Prunella"},
        **EVERYWHERE,
    ),
    patient("pt-old", birthDate="1925-03-04", name=[{"text": "Prunella"}]),
    encounter(
        "enc-quack",
        "Patient/pt-zebulon",
        "2020-01-01T08:00:00+02:00",
        period={"start": "2020-01-01", "end": "2020-01-03"},
        reasonCode=[{"text": "Zebulon fell on Elm Street"}],
        serviceProvider={"reference": "Organization/org-sacred"},
        participant=[{"individual": {"reference": "Practitioner/prunella", "display": "Prunella"}}],
        **EVERYWHERE,
    ),
    observation(
        "obs-zeb",
        code=said(),
        note=[{"text": "private-note"}],
        valueString="Zebulon says so",
        issued="2020-01-02T10:00:00Z",
        performer=[{"display": "Prunella"}],
        effectiveDateTime="2020-01-02",
        **ABOUT,
        **IN,
        **EVERYWHERE,
    ),
    observation(
        "obs-2",
        code=said("8480-6"),
        valueQuantity={"value": 1.10, "unit": "Zebulons", "code": "mm[Hg]"},
        component=[{"code": said("8462-4"), "valueString": "Prunella"}],
        effectiveDateTime="2019-12-30",
        **ABOUT,
    ),
    observation(
        "obs-3",
        of="Patient/pt-old",
        effectiveDateTime="2020-01-02",
        valueQuantity={"value": 94, "unit": "a", "code": "a"},
    ),
    {
        "resourceType": "Condition",
        "id": "c",
        "code": said("I10"),
        "onsetString": "when Zebulon fell",
        "recordedDate": "2020-01-02",
        **ABOUT,
        "contained": [{"resourceType": "Practitioner", "id": "doc", "name": [NAME]}],
        "asserter": {"reference": "#doc"},
        **EVERYWHERE,
    },
    {
        "resourceType": "DocumentReference",
        "id": "d",
        "description": "private-note",
        "date": "2020-01-02T00:00:00Z",
        **ABOUT,
        "content": [
            {
                "attachment": {
                    "data": "WmVidWxvbg==",
                    "title": "private-note",
                    "url": "http://secret.example.org/note",
                }
            }
        ],
        **EVERYWHERE,
    },
    {
        "resourceType": "Procedure",
        "id": "p",
        "code": said("1"),
        "performedDateTime": "2020-01-02",
        "outcome": {"text": "private-note"},
        **ABOUT,
    },
    {
        "resourceType": "Device",
        "id": "dev",
        "serialNumber": "SERIAL-77",
        "patient": ABOUT["subject"],
        "deviceName": [{"name": "Zebulon"}],
    },
    {
        "resourceType": "Organization",
        "id": "org-sacred",
        "name": "Sacred Heart Hospital",
        "alias": ["Sacred Heart Hospital"],
        "address": ADDRESS,
        "telecom": TELECOM,
        **EVERYWHERE,
    },
    {
        "resourceType": "Practitioner",
        "id": "prunella",
        "name": [{"text": "Prunella"}],
        "birthDate": "1960-05-06",
        **EVERYWHERE,
    },
    {
        "resourceType": "Basic",
        "id": "b",
        "author": {"display": "Prunella"},
        "created": "2020-01-02",
        **ABOUT,
        **EVERYWHERE,
    },
]  # fmt: skip


@pytest.fixture
def seeded(graph: Graph, tmp_path: Path) -> Graph:
    report = ingest(graph, [ndjson(tmp_path / "zebulon.ndjson", SEEDED)])
    assert report.set_aside == 0
    return graph


def dump(folder: Path) -> str:
    """All that the files of an export say, names of files included; numbers and times as text."""
    pieces = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        pieces.append(str(path.relative_to(folder)))
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
            pieces += [json.dumps(row, default=str, ensure_ascii=False) for row in frame.to_dicts()]
        else:
            pieces.append(path.read_text(encoding="utf-8"))
    return "\n".join(pieces)


Export = Callable[[Graph, Path, Request], object]
EXPORTS: dict[str, Export] = {
    "FHIR NDJSON": lambda graph, out, asked: fhir.export(graph, out, asked=asked),
    "FHIR bundles": fhir.bundles,
    "MEDS": meds.export,
    "Parquet": parquet.export,
}
AT = {"everything": None, "as of": datetime(2020, 1, 2, 12, tzinfo=UTC)}


@pytest.mark.neo4j
@pytest.mark.parametrize("name", EXPORTS)
def test_no_seeded_identifier_is_in_an_export(seeded: Graph, tmp_path: Path, name: str) -> None:
    plain = tmp_path / "plain"
    EXPORTS[name](seeded, plain, Request())
    found = [seed for seed in (*SEEDS, *DATES) if seed in dump(plain)]
    assert len(found) >= 4, "the same search finds identifiers where nothing is hidden"
    for when, at in AT.items():
        out = tmp_path / when
        EXPORTS[name](seeded, out, request(seeded, at, hide=True, key=KEY))
        text = dump(out)
        assert [seed for seed in (*SEEDS, *DATES) if seed.lower() in text.lower()] == []
        assert "8867-4" in text or at, "the codes are still there"


@pytest.mark.neo4j
def test_over_89_no_age_and_no_year_of_birth_is_left(seeded: Graph, tmp_path: Path) -> None:
    asked = request(seeded, hide=True, key=KEY)
    assert asked.by is not None
    assert asked.by.pooled == {"Patient/pt-old"}
    parquet.export(seeded, tmp_path / "p", asked)
    people = pl.read_parquet(tmp_path / "p" / "Patient.parquet")
    old = people.filter(pl.col("key") == asked.by.name("Patient/pt-old"))
    assert old["birth"].to_list() == [None]
    assert {len(year) for year in people["birth"].drop_nulls()} == {4}
    values = pl.read_parquet(tmp_path / "p" / "Observation.parquet")["value"].drop_nulls().to_list()
    assert values == [1.1]
    fhir.export(seeded, tmp_path / "f", asked=asked)
    assert "94" not in re.findall(r'"value":(\d+)', (tmp_path / "f" / "Observation.ndjson").read_text())


def exported(graph: Graph, out: Path, *resources: Resource, at: datetime | None = None) -> dict[str, str]:
    """All that each export says of some resources, when it hides."""
    out.mkdir()
    assert ingest(graph, [ndjson(out / "in.ndjson", resources)]).set_aside == 0
    found = {}
    for name, export in EXPORTS.items():
        export(graph, out / name, request(graph, at, hide=True, key=KEY))
        found[name] = dump(out / name)
    return found


@pytest.mark.neo4j
def test_an_age_over_89_goes_however_it_is_written(graph: Graph, tmp_path: Path) -> None:
    def of(id_: str, **value: Any) -> Resource:
        return observation(id_, "Patient/p", code=said("30525-0"), **value)

    def years(value: float, unit: str = "years", code: str | None = "a") -> Resource:
        return {"value": value, "unit": unit} | ({"code": code} if code else {})

    relative = {
        "resourceType": "FamilyMemberHistory",
        "id": "f",
        "status": "completed",
        "patient": {"reference": "Patient/p"},
        "relationship": said("MTH"),
        "date": "2020-01-02",
        "deceasedAge": years(191.5),
        "condition": [{"code": said("I10"), "onsetAge": years(192.0, "yr")}],
    }
    texts = exported(
        graph,
        tmp_path / "x",
        patient("p", birthDate="1960-05-06"),
        of("a", valueQuantity=years(193.5)),
        of("b", valueQuantity=years(194, "Years", None)),
        of("c", valueQuantity=years(195, "years", "{age}")),
        of("d", valueQuantity=years(2352, "mo", "mo")),
        of("e", component=[{"code": said("30525-0"), "valueQuantity": years(197)}]),
        of("f", valueRange={"low": years(198.0), "high": years(199)}),
        of("g", valueQuantity=years(89.5)),
        relative,
    )
    for name, text in texts.items():
        assert re.findall(r"\b(19[1-9](?:\.\d)?|2352)\b(?!-)", text) == [], name
        assert "89.5" in text, name


@pytest.mark.neo4j
def test_words_that_tell_an_age_over_89_go_though_many_share_them(graph: Graph, tmp_path: Path) -> None:
    rows: list[Resource] = []
    for i in range(11):
        said_so = {"valueString": "92 years old", "code": {"text": "Age 94 or more"}, "method": {"text": "x"}}
        rows += [patient(f"p{i}"), observation(f"o{i}", f"Patient/p{i}", **said_so)]
        rows.append(observation(f"q{i}", f"Patient/p{i}", valueString="45 years old"))
    for name, text in exported(graph, tmp_path / "x", *rows).items():
        assert ("92 years" in text, "Age 94" in text, "45 years" in text) == (False, False, True), name


@pytest.mark.neo4j
def test_a_date_that_many_patients_share_is_shifted_or_left_out_and_not_a_word(
    graph: Graph, tmp_path: Path
) -> None:
    """A day on which many came, written as a value, would give away the shift of all of them."""
    rows: list[Resource] = []
    for i in range(11):
        of = {"of": f"Patient/p{i}", "effectiveDateTime": "2020-01-02"}
        rows += [patient(f"p{i}"), observation(f"a{i}", valueDateTime="2020-01-02", **of)]
        rows.append(observation(f"b{i}", valueString="seen on 01/02/2020", **of))
        rows.append(observation(f"c{i}", component=[{"code": said(), "valueDateTime": "2020-01-02"}], **of))
    for name, text in exported(graph, tmp_path / "x", *rows).items():
        assert ("2020-01-02" in text, "01/02/2020" in text) == (False, False), name


@pytest.mark.neo4j
def test_no_date_and_no_relative_tells_that_somebody_is_over_89(graph: Graph, tmp_path: Path) -> None:
    mine = {"patient": {"reference": "Patient/old"}}
    shot = {"resourceType": "Immunization", "status": "completed", "vaccineCode": said("1"), **mine}
    relative = {"resourceType": "FamilyMemberHistory", "id": "f", "status": "completed", "date": "2020-01-02"}
    texts = exported(
        graph,
        tmp_path / "x",
        patient("old", birthDate="1925-03-04"),
        shot | {"id": "first", "occurrenceDateTime": "1926-04-05"},
        shot | {"id": "last", "occurrenceDateTime": "2020-01-02"},
        shot | {"id": "middle", "occurrenceDateTime": "1950-01-02"},
        observation("born", "Patient/old", effectiveDateTime="2020-01-02", valueDateTime="1925-03-04"),
        {"resourceType": "RelatedPerson", "id": "wife", **mine, "birthDate": "1924-03-04"},
        relative | mine | {"relationship": said("MTH"), "bornDate": "1901-02-03"},
        {"resourceType": "Practitioner", "id": "doctor", "birthDate": "1955-06-07"},
    )
    for name, text in texts.items():
        found = set(re.findall(r"\b(?:19|20)\d\d\b", text))
        assert {year for year in found if year < "1930" or "1953" < year < "1957"} == set(), name
        assert found & {"1949", "1950", "1951"}, name


@pytest.mark.neo4j
def test_a_name_written_where_a_code_belongs_is_not_in_an_export(graph: Graph, tmp_path: Path) -> None:
    stay = {"dischargeDisposition": {"coding": [{"system": "urn:d", "code": "home of Zebulon"}]}}
    bad = {"coding": [{"system": "urn:local", "code": "Quackenbush, Zebulon"}]}
    panel = [{"code": bad, "valueInteger": 3}, {"code": said("8462-4"), "valueInteger": 4}]
    order = {
        "resourceType": "MedicationAdministration",
        "id": "m",
        "status": "held for Zebulon",
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2020-01-02",
        "medicationReference": {"reference": "Medication/drug"},
    }
    task = {
        "resourceType": "Task",
        "id": "t",
        "status": "completed",
        "intent": "order",
        "for": {"reference": "Patient/p1"},
        "authoredOn": "2020-01-02",
        "input": [{"type": {"text": "x"}, "valueIdentifier": {"system": "urn:mrn:55019", "value": "1"}}],
        "ssn": 55019,
        "Zebulon Quackenbush": {"code": "x", "value": 1},
    }
    texts = exported(
        graph,
        tmp_path / "x",
        patient(gender="sister of Zebulon"),
        encounter(hospitalization=stay, **{"class": {"code": "Zebulon ward"}}),
        observation(code=bad, component=panel, encounter={"reference": "Encounter/e1"}),
        {"resourceType": "Medication", "id": "drug", "code": bad},
        order,
        task,
    )
    for name, text in texts.items():
        assert [seed for seed in ("Zebulon", "Quackenbush", "55019") if seed in text] == [], name
    rows = pl.read_parquet(tmp_path / "x" / "Parquet" / "Observation.parquet").to_dicts()
    assert (rows[0]["component_codes"], rows[0]["component_values"]) == (
        ["", "http://loinc.org|8462-4"],
        [3, 4],
    )
    (events,) = (tmp_path / "x" / "MEDS" / "data").glob("*.parquet")
    values = dict(pl.read_parquet(events).select("code", "numeric_value").iter_rows())
    assert (values["Observation//UNCODED"], values["LOINC//8462-4"]) == (3, 4)


@pytest.mark.neo4j
def test_a_date_without_end_and_a_patient_without_anything_are_no_obstacle(
    graph: Graph, tmp_path: Path
) -> None:
    cover = {"resourceType": "Coverage", "status": "active", "payor": [{"display": "x"}]}
    rows: list[Resource] = [{"resourceType": "Patient", "id": "bare"}]
    for i in range(8):  # some of them are shifted to later
        rows.append(patient(f"p{i}", birthDate="0001-01-01"))
        cover |= {"id": f"c{i}", "beneficiary": {"reference": f"Patient/p{i}"}}
        rows.append(cover | {"period": {"start": "2018-01-01", "end": "9999-12-31"}})
    for name, text in exported(graph, tmp_path / "x", *rows).items():
        assert "9999-12-31" not in text, name


def test_a_date_is_shifted_whatever_its_element_is_called() -> None:
    by = Deidentifier(KEY)
    answers = {"resourceType": "QuestionnaireResponse", "id": "q", "authored": "2020-01-02T10:00:00Z"}
    image = {"resourceType": "ImagingStudy", "id": "i", "started": "2020-01"}
    assert hidden(answers, "Patient/1", by)["authored"] == moved("2020-01-02T10:00:00Z", "Patient/1", by)
    assert hidden(image, "Patient/1", by)["started"] == moved("2020-01", "Patient/1", by)
    unzoned = {"resourceType": "Procedure", "id": "p", "performedDateTime": "2020-01-02T10:00"}
    assert hidden(unzoned, "Patient/1", by)["performedDateTime"] == moved(
        "2020-01-02T10:00Z", "Patient/1", by
    )


@pytest.mark.neo4j
def test_neither_the_files_nor_their_times_follow_the_old_order(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meds, "SHARD", 5)
    monkeypatch.setattr(meds, "_PAGE", 3)
    rows = [r for i in range(12) for r in (patient(f"p{i:02}"), observation(f"o{i}", f"Patient/p{i:02}"))]
    exported(graph, tmp_path / "x", *rows)
    shards = sorted((tmp_path / "x" / "MEDS" / "data").iterdir(), key=lambda path: int(path.stem))
    numbers = [pl.read_parquet(shard)["subject_id"].unique().sort().to_list() for shard in shards]
    assert [len(shard) for shard in numbers] == [5, 5, 2]
    assert list(chain(*numbers)) == sorted(chain(*numbers))
    files = [p for p in (tmp_path / "x" / "FHIR bundles").iterdir() if p.name != fhir.OTHERS]
    times = [path.stat().st_mtime_ns for path in sorted(files, key=lambda path: path.name)]
    assert times == sorted(times)


@pytest.mark.neo4j
def test_intervals_stay_and_the_same_key_gives_the_same_ids_in_every_format(
    seeded: Graph, tmp_path: Path
) -> None:
    asked = request(seeded, hide=True, key=KEY)
    assert asked.by is not None
    parquet.export(seeded, tmp_path / "p", asked)
    rows = pl.read_parquet(tmp_path / "p" / "Observation.parquet")
    me = asked.by.name("Patient/pt-zebulon")
    first, second = rows.filter(pl.col("patient") == me)["start"].sort().to_list()
    assert second - first == timedelta(days=3)
    assert 1 <= abs((first.date() - datetime(2019, 12, 30, tzinfo=UTC).date()).days) <= FARTHEST
    fhir.export(seeded, tmp_path / "f", asked=request(seeded, hide=True, key=KEY))
    lines = [json.loads(line) for line in (tmp_path / "f" / "Observation.ndjson").read_text().splitlines()]
    assert {f"Observation/{line['id']}" for line in lines} == set(rows["key"])
    assert {line["subject"]["reference"] for line in lines} == set(rows["patient"])
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    other = request(seeded, hide=True)
    assert other.by is not None
    assert other.by.name("Patient/pt-zebulon") != me


@pytest.mark.neo4j
def test_words_stay_only_where_enough_patients_share_them(graph: Graph, tmp_path: Path) -> None:
    rows = [
        r
        for i in range(3)
        for r in (patient(f"p{i}"), observation(f"o{i}", f"Patient/p{i}", valueString=f"as {i}"))
    ]
    ingest(graph, [ndjson(tmp_path / "a.ndjson", rows)])
    for shared, there in ((3, True), (4, False)):
        by = request(graph, hide=True, shared=shared).by
        assert by is not None
        assert (by.shared("Heart rate") is not None, by.shared("as 1")) == (there, None)


@pytest.mark.neo4j
def test_the_command_hides_and_keeps_its_key_to_itself(
    seeded: Graph, cwm: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "study.key"
    # By chance a key may shift one of the dates to another of them.
    chosen = SimpleNamespace(token_hex=lambda size: (KEY * 2).hex()[: 2 * size], token_bytes=lambda _: KEY)
    monkeypatch.setattr(deidentify, "secrets", chosen)
    run = cwm("graph", "export", "fhir", str(tmp_path / "a"), "--deidentify", "--key", str(key), "--json")
    assert run.json["types"]["Observation"] == 3
    assert key.stat().st_mode & 0o077 == 0
    assert (
        cwm("graph", "export", "parquet", str(tmp_path / "b"), "--deidentify", "--key", str(key)).status == 0
    )
    assert (
        cwm(
            "graph", "export", "meds", str(tmp_path / "c"), "--deidentify", "--as-of", "2020-01-02", "--json"
        ).json["subjects"]
        == 2
    )
    text = dump(tmp_path / "a") + dump(tmp_path / "b") + dump(tmp_path / "c")
    assert not any(seed in text for seed in (*SEEDS, *DATES, key.read_text().strip()))
    assert cwm("graph", "export", "fhir", str(tmp_path / "d"), "--key", str(key)).status == 2
    key.write_text("short")
    with pytest.raises(InvalidInputError, match="too short"):
        key_from(key)


NPI = [{"system": "http://npi", "value": "NPI-4711"}]
SPELT: list[Resource] = [
    entry({"resourceType": "Patient", "gender": "female", "identifier": ID}, "urn:uuid:pt-zebulon"),
    entry(patient("pt-other"), "https://secret.example.org/fhir/Patient/pt-other"),
    entry({"resourceType": "Practitioner", "id": "prunella", "identifier": NPI}, "urn:uuid:doc"),
    entry({"resourceType": "Organization", "id": "org-sacred"}, "urn:oid:55019"),
    entry(
        encounter(
            "enc-quack",
            "urn:uuid:pt-zebulon",
            participant=[
                {"individual": {"reference": "Practitioner?identifier=http://npi|NPI-4711", "display": "Prunella"}},
                {"individual": {"type": "Practitioner", "identifier": NPI[0]}},
                {"individual": {"type": "Practitioner", "identifier": {"system": "http://npi", "value": "MRN-55019"}}},
            ],
            serviceProvider={"reference": "urn:oid:55019", "identifier": ID[0]},
        ),
        "urn:uuid:stay",
    ),
    entry(observation("obs-zeb", "Patient/pt-zebulon/_history/3", encounter={"reference": "urn:uuid:stay"})),
    entry(
        observation(
            "obs-2",
            "https://secret.example.org/fhir/Patient/pt-other",
            performer=[{"reference": "#doc"}, {"reference": "urn:uuid:nobody-55019"}],
            contained=[
                {"resourceType": "PractitionerRole", "id": "doc", "organization": {"reference": "urn:oid:55019"}},
                {"resourceType": "PractitionerRole", "id": "doc", "practitioner": {"reference": "urn:uuid:doc"}},
            ],
        )
    ),
]  # fmt: skip


def shape(graph: Graph) -> Counter[tuple[str, str, str]]:
    """How often which element refers to which type, where the reference found a resource or a part of its own."""
    found = graph.stream("ingest.digest_links")
    kinds = {n["props"]["key"]: n["props"].get("type") for n in graph.stream("ingest.digest_nodes")}
    rows = [r for r in found if r["type"] != "CODED" and kinds[r["a"]] and kinds[r["b"]]]
    return Counter((kinds[r["a"]], f"{r['type']} {r['props'].get('path')}", kinds[r["b"]]) for r in rows)


@pytest.mark.neo4j
@pytest.mark.parametrize("at", [None, datetime(2020, 6, 1, tzinfo=UTC)])
@pytest.mark.parametrize("form", ["FHIR NDJSON", "FHIR bundles"])
def test_who_was_seen_where_by_whom_stays_however_a_reference_is_spelt(
    graph: Graph, tmp_path: Path, form: str, at: datetime | None
) -> None:
    assert ingest(graph, [bundle(tmp_path / "in.json", SPELT)]).set_aside == 0
    before = shape(graph)
    EXPORTS[form](graph, tmp_path / "out", request(graph, at, hide=True, key=KEY))
    text = dump(tmp_path / "out")
    assert [seed for seed in (*SEEDS, *DATES, "4711", "pt-other", "urn:", "npi") if seed in text] == []
    graph.write("admin.clear", batch=5000)
    report = ingest(graph, [tmp_path / "out"])
    assert (report.set_aside, report.dangling) == (0, 0)
    assert shape(graph) == before
    assert before[("Patient", "HAS_ENCOUNTER subject", "Encounter")] == 1
    assert before[("Practitioner", "TOOK_PART participant[1].individual", "Encounter")] == 1


JSON = st.recursive(
    st.text() | st.just("Zebulon Quackenbush") | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["name", "text", "display", "value", "valueString", "note", "item", "part", "reference", "_x", "unit", "title", "created"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(["name", "item", "part", "note", "valueString", "display"]), JSON))
def test_no_free_text_is_left_in_a_resource_whatever_its_shape(elements: Resource) -> None:
    made = hidden({"resourceType": "Made", "id": "pt-zebulon", **elements}, "Patient/1", Deidentifier(KEY))
    assert "Zebulon" not in json.dumps(made)
    assert "pt-zebulon" not in json.dumps(made)


@settings(deadline=None)
@given(st.dates(), st.dates(), st.text(min_size=1, max_size=9))
def test_a_shift_keeps_every_interval_and_precision(a: Any, b: Any, who: str) -> None:
    by, patient_key = Deidentifier(KEY), f"Patient/{who}"
    one, two = (moved(day.isoformat(), patient_key, by) for day in (a, b))
    if one and two:
        assert datetime.fromisoformat(two) - datetime.fromisoformat(one) == b - a
        assert one != a.isoformat()
