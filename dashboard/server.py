"""Runs the application under uvicorn, on the loopback interface unless told otherwise."""

import ipaddress
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler

from dashboard.app import LOOPBACK, build
from dashboard.users import Users
from graph.connection import Graph
from graph.serving import beside, listen, until_told
from graph.settings import Settings
from ontology.errors import InvalidInputError


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
    with listen(host, port, _advice(port)) as listener:
        _log_to_file(settings)
        app = build(settings, graph, hosts=LOOPBACK | names | ({host} if expose else frozenset()))
        until_told(listener, app, ready)


@contextmanager
def background(settings: Settings, graph: Graph | None = None, *, port: int = 0) -> Iterator[str]:
    """Serve on loopback from a thread of this process for as long as the block runs; gives the address.

    Raises:
        CwmError: the port is taken.
    """
    with listen("127.0.0.1", port, _advice(port)) as listener:
        _log_to_file(settings)
        with beside(listener, build(settings, graph), "dashboard") as address:
            yield address


def _advice(port: int) -> str:
    return f"Stop what uses it, or take another: cwm serve --port {port + 1}"


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


class _Private(RotatingFileHandler):
    """A log that only its owner can read, also the new one that is begun when it is full."""

    def _open(self) -> TextIOWrapper:
        file = super()._open()
        os.fchmod(file.fileno(), 0o600)
        return file


def _log_to_file(settings: Settings) -> None:
    """Access and errors go to ``CWM_HOME/logs/dashboard.log``: no query strings, no names, no record numbers."""
    folder = settings.home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = _Private(folder / "dashboard.log", maxBytes=5_000_000, backupCount=3)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logger = logging.getLogger("dashboard")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [handler]
