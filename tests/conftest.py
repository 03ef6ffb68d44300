"""What every test may ask for: a real Neo4j of its own for the session, an empty graph, the command."""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from cli import main
from graph import Graph, Settings, open_graph, server

# No example is timed, a busy machine is no failure; the rest stays, so also what hypothesis chooses where CI is set.
hypothesis.settings.register_profile("untimed", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")


@dataclass(frozen=True)
class Run:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output as one JSON document."""
        return json.loads(self.out)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their number: processes that share the tests must agree on every name, and bytes may hold the time."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of the session's own, so that no test can touch anyone's data; ``Settings()`` points there."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            "CWM_GRAPH",
            "CWM_GRAPH_PORT",
            "CWM_GRAPH_USER",
            "CWM_GRAPH_PASSWORD",
            "CWM_GRAPH_DATABASE",
            "CWM_GRACE",
        ):
            patch.delenv(name, raising=False)
        patch.setenv("CWM_HOME", str(folder))
        patch.setenv("CWM_HEAP", "768m")
        patch.setenv("CWM_PAGE_CACHE", "128m")
        # Servers that live for a minute never win back what the second compiler takes.
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
        yield folder


@pytest.fixture(scope="session")
def server_settings(home: Path) -> Iterator[Settings]:
    """Settings of a private Neo4j that runs for the whole session and is gone after it."""
    settings = Settings()
    with open_graph(settings):
        yield settings
    folder = settings.embedded
    assert folder is not None
    lease = server.current(folder)
    server.stop(folder)
    assert lease is None or not (lease.java.alive or lease.keeper.alive)


@pytest.fixture(scope="session")
def _connection(server_settings: Settings) -> Iterator[Graph]:
    with open_graph(server_settings) as graph:
        yield graph


@pytest.fixture
def graph(_connection: Graph) -> Graph:
    """An empty graph with its schema, on a real Neo4j."""
    _connection.write("admin.clear", batch=5000)
    return _connection


@pytest.fixture
def cwm(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run the command in this process, as a person types it: ``cwm("graph", "status", "--json")``.

    Ask for ``graph`` too when the command needs a graph that is empty.
    """

    def run(*arguments: str) -> Run:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["cwm", *arguments])
        status: Any = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main.run()
            except SystemExit as end:
                status = end.code
        return Run(
            status if isinstance(status, int) else int(status is not None), out.getvalue(), err.getvalue()
        )

    return run
