"""The same bundles into HAPI FHIR JPA, into sekmet-fhir and into the graph, one after the other on one machine.

Run: python -m benchmarks.peers [FOLDER] [--resources 15000] [--warm 2000] [--write]
Or with --sweep, which looks for each server's best setting. FOLDER holds *.ndjson.gz; without it the demo's is taken.
Every one takes in first what is not counted: whole patients of about --warm resources, and the organisations, locations,
practitioners and medications that these and the counted refer to; then whole patients of about --resources. The bulk load
is for an empty graph, so it takes in all that there is. Servers get transactions of PUTs from clients in parallel, without
validation, without checks of references and with
`Prefer: return=minimal`; what they hold is counted by `_summary=count` before and after, and the rate is of what was
stored. The graph takes the same bundles as files. HAPI needs a JDK; CWM_TEST_HAPI=1 lets Maven fetch its jars.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import psutil

from benchmarks.bundles import DEMO, Demo, bundles, demo, write
from benchmarks.ingest import PAGE, machine
from benchmarks.servers import PEERS, Taken, begin, cpu, measure, peak, sweep
from benchmarks.watch import Watch
from graph import open_graph
from graph.ingest import ingest
from graph.server.lease import current

TITLE = "## Beside FHIR servers"
COLUMNS = (
    "into", "sent as", "resources stored", "not stored", "seconds", "resources/s", "resources a CPU second",
    "peak memory", "CPU s, server + client",
)  # fmt: skip
HEAD = (f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS))
BOLT, BULK = "cwm ingest (Bolt)", "cwm ingest --bulk"
SIZE = 250
"""Entries of a bundle for the graph, which makes batches of its own."""


def ours(first: list[bytes], counted: list[bytes]) -> Taken:
    """The same bundles as files, in a process and a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        write(at / "warm", bundles(first, SIZE))
        write(at / "counted", bundles(counted, SIZE))
        env = os.environ | {"CWM_HOME": str(at / "home"), "CWM_GRACE": "0"}
        call = [sys.executable, "-m", "benchmarks.peers", "--measure", str(at)]
        done = subprocess.run(call, env=env, check=True, stdout=subprocess.PIPE, text=True)
        time.sleep(3)  # the private server ends with its last user
        return Taken(**json.loads(done.stdout.splitlines()[-1]))


def taken_in(folder: Path) -> Taken:
    """One measurement of the ingest in this process, on its private graph."""
    with open_graph() as graph:
        before = ingest(graph, [folder / "warm"])
        lease = current(graph.settings.home / "graph")
        if lease is None:
            raise SystemExit("The graph is measured in a private Neo4j: unset CWM_GRAPH.")
        java, me = psutil.Process(lease.java.pid), psutil.Process()
        busy, own = cpu(java), time.process_time()
        report = ingest(graph, [folder / "counted"])
        spent, mine = cpu(java) - busy, time.process_time() - own
        nodes = sum(row["nodes"] for row in graph.read("schema.labels"))
        return Taken(
            BOLT, f"files of {SIZE} entries", report.written, report.seconds, report.read - report.written,
            peak(java) + peak(me), spent, mine, nodes / (before.written + report.written),
        )  # fmt: skip


def bulk(data: Demo) -> Taken:
    """All bundles through Neo4j's bulk importer, which is for the first load of a graph: nothing is warm."""
    lines = [*data.directory.values(), *(line for own in data.patients for line in own)]
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        write(at / "all", bundles(lines, SIZE))
        env = os.environ | {"CWM_HOME": str(at / "home"), "CWM_GRACE": "0"}
        command = [
            sys.executable,
            "-c",
            "from cli.main import run; run()",
            "ingest",
            "--bulk",
            "--json",
            str(at / "all"),
        ]
        with Watch(at / "home") as watch:
            done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
        time.sleep(3)
        report = json.loads(done.stdout)
        return Taken(
            BULK, f"files of {SIZE} entries, all", report["written"], report["seconds"],
            report["read"] - report["written"], watch.peak_mb, watch.seconds, 0.0,
        )  # fmt: skip


