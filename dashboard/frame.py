"""The frame around every page: skip link, header with the menu, theme, logout."""

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import Input, Output, dcc, html

from dashboard.pages import Page, pages

THEME: dict[str, Any] = {
    "primaryColor": "ocean",
    "primaryShade": {"light": 8, "dark": 5},
    "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif",
    "defaultRadius": "md",
    "colors": {
        "ocean": [
            "#e8f4fa", "#d3e7f1", "#a6cee2", "#75b4d2", "#4d9ec5",
            "#338fbd", "#2387ba", "#1274a4", "#0b5c82", "#094a69",
        ],
    },
    "headings": {"sizes": {"h1": {"fontSize": "1.6rem"}, "h2": {"fontSize": "1.2rem"}, "h3": {"fontSize": "1rem"}}},
}  # fmt: skip


def frame() -> Any:
    """The layout of the whole application; the page in it is Dash's page container."""
    menu = [module.PAGE for module in pages().values() if module.PAGE.order is not None]
    return dmc.MantineProvider(
        theme=THEME,
        forceColorScheme="light",
        children=[
            html.A("Skip to the content", href="#content", className="skip"),
            html.Header(
                className="bar",
                children=[
                    dcc.Link("Clinical World Model", href="/", className="brand"),
                    html.Nav([_link(page) for page in menu], className="menu", role="navigation"),
                    html.Form(
                        html.Button("Log out", type="submit", className="logout"),
                        action="/logout",
                        method="POST",
                    ),
                ],
            ),
            html.Main(dash.page_container, id="content", tabIndex=-1),
            html.Div(id="session-trouble"),
            dcc.Location(id="place"),
            dcc.Store(id="place-marked"),
        ],
    )


def _link(page: Page) -> Any:
    return dcc.Link(page.title, href=page.path, className="item", id={"menu": page.path})


def register(app: Any) -> None:
    """Mark the current entry of the menu, in the browser."""
    app.clientside_callback(
        dash.ClientsideFunction("cwm", "mark"), Output("place-marked", "data"), Input("place", "pathname")
    )
