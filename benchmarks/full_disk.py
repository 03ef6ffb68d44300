"""What does an ingest do when a disk is full? A real one: under the graph, or under what is set aside; and then space is made.

Run: python -m benchmarks.full_disk DISK --out disk.jsonl [--rounds 5] [--patients 20]
DISK is a folder on a small disk of its own, for instance `mount -t tmpfs -o size=400m tmpfs DISK`. For each round the graph is
emptied, a file of ballast leaves a random share of the space that an undisturbed ingest takes, and an ingest meets the end of
the disk. Then the ballast goes, Neo4j is ended (`cwm graph stop`), and the ingest is run again: its digest must be that of the
undisturbed one.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from benchmarks.faults import BATCH, INGEST
from graph import Settings, open_graph, server
from graph.digest import digest
from graph.server.space import free
from tests.data import demo_slice, write_ndjson

MIB = 2**20
Round = dict[str, Any]


def settings(disk: Path, rest: Path, whose: str) -> Settings:
    """The graph, or everything else, on the small disk; its end is met, not foreseen."""
    graph, home = (disk, rest) if whose == "graph" else (rest, disk)
    return Settings(graph=f"embedded:{graph}/graph", home=home / "home", disk_free=0, grace=5)


def take_in(given: Settings, folder: Path) -> tuple[int, str]:
    """The status of an ingest in a process of its own, and the first line of what it said of an error."""
    call = [sys.executable, "-c", INGEST, str(BATCH), "ingest", str(folder)]
    env = {"CWM_GRAPH": str(given.graph), "CWM_HOME": str(given.home), "CWM_DISK_FREE": "0", "CWM_GRACE": "5"}
    done = subprocess.run(call, env=os.environ | env, capture_output=True, text=True, check=False)
    lines = [" ".join(line.split()) for line in done.stderr.splitlines() if line.strip()]
    if "Traceback" in done.stderr:
        return done.returncode, f"TRACEBACK {lines[-1]}"
    return done.returncode, " / ".join(line for line in lines if line.startswith(("Error", "got")))


def summed(given: Settings) -> str:
    """The digest of the graph."""
    with open_graph(given) as graph:
        return digest(graph)


def emptied(given: Settings) -> None:
    """Empty the graph, and forget what was set aside."""
    with open_graph(given) as graph:
        graph.write("admin.clear", batch=5000)
    for path in (given.home / "set-aside").glob("*.ndjson"):
        path.unlink()


def whole_lines(given: Settings) -> bool:
    """Whether every line of what was set aside is whole."""
    texts = [path.read_bytes() for path in (given.home / "set-aside").glob("*.ndjson")]
    return all(text.endswith(b"\n") and all(map(orjson.loads, text.splitlines())) for text in texts if text)


def needed(given: Settings, disk: Path, folder: Path) -> tuple[int, str]:
    """Bytes that an undisturbed ingest takes from the disk, and the digest."""
    emptied(given)
    before = free(disk)
    status, said = take_in(given, folder)
    if status not in {0, 1} or "Error" in said:
        sys.exit(f"An undisturbed ingest failed: {said}")
    return before - free(disk), summed(given)


def one(given: Settings, disk: Path, folder: Path, left: int) -> Round:
    """One round: what came of the ingest on the full disk, and of the one after."""
    emptied(given)
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free(disk) - max(left, 2**16), 1))
    began = time.monotonic()
    status, said = take_in(given, folder)
    took = time.monotonic() - began
    whole = whole_lines(given)
    ballast.unlink()
    if given.embedded:  # as the message says: a database that met the end of its disk must be started anew
        server.stop(given.embedded)
    again, later = take_in(given, folder)
    return {
        "left": left, "status": status, "said": said, "seconds": round(took, 1), "lines whole": whole,
        "again": again, "later": later, "digest": summed(given),
    }  # fmt: skip


def measure(whose: str, given: argparse.Namespace, folder: Path, rest: Path) -> list[Round]:
    """All rounds of one disk."""
    where = settings(given.disk, rest, whose)
    rounds: list[Round] = []
    with open_graph(where):
        pass
    needs, want = needed(where, given.disk, folder)
    print(f"{whose}: an undisturbed ingest takes {needs / MIB:.1f} MiB, digest {want}", flush=True)
    for number in range(1, given.rounds + 1):
        share = random.Random(f"{given.seed} {whose} {number}").random()  # noqa: S311
        found = one(where, given.disk, folder, int(share * needs))
        rounds.append({"disk": whose, "number": number} | found | {"same": found["digest"] == want})
        print(rounds[-1], flush=True)
        with given.out.open("ab") as out:
            out.write(orjson.dumps(rounds[-1], option=orjson.OPT_APPEND_NEWLINE))
    if where.embedded:
        server.stop(where.embedded)
    return rounds


def main() -> None:
    """Measure and end with 1 when a digest was another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("disk", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--whose", nargs="+", choices=["graph", "home"], default=["graph", "home"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rounds: list[Round] = []
    with tempfile.TemporaryDirectory() as work:
        folder = write_ndjson(Path(work) / "fhir", demo_slice(given.patients))
        broken = (
            b'{"resourceType":"Patient","id":"no id %d","note":"%s"}\n' % (i, b"x" * 500) for i in range(3000)
        )
        (folder / "Broken.ndjson").write_bytes(b"".join(broken))
        for whose in given.whose:
            rounds += measure(whose, given, folder, Path(work))
    counts = Counter(
        (r["disk"], r["status"], r["said"], r["lines whole"], r["again"], r["same"]) for r in rounds
    )
    for what, count in counts.items():
        print(count, *what)
    sys.exit(0 if all(r["same"] for r in rounds) else 1)


if __name__ == "__main__":
    main()
