"""What the panels of a patient's page hold. Everything here blocks on the graph and runs in a thread."""

import datetime as dt
from math import ceil
from typing import Any

from dash import dcc, html

from dashboard import moments
from dashboard.components import advised as one_query
from dashboard.components import forecast
from dashboard.components import timeline as drawing
from dashboard.components.parts import empty, problem, table, tag
from dashboard.components.words import DASH, age, day, moment, sex
from dashboard.desk import Desk
from dashboard.record import Fact, Record, read
from ontology.errors import InvalidInputError
from twin import service, tasks
from twin.prediction import Prediction, find
from twin.prediction import predictions as made

ROWS = 10
Moment = dt.datetime | None


def _record(desk: Desk, token: str, at: Moment) -> Record:
    key = desk.secrets.key_of(token)
    found: Record = desk.recall(("record", key, at), lambda: read(desk.graph, key, at))
    return found


def head(desk: Desk, token: str, at: Moment) -> tuple[Any, list[str], list[dict[str, Any]], bool]:
    """Who it is, and what the 'as of' control needs: its instants, its marks, and whether it is off."""
    whole = _record(desk, token, None)
    person = whole.patient
    bounds = whole.bounds
    instants = [bounds[0], *whole.visits, bounds[1]] if bounds else []
    visits = [instant.isoformat() for instant in sorted(set(instants))]
    died = person.get("deceased")
    known = died if died and (at is None or died <= at) else None
    years = age(person.get("birth"), known or at or (bounds[1] if bounds else None))
    facts = [
        sex(person.get("gender")),
        f"born {person.get('birth')}" if person.get("birth") else None,
        f"{years} years old" if years is not None else None,
        f"died {day(known)}" if known else None,
    ]
    title = html.Div(
        [
            html.H1(person.get("name") or person["id"]),
            html.P(
                [" · ".join(filter(None, facts)), " · ", html.Span(person["id"], className="code"), " ",
                 tag(f"{person.get('population') or 'real'} patient")]
            ),
        ],
        className="person",
    )  # fmt: skip
    return title, visits, moments.marks(visits), len(visits) < 2


def timeline(desk: Desk, token: str, at: Moment) -> Any:
    """The plot with its summary in words."""
    record = _record(desk, token, at)
    if not record.dated:
        return empty("Nothing was known at this moment." if at else "The record holds no dated facts.")
    config: Any = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}
    plot = dcc.Graph(id="timeline-plot", figure=drawing.timeline(record), config=config, responsive=True)
    return html.Figure([plot, html.Figcaption(drawing.caption(record), className="note")])


def facts(desk: Desk, token: str, at: Moment, kind: str, text: str, page: int) -> tuple[Any, int, int]:
    """One page of the facts, newest first; the number of pages; the page."""
    record = _record(desk, token, at)
    chosen = [
        f for f in record.facts if (not kind or f.lane == kind) and text in f"{f.what} {f.value}".lower()
    ]
    if not chosen:
        return empty("No fact matches." if record.facts else "Nothing was known at this moment."), 1, 1
    oldest = dt.datetime.min.replace(tzinfo=dt.UTC)
    chosen.sort(key=lambda f: (f.start or oldest, f.key), reverse=True)
    pages = ceil(len(chosen) / ROWS)
    page = min(max(page, 1), pages)
    part = chosen[(page - 1) * ROWS : page * ROWS]
    count = f"{len(chosen):,} facts, newest first" + (f"; page {page} of {pages}" if pages > 1 else "")
    columns = ["When", "Kind", "What", "Value or state", "Known since"]
    return (
        html.Div(
            [
                html.P(count, className="note", role="status"),
                table("Facts of the record", columns, [_row(f) for f in part]),
            ]
        ),
        pages,
        page,
    )


def _row(fact: Fact) -> list[Any]:
    when = moment(fact.start)
    if fact.end and fact.end.date() != (fact.start or fact.end).date():
        when = f"{when} to {day(fact.end)}"
    return [
        html.Span(when, className="nowrap"),
        html.Span(fact.lane, className="nowrap"),
        fact.what,
        fact.value or DASH,
        html.Span(moment(fact.recorded) if fact.late else "the same day", className="nowrap soft"),
    ]


def predictions(desk: Desk, token: str, at: Moment, task: str) -> Any:
    """The latest prediction of each agent for the question, made for a moment no later than ``at``."""
    patient = desk.secrets.key_of(token)
    latest: dict[str, Prediction] = {}
    for one in sorted(made(desk.graph, patient, task), key=lambda p: (p.index_time, p.made), reverse=True):
        if at is None or one.index_time <= at:
            latest.setdefault(one.agent, one)
    if not latest:
        when = f" as of {moment(at)}" if at else ""
        return empty(
            f"No prediction for this question{when} yet.", html.P("'Predict now' makes one of each agent.")
        )
    cases = {row["prediction"]: row["cases"] for row in desk.graph.read("ask.who_advised", patient=patient)}
    question = tasks.task(task).question
    shown = sorted(latest.values(), key=lambda p: (p.role != "twin", p.agent))
    cards = [forecast.card(find(desk.graph, p.id), question, cases.get(p.id, [])) for p in shown]
    return html.Div(cards, className="two")


def predict(desk: Desk, token: str, at: dt.datetime, task: str) -> Any:
    """Let every agent of the question predict as of ``at``; says what happened."""
    patient = desk.secrets.key_of(token)
    asked = tasks.task(task)
    try:
        for role in service.roles(asked):
            service.predict(desk.graph, task, patient, at, role=role)
    except InvalidInputError as error:
        return problem(error.what, f"It is meant for: {asked.population} Choose a moment after such a visit.")
    return html.P(f"Predicted as of {moment(at)} UTC.", className="note", role="status")


def advised(desk: Desk, token: str) -> Any:
    """The one query, asked about this patient."""
    patient = desk.secrets.key_of(token)
    return one_query.panel(desk.graph.read("ask.who_advised", patient=patient))
