"""The local users of the dashboard: a file of argon2id hashes, made on first run."""

import secrets
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import ClassVar

import orjson
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from pydantic import BaseModel, ConfigDict

from dashboard.secrets import private_write
from ontology.errors import CwmError

LOCAL = "local"
"""Name of the user that the first run makes."""


class User(BaseModel):
    """A user as kept on disk; ``generation`` goes up at logout and at a new password, which ends every session."""

    model_config = ConfigDict(extra="forbid")
    hash: str
    generation: int = 1
    changed: datetime


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    users: dict[str, User] = {}


class Users:
    """Users kept in ``CWM_HOME/users.json`` (mode 0600).

    >>> import tempfile
    >>> users = Users(Path(tempfile.mkdtemp()))
    >>> password = users.first_run()
    >>> users.check("local", password), users.check("local", "guess"), users.first_run()
    (True, False, None)
    """

    def __init__(self, home: Path) -> None:
        self.path = home / "users.json"
        self._hasher = PasswordHasher()

    def first_run(self) -> str | None:
        """The new password of the local user when there is no user yet, else None. It is kept only as a hash."""
        return None if self._read().users else self.reset()

    def reset(self, name: str = LOCAL) -> str:
        """A new random password for a user, who is made if need be; every session of the user ends."""
        password = secrets.token_urlsafe(12)
        file = self._read()
        generation = file.users[name].generation + 1 if name in file.users else 1
        file.users[name] = User(
            hash=self._hasher.hash(password), generation=generation, changed=datetime.now(UTC)
        )
        self._write(file)
        return password

    def check(self, name: str, password: str) -> bool:
        """Whether the password is the user's. An unknown name costs as much time as a wrong password."""
        user = self._read().users.get(name)
        try:
            self._hasher.verify(user.hash if user else self._decoy, password)
        except (Argon2Error, InvalidHashError):
            return False
        return user is not None

    def generation(self, name: str) -> int | None:
        """The user's generation, or None when there is no such user."""
        user = self._read().users.get(name)
        return user.generation if user else None

    def end_sessions(self, name: str) -> None:
        """Make every session of the user invalid."""
        file = self._read()
        if user := file.users.get(name):
            file.users[name] = user.model_copy(update={"generation": user.generation + 1})
            self._write(file)

    @property
    def _decoy(self) -> str:
        if not hasattr(self, "_decoy_hash"):
            self._decoy_hash = self._hasher.hash(secrets.token_urlsafe(12))
        return self._decoy_hash

    def _read(self) -> _File:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return _File()
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            self.path.chmod(0o600)
        try:
            return _File.model_validate_json(data)
        except ValueError:
            raise CwmError(
                "The file of users cannot be read.",
                got=self.path,
                do="Move it away; the next start makes a new user.",
            ) from None

    def _write(self, file: _File) -> None:
        private_write(self.path, orjson.dumps(file.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


class Limiter:
    """Slows down guessing: after ``free`` failures in a row each attempt waits twice as long, up to ``most`` seconds.

    One counter for all: behind a loopback address there is nothing to tell callers apart by.

    >>> now = 0.0
    >>> limiter = Limiter(clock=lambda: now)
    >>> for _ in range(6): limiter.failed()
    >>> limiter.wait()
    2.0
    """

    free: ClassVar[int] = 5
    most: ClassVar[float] = 60.0

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    def wait(self) -> float:
        """Seconds until the next attempt is taken; 0 when it is taken now."""
        return max(0.0, self._until - self._clock())

    def failed(self) -> None:
        """An attempt failed."""
        self._failures += 1
        if self._failures > self.free:
            self._until = self._clock() + min(self.most, 2.0 ** min(self._failures - self.free, 10))

    def passed(self) -> None:
        """An attempt was right: start again."""
        self._failures, self._until = 0, 0.0
