"""A small graph with all that the world model has: two patients, an agent with evidence, a prediction, a case, rounds."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graph import Graph
from graph.ingest import ingest
from graph.loop import fill
from tests.data import Resource, demo_slice, write_ndjson

AGENT = "planted@1+0a1b2c3d"
COORDINATE = {
    "index": 7,
    "text": "a00/at-risk/community/ambulance-workers/perform-procedures/monitoring/patient/input",
}
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = ("Zzyzxname", "Zzyzxident", "Zzyzxnote")


def resources() -> list[Resource]:
    """Two patients of the demo, with a name, an identifier and typed text that must not get out."""
    found = [dict(r) for r in demo_slice(2)]
    for r in found:
        if r["resourceType"] == "Patient":
            r["name"] = [{"family": SECRET[0]}]
            r["identifier"] = [{"system": "urn:mrn", "value": SECRET[1]}]
        if r["resourceType"] == "DiagnosticReport":
            r["conclusion"] = f"seen: {SECRET[2]}"
    return found


def made(graph: Graph, folder: Path) -> dict[str, Any]:
    """Fill an empty graph; keys of the patients, the encounter and the facts that the prediction rests on."""
    graph.write("admin.clear", batch=5000)
    ingest(graph, [write_ndjson(folder, resources())])
    people = sorted(f"Patient/{r['id']}" for r in resources() if r["resourceType"] == "Patient")
    facts, visit = grounds(graph, people[0])
    props = {"name": "planted", "version": "1", "provider": "tests", "kind": "predictor", "config": "{}"}
    graph.write("skillmix.register", key=AGENT, props=props)
    graph.write(
        "skillmix.declare",
        agent=AGENT,
        id="c1",
        props={"cells": "{}", "population": "synthetic"},
        at=COORDINATE,
    )
    figures = {
        "measure": "accuracy",
        "statistic": "auroc",
        "value": 0.8,
        "low": 0.7,
        "high": 0.9,
        "level": 0.95,
        "n": 200,
        "events": 40,
    }
    said = {"population": "synthetic", "dataset": "demo", "cells": "{}", "by": "someone", "date": WHEN.date()}
    graph.write(
        "skillmix.record",
        agent=AGENT,
        id="e1",
        props=figures | said,
        cells=[COORDINATE | {"n": 200, "events": 40}],
    )
    _predict(graph, people[0], visit, facts)
    _file(graph)
    fill(graph)
    return {"people": people, "visit": visit, "facts": facts}


def grounds(graph: Graph, patient: str) -> tuple[list[str], str]:
    """Two facts of one encounter."""
    from graph.journey import journey

    seen = journey(graph, patient)
    visit = next(f["encounter"] for f in seen.facts if f["encounter"])
    inside = [f["key"] for f in seen.facts if f["encounter"] == visit]
    return sorted(set(inside))[:2], visit


def _predict(graph: Graph, patient: str, visit: str, facts: list[str]) -> None:
    props = {
        "task": "planted", "model": "1", "index_time": WHEN, "made": WHEN, "inputs": "0", "probability": 0.4, "low": 0.3,
        "high": 0.5, "authority": "monitoring", "released": True, "reasons": ["shown", "enough"], "verdict": "validated",
        "population": "synthetic",
    }  # fmt: skip
    rows = [
        {"key": k, "feature": f"f{i}", "value": 1.0, "contribution": 0.5 - i} for i, k in enumerate(facts)
    ]
    where = {"patient": patient, "encounter": visit, "agent": AGENT, "coordinate": COORDINATE}
    graph.write("twin.write_prediction", id="p1", props=props, facts=rows, **where)


def _file(graph: Graph) -> None:
    case = {
        "title": "It said too little",
        "status": "filed",
        "severity": "moderate",
        "claimed_level": "observed",
        "condition": "x",
    }
    version = {
        "json": "{}",
        "filed": "2026-02-01T00:00:00Z",
        "by": "someone",
        "note": "first",
        "status": "filed",
    }
    graph.write(
        "mcare.write_version", id="CWM-2026-0001", expected=0, case=case, version=version, agent=AGENT, coordinate=COORDINATE,
        predictions=["p1"], evidence=["e1"],
    )  # fmt: skip
