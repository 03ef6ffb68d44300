"""Hierarchies that may not be shipped, read from the file that a user got under a licence of their own.

Nothing of such a file is kept but which code lies in which (and LOINC's and ATC's names), in the user's own graph.

>>> [parent.parent for parent in atc(["A10BA02"])]
['A10BA', 'A10B', 'A10', 'A']
"""

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from ontology.errors import InvalidInputError, NotFoundError
from ontology.terminology.systems import systems

IS_A: Final = "116680003"
"""SNOMED CT's relationship type 'is a'."""
LEVELS: Final = (1, 3, 4, 5, 7)
"""Characters of an ATC code at its five levels."""


class Link(NamedTuple):
    """One code lies in another."""

    child: str
    parent: str
    name: str | None = None
    """Of the child, where the file gives it."""


def links(system: str, path: Path) -> Iterator[Link]:
    """The hierarchy of a code system (``snomed-ct``, ``loinc``, ``rxnorm``, ``atc``) in the user's own file.

    Raises:
        NotFoundError: no file there, or no importer for that system.
        InvalidInputError: the file lacks the columns of its format.
    """
    found = systems().get(system)
    if found is None or found.importer is None:
        allowed = ", ".join(name for name, s in systems().items() if s.importer)
        raise NotFoundError("No hierarchy of this code system can be imported.", got=system, allowed=allowed)
    if not path.is_file():
        raise NotFoundError("There is no such file.", got=path)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        yield from _READERS[found.importer](path, lines)


def fingerprint(path: Path) -> str:
    """A name for the edition: the first 12 digits of the file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


class _Tabs(csv.excel_tab):
    """Tab-separated, with quotes that mean nothing."""

    quoting = csv.QUOTE_NONE


def _table(
    path: Path, lines: Iterable[str], needed: set[str], dialect: type[csv.Dialect] = csv.excel
) -> Iterator[dict[str, str]]:
    rows = csv.DictReader(lines, dialect=dialect)
    if missing := needed - set(rows.fieldnames or ()):
        raise InvalidInputError(
            f"The file {path.name} is not of the expected format.",
            got=f"without the columns {', '.join(sorted(missing))}",
            allowed=", ".join(sorted(needed)),
            do="See docs/terminology.md for the file of each system.",
        )
    yield from rows


def _rf2(path: Path, lines: Iterable[str]) -> Iterator[Link]:
    """``sct2_Relationship_Snapshot_*.txt`` of a SNOMED CT release."""
    for row in _table(path, lines, {"active", "sourceId", "destinationId", "typeId"}, _Tabs):
        if row["active"] == "1" and row["typeId"] == IS_A:
            yield Link(row["sourceId"], row["destinationId"])


def _loinc(path: Path, lines: Iterable[str]) -> Iterator[Link]:
    """``ComponentHierarchyBySystem.csv`` of the LOINC accessory files."""
    for row in _table(path, lines, {"IMMEDIATE_PARENT", "CODE", "CODE_TEXT"}):
        if row["IMMEDIATE_PARENT"]:
            yield Link(row["CODE"], row["IMMEDIATE_PARENT"], row["CODE_TEXT"] or None)


def _rxnorm(path: Path, lines: Iterable[str]) -> Iterator[Link]:
    """``RXNREL.RRF`` of RxNorm: the second concept has the relation to the first; rows of other sources are passed over."""
    for line in lines:
        cells = line.rstrip("\r\n").split("|")
        if len(cells) < 11:
            raise InvalidInputError(
                f"The file {path.name} is not RXNREL.RRF.", got=f"{len(cells)} columns", allowed="16"
            )
        if cells[10] == "RXNORM" and cells[7] == "isa" and cells[0] and cells[4]:
            yield Link(cells[4], cells[0])


def _atc(path: Path, lines: Iterable[str]) -> Iterator[Link]:
    """A table with the columns ``code`` and ``name``."""
    for row in _table(path, lines, {"code", "name"}):
        way = list(atc([row["code"]]))
        if way:
            yield way[0]._replace(name=row["name"] or None)
            yield from way[1:]


def atc(codes: Iterable[str]) -> Iterator[Link]:
    """The levels above ATC codes, which follow from the codes themselves."""
    for code in codes:
        steps = [code[:n] for n in LEVELS if n <= len(code)]
        yield from (Link(child, parent) for parent, child in reversed(list(pairwise(steps))))


_READERS: Final[dict[str, Callable[[Path, Iterable[str]], Iterator[Link]]]] = {
    "rf2": _rf2,
    "loinc": _loinc,
    "rxnorm": _rxnorm,
    "atc": _atc,
}
