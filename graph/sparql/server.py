"""Runs a SPARQL endpoint under uvicorn, on this machine only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from graph.serving import beside, listen, until_told
from graph.sparql.endpoint import Endpoint

HOST, PATH = "127.0.0.1", "/sparql"
ADVICE = "Give another: --port."


def run(endpoint: Endpoint, *, port: int = 0, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` is called with the address once the port is taken.

    Raises:
        CwmError: the port is taken.
    """
    with listen(HOST, port, ADVICE) as listener:
        until_told(listener, endpoint, lambda address: ready(address + PATH), lifespan="off")


@contextmanager
def background(endpoint: Endpoint, *, port: int = 0) -> Iterator[str]:
    """Serve from a thread of this process for as long as the block runs; gives the address.

    Raises:
        CwmError: the port is taken.
    """
    with (
        listen(HOST, port, ADVICE) as listener,
        beside(listener, endpoint, "sparql", lifespan="off") as address,
    ):
        yield address + PATH