def line(taken: Taken) -> str:
    """One row of the table."""
    cells = [
        taken.name, taken.setting, f"{taken.resources:,}", f"{taken.lost:,}", f"{taken.seconds:,.1f}", f"{taken.rate:,.0f}",
        f"{taken.thrift:,.0f}", f"{taken.peak_mb:,.0f} MB",
        f"{taken.cpu_server:,.0f} + {taken.cpu_client:,.0f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def reached(results: list[Taken], wanted: dict[str, float]) -> list[str]:
    """What is wanted of the ingest beside each server, and what came out; CPU is changed less by others than time."""
    rows = ["| wanted | by | reached | | by CPU seconds |", "|---|---|---|---|---|"]
    mine = [taken for taken in results if taken.name in {BOLT, BULK}]
    for peer in (taken for taken in results if taken.name in wanted):
        for taken in mine:
            got, thrift, times = taken.rate / peer.rate, taken.thrift / peer.thrift, wanted[peer.name]
            cells = f"{got:.1f} times | {_met(got >= times)} | {thrift:.1f} times"
            rows.append(f"| at least {times:g} times {peer.name} | {taken.name} | {cells} |")
    for name, nodes in ((taken.name, taken.nodes) for taken in mine):
        if nodes is not None:
            rows.append(f"| at most 1.5 nodes a resource | {name} | {nodes:.2f} | {_met(nodes <= 1.5)} | |")
    return rows


def _met(yes: bool) -> str:
    return "met" if yes else "not met"


def put(text: str, title: str) -> None:
    """Write the tables into the page, after the words of their section."""
    before, head, rest = PAGE.read_text(encoding="utf-8").partition(f"{title}\n")
    if not head:
        raise SystemExit(f"{PAGE} has no section '{title}'.")
    section, mark, others = rest.partition("\n## ")
    words = section.partition("\n| into")[0]
    PAGE.write_text(f"{before}{head}{words}\n{text}\n{mark}{others}", encoding="utf-8")


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folder", type=Path, nargs="?", default=DEMO, help="Of *.ndjson.gz, in place of the demo."
    )
    parser.add_argument("--resources", type=int, default=15_000, help="Resources that are counted, about.")
    parser.add_argument("--warm", type=int, default=2000, help="Resources of patients before these, about.")
    parser.add_argument("--only", nargs="+", default=None, help="Those whose names begin so.")
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--write", action="store_true", help="Put the tables into docs/benchmarks.md.")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(asdict(taken_in(given.measure))))
        return
    data, load = demo(given.folder), os.getloadavg()[0]
    wanted, (first, counted) = tuple(given.only or [""]), begin(data, given.resources, given.warm)
    if given.sweep:
        for peer in PEERS:
            for told in sweep(peer, first, counted) if peer.name.startswith(wanted) else ():
                print(told, flush=True)
        return
    chosen = [peer for peer in PEERS if peer.chosen]
    steps = {peer.name: partial(measure, peer, first, counted) for peer in chosen}
    steps |= {BOLT: partial(ours, first, counted), BULK: partial(bulk, data)}
    results = []
    for step in (step for name, step in steps.items() if name.startswith(wanted)):
        results.append(step())
        print(line(results[-1]), file=sys.stderr, flush=True)
    place = f"{machine()}; before it began {load:.1f}"
    page = [
        *HEAD,
        *map(line, results),
        "",
        *reached(results, {peer.name: peer.wanted for peer in chosen}),
        "",
        place,
    ]
    print(text := "\n".join(page))
    if given.write:
        put(text, TITLE if given.folder.resolve() == DEMO else f"{TITLE}: {given.folder.name}")


if __name__ == "__main__":
    main()
