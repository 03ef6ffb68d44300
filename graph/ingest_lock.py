"""One ingest at a time: several that run at once take turns, batch by batch, and the last step of each has the graph to itself.

A batch is written by what the graph holds when it begins (which version is there, which placeholder waits), and the last
step moves references by what it has read before. Neither holds when another ingest writes in between. So each takes the
same lock first: the database's own, on one node, for as long as its transaction. However its holder ends (it is killed, its
connection is lost), the database ends that transaction and the next one goes on; a lease of our own could outlive us.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import neo4j

from graph import queries
from graph.connection import Graph
from ontology.errors import GraphUnavailableError

Done = TypeVar("Done")


def take(tx: neo4j.ManagedTransaction) -> None:
    """Wait for our turn; no other ingest writes from here to the end of this transaction.

    Raises:
        GraphUnavailableError: somebody deleted every node of the graph, also that on which ingests wait for each other.
    """
    (held,) = tx.run(queries.named("ingest.turn").text).data()
    if not held["held"]:
        raise GraphUnavailableError(
            "The graph was deleted while an ingest wrote to it.", do="Run it again: the schema is made anew."
        )


def alone(graph: Graph, work: Callable[[], Done]) -> Done:
    """What ``work`` gives, done in transactions of its own while no other ingest writes.

    It must be possible to repeat it: when the connection that holds the lock was lost meanwhile, it is done again.
    """

    def hold(tx: neo4j.ManagedTransaction) -> Any:
        take(tx)
        return work()

    with graph.driver.session(database=graph.database) as session:
        done: Done = session.execute_write(hold)
    return done
