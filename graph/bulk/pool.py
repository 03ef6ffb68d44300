"""The pieces of an input given to several processes, and their answers in the order of the pieces; memory is flat."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from graph.bulk.spool import Answer, Packed, Spool
from graph.ingest_memory import seldom_collected
from ontology.errors import GraphUnavailableError

SMALL: Final = 2 * 2**20
"""Bytes of input below which starting processes takes longer than they save."""
AHEAD: Final = 3
"""Pieces under way for each process: one is worked on, the others wait."""
MOST: Final = 8
"""Processes at most."""

Piece = Sequence[tuple[int, Packed]]


@dataclass(frozen=True)
class Task:
    """What every process must know."""

    folder: Path
    run: str
    fhir: str | None


def processes(size: int) -> int:
    """How many processes make the lines of ``size`` bytes of input: this one alone, or one a processor."""
    return 1 if size < SMALL else min(os.cpu_count() or 1, MOST)


class Pool(AbstractContextManager["Pool"]):
    """Makes lines in ``workers`` processes, or in this one."""

    def __init__(self, task: Task, workers: int) -> None:
        self._workers = workers
        self._spool = Spool(task.folder, "0", task.run, task.fhir) if workers == 1 else None
        # Not fork: this process may have threads that hold locks.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, context, _begin, (task,)) if self._spool is None else None

    def over(self, pieces: Iterable[tuple[Any, Piece]]) -> Iterator[tuple[Any, Answer]]:
        """The answer for every piece, in their order, each with what came beside it.

        Raises:
            GraphUnavailableError: a process was ended from outside.
            OSError: the disk is full, or cannot be written.
        """
        if self._spool is not None:
            with seldom_collected():
                for beside, piece in pieces:
                    yield beside, self._spool.write(piece)
            return
        assert self._pool is not None  # noqa: S101  # one of the two is there
        waiting: deque[tuple[Any, Future[Answer]]] = deque()
        try:
            for beside, piece in pieces:
                waiting.append((beside, self._pool.submit(_write, piece)))
                if len(waiting) >= AHEAD * self._workers:
                    yield _done(*waiting.popleft())
            while waiting:
                yield _done(*waiting.popleft())
        except BrokenProcessPool:
            raise GraphUnavailableError(
                "A process that made the files of the import has ended.",
                do="See whether the machine ran out of memory, then run it again: the graph is as it was.",
            ) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self


def _done(beside: Any, future: "Future[Answer]") -> tuple[Any, Answer]:
    return beside, future.result()


_here: Callable[[Piece], Answer] | None = None
"""In a process of the pool: its own files."""
_for_good = seldom_collected()


def _begin(task: Task) -> None:
    global _here  # noqa: PLW0603  # a process has one
    _here = Spool(task.folder, str(os.getpid()), task.run, task.fhir).write
    _for_good.__enter__()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A process that was killed cannot end those that it started."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _write(piece: Piece) -> Answer:
    assert _here is not None  # noqa: S101  # it is the first thing that happens in the process
    return _here(piece)
