"""The tree of ICD-10-CM: chapters, blocks and categories; below a category the codes of the package simple-icd-10-cm.

>>> [node.code for node in path("I25")]
['I25', 'I20-I25', '9']
>>> category("i2510"), category("I2")
('I25', None)
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal, Self

from pydantic import model_validator

from ontology.skillmix_values import dimensions
from ontology.terminology.files import HERE, Part, read
from ontology.terminology.systems import bare_icd, systems

Level = Literal["chapter", "block", "category", "code"]


class Block(Part):
    """A run of categories within a chapter."""

    code: str
    """First and last category, joined by a hyphen; of a block of one category twice the same."""
    name: str
    also: tuple[str, ...] = ()
    """Categories that the tabular list puts here though they are not between its ends in the alphabet (Z3A)."""

    @property
    def ends(self) -> tuple[str, str]:
        """First and last category."""
        first, _, last = self.code.partition("-")
        return first, last

    def holds(self, first: str, last: str) -> bool:
        """True when that run of categories lies in this block."""
        return self.ends[0] <= first and last <= self.ends[1]


class Chapter(Part):
    """A chapter of the classification."""

    code: str
    name: str
    first: str
    last: str
    blocks: tuple[Block, ...]

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if strays := [b.code for b in self.blocks if not (self.first <= b.ends[0] <= b.ends[1] <= self.last)]:
            raise ValueError(f"blocks outside the chapter: {strays}")
        return self


class Tabular(Part):
    """The upper part of the tree as it is kept."""

    name: str
    release: str
    source: str
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree."""

    code: str
    name: str
    level: Level
    parent: str | None
    """Code of what it lies in; None for a chapter."""

    @property
    def key(self) -> str:
        """Its key in the graph."""
        return f"{systems()['icd-10-cm'].uri}|{self.code}"


@cache
def tabular() -> Tabular:
    """Chapters and blocks."""
    return read(HERE / "icd-10-cm.yaml", Tabular)


@cache
def nodes() -> dict[str, Node]:
    """Chapters, blocks and categories by code, each after what it lies in.

    A block that lies within another (C00-C14 in C00-C75 in C00-C96) has that one as its parent, by the run of its
    categories; the tabular list prints the wider ones as headings.
    """
    return {node.code: node for node in _made()}


def _made() -> Iterator[Node]:
    names = {v.code.upper(): v.name for v in dimensions()["condition"].values}
    for chapter in tabular().chapters:
        yield Node(chapter.code, chapter.name, "chapter", None)
        widest = sorted(chapter.blocks, key=lambda b: (b.ends[0], [-ord(c) for c in b.ends[1]]))
        for block in widest:
            yield Node(block.code, block.name, "block", _around(widest, block) or chapter.code)
        for code, name in names.items():
            if chapter.first <= code <= chapter.last:
                inside = [b for b in widest if b.holds(code, code) or code in b.also]
                yield Node(code, name, "category", _narrowest(inside).code if inside else chapter.code)


def _around(blocks: list[Block], block: Block) -> str | None:
    wider = [b for b in blocks if b is not block and b.holds(*block.ends)]
    return _narrowest(wider).code if wider else None


def _narrowest(blocks: list[Block]) -> Block:
    """Of blocks that lie in one another the innermost: it begins last, and of those it ends first."""
    return max(blocks, key=lambda b: (b.ends[0], [-ord(c) for c in b.ends[1]]))


def category(code: str) -> str | None:
    """The category of an ICD-10-CM code, by its first three characters, or None when there is none of that name.

    >>> category("U07.1"), category("I25"), category("AB")
    ('U07', 'I25', None)
    """
    head = bare_icd(code)[:3]
    found = nodes().get(head)
    return head if found and found.level == "category" else None


def path(code: str) -> list[Node]:
    """A place of the tree and all that it lies in, up to the chapter; empty for what is not in the tree."""
    found: list[Node] = []
    node = nodes().get(code)
    while node:
        found.append(node)
        node = nodes().get(node.parent) if node.parent else None
    return found


def below(code: str) -> list[Node]:
    """A code below its category, and the codes between, ending before the category; empty when the release has no such code.

    Imports ``simple_icd_10_cm``, which reads its ten megabytes in about two seconds.

    >>> [node.code for node in below("I2510")]
    ['I25.10', 'I25.1']
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of oddities in the published file
        import simple_icd_10_cm as icd
    dotted = systems()["icd-10-cm"].write(code)
    if "." not in dotted or not icd.is_valid_item(dotted):
        return []
    chain = [dotted, *icd.get_ancestors(dotted)]
    ends = next(i for i, item in enumerate(chain) if len(item) == 3 and category(item) == item)
    return [
        Node(item, icd.get_description(item), "code", parent) for item, parent in pairwise(chain[: ends + 1])
    ]
