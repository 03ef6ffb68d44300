"""Train, evaluate, predict and explain on a graph: what the command and the dashboard call."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from graph.connection import Graph
from graph.settings import Settings
from ontology.errors import InvalidInputError, NotFoundError
from skillmix.gate import decide
from twin import agents, store
from twin import explain as why
from twin.dataset import Dataset, build
from twin.ensemble import Forecast, Step, Twin, quiet
from twin.evaluate import digest, known
from twin.evaluate import evaluate as measure
from twin.prediction import LABELS, Effect, Fact, Like, Prediction, find
from twin.predictors import chosen
from twin.report import Report
from twin.tasks import Task
from twin.tasks import task as task_named

Role = Literal["twin", "score"]
ROLES: tuple[Role, ...] = ("twin", "score")
"""The ensemble, and the published clinical score alone: two agents at one coordinate, each with its own evidence."""

SCORE = "clinical-score"


@dataclass(frozen=True)
class Ruling:
    """The gate's answer, or why the gate could not even be asked."""

    released: bool
    authority: str | None
    status: str
    reasons: tuple[str, ...]
    hash: str


@dataclass(frozen=True)
class Scored:
    """One patient scored from the graph: the data as of the index, the forecast, who made it, and the gate's answer."""

    data: Dataset
    forecast: Forecast
    stored: store.Stored
    agent: str
    ruling: Ruling


