"""One agent: where it claims to work, what was shown there and for whom, and how well it is calibrated."""

import json
from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard.components import calibration
from dashboard.components.parts import (
    STATUS,
    card,
    empty,
    link,
    loading,
    mark,
    note,
    pairs,
    shown,
    table,
    tag,
)
from dashboard.components.words import day, fixed
from dashboard.desk import Desk
from dashboard.pages import Page
from ontology.errors import NotFoundError
from skillmix.claim import claims
from skillmix.coordinate import DIMENSIONS, Coordinate
from skillmix.evidence import MEASURES, Evidence, evidence
from skillmix.population import KINDS
from skillmix.verdict import Standing, Verdict, judge, standing
from twin import store
from twin.report import Report

PAGE = Page("agent", "/agents/<key>", "An agent", under="/agents")

FEW = 8
"""Claimed coordinates shown with their verdicts; a claim may hold millions."""


def layout(key: str) -> Any:
    """The page before its data."""
    return html.Div(
        [
            dcc.Store(id="agent-key", data=key),
            html.Nav(link("All agents", "/agents"), className="crumbs"),
            loading("agent-all", "Reading the agent", children=html.H1("An agent")),
        ]
    )


def register(app: Dash, desk: Desk) -> None:
    """The whole page, once."""

    @app.callback(Output("agent-all", "children"), Input("agent-key", "data"))
    async def fill(key: str) -> Any:
        return await shown(desk, whole, key)


def whole(desk: Desk, key: str) -> Any:
    """Everything about one agent."""
    seen = standing(desk.graph, key)
    found = desk.graph.read("dashboard.agent", key=key)[0]
    config = json.loads(found["config"] or "{}")
    records = sorted(evidence(desk.graph, key), key=lambda e: (MEASURES.index(e.measure), e.statistic))
    return html.Div(
        [
            html.H1(found["name"]),
            card("What it is", _identity(found, config)),
            card("Where it stands", *_places(desk, seen)),
            card("Evidence", _evidence(records), id="evidence"),
            card("Calibration", _calibration(desk, found["version"], config), id="calibration"),
            card("Open cases", _cases(seen)),
        ]
    )


def _identity(found: dict[str, Any], config: dict[str, Any]) -> Any:
    settings = [(n.replace("_", " ").capitalize(), _plain(v)) for n, v in config.items() if n != "model"]
    head = [("Key", html.Span(found["key"], className="code")), ("Version", found["version"])]
    return pairs([*head, ("Kind", found["kind"]), ("Provider", found["provider"]), *settings])


def _plain(value: Any) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _places(desk: Desk, seen: Standing) -> list[Any]:
    declared = claims(desk.graph, seen.agent)
    if not declared:
        return [empty("It claims no coordinate.", html.P("So whatever it says is withheld."))]
    parts = []
    for _, claim in declared:
        cells = list(zip(range(FEW), claim.cells, strict=False))
        parts.append(
            html.Div(
                [
                    pairs([("Intended use", claim.intended), ("Claimed for", claim.population)]),
                    *(_place(seen, coordinate) for _, coordinate in cells),
                    note(f"{claim.cells.size:,} coordinates are claimed; {FEW} are shown.")
                    if claim.cells.size > FEW
                    else None,
                ]
            )
        )
    return parts


def _place(seen: Standing, coordinate: Coordinate) -> Any:
    verdicts = [judge(seen, coordinate, population) for population in KINDS]
    named = [(name.replace("_", " "), code) for name, code in zip(DIMENSIONS, coordinate.codes, strict=True)]
    rows = [
        [
            f"{verdict.population} patients",
            mark(verdict.status, STATUS),
            ", ".join(verdict.shown) or "none",
            ", ".join(verdict.missing) or "none",
        ]
        for verdict in verdicts
    ]
    return html.Div(
        [
            html.P(html.Strong(coordinate.sentence())),
            html.Details([html.Summary(html.Span(coordinate.text, className="code")), pairs(named)]),
            table("Verdicts", ["For", "Verdict", "Shown", "Missing"], rows),
            *(_reasons(verdict) for verdict in verdicts),
        ],
        className="coordinate",
    )


def _reasons(verdict: Verdict) -> Any:
    items = [html.Li(reason) for reason in verdict.reasons]
    summary = html.Summary(f"Reasons for {verdict.population} patients ({len(items)}), by {verdict.policy}")
    return html.Details([summary, html.Ul(items, className="reasons")])


def _evidence(records: list[Evidence]) -> Any:
    if not records:
        return empty(
            "Nothing has been shown of it.", html.P("An evaluation writes evidence: cwm twin evaluate TASK")
        )
    columns = [
        "Measure",
        "Statistic",
        "Value",
        "Interval",
        "n",
        "Events",
        "Population",
        "Data set",
        "Date",
        "Cell",
    ]
    rows = [
        [
            html.Span(e.measure, className="nowrap"),
            html.Span(e.statistic, className="nowrap"),
            fixed(e.value),
            html.Span(f"{fixed(e.low)} to {fixed(e.high)}", className="nowrap"),
            f"{e.n:,}",
            "" if e.events is None else f"{e.events:,}",
            e.population,
            e.dataset,
            html.Span(day(e.date), className="nowrap"),
            _cell(e),
        ]
        for e in records
    ]
    level = f"{records[0].level:.0%} intervals. " if len({e.level for e in records}) == 1 else ""
    return html.Div(
        [
            table("Evidence", columns, rows, numbers=(2, 4, 5)),
            note(f"{level}Written by code: {', '.join(sorted({e.by for e in records}))}."),
        ]
    )


def _cell(item: Evidence) -> str:
    if item.assumption:
        return f"borrowed: {item.assumption.reason}"
    if item.cells.unknown:
        return f"unknown: {', '.join(item.cells.unknown)}"
    return "one coordinate" if item.cells.single else f"{item.cells.size:,} coordinates"


def _calibration(desk: Desk, version: str, config: dict[str, Any]) -> Any:
    try:
        report: Report = store.report(desk.settings, str(config.get("task")), str(config.get("role", "twin")))
    except NotFoundError as error:
        return empty("There is no evaluation of it here.", html.P(error.do) if error.do else None)
    other = None
    if report.version != version:
        other = html.P(
            ["The latest report is of another version, ", html.Code(report.version), "."], className="note"
        )
    return html.Div([other, *calibration.parts(report)])


def _cases(seen: Standing) -> Any:
    if not seen.cases:
        return empty("No open case concerns it.")
    rows = [
        [link(c["id"], f"/cases/{c['id']}"), c["title"], tag(c["severity"]), tag(c["status"])]
        for c in seen.cases
    ]
    return table("Open cases", ["Case", "Title", "Severity", "Status"], rows)
