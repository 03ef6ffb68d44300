"""The twin's agents and what is shown of them: registered, claimed and given evidence by code, never by hand."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from graph.connection import Graph
from skillmix import agent as agents
from skillmix import claim as claims
from skillmix.agent import Agent
from skillmix.coordinate import DIMENSIONS, Cells, Coordinate
from skillmix.evidence import Evidence, Measure, record
from twin.intervals import Estimate
from twin.report import Report
from twin.tasks import Task

UNKNOWN = "unknown"

PROVIDER = "clinical-world-model"


def agent(task: Task, role: str, version: str, members: tuple[str, ...]) -> Agent:
    """The agent of a trained model: ``twin-<task>``, or ``<score>-<task>`` for the published score alone."""
    name = f"twin-{task.name}" if role == "twin" else f"{task.scores[0]}-{task.name}"
    config = {
        "task": task.name,
        "task_version": task.version,
        "role": role,
        "members": list(members),
        "model": version,
    }
    return Agent(name=name, version=version, provider=PROVIDER, kind="predictor", config=config)


def coordinate(task: Task) -> Coordinate | None:
    """Where the task's output stands, or None when its data leave a dimension unknown."""
    known = {name: value for name, value in task.coordinate.items() if value != UNKNOWN}
    return Coordinate(**known) if len(known) == len(DIMENSIONS) else None


def unknown(task: Task) -> list[str]:
    """The dimensions that the task's data do not tell."""
    return [name for name in DIMENSIONS if task.coordinate[name] == UNKNOWN]  # type: ignore[index]  # names are literals


def register(
    graph: Graph, task: Task, role: str, version: str, members: tuple[str, ...], population: str
) -> str:
    """Write the agent, and the claim if every dimension is known; the agent's key."""
    key = agents.register(graph, agent(task, role, version, members))
    place = coordinate(task)
    if place:
        claims.declare(
            graph,
            claims.Claim(agent=key, cells=Cells.of(place), population=population, intended=task.question),
        )
    return key


def statistics(report: Report) -> Iterator[tuple[Measure, str, dict[str, float]]]:
    """What a report shows, by Skill-Mix measure; only figures with an interval."""
    own, conformal, acting = report.models[0].statistics, report.conformal, report.operating
    shown: list[tuple[Measure, str, Estimate]] = [
        ("accuracy", "auroc", own["auroc"]),
        ("accuracy", "auprc", own["auprc"]),
        ("accuracy", "brier", own["brier"]),
        ("accuracy", "brier-skill", own["brier-skill"]),
        ("reliability", "calibration-slope", own["calibration-slope"]),
        ("reliability", "calibration-intercept", own["calibration-intercept"]),
        ("reliability", "coverage", conformal.coverage),
        ("reliability", "coverage-with-outcome", conformal.coverage_with_outcome),
        ("clinical-safety", "sensitivity", acting.sensitivity),
        ("clinical-safety", "specificity", acting.specificity),
        ("clinical-safety", "npv", acting.npv),
        ("clinical-utility", "net-benefit", acting.net_benefit_gain),
    ]
    for measure, name, e in shown:
        if e.value is not None and e.low is not None and e.high is not None:
            yield measure, name, {"value": e.value, "low": e.low, "high": e.high, "level": e.level}


def give_evidence(graph: Graph, task: Task, key: str, report: Report) -> list[str]:
    """Write the report's figures as evidence of the agent at the task's place; ids.

    ``n`` and ``events`` are those of the whole evaluation. A dimension that the data do not tell stays unknown, so such
    evidence is kept and seen, and validates nothing.
    """
    common = {
        "agent": key, "cells": Cells.of(**task.coordinate), "n": report.n, "events": report.events,
        "population": f"{report.population}: {report.dataset}", "dataset": f"{report.dataset} ({report.data_digest[:12]})",
        "date": datetime.now(UTC).date(), "by": f"cwm twin evaluate, {report.folds} folds by patient",
        "artefact": artefact(report),
    }  # fmt: skip
    return [
        record(graph, Evidence.model_validate({**common, "measure": measure, "statistic": name, **figure}))
        for measure, name, figure in statistics(report)
    ]


def artefact(report: Report) -> str:
    """SHA-256 of the report's figures: not of the moment or how long it took, so the same results have the same hash."""
    content = report.model_dump(mode="json", exclude={"made", "seconds"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