def names(task: Task, role: Role, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The members of a role."""
    if role == "score":
        return (SCORE,)
    allowed = task.members or chosen()
    return tuple(n for n in chosen(without) if n in allowed)


def roles(task: Task, without: tuple[str, ...] = ()) -> list[Role]:
    """The roles that can be trained: no second agent without the score."""
    return [r for r in ROLES if r == "twin" or (task.scores and SCORE not in without)]


def gather(graph: Graph, task: Task, progress: Step | None = None) -> Dataset:
    """The task's patients whose outcome is known.

    Raises:
        NotFoundError: the graph holds no patient.
    """
    if not graph.read("patient.list", after="", limit=1):
        raise NotFoundError(
            "There is no patient in the graph to learn from.", do="Take some in first: cwm ingest PATH"
        )
    return known(build(graph, task, progress=_telling(progress)))


def train(
    graph: Graph,
    task: str,
    *,
    without: tuple[str, ...] = (),
    data: Dataset | None = None,
    progress: Step | None = None,
) -> dict[Role, store.Card]:
    """Fit every role on all patients and keep it under ``CWM_HOME/twin/<task>/<version>/``; the cards.

    Training again on the same data with the same code makes no work: the model is there.

    Raises:
        NotFoundError: no such task.
        InvalidInputError: too few patients.
        MissingExtraError: a member needs a library that is not installed.
    """
    question = task_named(task)
    data = data or gather(graph, question, progress)
    cards: dict[Role, store.Card] = {}
    for role in roles(question, without):
        chosen_names = names(question, role, without)
        card = store.reuse(graph.settings, data, chosen_names, role)
        if card is None:
            twin = Twin(chosen_names).fit(data, _prefixed(progress, f"training the {role}"))
            card = store.save(graph.settings, data, twin, role)
        agents.register(
            graph, question, role, card.version, chosen_names, f"{card.population}: {card.trained_on}"
        )
        cards[role] = card
    return cards


def evaluate(
    graph: Graph, task: str, *, folds: int = 5, without: tuple[str, ...] = (), data: Dataset | None = None,
    progress: Step | None = None,
) -> dict[Role, Report]:  # fmt: skip
    """Evaluate every role held out, keep the reports, and write their figures as evidence at the task's coordinate.

    Raises:
        NotFoundError: no such task.
        InvalidInputError: too few patients of either outcome for that many folds.
        MissingExtraError: a member needs a library that is not installed.
    """
    question = task_named(task)
    data = data or gather(graph, question, progress)
    reports: dict[Role, Report] = {}
    for role in roles(question, without):
        chosen_names = names(question, role, without)
        version = store.version(data, chosen_names, role)
        name = agents.agent(question, role, version, chosen_names).name
        report = measure(
            data, folds, _prefixed(progress, f"evaluating the {role}"),
            names=chosen_names, agent=name, role=role, version=version,
        )  # fmt: skip
        key = agents.register(
            graph, question, role, version, chosen_names, f"{report.population}: {report.dataset}"
        )
        agents.give_evidence(graph, question, key, report)
        store.keep(graph.settings, report)
        reports[role] = report
    return reports


def forecast(
    graph: Graph, task: str, patient: str, at: datetime | None = None, *, role: Role = "twin"
) -> Scored:
    """Score one patient as of the task's index, or of ``at``, and ask the gate; nothing is written.

    Raises:
        NotFoundError: no such task or patient, or the task was not trained here.
        InvalidInputError: the task has no index for this patient, or ``at`` has no time zone.
    """
    question = task_named(task)
    stored = _loaded(graph.settings, task, role)
    data = build(graph, question, patients=[patient], at=at, because=True)
    if not len(data):
        steps = ", ".join(f"{step}: {left}" for step, left in data.flow)
        raise InvalidInputError(
            "The task has no index for this patient.", got=f"{patient} ({steps})", allowed=question.population,
            do="Give the moment yourself: --at 2024-05-01T12:00:00Z.",
        )  # fmt: skip
    key = agents.agent(question, role, stored.card.version, tuple(stored.card.members)).key
    return Scored(data, stored.twin.predict(data)[0], stored, key, _rule(graph, question, key, data))


def predict(
    graph: Graph, task: str, patient: str, at: datetime | None = None, *, role: Role = "twin"
) -> Prediction:
    """Score one patient, explain, ask the gate and write the prediction; what the gate withholds is written as withheld.

    The id is a hash of agent, patient, index, inputs and the verdicts seen: predicting again changes nothing.

    Raises: as :func:`forecast`.
    """
    scored = forecast(graph, task, patient, at, role=role)
    said, data, card = scored.forecast, scored.data, scored.stored.card
    row = data.rows.row(0, named=True)
    inputs = digest(replace(data, rows=data.rows.select("patient", "encounter", "at")))
    told = why.explain(scored.stored.twin, data, scored.stored.background)
    place = agents.coordinate(data.task)
    identity = [scored.agent, patient, row["at"].isoformat(), inputs, scored.ruling.hash]
    made = Prediction(
        id=store.sha(identity)[:32], task=task, role=role, model=card.version, agent=scored.agent, patient=row["patient"],
        encounter=row["encounter"], coordinate=place.text if place else None, index_time=row["at"], made=datetime.now(UTC),
        inputs=inputs, probability=said.probability, low=said.low, high=said.high, set=[LABELS[o] for o in said.outcomes],
        confidence=scored.stored.twin.confidence, disagreement=said.disagreement, members=said.members,
        missing=list(said.missing), logit=told.logit, base=told.base,
        contributions=[Effect(**vars(c)) for c in told.contributions], neighbours=_neighbours(scored),
        authority=scored.ruling.authority, released=scored.ruling.released, reasons=list(scored.ruling.reasons),
        verdict=scored.ruling.status, verdict_hash=scored.ruling.hash, population=row["population"],
    )  # fmt: skip
    graph.write(
        "twin.write_prediction", id=made.id, props=made.node(), patient=made.patient, encounter=made.encounter, agent=made.agent,
        coordinate={"index": place.index, "text": place.text} if place else None,
        facts=[f.model_dump(include={"key", "feature", "value", "contribution"}) for f in _facts(data, told)],
    )  # fmt: skip
    return find(graph, made.id)


def explain(graph: Graph, prediction_id: str) -> dict[str, Any]:
    """A stored prediction with the agent's evidence in its cell and the model's card: everything that a reader may ask.

    Raises:
        NotFoundError: no such prediction.
    """
    from skillmix.evidence import evidence

    found = find(graph, prediction_id)
    shown = [
        e.model_dump(
            mode="json",
            include={"measure", "statistic", "value", "low", "high", "level", "n", "events", "population"},
        )
        for e in evidence(graph, found.agent)
    ]
    return {**found.model_dump(mode="json"), "sentence": found.sentence, "evidence": shown}


def _rule(graph: Graph, task: Task, agent: str, data: Dataset) -> Ruling:
    row = data.rows.row(0, named=True)
    place = agents.coordinate(task)
    if place is None:
        reason = (
            f"Withheld: the data do not tell {', '.join(agents.unknown(task))}, so this output stands at no coordinate and "
            "nothing can be validated there."
        )
        return Ruling(
            False, None, "insufficient", (reason,), store.sha(["no coordinate", agent, task.coordinate])
        )
    answer = decide(graph, agent, place, row["population"])
    if not row["fits"]:
        reason = f"Withheld: the task does not describe this patient at this moment ({row['unfit']})."
        return Ruling(
            False, None, answer.status, (reason, *answer.reasons), store.sha([answer.hash, row["unfit"]])
        )
    return Ruling(answer.released, answer.authority, answer.status, answer.reasons, answer.hash)


def _facts(data: Dataset, told: why.Explanation) -> list[Fact]:
    """The facts behind the features; those behind one group share its contribution equally."""
    group = {column: c for c in told.contributions for column in c.values}
    rows = [r for r in data.because.iter_rows(named=True) if r["feature"] in group]
    count: dict[str, int] = {}
    for row in rows:
        count[group[row["feature"]].group] = count.get(group[row["feature"]].group, 0) + 1
    return [
        Fact(
            key=r["key"], feature=r["feature"], value=r["value"],
            contribution=group[r["feature"]].contribution / count[group[r["feature"]].group],
        )
        for r in rows
    ]  # fmt: skip


def _neighbours(scored: Scored) -> list[Like]:
    """The nearest training patients under keys that name nobody: keyed hashes that only this model's card can make."""
    member = scored.stored.twin.core(scored.forecast.patient).members.get("patients-like-this")
    if member is None:
        return []
    near = member.neighbours(scored.data)[0]
    key = scored.stored.card.data_digest
    return [Like(who=store.sha([key, n.patient])[:8], distance=n.distance, outcome=n.outcome) for n in near]


def _loaded(settings: Settings, task: str, role: Role) -> store.Stored:
    return _opened(settings.home, task, role, store.card(settings, task, role).model_digest)


@lru_cache(maxsize=8)
def _opened(home: Path, task: str, role: Role, _model_digest: str) -> store.Stored:
    """Kept open, by checksum: a model that is trained again is loaded again."""
    return store.load(Settings(home=home), task, role)


def _prefixed(progress: Step | None, what: str) -> Step:
    say = progress or quiet

    def step(done: int, total: int | None = None, more: str | None = None) -> None:
        say(done, total, f"{what}: {more}")

    return step


def _telling(progress: Step | None) -> Callable[[str, int, int], None] | None:
    return (lambda what, done, total: progress(done, total, what)) if progress else None
