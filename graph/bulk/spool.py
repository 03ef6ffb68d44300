"""From resources to lines of the importer's files: what one process does with one piece of the input."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from graph.bulk.cells import BLANK, OddError, odd
from graph.bulk.ends import HASH, Ends, digest, hashed
from graph.bulk.table import ENDS, NODE, OWN, Table
from graph.fhir.project import Coding, Projected
from graph.fhir.read_items import Found, Refused
from graph.ingest_rows import concept_key, read, weight

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

    def count(self, type_: str, nodes: int, links: int, *, generic: bool, times: int = 1) -> None:
        """Add one resource, or take it off again with ``times`` -1."""
        self.written += times
        self.nodes += times * nodes
        self.links += times * links
        if generic:
            self.generic[type_] += times

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


_NONE: Final[Mapping[str, int]] = {}
_USUAL: Final = ("ref", "owner", "path", "run")
"""What every reference says of itself."""


class _Kept(NamedTuple):
    """What is left of a resource when its lines are kept."""

    number: int
    type: str
    hash: bytes
    weight: int
    inner: Collection[str]
    """The keys of what is contained in it."""
    links: int
    generic: bool


class Spool:
    """Writes the files of one process into ``folder``."""

    def __init__(self, folder: Path, name: str, run: str, fhir: str | None) -> None:
        self._folder, self._name, self._run, self._fhir = folder, name, run, fhir
        self._nodes: dict[tuple[str, ...], Table] = {}
        self._links: dict[str, Table] = {}
        self._kinds: dict[Table, str] = {}
        self._told: set[str] = set()
        self._concepts: Concepts = {}
        self._ends = Ends(folder, name)

    def write(self, piece: Sequence[tuple[int, Packed]]) -> Answer:
        """Make the lines of a piece: the number of each resource, and what :func:`pack` made of it.

        Raises:
            OSError: the disk is full, or cannot be written.
        """
        self._concepts = {}
        odd: set[int] = set()
        made = [self._take(number, Found(*packed), odd) for number, packed in piece]
        for table in self._kinds:
            odd |= table.make()
        for table in self._kinds:
            table.write(odd)
        self._ends.write()
        return self._answer(made, odd)

    def _answer(self, made: Sequence[_Kept | Refused], odd: AbstractSet[int]) -> Answer:
        kept = [(at, one) for at, one in enumerate(made) if isinstance(one, _Kept)]
        items, places = np.zeros(len(made), ITEM), [at for at, _ in kept]
        hashes = np.frombuffer(b"".join([one.hash for _, one in kept]), HASH)
        items["high"][places], items["low"][places] = hashes["high"], hashes["low"]
        items["weight"][places] = [min(one.weight, 2**32 - 1) for _, one in kept]
        items["state"][places] = [ODD if one.number in odd else ROW for _, one in kept]
        totals, parts = Totals(), []
        for _, one in kept:
            if one.number not in odd:
                totals.count(one.type, 1 + len(one.inner), one.links, generic=one.generic)
                parts += [(*hashed(key), one.number) for key in one.inner]
        files = [(name, kind) for table, kind in self._kinds.items() for name in table.files]
        new = [(name, kind) for name, kind in files if name not in self._told]
        self._told.update(name for name, _ in new)
        return Answer(
            items.tobytes(),
            np.array(parts, PART).tobytes(),
            [(at, one) for at, one in enumerate(made) if isinstance(one, Refused)],
            self._concepts,
            totals,
            new,
            max((table.longest for table in self._kinds), default=0),
            any(table.folded for table in self._kinds),
        )

    def _take(self, number: int, found: Found, strange: set[int]) -> _Kept | Refused:
        """Keep all lines of a resource; where one cannot be written its number is added to ``strange``, and none must be."""
        whole = read(found, self._run, self._fhir)
        if isinstance(whole, Refused):
            return whole
        links, codes, parts, inner = len(whole.links), len(whole.codes), _NONE, whole.contained
        if inner:
            links += sum(len(part.links) for part in inner)
            codes += sum(len(part.codes) for part in inner)
        try:
            # Such a character comes into a list by an escape only; a text that holds one is found when its line is made.
            if b"\\u001" in found.raw:
                raise OddError("a control character")
            if inner:
                parts = {part.key: self._ends.part(part.key) for part in inner}
                for part in inner:
                    self._keep(number, part, parts, (BLANK,), parts[part.key])
            self._keep(number, whole, parts, (str(number),), OWN)
        except OddError:
            strange.add(number)
        type_, weighs = whole.props["type"], weight(found.raw, links)
        return _Kept(number, type_, digest(whole.key), weighs, parts, links + codes, whole.generic)

    def _keep(
        self, number: int, part: Projected, parts: Mapping[str, int], start: tuple[str], this: int
    ) -> None:
        key, props, ends = part.key, part.props, self._ends
        own, itself = (key, 0) if this == OWN else (key.partition("#")[0], this)
        row = (*start, *props.values(), number, itself, 0)
        self._table(self._nodes, part.labels).add(tuple(props), row)
        for link in part.links:
            target = link.target
            # Also of what is a node of this piece: it may be taken out again.
            other = OWN if target == own else parts.get(target) or ends.said(target)
            a, b = (other, this) if link.inward else (this, other)
            table, said = self._table(self._links, link.type), link.props
            if len(said) == 1:
                table.add(_USUAL, (BLANK, BLANK, said["ref"], key, link.path, self._run, number, a, b))
            else:
                said |= {"owner": key, "path": link.path, "run": self._run}
                table.keep(number, (BLANK, BLANK), said, a, b)
        if part.codes:
            table = self._table(self._links, "CODED")
            for coding in part.codes:
                end = ends.concept(self._said(coding))
                table.add(("path",), (BLANK, BLANK, coding.path, number, this, end))

    def _said(self, coding: Coding) -> str:
        key = concept_key(coding)
        said, before = (coding.system, coding.code, coding.display), self._concepts.get(key)
        if said != before:
            _check(coding)
            self._concepts[key] = (coding.system, coding.code, first(before and before[2], coding.display))
        return key

    def _table(self, tables: dict[Any, Table], kind: Any) -> Table:
        table = tables.get(kind)
        if table is None:
            nodes = tables is self._nodes
            name = f"{'node' if nodes else 'link'}-{self._name}-{len(self._kinds)}"
            table = tables[kind] = Table(self._folder, name, NODE if nodes else ENDS)
            self._kinds[table] = ":".join(kind) if nodes else kind
        return table


def _check(coding: Coding) -> None:
    system, display = coding.system, coding.display
    if system.__class__ is not str or not (display is None or (display.__class__ is str and display)):
        raise OddError("a code with a system or display that is no text")
    if odd(system) or odd(coding.code) or (display and odd(display)):
        raise OddError("a code with a control character")


def first(one: str | None, other: str | None) -> str | None:
    """Of two displays the first in the alphabet.

    >>> first("b", "a"), first(None, "b"), first("a", None)
    ('a', 'b', 'a')
    """
    return min(one, other) if one and other else one or other
