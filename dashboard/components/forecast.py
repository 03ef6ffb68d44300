"""The twin's panel: one card for each agent's prediction. What the gate withheld never leaves the server."""

from typing import Any

from dash import dcc, html

from dashboard.components.parts import GATE, empty, link, mark, note, pairs, table, tag
from dashboard.components.words import DASH, day, figure, moment, share
from twin.prediction import Effect, Fact, Prediction

ROLES = {"twin": "The twin: all members together", "score": "The published score alone"}
MOST = 10
"""Contributions and facts shown at first."""


def gate_state(prediction: Prediction) -> str:
    """What the gate did, as a key of ``GATE``."""
    asked = prediction.coordinate.split("/")[5] if prediction.coordinate else None
    if not prediction.released:
        return "withheld"
    return "released" if prediction.authority == asked or asked is None else "downgraded"


def card(prediction: Prediction, question: str, cases: list[dict[str, Any]]) -> Any:
    """The card of one agent's latest prediction, with the open cases about it."""
    name = prediction.agent.partition("@")[0]
    body = _numbers(prediction) if prediction.released else _withheld(prediction)
    return html.Article(
        [
            html.Div(
                [html.H3(link(name, f"/agents/{prediction.agent}")), mark(gate_state(prediction), GATE)],
                className="head",
            ),
            note(f"{ROLES.get(prediction.role, prediction.role)}. {question}"),
            *body,
            *_gate(prediction),
            *_open_cases(cases),
            *_about(prediction),
            html.P(
                link("File a case about this prediction", f"/file-case/{prediction.id}"), className="action"
            ),
        ],
        className="card forecast",
        **{"data-state": gate_state(prediction)},  # type: ignore[arg-type]  # wildcard attributes are untyped
    )


def _withheld(prediction: Prediction) -> list[Any]:
    reason = prediction.reasons[0] if prediction.reasons else f"The verdict is {prediction.verdict}."
    return [
        html.Div(
            [html.P(html.Strong("No number is shown.")), html.P(reason)], className="withheld", role="note"
        )
    ]


def _numbers(prediction: Prediction) -> list[Any]:
    p, low, high = prediction.probability, prediction.low, prediction.high
    words = {"yes": "it happens", "no": "it does not happen"}
    inside = " or ".join(words[one] for one in prediction.set)
    sure = {
        0: "neither outcome: unlike the patients it learned from",
        2: "both outcomes: not sure enough to rule one out",
    }
    return [
        html.Div(
            [
                html.Span(share(p), className="big"),
                html.Span(f"between {share(low)} and {share(high)}", className="soft"),
            ],
            className="headline",
        ),
        _scale(p, low, high),
        pairs(
            [
                (f"Set at {share(prediction.confidence)}", sure.get(len(prediction.set), inside)),
                ("For", f"{prediction.authority}, {prediction.population} patients"),
                ("As of", moment(prediction.index_time)),
            ]
        ),
        html.H4("Members"),
        table(
            "Probability by member",
            ["Member", "Probability"],
            [[name.replace("-", " "), share(value)] for name, value in prediction.members.items()],
            numbers=(1,),
        ),
        note(f"Disagreement (standard deviation): {share(prediction.disagreement)}."),
        html.H4("What moved it"),
        *_contributions(prediction.contributions),
        _facts(prediction.because),
    ]


def _scale(p: float, low: float, high: float) -> Any:
    """A line from 0 to 100 % with the interval and the point; the numbers stand above it in words."""
    return html.Div(
        [
            html.Div(
                className="interval", style={"left": f"{low:.2%}", "width": f"{max(high - low, 0.004):.2%}"}
            ),
            html.Div(className="point", style={"left": f"{p:.2%}"}),
            *(
                html.Span(f"{at} %", className="tick", style={"left": f"{at}%"})
                for at in (0, 25, 50, 75, 100)
            ),
        ],
        className="scale",
    )


