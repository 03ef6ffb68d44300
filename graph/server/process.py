"""Which process is meant: its number is used again by the system, its number and start time together are not."""

import time
from typing import Self

import psutil
from pydantic import BaseModel


class Identity(BaseModel):
    """One process.

    >>> import os
    >>> me = Identity.of(os.getpid())
    >>> me.alive, me.model_copy(update={"created": 0.0}).alive
    (True, False)
    """

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has this number now."""
        return cls(pid=pid, created=psutil.Process(pid).create_time())

    @property
    def process(self) -> psutil.Process | None:
        """The process, or None when it has ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process is not None

    def terminate(self) -> None:
        """Ask it to end."""
        if process := self.process:
            process.terminate()

    def end(self, timeout: float) -> None:
        """Ask it to end, and kill it when it has not after ``timeout`` seconds."""
        self.terminate()
        stop = time.monotonic() + timeout
        while process := self.process:
            if time.monotonic() > stop:
                process.kill()
            time.sleep(0.05)

    @property
    def memory(self) -> int | None:
        """Resident bytes, or None when it has ended."""
        process = self.process
        return process.memory_info().rss if process else None
