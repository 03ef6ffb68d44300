"""Partial dates are intervals; what no calendar has is refused."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.fhir import times
from graph.fhir.project import project
from graph.instant import instant

ZONES = st.integers(-12 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(2300, 1, 1), timezones=ZONES)  # noqa: DTZ001


@given(MOMENTS)
def test_an_instant_is_itself_in_utc(moment: datetime) -> None:
    seen = times.first(moment.isoformat())
    assert seen == moment
    assert seen.tzinfo is UTC
    assert times.last(moment.isoformat()) == times.over(moment.isoformat()) == seen


@given(st.dates(date(1800, 1, 1), date(9998, 12, 31)))
def test_a_day_is_inside_its_month_inside_its_year(day: date) -> None:
    year, month, whole = day.isoformat()[:4], day.isoformat()[:7], day.isoformat()
    assert (
        times.first(year)
        <= times.first(month)
        <= times.first(whole)
        < times.last(whole)
        <= times.last(month)
        <= times.last(year)
    )
    assert times.over(whole) == times.first((day + timedelta(days=1)).isoformat())
    assert times.over(month).day == 1
    assert times.last(year).year == day.year


@given(st.dates(date(2, 1, 1), date(9998, 12, 31)), st.sampled_from([4, 7, 10]))
def test_a_fact_is_there_as_of_its_own_date_and_not_as_of_the_day_before(day: date, length: int) -> None:
    said = day.isoformat()[:length]
    fact = project({"resourceType": "Observation", "id": "o", "effectiveDateTime": said})
    its_last_day = times.last(said).date()
    assert its_last_day.isoformat().startswith(said)
    before = (its_last_day - timedelta(days=1)).isoformat()
    assert instant(before) < fact.props["recorded"] <= instant(said)


@given(st.text(alphabet="0123456789-:TZ+. W", max_size=26))
def test_any_text_is_a_date_or_refused(text: str) -> None:
    try:
        seen = times.first(text), times.over(text)
    except (ValueError, OverflowError):
        return
    assert seen[0] <= seen[1]


@pytest.mark.parametrize(
    "text",
    ["", "20200101", "2020-W01-1", "2020-1-1", "2020-02-30", "2021-02-29", "0000", "2020-01-01 10:00:00", "2020-01-01T24:00:00Z",
     "2020-01-01T10:00:00+25:00", "２０２０", "2020-01-01T10", "2020-01-01T10:00:00z"],
)  # fmt: skip
def test_what_is_no_fhir_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        times.first(text)


def test_the_last_day_of_the_calendar_is_a_day() -> None:
    assert times.over("9999-12-31").year == times.over("9999").year == 9999
    assert instant("9999") == times.over("9999-12")


def test_a_time_without_zone_is_taken_as_utc() -> None:
    assert times.first("2020-01-01T10:00:00") == datetime(2020, 1, 1, 10, tzinfo=UTC)
