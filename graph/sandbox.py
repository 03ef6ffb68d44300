"""The researcher's door: any read query, for a limited time, with a limited number of rows, and nothing but the graph.

A READ transaction stops writes only. So the plan is looked at first (``EXPLAIN`` runs nothing): procedures must be on the list
below, and files, the network, other people's transactions, settings and users are out of reach.
"""

import fnmatch
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import neo4j
from neo4j import exceptions

from graph.connection import Graph, Row
from graph.plain import plain
from graph.unavailable import opening
from graph.unsaid import unsaid
from ontology.errors import InvalidInputError

PROCEDURES = (
    "db.index.fulltext.querynodes",
    "db.index.fulltext.queryrelationships",
    "db.index.fulltext.listavailableanalyzers",
    "db.index.vector.querynodes",
    "db.index.vector.queryrelationships",
    "db.labels",
    "db.propertykeys",
    "db.relationshiptypes",
    "db.schema.*",
    "db.ping",
    "dbms.components",
)
"""Procedures that a researcher may call; all of them only read, in lower case."""

SHOWS = {"ShowIndexes", "ShowConstraints", "ShowFunctions", "ShowProcedures"}
"""``SHOW`` commands that tell about the graph; the others tell about the server and its users."""

REFUSED = (
    (r"^(Create|Delete|Detach|Drop|Alter|Merge|Set|Remove|Foreach)", "it writes"),
    (r"LoadCSV", "it reads a file or an address (LOAD CSV)"),
    (r"TransactionForeach|TransactionApply", "it opens transactions of its own (CALL ... IN TRANSACTIONS)"),
    (r"Terminate", "it ends other people's transactions"),
    (r"Administration|System|User|Role|Privilege|Database", "it administers the server"),
    (r"Show", "it shows settings or transactions of the server"),
)
"""Operators of a plan by pattern, and what a query that has one does."""


@dataclass(frozen=True)
class Answer:
    """What a query gave: at most as many rows as were allowed; ``truncated`` when there were more."""

    columns: list[str]
    rows: list[Row]
    truncated: bool


def ask(
    graph: Graph,
    cypher: str,
    params: dict[str, Any] | None = None,
    timeout: float | None = None,
    rows: int | None = None,
    skip: int = 0,
) -> Answer:
    """Run someone's read query.

    ``timeout`` is in seconds and ``rows`` a number (by default ``query_timeout`` and ``query_rows`` of the settings). Values come
    back as JSON can hold them: times as ISO 8601 text with their zone, nodes and relationships as dicts. The answer begins
    after ``skip`` rows; then the query must say its order.

    Raises:
        InvalidInputError: it is no Cypher, it would write or reach beyond the graph, it took too long or too much memory.
        GraphUnavailableError: the database went away.
    """
    most = rows if rows is not None else graph.settings.query_rows
    with asking(graph, cypher, params, timeout=timeout, ordered=skip > 0) as result:
        found = result.fetch(skip + most + 1)[skip:]
        table = [plain(record) for record in found[:most]]
        return Answer(list(result.keys()), table, truncated=len(found) > most)


@contextmanager
def asking(
    graph: Graph,
    cypher: str,
    params: dict[str, Any] | None = None,
    *,
    timeout: float | None = None,
    ordered: bool = False,
) -> Iterator[neo4j.Result]:
    """Run a read query and hand out its result while the transaction is open; ``ordered`` insists on an order of rows.

    Raises:
        InvalidInputError, GraphUnavailableError: as :func:`ask`.
    """
    wait = timeout if timeout is not None else graph.settings.query_timeout
    with _reading(graph, wait) as tx:
        summary = tx.run(cast("Any", f"EXPLAIN {cypher}"), unsaid(params or {})).consume()
        check(summary)
        if ordered and not _ordered(cast("dict[str, Any]", summary.plan or {})):
            raise InvalidInputError(
                "The query says no order, so pages of it could overlap.",
                do="Add ORDER BY, by something unique.",
            )
    with _reading(graph, wait) as tx:
        yield tx.run(cast("Any", cypher), unsaid(params or {}))


def check(summary: neo4j.ResultSummary) -> None:
    """Refuse the plan of a query that is more than a read of the graph.

    Raises:
        InvalidInputError: it is; the message says which part.
    """
    for operator, details in _operators(cast("dict[str, Any]", summary.plan or {})):
        if operator == "ProcedureCall":
            _check_procedure(details)
        elif operator not in SHOWS:
            for pattern, why in REFUSED:
                if re.search(pattern, operator):
                    raise _refusal(why)
    if summary.query_type not in {"r", "s"} or summary.plan is None:
        raise _refusal("it writes")


def _check_procedure(details: str) -> None:
    name = re.split(r"[\s(]", details, maxsplit=1)[0].replace("`", "").lower()
    if not any(fnmatch.fnmatchcase(name, allowed) for allowed in PROCEDURES):
        raise _refusal(f"it calls the procedure {name}", allowed=", ".join(PROCEDURES))


def _operators(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if plan:
        yield plan["operatorType"].split("@")[0], str(plan.get("args", {}).get("Details", ""))
        for child in plan.get("children", []):
            yield from _operators(child)


def _ordered(plan: dict[str, Any]) -> bool:
    """Whether the rows come in an order that the query asked for: sorted, or from an index that is in that order."""
    return bool(plan.get("args", {}).get("Order"))


def _refusal(why: str, *, allowed: str | None = None) -> InvalidInputError:
    return InvalidInputError(
        f"This query is not run: {why}.", allowed=allowed, do="Ask for what is in the graph, without writing."
    )


@contextmanager
def _reading(graph: Graph, timeout: float) -> Iterator[neo4j.Transaction]:
    """A READ transaction with a time limit, always rolled back; faults of the query are said in the one shape."""
    with (
        opening(graph.settings.graph_target, graph.database),
        graph.driver.session(
            database=graph.database, default_access_mode=neo4j.READ_ACCESS, notifications_min_severity="OFF"
        ) as session,
        session.begin_transaction(timeout=timeout) as tx,
    ):
        try:
            yield tx
        except exceptions.Neo4jError as error:
            raise _said(error, timeout) from error
        except exceptions.BrokenRecordError as error:
            raise InvalidInputError(
                "The answer holds a time that cannot be given back.",
                got=error,
                allowed="the years 1 to 9999 in UTC",
                do="Ask for its text: toString(...).",
            ) from error


def _said(error: exceptions.Neo4jError, timeout: float) -> InvalidInputError:
    code, message = error.code or "", (error.message or "").splitlines()
    if "TransactionTimedOut" in code:
        return InvalidInputError(
            "The query took too long and was stopped.",
            got=f"more than {timeout:g} s",
            do="Ask for less, or raise CWM_QUERY_TIMEOUT.",
        )
    if "OutOfMemory" in code or "MemoryPool" in code:
        return InvalidInputError(
            "The query needs more memory than a query may have and was stopped.",
            do="Ask for less at a time, for example with LIMIT.",
        )
    return InvalidInputError(
        "Neo4j does not accept this query.", got=(message or [code])[0], do="Correct the Cypher."
    )
