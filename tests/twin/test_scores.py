"""Published scores against examples made from their printed tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from tests.twin.frames import facts_frame, rows_frame
from twin.scores import Score, banded, scores

ENTERED = datetime(2024, 1, 1, tzinfo=UTC)
EXAMPLES = [
    pytest.param(s, e, id=f"{n}: {e['about']}") for n, s in scores().items() for e in s.definition.examples
]


@pytest.mark.parametrize(("score", "example"), EXAMPLES)
def test_a_score_gives_the_points_of_the_printed_table(score: Score, example: dict[str, Any]) -> None:
    at = ENTERED + timedelta(hours=48)
    facts = [
        {"key": f"{kind}/{i}", "type": kind, "token": token, "value": value, "unit": unit, "at": at}
        | {"start": ENTERED + timedelta(hours=hours)}
        for i, (kind, token, value, unit, hours) in enumerate(example["facts"])
    ]
    rows = rows_frame([{"patient": "Patient/a", "age": example["age"], "at": at, "entered": ENTERED}])
    scored = score.score(facts_frame(facts), rows)
    assert scored.points["points"].to_list() == [example["points"]]
    assert scored.missing["input"].to_list() == example["missing"]


@pytest.mark.parametrize("score", scores().values(), ids=scores())
def test_points_stay_in_the_range_and_come_in_the_order_of_the_rows(score: Score) -> None:
    rows = rows_frame(
        [{"patient": p, "age": 90.0, "at": ENTERED, "entered": ENTERED} for p in ("Patient/b", "Patient/a")]
    )
    points = score.score(facts_frame([]), rows).points
    low, high = score.definition.range
    assert points["patient"].to_list() == ["Patient/b", "Patient/a"]
    assert points["points"].is_between(low, high).all()


@pytest.mark.parametrize(("value", "points"), [(-1.0, None), (0.0, 4), (39.9, 4), (40.0, 3), (1e9, 0)])
def test_a_value_belongs_to_the_band_whose_lower_bound_it_reaches(value: float, points: int | None) -> None:
    found = pl.DataFrame({"v": [value]}).select(banded(pl.col("v"), ((0, 4), (40, 3), (55, 0)))).item()
    assert found == points
