"""The numbers of nodes, filled in where the importer's files have left room for them.

A resource has the number that it had when it was read, which leaves gaps for what was set aside; then come contained parts,
concepts, and placeholders of what is spoken of and is no node.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graph.bulk.cells import BLANK
from graph.bulk.ends import END
from graph.bulk.table import LINE, OWN

Array = npt.NDArray[Any]

NODE: Final = np.dtype([("high", "<u8"), ("low", "<u8"), ("number", "<u8")])
"""A node: hash of its key, and its number."""
PIECE: Final = 1_000_000
"""Ends that are sorted at once, about."""
AT_ONCE: Final = 100_000
"""Lines that are filled in at once."""
_NONE: Final = 2**64 - 1
_DIGITS: Final = np.array([f"{n:04}" for n in range(10_000)], "S4").view(np.uint8).reshape(-1, 4)


class Numbers:
    """The ends that all processes have written in ``folder``, and what they turn out to be: eight bytes each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        paths = [path for path in sorted(folder.glob("*.ends")) if path.stat().st_size]
        self._ends: list[Array] = [np.memmap(path, END, "r") for path in paths]
        self._keys = [path.with_suffix(".keys") for path in paths]
        # Not mapped to disk: where that is full, a mapping ends the process without a word.
        self._numbers: list[Array] = [np.full(len(ends), _NONE, "<u8") for ends in self._ends]
        self._of = {path.stem: numbers for path, numbers in zip(paths, self._numbers, strict=True)}

    def settle(self, nodes: Callable[[], Iterable[Array]], free: int) -> Iterator[tuple[int, str]]:
        """Find the number of every end among ``nodes``: each call gives them all, of :data:`NODE`, a part at a time.

        What is not found is a placeholder: its number, from ``free`` on, and its key. To be taken to its end.
        """
        bits = (sum(map(len, self._ends)) // PIECE).bit_length()
        for piece in range(1 << bits):
            places = [np.flatnonzero(_within(ends, piece, bits)) for ends in self._ends]
            ends = np.concatenate(
                [np.zeros(0, END), *(e[at] for e, at in zip(self._ends, places, strict=True))]
            )
            # Of equal ones first one with a text.
            order = np.lexsort((ends["size"] == 0, ends["low"], ends["high"]))
            new = np.ones(len(order), bool)
            new[1:] = _differ(ends[order[1:]], ends[order[:-1]])
            leaders = ends[order[new]]
            found = np.full(len(leaders), _NONE, "<u8")
            for part in nodes():
                some = part[_within(part, piece, bits)]
                at, which = _find(leaders, some)
                found[at] = some["number"][which]
            process = np.repeat(np.arange(len(places)), [*map(len, places)])[order[new]]
            for leader in np.flatnonzero((found == _NONE) & (leaders["size"] > 0)).tolist():
                found[leader] = free
                yield free, self._key(int(process[leader]), leaders[leader])
                free += 1
            numbers = np.empty(len(ends), "<u8")
            numbers[order] = found[np.cumsum(new) - 1]
            done = 0
            for into, where in zip(self._numbers, places, strict=True):
                into[where] = numbers[done : done + len(where)]
                done += len(where)

    def _key(self, process: int, end: Any) -> str:
        with self._keys[process].open("rb") as file:
            file.seek(int(end["at"]))
            return file.read(int(end["size"])).decode()

    def fill(self) -> None:
        """Fill in the numbers in all files.

        Raises:
            OSError: the disk is full, or cannot be written.
        """
        for index in sorted(self._folder.glob("*.index")):
            self._fill(index, self._of.get(index.name.split("-")[1], np.zeros(0, "<u8")))

    def _fill(self, index: Path, numbers: Array) -> None:
        if not index.stat().st_size:
            return
        lines = np.memmap(index, LINE, "r")
        with index.with_suffix(".csv").open("r+b") as file:
            for first in range(0, len(lines), AT_ONCE):
                some = lines[first : first + AT_ONCE]
                ends = np.cumsum(some["size"], dtype=np.int64)
                text = np.fromfile(file, np.uint8, int(ends[-1]))
                for cell, name in enumerate(("a", "b")):
                    open_ = np.flatnonzero(some[name])
                    if len(open_):
                        places = (ends - some["size"])[open_] + cell * (len(BLANK) + 1)
                        chosen = _chosen(some[name][open_], some["owner"][open_], numbers)
                        text[places[:, None] + np.arange(len(BLANK))] = _digits(chosen)
                file.seek(-len(text), 1)
                text.tofile(file)


def _chosen(ends: Array, owners: Array, numbers: Array) -> Array:
    found = owners.copy()
    other = ends != OWN
    found[other] = numbers[ends[other].astype(np.int64) - 1]
    if (found == _NONE).any():
        # The importer does not look, and the graph would not be whole.
        raise RuntimeError("a relationship of the import has an end that is no node")
    return found


def _within(some: Array, piece: int, bits: int) -> Array:
    """Which of some keys are of a piece, by the first ``bits`` of their hashes."""
    if not bits:
        return np.ones(len(some), bool)
    found: Array = some["high"] >> np.uint64(64 - bits) == np.uint64(piece)
    return found


def _differ(one: Array, other: Array) -> Array:
    found: Array = (one["high"] != other["high"]) | (one["low"] != other["low"])
    return found


def _find(sorted_: Array, nodes: Array) -> tuple[Array, Array]:
    """Places in ``sorted_`` (by hash, each once) and in ``nodes`` of those that are the same."""
    at = np.searchsorted(sorted_["high"], nodes["high"])
    which = np.flatnonzero(at < len(sorted_))
    which = which[sorted_["high"][at[which]] == nodes["high"][which]]
    at = at[which]
    found_at, found_which = [], []
    while len(which):  # once, but for keys that share the first half of their hashes
        same = sorted_["low"][at] == nodes["low"][which]
        found_at.append(at[same])
        found_which.append(which[same])
        at, which = at[~same] + 1, which[~same]
        more = at < len(sorted_)
        at, which = at[more], which[more]
        more = sorted_["high"][at] == nodes["high"][which]
        at, which = at[more], which[more]
    none = np.zeros(0, np.int64)
    return np.concatenate([none, *found_at]), np.concatenate([none, *found_which])


def _digits(numbers: Array) -> Array:
    """Decimal digits, a row a number, as long as :data:`~graph.bulk.cells.BLANK`.

    >>> _digits(np.array([1234567], "<u8")).tobytes()
    b'000001234567'
    """
    parts = (numbers // 10**8, numbers // 10**4 % 10**4, numbers % 10**4)
    return np.concatenate([_DIGITS[part] for part in parts], axis=1)
