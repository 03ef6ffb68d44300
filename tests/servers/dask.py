"""A Dask scheduler and its workers, each a process of its own, as one would start them by hand."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ADDRESS = "Scheduler at:"


@dataclass
class Cluster:
    """A scheduler and its workers; what they write goes to files in ``folder``."""

    folder: Path
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]

    @property
    def address(self) -> str:
        """Where the scheduler listens, as it says itself."""
        _until(self, lambda: ADDRESS in self.said())
        return self.said().partition(ADDRESS)[2].split()[0]

    def worker(self, **environment: str) -> None:
        """Start another worker, which ends as soon as it loses its scheduler, and wait until it has found it."""
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "30"]
        call = ["worker", self.address, *options, "--local-directory", str(self.folder)]
        log = self.folder / f"worker{len(self.workers)}.log"
        self.workers.append(_start(call, log, self.folder, environment))
        _until(self, lambda: self.said().count("Registered to:") >= len(self.workers))

    def said(self) -> str:
        """All that scheduler and workers have written to their logs."""
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.log")))


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """A cluster that is gone at the end."""
    call = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--idle-timeout", "300 s"]
    call += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    made = Cluster(folder, _start(call, folder / "scheduler.log", folder, {}), [])
    try:
        for _ in range(workers):
            made.worker()
        yield made
    finally:
        for process in (*made.workers, made.scheduler):
            process.kill()
            process.wait()


def _start(call: list[str], log: Path, folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    with log.open("wb") as out:
        code = "import sys; from dask.__main__ import main; sys.exit(main())"
        return subprocess.Popen(
            [sys.executable, "-c", code, *call], env=env, cwd=folder, stdout=out, stderr=out
        )


def _until(made: Cluster, ready: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < end, made.said()
        assert made.scheduler.poll() is None, made.said()
        time.sleep(0.1)
