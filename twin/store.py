"""Trained twins on disk: ``CWM_HOME/twin/<task>/<version>/``, each with a card that says what it is and a checksum."""

import hashlib
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib
from pydantic import AwareDatetime, BaseModel, ConfigDict

from graph.settings import Settings
from ontology.errors import InvalidInputError, NotFoundError
from twin.dataset import Dataset
from twin.ensemble import Twin
from twin.evaluate import digest, libraries, population
from twin.predictors import SEED
from twin.render import markdown
from twin.report import Report
from twin.tasks import Task

MODEL, CARD, CURRENT = "twin.joblib", "card.json", "current.json"
BACKGROUND = 200
"""Training patients kept with the model, as the background of explanations."""


class Card(BaseModel):
    """The model's card: what it is, from what it was made, and what else is needed to make it again."""

    model_config = ConfigDict(extra="forbid")
    task: str
    role: str
    """``twin`` or ``score`` (the published score alone)."""
    version: str
    made: AwareDatetime
    question: str
    trained_on: str
    population: str
    limits: list[str]
    members: list[str]
    weights: dict[str, float]
    n: int
    events: int
    flow: list[tuple[str, int]]
    features: list[str]
    data_digest: str
    config_digest: str
    code_digest: str
    model_digest: str
    seed: int
    libraries: dict[str, str]


class Stored(BaseModel):
    """A loaded model with its card and the background of its explanations."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    card: Card
    twin: Any
    background: Any


def folder(settings: Settings, task: str) -> Path:
    """Where a task's models lie."""
    return settings.home / "twin" / task


def config(task: Task, names: tuple[str, ...], role: str) -> dict[str, Any]:
    """What the model's behaviour depends on besides data and code."""
    return {"task": task.model_dump(mode="json"), "members": list(names), "role": role, "seed": SEED}


def code_digest() -> str:
    """SHA-256 over the twin's own source and data files, so that changed code is another version."""
    sha = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted(p for p in here.rglob("*") if p.suffix in {".py", ".yaml"}):
        sha.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()


def sha(content: Any) -> str:
    """SHA-256 of canonical JSON."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def version(data: Dataset, names: tuple[str, ...], role: str) -> str:
    """The version that training on these data gives: a hash of data, configuration and code.

    Raises nothing; the same three always give the same version.
    """
    parts = [digest(data), sha(config(data.task, names, role)), code_digest(), libraries()]
    return sha(parts)[:12]


def save(settings: Settings, data: Dataset, twin: Twin, role: str) -> Card:
    """Write model and card under their version, and make it the current one for the task and role."""
    name = version(data, twin.names, role)
    home = folder(settings, data.task.name) / name
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    step = max(1, len(data) // BACKGROUND)
    chosen = data.rows.with_row_index("_row").sort("patient")["_row"].to_numpy()[::step][:BACKGROUND]
    joblib.dump({"twin": twin, "background": data.take(chosen)}, home / MODEL, compress=3)
    card = Card(
        task=data.task.name, role=role, version=name, made=datetime.now(UTC), question=data.task.question,
        trained_on=data.task.data.name, population=population(data), limits=list(data.task.biases), members=list(twin.names),
        weights=twin.weights(), n=twin.n, events=twin.events, flow=data.flow, features=twin.columns, data_digest=digest(data),
        config_digest=sha(config(data.task, twin.names, role)), code_digest=code_digest(),
        model_digest=hashlib.sha256((home / MODEL).read_bytes()).hexdigest(), seed=SEED, libraries=libraries(),
    )  # fmt: skip
    _write(home / CARD, card.model_dump_json(indent=2))
    _write(
        folder(settings, data.task.name) / CURRENT,
        json.dumps(current(settings, data.task.name) | {role: name}),
    )
    return card


def current(settings: Settings, task: str) -> dict[str, str]:
    """The version in use by role; empty when nothing was trained."""
    path = folder(settings, task) / CURRENT
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def card(settings: Settings, task: str, role: str = "twin") -> Card:
    """The card of the version in use.

    Raises:
        NotFoundError: the task was not trained here.
    """
    name = current(settings, task).get(role)
    path = folder(settings, task) / (name or "-") / CARD
    if not path.is_file():
        raise NotFoundError(
            "No trained model.", got=f"{task} ({role})", do=f"Train it: cwm twin train {task}."
        )
    return Card.model_validate_json(path.read_text(encoding="utf-8"))


def load(settings: Settings, task: str, role: str = "twin") -> Stored:
    """The model in use. Its file is a pickle: only what this home wrote, with the checksum of its card, is opened.

    Raises:
        NotFoundError: the task was not trained here.
        InvalidInputError: the file is not the one that the card was written for.
    """
    found = card(settings, task, role)
    path = folder(settings, task) / found.version / MODEL
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != found.model_digest:
        raise InvalidInputError(
            "The model file does not match its card.",
            got=found.version,
            do=f"Train it again: cwm twin train {task}.",
        )
    return Stored(card=found, **joblib.load(path))


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
    Path(file.name).replace(path)


def reuse(settings: Settings, data: Dataset, names: tuple[str, ...], role: str) -> Card | None:
    """The card of a model already made from the same data, configuration and code, made current; None if there is none."""
    name = version(data, names, role)
    path = folder(settings, data.task.name) / name / CARD
    if not path.is_file():
        return None
    use = current(settings, data.task.name) | {role: name}
    _write(folder(settings, data.task.name) / CURRENT, json.dumps(use))
    return Card.model_validate_json(path.read_text(encoding="utf-8"))


def keep(settings: Settings, report: Report) -> Path:
    """Write a report beside its model's version, as the latest of its role too; the path."""
    home = folder(settings, report.task)
    (home / report.version).mkdir(parents=True, exist_ok=True, mode=0o700)
    text = report.model_dump_json(indent=2)
    _write(home / report.version / "report.json", text)
    _write(home / f"report-{report.role}.json", text)
    _write(home / f"report-{report.role}.md", markdown(report))
    return home / f"report-{report.role}.json"


def report(settings: Settings, task: str, role: str = "twin") -> Report:
    """The latest report of a role.

    Raises:
        NotFoundError: the task was not evaluated here.
    """
    path = folder(settings, task) / f"report-{role}.json"
    if not path.is_file():
        raise NotFoundError(
            "No evaluation.", got=f"{task} ({role})", do=f"Evaluate it: cwm twin evaluate {task}."
        )
    return Report.model_validate_json(path.read_text(encoding="utf-8"))
