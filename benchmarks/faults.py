"""Is an ingest that was killed the same as one that was not? `kill -9` of it and of the database, each at random moments.

Run: CWM_HOME=/tmp/faults python -m benchmarks.faults [--moments 20] [--patients 60] [--seed 1]
For each moment the graph is emptied, an ingest of a slice of the demo is begun in a process of its own, one of the two is
killed after a random part of the time that an undisturbed ingest takes, and the ingest is run again to its end. The digest
of the graph must be that of the undisturbed one. When the database is killed its keeper starts it again, and the ingest
either goes on by itself or ends with one line; both are counted.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from graph import Settings, open_graph, server
from graph.digest import digest
from tests.data import demo_slice, write_ndjson

INGEST = [sys.executable, "-c", "from cli.main import run; run()", "ingest", "--json"]


def begin(folder: Path) -> subprocess.Popen[str]:
    """An ingest in a process of its own."""
    return subprocess.Popen(
        [*INGEST, str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def disturb(settings: Settings, folder: Path, whom: str, after: float) -> str:
    """Kill one of the two after so many seconds; gives what came of the ingest."""
    child = begin(folder)
    time.sleep(after)
    if whom == "ingest":
        child.send_signal(signal.SIGKILL)
    else:
        lease = server.current(settings.home / "graph")
        if lease is None:
            sys.exit("No server runs: is CWM_GRAPH set?")
        os.kill(lease.java.pid, signal.SIGKILL)
    _, said = child.communicate()
    return {0: "went on to its end", -9: "was killed"}.get(child.returncode, f"ended with {_last(said)}")


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return f"{len(lines)} lines: {lines[0][:80]}" if lines else "no word"


def emptied(settings: Settings) -> None:
    """Empty the graph, however the last disturbance left the server."""
    with open_graph(settings) as graph:
        graph.write("admin.clear", batch=5000)


def measure(settings: Settings, folder: Path, moments: int, chance: random.Random) -> bool:
    """Print a line a moment and the sums; true when every digest was that of the undisturbed ingest."""
    emptied(settings)
    began = time.monotonic()
    begin(folder).wait()
    whole = time.monotonic() - began
    want = _digest(settings)
    print(f"undisturbed: {whole:.1f} s, digest {want}", flush=True)
    sums: Counter[str] = Counter()
    for whom in ("ingest", "database"):
        for number in range(1, moments + 1):
            emptied(settings)
            after = chance.uniform(0.2, whole)
            came = disturb(settings, folder, whom, after)
            with open_graph(settings):
                begin(folder).wait()
            same = _digest(settings) == want
            sums[f"{whom} killed, it {came}: {'same' if same else 'OTHER'} digest"] += 1
            print(f"{whom} {number} after {after:.1f} s: {came}; {'same' if same else 'OTHER'}", flush=True)
    for what, count in sorted(sums.items()):
        print(f"{count:3} {what}")
    return not any("OTHER" in what for what in sums)


def _digest(settings: Settings) -> str:
    with open_graph(settings) as graph:
        return digest(graph)


def main() -> None:
    """Measure and end with 1 when a digest was another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    settings = Settings()
    with tempfile.TemporaryDirectory() as folder, open_graph(settings):
        slice_ = write_ndjson(Path(folder), demo_slice(given.patients))
        good = measure(settings, slice_, given.moments, random.Random(given.seed))  # noqa: S311
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
