"""Is the first load by Neo4j's importer (`cwm ingest --bulk`) what an ingest gives, and is it whole or nothing when it is killed?

Run: python -m benchmarks.bulk_faults [--same 5] [--kill 10]
`--same` loads made, awkward files (versions, deletions, bundles, references to nothing) in random orders both ways, and
compares every property of every node and relationship. `--kill` sends SIGKILL to loads at random moments, looks whether
nothing is there or the whole, loads again where nothing is, and compares the digest.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from graph import Settings, open_graph, server
from graph.bulk.load import load
from graph.digest import digest
from graph.ingest import ingest
from tests.graph.awkward import everything, files, shuffled


def same(times: int) -> None:
    """Awkward files in random orders, both ways."""
    for seed in range(times):
        with tempfile.TemporaryDirectory() as home:
            paths = shuffled(files(Path(home) / "in", patients=3), seed)
            sides = [Settings(home=Path(home) / side, grace=0) for side in ("bolt", "bulk")]
            load(sides[1], paths, workers=1 + seed % 2)
            with open_graph(sides[0]) as graph:
                ingest(graph, paths)
                one = everything(graph)
            with open_graph(sides[1]) as graph:
                other = everything(graph)
            print(
                f"order {seed}: {len(one):,} nodes and relationships, {len(one ^ other)} differ", flush=True
            )
            for side in sides:
                server.stop(side.home / "graph")


def kill(times: int) -> None:
    """Loads that are killed at random moments."""
    chance = random.Random(1)  # noqa: S311
    with tempfile.TemporaryDirectory() as home:
        paths = files(Path(home) / "in", patients=3)
        settings = Settings(home=Path(home) / "whole", grace=0)
        began = time.monotonic()
        load(settings, paths)
        whole = time.monotonic() - began
        with open_graph(settings) as graph:
            expected = digest(graph)
        server.stop(settings.home / "graph")
        code = "import sys; from cli.main import run; sys.argv[0] = 'cwm'; run()"
        for number in range(times):
            settings = Settings(home=Path(home) / f"killed-{number}", grace=0)
            env = os.environ | {"CWM_HOME": str(settings.home), "CWM_GRACE": "0"}
            call = [sys.executable, "-c", code, "ingest", "--bulk", *map(str, paths)]
            begun = subprocess.Popen(call, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            moment = chance.uniform(0, whole + 1)
            time.sleep(moment)
            begun.kill()
            begun.wait()
            there = (settings.home / "graph" / "neo4j" / "data" / "databases" / "neo4j").exists()
            if not there:
                load(settings, paths)
            with open_graph(settings) as graph:
                found = digest(graph)
            server.stop(settings.home / "graph")
            left, equal = "whole" if there else "nothing", "equal" if found == expected else "OTHER"
            print(f"killed after {moment:.1f} of {whole:.1f} s: left {left}; digest {equal}", flush=True)


def main() -> None:
    """Compare, kill, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--same", type=int, default=5, help="Random orders to compare.")
    parser.add_argument("--kill", type=int, default=10, help="Loads to kill.")
    given = parser.parse_args()
    same(given.same)
    kill(given.kill)


if __name__ == "__main__":
    main()
