"""How long a command waits for a private Neo4j that rests: with Java's archive of classes, and without it.

Run: python -m benchmarks.start [--rounds 5]
Each round makes a new graph (password, start, schema) and, once it has ended, starts it again, with the archive of
:mod:`graph.server.classes` and without (Java's own ``-Xshare:off``), in turn. The clock runs from opening the graph to the
answer to a first query. The archive is made before, if need be, and what that took is said.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.ingest import machine
from benchmarks.whatif import quantile
from graph import Settings, open_graph, server
from graph.server.lease import planned

WAYS = {"with": "", "without": "-Xshare:off"}
STARTS = ("a new graph", "started again")


def start(settings: Settings) -> tuple[float, float]:
    """Seconds until a query is answered, and CPU seconds of Java until then; the server has ended afterwards."""
    began = time.monotonic()
    with open_graph(settings) as graph:
        graph.read("admin.ping")
        seconds = time.monotonic() - began
        assert settings.embedded is not None  # noqa: S101  # it is in a folder of ours
        lease = server.current(settings.embedded)
        busy = sum(psutil.Process(lease.java.pid).cpu_times()[:2]) if lease else float("nan")
    server.stop(settings.embedded)
    return seconds, busy


def measure(rounds: int) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """What :func:`start` gave for each kind of start and each way, round by round."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for way, option in WAYS.items():
            os.environ["JDK_JAVA_OPTIONS"] = option
            with tempfile.TemporaryDirectory(prefix="cwm-start-") as home:
                settings = Settings(home=Path(home), graph=None, grace=0)
                for kind in STARTS:
                    found.setdefault((kind, way), []).append(start(settings))
    return found


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        planned(Settings(), Path(folder))
    print(f"The archive was there, or was made, after {time.monotonic() - began:.1f} s.\n")
    found = measure(rounds)
    print(
        "| start of | archive | median, s | longest, s | CPU s of Java |", "|---|---|---|---|---|", sep="\n"
    )
    for (kind, way), several in found.items():
        seconds, busy = ([*some] for some in zip(*several, strict=True))
        print(
            f"| {kind} | {way} | {quantile(seconds, 0.5):.1f} | {max(seconds):.1f} | {quantile(busy, 0.5):.1f} |"
        )
    for kind in STARTS:
        ratios = [w[0] / o[0] for w, o in zip(found[kind, "with"], found[kind, "without"], strict=True)]
        print(
            f"\n{kind}: with it {quantile(ratios, 0.5):.0%} of the time without (median of {rounds} rounds)"
        )
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
