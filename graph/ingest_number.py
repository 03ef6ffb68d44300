"""What a batch writes, with numbers in place of keys: so the database looks each node up once and not for each reference.

References that differ only in their ends are sent together: a batch says a hundred types and paths, and some ten thousand ends.
"""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.fhir.read_items import Deletion
from graph.ingest_rows import Row

_USUAL = {"ref", "owner", "path", "run"}
"""What every reference says of itself."""


@dataclass(frozen=True)
class Ahead:
    """A batch that was numbered before its turn, as if the graph held nothing of it: so it mostly is in a first load."""

    rows: Sequence[Row]
    params: dict[str, Any]

    @classmethod
    def of(cls, batch: Sequence[Row | Deletion], run: str) -> "Ahead | None":
        """None where something was only glimpsed, so that the graph likely holds it."""
        rows = [item for item in batch if isinstance(item, Row)]
        if not all(row.nodes for row in rows):
            return None
        return cls(rows, numbered(rows, [node for row in rows for node in row.nodes], run, {}))

    def fits(self, rows: Sequence[Row], fresh: Sequence[dict[str, Any]], means: Mapping[str, str]) -> bool:
        """Whether these are the very rows, all of their nodes are fresh, and their references mean what they say."""
        whole = len(rows) == len(self.rows) and len(fresh) == len(self.params["fresh"])
        return whole and not means and all(map(operator.is_, rows, self.rows))


def numbered(
    rows: Sequence[Row], fresh: Sequence[dict[str, Any]], run: str, means: Mapping[str, str]
) -> dict[str, Any]:
    """The parameters of ``ingest.write``: ``fresh`` nodes to create, and all references and codes of ``rows``.

    What a reference looks for is what it ``means``, where that is known; the relationship then says what it came by (``via``).

    The numbers count the fresh nodes and then the ``ends``: every other node that a row speaks of, in order of keys, so
    that two ingests at once take their locks in one order.
    """
    number = {node["key"]: i for i, node in enumerate(fresh)}
    keys = {means.get(key, key) for row in rows for link in row.links for key in (link["a"], link["b"])}
    keys.update(code["key"] for row in rows for code in row.codes)
    ends = sorted(keys - number.keys())
    number.update((key, i) for i, key in enumerate(ends, len(fresh)))
    concepts = sorted({code["code"] for row in rows for code in row.codes})
    # What a resource is found by counts as the resource itself; nothing of its own has that key.
    links, others = _links(rows, number | {asked: number[key] for asked, key in means.items()}, means)
    return {
        "fresh": list(fresh),
        "ends": ends,
        "concepts": concepts,
        "keys": list(number),
        "links": links,
        "others": others,
        "codes": _codes(rows, number, {key: i for i, key in enumerate(concepts)}),
        "run": run,
    }


def _links(
    rows: Sequence[Row], number: Mapping[str, int], means: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[list[Any]]]:
    """References by what they have in common; and those that say more than where they stand."""
    alike: dict[tuple[str, str, int], list[list[Any]]] = {}
    others = []
    for row in rows:
        for link in row.links:
            props, a, b = link["props"], link["a"], link["b"]
            ends = [number[a], number[b]]
            via = [end for end in (a, b) if end in means]
            if link["times"] or props.keys() != _USUAL:
                more = props | {"via": via[0]} if via else props
                others.append([*ends, link["type"], more, link["times"]])
                continue
            side = 0 if props["owner"] == a else 1
            alike.setdefault((link["type"], props["path"], side), []).append([*ends, props["ref"], *via])
    others.sort(key=lambda link: link[:2])
    return [{"type": t, "path": p, "owner": o, "each": each} for (t, p, o), each in alike.items()], others


def _codes(rows: Sequence[Row], number: dict[str, int], concepts: dict[str, int]) -> list[dict[str, Any]]:
    alike: dict[str, list[list[int]]] = {}
    for row in rows:
        for code in row.codes:
            alike.setdefault(code["path"], []).append([number[code["key"]], concepts[code["code"]]])
    for each in alike.values():
        each.sort(key=lambda ends: ends[1])
    return [{"path": path, "each": each} for path, each in alike.items()]
