"""Write batches of resources: nodes first, then concepts, then relationships in order, deletions last, one transaction each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import neo4j

from graph import queries
from graph.connection import Graph
from graph.fhir.read_items import Deletion, Refused
from graph.ingest_deletes import bury, carry
from graph.ingest_rows import Row

_REMEMBERED = 500_000
"""Keys that a run remembers to have seen, so that it need not ask again."""


@dataclass
class Outcome:
    """What became of a batch."""

    written: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: list[Refused] = field(default_factory=list)
    links: int = 0
    nodes: int = 0
    generic: Counter[str] = field(default_factory=Counter)


@dataclass
class _Plan:
    """A batch sorted out: what is new, what takes the place of another version, what is only said again."""

    create: list[Row] = field(default_factory=list)
    arrive: list[Row] = field(default_factory=list)
    update: list[Row] = field(default_factory=list)
    urls: list[dict[str, str]] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)


class Writer:
    """Writes the batches of one run; not for use by several threads at once."""

    def __init__(self, graph: Graph, run: str, *, strict: bool = False) -> None:
        self._session = graph.driver.session(database=graph.database)
        self._run, self._strict, self._now = run, strict, datetime.now(UTC)
        self._present: set[str] = set()
        self._concepts: dict[str, str | None] = {}

    def close(self) -> None:
        """Give the session back."""
        self._session.close()

    def write(self, batch: Sequence[Row | Deletion]) -> Outcome:
        """Write a batch in one transaction, retried when the database asks for it.

        Of two versions the one with the higher rank stays; the other is refused. In strict mode a batch in which
        anything is refused writes nothing.
        """
        try:
            outcome, keys, concepts = self._session.execute_write(self._work, batch)
        except _VanishedError:
            self._present.clear()
            self._concepts.clear()
            outcome, keys, concepts = self._session.execute_write(self._work, batch)
        if len(self._present) > _REMEMBERED:
            self._present.clear()
        if len(self._concepts) > _REMEMBERED:
            self._concepts.clear()
        self._present |= keys
        self._concepts |= concepts
        return outcome

    def _work(
        self, tx: neo4j.ManagedTransaction, items: Sequence[Row | Deletion]
    ) -> tuple[Outcome, set[str], dict[str, str | None]]:
        outcome = Outcome()
        batch = [item for item in items if isinstance(item, Row)]
        rows = _strongest(batch, outcome)
        keys = sorted(node["key"] for row in rows.values() for node in row.nodes)
        known = {there["key"]: there for there in _run(tx, "ingest.known", keys=keys)}
        plan = self._plan(rows.values(), known, outcome)
        if plan.superseded:
            _supersede(tx, plan.superseded, outcome)
        if self._strict and outcome.refused:
            return outcome, set(), {}
        fresh = [*plan.create, *plan.arrive, *plan.update]
        _nodes(tx, plan, known)
        concepts = self._write_concepts(tx, batch)
        present = self._write_links(tx, fresh)
        if plan.urls:
            _run(tx, "ingest.urls", rows=plan.urls)
        gone = [item for item in items if isinstance(item, Deletion)]
        buried = [key for key, there in known.items() if there["tomb"]]
        outcome.deleted, again = bury(partial(_run, tx), gone, buried, self._now)
        outcome.unchanged += again
        outcome.written += len(fresh)
        outcome.nodes += sum(len(r.nodes) for r in fresh)
        outcome.links += sum(len(r.links) + len(r.codes) for r in fresh)
        outcome.generic.update(r.key.partition("/")[0] for r in fresh if r.generic)
        return outcome, present, concepts

    def _plan(self, rows: Iterable[Row], known: dict[str, Any], outcome: Outcome) -> _Plan:
        plan = _Plan()
        for row in rows:
            there = known.get(row.key)
            if there is None:
                plan.create.append(row)
            elif there["rank"] is None:
                plan.arrive.append(row)
            elif row.rank > there["rank"]:
                plan.update.append(row)
                if there["run"] == self._run and _tied(row.rank, there["rank"]):
                    plan.superseded.append(row.key)
            elif row.rank == there["rank"]:
                outcome.unchanged += 1
                if row.url and (there["url"] is None or row.url < there["url"]):
                    plan.urls.append({"key": row.key, "url": row.url})
            else:
                outcome.refused.append(_loser(row, there["rank"]))
        return plan

    def _write_concepts(self, tx: neo4j.ManagedTransaction, batch: Sequence[Row]) -> dict[str, str | None]:
        """Every concept that was ever said, also by versions that lost: so none depends on the order of files."""
        said: dict[str, dict[str, Any]] = {}
        for row in batch:
            for key, concept in row.concepts.items():
                display = concept["display"]
                before = said[key]["display"] if key in said else self._concepts.get(key, "")
                new = key not in said and key not in self._concepts
                if new or (display and (not before or display < before)):
                    said[key] = concept
        if said:
            _run(tx, "ingest.concepts", rows=[said[key] for key in sorted(said)])
        return {key: concept["display"] for key, concept in said.items()}

    def _write_links(self, tx: neo4j.ManagedTransaction, fresh: Sequence[Row]) -> set[str]:
        own = {node["key"] for row in fresh for node in row.nodes}
        links = [link for row in fresh for link in row.links]
        ends = {link["a"] for link in links} | {link["b"] for link in links}
        missing = ends - own - self._present
        if missing:
            _run(tx, "ingest.targets", keys=sorted(missing))
        if links:
            links.sort(key=lambda link: (link["a"], link["b"], link["type"]))
            _whole(_run(tx, "ingest.link", rows=links), links)
        codes = [code for row in fresh for code in row.codes]
        if codes:
            codes.sort(key=lambda code: (code["code"], code["key"]))
            _whole(_run(tx, "ingest.code", rows=codes), codes)
        return missing | (own & ends)


def _nodes(tx: neo4j.ManagedTransaction, plan: _Plan, known: dict[str, Any]) -> None:
    if plan.update:
        _run(tx, "ingest.release", keys=sorted(row.key for row in plan.update))
    nodes = [node for row in (*plan.create, *plan.arrive, *plan.update) for node in row.nodes]
    there = [node for node in nodes if node["key"] in known]
    if there:
        there.sort(key=lambda node: node["key"])
        for node in there:
            carry(node, known[node["key"]])
        _run(tx, "ingest.become", rows=there)
        _run(tx, "ingest.outdate", keys=[n["key"] for n in there if n["key"].startswith("Encounter/")])
        nodes = [node for node in nodes if node["key"] not in known]
    if nodes:
        _run(tx, "ingest.create", rows=nodes)


def _whole(answer: list[dict[str, Any]], rows: Sequence[object]) -> None:
    """Every row must have found both of its ends; a key that was remembered may have gone meanwhile."""
    if answer[0]["linked"] != len(rows):
        raise _VanishedError


class _VanishedError(RuntimeError):
    """A node that this run has seen was deleted by somebody else."""


def _strongest(batch: Sequence[Row], outcome: Outcome) -> dict[str, Row]:
    """One row a key; the versions that lose are refused, a text that comes twice is unchanged."""
    rows: dict[str, Row] = {}
    for row in batch:
        other = rows.get(row.key)
        if other is None:
            rows[row.key] = row
        elif row.rank == other.rank:
            outcome.unchanged += 1
            if row.url and (not other.url or row.url < other.url):
                other.url = other.nodes[0]["props"]["url"] = row.url
        else:
            better, worse = (row, other) if row.rank > other.rank else (other, row)
            rows[row.key] = better
            outcome.refused.append(_loser(worse, better.rank))
    return rows


def _tied(rank: str, other: str) -> bool:
    """True when neither `meta.lastUpdated` nor `meta.versionId` says which is newer."""
    return rank.split("|")[:2] == other.split("|")[:2]


def _loser(row: Row, winner: str) -> Refused:
    found = row.found
    if _tied(row.rank, winner):
        reason, message = (
            "conflict",
            f"{row.key} has another content elsewhere, and neither says which is newer",
        )
    else:
        reason, message = "older-version", f"a newer version of {row.key} is there"
    return Refused(found.source, found.line, reason, message, found.raw, found.entry, found.url)


def _supersede(tx: neo4j.ManagedTransaction, keys: list[str], outcome: Outcome) -> None:
    """Versions that this run wrote and that lose a tie only now: named like those that come second."""
    for there in _run(tx, "ingest.stored", keys=keys):
        message = f"{there['key']} has another content elsewhere, and neither says which is newer"
        raw = there["fhir"].encode()
        outcome.refused.append(
            Refused(there["source"], there["line"], "conflict", message, raw, there["entry"], there["url"])
        )
        outcome.written -= 1


def _run(tx: neo4j.ManagedTransaction, name: str, **params: Any) -> list[dict[str, Any]]:
    return tx.run(queries.named(name).text, params).data()


def batches(rows: Iterable[Row | Deletion], most: int, weight: int) -> Iterator[list[Row | Deletion]]:
    """Rows in lists of at most ``most`` resources and about ``weight`` bytes."""
    batch: list[Row | Deletion] = []
    load = 0
    for row in rows:
        batch.append(row)
        load += row.weight
        if len(batch) >= most or load >= weight:
            yield batch
            batch, load = [], 0
    if batch:
        yield batch


__all__ = ["Outcome", "Writer", "batches"]
