"""Whose index is when, who is left out, and what counts as the outcome."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.cohort import excluded, happened
from twin.index import Place, at_moment, candidates, chosen, drawn_day
from twin.people import Person, Visit, age
from twin.tasks import task

ADMISSION, ICU = task("admission-365d"), task("icu-mortality-48h")
FIRST = datetime(2023, 1, 1, tzinfo=UTC)
CODES = ("http://snomed.info/sct|162673000",)
DAY = timedelta(days=1)


def visit(
    key: str, start: datetime, hours: float = 1, kind: str = "AMB", codes: tuple[str, ...] = CODES
) -> Visit:
    end = start + timedelta(hours=hours)
    return Visit(f"Encounter/{key}", kind, codes, start, end, start, end, None, None)


def person(
    *visits: Visit, deceased: datetime | None = None, birth: str = "1960-05-01", key: str = "a"
) -> Person:
    ordered = tuple(sorted(visits, key=lambda v: (v.start or FIRST, v.key)))
    return Person(f"Patient/{key}", "female", birth, None, None, "synthetic", deceased, ordered)


def stay(
    start: datetime, end: datetime, disposition: str | None = "oth", closed: datetime | None = None
) -> Visit:
    return Visit("Encounter/s", "ACUTE", (), start, end, start, closed or end, disposition, None)


days = st.integers(0, 1000)


@given(st.lists(days, max_size=8), st.lists(days, max_size=5), st.text("abc", min_size=1, max_size=4))
def test_what_comes_after_the_index_never_changes_it(made: list[int], later: list[int], key: str) -> None:
    before = person(*(visit(f"v{i}", FIRST + d * DAY) for i, d in enumerate(made)), key=key)
    index = chosen(before, ADMISSION.index)
    assert index is None or index.visit is not None
    if index and index.visit and index.visit.start:
        more = [visit(f"x{i}", index.visit.start + (d + 1) * DAY) for i, d in enumerate(later)]
        assert (
            chosen(person(*before.visits, *more, deceased=index.at + DAY, key=key), ADMISSION.index) == index
        )


@given(st.text(max_size=20), st.lists(days, min_size=1, max_size=8))
def test_the_index_is_the_first_check_up_from_the_drawn_day_on(key: str, made: list[int]) -> None:
    who = person(*(visit(f"v{i}", FIRST + d * DAY) for i, d in enumerate(made)), key=key)
    since = drawn_day(who.key, ADMISSION.index)
    assert FIRST <= since < FIRST + ADMISSION.index.spread
    starts = sorted(v.start for v in who.visits if v.start and v.start >= since)
    index = chosen(who, ADMISSION.index)
    assert (index.visit.start if index and index.visit else None) == (starts[0] if starts else None)


def test_only_check_ups_can_be_an_index_and_it_is_when_they_end() -> None:
    other = visit("other", FIRST, codes=("http://snomed.info/sct|185347001",))
    emergency = visit("er", FIRST + DAY, kind="EMER")
    check = visit("check", FIRST + 2 * DAY)
    assert [p.at for p in candidates(person(other, emergency, check), ADMISSION.index)] == [check.end]


@pytest.mark.parametrize(
    ("after", "kind", "outcome"),
    [
        (timedelta(days=1), "EMER", 1),
        (timedelta(days=365), "IMP", 1),
        (timedelta(days=365, seconds=1), "IMP", 0),
        (timedelta(0), "IMP", 0),
        (timedelta(days=-1), "IMP", 0),
        (timedelta(days=1), "AMB", 0),
    ],
)
def test_an_admission_counts_when_it_starts_in_the_horizon(after: timedelta, kind: str, outcome: int) -> None:
    check = visit("check", FIRST)
    at = FIRST + timedelta(hours=1)
    who = person(check, visit("later", at + after, kind=kind))
    assert happened(who, Place(at, check), ADMISSION) == (outcome, False)


def test_death_without_admission_counts_as_not_admitted_and_is_marked() -> None:
    check = visit("check", FIRST)
    dead = person(check, deceased=FIRST + 30 * DAY)
    assert happened(dead, Place(FIRST, check), ADMISSION) == (0, True)
    admitted = person(check, visit("in", FIRST + DAY, kind="IMP"), deceased=FIRST + 30 * DAY)
    assert happened(admitted, Place(FIRST, check), ADMISSION) == (1, False)


def test_death_in_hospital_is_read_from_the_disposition_and_unknown_without_one() -> None:
    place = Place(FIRST + 2 * DAY, stay(FIRST, FIRST + 5 * DAY, "exp"))
    assert happened(person(), place, ICU) == (1, False)
    assert happened(person(), Place(place.at, stay(FIRST, FIRST + 5 * DAY, "oth")), ICU) == (0, False)
    assert happened(person(), Place(place.at, stay(FIRST, FIRST + 5 * DAY, None)), ICU) == (None, None)


def test_who_is_known_to_have_left_before_the_index_is_left_out_but_not_who_left_on_its_day() -> None:
    at = FIRST + 2 * DAY
    gone = stay(FIRST, at - timedelta(milliseconds=1), closed=at)
    bare_date = stay(FIRST, at + DAY - timedelta(milliseconds=1), closed=at + DAY)
    assert excluded("left-before-index", person(gone), Place(at, gone), ICU, None)
    assert not excluded("left-before-index", person(bare_date), Place(at, bare_date), ICU, None)


def test_the_whole_horizon_must_lie_before_the_end_of_the_record() -> None:
    place = Place(FIRST, visit("check", FIRST))
    assert not excluded("follow-up-too-short", person(), place, ADMISSION, FIRST + 365 * DAY)
    assert excluded(
        "follow-up-too-short", person(), place, ADMISSION, FIRST + 365 * DAY - timedelta(seconds=1)
    )
    assert excluded("follow-up-too-short", person(), place, ADMISSION, None)


def test_the_young_the_dead_and_those_in_hospital_are_left_out() -> None:
    check = visit("check", FIRST)
    place = Place(FIRST + timedelta(hours=1), check)
    assert excluded("too-young", person(check, birth="2010"), place, ADMISSION, None)
    assert excluded("dead-at-index", person(check, deceased=FIRST), place, ADMISSION, None)
    inside = visit("in", FIRST - DAY, hours=72, kind="IMP")
    assert excluded("in-hospital-at-index", person(check, inside), place, ADMISSION, None)
    assert not excluded(
        "in-hospital-at-index", person(check, replace(inside, kind="AMB")), place, ADMISSION, None
    )


def test_a_moment_long_after_the_check_up_does_not_fit_and_says_so() -> None:
    check, problem = visit("check", FIRST), visit("problem", FIRST + 40 * DAY, codes=())
    who = person(check, problem)
    soon = at_moment(who, ADMISSION, FIRST + 10 * DAY)
    assert (soon.visit, soon.unfit) == (check, None)
    late = at_moment(who, ADMISSION, FIRST + 50 * DAY)
    assert (late.visit, late.unfit) == (problem, "the last index encounter is too long ago")
    early = at_moment(who, ADMISSION, FIRST - DAY)
    assert (early.visit, early.unfit) == (None, "no encounter is known at this moment")


@settings(deadline=None)
@given(st.dates(datetime(1920, 1, 1).date(), datetime(2020, 1, 1).date()))  # noqa: DTZ001 - dates only
def test_age_by_a_year_or_month_is_close_to_age_by_the_day(day: object) -> None:
    text, at = str(day), datetime(2023, 6, 1, tzinfo=UTC)
    exact, month, year = age(text, at), age(text[:7], at), age(text[:4], at)
    assert exact is not None and month is not None and year is not None  # noqa: PT018 - one fact
    assert 0 <= month - exact < 32 / 365
    assert abs(year - exact) <= 1
