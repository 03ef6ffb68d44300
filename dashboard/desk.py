"""What every page works with: the graph, the opaque tokens, and blocking work sent to a thread."""

import logging
import threading
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

import anyio.to_thread

from dashboard.recall import Recall
from dashboard.secrets import PATIENTS, Secrets
from graph.connection import Graph, open_graph
from graph.settings import Settings
from ontology.errors import CwmError

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("dashboard")


@dataclass
class Desk:
    """The graph, opened on first use, and the secrets of the install."""

    settings: Settings
    secrets: Secrets
    given: Graph | None = None
    """A graph that the caller has opened and will close."""
    recall: Recall = field(default_factory=Recall)
    _stack: ExitStack = field(default_factory=ExitStack)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def graph(self) -> Graph:
        """The graph. Blocking: call it in a thread.

        Raises:
            GraphUnavailableError: it cannot be started, reached or entered.
        """
        with self._lock:
            if self.given is None:
                self.given = self._stack.enter_context(open_graph(self.settings))
            return self.given

    def close(self) -> None:
        """Give back what this desk opened itself."""
        self._stack.close()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in a thread, so that no other request waits for it."""
        return await anyio.to_thread.run_sync(partial(work, *args, **kwargs))

    def address(self, key: str) -> str:
        """The address of a patient's page, which holds neither name nor record number."""
        return f"/{PATIENTS}/{self.secrets.token(key)}"


def reference() -> str:
    """A short random mark that joins a message on the screen to a line in the log."""
    return uuid.uuid4().hex[:8]


def unforeseen(error: Exception) -> str:
    """Log an error that nobody foresaw and return its reference.

    Only the type and the place are logged, never the text, which may repeat a patient's data.
    """
    mark, trace = reference(), error.__traceback__
    places = []
    while trace:
        places.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    log.error("%s %s at %s", mark, type(error).__name__, " < ".join(reversed(places[-6:])))
    return mark


def explained(error: Exception) -> tuple[str, str | None]:
    """What to tell a person about an error: what went wrong, and what to do.

    >>> explained(CwmError("No model.", do="Train it."))
    ('No model.', 'Train it.')
    """
    if isinstance(error, CwmError):
        return error.what, error.do
    return "Something went wrong here.", f"Try again. The log has it under the reference {unforeseen(error)}."
