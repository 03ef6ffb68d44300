"""The list of patients: search, sort, paging; the work is done in the database."""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash

from dashboard.desk import Desk
from dashboard.pages import Page

PAGE = Page("patients", "/", "Patients", order=1)


def layout() -> Any:
    """The page before its data."""
    return dmc.Stack([dmc.Title("Patients", order=1)])


def register(app: Dash, desk: Desk) -> None:
    """Callbacks of the page."""
