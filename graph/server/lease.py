"""Joining the private Neo4j: users hold a shared file lock, a keeper process owns Java and watches that lock.

In the folder of a graph lie, beside the password and Neo4j's own home:

- ``start.lock``: held by the one process that is joining; so four starters at once get one server.
- ``users.lock``: held shared by everyone who uses the server; the kernel lets go of it however a user ends.
- ``keeper.lock``: held by the keeper while it lives.
- ``lease.json``: where the running server is, and which processes it is made of.
- ``stay``: when it is there, the server stays up without users (``cwm graph start``).
"""

import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ValidationError

from graph.server import classes, jars, java
from graph.server.config import Plan
from graph.server.process import Identity
from graph.server.progress import waiting
from graph.server.space import need_space
from graph.settings import Settings
from ontology.errors import GraphUnavailableError

STEP = 0.05
"""Seconds between two looks."""


ANSWER = 5.0
"""Seconds in which a server that is ready answers, on a busy machine."""
GREETING = bytes.fromhex("6060b017 00000405 00000404 00000004 00000000")
"""Bolt's handshake: its sign, and the versions that may be spoken (bolt-protocol, Handshake specification)."""


class Lease(BaseModel):
    """A server that runs."""

    port: int
    version: str
    keeper: Identity
    java: Identity
    started: float
    """Seconds since 1970, UTC."""

    @property
    def answers(self) -> bool:
        """Whether the server speaks Bolt: one that is starting may take a connection and reset it."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), ANSWER) as probe:
                probe.sendall(GREETING)
                return len(probe.recv(4)) == 4
        except OSError:
            return False


class Answer(BaseModel):
    """What a keeper says when it has started, or why it has not."""

    lease: Lease | None = None
    what: str = ""
    got: str | None = None
    do: str | None = None


def written(folder: Path) -> Lease | None:
    """The lease that lies in a folder, of a server that runs or ran; None also for one that a loss of power has cut short."""
    try:
        return Lease.model_validate_json((folder / "lease.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def current(folder: Path) -> Lease | None:
    """The lease of the server that runs in a folder, or None; starts nothing."""
    lease = written(folder)
    return lease if lease and lease.java.alive and lease.keeper.alive else None


def password(folder: Path) -> str:
    """The password of the server in a folder.

    Raises:
        GraphUnavailableError: the file is not there.
    """
    try:
        return (folder / "password").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GraphUnavailableError(
            "The password of the private Neo4j is missing.",
            got=str(folder / "password"),
            do="Put the file back from a copy of the folder, or move the folder away and ingest again.",
        ) from None


@contextmanager
def joined(settings: Settings, folder: Path) -> Iterator[Lease]:
    """Use the server of a folder, starting it if it does not run; leaving it is all that a user does to end it.

    Raises:
        GraphUnavailableError: it cannot be started.
    """
    _make(folder)
    with (
        held(folder / "start.lock", fcntl.LOCK_EX) as start,
        held(folder / "users.lock", fcntl.LOCK_SH) as user,
    ):
        os.utime(user)  # the keeper counts its grace from the last one who came
        lease = find_or_start(settings, folder)
        fcntl.flock(start, fcntl.LOCK_UN)
        yield lease


def stay(folder: Path, on: bool) -> None:
    """Let the server stay up without users, or not."""
    if on:
        _make(folder)
        (folder / "stay").touch(0o600)
    else:
        (folder / "stay").unlink(missing_ok=True)


def stop(folder: Path, timeout: float = 60) -> bool:
    """Stop the server of a folder now, whoever uses it; False when none runs.

    Raises:
        GraphUnavailableError: it does not stop.
    """
    stay(folder, on=False)
    lease = current(folder)
    if lease is None:
        return False
    lease.keeper.terminate()
    end = time.monotonic() + timeout
    while lease.keeper.alive or lease.java.alive:
        if time.monotonic() > end:
            raise GraphUnavailableError(
                "The private Neo4j does not stop.", got=f"process {lease.java.pid}", do="End that process."
            )
        time.sleep(STEP)
    return True


def used(folder: Path) -> bool:
    """Whether anyone uses the server of a folder; the keeper, which looks and which ends it, does not count."""
    lock = folder / "users.lock"
    if not lock.exists() or _free(lock):
        return False
    # Users share the lock, the keeper has it for itself: to end the server, or to look, which it may have done just now.
    return _free(lock, fcntl.LOCK_SH) and not _free(lock)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        raise GraphUnavailableError(
            "The folder of the graph cannot be made.",
            got=f"{folder}: {error.strerror}",
            do="Set CWM_HOME to a folder of yours.",
        ) from error


def find_or_start(settings: Settings, folder: Path) -> Lease:
    """The server of a folder, for one who holds ``start.lock``, and ``users.lock`` as everyone who uses it.

    Raises:
        GraphUnavailableError: it cannot be started.
    """
    end = time.monotonic() + settings.start_timeout
    while time.monotonic() < end:
        if _free(folder / "keeper.lock"):
            return _start(settings, folder)
        lease = current(folder)
        if lease and lease.answers:
            return lease
        time.sleep(STEP)  # it is stopping, or Java is being started again
    raise GraphUnavailableError(
        "The private Neo4j neither answers nor ends.",
        got=str(folder),
        do="Run `cwm graph stop`, then try again.",
    )


def planned(settings: Settings, folder: Path) -> Plan:
    """How the server of a folder is run.

    Raises:
        GraphUnavailableError: no Java fits, or the jars cannot be fetched.
    """
    plan = Plan(
        folder=folder,
        java=java.find(settings).path,
        classpath=jars.classpath(settings),
        version=settings.neo4j_version,
        heap=settings.heap,
        page_cache=settings.page_cache,
        port=settings.graph_port,
        grace=settings.grace,
        timeout=settings.start_timeout,
    )
    return plan.model_copy(update={"classes": classes.ready(settings, plan, partial(_rehearse, settings))})


def _rehearse(settings: Settings, plan: Plan) -> None:
    """Start a graph of its own, empty, as every program does, and stop it."""
    from graph.connection import entered

    plan.folder.mkdir(mode=0o700)
    with (
        held(plan.folder / "users.lock", fcntl.LOCK_SH),
        entered(settings, plan.folder, _run(plan)) as graph,
    ):
        graph.read("admin.filled")
    stop(plan.folder, plan.timeout)


def _start(settings: Settings, folder: Path) -> Lease:
    plan = planned(settings, folder)
    need_space(folder, settings.disk_free)
    with waiting(f"Starting the private Neo4j {settings.neo4j_version}"):
        return _run(plan)


def _run(plan: Plan) -> Lease:
    with (plan.folder / "keeper.log").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "graph.server.keeper"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        line, _ = keeper.communicate(plan.model_dump_json().encode())
    answer = (
        Answer.model_validate_json(line)
        if line
        else Answer(what="The private Neo4j's keeper ended.", got=str(plan.folder / "keeper.log"))
    )
    if answer.lease is None:
        raise GraphUnavailableError(answer.what, got=answer.got, do=answer.do)
    return answer.lease


@contextmanager
def held(path: Path, how: int) -> Iterator[int]:
    """Hold a lock of the kernel on a file, which is made when it is not there; yields the open file."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # not inherited by programs that we start (PEP 446)
    try:
        fcntl.flock(file, how)
        yield file
    finally:
        os.close(file)


def _free(path: Path, how: int = fcntl.LOCK_EX) -> bool:
    """Whether nobody holds a lock, or with ``LOCK_SH`` whether nobody holds it for himself."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(file)
