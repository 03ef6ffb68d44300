"""The keeper: a process of its own that owns Java, so that the server outlives whoever started it, and ends when nobody is left.

It reads its plan from standard input, says one line on standard output when the server answers (or why it does not), and
then watches: users gone for the grace period, a signal to stop, Java's end (it is started again, a few times).
"""

import ctypes
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from graph.server.config import Plan, private
from graph.server.diagnose import TAKEN, reason
from graph.server.lease import Answer, Lease, written
from graph.server.process import Identity

STEP = 0.2
"""Seconds between two looks while it watches."""

RESTARTS = 3
"""How often Java is started again after it ended by itself."""

STOP = 30
"""Seconds that Java has to end before it is killed."""


class Keeper:
    """Runs one server from its start to its end."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.lease_file = plan.folder / "lease.json"
        self.asked_to_stop = False
        self.java: subprocess.Popen[bytes] | None = None
        self.port = 0

    def run(self) -> None:
        """Start, tell the one who waits, watch, stop."""
        signal.signal(signal.SIGTERM, self._asked)
        lock = os.open(self.plan.folder / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            self._end_last()
            self._put_back()
            self._first_password()
            answer = self._start()
            _say(answer)
            if answer.lease:
                self._watch()
        finally:
            self._stop()

    def _asked(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.asked_to_stop = True

    def _end_last(self) -> None:
        """End the Java that a killed keeper has left behind."""
        if lease := written(self.plan.folder):
            lease.java.end(STOP)
        self.lease_file.unlink(missing_ok=True)

    def _put_back(self) -> None:
        """Put back the home that a restore had set aside when it was killed."""
        if self.plan.aside.exists() and not self.plan.home.exists():
            self.plan.aside.replace(self.plan.home)

    def _first_password(self) -> None:
        """Set the password before the first start; later the tool would exit 0 and do nothing."""
        secret, data = self.plan.folder / "password", self.plan.home / "data" / "dbms"
        if data.exists():
            return
        self.plan.write(self.plan.port)
        # In hexadecimal: the tool takes a word that begins with a hyphen for an option and refuses it.
        # A home that was to come with the password of its folder may not have come.
        word = secret.read_text(encoding="utf-8") if secret.exists() else secrets.token_hex(24)
        file = self.plan.folder / "first-password"
        private(file, word)  # by a file, so that it is never in a list of processes
        try:
            self._admin("dbms", "set-initial-password", f"@{file}")
        finally:
            file.unlink()
        private(secret, word)

    def _admin(self, *arguments: str) -> None:
        with (self.plan.folder / "java.log").open("wb") as out:
            subprocess.run(  # noqa: S603
                self.plan.admin(*arguments),
                env=self.plan.environment,
                stdout=out,
                stderr=out,
                check=True,
                timeout=self.plan.timeout,
            )

    def _start(self) -> Answer:
        """Start Java; a free port can be taken by another program before Java has it, so three are tried."""
        for _ in range(1 if self.plan.port else 3):
            self.port = self.port or self.plan.port or _free_port()
            if answer := self._try():
                return answer
            self.port = 0
        return Answer(
            what="The port for the private Neo4j is taken by another program.",
            got=str(self.plan.port or "three free ports in turn"),
            do="Unset CWM_GRAPH_PORT to take one that is free.",
        )

    def _try(self) -> Answer | None:
        """One try; None when another port may help."""
        if _taken(self.port):
            return None
        self.plan.write(self.port)
        if self.plan.log.exists():
            self.plan.log.replace(
                self.plan.log.with_suffix(".log.before")
            )  # so that a failure is read from this start only
        with (self.plan.folder / "java.log").open("wb") as out:
            self.java = subprocess.Popen(  # noqa: S603
                self.plan.command,
                env=self.plan.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509
            )
        lease = Lease(
            port=self.port,
            version=self.plan.version,
            keeper=Identity.of(os.getpid()),
            java=Identity.of(self.java.pid),
            started=time.time(),
        )
        private(self.lease_file, lease.model_dump_json())
        end = time.monotonic() + self.plan.timeout
        while self.java.poll() is None and not self.asked_to_stop and time.monotonic() < end:
            if lease.answers:
                return Answer(lease=lease)
            time.sleep(0.05)
        self._stop()
        answer = reason(self.plan, self.port)
        return None if answer.what == TAKEN and not self.plan.port else answer

    def _watch(self) -> None:
        users = os.open(self.plan.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        idle, restarts = time.time(), 0
        while not self.asked_to_stop:
            if self.java is None or self.java.poll() is not None:
                restarts += 1
                if restarts > RESTARTS or self._start().lease is None:
                    return
            if not _lock(users):
                idle = time.time()
            elif (
                not (self.plan.folder / "stay").exists()
                and time.time() - max(idle, os.fstat(users).st_mtime) >= self.plan.grace
            ):
                return  # and keep the lock: who comes now waits until this server has ended
            else:
                fcntl.flock(users, fcntl.LOCK_UN)
            time.sleep(STEP)

    def _stop(self) -> None:
        self.lease_file.unlink(missing_ok=True)
        if self.java and self.java.poll() is None:
            self.java.terminate()
            try:
                self.java.wait(self.plan.timeout if self.plan.record else STOP)
            except subprocess.TimeoutExpired:
                self.java.kill()
                self.java.wait()


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _die_with_parent() -> None:
    """On Linux Java gets SIGTERM when the keeper dies, however it dies; elsewhere the next keeper ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _say(answer: Answer) -> None:
    os.write(1, answer.model_dump_json().encode())
    os.dup2(2, 1)  # whoever waits sees the end of the line


def main() -> None:
    """Become a process of no one's, and keep."""
    plan = Plan.model_validate_json(sys.stdin.read())
    if os.fork():
        os._exit(0)
    try:
        Keeper(plan).run()
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        _say(reason(plan, plan.port))
        raise
    except (OSError, subprocess.SubprocessError) as error:
        _say(
            Answer(
                what="The private Neo4j could not be started.",
                got=f"{type(error).__name__}: {error}",
                do=f"See {Path(plan.folder) / 'keeper.log'}.",
            )
        )
        raise


if __name__ == "__main__":
    main()
