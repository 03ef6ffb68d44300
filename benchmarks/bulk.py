"""How fast the first load goes by Neo4j's importer (`cwm ingest --bulk`), beside the same by Bolt in the same run.

Run: python -m benchmarks.bulk [FOLDER | --scales 1 4] [--part 1.0] [--bolt-part 1.0] [--no-digest] [--json | --write]
The input is a folder of NDJSON, or the demo copied with other ids (`benchmarks.ingest`). Each side has a process and an
empty private Neo4j of its own. The clock of the bulk load runs from the command to the graph in its place: reading,
projecting, files, import, start of the new server, migrations, finishing, stop, exchange. That of Bolt runs from the start of
its server and the migrations to the end of the ingest. Processors that others use too change their speed within minutes, so the
bulk load is made once before that by Bolt and once after it, and the mean of both counts. `--bolt-part` takes the first part of
each file for Bolt only, where the whole takes too long: rates are compared then. `--no-digest` does not compare the graphs, which
takes longer than the loads and moves these apart in time.
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.ingest import PAGE, machine, multiply
from graph import Settings, open_graph, server
from graph.bulk.load import load
from graph.digest import digest
from graph.ingest import ingest
from graph.server.offline import size

TITLE = "## First load by the importer"


class Watch:
    """Looks five times a second at the processes below this one, and at the disk; keeps the most."""

    def __init__(self, home: Path) -> None:
        self.home, self.python, self.java, self.disk = home, 0, 0, 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _go(self) -> None:
        me = psutil.Process()
        while not self._end.wait(0.2):
            python, java = me.memory_info().rss, 0
            for child in me.children(recursive=True):
                try:
                    rss, name = child.memory_info().rss, child.name()
                except psutil.Error:
                    continue
                python, java = (python, java + rss) if "java" in name else (python + rss, java)
            self.python, self.java = max(self.python, python), max(self.java, java)
            try:
                self.disk = max(self.disk, size(self.home / "graph"))
            except OSError:
                continue  # a file went while we looked


def measure(folder: Path, what: str, *, digests: bool) -> dict[str, Any]:
    """One side, in this process."""
    settings = Settings()
    phases: dict[str, float] = {}
    began = time.monotonic()

    def step(done: int, total: int | None = None, what: str | None = None) -> None:  # noqa: ARG001
        phases.setdefault(
            "reading" if ":" in (what or "") or "last file" in (what or "") else what or "",
            time.monotonic() - began,
        )

    if what == "bolt":
        with open_graph(settings) as graph:
            report = ingest(graph, [folder])
            seconds = time.monotonic() - began
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            found = digest(graph) if digests else None
        return {
            "read": report.read,
            "seconds": seconds,
            "of_ingest": report.seconds,
            "digest": found,
            "peak_mb": peak,
        }
    with Watch(settings.home) as watch:
        report = load(settings, [folder], progress=step)
        seconds = time.monotonic() - began
    starts = [*phases.values(), seconds]
    took = {name: round(starts[i + 1] - at, 1) for i, (name, at) in enumerate(phases.items())}
    with open_graph(settings) as graph:
        found = digest(graph) if digests else None
        again = ingest(graph, [folder]) if report.read < 300_000 else None
    return {
        "read": report.read,
        "written": report.written,
        "references": report.references,
        "dangling": report.dangling,
        "seconds": seconds,
        "digest": found,
        "again_unchanged": None if again is None else again.unchanged,
        "phases": took,
        "python_mb": watch.python / 2**20,
        "java_mb": watch.java / 2**20,
        "disk_mb": watch.disk / 2**20,
        "store_mb": size(settings.home / "graph") / 2**20,
    }


def apart(folder: Path, what: str, *, digests: bool) -> dict[str, Any]:
    """One side in a process and a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"CWM_HOME": home, "CWM_GRACE": "0"}
        call = [sys.executable, "-m", "benchmarks.bulk", "--measure", what, str(folder)]
        call += [] if digests else ["--no-digest"]
        done = subprocess.run(call, env=env, check=True, stdout=subprocess.PIPE, text=True)
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        server.stop(Path(home) / "graph")
        return result | {"load": os.getloadavg()[0]}


