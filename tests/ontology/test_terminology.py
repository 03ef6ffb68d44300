"""Codes: every system, crosswalk and value set is sound, the tree is the published one, and a code has its right place."""

import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontology.errors import CwmError, InvalidInputError
from ontology.skillmix_values import dimensions
from ontology.terminology import (
    canonical,
    category,
    condition_of,
    crosswalks,
    gem,
    importers,
    nodes,
    path,
    place,
    systems,
)
from ontology.terminology.files import read
from ontology.terminology.systems import System, bare_icd
from ontology.terminology.tree import below, tabular
from ontology.terminology.valuesets import value_set, value_sets

ICD10CM, ICD9CM = "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-9-cm"
SNOMED = "http://snomed.info/sct"
CATEGORIES = sorted(code for code, node in nodes().items() if node.level == "category")


@pytest.mark.parametrize("name", systems())
def test_a_code_system_says_who_owns_it_and_ships_only_what_it_may(name: str) -> None:
    system = systems()[name]
    assert canonical(system.uri) is system
    assert all(canonical(alias) is system for alias in system.aliases)
    assert system.licence
    assert system.what
    assert (system.ships == "crosswalk") == (name in crosswalks())
    assert system.ships != "tree" or system.may_ship


def test_a_system_that_ships_what_it_may_not_is_refused(tmp_path: Path) -> None:
    text = (
        (Path(gem.__file__).parent / "systems" / "snomed-ct.yaml")
        .read_text()
        .replace("ships: crosswalk", "ships: tree")
    )
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(InvalidInputError, match="may not be shipped"):
        read(tmp_path / "a.yaml", System)


@pytest.mark.parametrize("name", crosswalks())
def test_a_crosswalk_places_each_of_its_codes_with_a_source_and_a_rule(name: str) -> None:
    table = crosswalks()[name]
    address = systems()[name].uri
    for code in (*table.exact, *table.official, *(start + "0" for start, _ in table.starts)):
        found = place(address, code)
        assert found is not None, code
        assert found.category in nodes()
        assert found.source in {"ours", "gem"}
        assert found.rule in table.rules


def test_the_official_table_covers_icd_9_cm() -> None:
    table = crosswalks()["icd-9-cm"]
    assert len(table.official) == 14_567 - 425
    assert sum(bool(others) for _, others in table.official.values()) == 603 + 481


def test_what_an_independent_table_says_is_counted_and_mostly_agrees() -> None:
    checked = [row.synthea for row in crosswalks()["snomed-ct"].rows if row.synthea]
    assert len(checked) == 325
    assert checked.count("agrees") / len(checked) > 0.94


@pytest.mark.parametrize("name", value_sets())
def test_a_value_set_holds_its_examples_and_not_the_others(name: str) -> None:
    chosen = value_set(name)
    assert [c for c in chosen.example.holds if not chosen.has(c)] == []
    assert [c for c in chosen.example.lacks if chosen.has(c)] == []
    assert not chosen.has("urn:nobody|1")


def test_a_value_set_that_is_not_there_is_named() -> None:
    with pytest.raises(CwmError, match="diabetes"):
        value_set("diabetis")


def test_the_tree_holds_every_category_of_the_condition_dimension_once_and_leads_to_a_chapter() -> None:
    assert [c.lower() for c in CATEGORIES] == sorted(v.code for v in dimensions()["condition"].values)
    for code in CATEGORIES:
        way = path(code)
        assert way[-1].level == "chapter"
        assert [n.level for n in way[1:-1]] == ["block"] * (len(way) - 2)
        assert len(way) > 2, f"{code} lies in no block"


def test_the_tree_is_the_one_of_the_published_tabular_list() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import simple_icd_10_cm as icd
    blocks = {b.code: (b.name, c.code) for c in tabular().chapters for b in c.blocks}
    for chapter in tabular().chapters:
        assert icd.get_description(chapter.code).startswith(chapter.name)
    for code in CATEGORIES:
        way = [node.code for node in path(code)]
        published = icd.get_ancestors(code, prioritize_blocks=False)
        assert way[-1] == published[-1]
        narrowest = published[0] if "-" in published[0] else f"{code}-{code}"
        assert way[1] == narrowest
        assert blocks[way[1]][1] == way[-1]


def test_a_wider_block_holds_the_narrower_ones() -> None:
    assert [n.code for n in path("C00")] == ["C00", "C00-C14", "C00-C75", "C00-C96", "2"]
    assert [n.code for n in path("B20")] == ["B20", "B20-B20", "1"]


@settings(deadline=None)
@given(st.sampled_from(CATEGORIES), st.text("0123456789AX", max_size=4), st.booleans())
def test_dots_and_case_of_an_icd_code_mean_nothing(head: str, tail: str, lower: bool) -> None:
    dotted = systems()["icd-10-cm"].write(head + tail)
    assert bare_icd(dotted) == head + tail
    assert category(dotted.lower() if lower else dotted) == head
    assert place(ICD10CM, dotted) == place(ICD10CM, head + tail)


@settings(deadline=None)
@given(st.text(max_size=12), st.sampled_from([s.uri for s in systems().values()] + ["", "urn:x"]))
def test_any_text_has_a_place_of_the_tree_or_none(code: str, address: str) -> None:
    found = place(address, code)
    assert found is None or nodes()[found.category].level == "category"
    assert condition_of([f"{address}|{code}"]) in {None, *(v.code for v in dimensions()["condition"].values)}


