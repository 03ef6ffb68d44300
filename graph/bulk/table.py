"""The importer's files of the nodes with one set of labels, or of the relationships of one type, as one process writes them."""

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from graph.bulk.cells import DELIMITER, WAYS, OddError, instant, joined, kind

ENDS: Final = (":START_ID(r)", ":END_ID(r)")
SAID: Final = (":START_ID(r)", ":END_ID(c)")
"""How the lines of relationships begin: between resources, and from a resource to a concept."""

_STR: Final = {str}

Column = tuple[int, str]
"""Its place in the line, and the importer's type."""


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
        self._shapes: dict[tuple[str, ...], tuple[Column, ...]] = {}
        self._texts: set[tuple[str, ...]] = set()
        """The shapes that are all texts, in the order of the columns: most relationships."""
        self._lines: list[tuple[int, str]] = []
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
        names = tuple(props)
        shape = self._shapes.get(names)
        if shape is None:
            shape = self._shapes[names] = tuple(self._column(n, v) for n, v in props.items())
            if shape == tuple((at, "string") for at in range(len(self._head), len(self._head) + len(names))):
                self._texts.add(names)
        if names in self._texts and len(names) == len(self._columns) and not times:
            said = [*ends, *props.values()]
            if {*map(type, said)} == _STR and "" not in said:
                return joined(said)
        moments = [(self._at(name, "datetime")[0], *moment) for name, *moment in times]
        cells = [*ends, *[""] * len(self._columns)]
        for (at, type_), value in zip(shape, props.values(), strict=True):
            if value.__class__ is str and value and type_ == "string":
                cells[at] = value
            elif value is not None:
                if kind(value) != type_:
                    raise OddError("a value of another type than others of its name")
                cells[at] = WAYS[type_](value)
        for at, seconds, nanoseconds in moments:
            cells[at] = instant(seconds, nanoseconds)
        return joined(cells)

    def add(self, owner: int, line: str) -> None:
        """Keep a line of the resource with the number ``owner``."""
        self._lines.append((owner, line))

    def write(self) -> None:
        """Write what was kept.

        Raises:
            OSError: the disk is full, or cannot be written.
        """
        if not self._lines:
            return
        if self._told != len(self._columns):
            self._begin()
        index, pieces = array("Q"), []
        ends = len(self._head) + len(self._columns) - 1
        for owner, line in self._lines:
            piece = f"{line}{DELIMITER * (ends - line.count(DELIMITER))}\n"
            index.append(owner)
            index.append(len(piece) if piece.isascii() else len(piece.encode()))
            pieces.append(piece)
        text = "".join(pieces)
        self.longest = max(self.longest, *map(len, pieces))
        # Every line has one end; what is more is within a text.
        self.folded = self.folded or text.count("\n") > len(pieces) or "\r" in text
        path = self._folder / self.files[-1]
        with path.with_suffix(".csv").open("ab") as file:
            file.write(text.encode())
        with path.with_suffix(".index").open("ab") as file:
            file.write(index.tobytes())
        self._lines = []

    def _begin(self) -> None:
        """A new file, with the columns that are known by now."""
        self.files.append(f"{self._name}-{len(self.files)}")
        names = [
            self._key if name == "key" else f"{name}:{type_}" for name, (_, type_) in self._columns.items()
        ]
        head = (self._folder / self.files[-1]).with_suffix(".head")
        head.write_text(DELIMITER.join([*self._head, *names]) + "\n", "utf-8")
        self._told = len(self._columns)

    def _column(self, name: str, value: Any) -> Column:
        return self._at(name, "string" if value is None else kind(value))

    def _at(self, name: str, type_: str) -> Column:
        return self._columns.setdefault(name, (len(self._head) + len(self._columns), type_))
