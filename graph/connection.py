"""The one door to the database: named queries through the official driver."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import neo4j

from graph import queries, server
from graph.migrations import migrate
from graph.settings import Settings
from graph.unavailable import check_version, opening, using
from graph.unsaid import unsaid

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]
Mark = frozenset[str]
"""A state of the graph: two equal marks mean that nothing was committed between them. Empty where the server gives none."""

logging.getLogger("neo4j").addHandler(
    logging.NullHandler()
)  # faults reach the caller as errors; who wants the log adds a handler

DRIVER: dict[str, Any] = {
    "user_agent": "clinical-world-model",
    "connection_timeout": 10,
    "connection_acquisition_timeout": 12,  # also how long something that is no Neo4j may keep silent
    "notifications_min_severity": "WARNING",
    "notifications_disabled_classifications": ["UNRECOGNIZED"],  # a label that no node has yet is no fault
}


@dataclass(frozen=True)
class Graph:
    """A connected graph: run named queries by :meth:`read` and :meth:`write`.

    Parameters are given by name; datetimes are time-zone aware. Rows come back as dicts.
    """

    driver: neo4j.Driver
    database: str
    settings: Settings
    held: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What readers keep between two calls (``graph.journey``)."""

    def read(self, name: str, /, **params: Any) -> list[Row]:
        """Rows of a named read query."""
        query = queries.named(name)
        with self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(lambda tx: tx.run(query.text, unsaid(params)).data())

    def values(self, name: str, /, **params: Any) -> list[list[Any]]:
        """Rows of a named read query as lists in the order of its columns: no copy, for results of many cells."""
        query = queries.named(name)
        with self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(lambda tx: tx.run(query.text, unsaid(params)).values())

    def marked(self, name: str, after: Mark = frozenset(), /, **params: Any) -> tuple[list[list[Any]], Mark]:
        """As :meth:`values`, of the state ``after`` or a later one; and a mark of the state that was read, or of a later one.

        So what is kept under a mark is read by another call, which has it as ``after``: then it is never older than its mark.
        """
        query = queries.named(name)
        bookmarks = neo4j.Bookmarks.from_raw_values(after)
        with self._session(neo4j.READ_ACCESS, bookmarks=bookmarks) as session:
            rows = session.execute_read(lambda tx: tx.run(query.text, unsaid(params)).values())
            return rows, session.last_bookmarks().raw_values

    def stream(self, name: str, /, **params: Any) -> Iterator[Row]:
        """Rows of a named read query, one by one, for results that do not fit in memory."""
        query = queries.named(name)
        with self._session(neo4j.READ_ACCESS, fetch_size=200) as session, session.begin_transaction() as tx:
            for record in tx.run(query.text, unsaid(params)):
                yield record.data()

    def write(self, name: str, /, **params: Any) -> list[Row]:
        """Rows of a named query that writes, in one transaction that is retried when it may be."""
        query = queries.named(name)
        with self._session(neo4j.WRITE_ACCESS) as session:
            if query.access in {"auto", "schema"}:
                return session.run(query.text, unsaid(params)).data()
            return session.execute_write(lambda tx: tx.run(query.text, unsaid(params)).data())

    def frame(self, query: str, params: Row | None = None, **limits: Any) -> "pl.DataFrame":
        """The answer to any read query, in Cypher or by name, as a polars frame: :func:`graph.frames.frame`."""
        from graph.frames import frame

        made: pl.DataFrame = frame(self, query, params, **limits)
        return made

    def _session(self, access: str, **config: Any) -> neo4j.Session:
        return self.driver.session(database=self.database, default_access_mode=access, **config)

    def close(self) -> None:
        """Give the connection back."""
        self.driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def open_graph(settings: Settings | None = None) -> Iterator[Graph]:
    """Connect to the graph that the settings name, starting the private Neo4j if need be; migrations are applied.

    Raises:
        GraphUnavailableError: it cannot be started, reached or entered; the message says what to do.
    """
    settings = settings or Settings()
    folder = settings.embedded
    if folder is None:
        secret = settings.graph_password.get_secret_value() if settings.graph_password else ""
        with _connected(
            settings, settings.graph_target, (settings.graph_user, secret), settings.graph_database
        ) as graph:
            yield graph
    else:
        with server.joined(settings, folder) as lease, entered(settings, folder, lease) as graph:
            yield graph


@contextmanager
def entered(settings: Settings, folder: Path, lease: server.Lease) -> Iterator[Graph]:
    """Connect to a private Neo4j that runs, for one who keeps it from ending; migrations are applied.

    Raises:
        GraphUnavailableError: it cannot be entered.
    """
    address, login = f"bolt://127.0.0.1:{lease.port}", ("neo4j", server.password(folder))
    with _connected(settings, address, login, "neo4j") as graph:
        yield graph


@contextmanager
def _connected(settings: Settings, address: str, login: tuple[str, str], database: str) -> Iterator[Graph]:
    with opening(address, database):
        driver = neo4j.GraphDatabase.driver(address, auth=login, **DRIVER)
    with driver:
        with opening(address, database):
            check_version(str(driver.get_server_info().agent))
            graph = Graph(driver, database, settings)
            migrate(graph)
        with using(address):
            yield graph