@pytest.mark.parametrize(
    ("address", "code", "expected"),
    [
        (SNOMED, "444814009", ("J01", "related-to", "ours", "clinical")),
        (SNOMED, "160903007", ("Z56", "related-to", "ours", "social")),
        (ICD9CM, "250.00", ("E11", "source-is-narrower-than-target", "gem", "gem")),
        (ICD9CM, "E934.2", ("T45", "related-to", "ours", "drugs")),
        (ICD9CM, "787.91", ("R19", "related-to", "ours", "index")),
        (ICD9CM, "511.9", ("J90", "related-to", "ours", "index")),
        (ICD9CM, "436", ("I63", "related-to", "ours", "index")),
        (ICD9CM, "357.2", ("E11", "related-to", "ours", "index")),
        (ICD9CM, "998.11", ("T81", "related-to", "ours", "index")),
        (ICD9CM, "715.94", ("M19", "related-to", "ours", "index")),
        (ICD9CM, "305.90", ("F19", "related-to", "ours", "index")),
        (ICD9CM, "V11.3", ("F10", "related-to", "ours", "index")),
        (ICD10CM, "I10", ("I10", "equivalent", "notation", "icd-10-cm")),
        ("http://hl7.org/fhir/sid/icd-10", "i21.9", ("I21", "related-to", "notation", "icd-10")),
        ("http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd9", "4019",
         ("I10", "source-is-narrower-than-target", "gem", "gem")),
    ],
)  # fmt: skip
def test_a_code_stands_where_it_belongs(address: str, code: str, expected: tuple[str, ...]) -> None:
    found = place(address, code)
    assert found is not None
    assert (found.category, found.relation, found.source, found.rule) == expected


@pytest.mark.parametrize("code", ["E8700", "99999999"])
def test_a_code_without_a_place_has_none(code: str) -> None:
    assert place(ICD9CM, code) is None


def test_codes_below_a_category_come_from_the_published_list() -> None:
    assert [n.code for n in below("T45515A")] == ["T45.515A", "T45.515", "T45.51", "T45.5"]
    assert [n.parent for n in below("W19.XXXA")] == ["W19"]
    assert below("I25") == []
    assert below("I25.999") == []


def test_the_table_is_made_from_the_mappings_of_cms(tmp_path: Path) -> None:
    (tmp_path / "forward.txt").write_text(
        "0010  A000  00000\n78791 K522  10000\n78791 R197  10000\n24951 E0811 10111\n24951 Z794 10112\nE8500 NoDx  11000\n"
    )
    (tmp_path / "backward.csv").write_text(
        '"icd10cm","icd9cm","flags"\n"A000","0010","00000"\n"R197","78791","10000"\n'
    )
    assert gem.write(tmp_path / "forward.txt", tmp_path / "backward.csv", tmp_path / "out.tsv") == 4
    rows = [line.split("\t") for line in (tmp_path / "out.tsv").read_text().splitlines()]
    assert rows == [
        ["code", "to", "others"],
        ["0010", "A00"],
        ["24951", "E08", "Z79"],
        ["78791", "R19", "K52"],
        ["E8500"],
    ]


FILES = {
    "snomed-ct": "id\teffectiveTime\tactive\tsourceId\tdestinationId\ttypeId\n"
    "1\t20260101\t1\t414545008\t56265001\t116680003\n2\t20260101\t0\t414545008\t1\t116680003\n"
    "3\t20260101\t1\t414545008\t80891009\t363698007\n4\t20260101\t1\t56265001\t138875005\t116680003\n",
    "loinc": 'PATH_TO_ROOT,SEQUENCE,IMMEDIATE_PARENT,CODE,CODE_TEXT\nA.B,1,LP1,8310-5,"Temperature, body"\nA,1,,LP1,Vitals\n',
    "rxnorm": "1191||CUI|RB|2||CUI|has_x|1||RXNORM||||N||\n100||CUI|RN|200||CUI|isa|2||RXNORM||||N||\n"
    "100||CUI|RN|300||CUI|isa|2||NDDF||||N||\n",
    "atc": "code,name\nA10BA02,metformin\nA,Alimentary tract\n",
}
EXPECTED = {
    "snomed-ct": [("414545008", "56265001", None), ("56265001", "138875005", None)],
    "loinc": [("8310-5", "LP1", "Temperature, body")],
    "rxnorm": [("200", "100", None)],
    "atc": [
        ("A10BA02", "A10BA", "metformin"),
        ("A10BA", "A10B", None),
        ("A10B", "A10", None),
        ("A10", "A", None),
    ],
}


@pytest.mark.parametrize("name", [name for name, system in systems().items() if system.importer])
def test_a_hierarchy_is_read_from_the_users_own_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(FILES[name])
    assert [tuple(link) for link in importers.links(name, tmp_path / "file")] == EXPECTED[name]


@pytest.mark.parametrize("name", [name for name, system in systems().items() if system.importer])
def test_a_file_of_another_format_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInputError, match="file"):
        list(importers.links(name, tmp_path / "file"))


def test_a_system_without_an_importer_is_named(tmp_path: Path) -> None:
    with pytest.raises(CwmError, match="snomed-ct"):
        list(importers.links("icd-10-cm", tmp_path))
    with pytest.raises(CwmError, match="no such file"):
        list(importers.links("loinc", tmp_path))
