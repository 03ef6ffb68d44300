"""`cwm twin`: tasks, training, held-out evaluation, predictions that pass the gate, and why."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import output
from cli.instant import instant

if TYPE_CHECKING:
    from twin.prediction import Prediction
    from twin.report import Report

app = typer.Typer(
    help="Digital twins: calibrated predictions that say how sure they are, for whom, and why.",
    no_args_is_help=True,
)

TaskName = Annotated[str, typer.Argument(help="Name of the task (cwm twin tasks).")]
Without = Annotated[
    list[str] | None, typer.Option("--without", help="Leave this member out; may be given more than once.")
]
Audit = Annotated[bool, typer.Option("--audit", help="Show what the gate withheld, too (for safety teams).")]


@app.command()
def tasks(as_json: output.Json = False) -> None:
    """List the tasks: question, population, index, horizon and coordinate.

    \b
    Example: cwm twin tasks
    """
    from twin.tasks import tasks as every

    if as_json:
        output.json([t.model_dump(mode="json") for t in every().values()])
        return
    rows = [
        {
            "task": t.name,
            "question": t.question,
            "population": t.population,
            "coordinate": "/".join(t.coordinate.values()),
        }
        for t in every().values()
    ]
    output.table(rows, ["task", "question", "population", "coordinate"])


@app.command()
def train(task: TaskName, without: Without = None, as_json: output.Json = False) -> None:
    """Train the twin and the published score on all patients of the task, and keep both with their cards.

    \b
    Example: cwm twin train admission-365d
    Example: cwm twin train icu-mortality-48h --without patients-like-this
    """
    from graph import open_graph
    from twin import service

    with open_graph() as graph, output.progress(f"Training {task}", quiet=as_json) as step:
        cards = service.train(graph, task, without=tuple(without or ()), progress=step)
    if as_json:
        output.json({role: c.model_dump(mode="json") for role, c in cards.items()})
        return
    rows = [
        {
            "agent": role,
            "version": c.version,
            "members": ", ".join(c.members),
            "n": c.n,
            "events": c.events,
            "patients": c.population,
        }
        for role, c in cards.items()
    ]
    output.table(rows, ["agent", "version", "members", "n", "events", "patients"], title=f"Trained: {task}")


@app.command()
def evaluate(
    task: TaskName,
    folds: Annotated[int, typer.Option("--folds", min=2, max=20, help="Outer folds, by patient.")] = 5,
    without: Without = None,
    as_json: output.Json = False,
) -> None:
    """Evaluate held out, by patient, and write the figures as evidence of the agents.

    \b
    Example: cwm twin evaluate icu-mortality-48h --json
    """
    from graph import open_graph
    from twin import service, store

    with open_graph() as graph, output.progress(f"Evaluating {task}", quiet=as_json) as step:
        reports = service.evaluate(graph, task, folds=folds, without=tuple(without or ()), progress=step)
        where = store.folder(graph.settings, task)
    twin, second = reports["twin"], reports.get("score")
    if as_json:
        auroc = {m.name: m.statistics["auroc"].model_dump() for m in twin.models}
        more = {"second_agent": second.figures()} if second else {}
        output.json({"auroc": auroc, **twin.figures(), **more})
        return
    _show(twin)
    if second:
        output.out.print(
            f"\nThe second agent, {second.agent}: AUROC {second.models[0].statistics['auroc']}.",
        )
    output.note(f"Written: {where}/report-twin.json and .md. See also: cwm skillmix verdict.")


def _show(report: "Report") -> None:
    from twin.render import COLUMNS, short

    whom = f"n {report.n}, with the outcome {report.events}, {report.population} patients"
    title = f"{report.title}: {whom}; {report.folds} folds by patient"
    rows = [
        {
            "model": m.name,
            **{COLUMNS[s]: short(m.statistics[s]) for s in ("auroc", "auprc", "brier", "calibration-slope")},
        }
        for m in report.models
    ]
    output.table(rows, ["model", "AUROC", "AUPRC", "Brier", "Slope"], title=title)
    c = report.conformal
    output.out.print(
        f"\nSets at {c.confidence:.0%} hold the truth in {short(c.coverage)}; mean size {short(c.mean_size, 2)}."
    )
    for label in report.miscalibrated:
        g = report.group(label)
        output.out.print(
            f"Miscalibrated: {label}: {g.events} of {g.n} observed, {g.expected:.1f} expected; "
            f"p {g.p:.3g}, adjusted {g.p_holm:.3g}.",
        )
    trends = [t for t in report.trends if t.miscalibrated]
    for t in trends:
        output.out.print(
            f"Miscalibrated along {t.column}: log odds {short(t.slope, 2)} a step; p {t.p:.3g}, adjusted {t.p_holm:.3g}.",
        )
    if not report.miscalibrated and not trends:
        output.out.print("No group of patients was found miscalibrated.")


@app.command()
def predict(
    task: TaskName,
    patient: Annotated[str, typer.Argument(help="Key of the patient: Patient/ID.")],
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            help="An instant with its time zone, or the end of a date (UTC); the task's index if left out.",
        ),
    ] = None,
    agent: Annotated[
        Literal["twin", "score", "both"], typer.Option("--agent", help="Who is asked.")
    ] = "both",
    audit: Audit = False,
    as_json: output.Json = False,
) -> None:
    """Score a patient as of an instant, ask the gate, and write the prediction with its reasons into the graph.

    \b
    Example: cwm twin predict admission-365d Patient/1 --at 2024-05-01T12:00:00Z
    """
    from graph import open_graph
    from twin import service, store

    moment = instant(at)
    with open_graph() as graph:
        there = store.current(graph.settings, task)
        asked = [
            r
            for r in service.ROLES
            if agent in (r, "both") and (agent != "both" or r in there or r == "twin")
        ]
        made = [service.predict(graph, task, patient, moment, role=r) for r in asked]
    if as_json:
        output.json([_data(p, audit) for p in made])
        return
    for p in made:
        _tell(p, audit)


@app.command()
def explain(
    prediction: Annotated[str, typer.Argument(help="Id of a prediction, or the beginning of one.")],
    audit: Audit = False,
    as_json: output.Json = False,
) -> None:
    """Why a prediction says what it says: members, contributions, facts, nearest patients, missing, evidence, verdict.

    \b
    Example: cwm twin explain 5f1d
    """
    from graph import open_graph
    from twin import service
    from twin.prediction import Prediction

    with open_graph() as graph:
        told = service.explain(graph, prediction)
    found = Prediction.model_validate(told)
    if as_json:
        output.json({**_data(found, audit), "evidence": told["evidence"]})
        return
    _tell(found, audit)
    if found.released or audit:
        _facts(found)
        output.table(
            [
                {**n.model_dump(), "distance": f"{n.distance:.3f}", "outcome": _LABELS[n.outcome]}
                for n in found.neighbours
            ],
            ["who", "distance", "outcome"],
            title="\nPatients like this one (keys that name nobody)",
        )
    _evidence(told["evidence"])


_LABELS = ("no", "yes")
_SHOWN = 15
_NAMES = {"auroc": "AUROC", "auprc": "AUPRC", "npv": "NPV", "ppv": "PPV"}


def _facts(p: "Prediction") -> None:
    """The facts that weigh most, one line each; a fact of the record by type, day and name (its key: with --json)."""
    labels = {column: c.label for c in p.contributions for column in c.values}
    facts = sorted(p.because, key=lambda f: -abs(f.contribution))[:_SHOWN]
    rows = [
        {
            "day": (f.start or "")[:10],
            "type": f.type or f.key.partition("/")[0],
            "what": f.display,
            "value": None if f.value is None else f"{f.value:.4g}",
            "for": labels.get(f.feature, f.feature),
            "log odds": f"{f.contribution:+.3f}",
        }
        for f in facts
    ]
    title = f"\nFacts that weigh most, {len(facts)} of {len(p.because)}; those of one group share its contribution"
    output.table(
        rows, ["log odds", "day", "type", "what", "value", "for"], title=title, whole=["day", "log odds"]
    )


def _evidence(evidence: list[dict[str, Any]]) -> None:
    """The figures of the agent; what all of them share is said once."""
    rows = [
        {
            "measure": e["measure"].replace("-", " "),
            "statistic": _NAMES.get(e["statistic"], e["statistic"].replace("-", " ").capitalize()),
            "value": f"{e['value']:.3f}",
            "interval": f"{e['low']:.3f} to {e['high']:.3f}",
            "n": e["n"],
            "events": e["events"],
            "population": e["population"],
        }
        for e in evidence
    ]
    columns = ["measure", "statistic", "value", "interval", "n", "events", "population"]
    title = "\nEvidence of this agent"
    populations = {e["population"] for e in evidence}
    if len(populations) == 1:
        columns.remove("population")
        title += f" ({populations.pop()})"
    whole = ["measure", "statistic", "value", "interval"]
    output.table(rows, columns, title=title, empty=f"{title}: none", whole=whole)


def _data(p: "Prediction", audit: bool) -> dict[str, Any]:
    return {**p.model_dump(mode="json"), "sentence": p.sentence} if audit else p.masked()


def _tell(p: "Prediction", audit: bool) -> None:
    output.out.print(
        output.styled((p.agent, "bold"), f" on {p.patient}, as of {p.index_time:%Y-%m-%d %H:%M} UTC"),
        soft_wrap=True,
    )
    output.out.print(p.sentence)
    for reason in p.reasons[1:] if not p.released else p.reasons:
        output.out.print(f"  - {reason}", style="dim")
    if audit and not p.released:
        output.out.print(
            f"Withheld figure: {p.probability:.3f} ({p.low:.3f} to {p.high:.3f}).",
            style="yellow",
        )
    if p.released or audit:
        members = ", ".join(f"{k} {v:.3f}" for k, v in p.members.items())
        output.out.print(f"Members: {members}; disagreement {p.disagreement:.3f}.")
        rows = [
            {
                "what": c.label,
                "values": ", ".join("missing" if v is None else f"{v:.4g}" for v in c.values.values()),
                "log odds": f"{c.contribution:+.3f}",
            }
            for c in p.contributions[:8]
        ]
        output.table(
            rows,
            ["log odds", "what", "values"],
            title=f"\nFrom the base of {p.base:+.2f} log odds to {p.logit:+.2f}: the greatest steps",
        )
    output.out.print(f"Missing: {len(p.missing)} features. Population: {p.population}. Id: {p.id[:12]}.")
    output.out.print(f"Coordinate: {p.coordinate or 'none'}", soft_wrap=True)
