"""How long the largest patient's journey takes to read, as known at several instants: `graph.journey.journey`.

Run: CWM_HOME=<a loaded home> python -m benchmarks.journey [--rounds 40] [--json]
The largest patient is the one with most facts and encounters. The instants are quarters of that patient's record, by the
order in which it became known, and all of it (no instant). Each is read some times before the clock runs. The first look
at a patient reads the record whole, and it is kept; later ones take it from memory as long as nothing is committed. Since
other work on the machine makes any wall clock longer, the CPU time that one of the later looks takes of the database and of
this process stands beside it. Then comes what one person meets who moves through the whole record: as many instants as
rounds, one after the other, with nothing kept when it begins. Last comes one first look at each of all patients: what a
round through a ward meets, or a service that is asked about whoever comes.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psutil

from benchmarks.ingest import _is_server, machine
from benchmarks.whatif import quantile
from graph import Graph, open_graph
from graph.journey import Journey, journey
from graph.patients import listed

WARM = 15
LOOKS = ("first", "later")
HEAD = (
    "known",
    "rows",
    *(f"{look}, {of}" for look in LOOKS for of in ("p50", "p95")),
    "CPU, database",
    "CPU, here",
)


def largest(graph: Graph) -> str:
    """The key of the patient with most encounters and facts."""
    everybody = listed(graph, limit=1_000_000)
    return f"Patient/{max(everybody, key=lambda row: row['encounters'] + row['facts'])['id']}"


def size(seen: Journey) -> int:
    """Encounters and facts, each component one of its own."""
    return len(seen.encounters) + len(seen.facts)


def learnt(graph: Graph, patient: str) -> list[datetime]:
    """When each row of the record became known, in order."""
    whole = journey(graph, patient)
    return sorted(row["recorded"] for row in (*whole.encounters, *whole.facts) if row["recorded"])


def instants(graph: Graph, patient: str) -> dict[str, datetime | None]:
    """Quarters of the record, and all of it."""
    known = learnt(graph, patient)
    quarters = {f"{part:.0%}": known[int(part * (len(known) - 1))] for part in (0.25, 0.5, 0.75, 1)}
    return {**quarters, "no instant": None}


def milliseconds(
    rounds: int,
    work: Callable[[], Any],
    java: psutil.Process | None,
    before: Callable[[], Any] = lambda: None,
) -> dict[str, float]:
    """Median and 95th percentile of some calls, and CPU of each with what comes ``before``; the first calls are not counted."""
    taken: list[float] = []
    for _ in range(WARM):
        before()
        work()
    busy, own = sum(java.cpu_times()[:2]) if java else 0.0, time.process_time()
    for _ in range(rounds):
        before()
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    own = (time.process_time() - own) * 1000 / rounds
    server = (sum(java.cpu_times()[:2]) - busy) * 1000 / rounds if java else float("nan")
    return {"p50": quantile(taken, 0.5), "p95": quantile(taken, 0.95), "server": server, "own": own}


def measure(graph: Graph, patient: str, at: datetime | None, rounds: int) -> dict[str, Any]:
    """One instant: the first, the second and a later look."""
    newest = max(psutil.process_iter(["cmdline", "create_time"]), key=lambda p: _is_server(p, graph))
    java = newest if _is_server(newest, graph) else None

    def look() -> Journey:
        return journey(graph, patient, at)

    looks = {"first": graph.held.clear, "later": lambda: None}
    found = {name: milliseconds(rounds, look, java, before) for name, before in looks.items()}
    return {"rows": size(look())} | found


def through(graph: Graph, patient: str, rounds: int) -> dict[str, float]:
    """Median, 95th percentile and longest of looks at instants from the first to the last, the first with nothing kept."""
    known = learnt(graph, patient)
    graph.held.clear()
    taken = []
    for step in range(rounds):
        at = known[step * (len(known) - 1) // max(rounds - 1, 1)]
        began = time.perf_counter()
        journey(graph, patient, at)
        taken.append((time.perf_counter() - began) * 1000)
    return {"p50": quantile(taken, 0.5), "p95": quantile(taken, 0.95), "longest": max(taken)}


def everybody(graph: Graph) -> dict[str, float]:
    """How many patients there are; median, 95th percentile and longest of one first look at each, and the rows of each."""
    patients = [f"Patient/{row['id']}" for row in listed(graph, limit=1_000_000)]
    taken, rows = [], []
    for patient in patients:
        graph.held.clear()
        began = time.perf_counter()
        seen = journey(graph, patient)
        taken.append((time.perf_counter() - began) * 1000)
        rows.append(float(size(seen)))
    quantiles = {"p50": quantile(taken, 0.5), "p95": quantile(taken, 0.95), "longest": max(taken)}
    return {
        "patients": len(patients),
        "rows_p50": quantile(rows, 0.5),
        "rows_p95": quantile(rows, 0.95),
    } | quantiles


def main() -> None:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--patient", help="Key of a patient; the largest when not given.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with open_graph() as graph:
        patient = given.patient or largest(graph)
        moments = instants(graph, patient)
        found = {name: measure(graph, patient, at, given.rounds) for name, at in moments.items()}
        moved = through(graph, patient, given.rounds)
        each = everybody(graph)
    if given.json:
        print(
            json.dumps(
                {
                    "machine": machine(),
                    "rounds": given.rounds,
                    "instants": found,
                    "through": moved,
                    "everybody": each,
                },
                indent=2,
            )
        )
        return
    print(f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD), sep="\n")
    for name, one in found.items():
        cells = [one[look][of] for look in LOOKS for of in ("p50", "p95")]
        cells += [one["later"][of] for of in ("server", "own")]
        print(f"| {name} | {one['rows']:,} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")
    said = ", ".join(f"{name} {ms:.1f}" for name, ms in moved.items())
    print(f"\nThrough the record in {given.rounds} looks: {said}")
    said = ", ".join(f"{name} {number:,.1f}" for name, number in each.items())
    print(f"One first look at each: {said}\n\n{given.rounds} rounds; {machine()}")


if __name__ == "__main__":
    main()
