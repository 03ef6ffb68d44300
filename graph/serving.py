"""Serves an ASGI application under uvicorn: the port is taken before anything starts, and a signal only asks to stop."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Literal

import uvicorn

from ontology.errors import CwmError


class _Server(uvicorn.Server):
    """A server for which a signal is a wish to stop: uvicorn's own would raise it again, and nothing be tidied up."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM as long as the block runs; in another thread than the main one nothing is caught."""
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
        # A second signal changes nothing: to stop takes three seconds at most, and forcing it leaves a traceback.
        self.should_exit = True


def until_told(listener: socket.socket, app: Any, ready: Callable[[str], None], **how: Any) -> None:
    """Serve until SIGINT (Ctrl-C) or SIGTERM, and return; ``ready`` is called with the address.

    Answers that are under way have three seconds.
    """
    server = _server(app, **how)
    with server.capture_signals():  # who reads the address may stop it at once
        ready(address(listener))
        server.run(sockets=[listener])


@contextmanager
def beside(listener: socket.socket, app: Any, name: str, **how: Any) -> Iterator[str]:
    """Serve from a thread of this process for as long as the block runs; gives the address."""
    server = _server(app, **how)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name=name)
    thread.start()
    try:
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join()


def listen(host: str, port: int, advice: str) -> socket.socket:
    """A socket that listens; ``advice`` says what to do when it cannot.

    >>> with listen("127.0.0.1", 0, "Give another: --port.") as listener:
    ...     address(listener).rpartition(":")[0]
    'http://127.0.0.1'

    Raises:
        CwmError: the port is taken, or the host is no address of this machine.
    """
    try:
        family, kind, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(128)
    except OSError as error:
        raise CwmError(
            f"Port {port} of {host} cannot be used: {error.strerror or error}.", do=advice
        ) from None
    return listener


def address(listener: socket.socket) -> str:
    """The address that a browser is given."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _server(app: Any, lifespan: Literal["auto", "off"] = "auto") -> _Server:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # an address may hold a query, and that may name a patient
        server_header=False,
        proxy_headers=False,
        lifespan=lifespan,
        timeout_graceful_shutdown=3,  # a browser keeps connections open; a stop must not wait for them
    )
    return _Server(config)
