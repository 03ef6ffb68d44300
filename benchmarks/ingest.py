"""How fast FHIR goes into the graph beside the floor: the same rows by bare `UNWIND ... CREATE` through the driver.

Run: python -m benchmarks.ingest [--scales 1 4 16] [--part 1.0] [--json | --write]
The input is the NDJSON of docs/demo/fhir, copied with other ids until it is 1, 4 and 16 times as big. Each scale has an
empty private Neo4j of its own, warmed up with some thousand resources. The floor is single-threaded: rows are made before
the clock runs, and only the time inside the driver's calls is counted (nodes first, then concepts, then relationships,
both ends found by the unique key). Processors that others use too change their speed within minutes, so it is run once before
the ingest and once after it, and the mean of both counts. Memory is the greatest resident size of the process that ingests.
"""

import argparse
import gzip
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from graph import Graph, open_graph, queries
from graph.fhir.read import Found, read
from graph.ingest import ingest
from graph.ingest_rows import Row, row
from graph.ingest_write import batches

DEMO = Path(__file__).parents[1] / "docs/demo/fhir"
SHARED = ("Organization", "Practitioner", "PractitionerRole", "Location")
PAGE = Path(__file__).parents[1] / "docs/benchmarks.md"
TITLE = "## Ingest"
_REFERENCE = re.compile(rf'"reference":"(?!(?:{"|".join(SHARED)})/)([A-Z][A-Za-z]+)/')
_ID = re.compile(r'("resourceType":"[A-Za-z]+","id":")')


def multiply(out: Path, scale: int, part: float) -> None:
    """The demo's NDJSON `scale` times, each copy with ids of its own; hospitals and practitioners are the same for all."""
    for path in sorted(DEMO.glob("*.ndjson.gz")):
        lines = gzip.decompress(path.read_bytes()).decode().split("\n")[:-1]
        shared = path.name.split(".")[0] in SHARED
        lines = lines if shared else lines[: max(1, int(len(lines) * part))]
        for copy in range(1 if shared else scale):
            with gzip.open(out / f"{copy:02}-{path.name}", "wt", compresslevel=1, encoding="utf-8") as file:
                for line in lines:
                    told = line if copy == 0 else _ID.sub(rf"\g<1>{copy}-", line, count=1)
                    file.write(
                        (told if copy == 0 else _REFERENCE.sub(rf'"reference":"\1/{copy}-', told)) + "\n"
                    )


def rows(folder: Path, limit: int) -> Iterator[list[Row]]:
    """Batches as the ingest makes them."""
    found = (row(item, "floor") for item in read([folder], limit) if isinstance(item, Found))
    return batches((made for made in found if isinstance(made, Row)), 3000, 12 * 2**20)


def floor(graph: Graph, folder: Path) -> dict[str, float]:
    """The same rows, and nothing but writing them."""
    clock, nodes, links, concepts = 0.0, 0, 0, {}
    ends: set[str] = set()
    keys: set[str] = set()
    with graph.driver.session(database=graph.database) as session:

        def write(name: str, given: list[Any]) -> float:
            began = time.perf_counter()
            session.execute_write(lambda tx: tx.run(queries.named(name).text, rows=given).consume())
            return time.perf_counter() - began

        for batch in rows(folder, graph.settings.line_limit):
            made = [node for r in batch for node in r.nodes]
            clock += write("floor.create", made)
            nodes += len(made)
            keys.update(node["key"] for node in made)
            for r in batch:
                concepts.update(r.concepts)
                ends.update(link["a"] for link in r.links)
                ends.update(link["b"] for link in r.links)
        others = [{"labels": ["Concept"], "props": concept, "times": []} for concept in concepts.values()]
        others += [
            {"labels": ["Resource", "Dangling"], "props": {"key": k}, "times": []}
            for k in sorted(ends - keys)
        ]
        for begin in range(0, len(others), 3000):
            clock += write("floor.create", others[begin : begin + 3000])
        for batch in rows(folder, graph.settings.line_limit):
            for name, some in (
                ("link", [x for r in batch for x in r.links]),
                ("code", [x for r in batch for x in r.codes]),
            ):
                clock += write(f"floor.{name}", some)
                links += len(some)
    return {"seconds": clock, "nodes": nodes, "links": links}


