"""Servers that are measured beside the graph: started, warmed up, sent bundles to, and counted."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import local

import httpx2
import psutil

from benchmarks.bundles import Demo, bundles, copied, head
from tests.servers.hapi import hapi
from tests.servers.running import Running
from tests.servers.sekmet import sekmet

TRIED = ((250, 2), (100, 2), (500, 2), (250, 1), (250, 4), (250, 2))
"""Entries and clients of a sweep; the first again at the end shows how much the server itself changed meanwhile."""
HEADERS = {
    "Content-Type": "application/fhir+json",
    "Accept": "application/fhir+json",
    "Prefer": "return=minimal",
}
LOAD_SERVER = Path(__file__).parent / "hapi/LoadServer.java"


SEKMET = version("sekmet-fhir")


@dataclass(frozen=True)
class Peer:
    """A server, how it is started in a folder, and the setting that ``--sweep`` found best for it."""

    name: str
    start: Callable[[Path], AbstractContextManager[Running]]
    size: int
    clients: int
    wanted: float
    """How many times as fast the ingest is wanted to be."""
    chosen: bool = True
    """Whether it is measured; a setting of the server that was slower is only in the sweep."""


@dataclass
class Taken:
    """What one of them did with the counted part."""

    name: str
    setting: str
    resources: int
    seconds: float
    lost: int
    """Resources that were sent and are not there."""
    peak_mb: float
    cpu_server: float
    cpu_client: float
    nodes: float | None = None
    """Nodes of the graph a resource."""

    @property
    def rate(self) -> float:
        """Resources a second."""
        return self.resources / self.seconds

    @property
    def thrift(self) -> float:
        """Resources a CPU second, of server and client."""
        return self.resources / (self.cpu_server + self.cpu_client)


def _hapi(mass: bool) -> Callable[[Path], AbstractContextManager[Running]]:
    options = ("-Xmx3g", f"-Dload.mass={str(mass).lower()}")
    return partial(hapi, main=LOAD_SERVER, options=options)


PEERS = (
    Peer("HAPI FHIR JPA 8.4.0", _hapi(False), 250, 2, 25),
    Peer("HAPI in mass ingestion mode", _hapi(True), 250, 2, 25, chosen=False),
    Peer("HAPI FHIR JPA 8.4.0 as in the tests", hapi, 250, 2, 25),
    Peer(f"sekmet-fhir {SEKMET}", partial(sekmet, log_inbound=False), 250, 1, 5),
    Peer(f"sekmet-fhir {SEKMET} as it comes", partial(sekmet, validation={"inbound": "strict"}), 250, 1, 5),
)


def post(base: str, bodies: Sequence[bytes], clients: int) -> tuple[float, list[str]]:
    """Seconds until all bundles are answered, and what was said to those that were refused three times."""
    own = local()

    def one(body: bytes) -> str | None:
        if not hasattr(own, "client"):
            own.client = httpx2.Client(timeout=600, headers=HEADERS)
        for _ in range(3):  # a server may refuse one of two transactions that meet
            answer = own.client.post(base, content=body)
            if answer.is_success:
                return None
        return f"{answer.status_code} {answer.text[:300]}"

    with ThreadPoolExecutor(clients) as pool:
        began = time.perf_counter()
        said = list(pool.map(one, bodies))
        return time.perf_counter() - began, [word for word in said if word]


def stored(server: Running, lines: Sequence[bytes]) -> int:
    """How many resources of these types the server holds."""
    total = 0
    for kind in sorted({head(line)[0] for line in lines}):
        answer = httpx2.get(
            f"{server.base}/{kind}?_summary=count", headers={"Cache-Control": "no-cache"}, timeout=120
        )
        total += int(answer.raise_for_status().json()["total"])
    return total


def begin(data: Demo, resources: int, warm: int) -> tuple[list[bytes], list[bytes]]:
    """What is taken in before the clock runs, the directory of all of it first; and what is counted."""
    warmed, used = data.people(warm)
    counted, _ = data.people(resources, used)
    return [*data.shared([*warmed, *counted]), *warmed], counted


def warm(server: Running, lines: Sequence[bytes], size: int, clients: int) -> None:
    """Take in what is not counted."""
    seconds, refused = post(server.base, bundles(lines, size), clients)
    print(f"{server.base} is warm: {len(lines):,} resources in {seconds:.1f} s", file=sys.stderr, flush=True)
    if refused:
        raise SystemExit(f"Refused: {refused[0]}")


def measure(peer: Peer, first: Sequence[bytes], lines: Sequence[bytes]) -> Taken:
    """Start the server, warm it up, count, send, count."""
    with tempfile.TemporaryDirectory() as folder, peer.start(Path(folder)) as server:
        warm(server, first, peer.size, peer.clients)
        bodies, before = bundles(lines, peer.size), stored(server, lines)
        process = psutil.Process(server.process.pid)
        busy, own = cpu(process), time.process_time()
        seconds, refused = post(server.base, bodies, peer.clients)
        spent, mine = cpu(process) - busy, time.process_time() - own
        for word in refused[:3]:
            print(word, file=sys.stderr)
        there = stored(server, lines) - before
        setting = f"{peer.size} entries, {peer.clients} client{'s' * (peer.clients > 1)}"
        return Taken(peer.name, setting, there, seconds, len(lines) - there, peak(process), spent, mine)


def cpu(process: psutil.Process) -> float:
    """Seconds of CPU that a process and its children have used."""
    return sum(sum(p.cpu_times()[:2]) for p in [process, *process.children(recursive=True)])


def peak(process: psutil.Process) -> float:
    """Megabytes that a process has had at most (Linux)."""
    for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def sweep(peer: Peer, first: Sequence[bytes], lines: Sequence[bytes]) -> Iterator[str]:
    """The same patients under other ids with each setting: resources a second, and a CPU second of the server."""
    with tempfile.TemporaryDirectory() as folder, peer.start(Path(folder)) as server:
        warm(server, first, *TRIED[0])
        process = psutil.Process(server.process.pid)
        for turn, (size, clients) in enumerate(TRIED):
            busy, bodies = cpu(process), bundles(copied(lines, f"s{turn}"), size)
            seconds, refused = post(server.base, bodies, clients)
            rates = f"{len(lines) / seconds:,.0f} | {len(lines) / (cpu(process) - busy):,.0f}"
            yield f"| {peer.name} | {size} | {clients} | {rates} | {len(refused)} |"
