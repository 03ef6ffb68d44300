"""What the lines of one process speak of, by numbers of its own: which nodes they are is known when all is read."""

from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np

from graph.bulk.cells import OddError, odd

END: Final = np.dtype([("high", "<u8"), ("low", "<u8"), ("at", "<u8"), ("size", "<u4")])
"""An end: hash of its key, and where its text is; none (``size`` 0) of what has no placeholder."""
HASH: Final = np.dtype([("high", "<u8"), ("low", "<u8")])
KEPT: Final = 100_000
"""Keys of which the number is remembered."""
_CODE: Final = "\x1f"
"""Before the key of a concept, so that it is no resource's."""


def digest(key: str) -> bytes:
    """The 128 bits by which a key is known, a :data:`HASH`: two keys with the same are not to be met."""
    return blake2b(key.encode(), digest_size=16).digest()


def hashed(key: str) -> tuple[int, int]:
    """The same as two numbers."""
    bits = digest(key)
    return int.from_bytes(bits[:8], "little"), int.from_bytes(bits[8:], "little")


def concept(key: str) -> tuple[int, int]:
    """The same for a concept, of which the key may be that of a resource too."""
    return hashed(_CODE + key)


class Ends:
    """Numbers from 1 on, in the order in which something is first spoken of; after a while it may get another one.

    They are kept in ``folder`` as ``NAME.ends``, of :data:`END`, and the texts in ``NAME.keys``.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / name
        self._count = self._at = 0
        self._said: dict[str, int] = {}
        self._concepts: dict[str, int] = {}
        self._records: list[tuple[int, int, int, int]] = []
        self._texts: list[bytes] = []

    def said(self, key: str) -> int:
        """The number of another resource, which becomes a placeholder where it is no node.

        Raises:
            OddError: the key of that placeholder could not be written.
        """
        found = self._said.get(key)
        if not found:
            if odd(key):
                raise OddError("a reference with a control character")
            found = _keep(self._said, key, self._add(hashed(key), key.encode()))
        return found

    def concept(self, key: str) -> int:
        """The number of a concept."""
        found = self._concepts.get(key)
        return found or _keep(self._concepts, key, self._add(concept(key), b""))

    def part(self, key: str) -> int:
        """A number, each time another one, of a node that is contained in the resource that speaks of it.

        It is no placeholder: one stays or goes with the other.
        """
        return self._add(hashed(key), b"")

    def write(self) -> None:
        """Write what is new.

        Raises:
            OSError: the disk is full, or cannot be written.
        """
        for suffix, text in (
            (".ends", np.array(self._records, END).tobytes()),
            (".keys", b"".join(self._texts)),
        ):
            with self._path.with_suffix(suffix).open("ab") as file:
                file.write(text)
        self._records, self._texts = [], []

    def _add(self, hash_: tuple[int, int], text: bytes) -> int:
        self._count += 1
        self._records.append((*hash_, self._at, len(text)))
        self._texts.append(text)
        self._at += len(text)
        return self._count


def _keep(known: dict[str, int], key: str, number: int) -> int:
    if len(known) >= KEPT:
        known.clear()
    known[key] = number
    return number
