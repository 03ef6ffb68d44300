"""Runs a SPARQL endpoint under uvicorn, on this machine only."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from graph.sparql.endpoint import Endpoint
from ontology.errors import CwmError


class _Server(uvicorn.Server):
    """A server for which a signal is a wish to stop: uvicorn's own would raise it again, and nothing be tidied up."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM as long as the block runs; outside the main thread nothing is caught."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # as Python calls it
        self.should_exit = True


def run(endpoint: Endpoint, *, port: int = 0, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM; ``ready`` is called with the address once the port is taken.

    Raises:
        CwmError: the port is taken.
    """
    with _listen(port) as listener:
        ready(_address(listener))
        _server(endpoint).run(sockets=[listener])


@contextmanager
def background(endpoint: Endpoint, *, port: int = 0) -> Iterator[str]:
    """Serve from a thread of this process for as long as the block runs; gives the address.

    Raises:
        CwmError: the port is taken.
    """
    with _listen(port) as listener:
        server = _server(endpoint)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sparql")
        thread.start()
        try:
            yield _address(listener)
        finally:
            server.should_exit = True
            thread.join()


def _server(endpoint: Endpoint) -> _Server:
    config = uvicorn.Config(
        endpoint,
        log_level="warning",
        access_log=False,  # an address holds the query, and that may name a patient
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    return _Server(config)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise CwmError(
            "The port cannot be used.", got=f"{port}: {error.strerror}", do="Give another: --port."
        ) from None


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/sparql"
