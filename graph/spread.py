"""Parsing and projecting of an ingest on a Dask scheduler (``CWM_DASK``); reading and writing stay in this process.

The files are read and cut here, so workers need to see no file, and the place of a resource does not depend on who
makes its rows. The rows come back in the order of the texts, so what is written is the same as without Dask.
"""

import itertools
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Final, Protocol

from graph.fhir.read_items import Deletion, Found, Item, Refused, place
from graph.ingest_rows import Row, glimpse, row
from graph.settings import Settings
from graph.spread_client import PATIENCE, Client, Future, connected, killed, lost, no_worker, other_software
from graph.spread_work import Answer, pack, unpack, work

Made = Row | Deletion | Refused


class Project(Protocol):
    """From what was read to what is written, in its order."""

    def __call__(
        self, items: Iterable[Item], run: str, fhir: str | None, again: Callable[[], bool] = ...
    ) -> Iterator[Made]:
        """The run's id; the version of FHIR where a resource says none; ``again``: what comes is likely there already."""


RESOURCES: Final = 300
"""Resources of one task, at most."""
BYTES: Final = 2**20
"""Bytes of one task, about."""
AHEAD: Final = 3
"""Tasks under way for each thread of the workers: one is worked on, the others wait at its side."""
MOST: Final = 96
"""Tasks under way in all, however many workers there are: some hundred megabytes at the most."""


@contextmanager
def projecting(settings: Settings) -> Iterator[Project]:
    """How rows are made: on the scheduler of ``CWM_DASK`` when one is named, else here.

    Raises:
        InvalidInputError: the address is none.
        MissingExtraError: Dask is not installed here.
        DaskUnavailableError: the scheduler does not answer, or it has no worker.
    """
    if settings.dask is None:
        yield here
        return
    client = connected(settings.dask)
    try:
        yield Spread(client, settings.dask).over
    finally:
        client.close()


def _never() -> bool:
    return False


def here(
    items: Iterable[Item], run: str, fhir: str | None, again: Callable[[], bool] = _never
) -> Iterator[Made]:
    """Rows made in this process, one after the other; only glimpsed as long as ``again`` says so."""
    for item in items:
        if isinstance(item, Found):
            yield (glimpse(item) if again() else None) or row(item, run, fhir)
        else:
            yield item


class Spread:
    """Rows made by the workers of one scheduler."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address
        # Keys are seen on Dask's pages and in its logs, so they say nothing of the files.
        self._name = f"cwm-ingest-{secrets.token_hex(4)}"
        self._sent = self._most = 0

    def over(
        self,
        items: Iterable[Item],
        run: str,
        fhir: str | None,
        again: Callable[[], bool] = _never,  # noqa: ARG002  # the workers' time costs this process nothing
    ) -> Iterator[Made]:
        """The rows in the order of the items; no more is under way than the workers can take, so memory is flat.

        Raises:
            DaskUnavailableError: the scheduler or all workers are lost, a worker runs other software, or a piece of the
                input ends one worker after the other.
        """
        waiting: deque[tuple[list[Item], Future]] = deque()
        for part in pieces(items):
            waiting.append((part, self._send(part, run, fhir)))
            while len(waiting) >= self._most:
                yield from self._done(*waiting.popleft(), run, fhir)
        while waiting:
            yield from self._done(*waiting.popleft(), run, fhir)

    def _send(self, part: list[Item], run: str, fhir: str | None) -> Future:
        if self._sent % 32 == 0:  # workers come and go
            self._most = min(AHEAD * max(self._threads(), 1), MOST)
        self._sent += 1
        texts = pack([item for item in part if isinstance(item, Found)], run, fhir)
        return self._client.submit(work, texts, key=f"{self._name}-{self._sent}", pure=False)

    def _done(self, part: list[Item], future: Future, run: str, fhir: str | None) -> Iterator[Made]:
        answer = self._answer(part, future)
        if answer.other is not None:
            raise other_software(answer.other)
        if answer.fault is not None:
            # It happens again here, where nothing is logged, and is then as it would be without Dask.
            yield from here(part, run, fhir)
            return
        rows = iter(unpack(answer, [item for item in part if isinstance(item, Found)]))
        for item in part:
            yield next(rows) if isinstance(item, Found) else item

    def _answer(self, part: list[Item], future: Future) -> Answer:
        from distributed import KilledWorker

        try:
            return self._result(future)
        except KilledWorker:
            first, last = (place(item.source, item.line, item.entry) for item in (part[0], part[-1]))
            raise killed(first, last) from None
        except (CancelledError, OSError) as error:
            raise lost(self._address, error) from None
        except (ImportError, AttributeError) as error:  # it lacks the function, or the package
            raise other_software(error) from None

    def _result(self, future: Future) -> Answer:
        while True:
            try:
                answer: Answer = future.result(timeout=3 * PATIENCE)
            except TimeoutError:
                if not self._threads():
                    raise no_worker(self._address) from None
            else:
                return answer

    def _threads(self) -> int:
        try:
            return sum(self._client.nthreads().values())
        except OSError as error:
            raise lost(self._address, error) from None


def pieces(items: Iterable[Item]) -> Iterator[list[Item]]:
    """What was read, in pieces of one task each.

    >>> [len(piece) for piece in pieces(Found("a.ndjson", n, b"x" * 400_000) for n in range(7))]
    [3, 3, 1]
    """
    rest = iter(items)
    while piece := list(itertools.islice(_until_full(rest), RESOURCES)):
        yield piece


def _until_full(items: Iterator[Item]) -> Iterator[Item]:
    size = 0
    for item in items:
        yield item
        size += len(item.raw)
        if size >= BYTES:
            return
