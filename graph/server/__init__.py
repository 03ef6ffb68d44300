"""The private Neo4j: a child process on the loopback address that several programs share and that ends after the last of them."""

from graph.server.lease import Lease, current, joined, password, stay, stop, used

__all__ = ["Lease", "current", "joined", "password", "stay", "stop", "used"]
