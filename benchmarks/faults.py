"""Is an ingest that was killed the same as one that was not? `kill -9` of it and of the database, each at random moments.

Run: CWM_HOME=/tmp/faults CWM_GRACE=300 python -m benchmarks.faults --out faults.jsonl [--moments 20] [--patients 20] [--seed 1]
For each moment the graph is emptied, an ingest of a slice of the demo is begun in a process of its own, one of the two is
killed after a random share of the time that an undisturbed ingest takes, and the ingest is run again to its end. The digest
of the graph must be that of the undisturbed one. When the database is killed its keeper starts it again, and the ingest
either goes on by itself or ends with one line; both are counted. Each moment is a line of `--out`; those that are there
are not done again, so it may be broken off, or done in parts (`--stop-after SECONDS`).
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
from typing import Any

import orjson

from graph import Settings, open_graph, server
from graph.digest import digest
from tests.data import demo_slice, write_ndjson

BATCH = 100
"""Resources of one transaction: a thirtieth of the usual, so that there are more places to be killed between two."""
INGEST = """
import sys, graph.ingest
from cli.main import run
graph.ingest.BATCH, take_in = int(sys.argv.pop(1)), graph.ingest.ingest
def told(*given, **named):
    print("on", flush=True)
    return take_in(*given, **named)
graph.ingest.ingest = told
run()
"""
"""`cwm ingest` that says when it begins."""
Round = dict[str, Any]


def begin(folder: Path) -> subprocess.Popen[str]:
    """An ingest in a process of its own, connected and about to read."""
    call = [sys.executable, "-c", INGEST, str(BATCH), "ingest", str(folder)]
    child = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    next(iter(child.stdout or ()), "")
    return child


def through(folder: Path) -> float:
    """Seconds of an ingest that is left alone; it must succeed."""
    child, began = begin(folder), time.monotonic()
    _, said = child.communicate()
    if child.returncode:
        sys.exit(f"An undisturbed ingest failed: {said}")
    return time.monotonic() - began


def disturb(settings: Settings, folder: Path, whom: str, after: float) -> str:
    """Kill one of the two after so many seconds; what came of the ingest."""
    child = begin(folder)
    time.sleep(after)
    if whom == "ingest":
        child.send_signal(signal.SIGKILL)
    else:
        kill_database(settings)
    _, said = child.communicate()
    lines = [" ".join(line.split()) for line in said.splitlines() if line.startswith("Error")]
    names = {0: "went on to its end", -9: "was killed"}
    return names.get(child.returncode, f"ended: {' '.join(lines)[:90] or 'TRACEBACK'}")


def kill_database(settings: Settings) -> None:
    """Kill Java."""
    lease = server.current(settings.home / "graph")
    if lease is None:
        sys.exit("No server runs: is CWM_GRAPH set?")
    os.kill(lease.java.pid, signal.SIGKILL)


def emptied(settings: Settings) -> None:
    """Empty the graph, however the last disturbance left the server."""
    with open_graph(settings) as graph:
        graph.write("admin.clear", batch=5000)


def held(settings: Settings) -> int:
    """How many resources the graph holds."""
    with open_graph(settings) as graph:
        rows = graph.read("schema.labels")
    return sum(r["nodes"] for r in rows if "Resource" in r["labels"] and "Dangling" not in r["labels"])


def summed(settings: Settings) -> str:
    """The digest of the graph."""
    with open_graph(settings) as graph:
        return digest(graph)


def undisturbed(settings: Settings, folder: Path) -> tuple[dict[str, float], str]:
    """Seconds of an ingest into a server that is warm, and into one that was killed just now; and the digest."""
    whole = {}
    for whom in ("ingest", "database"):
        emptied(settings)
        through(folder)
        if whom == "database":
            kill_database(settings)
        emptied(settings)
        whole[whom] = through(folder)
    return whole, summed(settings)


def one(settings: Settings, folder: Path, whom: str, whole: float, share: float) -> Round:
    """One moment: what came of it, and the digest after the second run."""
    emptied(settings)
    after = share * whole
    came = disturb(settings, folder, whom, after)
    there = held(settings)
    again = through(folder)
    return {
        "after": round(after, 2),
        "came": came,
        "held": there,
        "again": round(again, 1),
        "digest": summed(settings),
    }


def measure(settings: Settings, folder: Path, given: argparse.Namespace) -> list[Round]:
    """All moments, each a line of the file as soon as it is done."""
    done = [orjson.loads(line) for line in given.out.read_bytes().splitlines()] if given.out.exists() else []
    known = {(r["whom"], r["number"]) for r in done}
    todo = [
        (w, n) for w in ("ingest", "database") for n in range(1, given.moments + 1) if (w, n) not in known
    ]
    if not todo:
        return done
    stop = time.monotonic() + given.stop_after
    whole, want = undisturbed(settings, folder)
    print(f"undisturbed: {whole} s, digest {want}", flush=True)
    with given.out.open("ab") as out:
        for whom, number in todo:
            if time.monotonic() > stop:
                break
            share = random.Random(f"{given.seed} {whom} {number}").random()  # noqa: S311
            found = one(settings, folder, whom, whole[whom], share)
            row = {"whom": whom, "number": number, "share": round(share, 3)} | found
            row["same"] = row["digest"] == want
            done.append(row)
            out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            out.flush()
            print(row, flush=True)
    return done


def sums(rounds: list[Round]) -> list[str]:
    """What came of them, counted."""
    counts = Counter((r["whom"], r["came"], r["same"]) for r in rounds)
    return [
        f"{n:3} {whom} killed, the ingest {came}: {'same' if same else 'OTHER'} digest"
        for (whom, came, same), n in sorted(counts.items())
    ]


def main() -> None:
    """Measure and end with 1 when a digest was another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--stop-after", type=float, default=1e9, help="Begin no moment after so many seconds."
    )
    given = parser.parse_args()
    settings = Settings()
    with tempfile.TemporaryDirectory() as folder, open_graph(settings):
        slice_ = write_ndjson(Path(folder), demo_slice(given.patients))
        rounds = measure(settings, slice_, given)
    print(*sums(rounds), sep="\n")
    print("digests:", sorted({r["digest"] for r in rounds}))
    sys.exit(0 if all(r["same"] for r in rounds) else 1)


if __name__ == "__main__":
    main()
