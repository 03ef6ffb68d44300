"""The private Neo4j: one server for many users, gone after the last of them, back after any kill."""

import fcntl
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from graph import Graph, Settings, open_graph, server
from graph.server import classes, keeper, lease
from graph.server.lease import Lease, held
from graph.server.process import Identity
from ontology.errors import GraphUnavailableError
from tests.servers.running import free_port

ROOT = Path(__file__).parents[2]
USER = """
import json, sys
from graph import open_graph, server, Settings
with open_graph() as graph:
    lease = server.current(Settings().embedded)
    print(json.dumps({"java": lease.java.pid, "keeper": lease.keeper.pid, "ok": graph.read("admin.ping")}), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Settings]:
    """Settings of a server of the test's own, small, without grace."""
    settings = Settings(home=tmp_path / "home", heap="400m", page_cache="32m", grace=0)
    yield settings
    assert settings.embedded is not None
    server.stop(settings.embedded)


def _user(settings: Settings) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "CWM_HOME": str(settings.home),
        "CWM_HEAP": settings.heap,
        "CWM_PAGE_CACHE": settings.page_cache,
        "CWM_GRACE": str(settings.grace),
    }
    command = [sys.executable, "-c", USER]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _said(user: subprocess.Popen[str]) -> dict[str, int]:
    assert user.stdout is not None
    return dict(json.loads(user.stdout.readline()))


def _leave(user: subprocess.Popen[str]) -> None:
    user.communicate("")
    assert user.returncode == 0


def _until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def _lease(settings: Settings) -> Lease:
    assert settings.embedded is not None
    lease = server.current(settings.embedded)
    assert lease is not None
    return lease


def _gone(lease: Lease) -> bool:
    return not lease.java.alive and not lease.keeper.alive


def test_four_who_start_at_once_share_one_server_that_ends_after_the_last(own: Settings) -> None:
    users = [_user(own) for _ in range(4)]
    said = [_said(user) for user in users]
    assert len({answer["java"] for answer in said}) == 1
    assert all(answer["ok"] for answer in said)
    lease = _lease(own)
    for user in users[:-1]:
        _leave(user)
    assert not _gone(lease)
    _leave(users[-1])
    _until(lambda: _gone(lease))


def test_a_killed_user_leaves_no_server_behind_and_a_killed_keeper_is_replaced(own: Settings) -> None:
    with open_graph(own) as graph:
        graph.read("admin.ping")
        first = _lease(own)
        os.kill(first.keeper.pid, signal.SIGKILL)
        _until(lambda: _gone(first))
    user = _user(own)
    assert _said(user)["java"] != first.java.pid
    second = _lease(own)
    user.kill()
    user.communicate()
    _until(lambda: _gone(second))


def test_a_java_that_ends_by_itself_is_started_again_for_those_who_use_it(own: Settings) -> None:
    with open_graph(own) as graph:
        first = _lease(own)
        os.kill(first.java.pid, signal.SIGKILL)
        _until(
            lambda: (
                (now := server.current(own.embedded or Path())) is not None
                and now.java.pid != first.java.pid
                and now.answers
            )
        )
        assert graph.read("admin.ping") == [{"ok": 1}]


def test_the_server_listens_on_loopback_only_and_its_secrets_are_private(
    graph: Graph, server_settings: Settings
) -> None:
    lease = _lease(server_settings)
    heard = {
        c.laddr for c in psutil.Process(lease.java.pid).net_connections() if c.status == psutil.CONN_LISTEN
    }
    assert {address.port for address in heard} == {lease.port}
    assert {address.ip.removeprefix("::ffff:") for address in heard} == {"127.0.0.1"}
    folder = server_settings.embedded
    assert folder is not None
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE((folder / name).stat().st_mode) for name in ("password", "lease.json")] == [
        0o600,
        0o600,
    ]
    lines = " ".join(
        arg for process in psutil.process_iter(["cmdline"]) for arg in process.info["cmdline"] or ()
    )
    assert server.password(folder) not in lines


def test_a_lost_password_is_named(tmp_path: Path) -> None:
    with pytest.raises(GraphUnavailableError, match="password of the private Neo4j is missing"):
        server.password(tmp_path)


@pytest.mark.parametrize("left", ["", '{"port": 76', "null", "{}"])
def test_a_lease_that_a_loss_of_power_has_cut_short_names_no_server(tmp_path: Path, left: str) -> None:
    (tmp_path / "lease.json").write_text(left)
    assert server.current(tmp_path) is None
    assert not server.stop(tmp_path)


