"""What a command and all that it starts use of the machine: CPU seconds, and memory at once at most (Linux)."""

import os
import threading
from pathlib import Path

import psutil

STEP = 0.2
"""Seconds between two looks; what lives shorter is missed."""


class Watch:
    """Watches, until it is left, every process that has a home of the platform in its environment or its command."""

    def __init__(self, home: Path) -> None:
        self.home = str(home)
        self.cpu: dict[tuple[int, float], float] = {}
        self.peak_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """CPU seconds of all of them."""
        return sum(self.cpu.values())

    def _look(self) -> None:
        while not self._over.wait(STEP):
            memory = 0
            for process in psutil.process_iter():
                try:
                    if self._is_of(process):
                        self.cpu[process.pid, process.create_time()] = sum(process.cpu_times()[:2])
                        memory += process.memory_info().rss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.peak_mb = max(self.peak_mb, memory / 2**20)

    def _is_of(self, process: psutil.Process) -> bool:
        if process.pid == os.getpid():
            return False
        return process.environ().get("CWM_HOME") == self.home or any(
            self.home in word for word in process.cmdline()
        )
