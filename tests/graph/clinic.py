"""The small clinic of docs/questions: four patients, two agents, three predictions, two cases.

Every answer can be checked by hand.
"""

import datetime as dt
from pathlib import Path
from typing import Any

from graph import Graph
from graph.ingest import ingest
from graph.loop import fill
from skillmix.agent import Agent, register
from skillmix.claim import Claim, declare
from skillmix.coordinate import Cells
from skillmix.evidence import Evidence, record
from tests.skillmix.examples import HERE

FILE = Path(__file__).parents[2] / "docs" / "questions" / "clinic.ndjson"
TWIN = Agent(name="twin", version="1", provider="cwm", kind="predictor", config={"task": "admission-365d"})
SCRIBE = Agent(name="scribe", version="2", provider="cwm", kind="language-model", config={})
WARD = HERE.moved(care_setting="ward")


def build(graph: Graph) -> None:
    """Fill an empty graph with the clinic, its agents and the rounds of its encounters."""
    ingest(graph, [FILE])
    for agent in (TWIN, SCRIBE):
        register(graph, agent)
    for agent, where in ((TWIN, HERE), (SCRIBE, WARD)):
        declare(graph, Claim(agent=agent.key, cells=Cells.of(where), population="real", intended="Help."))
    auroc: dict[str, Any] = {
        "measure": "accuracy",
        "statistic": "auroc",
        "value": 0.74,
        "low": 0.66,
        "high": 0.82,
    }
    record(graph, Evidence(
        agent=TWIN.key, cells=Cells.of(HERE), **auroc, level=0.95, n=236, events=48, population="synthetic: demo",
        dataset="demo", date=dt.date(2023, 1, 1), by="twin.evaluate", artefact="abc",
    ))  # fmt: skip
    _predict(graph, "x1", "ann", "2024-01-10T10:00:00Z", 0.5, released=True, verdict="validated",
             facts=[("Condition/ann-dm", 0.75), ("MedicationRequest/ann-met", -0.25)])  # fmt: skip
    _predict(graph, "x2", "bob", "2024-02-01T10:00:00Z", 0.125, released=False, verdict="insufficient",
             facts=[("Condition/bob-dm", 0.25)])  # fmt: skip
    _predict(graph, "x3", "cy", "2024-02-15T10:00:00Z", 0.25, released=True, verdict="insufficient",
             facts=[("Observation/cy-a1c", -0.5)])  # fmt: skip
    _case(graph, "CWM-2024-0001", "filed", ["x1"])
    _case(graph, "CWM-2024-0002", "closed", [])
    fill(graph)


def _predict(
    graph: Graph, id_: str, who: str, index: str, probability: float, *, released: bool, verdict: str,
    facts: list[tuple[str, float]],
) -> None:  # fmt: skip
    at = dt.datetime.fromisoformat(index)
    props = {
        "task": "admission-365d", "model": "1", "index_time": at, "made": at + dt.timedelta(minutes=5), "role": "twin",
        "probability": probability, "low": probability / 2, "high": probability + 0.25, "population": "real",
        "authority": "augmentation" if released else None, "released": released, "verdict": verdict,
        "verdict_hash": f"hash-{id_}", "reasons": [f"The verdict is {verdict}."],
    }  # fmt: skip
    graph.write(
        "twin.write_prediction", id=id_, props={k: v for k, v in props.items() if v is not None}, patient=f"Patient/{who}",
        encounter=f"Encounter/{who}-1", agent=TWIN.key, coordinate={"index": HERE.index, "text": HERE.text},
        facts=[{"key": key, "feature": key.split("/")[0], "value": 1.0, "contribution": c} for key, c in facts],
    )  # fmt: skip


def _case(graph: Graph, id_: str, status: str, predictions: list[str]) -> None:
    graph.write(
        "mcare.write_version", id=id_, expected=0, case={"title": "A pattern", "status": status, "severity": "minor"},
        version={"json": "{}", "by": "reviewer", "filed": "2024-02-02T00:00:00Z", "note": "", "status": status},
        agent=TWIN.key, coordinate={"index": HERE.index, "text": HERE.text}, predictions=predictions, evidence=[],
    )  # fmt: skip
