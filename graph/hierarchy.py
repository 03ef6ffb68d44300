"""A user's own licensed hierarchy above the codes that are in the graph: SNOMED CT, LOINC, RxNorm, ATC."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from graph.connection import Graph, Row
from ontology.terminology import systems
from ontology.terminology.importers import Link, fingerprint, links

BATCH: Final = 5000


@dataclass
class Imported:
    """What an import did."""

    system: str
    edition: str
    """The first digits of the file's SHA-256."""
    read: int = 0
    """Relationships in the file."""
    codes: int = 0
    """Codes of the system that the data say."""
    found: int = 0
    """Of these, in the hierarchy."""
    written: int = 0
    """Codes that were not in the graph."""
    is_a: int = 0
    removed: int = 0
    """Relationships of earlier editions."""

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self)


def take_in(graph: Graph, system: str, path: Path) -> Imported:
    """Write all that lies above the codes of a system that the data say; the rest of the file is not kept.

    Raises:
        NotFoundError, InvalidInputError: as :func:`ontology.terminology.importers.links`.
    """
    parents, names, read = _parents(links(system, path))
    done = Imported(system, fingerprint(path), read=read)
    known = systems()[system]
    addresses = [known.uri, *known.aliases]
    said = {row["code"]: row["key"] for row in graph.read("terminology.spoken", systems=addresses)}
    done.codes, done.found = len(said), sum(code in parents for code in said)
    used = _above(parents, said)
    keys = {code: said.get(code, f"{known.uri}|{code}") for code in used}
    nodes = ({"key": keys[c], "system": known.uri, "code": c, "name": names.get(c)} for c in used)
    for part in _batches(row | {"level": None, "condition": None} for row in nodes):
        done.written += graph.write("terminology.list", rows=part)[0]["written"]
    edges = ({"a": keys[c], "b": keys[p]} for c in used for p in sorted(parents.get(c, ())))
    for part in _batches(edges):
        done.is_a += graph.write("terminology.is_a", rows=part, source=system, edition=done.edition)[0][
            "links"
        ]
    gone = graph.write("terminology.outdated", sources=[system], edition=done.edition, mappings=False)
    done.removed = gone[0]["removed"]
    return done


def _parents(found: Iterable[Link]) -> tuple[dict[str, set[str]], dict[str, str], int]:
    parents: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    read = 0
    for link in found:
        read += 1
        parents[link.child].add(link.parent)
        if link.name:
            names[link.child] = link.name
    return dict(parents), names, read


def _above(parents: dict[str, set[str]], codes: Iterable[str]) -> list[str]:
    """The codes that are in the hierarchy and all that they lie in, each once."""
    seen: dict[str, None] = {}
    rest = sorted(code for code in codes if code in parents)
    while rest:
        code = rest.pop()
        if code not in seen:
            seen[code] = None
            rest += sorted(parents.get(code, ()))
    return list(seen)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while part := list(islice(rest, BATCH)):
        yield part
