"""What a batch writes, with numbers in place of keys: so the database looks each node up once and not for each reference."""

from collections.abc import Sequence
from typing import Any

from graph.ingest_rows import Row


def numbered(rows: Sequence[Row], fresh: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """The parameters of ``ingest.write``: ``fresh`` nodes to create, and all references and codes of ``rows``.

    The numbers count the fresh nodes and then the ``ends``: every other node that a row speaks of, in order of keys, so
    that two ingests at once take their locks in one order.
    """
    number = {node["key"]: i for i, node in enumerate(fresh)}
    keys = {key for row in rows for link in row.links for key in (link["a"], link["b"])}
    keys.update(code["key"] for row in rows for code in row.codes)
    ends = sorted(keys - number.keys())
    number.update((key, i) for i, key in enumerate(ends, len(fresh)))
    concepts = sorted({code["code"] for row in rows for code in row.codes})
    place = {key: i for i, key in enumerate(concepts)}
    links = [
        [number[link["a"]], number[link["b"]], link["type"], link["props"], link["times"]]
        for row in rows
        for link in row.links
    ]
    codes = [[number[code["key"]], place[code["code"]], code["path"]] for row in rows for code in row.codes]
    links.sort(key=lambda link: link[:2])
    codes.sort(key=lambda code: code[1])
    return {"fresh": list(fresh), "ends": ends, "concepts": concepts, "links": links, "codes": codes}
