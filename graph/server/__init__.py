"""The private Neo4j: a child process on the loopback address that several programs share and that ends after the last of them."""

from graph.server.lease import Lease, current, joined, password, stay, stop, used
from graph.server.offline import Offline, offline

__all__ = ["Lease", "Offline", "current", "joined", "offline", "password", "stay", "stop", "used"]
