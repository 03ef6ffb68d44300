"""The patient graph: the private Neo4j, its schema, FHIR in and out, journeys in time, named queries."""

from graph.connection import Graph, open_graph
from graph.settings import Settings

__all__ = ["Graph", "Settings", "open_graph"]
