"""The eight dimensions are whole, and a broken file says so."""

import math
from pathlib import Path

import pytest
import simple_icd_10_cm as icd

from ontology.errors import InvalidInputError
from ontology.skillmix_tables import renew
from ontology.skillmix_values import COORDINATES, PATTERNS, SCENARIOS, UNKNOWN, _load, dimensions, search

SIZES = {
    "condition": 1918,
    "care_phase": 7,
    "care_setting": 12,
    "provider_role": 86,
    "care_task": 58,
    "assigned_authority": 3,
    "agent_facing": 4,
    "anchoring_layer": 7,
}
PAGE = Path(__file__).parents[2] / "docs" / "skillmix.md"


def test_sizes_and_products_are_those_of_the_source() -> None:
    found = {name: len(d.values) for name, d in dimensions().items()}
    assert list(found.items()) == list(SIZES.items())
    assert math.prod(list(found.values())[:5]) == SCENARIOS == 803_626_656
    assert math.prod(list(found.values())[5:]) == PATTERNS == 84
    assert math.prod(found.values()) == COORDINATES == 67_504_639_104


def test_conditions_are_the_categories_of_the_package_each_once() -> None:
    """The package lists 1,957, because 39 blocks of one category bear that category's name."""
    listed = [code for code in icd.get_all_codes(True) if icd.is_category(code)]
    names = {code.lower(): icd.get_description(code) for code in listed}
    assert (len(listed), len(names)) == (1957, 1918)
    assert {v.code: v.name for v in dimensions()["condition"].values} == names
    codes = [v.code for v in dimensions()["condition"].values]
    assert codes == sorted(codes)


def test_roles_are_51_occupations_and_35_specialties_under_one_of_them() -> None:
    roles = dimensions()["provider_role"].values
    specialties = [r for r in roles if r.parent == "specialist-medical-practitioners"]
    assert (len(roles) - len(specialties), len(specialties)) == (51, 35)
    groups = [r.group for r in specialties]
    assert {g: groups.count(g) for g in groups} == {
        "surgical": 12,
        "medical": 15,
        "psychiatric": 4,
        "obstetric": 2,
        "paediatric": 2,
    }


def test_tasks_are_shared_among_eight_domains_as_in_the_reference_set() -> None:
    groups = [t.group for t in dimensions()["care_task"].values]
    assert [groups.count(g) for g in dimensions()["care_task"].groups] == [11, 6, 10, 7, 6, 6, 4, 8]


@pytest.mark.parametrize("name", list(SIZES))
def test_every_value_can_be_said_and_found(name: str) -> None:
    dimension = dimensions()[name]
    for place, value in enumerate(dimension.values):
        assert dimension.positions[value.code] == place
        assert value.phrase.strip()
        assert dimension.find(value.code.upper()) == value.code
        assert value.alias is None or dimension.find(value.alias) == value.code
        assert name != "provider_role" or value.singular
    assert UNKNOWN not in dimension.positions


def test_eponyms_keep_their_capital_and_other_names_lose_it() -> None:
    condition = dimensions()["condition"]
    assert condition["g30"].phrase == "Alzheimer's disease"
    assert condition["i25"].phrase == "chronic ischemic heart disease"


def test_a_value_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="emergency-room"):
        dimensions()["care_setting"].find("emergencyroom")


def test_search_asks_for_every_word_and_can_keep_to_one_dimension() -> None:
    assert ("condition", "r07") in [(d, v.code) for d, v in search("pain chest")]
    assert {d for d, _ in search("home")} >= {"care_setting", "provider_role"}
    assert {d for d, _ in search("home", "care_setting")} == {"care_setting"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("size: 7", "size: 8"), "7 values"),
        (("code: coping", "code: at-risk"), "once"),
        (("code: coping", "code: unknown"), "unknown"),
        (("code: coping", "code: Coping"), "code"),
        (("title:", "heading:"), "title"),
        (("code: coping", "group: elsewhere, code: coping"), "elsewhere"),
    ],
)
def test_a_broken_file_is_refused_with_its_name(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    source = Path(__file__).parents[2] / "ontology" / "skillmix" / "care_phase.yaml"
    broken = tmp_path / "care_phase.yaml"
    broken.write_text(source.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"care_phase\.yaml") as caught:
        _load(broken)
    assert said in str(caught.value)


def test_the_tables_of_the_page_are_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renew(page) == page, "Run `python -m ontology.skillmix_tables docs/skillmix.md`."