def test_a_graph_with_a_lease_that_was_cut_short_opens(own: Settings) -> None:
    folder = own.embedded
    assert folder is not None
    folder.mkdir(parents=True)
    (folder / "lease.json").touch()
    with open_graph(own) as graph:
        assert graph.read("admin.ping") == [{"ok": 1}]
        assert _lease(own).answers


@pytest.mark.parametrize(("how", "used"), [(fcntl.LOCK_SH, True), (fcntl.LOCK_EX, False)])
def test_a_keeper_that_looks_or_ends_the_server_is_no_user_of_it(
    tmp_path: Path, how: int, used: bool
) -> None:
    with held(tmp_path / "users.lock", how):
        assert lease.used(tmp_path) is used
    assert not lease.used(tmp_path)


def test_another_port_is_tried_where_one_is_taken_while_java_starts(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was free when the keeper looked."""
    folder = own.embedded
    assert folder is not None
    folder.mkdir(parents=True)
    keeping = keeper.Keeper(lease.planned(own, folder))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken, port = other.getsockname()[1], free_port()
        ports = iter([taken, port])
        monkeypatch.setattr(keeper, "_free_port", lambda: next(ports))
        monkeypatch.setattr(keeper, "_taken", lambda _: False)
        keeping._first_password()
        try:
            answer = keeping._start()
            assert answer.lease is not None, answer
            assert answer.lease.port == port
        finally:
            keeping._stop()


def test_a_port_that_takes_connections_and_says_nothing_is_no_server_that_is_ready() -> None:
    """As of a Neo4j that is starting: it took one and reset it, and who had come was told that it cannot be reached."""
    me = Identity.of(os.getpid())
    with socket.create_server(("127.0.0.1", 0)) as door:
        told = Lease(port=door.getsockname()[1], version="5", keeper=me, java=me, started=0)

        def slam() -> None:
            door.accept()[0].close()

        thread = threading.Thread(target=slam)
        thread.start()
        assert not told.answers
        thread.join()
    assert not told.answers, "nobody is there at all"


@pytest.mark.parametrize("variable", ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"])
def test_a_collector_that_the_environment_has_chosen_stays(
    own: Settings, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Java ends with "Multiple garbage collectors selected" when it is given two."""
    monkeypatch.setenv(variable, "-Dany=1 -XX:+UseSerialGC")
    plan = lease.planned(own, own.embedded or Path())
    for command in (plan.command, plan.admin("version")):
        assert not any("GC" in word for word in command)
    done = subprocess.run([*plan.command[:4], "-version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv(variable, "-Xmx512m")
    assert not any(word.startswith("-Xmn") for word in plan.command), "it would leave little for what stays"
    monkeypatch.delenv(variable)
    assert "-XX:+UseParallelGC" in plan.command
    assert f"-Xmn{int(400 * 1024 * 0.4)}k" in plan.command


def test_an_import_takes_its_heap_at_once_and_leaves_what_the_environment_has_chosen(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    plan = lease.planned(own, own.embedded or Path())

    def starts() -> bool:
        command = plan.admin("version", heap="512m")
        options = command[: command.index("-cp")]
        return subprocess.run([*options, "-version"], capture_output=True, check=False).returncode == 0

    assert {"-Xms512m", "-Xmx512m", "-Xmn262144k"} <= set(plan.admin("version", heap="512m"))
    assert [word for word in plan.admin("version") if word.startswith("-Xm")] == ["-Xmx256m"]
    assert starts()
    assert "glibc.malloc.hugetlb" in plan.importing["GLIBC_TUNABLES"]
    assert "GLIBC_TUNABLES" not in plan.environment, "the server takes memory as it needs it"
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=0")
    assert plan.importing["GLIBC_TUNABLES"] == "glibc.malloc.check=0"
    monkeypatch.setenv("_JAVA_OPTIONS", "-Xmx200m")
    assert starts(), "Java does not start with more at first than at most"


def test_options_with_which_java_does_not_start_are_named_and_not_its_whole_command(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The admin tool, which sets the first password, has a small heap."""
    monkeypatch.setattr(
        classes, "_wanted", lambda _: False
    )  # it would be noted for a day that none can be made
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-Xms3g")
    with pytest.raises(GraphUnavailableError, match="Initial heap size") as refused, open_graph(own):
        pass
    assert "JDK_JAVA_OPTIONS" in str(refused.value)
    assert "-cp" not in str(refused.value)
