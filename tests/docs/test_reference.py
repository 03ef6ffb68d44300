"""The generated pages say what the code says."""

import pytest

from cli import reference
from graph import queries
from graph.settings import Settings


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    written = (reference.FOLDER / name).read_text(encoding="utf-8")
    assert written == reference.PAGES[name](), "run `make docs` and commit what it wrote"


def test_every_command_setting_and_query_has_its_place() -> None:
    pages = {name: page() for name, page in reference.PAGES.items()}
    for name, _ in reference.commands():
        assert f"\n## {name}\n" in pages["cli.md"]
    for name in Settings.model_fields:
        assert f"CWM_{name.upper()}" in pages["settings.md"] or name == "java_home"
    for name in queries.catalogue():
        assert f"\n## {name}\n" in pages["queries.md"]


@pytest.mark.parametrize(("name", "command"), list(reference.commands()), ids=lambda value: str(value)[:40])
def test_a_command_explains_itself(name: str, command: object) -> None:
    text = getattr(command, "help", "") or ""
    assert "Example" in text, f"{name} shows no example"
    assert any(name in line for line in text.splitlines()), f"the example of {name} does not call it"
    options = {option for p in command.params for option in p.opts}  # type: ignore[attr-defined]  # a Typer command
    assert "--json" in options, f"{name} has no --json"
    for parameter in command.params:  # type: ignore[attr-defined]  # a Typer command
        assert parameter.help, f"{name}: {parameter.name} says nothing about itself"
