"""Mappings are checked when they are loaded, and the page about them is up to date."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ontology import describe, mapping
from ontology.errors import InvalidInputError

GOOD = {"type": "Flag", "class": "Event", "summary": "A warning.", "properties": {"status": "status"}}


def test_a_mapping_reads_shorthands() -> None:
    rule = mapping.Mapping.model_validate(
        {**GOOD, "properties": {"a": "b.c", "v": {"number": ["x", "y"]}, "w": {"code": "z"}}}
    )
    assert [(p.read, p.elements) for p in rule.properties.values()] == [
        ("text", ("b.c",)),
        ("number", ("x", "y")),
        ("code", ("z",)),
    ]


@pytest.mark.parametrize(
    "fault",
    [
        {"class": "Thing"},
        {"propertys": {}},
        {"properties": {"status": {"guess": ["status"]}}},
        {"properties": {"status": {"text": []}}},
        {"closing": {"fields": ["outcome"]}},
        {"links": {"subject": {"type": "has event"}}},
    ],
)
def test_a_mapping_that_is_not_well_formed_is_refused(fault: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        mapping.Mapping.model_validate(GOOD | fault)


def test_the_file_with_a_fault_is_named(tmp_path: Path) -> None:
    (tmp_path / "Flag.yaml").write_text("type: Flag\nclass: Thing\nsummary: x\n")
    with pytest.raises(InvalidInputError, match=r"Flag\.yaml"):
        mapping._read(tmp_path / "Flag.yaml")


def test_an_event_says_when_it_was_known() -> None:
    without = {
        name
        for name, rule in mapping.registry().items()
        if rule.kind in {"Event", "Encounter"} and not rule.times.recorded
    }
    assert without == set()


def test_the_page_about_the_mappings_is_up_to_date() -> None:
    text = describe.PAGE.read_text(encoding="utf-8")
    assert describe.page(text) == text, "run: python -m ontology.describe"
    text = describe.TABLES.read_text(encoding="utf-8")
    assert describe.tables_page(text) == text, "run: python -m ontology.describe"
