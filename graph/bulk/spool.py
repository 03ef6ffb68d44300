"""From resources to lines of the importer's files: what one process does with one piece of the input."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from graph.bulk.cells import OddError, odd
from graph.bulk.table import ENDS, SAID, Table
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
    ends: list[str]
    """Keys that resources speak of and that are not their own."""
    concepts: Concepts
    totals: Totals
    tables: list[tuple[str, str]]
    """Files that are new since the last answer: name of the file, and the labels or the type."""
    longest: int
    folded: bool


def hashed(key: str) -> tuple[int, int]:
    """The 128 bits by which a key is known: two keys with the same are not to be met."""
    digest = blake2b(key.encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def pack(found: Found) -> Packed:
    """A resource as it is sent to another process."""
    return found.source, found.line, found.raw, found.entry, found.url, found.assigned, found.scope


class Spool:
    """Writes the files of one process into ``folder``."""

    def __init__(self, folder: Path, name: str, run: str, fhir: str | None) -> None:
        self._folder, self._name, self._run, self._fhir = folder, name, run, fhir
        self._tables: dict[tuple[str, tuple[str, ...]], Table] = {}
        self._told: set[str] = set()

    def write(self, piece: Sequence[tuple[int, Packed]]) -> Answer:
        """Make the lines of a piece: the number of each resource, and what :func:`pack` made of it.

        Raises:
            OSError: the disk is full, or cannot be written.
        """
        items: list[tuple[int, int, int, int]] = []
        parts: list[tuple[int, int, int]] = []
        refused: list[tuple[int, Refused]] = []
        totals = Totals()
        concepts: Concepts = {}
        ends: set[str] = set()
        for at, (number, packed) in enumerate(piece):
            made = row(Found(*packed), self._run, self._fhir)
            if isinstance(made, Refused):
                refused.append((at, made))
                items.append((0, 0, 0, NOTHING))
                continue
            state = self._lines(number, made, concepts)
            items.append((*hashed(made.key), min(made.weight, 2**32 - 1), state))
            if state == ODD:
                continue
            totals.count(made)
            own = {node["key"] for node in made.nodes}
            for link in made.links:
                # Also those that are nodes of this piece: they may be taken out again.
                ends.update(key for key in (link["a"], link["b"]) if key not in own)
            if len(made.nodes) > 1:
                parts += [(*hashed(node["key"]), number) for node in made.nodes[1:]]
        for table in self._tables.values():
            table.write()
        files = [(name, kind) for (kind, _), table in self._tables.items() for name in table.files]
        new = [(name, kind) for name, kind in files if name not in self._told]
        self._told.update(name for name, _ in new)
        longest = max((table.longest for table in self._tables.values()), default=0)
        folded = any(table.folded for table in self._tables.values())
        made_parts = np.array(parts, PART).tobytes()
        return Answer(
            np.array(items, ITEM).tobytes(),
            made_parts,
            refused,
            sorted(ends),
            concepts,
            totals,
            new,
            longest,
            folded,
        )

    def _lines(self, number: int, made: Row, concepts: Concepts) -> int:
        """Keep all lines of a resource, or none of them when one cannot be written."""
        found = made.found
        # The three characters come into a text by an escape only, or with what is said beside the resource.
        if b"\\u001" in found.raw or odd(found.source) or (found.url and odd(found.url)):
            return ODD
        try:
            lines = [*self._all(made)]
            said = {key: _checked(concept) for key, concept in made.concepts.items()}
        except OddError:
            return ODD
        for table, line in lines:
            table.add(number, line)
        for key, (system, code, display) in said.items():
            before = concepts.get(key)
            concepts[key] = (system, code, first(before and before[2], display))
        return ROW

    def _all(self, made: Row) -> list[tuple[Table, str]]:
        lines = []
        for node in made.nodes:
            table = self._table(":".join(node["labels"]), ())
            lines.append((table, table.line((), node["props"], node["times"])))
        for link in made.links:
            table = self._table(link["type"], ENDS)
            lines.append((table, table.line((link["a"], link["b"]), link["props"], link["times"])))
        if made.codes:
            table = self._table("CODED", SAID)
            for code in made.codes:
                lines.append((table, table.line((code["key"], code["code"]), {"path": code["path"]})))  # noqa: PERF401
        return lines

    def _table(self, kind: str, head: tuple[str, ...]) -> Table:
        table = self._tables.get((kind, head))
        if table is None:
            name = f"{'link' if head else 'node'}-{self._name}-{len(self._tables)}"
            table = self._tables[kind, head] = Table(self._folder, name, head)
        return table


def _checked(concept: dict[str, Any]) -> tuple[str, str, str | None]:
    system, code, display = concept["system"], concept["code"], concept["display"]
    if system.__class__ is not str or not (display is None or (display.__class__ is str and display)):
        raise OddError("a code with a system or display that is no text")
    return system, code, display


def first(one: str | None, other: str | None) -> str | None:
    """Of two displays the first in the alphabet.

    >>> first("b", "a"), first(None, "b"), first("a", None)
    ('a', 'b', 'a')
    """
    return min(one, other) if one and other else one or other
