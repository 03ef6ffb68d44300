"""The registry of M-CARE cases: filters and paging."""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, html

from dashboard.components.parts import empty, link, loading, shown, table, tag
from dashboard.components.words import DASH
from dashboard.desk import Desk
from dashboard.pages import Page
from mcare.registry import STATUSES, find
from skillmix.agent import agents

PAGE = Page("cases", "/cases", "Cases", order=3)

ROWS = 20


def layout() -> Any:
    """The page before its data."""
    states = [{"value": "", "label": "Every status"}, *({"value": s, "label": s} for s in STATUSES)]
    return html.Div(
        [
            html.Div(
                [html.H1("Cases"), link("File a case", "/file-case", className="button")], className="head"
            ),
            html.P(
                "Reports of a pattern in an agent's behaviour, in the 13 sections of M-CARE. A case is versioned and "
                "never deleted.",
                className="lead",
            ),
            html.Div(
                [
                    dmc.TextInput(
                        id="cases-text",
                        label="Words in title or condition",
                        debounce=300,
                        value="",
                        className="grow",
                    ),
                    dmc.Select(
                        id="cases-status", label="Status", data=states, value="", allowDeselect=False, w=180
                    ),
                    dmc.Select(
                        id="cases-agent",
                        label="Agent",
                        data=[],
                        placeholder="Every agent",
                        clearable=True,
                        w=320,
                    ),
                ],
                className="row",
                role="search",
            ),
            html.Section(
                [
                    loading("cases-list", "Reading the registry"),
                    dmc.Group(
                        [
                            dmc.Button("Newer", id="cases-newer", variant="default", disabled=True),
                            dmc.Button("Older", id="cases-older", variant="default", disabled=True),
                        ],
                        mt="md",
                        className="turns",
                    ),
                ],
                className="card",
            ),
        ]
    )


def register(app: Dash, desk: Desk) -> None:
    """Filters in, rows out; the pages are turned by two buttons because nobody counts the registry."""

    @app.callback(
        Output("cases-list", "children"),
        Output("cases-newer", "disabled"),
        Output("cases-older", "disabled"),
        Output("cases-agent", "data"),
        Output("cases-list", "data-skip"),
        Input("cases-text", "value"),
        Input("cases-status", "value"),
        Input("cases-agent", "value"),
        Input("cases-newer", "n_clicks"),
        Input("cases-older", "n_clicks"),
        State("cases-list", "data-skip"),
    )
    async def fill(
        text: str | None, status: str, agent: str | None, _newer: int, _older: int, skip: str | None
    ) -> tuple[Any, ...]:
        turn = {"cases-newer": -ROWS, "cases-older": ROWS}.get(str(ctx.triggered_id))
        start = 0 if turn is None else max(0, int(skip or 0) + turn)
        found = await shown(desk, listed, text or None, status or None, agent, start)
        return found if isinstance(found, tuple) else (found, True, True, [], "0")


def listed(desk: Desk, text: str | None, status: str | None, agent: str | None, skip: int) -> tuple[Any, ...]:
    """One page of cases; whether there is nothing newer or older; the agents to choose from; where the page begins."""
    rows = find(desk.graph, status=status, agent=agent, text=text, skip=skip, limit=ROWS + 1)
    choice = [{"value": row["key"], "label": row["key"]} for row in agents(desk.graph)]
    if not rows:
        filtered = text or status or agent
        state = empty("No case matches.") if filtered else empty("No case has been filed yet.")
        return state, skip == 0, True, choice, str(skip)
    body = [
        [
            html.Span(link(row["id"], f"/cases/{row['id']}"), className="nowrap"),
            row["title"],
            tag(row["severity"]),
            tag(row["status"]),
            f"{row['claimed_level']} ({row['verified_level']})",
            link(row["agent"].partition("@")[0], f"/agents/{row['agent']}") if row["agent"] else DASH,
            row["version"],
            html.Span(row["filed"][:10], className="nowrap"),
        ]
        for row in rows[:ROWS]
    ]
    columns = ["Case", "Title", "Severity", "Status", "Level (verified)", "Agent", "Version", "Filed"]
    return table("Cases", columns, body), skip == 0, len(rows) <= ROWS, choice, str(skip)
