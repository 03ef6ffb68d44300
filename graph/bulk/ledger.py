"""What a bulk load remembers of every item that it read: 21 bytes on disk, in which it finds what belongs together.

Of most resources there is one version, which goes into the importer's files. A resource of which there are several
versions, or a deletion, waits for the ordinary way of writing, which knows which of them stays. Keys are compared by
128 bits of their hash, sorted a part at a time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graph.bulk.ends import hashed
from graph.bulk.numbers import NUMBERED
from graph.bulk.spool import DELETION, ITEM, NOTHING, ODD, PART, ROW

PIECE: Final = 2_000_000
"""Hashes that are sorted at once, about."""

Array = npt.NDArray[Any]


class Ledger:
    """The records of one bulk load, in files in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._items = (folder / "items").open("wb")
        self._parts = (folder / "parts").open("wb")

    def items(self, made: bytes) -> None:
        """Add items in the order in which they were read (of :data:`ITEM`)."""
        self._items.write(made)

    def parts(self, made: bytes) -> None:
        """Add nodes that are contained in others (of :data:`PART`)."""
        self._parts.write(made)

    def close(self) -> None:
        """Write what is still held."""
        for file in (self._items, self._parts):
            file.close()

    def __len__(self) -> int:
        return len(self._read("items", ITEM))

    def later(self) -> npt.NDArray[np.bool_]:
        """For every item whether it waits for the ordinary way of writing."""
        items = self._read("items", ITEM)
        state = items["state"]
        waits: npt.NDArray[np.bool_] = (state == DELETION) | (state == ODD)
        for some in _pieces(items["high"], state != NOTHING):
            high, low = items["high"][some], items["low"][some]
            order = np.lexsort((low, high))
            same = _same(high[order], low[order])
            twice = np.zeros(len(order), bool)
            twice[1:] = same
            twice[:-1] |= same
            waits[some[order[twice]]] = True
        return waits

    def spooled(self, of: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Those of the items that are in the importer's files."""
        found: npt.NDArray[np.bool_] = of & (self._read("items", ITEM)["state"] == ROW)
        return found

    def nodes(self, dropped: npt.NDArray[np.bool_]) -> Iterator[Array]:
        """The nodes of the files, of :data:`~graph.bulk.numbers.NUMBERED`, when the items ``dropped`` are taken out of them."""
        items, parts = self._read("items", ITEM), self._read("parts", PART)
        for first in range(0, len(items), PIECE):
            some = items[first : first + PIECE]
            live = (some["state"] == ROW) & ~dropped[first : first + PIECE]
            yield _numbered(some, live, first)
        for first in range(0, len(parts), PIECE):
            some = parts[first : first + PIECE]
            yield _numbered(some, ~dropped[some["owner"]], len(items) + first)

    @property
    def free(self) -> int:
        """The first number that no item has and no part."""
        return len(self._read("items", ITEM)) + len(self._read("parts", PART))

    def batches(self, most: int, weight: int) -> npt.NDArray[np.int64]:
        """The number of the batch of every item, cut as :func:`graph.ingest_plan.batches` cuts them."""
        items = self._read("items", ITEM)
        numbers = np.zeros(len(items), np.int64)
        number = count = load = 0
        for at, (state, weighs) in enumerate(
            zip(items["state"].tolist(), items["weight"].tolist(), strict=True)
        ):
            numbers[at] = number
            if state == NOTHING:
                continue
            count, load = count + 1, load + weighs
            if count >= most or load >= weight:
                number, count, load = number + 1, 0, 0
        return numbers

    def same(self, number: int, key: str) -> bool:
        """Whether an item is what it was when it was first read."""
        item = self._read("items", ITEM)[number]
        return (int(item["high"]), int(item["low"])) == hashed(key)

    def _read(self, name: str, kind: np.dtype[Any]) -> Array:
        path = self._folder / name
        return np.memmap(path, kind, "r") if path.stat().st_size else np.zeros(0, kind)


def _numbered(some: Array, live: Array, first: int) -> Array:
    at = np.flatnonzero(live)
    found = np.empty(len(at), NUMBERED)
    found["high"], found["low"], found["number"] = some["high"][at], some["low"][at], first + at
    return found


def _pieces(high: Array, wanted: Array | None) -> Iterator[npt.NDArray[np.int64]]:
    """The places of equal hashes together, in pieces that fit in memory."""
    bits = max(0, (len(high) // PIECE).bit_length())
    top = high >> np.uint64(64 - bits) if bits else None
    for piece in range(1 << bits):
        chosen = np.ones(len(high), bool) if top is None else top == np.uint64(piece)
        some = np.flatnonzero(chosen if wanted is None else chosen & wanted)
        if len(some):
            yield some


def _same(high: Array, low: Array) -> npt.NDArray[np.bool_]:
    """For all but the first whether it is the same as the one before it."""
    found: npt.NDArray[np.bool_] = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
    return found
