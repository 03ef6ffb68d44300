"""Write batches of resources, one transaction each: concepts, then nodes and relationships in one statement, deletions last."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from functools import partial
from typing import Any

import neo4j

from graph import queries
from graph.connection import Graph
from graph.fhir.read_items import Deletion
from graph.ingest_deletes import bury, carry, note
from graph.ingest_lock import take
from graph.ingest_means import Means
from graph.ingest_number import Ahead, numbered
from graph.ingest_plan import Outcome, batches, plan, seen, strongest, superseded
from graph.ingest_rows import Row, row
from graph.ingest_versions import past
from graph.server.space import need_space
from graph.unsaid import unsaid

_REMEMBERED = 500_000
"""Concepts that a run remembers to have said, so that it need not say them again."""

_HELD = ("key", "rank", "url", "urls", "run", "tomb", "deleted", "deleted_clock", "versions", "since")

Concepts = dict[str, str | None]
Known = dict[str, dict[str, Any]]


class Writer:
    """Writes the batches of one run; not for use by several threads at once."""

    def __init__(self, graph: Graph, run: str, *, strict: bool = False, fhir: str | None = None) -> None:
        self._graph, self._session = graph, graph.driver.session(database=graph.database)
        self._run, self._strict, self._fhir, self._now = run, strict, fhir, datetime.now(UTC)
        self._concepts: Concepts = {}
        self._means = Means()

    def close(self) -> None:
        """Give the session back."""
        self._session.close()

    def write(self, batch: Sequence[Row | Deletion], ahead: Ahead | None = None) -> Outcome:
        """Write a batch in one transaction, retried when the database asks for it; ``ahead`` is the batch numbered already.

        Of two versions the one with the higher rank stays; the other is kept as the past where it is a fact or an encounter,
        and refused where it is neither. In strict mode a batch in which anything is refused writes nothing.

        Raises:
            GraphUnavailableError: the disk of the private Neo4j has less than `CWM_DISK_FREE` bytes left; nothing is written.
        """
        settings = self._graph.settings
        if settings.embedded:
            need_space(settings.embedded, settings.disk_free)
        try:
            outcome, concepts = self._session.execute_write(self._work, batch, ahead)
        except _VanishedError:
            self._concepts.clear()
            outcome, concepts = self._session.execute_write(self._work, batch, ahead)
        if len(self._concepts) > _REMEMBERED:
            self._concepts.clear()
        self._concepts |= concepts
        return outcome

    def _work(
        self, tx: neo4j.ManagedTransaction, items: Sequence[Row | Deletion], ahead: Ahead | None
    ) -> tuple[Outcome, Concepts]:
        take(tx)
        outcome, run = Outcome(), partial(_run, tx)
        batch = [item for item in items if isinstance(item, Row)]
        known = _held(tx, {row.key for row in batch if not row.nodes})
        batch = list(self._whole(batch, known, outcome))
        rows, older = strongest(batch, outcome)
        known |= _held(tx, {node["key"] for row in rows.values() for node in row.nodes} - known.keys())
        todo = plan(rows, older, known, self._run, outcome)
        if todo.superseded:
            lost = list(superseded(run("ingest.stored", keys=todo.superseded)))
            outcome.refused += lost
            outcome.written -= len(lost)
        if self._strict and outcome.refused:
            return outcome, {}
        gone = [item for item in items if isinstance(item, Deletion)]
        taken = note(run, gone, self._now)
        known |= _held(tx, taken)
        concepts = self._say(tx, batch)
        before = past(run, todo.rows, todo.late, known, taken, self._run, self._fhir)
        newest = [before.heads.get(row.key, row) for row in todo.rows if row.key not in before.restated]
        update = [row for row in todo.update if row.key not in before.restated]
        means = self._means.of(newest, run)
        _write(tx, newest, update, known, self._run, means, ahead)
        if before.keys:
            known |= _held(tx, {node["key"] for row in before.again for node in row.nodes} - known.keys())
            rewritten = self._means.of(before.rows, run)
            _write(tx, before.rows, before.again, known, self._run, rewritten)
            outcome.resolved += _resolved(before.rows, rewritten)
            run("ingest.restate", rows=[{"key": key, "props": p} for key, p in before.restated.items()])
            run("ingest.said", rows=before.said)
            run("ingest.reasons", keys=before.keys, gone=before.gone)
            run("ingest.forget", keys=before.gone)
        if todo.urls:
            run("ingest.urls", rows=todo.urls)
        if said := sorted((url, row.key) for row in rows.values() for url in row.addresses):
            run("ingest.contest", pairs=[{"from": url, "to": key} for url, key in said])
        bury(run, (key for key, there in known.items() if there["tomb"]))
        outcome.deleted = len(taken)
        outcome.unchanged += len(gone) - len(taken)
        outcome.written += len(todo.late) + len(before.restated)
        _count(outcome, newest, means)
        return outcome, concepts

    def _whole(self, batch: Sequence[Row], known: Known, outcome: Outcome) -> Iterator[Row]:
        """The batch; what was only glimpsed is made whole, unless the graph holds just that."""
        for glimpsed in batch:
            there = known.get(glimpsed.key)
            if glimpsed.nodes or seen(there, glimpsed.rank):
                yield glimpsed
            elif isinstance(made := row(glimpsed.found, self._run, self._fhir), Row):
                yield made
            else:
                outcome.refused.append(made)

    def _say(self, tx: neo4j.ManagedTransaction, batch: Sequence[Row]) -> Concepts:
        """Every concept that was ever said, also by versions that lost: so none depends on the order of files."""
        said: dict[str, dict[str, Any]] = {}
        for made in batch:
            for key, concept in made.concepts.items():
                display = concept["display"]
                before = said[key]["display"] if key in said else self._concepts.get(key, "")
                new = key not in said and key not in self._concepts
                if new or (display and (not before or display < before)):
                    said[key] = concept
        if said:
            _run(tx, "ingest.concepts", rows=[said[key] for key in sorted(said)])
        return {key: concept["display"] for key, concept in said.items()}


def _held(tx: neo4j.ManagedTransaction, keys: AbstractSet[str]) -> Known:
    """What the graph holds of some keys, by key."""
    if not keys:
        return {}
    (answer,) = _run(tx, "ingest.held", keys=sorted(keys))
    return {there[0]: dict(zip(_HELD, there, strict=True)) for there in answer["held"]}


def _write(
    tx: neo4j.ManagedTransaction,
    rows: Sequence[Row],
    update: Sequence[Row],
    known: Known,
    run: str,
    means: Mapping[str, str],
    ahead: Ahead | None = None,
) -> None:
    """Write rows, of which ``update`` take the place of other versions."""
    if update:
        _run(tx, "ingest.release", keys=sorted(row.key for row in update))
    nodes = [node for row in rows for node in row.nodes]
    there = [node for node in nodes if node["key"] in known]
    if there:
        there.sort(key=lambda node: node["key"])
        for node in there:
            carry(node, known[node["key"]])
        _run(tx, "ingest.become", rows=there)
        if visits := [node["key"] for node in there if node["key"].startswith("Encounter/")]:
            _run(tx, "ingest.outdate", keys=visits)
        nodes = [node for node in nodes if node["key"] not in known]
    if rows:
        ready = ahead if ahead and ahead.fits(rows, nodes, means) else None
        params = ready.params if ready else numbered(rows, nodes, run, means)
        (found,) = _run(tx, "ingest.write", **params)
        whole = len(params["fresh"]) + len(params["ends"]), len(params["concepts"])
        if (found["nodes"], found["concepts"]) != whole:
            raise _VanishedError


def _count(outcome: Outcome, rows: Sequence[Row], means: Mapping[str, str]) -> None:
    outcome.written += len(rows)
    outcome.nodes += sum(len(r.nodes) for r in rows)
    outcome.links += sum(len(r.links) + len(r.codes) for r in rows)
    outcome.resolved += _resolved(rows, means)
    outcome.generic.update(r.key.partition("/")[0] for r in rows if r.generic)


def _resolved(rows: Sequence[Row], means: Mapping[str, str]) -> int:
    return sum(x["a"] in means or x["b"] in means for row in rows for x in row.links) if means else 0


class _VanishedError(RuntimeError):
    """A concept that this run has said was deleted by somebody else, so the numbers of the others are wrong."""


def _run(tx: neo4j.ManagedTransaction, name: str, /, **params: Any) -> list[dict[str, Any]]:
    return tx.run(queries.named(name).text, unsaid(params)).data()


__all__ = ["Outcome", "Writer", "batches"]
