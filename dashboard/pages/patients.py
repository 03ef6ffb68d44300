"""The list of patients: search, order and paging, all done in the database."""

from math import ceil
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, ctx, html

from dashboard.components.parts import GATE, empty, link, loading, mark, shown, table
from dashboard.components.words import DASH, age, day, sex
from dashboard.desk import Desk
from dashboard.pages import Page

PAGE = Page("patients", "/", "Patients", order=1)

ROWS = 25
ORDERS = {
    "name": ("Name", "name", False),
    "seen": ("Last seen, latest first", "seen", True),
    "birth": ("Age, oldest first", "birth", False),
    "id": ("Id", "id", False),
}


def layout() -> Any:
    """The page before its data."""
    orders = [{"value": value, "label": label} for value, (label, *_) in ORDERS.items()]
    return html.Div(
        [
            html.H1("Patients"),
            html.Div(
                [
                    dmc.TextInput(
                        id="patients-search",
                        label="Search",
                        placeholder="Part of a name or id, or a whole record number",
                        debounce=300,
                        value="",
                        className="grow",
                    ),
                    dmc.Select(
                        id="patients-order",
                        label="Order",
                        data=orders,
                        value="name",
                        allowDeselect=False,
                        w=230,
                    ),
                ],
                className="row",
                role="search",
            ),
            html.Section(
                [
                    loading("patients-list", "Reading the list of patients"),
                    dmc.Pagination(
                        id="patients-page",
                        total=1,
                        value=1,
                        mt="md",
                        hideWithOnePage=True,
                    ),
                ],
                className="card",
            ),
        ]
    )


def register(app: Dash, desk: Desk) -> None:
    """One callback: what is searched, how it is ordered and which page, in; the rows, out."""

    @app.callback(
        Output("patients-list", "children"),
        Output("patients-page", "total"),
        Output("patients-page", "value"),
        Input("patients-search", "value"),
        Input("patients-order", "value"),
        Input("patients-page", "value"),
    )
    async def fill(text: str | None, order: str | None, page: int | None) -> tuple[Any, int, int]:
        number = page or 1 if ctx.triggered_id == "patients-page" else 1
        found = await shown(desk, listed, (text or "").strip().lower(), order or "name", number)
        return found if isinstance(found, tuple) else (found, 1, 1)


def listed(desk: Desk, text: str, order: str, page: int) -> tuple[Any, int, int]:
    """One page of the list, the number of pages, and the page that it is."""
    total = desk.graph.read("dashboard.patients_count", text=text)[0]["patients"]
    pages = max(1, ceil(total / ROWS))
    page = min(page, pages)
    _, sort, descending = ORDERS[order]
    skip = (page - 1) * ROWS
    rows = desk.graph.read(
        "dashboard.patients", text=text, sort=sort, descending=descending, skip=skip, limit=ROWS
    )
    if not rows:
        return _nobody(text), 1, 1
    people = "patient" if total == 1 else "patients"
    count = f"{total:,} {people}" + (f", {skip + 1:,} to {skip + len(rows):,} shown" if pages > 1 else "")
    columns = ["Name", "Id", "Sex", "Age", "Encounters", "Last seen", "Prediction"]
    body = [_row(desk, row) for row in rows]
    return (
        html.Div(
            [
                html.P(count, role="status", className="note"),
                table("Patients", columns, body, numbers=(3, 4)),
                html.P("Age is at the last visit or at death.", className="note"),
            ]
        ),
        pages,
        page,
    )


def _row(desk: Desk, row: dict[str, Any]) -> list[Any]:
    prediction = row["prediction"]
    state = mark("released" if prediction["released"] else "withheld", GATE) if prediction else DASH
    years = age(row["birth"], row["deceased"] or row["seen"])
    return [
        link(row["name"] or row["id"], desk.address(row["key"])),
        html.Span(row["id"], className="id"),
        sex(row["gender"]),
        DASH if years is None else [years, " †" if row["deceased"] else ""],
        row["encounters"],
        html.Span(day(row["seen"]), className="nowrap"),
        state,
    ]


def _nobody(text: str) -> Any:
    if text:
        return empty(
            "No patient matches.",
            html.P("Search for a part of the name or id, or for a whole record number."),
        )
    return empty(
        "The graph holds no patients yet.", html.P(["Bring in FHIR files: ", html.Code("cwm ingest PATH")])
    )
