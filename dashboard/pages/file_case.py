"""File a case: the form, begun from a prediction when there is one; checked before anything is written."""

from typing import Any

import dash_mantine_components as dmc
import orjson
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard.components.form import FIELDS, assemble, form
from dashboard.components.parts import card, link, loading, note, pairs, shown
from dashboard.components.words import DASH
from dashboard.desk import Desk
from dashboard.pages import Page
from mcare import check, draft, registry
from mcare.report import Links

PAGE = Page("file_case", "/file-case", "File a case", under="/cases")


def layout(prediction: str = "") -> Any:
    """The page before its draft."""
    return html.Div(
        [
            dcc.Store(id="file-prediction", data=prediction),
            dcc.Store(id="file-links"),
            dcc.Location(id="file-go", refresh="callback-nav"),
            html.Nav(link("All cases", "/cases"), className="crumbs"),
            html.H1("File a case"),
            html.P(
                "The unit of a case is a pattern: a group that is served badly, a repeated behaviour, an incident with its "
                "mechanism. One wrong outcome of a calibrated predictor is no case. Nothing that identifies a patient "
                "belongs in it; the link to the prediction holds what is needed.",
                className="lead",
            ),
            loading("file-form", "Beginning the report"),
            html.Section(
                [
                    dmc.TextInput(id="file-by", label="Filed by", value="local", w=320, mb="sm"),
                    dmc.Group(
                        [
                            dmc.Button("Check", id="file-check", variant="default"),
                            dmc.Button("File the case", id="file-file"),
                        ]
                    ),
                    loading("file-said", "Checking the report"),
                ],
                className="card",
            ),
        ]
    )


def register(app: Dash, desk: Desk) -> None:
    """Begin the draft; check it; file it."""

    @app.callback(
        Output("file-form", "children"), Output("file-links", "data"), Input("file-prediction", "data")
    )
    async def begin(prediction: str) -> tuple[Any, dict[str, Any]]:
        found = await shown(desk, begun, prediction)
        return found if isinstance(found, tuple) else (found, {})

    @app.callback(
        Output("file-said", "children"),
        Output("file-go", "pathname"),
        Input("file-check", "n_clicks"),
        Input("file-file", "n_clicks"),
        State({"case-field": ALL}, "value"),
        State({"case-field": ALL}, "id"),
        State("file-links", "data"),
        State("file-by", "value"),
        running=[(Output("file-file", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    async def act(
        _check: int, _file: int, values: list[Any], ids: list[dict[str, str]], links: dict[str, Any], by: str
    ) -> tuple[Any, Any]:
        paths = [one["case-field"].replace(":", ".") for one in ids]
        report = assemble(dict(zip(paths, values, strict=True)), links or {})
        found = await shown(desk, checked, report, by, ctx.triggered_id == "file-file")
        return found if isinstance(found, tuple) else (found, no_update)


def begun(desk: Desk, prediction: str) -> tuple[Any, dict[str, Any]]:
    """The form, and the links that go with it."""
    started = draft.about_prediction(desk.graph, prediction) if prediction else draft.blank()
    links = Links.model_validate(started["links"])
    return html.Div([_about(links) if prediction else None, form(started)]), links.model_dump()


def _about(links: Links) -> Any:
    return card(
        "Linked to",
        pairs(
            [
                ("Prediction", ", ".join(links.predictions)),
                ("Agent", links.agent or DASH),
                ("Coordinate", links.coordinate or DASH),
                ("Evidence", f"{len(links.evidence)} records"),
            ]
        ),
    )


def checked(desk: Desk, report: dict[str, Any], by: str, file: bool) -> tuple[Any, Any]:
    """What the check says; when there is no fault and it is to be filed, the address of the new case."""
    if not by or not by.strip():
        return _faults(["Filed by: say who files it"]), no_update
    try:
        found = check.read(orjson.dumps(report).decode(), "in the form")
    except check.InvalidReportError as error:
        return _faults([f"{_label(f.field)}: {_plainly(f.message)}" for f in error.findings]), no_update
    if file:
        return "", f"/cases/{registry.file(desk.graph, found, by=by.strip())}"
    doubts = [html.Li(f"{_label(w.field)}: {w.message}") for w in check.warnings(found)]
    remarks = [note("A reviewer will ask about:"), html.Ul(doubts, className="reasons")] if doubts else []
    return html.Div(
        [html.P("The report can be filed.", role="status", className="good"), *remarks]
    ), no_update


def _faults(faults: list[str]) -> Any:
    items = [html.Li(fault) for fault in dict.fromkeys(faults)]
    return html.Div(
        [html.P(html.Strong(f"Not filed: {len(items)} to mend.")), html.Ul(items)],
        role="alert",
        className="problem",
    )


def _label(path: str) -> str:
    """The label of the field that a path lies in."""
    for known, field in FIELDS.items():
        if path == known or path.startswith(f"{known}."):
            return field.label
    return path


def _plainly(message: str) -> str:
    short = {
        "String should have at least 1 character": "is empty",
        "Input should be a valid string": "is empty",
    }
    if message.startswith(("List should have at least 1 item", "Input should be a valid integer")):
        return "is empty"
    return short.get(message, message)
