"""The numbers of nodes, filled in where the importer's files have left room for them.

A resource has the number that it had when it was read, which leaves gaps for what was set aside; then come contained parts,
concepts, and placeholders of what is spoken of and is no node.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graph.bulk.cells import BLANK
from graph.bulk.ends import END
from graph.bulk.table import LINE, OWN, torn

Array = npt.NDArray[Any]

NUMBERED: Final = np.dtype([("high", "<u8"), ("low", "<u8"), ("number", "<u8")])
"""A node: hash of its key, and its number."""
PIECE: Final = 2_000_000
"""Ends that are sorted at once, about."""
AT_ONCE: Final = 100_000
"""Lines that are filled in at once."""
BYTES: Final = 2**24
"""Of lines that are rewritten as a whole; of longer ones only the cells are."""
CELLS: Final = ("a", "b")
_NONE: Final = 2**64 - 1
_DIGITS: Final = np.array([f"{n:04}" for n in range(10_000)], "S4").view(np.uint8).reshape(-1, 4)


class Numbers:
    """The ends of which lines in ``folder`` speak, whichever process wrote them, and what they turn out to be.

    In memory are nine bytes for each number that a process has given (:class:`~graph.bulk.ends.Ends`).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        paths = [path for path in sorted(folder.glob("*.ends")) if path.stat().st_size]
        self._process = {path.stem: at for at, path in enumerate(paths)}
        self._keys = [path.with_suffix(".keys") for path in paths]
        self._ends: list[Array] = [np.memmap(path, END, "r") for path in paths]
        # Not mapped to disk: where that is full, a mapping ends the process without a word.
        self._numbers: list[Array] = [np.full(len(ends), _NONE, "<u8") for ends in self._ends]
        self._used: list[Array] = [np.zeros(len(ends), bool) for ends in self._ends]
        for index, lines in self._indexes():
            for some in _slices(lines):
                for cell in CELLS:
                    ends = some[cell]
                    if (ends := ends[(ends != 0) & (ends != OWN)]).size:
                        self._used[self._process_of(index)][ends.astype(np.int64) - 1] = True

    def settle(self, nodes: Callable[[], Iterable[Array]], free: int) -> Iterator[tuple[int, str]]:
        """Find the number of every end among ``nodes``: each call gives them all, of :data:`NUMBERED`, a part at a time.

        What is not found is a placeholder: its number, from ``free`` on, and its key. To be taken to its end.
        """
        bits = (sum(map(len, self._ends)) // PIECE).bit_length()
        with ExitStack() as files:
            keys = [files.enter_context(path.open("rb")) for path in self._keys]
            for piece in range(1 << bits if self._ends else 0):
                places = [
                    np.flatnonzero(used & _within(ends, piece, bits))
                    for ends, used in zip(self._ends, self._used, strict=True)
                ]
                ends = np.concatenate([e[at] for e, at in zip(self._ends, places, strict=True)])
                process = np.repeat(np.arange(len(places)), [*map(len, places)])
                order, new = _grouped(ends)
                first = order[new]
                found = _found(ends[first], (part[_within(part, piece, bits)] for part in nodes()))
                for one in np.flatnonzero((found == _NONE) & (ends["size"][first] > 0)).tolist():
                    found[one], end, file = free, ends[first[one]], keys[process[first[one]]]
                    file.seek(int(end["at"]))
                    yield free, file.read(int(end["size"])).decode()
                    free += 1
                numbers = np.empty(len(ends), "<u8")
                numbers[order] = found[np.cumsum(new) - 1]
                for of, where in enumerate(places):
                    self._numbers[of][where] = numbers[process == of]

    def fill(self) -> None:
        """Fill in the numbers in all files; what was noted beside these for it goes.

        Raises:
            OSError: the disk is full, or cannot be written.
            GraphUnavailableError: the files do not fit together.
        """
        for index, lines in self._indexes():
            self._fill(index, lines)
        for path in self._folder.iterdir():
            if path.suffix in {".ends", ".index", ".keys"}:
                path.unlink()

    def _indexes(self) -> Iterator[tuple[Path, Array]]:
        for index in sorted(self._folder.glob("*.index")):
            if index.stat().st_size:
                yield index, np.memmap(index, LINE, "r")

    def _process_of(self, index: Path) -> int:
        """The process that has given the numbers; node-PROCESS-TABLE-FILE is the name of a file."""
        return self._process[index.name.split("-")[1]]

    def _fill(self, index: Path, lines: Array) -> None:
        begin = 0
        with index.with_suffix(".csv").open("r+b") as file:
            for some in _slices(lines):
                ends = begin + np.cumsum(some["size"], dtype=np.int64)
                places: list[Array] = []
                digits: list[Array] = []
                for at, cell in enumerate(CELLS):
                    open_ = np.flatnonzero(some[cell])
                    if len(open_):
                        places.append((ends - some["size"])[open_] + at * (len(BLANK) + 1))
                        digits.append(_digits(self._chosen(index, some[cell][open_], some["owner"][open_])))
                if places:
                    _put(file, begin, int(ends[-1]), np.concatenate(places), np.concatenate(digits))
                begin = int(ends[-1])
            if begin != file.seek(0, 2):
                raise torn()

    def _chosen(self, index: Path, ends: Array, owners: Array) -> Array:
        found = owners.copy()
        other = ends != OWN
        if other.any():
            found[other] = self._numbers[self._process_of(index)][ends[other].astype(np.int64) - 1]
            if (found == _NONE).any():
                # The importer does not look, and the graph would not be whole.
                raise torn()
        return found


def _put(file: Any, begin: int, end: int, places: Array, digits: Array) -> None:
    if end - begin > BYTES:
        for place, cell in zip(places.tolist(), digits, strict=True):
            file.seek(place)
            file.write(cell.tobytes())
        return
    file.seek(begin)
    text = np.frombuffer(bytearray(file.read(end - begin)), np.uint8)
    if len(text) != end - begin:
        raise torn()
    text[(places - begin)[:, None] + np.arange(len(BLANK))] = digits
    file.seek(begin)
    file.write(text.tobytes())


def _slices(lines: Array) -> Iterator[Array]:
    for first in range(0, len(lines), AT_ONCE):
        yield lines[first : first + AT_ONCE]


def _within(some: Array, piece: int, bits: int) -> Array:
    """Which of some keys are of a piece, by the first ``bits`` of their hashes."""
    if not bits:
        return np.ones(len(some), bool)
    found: Array = some["high"] >> np.uint64(64 - bits) == np.uint64(piece)
    return found


def _grouped(ends: Array) -> tuple[Array, Array]:
    """The order in which equal ends stand together, of each first one with a text; and where in it another one begins."""
    order = np.lexsort((ends["size"] == 0, ends["low"], ends["high"]))
    high, low = ends["high"][order], ends["low"][order]
    new = np.ones(len(order), bool)
    new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    return order, new


def _found(ends: Array, nodes: Iterable[Array]) -> Array:
    """The number of each of the ``ends`` (sorted, each once) among the nodes."""
    found = np.full(len(ends), _NONE, "<u8")
    for some in nodes:
        at, which = _find(ends, some)
        found[at] = some["number"][which]
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
