"""Whether the ingest gets slower as the graph grows, and how fast the same files go in again.

Run: python -m benchmarks.growth FOLDER... [--slice 100000] [--again]
The folders go into an empty private Neo4j of its own that is warmed up, in one ingest; a line is printed for each
successive slice of resources read (the reader is at most three batches, 9,000 resources, ahead of the writer). CPU seconds
are those of the ingest and of the server together, so that slices may be compared where other processes share the machine.
With --again the same ingest follows a second time, which finds everything unchanged.
"""

import argparse
import os
import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.ingest import machine, multiply
from benchmarks.servers import cpu
from graph import open_graph
from graph.ingest import IngestReport, ingest
from graph.server.lease import current

COLUMNS = (
    "resources",
    "resources/s",
    "resources a CPU second",
    "memory of the ingest",
    "memory of the server",
)
HEAD = (f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS))
_READ = re.compile(r": ([\d,]+) resources")


@dataclass
class Slices:
    """Watches an ingest by what it says of its progress."""

    size: int
    java: psutil.Process
    me: psutil.Process = field(default_factory=psutil.Process)
    last: tuple[int, float, float] = (0, 0.0, 0.0)
    rates: list[tuple[float, float]] = field(default_factory=list)
    """Of each whole slice: resources a second, resources a CPU second."""

    def begin(self) -> None:
        """Start the clock."""
        self.last = (0, time.monotonic(), self._busy())

    def __call__(  # done and total are of the protocol
        self,
        done: int,  # noqa: ARG002
        total: int | None = None,  # noqa: ARG002
        what: str | None = None,
    ) -> None:
        """One look, given by the ingest after every 1,000 resources."""
        match = _READ.search(what or "")
        if match and (read := int(match[1].replace(",", ""))) >= self.last[0] + self.size:
            self._slice(read)

    def _slice(self, read: int) -> None:
        before, clock, busy = self.last
        self.last = (read, time.monotonic(), self._busy())
        self.rates.append(((read - before) / (self.last[1] - clock), (read - before) / (self.last[2] - busy)))
        cells = [f"{read:,}", *(f"{rate:,.0f}" for rate in self.rates[-1])]
        cells += [f"{p.memory_info().rss / 2**20:,.0f} MB" for p in (self.me, self.java)]
        print(f"| {' | '.join(cells)} |", flush=True)

    def _busy(self) -> float:
        return cpu(self.me) + cpu(self.java)


def told(name: str, report: IngestReport) -> str:
    """What came of an ingest in one line."""
    counts = f"{report.read:,} read, {report.written:,} written, {report.unchanged:,} unchanged"
    return f"{name}: {counts}, {report.set_aside:,} set aside, {report.seconds:,.1f} s, {report.rate:,.0f} resources/s"


def load(folders: list[Path], size: int, again: bool) -> None:
    """Warm up, take in, say what came of it."""
    with open_graph() as graph, tempfile.TemporaryDirectory() as small:
        multiply(Path(small), 1, 0.05)
        ingest(graph, [small])
        graph.write("admin.clear", batch=5000)
        lease = current(graph.settings.home / "graph")
        if lease is None:
            raise SystemExit("This is measured in a private Neo4j: unset CWM_GRAPH.")
        print("\n".join(HEAD), flush=True)
        slices = Slices(size, psutil.Process(lease.java.pid))
        slices.begin()
        first = ingest(graph, folders, progress=slices)
        print(f"\n{told('First', first)}", flush=True)
        for number, kind in enumerate(("resources/s", "resources a CPU second")):
            rates = [rate[number] for rate in slices.rates]
            if rates:
                print(
                    f"{kind}: first slice {rates[0]:,.0f}, last {rates[-1]:,.0f}, slowest {min(rates):,.0f}"
                )
        if slices.rates:
            print(f"The whole against the first slice: {first.rate / slices.rates[0][0]:.0%}")
        if again:
            second = ingest(graph, folders)
            print(told("Again", second))
            print(f"Again, against the first time: {second.rate / first.rate:.1f} times")


def main() -> None:
    """Measure in a home of its own, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--slice", type=int, default=100_000, help="Resources of a line.")
    parser.add_argument("--again", action="store_true", help="Take the same in again.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"CWM_HOME": home, "CWM_GRACE": "0"}
        load(given.folders, given.slice, given.again)
        time.sleep(3)  # the private server ends with its last user
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
