"""Deletions of a batch: remembered in the graph, whatever order they and the versions of their resource came in."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from graph.fhir.read_items import Deletion

Run = Callable[..., list[dict[str, Any]]]


def carry(node: dict[str, Any], there: dict[str, Any]) -> None:
    """Keep what the graph knows of a resource's deletion when another version of it is written."""
    if there["tomb"]:
        node["props"] |= {"tomb": there["tomb"], "deleted_clock": there["deleted_clock"]}
        node["times"].append(["deleted", *there["deleted"]])


def note(run: Run, deletions: Sequence[Deletion], now: datetime) -> set[str]:
    """Remember deletions; the keys of those that were not known.

    ``run`` runs a named query in the transaction of the batch; ``now`` is when a deletion without a time takes effect.
    """
    best: dict[str, Deletion] = {}
    for found in deletions:
        one = found.seen(now)
        other = best.get(one.key)
        if other is None or _order(one) > _order(other):
            best[one.key] = one
    rows = [
        {"key": key, "tomb": one.tomb, "at": one.at, "clock": one.clock} for key, one in sorted(best.items())
    ]
    return {row["key"] for row in run("ingest.tombs", rows=rows) if row["taken"]} if rows else set()


def bury(run: Run, keys: Iterable[str]) -> None:
    """Settle what is deleted among the keys, once their versions are written."""
    if wanted := sorted(keys):
        run("ingest.bury", keys=wanted)


def _order(one: Deletion) -> tuple[bool, str]:
    """One with a time of its own before one that was only read."""
    return one.clock != "read", one.tomb
