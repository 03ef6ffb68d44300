"""Tasks are data: what a file may say, and what the two tasks do say."""

from datetime import timedelta
from importlib.resources import files

import pytest
import yaml

from ontology.errors import InvalidInputError, NotFoundError
from twin import features, scores, spans
from twin.tasks import Task, load, task, tasks

TEXT = (files("twin.tasks") / "admission-365d.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", tasks())
def test_every_task_names_features_and_scores_that_exist(name: str) -> None:
    found = task(name)
    assert features.chosen(found.features)
    assert [s.name for s in scores.chosen(found.scores)] == list(found.scores)


@pytest.mark.parametrize("name", tasks())
def test_every_task_says_what_death_and_the_end_of_follow_up_do(name: str) -> None:
    found = task(name)
    assert "death" in found.death.lower()
    assert found.censoring
    assert found.biases


def test_the_two_tasks_predict_at_the_moments_that_their_names_promise() -> None:
    assert task("admission-365d").horizon == timedelta(days=365)
    assert task("icu-mortality-48h").index.offset == timedelta(hours=48)
    assert task("icu-mortality-48h").coordinate["condition"] == "unknown"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"horizon": None}, "needs a horizon"),
        ({"horizon": "a year"}, "no length of time"),
        ({"coordinate": {"condition": "z00"}}, "the coordinate lacks"),
        ({"outcome": {"kind": "encounter", "label": "x"}}, "names no class"),
        ({"colour": "red"}, "colour"),
        ({"exclusions": [{"rule": "unlucky", "why": "x"}]}, "exclusions"),
    ],
)
def test_a_task_that_breaks_the_schema_is_refused_and_says_where(
    change: dict[str, object], said: str
) -> None:
    text = yaml.safe_dump({**yaml.safe_load(TEXT), **change})
    with pytest.raises(InvalidInputError, match=said):
        load("admission-365d.yaml", text)


def test_a_task_bears_the_name_of_its_file() -> None:
    with pytest.raises(InvalidInputError, match="must bear its name"):
        load("other.yaml", TEXT)


def test_an_unknown_task_is_named_with_those_that_exist() -> None:
    with pytest.raises(NotFoundError, match="admission-365d, icu-mortality-48h"):
        task("admision")


def test_a_task_goes_to_json_and_back() -> None:
    for found in tasks().values():
        assert Task.model_validate_json(found.model_dump_json(by_alias=True)) == found


@pytest.mark.parametrize("text", ["48h", "365d", "0h", "90d"])
def test_a_length_of_time_is_written_as_it_was_read(text: str) -> None:
    assert spans.text(spans.parse(text)) == text
