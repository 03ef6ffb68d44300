"""The timeline: lanes by kind, intervals as bars, instants as dots, gaps in the record shaded and named."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from dashboard.components.words import day, moment, span
from dashboard.record import Fact, Gap, Record, gaps, lanes

COLOURS = {
    "Encounters": "#0b5c82",
    "Conditions": "#9a3412",
    "Medications": "#5b3a8c",
    "Procedures": "#276749",
    "Results": "#8a6100",
    "Plans and papers": "#4a5568",
}
SIGNS = {
    "Encounters": "square",
    "Conditions": "circle",
    "Medications": "diamond",
    "Procedures": "triangle-up",
    "Results": "circle",
    "Plans and papers": "hexagon",
}
NAMED = {"Conditions": 9, "Medications": 7}
"""Lanes in which each thing has a line of its own, and the most lines."""

ROW = 23


@dataclass(frozen=True)
class Line:
    """One line of the plot."""

    lane: str
    label: str
    facts: list[Fact]


def lines(record: Record) -> list[Line]:
    """The lines from top to bottom: a lane each, or in some lanes one for each of the most frequent things."""
    found = []
    for lane in lanes(record.dated):
        facts = [f for f in record.dated if f.lane == lane]
        if lane not in NAMED:
            found.append(Line(lane, lane, facts))
            continue
        kept = {what for what, _ in Counter(f.what for f in facts).most_common(NAMED[lane])}
        names = list(dict.fromkeys(f.what for f in facts if f.what in kept))
        found += [Line(lane, _short(name), [f for f in facts if f.what == name]) for name in names]
        rest = [f for f in facts if f.what not in kept]
        if rest:
            kinds = len({f.what for f in rest})
            found.append(Line(lane, f"{kinds} other {lane.lower()}", rest))
    return found


def timeline(record: Record) -> dict[str, Any]:
    """A Plotly figure of the record; times in UTC."""
    placed = lines(record)
    bounds = record.bounds
    if not placed or not bounds:
        return {"data": [], "layout": {}}
    last = record.at or bounds[1]
    traces = [trace for lane in lanes(record.dated) for trace in _traces(lane, placed, last)]
    start = beginning(record)
    edge = (last - start) * 0.02
    shapes, notes = _shaded(gaps(record))
    if record.at:
        shapes.append(_upright(record.at))
        notes.append(_noted(record.at, f"as of {moment(record.at)}", 1.0, "right"))
    shapes += _borders(placed)
    return {
        "data": traces,
        "layout": {
            "height": ROW * (len(placed) + 1) + 76,
            "margin": {"l": 235, "r": 16, "t": 36, "b": 36},
            "font": {"family": "system-ui, 'Liberation Sans', sans-serif", "size": 12, "color": "#1f2933"},
            "paper_bgcolor": "#ffffff",
            "plot_bgcolor": "#ffffff",
            "showlegend": False,
            "hovermode": "closest",
            "dragmode": "zoom",
            "shapes": shapes,
            "annotations": notes,
            "xaxis": {
                "type": "date",
                "range": [_iso(start - edge), _iso(last + edge)],
                "gridcolor": "#e6eaee",
                "zeroline": False,
                "rangeselector": {
                    "buttons": _ranges(last - bounds[0]),
                    "x": 0,
                    "y": 1.0,
                    "yanchor": "bottom",
                },
            },
            "yaxis": {
                "tickvals": list(range(len(placed))),
                "ticktext": [_label(line) for line in placed],
                "range": [len(placed) + 0.5, -0.6],
                "fixedrange": True,
                "showgrid": False,
                "zeroline": False,
            },
        },
    }


def beginning(record: Record) -> dt.datetime:
    """Where the plot begins: at the first fact, or, when nearly all lie in the last half, at the first of those."""
    starts = [f.start for f in record.dated if f.start]
    first, last = starts[0], record.at or starts[-1]
    late = starts[len(starts) // 20]
    return late if late - first > (last - first) / 2 else first


def caption(record: Record) -> str:
    """What the timeline shows, in words."""
    if not record.bounds:
        return "Nothing was known at this moment."
    found = gaps(record)
    longest = sorted(found, key=lambda g: -g.days)[:3]
    said = ", ".join(f"{span(g.days)} from {day(g.start)}" for g in longest)
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    missing = f" Nothing was recorded for {said}{more}." if found else " There is no long gap."
    first, last = record.bounds
    start = beginning(record)
    part = f" The plot begins in {start.year}; 'All' shows the rest." if start.year > first.year else ""
    return f"{len(record.facts):,} facts from {day(first)} to {day(last)}.{missing}{part} Times are UTC."


def _traces(lane: str, placed: list[Line], last: dt.datetime) -> list[dict[str, Any]]:
    bars: dict[str, list[Any]] = {"x": [], "y": [], "text": []}
    dots: dict[str, list[Any]] = {"x": [], "y": [], "text": []}
    for place, line in enumerate(placed):
        for fact in line.facts if line.lane == lane else []:
            text, start = _hover(fact), fact.start or last
            end = fact.end or (last if lane == "Conditions" else None)
            if end and end > start:
                for into, values in (("x", [_iso(start), _iso(end), None]), ("y", [place, place, None])):
                    bars[into] += values
                bars["text"] += [text, text, None]
            dots["x"].append(_iso(start))
            dots["y"].append(place)
            dots["text"].append(text)
    colour = COLOURS[lane]
    common = {"type": "scatter", "name": lane, "hoverinfo": "text"}
    return [
        common | bars | {"mode": "lines", "line": {"color": colour, "width": 5}, "opacity": 0.35},
        common | dots | {"mode": "markers", "marker": {"color": colour, "symbol": SIGNS[lane], "size": 7, "opacity": 0.75}},
    ]  # fmt: skip


def _hover(fact: Fact) -> str:
    until = f" to {moment(fact.end)}" if fact.end and fact.end != fact.start else ""
    late = f"<br>known {moment(fact.recorded)}" if fact.late else ""
    value = f"<br>{fact.value}" if fact.value else ""
    return f"<b>{fact.what}</b>{value}<br>{moment(fact.start)}{until}{late}"


def _shaded(found: list[Gap]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    shapes = [
        {"type": "rect", "xref": "x", "yref": "paper", "x0": _iso(g.start), "x1": _iso(g.end), "y0": 0, "y1": 1,
         "fillcolor": "#eef1f4", "line": {"width": 0}, "layer": "below"}
        for g in found
    ]  # fmt: skip
    named = sorted(found, key=lambda g: -g.days)[:3]
    notes = [
        _noted(g.start + (g.end - g.start) / 2, f"no record, {span(g.days)}", 0.0, "center") for g in named
    ]
    return shapes, notes


def _noted(at: dt.datetime, text: str, y: float, anchor: str) -> dict[str, Any]:
    place = {"x": _iso(at), "y": y, "xref": "x", "yref": "paper", "xanchor": anchor}
    return place | {
        "yanchor": "bottom",
        "text": text,
        "showarrow": False,
        "font": {"size": 11, "color": "#52606d"},
    }


def _upright(at: dt.datetime) -> dict[str, Any]:
    place = {"type": "line", "xref": "x", "yref": "paper", "x0": _iso(at), "x1": _iso(at), "y0": 0, "y1": 1}
    return place | {"line": {"color": "#b42318", "width": 1.5, "dash": "dash"}}


def _borders(placed: list[Line]) -> list[dict[str, Any]]:
    edges = [i - 0.5 for i in range(1, len(placed)) if placed[i].lane != placed[i - 1].lane]
    place = {"type": "line", "xref": "paper", "yref": "y", "x0": -0.24, "x1": 1}
    return [place | {"y0": y, "y1": y, "line": {"color": "#d5dbe1", "width": 1}} for y in edges]


def _ranges(length: dt.timedelta) -> list[dict[str, Any]]:
    steps = [("1 day", 1, "day"), ("1 month", 1, "month"), ("1 year", 1, "year"), ("5 years", 5, "year")]
    days = {"day": 1, "month": 31, "year": 366}
    fit = [s for s in steps if days[s[2]] * s[1] < length.days]
    buttons: list[dict[str, Any]] = [{"label": f"Last {t}", "count": n, "step": s} for t, n, s in fit[-3:]]
    return [*buttons, {"label": "All", "step": "all"}]


def _label(line: Line) -> str:
    return f"<b>{line.label}</b>" if line.label == line.lane else line.label


def _short(text: str, most: int = 34) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _iso(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")
