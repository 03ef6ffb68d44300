"""The one query: who advised in this patient's care, at which coordinate, with what evidence and open cases, and why."""

from typing import Any

from dash import html

from dashboard.components.parts import GATE, empty, link, mark, pairs, table, tag
from dashboard.components.words import day, fixed, moment, share
from ontology.errors import CwmError
from skillmix.coordinate import Coordinate

FACTS = 5


def panel(rows: list[dict[str, Any]]) -> Any:
    """One entry a prediction, newest first; numbers only where the gate released them."""
    if not rows:
        return empty("No agent has advised in this patient's care yet.")
    return html.Div([_entry(row, opened=place == 0) for place, row in enumerate(rows)])


def _entry(row: dict[str, Any], *, opened: bool) -> Any:
    name = row["agent"].partition("@")[0]
    head = [
        html.Strong(name),
        f" on {row['task']}, as of {moment(row['index_time'])} ",
        mark("released" if row["released"] else "withheld", GATE),
    ]
    said = (
        f"{share(row['probability'])} ({share(row['low'])} to {share(row['high'])})"
        if row["released"]
        else "withheld"
    )
    facts = pairs(
        [
            ("Agent", link(row["agent"], f"/agents/{row['agent']}")),
            ("Coordinate", _place(row["coordinate"])),
            ("Said", said),
            (
                "Why",
                html.Ul(
                    [html.Li(reason) for reason in row["reasons"] or [row["verdict"]]], className="reasons"
                ),
            ),
            ("Evidence there", _evidence(row["evidence"])),
            ("Open cases", _cases(row["cases"])),
            ("Rests on", _because(row)),
        ]
    )
    return html.Details([html.Summary(head), facts], open=opened, className="entry")


def _place(text: str | None) -> Any:
    if not text:
        return "none: the data leave a dimension unknown"
    try:
        return [html.Div(Coordinate.parse(text).sentence()), html.Div(text, className="code")]
    except CwmError:
        return text


def _evidence(records: list[dict[str, Any]]) -> Any:
    if not records:
        return "none at this coordinate"
    rows = [
        [r["measure"], r["statistic"], f"{fixed(r['value'])} ({fixed(r['low'])} to {fixed(r['high'])})", r["n"],
         r["population"], day(r["date"])]
        for r in records
    ]  # fmt: skip
    columns = ["Measure", "Statistic", "Value", "n", "Population", "Date"]
    summary = html.Summary(f"{len(rows)} records, {len({r['measure'] for r in records})} of five measures")
    return html.Details([summary, table("Evidence", columns, rows, numbers=(3,))])


def _cases(cases: list[dict[str, Any]]) -> Any:
    if not cases:
        return "none"
    items = [
        html.Li(
            [link(c["id"], f"/cases/{c['id']}"), f" {c['title']} ", tag(c["severity"]), " ", tag(c["status"])]
        )
        for c in cases
    ]
    return html.Ul(items, className="reasons")


def _because(row: dict[str, Any]) -> Any:
    facts = row["because"]
    if not facts:
        return "no single fact"
    names = list(dict.fromkeys(f["display"] for f in facts))
    more = f" and {len(names) - FACTS} more" if len(names) > FACTS else ""
    return f"{len(facts)} facts of the record: {', '.join(names[:FACTS])}{more}"
