"""What share of the conditions in real and made sets has a category of ICD-10-CM: more than 95 in 100 everywhere."""

from pathlib import Path

import pytest

from graph.coverage import of_files
from tests.data import DEMO

SETS = Path(__file__).parents[3] / "shared/data"


def share(path: Path) -> float | None:
    return of_files([path], 64 * 2**20).share


def test_nearly_all_conditions_of_the_demo_have_a_category() -> None:
    found = share(DEMO / "Condition.ndjson.gz")
    assert found is not None
    assert found > 0.95


@pytest.mark.parametrize("name", ["synthea-r4", "synthea-hiv", "mimic-iv-demo"])
def test_nearly_all_conditions_of_a_real_set_have_a_category(name: str) -> None:
    if not (SETS / name).is_dir():
        pytest.skip(f"the data set is not there: {SETS / name}")
    found = share(SETS / name)
    assert found is not None
    assert found > 0.95


def test_without_conditions_there_is_no_share(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(
        '{"resourceType": "Patient", "id": "1", "note": "\\"Condition\\""}\nnot json "Condition"\n'
    )
    assert share(tmp_path / "a.ndjson") is None