def first_part(folder: Path, out: Path, part: float) -> Path:
    """The first part of every NDJSON file of a folder."""
    if part >= 1:
        return folder
    for path in sorted(folder.glob("*.ndjson.gz")):
        with gzip.open(path, "rb") as file:
            lines = sum(1 for _ in file)
        with gzip.open(path, "rb") as file, gzip.open(out / path.name, "wb", compresslevel=1) as into:
            for line, _ in zip(file, range(max(1, int(lines * part))), strict=False):
                into.write(line)
    return out


def compared(folder: Path, part: float, bolt_part: float, *, digests: bool) -> dict[str, Any]:
    """Both sides of one input."""
    with tempfile.TemporaryDirectory() as some, tempfile.TemporaryDirectory() as less:
        given = first_part(folder, Path(some), part)
        bulk = apart(given, "bulk", digests=digests)
        print(json.dumps(bulk), file=sys.stderr, flush=True)
        bolt = apart(first_part(given, Path(less), bolt_part), "bolt", digests=digests)
        print(json.dumps(bolt), file=sys.stderr, flush=True)
        again = apart(given, "bulk", digests=False)
        print(json.dumps(again), file=sys.stderr, flush=True)
    same = bulk["digest"] == bolt["digest"] if digests and bolt_part >= 1 else None
    return {
        "set": folder.name, "bulk": bulk, "bolt": bolt, "again": again, "same": same, "bolt_part": bolt_part
    }  # fmt: skip


COLUMNS = (
    "set",
    "resources",
    "by the importer, seconds",
    "resources/s",
    "by Bolt, resources/s",
    "times",
    "same digest",
    "peak memory, Python + Java",
    "disk, most and left",
)


def line(result: dict[str, Any]) -> str:
    """One row of the table."""
    bulk, bolt, again = result["bulk"], result["bolt"], result["again"]
    rate = 2 * bulk["read"] / (bulk["seconds"] + again["seconds"])
    other = bolt["read"] / bolt["seconds"]
    part = "" if result["bolt_part"] >= 1 else f" (first {bolt['read']:,})"
    cells = [
        result["set"],
        f"{bulk['read']:,}",
        f"{bulk['seconds']:,.1f} and {again['seconds']:,.1f}",
        f"{rate:,.0f}",
        f"{other:,.0f}{part}",
        f"{rate / other:.1f}",
        {True: "yes", False: "NO", None: "not compared"}[result["same"]],
        f"{bulk['python_mb']:,.0f} + {bulk['java_mb']:,.0f} MB",
        f"{bulk['disk_mb'] / 1024:.1f} and {bulk['store_mb'] / 1024:.1f} GB",
    ]
    return f"| {' | '.join(cells)} |"


def write(text: str) -> None:
    """Put the table into the page, after the words of its section."""
    page = PAGE.read_text(encoding="utf-8")
    before, title, rest = page.partition(f"{TITLE}\n")
    section, mark, others = rest.partition("\n## ")
    PAGE.write_text(before + title + section.partition("\n| set")[0] + f"\n{text}\n" + mark + others, "utf-8")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--scales", type=int, nargs="+", default=[1])
    parser.add_argument("--part", type=float, default=1.0, help="Part of the input to take.")
    parser.add_argument("--bolt-part", type=float, default=1.0, help="Part of that for Bolt.")
    parser.add_argument("--no-digest", action="store_true", help="Do not compare the graphs.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="Put the table into docs/benchmarks.md.")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        what, folder = given.measure
        print(json.dumps(measure(Path(folder), what, digests=not given.no_digest)))
        return
    results = []
    if given.folder:
        results.append(compared(given.folder, given.part, given.bolt_part, digests=not given.no_digest))
    else:
        for scale in given.scales:
            with tempfile.TemporaryDirectory() as made:
                multiply(Path(made), scale, given.part)
                found = compared(Path(made), 1, given.bolt_part, digests=not given.no_digest)
                results.append(found | {"set": f"demo {scale}x"})
    if given.json:
        print(json.dumps({"machine": machine(), "results": results}, indent=2))
        return
    phases = [
        f"{r['set']}: " + ", ".join(f"{what} {took} s" for what, took in r["bulk"]["phases"].items())
        for r in results
    ]
    text = "\n".join(
        [
            f"| {' | '.join(COLUMNS)} |",
            "|" + "---|" * len(COLUMNS),
            *map(line, results),
            "",
            *phases,
            "",
            machine(),
        ]
    )
    print(text)
    if given.write:
        write(text)


if __name__ == "__main__":
    main()
