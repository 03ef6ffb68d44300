"""Every setting is in the reference, with its environment variable, and nothing that is there is made up."""

import re
from pathlib import Path

import pytest

from graph import Settings
from ontology.errors import InvalidInputError

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


@pytest.mark.parametrize(
    ("variable", "said", "allowed"),
    [
        ("CWM_LINE_LIMIT", "-5", "greater than or equal to 1"),
        ("CWM_QUERY_ROWS", "-1", "greater than or equal to 1"),
        ("CWM_QUERY_ROWS", "0", "greater than or equal to 1"),
        ("CWM_QUERY_TIMEOUT", "0", "greater than 0"),
        ("CWM_QUERY_TIMEOUT", "nan", "a finite number"),
        ("CWM_START_TIMEOUT", "-1", "greater than 0"),
        ("CWM_START_TIMEOUT", "inf", "a finite number"),
        ("CWM_GRACE", "-1", "greater than or equal to 0"),
        ("CWM_GRACE", "inf", "a finite number"),
        ("CWM_DISK_FREE", "-1", "greater than or equal to 0"),
        ("CWM_GRAPH_PORT", "65536", "less than or equal to 65535"),
        ("CWM_HEAP", "0m", "a whole number above 0 and k, m or g, for instance 512m or 1g"),
        ("CWM_PAGE_CACHE", "-1m", "a whole number above 0 and k, m or g, for instance 512m or 1g"),
    ],
)
def test_a_number_that_cannot_be_meant_is_refused_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, said: str, allowed: str
) -> None:
    monkeypatch.setenv(variable, said)
    with pytest.raises(InvalidInputError) as refused:
        Settings()
    assert variable in refused.value.what
    assert str(refused.value.got) == said
    assert refused.value.allowed == allowed
