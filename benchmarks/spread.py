"""An ingest with its rows made by Dask workers, beside one without: what the ingesting process still has to do.

Run: python -m benchmarks.spread [--workers 1 2] [--part 0.2] [--no-graph] [--json]
First the rows alone, made here and by the workers, without a database; then whole ingests, each in an empty private Neo4j
that is warm. Scheduler, workers, database and this process share the machine, so on few cores no gain can show: what to read
is the CPU time of the ingesting process, which is what several machines would be free of.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchmarks.ingest import machine, multiply
from graph import Settings, open_graph
from graph.fhir.read import read
from graph.ingest import ingest
from graph.ingest_memory import seldom_collected
from graph.spread import projecting
from tests.servers.dask import cluster

HEAD = ("what", "workers", "resources", "seconds", "resources/s", "CPU s of the ingesting process")


@contextmanager
def scheduler(workers: int) -> Iterator[str | None]:
    """The address of a scheduler with so many workers; None for no worker."""
    if not workers:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), workers) as running:
        yield running.address


def timed(work: Callable[[], int]) -> dict[str, float]:
    """Resources, seconds, and CPU seconds of this process."""
    began, busy = time.perf_counter(), time.process_time()
    resources = work()
    return {
        "resources": resources,
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - busy,
    }


def rows(folder: Path, address: str | None) -> int:
    """Make all rows and drop them."""
    settings = Settings(dask=address)
    with projecting(settings) as project, seldom_collected():
        return sum(1 for _ in project(read([folder], settings.line_limit), "bench", None))


def whole(folder: Path, address: str | None) -> dict[str, float]:
    """One ingest into an empty graph in a home of its own."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as warm:
        with open_graph(Settings(home=home, grace=0, dask=address)) as graph:
            multiply(Path(warm), 1, 0.03)
            ingest(graph, [warm])
            graph.write("admin.clear", batch=5000)
            found = timed(lambda: ingest(graph, [folder]).read)
        time.sleep(3)  # the private server ends with its last user
    return found


def main() -> None:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--part", type=float, default=0.2, help="Part of the demo's resources to take.")
    parser.add_argument("--no-graph", action="store_true", help="The rows alone.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        multiply(folder, 1, given.part)
        for workers in [0, *given.workers]:
            with scheduler(workers) as address:
                alone = partial(rows, folder, address)
                alone()  # not counted: modules and mappings are loaded
                found.append({"what": "rows alone", "workers": workers, **timed(alone)})
                if not given.no_graph:
                    found.append({"what": "ingest", "workers": workers, **whole(folder, address)})
    if given.json:
        print(json.dumps({"machine": machine(), "found": found}, indent=2))
        return
    print(f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD), sep="\n")
    for one in sorted(found, key=itemgetter("what"), reverse=True):
        rate = one["resources"] / one["seconds"]
        cells = [one["what"], str(one["workers"] or "none"), f"{one['resources']:,}", f"{one['seconds']:.1f}"]
        print("| " + " | ".join([*cells, f"{rate:,.0f}", f"{one['cpu']:.1f}"]) + " |")
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
