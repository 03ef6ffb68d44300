"""A database that cannot be entered, said in one line with what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from neo4j import exceptions

from ontology.errors import GraphUnavailableError

OLDEST = (5, 26)
"""The oldest Neo4j that the queries run on: dynamic labels and types came with it."""


class GraphFailedError(GraphUnavailableError):
    """The database itself failed, for instance on a full disk; it must be started anew before it does anything more."""


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
        accounts = database.lower() == "system"
        if error.code != "Neo.ClientError.Database.DatabaseNotFound" and not accounts:
            raise
        raise GraphUnavailableError(
            "This database holds Neo4j's accounts and no graph."
            if accounts
            else "This Neo4j has no such database.",
            got=database,
            do="Set CWM_GRAPH_DATABASE to one that it has (SHOW DATABASES).",
        ) from error
    except (exceptions.TransientError, exceptions.DatabaseError) as error:
        raise _gave_up(error, address) from error


@contextmanager
def using(address: str) -> Iterator[None]:
    """Turn a connection that is lost, or a server that fails, into a :class:`GraphUnavailableError` (the driver tried again)."""
    try:
        yield
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired) as error:
        raise GraphUnavailableError(
            "The connection to Neo4j was lost and did not come back.",
            got=f"{address} ({_short(error)})",
            do="Run it again: what was done is kept, and an ingest goes on from there.",
        ) from error
    except (exceptions.TransientError, exceptions.DatabaseError) as error:
        raise _gave_up(error, address) from error


def _gave_up(error: exceptions.Neo4jError, address: str) -> GraphUnavailableError:
    """What a server that answers says when it cannot do what it should; the driver has tried again where that may help."""
    said = " ".join(str(error.message or "").split()).partition(". ")[0][:160]
    got = f"{address} ({error.code}: {said})"
    if "MemoryPool" in str(error.code) or "OutOfMemory" in str(error.code):
        return GraphUnavailableError(
            "Neo4j has too little memory for this.",
            got=got,
            do="Set CWM_HEAP higher (one transaction may use half of it) and run `cwm graph stop`; then run it again.",
        )
    if isinstance(error, exceptions.DatabaseError) or "Unavailable" in str(error.code):
        return GraphFailedError(
            "Neo4j failed; most often its disk is full.",
            got=got,
            do="Free some space on its disk, end it (the private one: `cwm graph stop`), and run it again: what was done stays.",
        )
    return GraphUnavailableError(
        "Neo4j is too busy with the same data.",
        got=got,
        do="Run it again: what was done is kept, and an ingest goes on from there.",
    )


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
