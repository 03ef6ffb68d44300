"""What pages are made of, without a browser: moments, gaps, the timeline, forms; and what never reaches the browser."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import moments
from dashboard.components import forecast, timeline
from dashboard.components.form import FIELDS, FORM, assemble
from dashboard.components.report import sections
from dashboard.components.words import age, share, span
from dashboard.pages import pages
from dashboard.record import Fact, Record, gaps
from mcare import draft
from mcare.report import SECTIONS, Report
from tests.mcare.samples import written
from twin.prediction import Effect, Prediction

START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
DAYS = st.integers(0, 20_000)


def fact(day: float, lane: str = "Results", end: float | None = None, what: str = "Sodium") -> Fact:
    at = START + dt.timedelta(days=day)
    until = None if end is None else START + dt.timedelta(days=end)
    return Fact(f"{lane}/{day}", lane, at, until, at, what, "140")


def record(*facts: Fact, at: dt.datetime | None = None) -> Record:
    return Record({"name": "Ada"}, list(facts), at)


@pytest.mark.parametrize("name", pages())
def test_every_page_has_a_title_a_layout_and_a_place_in_the_menu_or_under_one(name: str) -> None:
    page = pages()[name].PAGE
    assert page.title
    assert page.path.startswith("/")
    variable = page.path.partition("<")[2].rstrip(">")
    layout = pages()[name].layout(**({variable: "x"} if variable else {}))
    assert layout is not None
    menu = {module.PAGE.path for module in pages().values() if module.PAGE.order is not None}
    assert page.path in menu or page.under in menu


def test_a_long_silence_is_a_gap_and_a_condition_that_goes_on_does_not_fill_it() -> None:
    quiet = record(fact(0), fact(0, "Conditions", end=3000), fact(1500), fact(1510), fact(3000))
    assert [round(gap.days) for gap in gaps(quiet)] == [1500, 1490]


def test_a_long_stay_is_no_gap() -> None:
    assert gaps(record(fact(0, "Encounters", end=1000), fact(1001), fact(1100))) == []


@given(st.lists(DAYS, min_size=2, max_size=40))
def test_no_fact_lies_inside_a_gap(days: list[int]) -> None:
    seen = record(*(fact(day) for day in days))
    for gap in gaps(seen):
        assert not any(gap.start < f.start < gap.end for f in seen.facts)
        assert gap.days >= 0.5


@given(
    st.lists(
        st.tuples(DAYS, st.sampled_from(["Results", "Encounters", "Conditions", "Medications"])), max_size=60
    )
)
def test_the_timeline_draws_every_dated_fact_once(drawn: list[tuple[int, str]]) -> None:
    facts = [fact(day, lane, what=f"thing {day % 17}") for day, lane in drawn]
    figure = timeline.timeline(record(*facts))
    dots = sum(len(trace["x"]) for trace in figure["data"] if trace["mode"] == "markers")
    assert dots == len(facts)


@given(st.lists(DAYS, min_size=2, max_size=20, unique=True), st.integers(0, moments.STEPS), st.data())
def test_the_control_never_leaves_the_record_and_visits_go_one_way(
    days: list[int], step: int, data: st.DataObject
) -> None:
    visits = [(START + dt.timedelta(days=day)).isoformat() for day in sorted(days)]
    at = data.draw(st.none() | st.sampled_from(visits))
    for by in ("patient-before", "patient-after", "patient-slider", "patient-all"):
        answer = moments.moved(by, None, step, at, visits)
        if answer and answer[0]:
            assert visits[0] <= answer[0] <= visits[-1]
            assert 0 <= answer[2] <= moments.STEPS
    before = moments.moved("patient-before", None, 0, at, visits)
    assert before
    assert before[0]
    assert before[0] <= (at or visits[-1])


def test_the_date_control_sets_the_moment_and_its_own_echo_changes_nothing() -> None:
    visits = [START.isoformat(), (START + dt.timedelta(days=10)).isoformat()]
    chosen = moments.moved("patient-when", "2020-01-05 12:30:00", moments.STEPS, None, visits)
    assert chosen
    assert chosen[0] == "2020-01-05T12:30:00+00:00"
    assert moments.moved("patient-when", chosen[1], chosen[2], chosen[0], visits) is None
    assert moments.moved("patient-slider", None, chosen[2], chosen[0], visits) is None


def test_clearing_the_date_shows_everything_again() -> None:
    visits = [START.isoformat(), (START + dt.timedelta(days=10)).isoformat()]
    answer = moments.moved("patient-when", None, 3, START.isoformat(), visits)
    assert answer
    assert answer[0] is None


def prediction(*, released: bool) -> Prediction:
    return Prediction(
        id="ab" * 16, task="admission-365d", role="twin", model="m1", agent="twin@1+00000000", patient="Patient/1",
        encounter=None, coordinate=None, index_time=START, made=START, inputs="f" * 64, probability=0.73125, low=0.61875,
        high=0.84375, set=["yes"], confidence=0.9, disagreement=0.0987, members={"gradient-boosting": 0.77777},
        missing=["height"], logit=1.2345, base=-0.5432, contributions=[Effect(group="age", label="Age", contribution=0.4567)],
        neighbours=[], authority="augmentation" if released else None, released=released, reasons=["Too few patients."],
        verdict="validated" if released else "insufficient", verdict_hash="0", population="synthetic",
    )  # fmt: skip


def test_a_released_prediction_shows_its_number_interval_members_and_contributions() -> None:
    shown = str(forecast.card(prediction(released=True), "Admitted within a year?", []).to_plotly_json())
    for text in ("73 %", "62 %", "84 %", "gradient boosting", "78 %", "+0.46", "Released"):
        assert text in shown


def test_a_withheld_prediction_says_why_and_no_number_of_it_reaches_the_browser() -> None:
    shown = str(forecast.card(prediction(released=False), "Admitted within a year?", []).to_plotly_json())
    assert "Too few patients." in shown
    assert "Withheld" in shown
    for number in (
        "73",
        "0.7",
        "62 %",
        "0.61",
        "84 %",
        "0.84",
        "0.098",
        "0.77",
        "78 %",
        "1.23",
        "0.54",
        "0.45",
        "0.46",
    ):
        assert number not in shown


def test_the_form_has_the_13_sections_in_their_order() -> None:
    assert [heading.split("  ")[1] for heading in list(FORM)[1:]] == list(SECTIONS.values())


def test_an_empty_form_is_refused_by_the_schema_and_a_filled_one_is_a_report() -> None:
    with pytest.raises(ValueError, match="validation errors"):
        Report.model_validate(assemble({}, {}))
    lines = {
        "formulation.criteria": "met: seen twice\nnot met: seen elsewhere\nnot assessed: cause",
        "differential": "Chance: the interval excludes 0",
        "treatment": "core: calibrate by group",
        "examination.core": "observed more than expected",
    }
    values = {path: lines.get(path, "something") for path, field in FIELDS.items() if field.kind != "many"}
    values |= {f.path: f.options[0] for f in FIELDS.values() if f.kind == "one"}
    values |= {"observation.sample_size": 40, "formulation.categories": ["distributional-miscalibration"]}
    report = Report.model_validate(assemble(values, draft.blank()["links"]))
    assert [c.status for c in report.formulation.criteria] == ["met", "not-met", "not-assessed"]
    assert report.treatment.interventions[0].addresses == ["c1"]
    assert report.differential[0].why_not == "the interval excludes 0"


def test_a_case_is_shown_in_13_numbered_sections_with_all_its_text() -> None:
    shown = sections(Report.model_validate(written()))
    assert len(shown) == 13
    text = str([section.to_plotly_json() for section in shown])
    for part in (
        "More admissions than were foretold.",
        "The interval excludes 0.",
        "Calibrate by group.",
        "Evaluate again.",
    ):
        assert part in text


@given(st.floats(0, 1))
def test_a_share_never_says_certain_when_it_is_not(value: float) -> None:
    text = share(value)
    assert text.endswith(" %")
    assert 0 <= float(text[:-2]) <= 100


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)), st.integers(0, 40_000))
def test_age_counts_birthdays(birth: dt.date, days: int) -> None:
    at = birth + dt.timedelta(days=days)
    years = age(birth.isoformat(), at)
    assert years is not None
    assert years <= days / 365 < years + 1.1


@pytest.mark.parametrize(
    ("days", "text"), [(0.5, "12 hours"), (10, "10 days"), (60, "9 weeks"), (730.5, "2.0 years")]
)
def test_lengths_of_time_read_as_people_say_them(days: float, text: str) -> None:
    assert span(days) == text
