"""The agents: who acts, with what evidence, and how often they were let through."""

from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard.components.parts import empty, link, loading, shown, table, tag
from dashboard.desk import Desk
from dashboard.pages import Page
from skillmix.agent import agents

PAGE = Page("agents", "/agents", "Agents", order=2)


def layout() -> Any:
    """The page before its data."""
    return html.Div(
        [
            html.H1("Agents"),
            html.P(
                "Who acts on the record, human or artificial, exactly as configured. A new version is a new agent "
                "and starts without evidence.",
                className="lead",
            ),
            dcc.Store(id="agents-open", data=1),
            html.Section(loading("agents-list", "Reading the agents"), className="card"),
        ]
    )


def register(app: Dash, desk: Desk) -> None:
    """The list, once."""

    @app.callback(Output("agents-list", "children"), Input("agents-open", "data"))
    async def fill(_open: int) -> Any:
        return await shown(desk, listed)


def listed(desk: Desk) -> Any:
    """All agents with what each has."""
    rows = agents(desk.graph)
    if not rows:
        return empty(
            "No agent is registered yet.",
            html.P(["Training a twin registers it: ", html.Code("cwm twin train admission-365d")]),
        )
    made: dict[str, list[int]] = {}
    for row in desk.graph.read("skillmix.predictions", agent=None):
        count = made.setdefault(row["agent"], [0, 0])
        count[0] += row["predictions"]
        count[1] += row["released"]
    columns = [
        "Agent",
        "Version",
        "Kind",
        "Provider",
        "Claims",
        "Evidence",
        "Open cases",
        "Predictions",
        "Released",
    ]
    body = [
        [
            link(row["name"], f"/agents/{row['key']}"),
            html.Span(row["version"], className="code"),
            tag(row["kind"]),
            row["provider"],
            row["claims"],
            row["evidence"],
            row["cases"],
            *made.get(row["key"], [0, 0]),
        ]
        for row in rows
    ]
    return table("Agents", columns, body, numbers=(4, 5, 6, 7, 8))
