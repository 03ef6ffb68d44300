"""A database that cannot be entered, said in one line with what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from neo4j import exceptions

from ontology.errors import GraphUnavailableError

OLDEST = (5, 26)
"""The oldest Neo4j that the queries run on: dynamic labels and types came with it."""


@contextmanager
def opening(address: str, database: str) -> Iterator[None]:
    """Turn what the driver raises while a connection is opened into a :class:`GraphUnavailableError`."""
    try:
        yield
    except exceptions.AuthError as error:
        raise GraphUnavailableError(
            "Neo4j refuses the user name or the password.",
            got=address,
            do="Set CWM_GRAPH_USER and CWM_GRAPH_PASSWORD. For the private Neo4j: put the file `password` back as it was.",
        ) from error
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired) as error:
        raise GraphUnavailableError(
            "Neo4j cannot be reached.",
            got=f"{address} ({_short(error)})",
            do="Start it or correct CWM_GRAPH (host, port, `+s` for TLS); or unset CWM_GRAPH to use the private Neo4j.",
        ) from error
    except exceptions.ConfigurationError as error:
        raise GraphUnavailableError(
            "What answers at this address is no Neo4j that this platform can use.",
            got=f"{address} ({_short(error)})",
            allowed="Neo4j 5.26 or newer",
            do="Correct CWM_GRAPH.",
        ) from error
    except exceptions.ClientError as error:
        if error.code != "Neo.ClientError.Database.DatabaseNotFound":
            raise
        raise GraphUnavailableError(
            "This Neo4j has no such database.",
            got=database,
            do="Set CWM_GRAPH_DATABASE to one that it has (SHOW DATABASES).",
        ) from error


@contextmanager
def using(address: str) -> Iterator[None]:
    """Turn a connection that is lost, and not found again by the driver's retries, into a :class:`GraphUnavailableError`."""
    try:
        yield
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired) as error:
        raise GraphUnavailableError(
            "The connection to Neo4j was lost and did not come back.",
            got=f"{address} ({_short(error)})",
            do="Run it again: what was done is kept, and an ingest goes on from there.",
        ) from error


def check_version(agent: str) -> None:
    """Refuse a server older than 5.26.

    Raises:
        GraphUnavailableError: it is older, or no Neo4j.

    >>> check_version("Neo4j/5.26.25")
    >>> check_version("Neo4j/2026.08.1")
    """
    found = re.match(r"Neo4j/(\d+)\.(\d+)", agent)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise GraphUnavailableError(
            "This version of Neo4j is too old.",
            got=agent,
            allowed="5.26 or newer",
            do="Update that Neo4j, or unset CWM_GRAPH.",
        )


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__
