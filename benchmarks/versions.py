"""What corrections cost: the same facts in several versions, each ingest against the first load.

Run: python -m benchmarks.versions [--part 0.2]
The observations and conditions of the demo go into an empty private Neo4j of its own that was warmed up. Then they come
again: as they are; published anew, with another ``meta.lastUpdated`` and nothing else; corrected, with a note; and in a
version older than the first.
"""

import argparse
import gzip
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.ingest import machine, multiply
from graph import Graph, open_graph
from graph.ingest import IngestReport, ingest

Resource = dict[str, Any]
DAYS = {"first": "2026-01-02", "anew": "2026-01-03", "corrected": "2026-01-04", "before": "2026-01-01"}


def split(folder: Path) -> tuple[list[Path], list[Resource]]:
    """The files of what is no fact, and the observations and conditions."""
    facts: list[Resource] = []
    others: list[Path] = []
    for path in sorted(folder.glob("*.ndjson.gz")):
        if "Observation" in path.name or "Condition" in path.name:
            facts += [orjson.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        else:
            others.append(path)
    return others, facts


def versions(facts: Iterable[Resource], day: str, **more: Any) -> Iterator[Resource]:
    """The facts as they were last updated on a day."""
    for fact in facts:
        yield fact | {"meta": {**fact.get("meta", {}), "lastUpdated": f"{DAYS[day]}T00:00:00Z"}} | more


def written(path: Path, resources: Iterable[Resource]) -> Path:
    """A file of resources."""
    path.write_bytes(b"\n".join(map(orjson.dumps, resources)) + b"\n")
    return path


def measure(graph: Graph, folder: Path, part: float) -> Iterator[tuple[str, IngestReport]]:
    """Each ingest with its name."""
    (folder / "in").mkdir()
    multiply(folder / "in", 1, part)
    others, facts = split(folder / "in")
    first = written(folder / "first.ndjson", versions(facts, "first"))
    ingest(graph, [*others, first])
    graph.write("admin.clear", batch=5000)
    ingest(graph, others)
    yield "first load", ingest(graph, [first])
    yield "the same again", ingest(graph, [first])
    anew = written(folder / "anew.ndjson", versions(facts, "anew"))
    yield "published anew", ingest(graph, [anew])
    note = {"note": [{"text": "corrected"}]}
    corrected = written(folder / "corrected.ndjson", versions(facts, "corrected", **note))
    yield "corrected", ingest(graph, [corrected])
    yield "corrections again", ingest(graph, [corrected])
    yield "before the correction, again", ingest(graph, [anew])
    before = written(folder / "before.ndjson", versions(facts, "before", note=[{"text": "draft"}]))
    yield "an older version, late", ingest(graph, [before])


def main() -> None:
    """Measure in a home of its own, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", type=float, default=0.2, help="Of the demo.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        os.environ |= {"CWM_HOME": home, "CWM_GRACE": "0"}
        with open_graph() as graph:
            print(
                "| ingest | facts | written | unchanged | facts/s | against the first load |\n|" + "---|" * 6
            )
            base = None
            for name, report in measure(graph, Path(folder), given.part):
                base = base or report.rate
                cells = [name, *(f"{n:,}" for n in (report.read, report.written, report.unchanged))]
                print(f"| {' | '.join(cells)} | {report.rate:,.0f} | {report.rate / base:.2f} |", flush=True)
        time.sleep(3)  # the private server ends with its last user
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
