"""Things the tests of Skill-Mix start from."""

import datetime as dt
from typing import Any

from graph import Graph
from skillmix.agent import Agent, register
from skillmix.coordinate import Cells, Coordinate
from skillmix.evidence import Evidence, record

TODAY = dt.date(2026, 4, 1)
NOW = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)
TWIN = Agent(name="twin", version="1", provider="cwm", kind="predictor", config={"task": "admission-365d"})
HERE = Coordinate.parse(
    "i25/follow-up/clinic/generalist-medical-practitioners/clinical-decision-making/augmentation/provider/hypothesis"
)
GOOD = {
    ("accuracy", "auroc"): (0.74, 0.66, 0.82),
    ("reliability", "calibration-slope"): (0.97, 0.64, 1.33),
    ("reliability", "calibration-intercept"): (0.02, -0.33, 0.35),
    ("reliability", "coverage"): (0.91, 0.87, 0.95),
}


def evidence(
    measure: str = "accuracy",
    statistic: str = "auroc",
    value: float = 0.74,
    low: float = 0.66,
    high: float = 0.82,
    **other: Any,
) -> Evidence:
    """A good record of the twin at the usual place, changed as asked."""
    usual = {
        "agent": TWIN.key,
        "cells": Cells.of(HERE),
        "level": 0.95,
        "n": 236,
        "events": 48,
        "population": "synthetic: demo",
        "dataset": "demo",
        "date": TODAY,
        "by": "twin.evaluate",
        "artefact": "abc",
    }
    return Evidence(measure=measure, statistic=statistic, value=value, low=low, high=high, **usual | other)


def enough(graph: Graph, **other: Any) -> list[str]:
    """Register the twin and record all that the default policy asks, changed as asked."""
    register(graph, TWIN)
    return [record(graph, evidence(m, s, *figures, **other)) for (m, s), figures in GOOD.items()]


def case(graph: Graph, status: str, severity: str, at: Coordinate | None, version: int = 0) -> None:
    """One case about the twin, as the registry writes it."""
    graph.write(
        "mcare.write_version",
        id="CWM-2026-0001",
        expected=version,
        case={"title": "A pattern", "status": status, "severity": severity},
        version={
            "json": "{}",
            "by": "reviewer",
            "filed": "2026-04-01T00:00:00Z",
            "note": "",
            "status": status,
        },
        agent=TWIN.key,
        coordinate={"index": at.index, "text": at.text} if at else None,
        predictions=[],
        evidence=[],
    )
