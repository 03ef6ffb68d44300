"""The patient graph: the private Neo4j, its schema, FHIR in and out, journeys in time, named queries."""

from typing import TYPE_CHECKING, Any

from graph.settings import Settings

if TYPE_CHECKING:
    from graph.connection import Graph, open_graph

__all__ = ["Graph", "Settings", "open_graph"]


def __getattr__(name: str) -> Any:
    """Import the connection when it is first asked for: its driver takes two seconds, which the server's keeper need not wait."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from graph import connection

    return getattr(connection, name)
