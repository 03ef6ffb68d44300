"""A patient: the record as of a moment, the twin's predictions, and who advised."""

import datetime as dt
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard import moments, panels
from dashboard.components.parts import card, link, loading, shown
from dashboard.desk import Desk
from dashboard.pages import Page
from dashboard.record import LANES
from twin.tasks import tasks

PAGE = Page("patient", "/patients/<token>", "A patient", under="/")


PLACES = {"timeline": "Timeline", "record": "Facts", "twin": "Predictions", "advised": "Who advised"}
"""Parts of the page that can be jumped to."""


def layout(token: str) -> Any:
    """The page before its data; the token is opaque."""
    kinds = [{"value": "", "label": "Everything"}, *({"value": lane, "label": lane} for lane in LANES)]
    questions = [{"value": task.name, "label": task.title} for task in tasks().values()]
    return html.Div(
        [
            dcc.Store(id="patient-token", data=token),
            dcc.Store(id="patient-at"),
            dcc.Store(id="patient-made", data=0),
            dcc.Store(id="patient-visits", data=[]),
            html.Nav(link("All patients", "/"), className="crumbs"),
            loading("patient-head", "Reading the record", children=html.H1("A patient")),
            html.Nav(
                [html.A(text, href=f"#{place}", className="link") for place, text in PLACES.items()],
                className="jump",
            ),
            _as_of(),
            card(
                "Timeline",
                loading("patient-timeline", "Drawing the timeline"),
                html.H3("The same facts as a table", id="record"),
                html.Div(
                    [
                        dmc.Select(
                            id="patient-kind", label="Kind", data=kinds, value="", allowDeselect=False, w=200
                        ),
                        dmc.TextInput(
                            id="patient-find", label="Find in the record", debounce=300, value="", w=260
                        ),
                    ],
                    className="row",
                ),
                loading("patient-facts", "Reading the facts"),
                dmc.Pagination(id="patient-page", total=1, value=1, mt="sm", hideWithOnePage=True),
                id="timeline",
            ),
            card(
                "The twin's predictions",
                html.Div(
                    [
                        dmc.Select(
                            id="patient-task",
                            label="Question",
                            data=questions,
                            value=questions[0]["value"],
                            allowDeselect=False,
                            className="grow",
                        ),
                        dmc.Button("Predict now", id="patient-predict"),
                    ],
                    className="row",
                ),
                loading("patient-predicting", "Scoring, explaining and asking the gate"),
                loading("patient-twin", "Reading the predictions"),
                id="twin",
            ),
            card(
                "Who advised in this patient's care, and why",
                loading("patient-advised", "Asking the graph"),
                id="advised",
            ),
        ]
    )


def _as_of() -> Any:
    return html.Section(
        [
            html.Div(
                [
                    dmc.DateTimePicker(
                        id="patient-when",
                        label="As of (UTC)",
                        valueFormat="YYYY-MM-DD HH:mm",
                        placeholder="Everything that is known",
                        clearable=True,
                        w=230,
                    ),
                    dmc.Button("Previous visit", id="patient-before", variant="default"),
                    dmc.Button("Next visit", id="patient-after", variant="default"),
                    dmc.Button("Everything", id="patient-all", variant="default"),
                    html.Div(
                        dmc.Slider(
                            id="patient-slider",
                            min=0,
                            max=moments.STEPS,
                            value=moments.STEPS,
                            label=None,
                            updatemode="mouseup",
                            size="sm",
                            disabled=True,
                        ),
                        className="grow slider",
                    ),
                ],
                className="row",
            ),
            html.P("Everything that is known is shown.", id="patient-said", className="note", role="status"),
        ],
        className="card as-of",
        id="as-of",
    )


def register(app: Dash, desk: Desk) -> None:
    """Callbacks: the head sets up the control, the control sets the moment, the panels follow the moment."""

    @app.callback(
        Output("patient-head", "children"),
        Output("patient-visits", "data"),
        Output("patient-slider", "marks"),
        Output("patient-slider", "disabled"),
        Input("patient-token", "data"),
        Input("patient-at", "data"),
    )
    async def head(token: str, at: str | None) -> tuple[Any, ...]:
        found = await shown(desk, panels.head, token, moments.parse(at))
        return found if isinstance(found, tuple) else (found, [], [], True)

    @app.callback(
        Output("patient-at", "data"),
        Output("patient-when", "value"),
        Output("patient-slider", "value"),
        Output("patient-said", "children"),
        Input("patient-when", "value"),
        Input("patient-slider", "value"),
        Input("patient-before", "n_clicks"),
        Input("patient-after", "n_clicks"),
        Input("patient-all", "n_clicks"),
        State("patient-at", "data"),
        State("patient-visits", "data"),
        prevent_initial_call=True,
    )
    async def move(
        when: str | None, slid: int, _before: int, _after: int, _all: int, at: str | None, visits: list[str]
    ) -> tuple[Any, ...]:
        return moments.moved(str(ctx.triggered_id), when, slid, at, visits) or (no_update,) * 4

    @app.callback(
        Output("patient-timeline", "children"), Input("patient-token", "data"), Input("patient-at", "data")
    )
    async def timeline(token: str, at: str | None) -> Any:
        return await shown(desk, panels.timeline, token, moments.parse(at))

    @app.callback(
        Output("patient-facts", "children"),
        Output("patient-page", "total"),
        Output("patient-page", "value"),
        Input("patient-token", "data"),
        Input("patient-at", "data"),
        Input("patient-kind", "value"),
        Input("patient-find", "value"),
        Input("patient-page", "value"),
    )
    async def facts(
        token: str, at: str | None, kind: str, text: str | None, page: int
    ) -> tuple[Any, int, int]:
        number = page if ctx.triggered_id == "patient-page" else 1
        found = await shown(desk, panels.facts, token, moments.parse(at), kind, (text or "").lower(), number)
        return found if isinstance(found, tuple) else (found, 1, 1)

    @app.callback(
        Output("patient-twin", "children"),
        Input("patient-token", "data"),
        Input("patient-at", "data"),
        Input("patient-task", "value"),
        Input("patient-made", "data"),
    )
    async def twin(token: str, at: str | None, task: str, _made: int) -> Any:
        return await shown(desk, panels.predictions, token, moments.parse(at), task)

    @app.callback(
        Output("patient-predicting", "children"),
        Output("patient-made", "data"),
        Input("patient-predict", "n_clicks"),
        State("patient-token", "data"),
        State("patient-at", "data"),
        State("patient-task", "value"),
        State("patient-made", "data"),
        running=[(Output("patient-predict", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    async def predict(_clicks: int, token: str, at: str | None, task: str, made: int) -> tuple[Any, int]:
        return await shown(
            desk, panels.predict, token, moments.parse(at) or dt.datetime.now(dt.UTC), task
        ), made + 1

    @app.callback(
        Output("patient-advised", "children"), Input("patient-token", "data"), Input("patient-made", "data")
    )
    async def advised(token: str, _made: int) -> Any:
        return await shown(desk, panels.advised, token)
