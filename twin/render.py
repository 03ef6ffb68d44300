"""A report as Markdown, for people."""

from collections.abc import Iterable, Sequence

from twin.intervals import Estimate
from twin.report import Report

COLUMNS = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "brier": "Brier",
    "brier-skill": "Brier skill",
    "calibration-slope": "Slope",
    "calibration-intercept": "Intercept",
}


def markdown(report: Report) -> str:
    """The whole report; every figure with its 95 % interval, every table with its n.

    Figures without an interval say why there is none.
    """
    parts = [
        _head(report), _models(report), _calibration(report), _sets(report), _acting(report), _subgroups(report), _notes(report)
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table.

    >>> print(table(["a", "b"], [[1, 2]]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [head, ["---"] * len(head), *rows]
    joined = [" | ".join(str(c) for c in line) for line in lines]
    return "\n".join(f"| {line} |" if set(line) - set("-| ") else "|---" * len(head) + "|" for line in joined)


def short(e: Estimate, digits: int = 3) -> str:
    """An estimate as ``value (low to high)``; a value alone where no interval can be given."""
    if e.value is None:
        return "-"
    if e.low is None or e.high is None:
        return f"{e.value:.{digits}f} (too few)"
    return f"{e.value:.{digits}f} ({e.low:.{digits}f} to {e.high:.{digits}f})"


def _head(r: Report) -> str:
    flow = table(["step", "patients left"], r.flow)
    return (
        f"# {r.title}: held-out results of {r.agent}\n\n"
        f"Task `{r.task}`, model version `{r.version}`, data: {r.dataset} ({r.population} patients, "
        f"digest `{r.data_digest[:12]}`). "
        f"{r.folds} folds by patient, everything learned inside each; {r.inner_folds} inner folds. "
        f"{r.n} patients, {r.events} with the outcome: {short(r.prevalence)}. "
        f"Intervals: 95 %, bootstrap over patients ({r.bootstrap}) or Wilson. "
        f"Made {r.made:%Y-%m-%d %H:%M} UTC in {r.seconds:.0f} s."
        f"\n\n{flow}"
    )


def _models(r: Report) -> str:
    rows = [
        [
            m.name,
            m.role,
            "" if m.weight is None else f"{m.weight:.2f}",
            *(short(m.statistics[s]) for s in COLUMNS),
        ]
        for m in r.models
    ]
    return f"## Models\n\nn = {r.n}, events = {r.events}.\n\n" + table(
        ["model", "role", "weight", *COLUMNS.values()], rows
    )


def _calibration(r: Report) -> str:
    rows = [
        [f"{b.predicted:.3f}", short(b.observed), b.observed.n, b.observed.events, f"{b.expected:.1f}"]
        for b in r.calibration
    ]
    return "## Calibration\n\n" + table(["mean predicted", "observed", "n", "events", "expected"], rows)


def _sets(r: Report) -> str:
    c = r.conformal
    rows = [
        ["all", short(c.coverage), c.coverage.n],
        ["with the outcome", short(c.coverage_with_outcome), c.coverage_with_outcome.n],
        ["without it", short(c.coverage_without_outcome), c.coverage_without_outcome.n],
    ]
    return (
        f"## Prediction sets at {c.confidence:.0%}\n\n{table(['patients', 'set holds the truth', 'n'], rows)}\n\n"
        f"Mean size {short(c.mean_size)}; both outcomes in {c.both} sets, none in {c.none}. "
        f"Mean width of the probability interval {short(r.interval_width)}; "
        f"mean disagreement of the members {r.disagreement:.3f}."
    )


def _acting(r: Report) -> str:
    o, twin = r.operating, r.models[0]
    rows = [
        [name, short(e), e.n]
        for name, e in (
            ("called", o.called), ("sensitivity", o.sensitivity), ("specificity", o.specificity),
            ("positive predictive value", o.ppv),
            ("negative predictive value", o.npv), ("net benefit over the better of all and nobody", o.net_benefit_gain),
        )
    ]  # fmt: skip
    head = ["model", *(f"{t:g}" for t in r.thresholds)]
    benefit = [
        [m.name, *(short(m.net_benefit[f"{t:g}"]) for t in r.thresholds)]
        for m in r.models
        if m.role != "member"
    ]
    benefit.append(["act on everybody", *(short(r.treat_all[f"{t:g}"]) for t in r.thresholds)])
    return (
        f"## Acting on it\n\n{twin.name} at a probability of {o.threshold:g} or above (declared beforehand):\n\n"
        f"{table(['figure', 'value', 'n'], rows)}\n\nNet benefit by threshold (acting on nobody is 0):\n\n{table(head, benefit)}"
    )


def _subgroups(r: Report) -> str:
    rows = [
        [
            f"{s.column}: {s.group}", s.n, s.events, f"{s.expected:.1f}", short(s.observed_expected, 2), short(s.difference),
            short(s.auroc), short(s.intercept, 2), f"{s.p:.3g}", f"{s.p_holm:.3g}", "yes" if s.miscalibrated else "",
        ]
        for s in r.subgroups
    ]  # fmt: skip
    head = [
        "group", "n", "events", "expected", "observed/expected", "observed - expected", "AUROC", "intercept", "p", "p (Holm)",
        "interval leaves out 0",
    ]  # fmt: skip
    words = (
        "p: exact test that every probability is right, given the number observed; Holm: adjusted for all groups shown. "
        "A group is listed as miscalibrated when the interval of observed minus expected leaves out 0, which is not adjusted."
    )
    return f"## Subgroups\n\n{table(head, rows)}\n\n{words}{_trends(r)}"


def _trends(r: Report) -> str:
    if not r.trends:
        return ""
    rows = [
        [
            f"{t.column}: {' < '.join(t.groups)}", t.n, t.events, short(t.slope, 2), f"{t.p:.3g}", f"{t.p_holm:.3g}",
            "yes" if t.miscalibrated else "",
        ]
        for t in r.trends
    ]  # fmt: skip
    head = ["order", "n", "events", "log odds a step", "p", "p (Holm)", "interval leaves out 0"]
    words = (
        "Along each order of groups that the task declares: by how much the stated risk is too low at each further step (log "
        "odds, beyond a shift that is common to all groups; 0 is right). p: score test; Holm: adjusted for the orders shown."
    )
    return f"\n\n### Along an order\n\n{table(head, rows)}\n\n{words}"


def _notes(r: Report) -> str:
    libraries = ", ".join(f"{k} {v}" for k, v in r.libraries.items())
    left_out = [f"Left out by request: {', '.join(r.without)}."] if r.without else []
    lines = [*left_out, *r.notes, f"Libraries: {libraries}. Seed {r.seed}."]
    return "## Notes\n\n" + "\n".join(f"- {line}" for line in lines)
