"""The calibration of an agent: predicted against observed, as a plot and as its table, with the main figures."""

from typing import Any

from dash import dcc, html

from dashboard.components.parts import mark, note, pairs, table
from dashboard.components.words import DASH, day, fixed, share
from twin.intervals import Estimate
from twin.report import Report, Subgroup

FIGURES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "brier": "Brier score",
    "calibration-slope": "Calibration slope",
    "calibration-intercept": "Calibration intercept",
}
FLAG = {"miscalibrated": ("!", "Interval leaves out 0", "held"), "fits": ("✓", "Fits", "good")}


def parts(report: Report) -> list[Any]:
    """Figures, plot, table of bins, and the groups of patients."""
    config: Any = {"displayModeBar": False, "staticPlot": True}
    return [
        pairs(
            [
                ("Evaluated", f"{day(report.made)}, {report.folds} folds by patient, {report.n:,} patients, "
                 f"{report.events:,} with the outcome"),
                ("Data", f"{report.dataset} ({report.population})"),
                ("Prevalence", _estimate(report.prevalence, percent=True)),
                (f"Coverage of the {share(report.conformal.confidence)} sets",
                 _estimate(report.conformal.coverage, percent=True)),
            ]
        ),
        html.Div(
            [
                dcc.Graph(figure=_plot(report), config=config, className="calibration"),
                _bins(report),
            ],
            className="two",
        ),
        _models(report),
        html.Details(
            [html.Summary(f"Groups of patients ({len(report.subgroups)})"), _groups(report.subgroups), *_trends(report)]
        ),
    ]  # fmt: skip


def _estimate(estimate: Estimate, *, percent: bool = False) -> str:
    say = share if percent else fixed
    if estimate.value is None:
        return "not defined"
    if estimate.low is None or estimate.high is None:
        return say(estimate.value)
    return f"{say(estimate.value)} ({say(estimate.low)} to {say(estimate.high)})"


def _models(report: Report) -> Any:
    names = [name for name in FIGURES if name in report.models[0].statistics]
    rows = [
        [
            html.Strong(model.name) if place == 0 else model.name,
            *(
                html.Span(_estimate(model.statistics[name]), className="nowrap")
                if name in model.statistics
                else DASH
                for name in names
            ),
        ]
        for place, model in enumerate(report.models)
    ]
    return table(
        "Against its members and baselines", ["Model", *(FIGURES[n] for n in names)], rows, shown=True
    )


def _bins(report: Report) -> Any:
    rows = [
        [share(b.predicted), _estimate(b.observed, percent=True), b.observed.n] for b in report.calibration
    ]
    return table("Calibration, held out", ["Predicted", "Observed", "n"], rows, numbers=(0, 1, 2), shown=True)


def _plot(report: Report) -> dict[str, Any]:
    bins = [b for b in report.calibration if b.observed.value is not None]
    x, y = [b.predicted for b in bins], [b.observed.value or 0.0 for b in bins]
    up = [(b.observed.high or v) - v for b, v in zip(bins, y, strict=True)]
    down = [v - (b.observed.low or 0.0) for b, v in zip(bins, y, strict=True)]
    most = min(1.0, max([*x, *(v + d for v, d in zip(y, up, strict=True)), 0.1]) * 1.08)
    ideal = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": "#7b8794", "dash": "dash"},
    }
    points = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": y,
        "marker": {"color": "#0b5c82", "size": 9},
        "line": {"color": "#0b5c82", "width": 1},
        "error_y": {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": "#75b4d2"},
    }
    axis = {"range": [-0.02, most], "tickformat": ".0%", "gridcolor": "#eef1f4", "zeroline": False}
    layout = {
        "height": 400,
        "margin": {"l": 60, "r": 12, "t": 12, "b": 48},
        "font": {"family": "system-ui, 'Liberation Sans', sans-serif", "size": 12, "color": "#1f2933"},
        "xaxis": axis | {"title": {"text": "Predicted probability"}},
        "yaxis": axis | {"title": {"text": "Observed share, with interval"}},
        "annotations": [
            {
                "x": most * 0.93,
                "y": most * 0.97,
                "text": "perfect",
                "showarrow": False,
                "font": {"color": "#52606d"},
            }
        ],
        "showlegend": False,
    }
    return {"data": [ideal, points], "layout": layout}


def _groups(groups: list[Subgroup]) -> Any:
    rows = [
        [
            f"{g.column.replace('_', ' ')}: {g.group}",
            g.n,
            g.events,
            f"{g.expected:.1f}",
            _estimate(g.difference, percent=True),
            f"{g.p_holm:.3g}",
            mark("miscalibrated" if g.miscalibrated else "fits", FLAG),
        ]
        for g in groups
    ]
    columns = ["Group", "n", "Events", "Expected", "Observed less expected", "p (Holm)", "Calibration"]
    return html.Div(
        [
            table("Groups of patients", columns, rows, numbers=(1, 2, 3, 4, 5)),
            note("p is adjusted for all groups of the table; the mark is not."),
        ]
    )


def _trends(report: Report) -> list[Any]:
    if not report.trends:
        return []
    rows = [
        [
            f"{t.column.replace('_', ' ')}: {', '.join(t.groups)}",
            t.n,
            t.events,
            _estimate(t.slope),
            f"{t.p_holm:.3g}",
            mark("miscalibrated" if t.miscalibrated else "fits", FLAG),
        ]
        for t in report.trends
    ]
    columns = ["Order of groups", "n", "Events", "Log odds a step", "p (Holm)", "Calibration"]
    return [
        table("Along an order of groups", columns, rows, numbers=(1, 2, 3, 4)),
        note(
            "Above 0 the stated risk is the more too low, the further the step. p is adjusted for the orders shown."
        ),
    ]
