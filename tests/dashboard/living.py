"""What the browser test puts into the graph: a slice of the demo, a twin, evidence for one of its agents, a case."""

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path

import orjson
import polars as pl

from graph import Graph
from graph.ingest import ingest
from mcare import registry
from mcare.report import Report
from skillmix.coordinate import Cells
from skillmix.evidence import Evidence, record
from tests.data import demo_slice, write_ndjson
from tests.mcare.samples import written
from tests.twin.made import made
from twin import agents, service, store
from twin.evaluate import evaluate
from twin.prediction import Prediction
from twin.tasks import task

TASK = "admission-365d"
PATIENTS, SIZES = 44, (200, 700)
"""Patients who are ill enough that some were admitted within the year, and with few enough resources to be loaded soon."""
LIGHT = ("patients-like-this",)
"""The member that needs the embeddings, which are no part of what is tested here."""

SHOWN = {
    ("accuracy", "auroc"): (0.74, 0.68, 0.80),
    ("reliability", "calibration-slope"): (1.02, 0.85, 1.20),
    ("reliability", "calibration-intercept"): (0.01, -0.15, 0.17),
    ("reliability", "coverage"): (0.91, 0.87, 0.94),
}
"""Figures that would validate an agent for augmentation: made up for the test, and said so in the record."""


@dataclass(frozen=True)
class Living:
    """Keys of what is there."""

    patient: str
    name: str
    other: str
    """A patient nobody has predicted for."""
    agent: str
    prediction: str
    case: str


def live_in(graph: Graph) -> Living:
    """Fill an empty graph; the twin is validated by made-up evidence, the score is not."""
    question = task(TASK)
    with tempfile.TemporaryDirectory() as folder:
        report = ingest(graph, [write_ndjson(Path(folder), demo_slice(PATIENTS, SIZES))])
    assert report.set_aside == 0
    data = service.gather(graph, question)
    cards = service.train(graph, TASK, without=LIGHT, data=data)
    _report(graph, cards["twin"].version)
    patients: list[str] = sorted(data.rows.get_column("patient").cast(pl.String).to_list())
    first, other = patients[0], patients[1]
    key = service.predict(graph, TASK, first).agent
    _validate(graph, key)
    predictions: list[Prediction] = [service.predict(graph, TASK, first, role=role) for role in service.ROLES]
    name = str(graph.read("journey.patient", patient=first, at=None)[0]["properties"]["name"])
    case = registry.file(graph, _case(predictions[0]), by="a tester")
    return Living(first, name, other, predictions[0].agent, predictions[0].id, case)


def of_demo(graph: Graph) -> Living:
    """The same keys in a graph that ``cwm demo`` has filled: for pictures whose every figure is real."""
    done = {
        step: kept["result"]
        for step, kept in orjson.loads((graph.settings.home / "demo.json").read_bytes()).items()
    }
    patient, prediction = done["predict"]["patient"], done["predict"]["prediction"]
    other = next(p for p in done["twin"]["patients"] if p != patient)
    name = str(graph.read("journey.patient", patient=patient, at=None)[0]["properties"]["name"])
    agent = str(graph.read("mcare.prediction", id=prediction)[0]["agent"]["key"])
    return Living(patient, name, other, agent, prediction, done["case"]["case"])


def _report(graph: Graph, version: str) -> None:
    """A report for the page of the agent, from made journeys: the slice is too small to evaluate on."""
    held = evaluate(
        made(160), 2, names=("penalised-logistic",), agent=f"twin-{TASK}", role="twin", version=version
    )
    store.keep(graph.settings, held.model_copy(update={"task": TASK}))


def _validate(graph: Graph, agent: str) -> None:
    place = agents.coordinate(task(TASK))
    assert place
    for (measure, statistic), (value, low, high) in SHOWN.items():
        figures = {"value": value, "low": low, "high": high, "level": 0.95, "n": 400, "events": 90}
        told = {
            "population": "synthetic: made up for a test",
            "dataset": "made up",
            "by": "a test",
            "artefact": "none",
        }
        shown = {"agent": agent, "cells": Cells.of(place), "measure": measure, "statistic": statistic}
        record(
            graph,
            Evidence.model_validate({**shown, **figures, **told, "date": dt.datetime.now(dt.UTC).date()}),
        )


def _case(about: Prediction) -> Report:
    report = written()
    report["links"] = {
        "agent": about.agent,
        "coordinate": about.coordinate,
        "predictions": [about.id],
        "evidence": [],
    }
    return Report.model_validate(report)
