"""The classification in the graph: codes of any system rolled up, nothing changed by loading again, the record untouched."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph import Graph, hierarchy, search, terminology, units
from graph.coverage import of_files, of_graph
from graph.digest import digest
from graph.ingest import ingest
from ontology.errors import NotFoundError
from tests.conftest import Run
from tests.graph.made import ndjson

pytestmark = pytest.mark.neo4j

SNOMED, ICD9 = "http://snomed.info/sct", "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd9"
ICD10, CM = (
    "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10",
    "http://hl7.org/fhir/sid/icd-10-cm",
)


def condition(id: str, patient: str, system: str, code: str, recorded: str = "2020-01-01") -> dict[str, Any]:
    coding = {"system": system, "code": code, "display": f"said {code}"}
    subject = {"reference": f"Patient/{patient}"}
    own = {
        "code": {"coding": [coding]},
        "subject": subject,
        "recordedDate": recorded,
        "onsetDateTime": recorded,
    }
    return {"resourceType": "Condition", "id": id, **own}


def observation(id: str, value: float, unit: str) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}
    own = {
        "status": "final",
        "code": code,
        "subject": {"reference": "Patient/a"},
        "effectiveDateTime": "2020-01-01T00:00:00Z",
    }
    return {"resourceType": "Observation", "id": id, **own, "valueQuantity": {"value": value, "unit": unit}}


RECORD = [
    {"resourceType": "Patient", "id": "a"},
    {"resourceType": "Patient", "id": "b"},
    condition("1", "a", SNOMED, "414545008"),
    condition("2", "a", ICD9, "41401"),
    condition("3", "b", ICD10, "I2510", "2021-01-01"),
    condition("4", "b", CM, "I10"),
    condition("5", "b", SNOMED, "160903007"),
    condition("6", "b", "urn:local", "x"),
    observation("o1", 98.6, "[degF]"),
    observation("o2", 38, "C"),
    observation("o3", 3, "spoonful"),
]


@pytest.fixture
def record(graph: Graph, tmp_path: Path) -> Path:
    path = ndjson(tmp_path / "record.ndjson", RECORD)
    ingest(graph, [path])
    return path


def test_codes_of_four_systems_meet_in_one_category(graph: Graph, record: Path) -> None:
    terminology.load(graph)
    found = {
        row["code"]: (row["conditions"], row["patients"]) for row in terminology.counts(graph, "category")
    }
    assert found == {"I25": (3, 2), "I10": (1, 1), "Z56": (1, 1)}
    assert [(r["code"], r["conditions"], r["patients"]) for r in terminology.counts(graph)] == [
        ("9", 4, 2),
        ("21", 1, 1),
    ]
    assert [r["code"] for r in terminology.counts(graph, "block", within="9")] == ["I20-I25", "I10-I1A"]


def test_all_codes_that_lie_in_a_category_are_found_with_their_facts(graph: Graph, record: Path) -> None:
    terminology.load(graph)
    rows = {row["code"]: row for row in terminology.descendants(graph, "i25")}
    assert {code for code, row in rows.items() if row["facts"]} == {"414545008", "41401", "I2510"}
    assert rows["I2510"]["relation"] == "equivalent"
    assert rows["I25.10"]["level"] == "code"
    assert rows["I25"]["name"] == "Chronic ischemic heart disease"
    with pytest.raises(NotFoundError):
        terminology.descendants(graph, "I2")


def test_a_search_in_words_finds_the_names_that_were_loaded_and_first_the_codes_that_somebody_has(
    graph: Graph, record: Path
) -> None:
    assert search.concepts(graph, "hypertens") == []
    terminology.load(graph)
    found = [(row["key"].rpartition("|")[2], row["facts"]) for row in search.concepts(graph, "hypertens")]
    assert found[0] == ("I10", 1), "the record says of it only: said I10"
    assert len(found) > 3
    assert not any(facts for _, facts in found[1:])
    then = datetime(2022, 1, 1, tzinfo=UTC)
    assert [row["display"] for row in search.concepts(graph, "hypertens", at=then)] == ["said I10"]


def test_loading_leaves_the_record_as_it_was_in_either_order(graph: Graph, record: Path) -> None:
    before = digest(graph)
    first = terminology.load(graph)
    units.load(graph)
    assert digest(graph) == before
    again = terminology.load(graph)
    assert (again.written, again.removed) == (0, 0)
    assert (again.is_a, again.maps_to, again.placed) == (first.is_a, first.maps_to, first.placed)
    graph.write("admin.clear", batch=5000)
    terminology.load(graph)  # now the tree is there first, and the data say I10 afterwards
    ingest(graph, [record])
    terminology.load(graph)
    assert digest(graph) == before


def test_an_earlier_edition_is_taken_away(graph: Graph, record: Path) -> None:
    terminology.load(graph)
    old = {
        "key": f"{CM}|OLD",
        "system": CM,
        "code": "OLD",
        "name": "Old",
        "level": "category",
        "condition": None,
    }
    graph.write("terminology.list", rows=[old])
    graph.write(
        "terminology.is_a", rows=[{"a": old["key"], "b": f"{CM}|9"}], source="icd-10-cm", edition="before"
    )
    assert terminology.load(graph).removed == 1
    assert "OLD" not in {row["code"] for row in terminology.descendants(graph, "9")}


def test_every_category_is_there_with_its_value_of_the_condition_dimension(graph: Graph) -> None:
    assert terminology.load(graph).written == 22 + 297 + 1918
    assert [row["level"] for row in terminology.descendants(graph, "9")].count("category") == 80


def test_a_patients_conditions_by_chapter_are_those_known_at_the_instant(graph: Graph, record: Path) -> None:
    now = terminology.by_chapter(graph, "b")
    assert [(group["chapter"], len(group["conditions"])) for group in now] == [("9", 2), ("21", 1), (None, 1)]
    then = terminology.by_chapter(graph, "b", datetime(2020, 6, 1, tzinfo=UTC))
    assert [(group["chapter"], len(group["conditions"])) for group in then] == [
        ("9", 1),
        ("21", 1),
        (None, 1),
    ]
    terminology.load(graph)
    rows = graph.read("terminology.patient_chapters", patient="Patient/b")
    assert {row["chapter"]: row["conditions"] for row in rows} == {"9": 2, "21": 1, None: 1}


def test_the_share_of_placed_conditions_is_the_same_in_files_and_in_the_graph(
    graph: Graph, record: Path
) -> None:
    found = of_graph(graph).as_dict()
    assert (found["conditions"], found["placed"]) == (6, 5)
    assert [row["codes"] for row in found["rest"]] == [["urn:local|x"]]
    assert of_files([record], 1 << 20).as_dict() == found


def test_numbers_of_one_code_become_comparable_and_keep_their_original(graph: Graph, record: Path) -> None:
    found = units.load(graph)
    assert (found.numbers, found.understood) == (3, 2)
    rows = graph.read("terminology.values", key="http://loinc.org|8310-5", limit=10)
    assert [(r["value"], r["unit"], r["unit_canonical"]) for r in rows] == [
        (98.6, "[degF]", "Cel"),
        (38, "C", "Cel"),
        (3, "spoonful", None),
    ]
    assert [r["value_canonical"] for r in rows] == [pytest.approx(37), 38, None]


def test_a_unit_that_means_another_kind_since_this_edition_has_one_value(graph: Graph, record: Path) -> None:
    ucum = "http://unitsofmeasure.org"
    before = {
        "a": f"{ucum}|C",
        "b": f"{ucum}|A.s",
        "code": "C",
        "canonical": "A.s",
        "factor": 1.0,
        "offset": 0.0,
    }
    graph.write("terminology.convert", rows=[before], system=ucum)
    units.load(graph)
    rows = graph.read("terminology.values", key="http://loinc.org|8310-5", limit=10)
    assert [(r["value"], r["value_canonical"]) for r in rows if r["unit"] == "C"] == [(38, 38)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("load",),
        ("coverage",),
        ("show", "I25"),
        ("counts", "--level", "block"),
        ("patient", "b"),
        ("units",),
        ("systems",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_command_speaks_to_people_and_to_scripts(
    graph: Graph, record: Path, cwm: Any, arguments: tuple[str, ...]
) -> None:
    terminology.load(graph)
    spoken: Run = cwm("concepts", *arguments)
    assert (spoken.status, bool(spoken.out)) == (0, True), spoken.err
    assert cwm("concepts", *arguments, "--json").json


def test_the_share_of_files_is_told_without_a_graph(record: Path, cwm: Any) -> None:
    assert cwm("concepts", "coverage", str(record), "--json").json["placed"] == 5
    assert "83.33%" in cwm("concepts", "coverage", str(record)).out


def test_a_users_own_hierarchy_is_taken_in_above_the_codes_of_the_graph(
    graph: Graph, record: Path, tmp_path: Path
) -> None:
    before = digest(graph)
    terminology.load(graph)
    head = "id\tactive\tsourceId\tdestinationId\ttypeId\n"
    (tmp_path / "1.txt").write_text(
        head
        + "1\t1\t414545008\t56265001\t116680003\n2\t1\t56265001\t138875005\t116680003\n3\t1\t9\t8\t116680003\n"
    )
    done = hierarchy.take_in(graph, "snomed-ct", tmp_path / "1.txt")
    assert (done.read, done.codes, done.found, done.written, done.is_a) == (3, 2, 1, 2, 2)
    inside = graph.read("terminology.descendants", key=f"{SNOMED}|138875005")
    assert {row["code"] for row in inside} == {"414545008", "56265001", "138875005"}
    (tmp_path / "2.txt").write_text(head + "1\t1\t414545008\t138875005\t116680003\n")
    assert hierarchy.take_in(graph, "snomed-ct", tmp_path / "2.txt").removed == 2
    assert terminology.load(graph).removed == 0
    assert terminology.counts(graph, "category")[0]["conditions"] == 3
    assert digest(graph) == before


def test_the_command_takes_in_a_hierarchy(graph: Graph, record: Path, tmp_path: Path, cwm: Any) -> None:
    (tmp_path / "loinc.csv").write_text("IMMEDIATE_PARENT,CODE,CODE_TEXT\nLP1,8310-5,Temperature\n")
    assert cwm("concepts", "import", "loinc", str(tmp_path / "loinc.csv"), "--json").json["is_a"] == 1