def measure(folder: Path, what: str) -> dict[str, Any]:
    """One measurement in this process, on an empty graph that is warm."""
    with open_graph() as graph, tempfile.TemporaryDirectory() as warm:
        multiply(Path(warm), 1, 0.05)
        ingest(graph, [warm])
        graph.write("admin.clear", batch=5000)
        java = max(psutil.process_iter(["cmdline", "create_time"]), key=lambda p: _is_server(p, graph))
        busy, own = sum(java.cpu_times()[:2]), time.process_time()
        if what == "ingest":
            report = ingest(graph, [folder])
            result: dict[str, Any] = {
                "seconds": report.seconds,
                "nodes": report.nodes,
                "links": report.references,
            }
            result |= {"resources": report.read, "dangling": report.dangling}
        else:
            result = floor(graph, folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cpu = {"cpu_server": sum(java.cpu_times()[:2]) - busy, "cpu_client": time.process_time() - own}
        return result | cpu | {"peak_mb": peak}


def _is_server(process: psutil.Process, graph: Graph) -> float:
    line = " ".join(process.info["cmdline"] or [])
    return (
        process.info["create_time"]
        if "CommunityEntryPoint" in line and str(graph.settings.home) in line
        else 0.0
    )


def apart(folder: Path, what: str) -> dict[str, Any]:
    """One measurement in a process and a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"CWM_HOME": home, "CWM_GRACE": "0"}
        call = [sys.executable, "-m", "benchmarks.ingest", "--measure", what, str(folder)]
        done = subprocess.run(call, env=env, check=True, stdout=subprocess.PIPE, text=True)
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        time.sleep(3)  # the private server ends with its last user
        return result


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scales", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--part", type=float, default=1.0, help="Part of the demo's resources to take.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="Put the table into docs/benchmarks.md.")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        what, folder = given.measure
        print(json.dumps(measure(Path(folder), what)))
        return
    results = []
    for scale in given.scales:
        with tempfile.TemporaryDirectory() as folder:
            multiply(Path(folder), scale, given.part)
            before, took, after = (apart(Path(folder), what) for what in ("floor", "ingest", "floor"))
            results.append({"scale": scale, "ingest": took, "floor": [before, after]})
        print(line(results[-1]), file=sys.stderr, flush=True)
    if given.json:
        print(json.dumps({"machine": machine(), "results": results}, indent=2))
    else:
        print(text := "\n".join([*HEAD, *map(line, results), "", machine()]))
        if given.write:
            write(text)


COLUMNS = (
    "scale", "resources", "resources/s", "nodes/s", "relationships/s", "seconds", "floor, seconds", "of the floor",
    "peak memory", "CPU s, client + server", "CPU s, floor's server",
)  # fmt: skip
HEAD = (f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS))


def line(result: dict[str, Any]) -> str:
    """One row of the table."""
    took, bare = result["ingest"], result["floor"]
    per = took["seconds"]
    floor_, java = (statistics.mean(one[what] for one in bare) for what in ("seconds", "cpu_server"))
    cells = [
        f"{result['scale']}x",
        f"{took['resources']:,}",
        *(f"{took[what] / per:,.0f}" for what in ("resources", "nodes", "links")),
        f"{per:,.1f}",
        " and ".join(f"{one['seconds']:,.1f}" for one in bare),
        f"{floor_ / per:.0%}",
        f"{took['peak_mb']:,.0f} MB",
        f"{took['cpu_client']:,.0f} + {took['cpu_server']:,.0f}",
        f"{java:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def write(table: str) -> None:
    """Put the table into the page, after the words of its section."""
    page = PAGE.read_text(encoding="utf-8")
    before, title, rest = page.partition(f"{TITLE}\n")
    section, mark, others = rest.partition("\n## ")
    words = section.partition("\n| scale")[0]
    PAGE.write_text(before + title + words + f"\n{table}\n" + mark + others, encoding="utf-8")


def machine() -> str:
    """What it was measured on."""
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} CPUs, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}, load {load:.1f}"


if __name__ == "__main__":
    main()
