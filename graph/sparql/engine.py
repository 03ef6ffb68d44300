"""SPARQL over the RDF of the graph, by Oxigraph: reading only, for a limited time, with a limited number of rows.

A query runs in a process of its own. When the data are loaded, that process gives up the right to open anything (a limit
of zero new files and sockets), so neither SERVICE nor any other construct can reach files or the network, and it is ended
when the time is over.

>>> with Engine.of(b"<urn:a> <urn:b> 1 .") as engine:
...     engine.ask("SELECT ?o { ?s ?p ?o }").rows
[{'o': 1}]
"""

import multiprocessing
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from graph.sparql.words import keyword
from graph.sparql.worker import Reply, Wanted, serve
from ontology.errors import InvalidInputError, NotFoundError

_LOAD = 600.0
"""Seconds that loading the data may take."""
MEMORY = 4 << 30
"""Bytes that a query may take besides the data; ours."""
_WRITES = ("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "SERVICE")


class TooSlowError(InvalidInputError):
    """A query that took longer than it may, and was stopped."""

    code = "too-slow"


@dataclass(frozen=True)
class Answer:
    """What a query gave: at most as many rows as were allowed; ``truncated`` when there were more.

    Of ASK there is one row, ``{"answer": true}``; of CONSTRUCT and DESCRIBE rows of ``subject, predicate, object``.
    """

    columns: list[str]
    rows: list[dict[str, Any]]
    truncated: bool


class Engine:
    """A process with data in memory, which answers one query after another; ``with`` ends it."""

    def __init__(self, data: Path, memory: int = MEMORY) -> None:
        """Load a file of RDF (``.nq``, ``.ttl``, ``.jsonld``); ``memory`` in bytes is the limit of each query.

        Raises:
            NotFoundError: there is no such file.
            InvalidInputError: it cannot be read.
        """
        if not data.is_file():
            raise NotFoundError(
                "There is no such file of RDF.", got=data, do="Make one by `cwm graph export rdf`."
            )
        self._data, self._memory, self._held = data, memory, ExitStack()
        self._start()

    @classmethod
    def of(cls, text: bytes, memory: int = MEMORY) -> Self:
        """An engine over a little Turtle."""
        with ExitStack() as held:
            path = Path(held.enter_context(tempfile.TemporaryDirectory())) / "data.ttl"
            path.write_bytes(text)
            engine = cls(path, memory)
            engine._held = held.pop_all()
        return engine

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe: Connection
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, str(self._data), self._memory), daemon=True
        )
        self._process.start()
        theirs.close()
        self._receive(_LOAD, "The file of RDF cannot be read.")

    def ask(
        self, query: str, params: Mapping[str, Any] | None = None, *, timeout: float = 30.0, rows: int = 1000
    ) -> Answer:
        """Run a query; ``timeout`` in seconds. Numbers and truth values come as Python's, all else as text.

        Raises:
            InvalidInputError: it is no SPARQL query, it would write or reach out, or it took too long.
        """
        check(query)
        if not self._process.is_alive():
            self._start()
        self._pipe.send((query, dict(params or {}), rows))
        reply = self._receive(timeout, "Oxigraph does not accept this query.")
        return Answer(reply.columns, reply.rows[:rows], truncated=len(reply.rows) > rows)

    def write(self, query: str, wanted: Wanted, *, timeout: float, rows: int) -> Reply:
        """Run a query and give its answer as bytes; ``more`` instead of them where there are more than ``rows``.

        Raises:
            InvalidInputError: as :meth:`ask`.
        """
        check(query)
        if not self._process.is_alive():
            self._start()
        self._pipe.send((query, wanted, rows))
        return self._receive(timeout, "Oxigraph does not accept this query.")

    def _receive(self, seconds: float, what: str) -> Reply:
        reply = self._receive_any(seconds)
        if reply.fault is not None:
            raise InvalidInputError(
                what, got=reply.fault, do="Correct it; the prefixes of docs/ontology.md need no declaration."
            )
        return reply

    def _receive_any(self, seconds: float) -> Reply:
        """The process's answer, fault or not; it is ended when there is none in time."""
        if not self._pipe.poll(seconds):
            self.close()
            raise TooSlowError(
                "The query took too long and was stopped.",
                got=f"more than {seconds:g} s",
                do="Ask for less, or give it more time (--timeout).",
            )
        try:
            reply: Reply = self._pipe.recv()
        except EOFError:
            self.close()
            raise InvalidInputError(
                "The query needs more memory than a query may have and was stopped.",
                allowed=f"{self._memory >> 20:,} MiB besides the data",
                do="Ask for less at a time.",
            ) from None
        return reply

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _end(self) -> None:
        self.close()
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()


def check(query: str) -> None:
    """Refuse a query that would write or reach out, with a clear word; the process's limits hold without it.

    >>> check("SELECT ?service { ?s <urn:load> 'SERVICE' } # DROP")
    >>> check("SELECT * { SERVICE <http://x> { ?s ?p ?o } }")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ontology.errors.InvalidInputError: This query is not run. Got: SERVICE. Allowed: SELECT, ...
    """
    if found := keyword(query, _WRITES):
        raise InvalidInputError(
            "This query is not run.",
            got=found,
            allowed="SELECT, ASK, CONSTRUCT, DESCRIBE over the data that were loaded",
        )
