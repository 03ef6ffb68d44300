"""The importer's files of the nodes with one set of labels, or of the relationships of one type, as one process writes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.bulk.cells import DELIMITER, EMPTY, WAYS, OddError, instant, joined, kind

ENDS: Final = (":START_ID(r)", ":END_ID(r)")
SAID: Final = (":START_ID(r)", ":END_ID(c)")
"""How the lines of relationships begin: between resources, and from a resource to a concept."""

Column = tuple[int, str]
"""Its place in the line, and the importer's type."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How values with the same names, in the same order, become a line."""

    others: tuple[tuple[int, Callable[[Any], str]], ...]
    """Places of values that are no texts, and how each is written."""
    pick: Callable[[Sequence[str]], Sequence[str]] | None
    """Puts them in the order of the columns, an empty one last of them where there is none; None when they are."""
    width: int
    """Cells of the line."""


class Table:
    """Lines that are added for one resource after the other, and then written to a file in one piece.

    Columns are added as they are met, at the end. The importer wants every line as long as the head, so what was written
    before a column was met stays in a file of its own (``name-0.csv``, ``name-1.csv``), with its head in ``name-0.head``.
    Beside a file lies an index, of which resource each piece of it is, so that a resource can be taken out again.
    ``key`` is the importer's group of ids to which the property ``key`` of a node belongs.
    """

    def __init__(self, folder: Path, name: str, head: Sequence[str] = (), key: str = "r") -> None:
        self._folder, self._name, self._head, self._key = folder, name, head, f"key:ID({key})"
        self.files: list[str] = []
        """Names of the files, without suffix."""
        self._columns: dict[str, Column] = {}
        self._shapes: dict[tuple[tuple[str, ...], tuple[str, ...]], _Shape] = {}
        self._widths: set[int] = set()
        """Cells of the lines that are kept."""
        self._lines: list[str] = []
        self._owners: list[int] = []
        self._told = -1
        """Columns of the head of the last file."""
        self.longest = 0
        """Characters of the longest line."""
        self.folded = False
        """Whether a text goes over several lines."""

    def line(self, ends: Sequence[str], props: dict[str, Any], times: Sequence[Any] = ()) -> str:
        """A line of the file; nothing is kept yet.

        Raises:
            OddError: a value cannot be written, or is of another type than others in its column.
        """
        names, clocks = tuple(props), tuple([time[0] for time in times])
        shape = self._shapes.get((names, clocks))
        if shape is None:
            shape = self._shapes[names, clocks] = self._shape(props, clocks)
        self._widths.add(shape.width)
        cells: list[Any] = [*ends, *props.values()]
        if None in cells or "" in cells:
            cells = [EMPTY if cell == "" else "" if cell is None else cell for cell in cells]
        for at, way in shape.others:
            if (value := cells[at]) != "":
                cells[at] = way(value)
        for _, seconds, nanoseconds in times:
            cells.append(instant(seconds, nanoseconds))
        try:
            return joined(shape.pick([*cells, ""]) if shape.pick else cells)
        except TypeError:
            raise OddError("a value of another type than others of its name") from None

    def add(self, owner: int, line: str) -> None:
        """Keep a line of the resource with the number ``owner``."""
        self._owners.append(owner)
        self._lines.append(line)

    def write(self) -> None:
        """Write what was kept.

        Raises:
            OSError: the disk is full, or cannot be written.
        """
        if not self._lines:
            return
        if self._told != len(self._columns):
            self._begin()
        width = len(self._head) + len(self._columns)
        if self._widths != {width}:
            self._lines = [f"{line}{DELIMITER * (width - 1 - line.count(DELIMITER))}" for line in self._lines]
        text = "\n".join(self._lines) + "\n"
        index = np.empty((len(self._lines), 2), "<u8")
        index[:, 0] = self._owners
        index[:, 1] = [*map(len, self._lines if text.isascii() else map(str.encode, self._lines))]
        index[:, 1] += 1
        self.longest = max(self.longest, 1 + max(map(len, self._lines)))
        # Every line has one end; what is more is within a text.
        self.folded = self.folded or text.count("\n") > len(self._lines) or "\r" in text
        path = self._folder / self.files[-1]
        with path.with_suffix(".csv").open("ab") as file:
            file.write(text.encode())
        with path.with_suffix(".index").open("ab") as file:
            file.write(index.tobytes())
        self._lines, self._owners, self._widths = [], [], set()

    def _shape(self, props: dict[str, Any], times: Sequence[str]) -> _Shape:
        columns = [self._at(n, "string" if v is None else kind(v)) for n, v in props.items()]
        columns += [self._at(name, "datetime") for name in times]
        head = len(self._head)
        # Where the cell for each column is among the values; the last place, an empty cell, when none is.
        places = [*range(head), *[head + len(columns)] * len(self._columns)]
        for at, (place, _) in enumerate(columns, head):
            places[place] = at
        others = tuple(
            (at, WAYS[type_])
            for at, (_, type_) in enumerate(columns[: len(props)], head)
            if type_ != "string"
        )
        plain = places == [*range(head + len(columns))]
        return _Shape(others, None if plain else itemgetter(*places), len(places))

    def _begin(self) -> None:
        """A new file, with the columns that are known by now."""
        self.files.append(f"{self._name}-{len(self.files)}")
        names = [
            self._key if name == "key" else f"{name}:{type_}" for name, (_, type_) in self._columns.items()
        ]
        head = (self._folder / self.files[-1]).with_suffix(".head")
        head.write_text(DELIMITER.join([*self._head, *names]) + "\n", "utf-8")
        self._told = len(self._columns)

    def _at(self, name: str, type_: str) -> Column:
        return self._columns.setdefault(name, (len(self._head) + len(self._columns), type_))
