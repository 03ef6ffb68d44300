"""Partial dates are intervals; what no calendar has is refused."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.fhir import times
from graph.fhir.project import project
from graph.instant import instant
from ontology.errors import InvalidInputError

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


@given(MOMENTS, st.text("0123456789", max_size=6))
def test_a_leap_second_is_the_first_moment_of_the_next_minute(moment: datetime, fraction: str) -> None:
    minute = moment.replace(second=59, microsecond=0)
    tail = f".{fraction}" if fraction else ""
    text = f"{minute:%Y-%m-%dT%H:%M}:60{tail}{minute.isoformat()[19:]}"
    assert times.first(text) == times.over(text) == times.last(text) == minute + timedelta(seconds=1)
    assert instant(text) == times.first(text)
    assert times.first(minute.replace(microsecond=999_999).isoformat()) < times.first(text)


def test_a_leap_second_is_kept_as_it_was_written() -> None:
    said = {"resourceType": "Observation", "id": "o", "issued": "2016-12-31T23:59:60Z"}
    found = project(said | {"effectiveDateTime": "2017-01-01T00:59:60.5+01:00"})
    assert found.props["recorded"] == found.props["start"] == datetime(2017, 1, 1, tzinfo=UTC)
    assert said["issued"] == "2016-12-31T23:59:60Z"
    with pytest.raises(InvalidInputError, match="no zone"):
        instant("2016-12-31T23:59:60")
    with pytest.raises(OverflowError):
        times.first("9999-12-31T23:59:60Z")


def test_a_time_without_zone_is_taken_as_utc() -> None:
    assert times.first("2020-01-01T10:00:00") == datetime(2020, 1, 1, 10, tzinfo=UTC)
