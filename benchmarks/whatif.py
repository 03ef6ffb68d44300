"""Time to score one patient from the graph: features as of the index, ensemble, gate; nothing is written.

Run on a graph with a trained task: ``python -m benchmarks.whatif admission-365d --patients 50``.
"""

import argparse
import json
import platform
import statistics
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from graph import open_graph
from graph.connection import Graph
from twin import service
from twin.dataset import build
from twin.explain import explain
from twin.tasks import task as task_named

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
TITLE = "## Scoring one patient"
PARTS = ("features alone", "features, ensemble and gate", "explanation, on top")


def quantile(values: list[float], share: float) -> float:
    """A quantile, by linear interpolation."""
    found = pl.Series(values).quantile(share, "linear")
    return float(found) if found is not None else float("nan")


def timed(graph: Graph, task: str, patients: list[tuple[str, datetime]]) -> dict[str, list[float]]:
    """Milliseconds of each patient: the whole score, its reading of features, and an explanation on top."""
    times: dict[str, list[float]] = {name: [] for name in PARTS}
    question = task_named(task)
    for patient, at in patients:
        begun = time.perf_counter()
        build(graph, question, patients=[patient], at=at, because=True)
        read = time.perf_counter() - begun
        begun = time.perf_counter()
        scored = service.forecast(graph, task, patient, at)
        whole = time.perf_counter() - begun
        begun = time.perf_counter()
        explain(scored.stored.twin, scored.data, scored.stored.background)
        told = time.perf_counter() - begun
        for name, seconds in zip(PARTS, (read, whole, told), strict=True):
            times[name].append(seconds * 1000)
    return times


def main() -> None:
    """Measure, print JSON, and with ``--write`` put the table into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", nargs="?", default="admission-365d")
    parser.add_argument("--patients", type=int, default=50)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    arguments = parser.parse_args()
    with open_graph() as graph:
        rows = build(graph, task_named(arguments.task)).rows.sort("patient").head(arguments.patients + 3)
        moments = list(rows.select("patient", "at").iter_rows())
        timed(graph, arguments.task, moments[:3])
        times = timed(graph, arguments.task, moments[3:])
    result = {
        "task": arguments.task,
        "patients": len(moments) - 3,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "milliseconds": {
            name: {"p50": quantile(t, 0.5), "p95": quantile(t, 0.95), "mean": statistics.fmean(t)}
            for name, t in times.items()
        },
    }
    print(json.dumps(result, indent=2))
    if arguments.write:
        write(result)


def write(result: dict[str, Any]) -> None:
    """Replace the section of the page, or append it."""
    milliseconds: dict[str, dict[str, float]] = result["milliseconds"]
    lines = [f"| {name} | {t['p50']:.0f} | {t['p95']:.0f} |" for name, t in milliseconds.items()]
    section = "\n".join(
        [
            TITLE,
            "",
            f"`benchmarks/whatif.py {result['task']}`: {result['patients']} patients, one by one, from the private Neo4j.",
            "Model loaded, nothing written; the first three patients are not counted. Milliseconds.",
            "",
            "| part | p50 | p95 |",
            "|---|---|---|",
            *lines,
            "",
        ]
    )
    text = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else "# Benchmarks\n"
    before, _, rest = text.partition(TITLE)
    after = rest.partition("\n## ")
    PAGE.write_text(
        before.rstrip() + "\n\n" + section + (f"\n## {after[2]}" if after[1] else ""), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
