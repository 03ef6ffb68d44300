"""Runs the application under uvicorn, on the loopback interface unless told otherwise."""

import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from types import FrameType

import uvicorn

from dashboard.app import LOOPBACK, build
from dashboard.shield import Shield
from dashboard.users import Users
from graph.connection import Graph
from graph.settings import Settings
from ontology.errors import CwmError, InvalidInputError


def run(
    settings: Settings,
    graph: Graph | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8050,
    expose: bool = False,
    names: frozenset[str] = frozenset(),
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until SIGINT (Ctrl-C) or SIGTERM, which is how serving ends, and return; ``ready`` is called with the address
    once the port is taken. Answers that are under way have three seconds.

    ``expose`` allows a ``host`` beyond this machine; ``names`` are then the host names that browsers may use.

    Raises:
        InvalidInputError: the host is not a loopback address and ``expose`` is not set.
        CwmError: the port is taken.
    """
    check_host(host, expose=expose)
    with _listen(host, port) as listener:
        _log_to_file(settings)
        server = _server(build(settings, graph, hosts=LOOPBACK | names | ({host} if expose else frozenset())))
        with server.capture_signals():  # who reads the address may stop it at once
            ready(_address(listener))
            server.run(sockets=[listener])


@contextmanager
def background(settings: Settings, graph: Graph | None = None, *, port: int = 0) -> Iterator[str]:
    """Serve on loopback from a thread of this process for as long as the block runs; gives the address.

    Raises:
        CwmError: the port is taken.
    """
    with _listen("127.0.0.1", port) as listener:
        _log_to_file(settings)
        server = _server(build(settings, graph))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="dashboard")
        thread.start()
        try:
            yield _address(listener)
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """A server for which a signal is a wish to stop: unlike uvicorn's own it does not raise it again once it has stopped."""

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


def _server(app: Shield) -> _Server:
    # A browser keeps connections open; a stop must not wait for them.
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
    )
    return _Server(config)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def check_host(host: str, *, expose: bool) -> None:
    """Refuse an address beyond this machine unless it was asked for.

    >>> check_host("127.0.0.1", expose=False)
    """
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback and not expose:
        raise InvalidInputError(
            "The dashboard listens on this machine only.",
            got=host,
            allowed="127.0.0.1, ::1, localhost",
            do="Add --expose to open it to others, behind a proxy that encrypts.",
        )


def first_password(settings: Settings, *, reset: bool = False) -> str | None:
    """The local user's new password on first run or when ``reset``; None when there is one already."""
    users = Users(settings.home)
    return users.reset() if reset else users.first_run()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(128)
    except OSError as error:
        raise CwmError(
            f"Port {port} of {host} cannot be used: {error.strerror or error}.",
            do=f"Stop what uses it, or take another: cwm serve --port {port + 1}",
        ) from None
    return listener


def _log_to_file(settings: Settings) -> None:
    """Access and errors go to ``CWM_HOME/logs/dashboard.log``: no query strings, no names, no record numbers."""
    folder = settings.home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / "dashboard.log", maxBytes=5_000_000, backupCount=3)
    (folder / "dashboard.log").chmod(0o600)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logger = logging.getLogger("dashboard")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [handler]
