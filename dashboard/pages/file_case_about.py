"""File a case about a prediction: the same page, begun from what the graph knows of it."""

from typing import Any

from dash import Dash

from dashboard.desk import Desk
from dashboard.pages import Page, file_case

PAGE = Page("file_case_about", "/file-case/<prediction>", "File a case about a prediction", under="/cases")


def layout(prediction: str) -> Any:
    """The page before its draft."""
    return file_case.layout(prediction)


def register(app: Dash, desk: Desk) -> None:
    """Nothing of its own: the callbacks are those of the page without a prediction."""
