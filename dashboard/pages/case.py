"""One case: its 13 sections, what it is linked to, its versions, and its downloads."""

from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard.components.parts import card, link, loading, note, pairs, shown, table, tag
from dashboard.components.report import sections
from dashboard.components.words import DASH
from dashboard.desk import Desk
from dashboard.pages import Page
from mcare.levels import NAMES
from mcare.registry import Case, show
from mcare.report import Links
from ontology.errors import CwmError
from skillmix.coordinate import Coordinate

PAGE = Page("case", "/cases/<case>", "A case", under="/cases")


def layout(case: str) -> Any:
    """The page before its data."""
    return html.Div(
        [
            dcc.Store(id="case-id", data=case),
            html.Nav(link("All cases", "/cases"), className="crumbs"),
            loading("case-all", "Reading the case", children=html.H1("A case")),
        ]
    )


def register(app: Dash, desk: Desk) -> None:
    """The whole page, once."""

    @app.callback(Output("case-all", "children"), Input("case-id", "data"))
    async def fill(case: str) -> Any:
        return await shown(desk, whole, case)


def whole(desk: Desk, id: str) -> Any:
    """The case as it stands."""
    case = show(desk.graph, id)
    report = case.report
    harms = ", ".join(report.severity.harms)
    return html.Div(
        [
            html.H1([html.Span(case.id, className="case-id"), " ", report.title]),
            html.P(
                [
                    tag(case.status),
                    " ",
                    tag(f"severity {report.severity.grade}"),
                    f" {harms}" if harms else "",
                ],
                className="soft",
            ),
            html.P(
                [
                    html.A("Download as Markdown", href=f"/download/{case.id}.md", className="link"),
                    " · ",
                    html.A("Download as JSON", href=f"/download/{case.id}.json", className="link"),
                ]
            ),
            html.Div(
                [
                    html.Article(sections(report), className="card report"),
                    html.Div([_level(case), _links(desk, report.links), _versions(case)]),
                ],
                className="seven-five",
            ),
        ]
    )


def _level(case: Case) -> Any:
    level = case.level
    missing = [html.Li(lack) for lack in level.missing]
    return card(
        "Assertion level",
        pairs(
            [
                ("Claimed", f"{level.claimed}, {NAMES[level.claimed]}"),
                ("Verified", f"{level.verified}, {NAMES[level.verified]}"),
            ]
        ),
        html.Ul(missing, className="reasons") if missing else note("The evidence carries the claim."),
    )


def _links(desk: Desk, links: Links) -> Any:
    agent = link(links.agent, f"/agents/{links.agent}") if links.agent else DASH
    whose = [
        row for id_ in links.predictions for row in desk.graph.read("dashboard.prediction_patient", id=id_)
    ]
    patients = [
        html.Li(link(f"prediction {row['id'][:12]}", f"{desk.address(row['patient'])}")) for row in whose
    ]
    return card(
        "Linked to",
        pairs(
            [
                ("Agent", agent),
                ("Coordinate", _coordinate(links.coordinate)),
                ("Predictions", html.Ul(patients, className="reasons") if patients else DASH),
                ("Evidence", f"{len(links.evidence)} records" if links.evidence else DASH),
            ]
        ),
    )


def _coordinate(text: str | None) -> Any:
    if not text:
        return DASH
    try:
        return [html.Div(Coordinate.parse(text).sentence()), html.Div(text, className="code")]
    except CwmError:
        return text


def _versions(case: Case) -> Any:
    rows = [
        [v.n, html.Span(v.filed[:10], className="nowrap"), v.by, v.note, tag(v.status)] for v in case.versions
    ]
    return card("Versions", table("Versions", ["No.", "Date", "By", "Note", "Status"], list(reversed(rows))))
