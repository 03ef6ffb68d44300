"""The pages about tasks and features say what the YAML says."""

import pytest

from twin.features import feature_sets
from twin.pages import FOLDER, PAGES
from twin.tasks import tasks


@pytest.mark.parametrize("name", PAGES)
def test_a_page_about_the_twin_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), (
        "run `make docs` and commit what it wrote"
    )


def test_every_task_and_feature_set_has_its_place() -> None:
    assert all(f"\n## {name}: " in PAGES["twin-tasks.md"]() for name in tasks())
    assert all(f"\n## {name}\n" in PAGES["twin-features.md"]() for name in feature_sets())
