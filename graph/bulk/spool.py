"""From resources to lines of the importer's files: what one process does with one piece of the input."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from graph.bulk.cells import BLANK, OddError, odd
from graph.bulk.ends import Ends, hashed
from graph.bulk.table import ENDS, NODE, OWN, Table
from graph.fhir.read_items import Found, Refused
from graph.ingest_rows import Row, row

NOTHING, ROW, DELETION, ODD = range(4)
"""What an item of the input is: set aside, in the files, a deletion, or not to be written in such files."""

ITEM = np.dtype([("high", "<u8"), ("low", "<u8"), ("weight", "<u4"), ("state", "u1")])
"""An item of the input: hash of its key, its weight in a batch, and what it is."""
PART = np.dtype([("high", "<u8"), ("low", "<u8"), ("owner", "<u8")])
"""A node that is contained in the resource with the number ``owner``."""

Concepts = dict[str, tuple[str, str, str | None]]
"""System, code and display of concepts by key."""
Packed = tuple[str, int, bytes, int | None, str | None, str | None, dict[str, str] | None]


@dataclass
class Totals:
    """What the lines of resources add up to."""

    written: int = 0
    nodes: int = 0
    links: int = 0
    generic: Counter[str] = field(default_factory=Counter)

    def count(self, made: Row, times: int = 1) -> None:
        """Add one resource, or take it off again with ``times`` -1."""
        self.written += times
        self.nodes += times * len(made.nodes)
        self.links += times * (len(made.links) + len(made.codes))
        if made.generic:
            self.generic[made.key.partition("/")[0]] += times

    def add(self, other: "Totals") -> None:
        """Add those of another piece."""
        self.written += other.written
        self.nodes += other.nodes
        self.links += other.links
        self.generic.update(other.generic)


@dataclass
class Answer:
    """What came of one piece; in the order of its items."""

    items: bytes
    """Of :data:`ITEM`, one a resource."""
    parts: bytes
    """Of :data:`PART`."""
    refused: list[tuple[int, Refused]]
    """What cannot go in, by its place in the piece."""
    concepts: Concepts
    totals: Totals
    tables: list[tuple[str, str]]
    """Files that are new since the last answer: name of the file, and the labels or the type."""
    longest: int
    folded: bool


def pack(found: Found) -> Packed:
    """A resource as it is sent to another process."""
    return found.source, found.line, found.raw, found.entry, found.url, found.assigned, found.scope


_OPEN = (BLANK, BLANK)


class Spool:
    """Writes the files of one process into ``folder``."""

    def __init__(self, folder: Path, name: str, run: str, fhir: str | None) -> None:
        self._folder, self._name, self._run, self._fhir = folder, name, run, fhir
        self._tables: dict[tuple[str, tuple[str, ...]], Table] = {}
        self._told: set[str] = set()
        self._ends = Ends(folder, name)

    def write(self, piece: Sequence[tuple[int, Packed]]) -> Answer:
        """Make the lines of a piece: the number of each resource, and what :func:`pack` made of it.

        Raises:
            OSError: the disk is full, or cannot be written.
        """
        made = [(number, row(Found(*packed), self._run, self._fhir)) for number, packed in piece]
        odd = {number for number, one in made if isinstance(one, Row) and not self._keep(number, one)}
        for table in self._tables.values():
            odd |= table.make()
        for table in self._tables.values():
            table.write(odd)
        self._ends.write()
        return self._answer(made, odd)

    def _answer(self, made: Sequence[tuple[int, Row | Refused]], odd: AbstractSet[int]) -> Answer:
        items: list[tuple[int, int, int, int]] = []
        parts: list[tuple[int, int, int]] = []
        refused: list[tuple[int, Refused]] = []
        totals = Totals()
        concepts: Concepts = {}
        for at, (number, one) in enumerate(made):
            if isinstance(one, Refused):
                refused.append((at, one))
                items.append((0, 0, 0, NOTHING))
                continue
            state = ODD if number in odd else ROW
            items.append((*hashed(one.key), min(one.weight, 2**32 - 1), state))
            if state == ODD:
                continue
            totals.count(one)
            if len(one.nodes) > 1:
                parts += [(*hashed(node["key"]), number) for node in one.nodes[1:]]
            for key, concept in one.concepts.items():
                before, display = concepts.get(key), concept["display"]
                if before is None or before[2] != display:
                    concepts[key] = (concept["system"], concept["code"], first(before and before[2], display))
        files = [(name, kind) for (kind, _), table in self._tables.items() for name in table.files]
        new = [(name, kind) for name, kind in files if name not in self._told]
        self._told.update(name for name, _ in new)
        return Answer(
            np.array(items, ITEM).tobytes(),
            np.array(parts, PART).tobytes(),
            refused,
            concepts,
            totals,
            new,
            max((table.longest for table in self._tables.values()), default=0),
            any(table.folded for table in self._tables.values()),
        )

    def _keep(self, number: int, made: Row) -> bool:
        """Keep all lines of a resource; False when one cannot be written, and then none must be."""
        found = made.found
        # The three characters come into a text by an escape only, or with what is said beside the resource.
        if b"\\u001" in found.raw or odd(found.source) or (found.url and odd(found.url)):
            return False
        try:
            for concept in made.concepts.values():
                _check(concept)
            parts = {node["key"]: self._ends.part(node["key"]) for node in made.nodes[1:]}
            self._keep_nodes(number, made, parts)
            self._keep_links(number, made, parts)
        except OddError:
            return False
        return True

    def _keep_nodes(self, number: int, made: Row, parts: Mapping[str, int]) -> None:
        for at, node in enumerate(made.nodes):
            table = self._table(":".join(node["labels"]), NODE)
            if at:
                table.keep(number, (BLANK,), node["props"], node["times"], parts[node["key"]])
            else:
                table.keep(number, (str(number),), node["props"], node["times"])

    def _keep_links(self, number: int, made: Row, parts: Mapping[str, int]) -> None:
        ends, own = self._ends, made.key

        def end(key: str) -> int:
            # Also of what is a node of this piece: it may be taken out again.
            return OWN if key == own else parts.get(key) or ends.said(key)

        for link in made.links:
            table = self._table(link["type"], ENDS)
            table.keep(number, _OPEN, link["props"], link["times"], end(link["a"]), end(link["b"]))
        if made.codes:
            table = self._table("CODED", ENDS)
            for code in made.codes:
                a, b = end(code["key"]), ends.concept(code["code"])
                table.keep(number, _OPEN, {"path": code["path"]}, (), a, b)

    def _table(self, kind: str, head: tuple[str, ...]) -> Table:
        table = self._tables.get((kind, head))
        if table is None:
            name = f"{'node' if head is NODE else 'link'}-{self._name}-{len(self._tables)}"
            table = self._tables[kind, head] = Table(self._folder, name, head)
        return table


def _check(concept: dict[str, Any]) -> None:
    system, display = concept["system"], concept["display"]
    if system.__class__ is not str or not (display is None or (display.__class__ is str and display)):
        raise OddError("a code with a system or display that is no text")
    if odd(system) or odd(concept["code"]) or (display and odd(display)):
        raise OddError("a code with a control character")


def first(one: str | None, other: str | None) -> str | None:
    """Of two displays the first in the alphabet.

    >>> first("b", "a"), first(None, "b"), first("a", None)
    ('a', 'b', 'a')
    """
    return min(one, other) if one and other else one or other
