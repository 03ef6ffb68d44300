"""Values of the database as JSON can hold them."""

from typing import Any

import neo4j
from neo4j import graph, spatial, time


def plain(value: Any) -> Any:
    """A value without the driver's types: times as ISO 8601 text, nodes, relationships and paths as dicts and lists.

    >>> plain({"at": time.DateTime(2026, 1, 2, 3, 4, 5), "days": [time.Date(2026, 1, 2)], "n": 1})
    {'at': '2026-01-02T03:04:05', 'days': ['2026-01-02'], 'n': 1}
    """
    match value:
        case neo4j.Record():
            return plain(dict(value))
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case graph.Node():
            return {"labels": sorted(value.labels), "properties": plain(dict(value))}
        case graph.Relationship():
            ends = [dict(node).get("key") if node is not None else None for node in value.nodes]
            return {"type": value.type, "from": ends[0], "to": ends[1], "properties": plain(dict(value))}
        case graph.Path():
            return {
                "nodes": [plain(n) for n in value.nodes],
                "relationships": [plain(r) for r in value.relationships],
            }
        case time.DateTime() | time.Date() | time.Time():
            return value.to_native().isoformat()
        case time.Duration():
            return value.iso_format()
        case spatial.Point():
            return {"srid": value.srid, "coordinates": list(value)}
        case list() | tuple():  # after the two above, which are tuples too
            return [plain(item) for item in value]
        case bytes() | bytearray():
            return value.hex()
    return value
