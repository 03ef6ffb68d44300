"""The rows of a journey, made from answers of the database, read by name and as a frame: any answer, the same rows."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.journey import COLUMNS, _frame
from graph.journey_rows import dicts
from graph.queries import named
from ontology import mapping

WORDS = st.none() | st.sampled_from(["a", "b|c", "", "Ärger \N{GRINNING FACE}"])
LISTS = st.none() | st.lists(st.sampled_from(["urn:a|1", "urn:b|2"]), max_size=2)
TIMES = (
    st.none() | st.integers(-62_135_596_800_000, 253_402_300_799_999) | st.sampled_from([0, 1, 86_400_000])
)
PART = st.tuples(
    st.sampled_from(["urn:a|1", "http://loinc.org|8480-6", "bare"]), st.sampled_from(["", "systolic"]),
    st.floats(allow_infinity=False), st.sampled_from(["", "mm[Hg]"]), st.sampled_from(["", "high"]),
)  # fmt: skip


def lists(parts: list[tuple[Any, ...]]) -> list[list[Any] | None] | None:
    """The aligned lists of some parts; one without any word is not there, as in the graph."""
    if not parts:
        return None
    codes, displays, values, *words = (list(column) for column in zip(*parts, strict=True))
    return [
        codes,
        displays if any(displays) else None,
        values,
        *(cells if any(cells) else None for cells in words),
    ]


@st.composite
def answers(draw: st.DrawFn) -> list[list[Any]]:
    """Rows as ``journey.facts`` gives them, each with a key of its own."""
    rows = []
    for key in draw(st.lists(st.integers(0, 99), unique=True, max_size=8)):
        type_ = draw(st.sampled_from(["Encounter", "Condition", "Observation", "Patient", "Basic"]))
        texts = [draw(WORDS) for _ in range(3)]
        parts = draw(st.lists(PART, max_size=3))
        rows.append(
            [
                *(f"{type_}/{key}", type_, *texts, draw(LISTS), draw(LISTS), draw(WORDS)),
                *(draw(TIMES) for _ in range(3)),
                *(draw(st.none() | st.floats(allow_nan=False)), draw(WORDS), draw(WORDS)),
                *(draw(st.none() | st.just(["Encounter/1", "IMP"])), draw(WORDS), draw(st.booleans())),
                lists(parts),
                draw(st.none() | st.just(["urn:rx", "2599", "Aspirin", ["urn:rx|2599"]])),
            ]
        )
    return rows


@settings(max_examples=60, deadline=None)
@given(answers())
def test_rows_by_name_are_those_of_the_frame(group: list[list[Any]]) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    frame = _frame([("Patient/p", at)], [[0, group]], None)
    assert dicts(group) == frame.drop("patient", "at").to_dicts()
    assert frame.columns == list(COLUMNS)
    assert frame["at"].to_list() == [at] * frame.height


@pytest.mark.parametrize("query", ["journey.facts", "journey.record"])
def test_a_journey_asks_each_type_that_can_be_verified_whether_it_is_an_error(query: str) -> None:
    """The queries name the types: to ask every fact takes a fifth of a first look."""
    types = {name for name, found in mapping.registry().items() if "verification" in found.properties}
    assert types
    assert all(f"n:{type_} " in named(query).text or f"n:{type_})" in named(query).text for type_ in types)
