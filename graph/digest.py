"""One number for a whole graph: two graphs with the same record have the same digest, whatever the order of their files."""

import hashlib
from typing import Any

import orjson

from graph.connection import Graph

_WIDTH = 1 << 256


def digest(graph: Graph) -> str:
    """SHA-256 digest (hex) over all resources, concepts and the relationships between them.

    It leaves out what tells of the ingest and not of the record: run, file, line, and the text itself, for which the
    digest of its content stands. The sums of the parts are added up, so no order matters and memory is flat.
    """
    total = 0
    for node in graph.stream("ingest.digest_nodes"):
        total += _sum([sorted(node["labels"]), _filled(node["props"])])
    for link in graph.stream("ingest.digest_links"):
        total += _sum([link["a"], link["type"], link["b"], _filled(link["props"])])
    return f"{total % _WIDTH:064x}"


def _filled(props: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in props.items() if value is not None}


def _sum(part: Any) -> int:
    text = orjson.dumps(part, option=orjson.OPT_SORT_KEYS, default=str)
    return int.from_bytes(hashlib.sha256(text).digest(), "big")