def _contributions(effects: list[Effect]) -> list[Any]:
    moving = sorted((e for e in effects if abs(e.contribution) >= 0.005), key=lambda e: -abs(e.contribution))
    if not moving:
        return [empty("Nothing moved it away from the average patient.")]
    top = moving[:MOST]
    rows = [[e.label, _values(e), f"{e.contribution:+.2f}"] for e in moving]
    more = len(moving) - len(top)
    return [
        dcc.Graph(figure=_bars(top), config={"displayModeBar": False, "staticPlot": True}, className="bars"),
        html.Details(
            [
                html.Summary(
                    f"The same as a table ({len(rows)} rows{f', {more} more than the plot' if more else ''})"
                ),
                table("Contributions", ["What", "Value", "Log odds"], rows, numbers=(2,)),
            ]
        ),
        note("Log odds against the average patient: right of the line raises the risk, left lowers it."),
    ]


def _bars(effects: list[Effect]) -> dict[str, Any]:
    shown = list(reversed(effects))
    colours = ["#9a3412" if e.contribution > 0 else "#0b5c82" for e in shown]
    most = max(abs(e.contribution) for e in shown) * 1.35
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [e.contribution for e in shown],
        "y": list(range(len(shown))),
        "text": [f"{e.contribution:+.2f}" for e in shown],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": colours},
    }
    labels = [e.label if len(e.label) <= 36 else f"{e.label[:35]}…" for e in shown]
    layout = {
        "height": 26 * len(shown) + 30,
        "margin": {"l": 240, "r": 10, "t": 4, "b": 22},
        "font": {"family": "system-ui, 'Liberation Sans', sans-serif", "size": 12, "color": "#1f2933"},
        "xaxis": {
            "range": [-most, most],
            "zeroline": True,
            "zerolinecolor": "#52606d",
            "gridcolor": "#eef1f4",
        },
        "yaxis": {"tickvals": list(range(len(shown))), "ticktext": labels, "fixedrange": True},
        "showlegend": False,
        "bargap": 0.35,
    }
    return {"data": [bars], "layout": layout}


def _values(effect: Effect) -> str:
    known = {name: value for name, value in effect.values.items() if value is not None}
    if not known:
        return "not recorded" if effect.values else DASH
    if len(known) == 1:
        return figure(next(iter(known.values())))
    return ", ".join(f"{name.rsplit('.', 1)[-1]} {figure(value)}" for name, value in list(known.items())[:4])


def _facts(facts: list[Fact]) -> Any:
    rows = [
        [day(f.start and f.start[:10]), f.display or f.type, f.feature, f"{f.contribution:+.2f}"]
        for f in facts
    ]
    if not rows:
        return None
    few = rows[: MOST * 2]
    more = f", the strongest {len(few)} shown" if len(rows) > len(few) else ""
    return html.Details(
        [
            html.Summary(f"The facts in the record that it rests on ({len(rows)}{more})"),
            table("Facts behind the prediction", ["Date", "Fact", "Feature", "Share"], few, numbers=(3,)),
        ]
    )


def _gate(prediction: Prediction) -> list[Any]:
    reasons = [html.Li(reason) for reason in prediction.reasons] or [html.Li(prediction.verdict)]
    return [
        html.H4("Why the gate decided so"),
        html.Ul(reasons[:3], className="reasons"),
        html.Details(
            [html.Summary(f"{len(reasons) - 3} more reasons"), html.Ul(reasons[3:], className="reasons")]
        )
        if len(reasons) > 3
        else None,
    ]


def _open_cases(cases: list[dict[str, Any]]) -> list[Any]:
    if not cases:
        return []
    seen = [html.Li([link(c["id"], f"/cases/{c['id']}"), f" {c['title']} ", tag(c["status"])]) for c in cases]
    return [html.H4("Open cases about this agent here"), html.Ul(seen, className="reasons")]


def _about(prediction: Prediction) -> list[Any]:
    missing = ", ".join(prediction.missing) or "nothing"
    facts = pairs(
        [
            ("As of", moment(prediction.index_time)),
            ("Made", moment(prediction.made)),
            ("Model", prediction.model),
            ("Coordinate", prediction.coordinate or "none: the data leave a dimension unknown"),
            ("Population", prediction.population),
            ("Inputs", prediction.inputs[:16]),
            ("Prediction", prediction.id),
        ]
    )
    return [
        html.Details([html.Summary(f"What was missing ({len(prediction.missing)})"), html.P(missing)]),
        html.Details([html.Summary("Where it comes from"), facts]),
    ]
