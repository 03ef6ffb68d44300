"""One number for a whole graph: two graphs with the same record have the same digest, whatever the order of their files."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from graph import known
from graph.connection import Graph

_WIDTH = 1 << 256
_PAGE = 2000
"""Nodes that are read at once: memory is flat, and a row costs a fortieth of what it costs alone."""
_MARKS = frozenset({"Deleted", "Superseded", "Unordered", "Undated"})
_CHANGING = frozenset({"rank", "digest", "url", "urls", "closed"})
"""Properties of a resource that a later version of it, which says nothing new about the past, may change."""


def digest(graph: Graph, at: datetime | None = None) -> str:
    """SHA-256 digest (hex) over all resources, concepts and the relationships between them.

    It leaves out what tells of the ingest and not of the record: run, file, line, and the text itself, for which the
    digest of its content stands. The sums of the parts are added up, so no order matters and memory is flat.

    With ``at`` (aware) it is over what was known then, as :mod:`graph.journey` reads it: what became known later does not
    change it. Then each reference counts as it was written, since what it points at may arrive later.

    Raises:
        InvalidInputError: ``at`` has no time zone.
    """
    parts = _all(graph) if at is None else _known(graph, known.aware(at))
    return f"{sum(map(_sum, parts)) % _WIDTH:064x}"


def _all(graph: Graph) -> Iterator[list[Any]]:
    for page in ("ingest.digest_page", "ingest.digest_concepts"):
        for labels, props, links in _rows(graph, page):
            yield [sorted(labels), _filled(props)]
            yield from ([props["key"], type_, end, _filled(own)] for type_, end, own in links)


def _known(graph: Graph, at: datetime) -> Iterator[list[Any]]:
    for labels, props, open_, links in _rows(graph, "ingest.digest_known", at=at):
        seen = known.seen(props, props["type"], hidden=open_)
        yield [
            sorted(set(labels) - _MARKS),
            {k: v for k, v in _filled(seen).items() if k not in _CHANGING},
        ]
        closing = known.closing(props["type"])
        for type_, path, said in links:
            if not (open_ and closing.covers(path)):
                yield [props["key"], type_, path, said]


def _rows(graph: Graph, name: str, **params: Any) -> Iterator[list[Any]]:
    after: str | None = ""
    while after is not None:
        ((after, rows),) = graph.values(name, after=after, size=_PAGE, **params)
        yield from rows


def _filled(props: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in props.items() if value is not None}


def _sum(part: Any) -> int:
    text = orjson.dumps(part, option=orjson.OPT_SORT_KEYS, default=str)
    return int.from_bytes(hashlib.sha256(text).digest(), "big")
