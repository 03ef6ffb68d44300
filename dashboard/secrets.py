"""The install's secret key, and the opaque names of patients that are made from it."""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from ontology.errors import CwmError, NotFoundError

PATIENTS = "patients"
"""First segment of the addresses in which a token stands for a patient."""
SIZE = 32
"""Bytes of the secret."""


def private_write(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read (mode 0600), whole or not at all, also when the power is lost."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


@dataclass(frozen=True)
class Secrets:
    """Keys derived from one random secret; each purpose has its own.

    >>> secrets = Secrets(b"k" * 32)
    >>> token = secrets.token("Patient/ada-lovelace")
    >>> "ada" in token, secrets.key_of(token)
    (False, 'Patient/ada-lovelace')
    >>> Secrets(b"another install's secret key ....").token("Patient/ada-lovelace") == token
    False
    """

    root: bytes

    @classmethod
    def load(cls, home: Path) -> "Secrets":
        """The secret kept in ``home/dashboard.key`` (mode 0600), made on first use.

        Raises:
            CwmError: the file was cut short; keys made from it could be guessed.
        """
        path = home / "dashboard.key"
        if not path.exists():
            private_write(path, os.urandom(SIZE))
        if len(root := path.read_bytes()) != SIZE:
            raise CwmError(
                "The key of the dashboard is not whole.",
                got=f"{path}: {len(root)} bytes",
                allowed=f"{SIZE} bytes",
                do="Remove the file: the next start makes a new one, which ends every session and changes every address.",
            )
        return cls(root)

    def derived(self, purpose: str, size: int = 32) -> bytes:
        """A key for one purpose (HMAC-SHA-512 of its name), ``size`` <= 64 bytes."""
        return hmac.digest(self.root, purpose.encode(), hashlib.sha512)[:size]

    def token(self, key: str) -> str:
        """The opaque name of a node in addresses: AES-SIV of its key, so it tells nothing and needs no table."""
        return base64.urlsafe_b64encode(self._siv.encrypt(key.encode(), None)).rstrip(b"=").decode()

    def key_of(self, token: str) -> str:
        """The key that a token stands for.

        Raises:
            NotFoundError: this install did not make the token. The message does not repeat it.
        """
        try:
            data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            return self._siv.decrypt(data, None).decode()
        except (ValueError, InvalidTag):
            raise NotFoundError("This address names nothing here.", do="Go back to the list.") from None

    def made(self, token: str) -> bool:
        """Whether this install made the token, in just these letters."""
        try:
            return self.token(self.key_of(token)) == token
        except NotFoundError:
            return False

    @property
    def _siv(self) -> AESSIV:
        return AESSIV(self.derived("addresses", 64))
