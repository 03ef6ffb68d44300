"""Every setting is in the reference, with its environment variable, and nothing that is there is made up."""

import re
from pathlib import Path

import pytest

from graph import Settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
VARIABLES = {
    name: field.validation_alias if isinstance(field.validation_alias, str) else f"CWM_{name.upper()}"
    for name, field in Settings.model_fields.items()
}


def _rows() -> dict[str, str]:
    return dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=VARIABLES.keys())
def test_a_setting_is_in_the_reference(variable: str) -> None:
    assert variable in _rows()


def test_the_reference_names_no_setting_that_is_not_there() -> None:
    assert set(_rows()) == set(VARIABLES.values())
