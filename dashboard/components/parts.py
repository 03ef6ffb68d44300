"""Small parts of pages: tables, states, verdict marks. Nothing is said by colour alone."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from neo4j.exceptions import DriverError, Neo4jError

from dashboard.desk import Desk, unforeseen
from ontology.errors import CwmError

GATE = {
    "released": ("✓", "Released", "good"),
    "downgraded": ("↓", "Released at a lower authority", "fair"),
    "withheld": ("✕", "Withheld", "held"),
}
"""The gate's answers: sign, word, style."""

STATUS = {
    "validated": ("✓", "Validated", "good"),
    "insufficient": ("○", "Insufficient evidence", "held"),
    "failed": ("✕", "Failed", "bad"),
    "expired": ("⌛", "Expired", "held"),
    "suspended": ("‖", "Suspended", "bad"),
}
"""The verdicts: sign, word, style."""


def mark(text: str, table: dict[str, tuple[str, str, str]]) -> Any:
    """A state as sign, word and colour."""
    sign, word, style = table.get(text, ("", text, "plain"))
    return html.Span(f"{sign} {word}".strip(), className=f"mark {style}")


def tag(text: str, style: str = "plain") -> Any:
    """A word in a frame."""
    return html.Span(text, className=f"mark {style}")


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Sequence[int] = (),
    shown: bool = False,
) -> Any:
    """A table with a caption for screen readers (``shown``: for everyone); ``numbers``: columns aligned to the right."""
    kind = ["number" if place in numbers else "" for place in range(len(columns))]
    head = [html.Th(name, scope="col", className=kind[place]) for place, name in enumerate(columns)]
    body = [html.Tr([html.Td(cell, className=kind[place]) for place, cell in enumerate(row)]) for row in rows]
    return html.Div(
        html.Table(
            [
                html.Caption(caption, className="" if shown else "unseen"),
                html.Thead(html.Tr(head)),
                html.Tbody(body),
            ],
            className="facts",
        ),
        className="wide",
    )


def pairs(items: Iterable[tuple[str, Any]]) -> Any:
    """Names and values, one under the other."""
    return html.Dl(
        [part for name, value in items for part in (html.Dt(name), html.Dd(value))], className="pairs"
    )


def card(title: Any, *children: Any, level: int = 2, id: str | None = None) -> Any:
    """A framed section with its heading."""
    heading = getattr(html, f"H{level}")(title)
    given: dict[str, Any] = {"id": id} if id else {}
    return html.Section([heading, *children], className="card", **given)


def empty(text: str, *more: Any) -> Any:
    """The state of a part that has nothing to show."""
    return html.Div([html.P(text), *more], className="empty")


def problem(what: str, do: str | None = None) -> Any:
    """The state of a part that could not be made."""
    return html.Div(
        [html.P(html.Strong(what)), html.P(do) if do else None], className="problem", role="alert"
    )


def note(text: Any) -> Any:
    """A remark under a part."""
    return html.P(text, className="note")


def loading(id: str, what: str, *, children: Any = None) -> Any:
    """A place that is filled by a callback; while it works, what it is doing is shown."""
    spinner = html.Div([dmc.Loader(size="sm"), html.Span(what)], className="working", role="status")
    return dcc.Loading(html.Div(children, id=id, className="place"), custom_spinner=spinner, delay_show=250)


async def shown(desk: Desk, make: Callable[..., Any], *args: Any) -> Any:
    """What ``make(desk, *args)`` gives, made in a thread; an error that a person can mend becomes part of the page."""
    try:
        return await desk.run(make, desk, *args)
    except CwmError as error:
        return problem(error.what, error.do)
    except (Neo4jError, DriverError) as error:
        return problem("The graph did not answer.", f"Try again; the log has it under {unforeseen(error)}.")


def link(text: Any, href: str, **more: Any) -> Any:
    """A link inside the application."""
    return dcc.Link(text, href=href, className=more.pop("className", "link"), **more)
