"""The importer's files of the nodes with one set of labels, or of the relationships of one type, as one process writes them."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graph.bulk.cells import OddError, column, joined, kind
from ontology.errors import GraphUnavailableError

NODE: Final = (":ID",)
ENDS: Final = (":START_ID", ":END_ID")
"""How the lines of nodes and of relationships begin."""
LINE: Final = np.dtype([("owner", "<u8"), ("size", "<u4"), ("a", "<u4"), ("b", "<u4")])
"""A line: the number of its resource, its bytes, and what is filled in as its first and its second cell.

That is 0 for nothing, :data:`OWN` for the number of its resource, or the number of an end (:mod:`graph.bulk.ends`).
"""
OWN: Final = 2**32 - 1


def torn() -> GraphUnavailableError:
    """The error for files of an import that are not as they were written."""
    return GraphUnavailableError(
        "The files of the import do not fit together.",
        do="Run it again, with more free disk space: the graph is as it was.",
    )


Column = tuple[int, str]
"""Its place in the line, and the importer's type."""
_INDEX: Final = 3
"""How many numbers stand behind the cells of a line: what :data:`LINE` says of it, but for its size."""


@dataclass(slots=True)
class _Alike:
    """Lines of which the values have the same names, in the same order."""

    columns: list[Column]
    rows: list[Sequence[Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    index: list[npt.NDArray[Any]] = field(default_factory=list)


class Table:
    """Lines that are kept for one resource after the other, then made all at once, and written to a file in one piece.

    Columns are added as they are met, at the end. The importer wants every line as long as the head, so what was written
    before a column was met stays in a file of its own (``name-0.csv``, ``name-1.csv``), with its head in ``name-0.head``.
    Beside a file lies an index of :data:`LINE`, so that a resource can be taken out again, and numbers filled in.

    >>> from tempfile import mkdtemp
    >>> table = Table(Path(mkdtemp()), "x")
    >>> table.keep(7, ("1",), {"key": "Patient/1"}), table.make(), table.write()
    (None, set(), None)
    >>> table.files
    ['x-0']
    """

    def __init__(self, folder: Path, name: str, head: Sequence[str] = NODE) -> None:
        self._folder, self._name, self._head = folder, name, head
        self.files: list[str] = []
        """Names of the files, without suffix."""
        self._columns: dict[str, Column] = {}
        self._alike: dict[tuple[str, ...], _Alike] = {}
        self._told = -1
        """Columns of the head of the last file."""
        self.longest = 0
        """Characters of the longest line."""
        self.folded = False
        """Whether a text goes over several lines."""

    def keep(self, owner: int, start: Sequence[str], props: dict[str, Any], a: int = 0, b: int = 0) -> None:
        """Keep a line of the resource with the number ``owner``, which begins with ``start``; ``a``, ``b`` as in :data:`LINE`.

        Raises:
            OddError: a value has no type that the importer knows.
        """
        self.add(tuple(props), (*start, *props.values(), owner, a, b))

    def add(self, names: tuple[str, ...], row: Sequence[Any]) -> None:
        """Keep a line as :meth:`keep` does: the names of its values, and its start, the values, ``owner``, ``a`` and ``b``."""
        alike = self._alike.get(names)
        if alike is None:
            alike = self._alike[names] = _Alike(self._places(names, row[len(self._head) : -_INDEX]))
        alike.rows.append(row)

    def make(self) -> set[int]:
        """Make lines of what is kept; the numbers of resources of which one cannot be made."""
        odd: set[int] = set()
        for alike in self._alike.values():
            if not alike.rows:
                continue
            try:
                self._make(alike, alike.rows)
            except OddError:
                for row in alike.rows:
                    try:
                        self._make(alike, [row])
                    except OddError:
                        odd.add(row[-_INDEX])
            alike.rows = []
        return odd

    def write(self, odd: AbstractSet[int] = frozenset()) -> None:
        """Write the lines that were made, but those of the resources ``odd``.

        Raises:
            OSError: the disk is full, or cannot be written.
        """
        lines: list[str] = []
        parts: list[npt.NDArray[Any]] = []
        for alike in self._alike.values():
            lines += alike.lines
            parts += alike.index
            alike.lines, alike.index = [], []
        index = np.concatenate(parts) if parts else np.empty(0, LINE)
        if odd:
            stays = ~np.isin(index["owner"], [*odd])
            lines, index = [*compress(lines, stays)], index[stays]
        if not lines:
            return
        if self._told != len(self._columns):
            self._begin()
        text = "\n".join(lines) + "\n"
        index["size"] = [*map(len, lines if text.isascii() else map(str.encode, lines))]
        index["size"] += 1
        self.longest = max(self.longest, 1 + max(map(len, lines)))
        # Every line has one end; what is more is within a text.
        self.folded = self.folded or text.count("\n") > len(lines) or "\r" in text
        path = self._folder / self.files[-1]
        with path.with_suffix(".csv").open("ab") as file:
            file.write(text.encode())
        with path.with_suffix(".index").open("ab") as file:
            file.write(index.tobytes())

    def _make(self, alike: _Alike, rows: Sequence[Sequence[Any]]) -> None:
        *said, owner, a, b = zip(*rows, strict=True)
        cells: list[Sequence[str]] = [("",) * len(rows)] * (len(self._head) + len(self._columns))
        for (place, type_), values in zip(alike.columns, said, strict=True):
            cells[place] = column(type_, values)
        alike.lines += joined(cells)
        index = np.empty(len(rows), LINE)
        index["owner"], index["a"], index["b"] = owner, a, b
        alike.index.append(index)

    def _places(self, names: Sequence[str], values: Sequence[Any]) -> list[Column]:
        columns = [(at, "string") for at in range(len(self._head))]
        kinds = ["string" if value is None else kind(value) for value in values]
        return [*columns, *map(self._at, names, kinds)]

    def _begin(self) -> None:
        """A new file, with the columns that are known by now."""
        self.files.append(f"{self._name}-{len(self.files)}")
        names = [f"{name}:{type_}" for name, (_, type_) in self._columns.items()]
        head = (self._folder / self.files[-1]).with_suffix(".head")
        head.write_text(joined([[cell] for cell in (*self._head, *names)])[0] + "\n", "utf-8")
        self._told = len(self._columns)

    def _at(self, name: str, type_: str) -> Column:
        return self._columns.setdefault(name, (len(self._head) + len(self._columns), type_))
