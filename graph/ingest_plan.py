"""A batch sorted out: what is new, what takes the place of another version, what loses, what is only said again."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graph.fhir.read_items import Deletion, Refused
from graph.fhir.versions import Said, moment
from graph.ingest_rows import Row

_Item = TypeVar("_Item", bound=Row | Deletion)


@dataclass
class Outcome:
    """What became of a batch."""

    written: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: list[Refused] = field(default_factory=list)
    links: int = 0
    resolved: int = 0
    """References by identifier that went to whom the run had met."""
    nodes: int = 0
    generic: Counter[str] = field(default_factory=Counter)


@dataclass
class Plan:
    """What is to be written of a batch, given what the graph holds."""

    create: list[Row] = field(default_factory=list)
    arrive: list[Row] = field(default_factory=list)
    update: list[Row] = field(default_factory=list)
    urls: list[dict[str, Any]] = field(default_factory=list)
    """``key``, ``url`` and the other ``urls`` of resources that came under one more address."""
    superseded: list[str] = field(default_factory=list)
    late: list[Row] = field(default_factory=list)
    """Older versions of facts and encounters that the graph has not seen: they say what was known before."""

    @property
    def rows(self) -> list[Row]:
        """All resources that are written."""
        return [*self.create, *self.arrive, *self.update]


def plan(
    rows: Mapping[str, Row], older: Iterable[Row], known: dict[str, Any], run: str, outcome: Outcome
) -> Plan:
    """Of two versions the one with the higher rank stays; ``outcome`` counts what is unchanged and names what is refused.

    ``older`` lost to one of ``rows``. What lost is kept as the past where it is a fact or an encounter
    (:mod:`graph.ingest_versions`).
    Every address under which any version came is kept: the reference that names it stays when a version without it comes.
    """
    made = Plan()
    lost = list(older)
    for row in rows.values():
        there = known.get(row.key)
        before = frozenset(filter(None, (there["url"], *(there["urls"] or ())))) if there else frozenset()
        if there is None:
            made.create.append(row)
        elif there["rank"] is None:
            made.arrive.append(row)
        elif row.rank > there["rank"]:
            made.update.append(row)
            if there["run"] == run and _tied(row.rank, there["rank"]):
                made.superseded.append(row.key)
        else:
            url = there["url"]
            if row.rank == there["rank"]:
                outcome.unchanged += 1
                url = min(filter(None, (row.url, url)), default=None)
            else:
                lost.append(row)
            if not row.addresses <= before:
                others = sorted((before | row.addresses) - {url})
                made.urls.append({"key": row.key, "url": url, "urls": others or None})
            continue
        if others := sorted((before | row.urls) - {row.url}):
            row.nodes[0]["props"]["urls"] = others
    made.late = list(_late(lost, rows, known, outcome))
    return made


def _late(
    lost: Iterable[Row], rows: Mapping[str, Row], known: dict[str, Any], outcome: Outcome
) -> Iterator[Row]:
    """Of what lost, the versions of facts and encounters that are new: what the graph has seen is unchanged, the rest is refused.

    Refused are older versions of anything else, and of two that say one instant the one with the lower rank.
    """
    lost = list(lost)
    there = {row.key: _seen(known.get(row.key)) for row in lost}
    all_ = {(key, rank) for key, ranks in there.items() for rank in {*ranks, rows[key].rank}}
    best = {(key, moment(rank)): rank for key, rank in sorted(all_ | {(row.key, row.rank) for row in lost})}
    for row in lost:
        ranks, winner = there[row.key], best[row.key, row.moment]
        if row.rank in ranks:
            outcome.unchanged += 1
        elif winner > row.rank:
            outcome.refused.append(_loser(row, winner))
        elif row.versioned:
            ranks.add(row.rank)
            yield row
        else:
            outcome.refused.append(_loser(row, max(rows[row.key].rank, *ranks)))


def _seen(there: dict[str, Any] | None) -> set[str]:
    """The ranks of all versions that the graph knows of a key."""
    if there is None or there["rank"] is None:
        return set()
    return {there["rank"], *(Said.read(text).rank for text in there["versions"] or ())}


def seen(there: dict[str, Any] | None, rank: str) -> bool:
    """Whether the graph, of which ``there`` is what it holds of a key, knows the version with this rank."""
    return there is not None and (there["rank"] == rank or rank in _seen(there))


def strongest(batch: Sequence[Row], outcome: Outcome) -> tuple[dict[str, Row], list[Row]]:
    """One row a key, and the versions that lose; a text that comes twice is unchanged."""
    rows: dict[str, Row] = {}
    older: list[Row] = []
    for row in batch:
        other = rows.get(row.key)
        if other is None:
            rows[row.key] = row
        elif row.rank == other.rank:
            outcome.unchanged += 1
            other.urls |= row.addresses
            if row.url and (not other.url or row.url < other.url):
                other.urls |= other.addresses
                other.url = row.url
                for node in other.nodes[:1]:
                    node["props"]["url"] = row.url
        else:
            better, worse = (row, other) if row.rank > other.rank else (other, row)
            better.urls |= worse.addresses
            rows[row.key] = better
            older.append(worse)
    return rows, older


def superseded(stored: Sequence[dict[str, Any]]) -> Iterator[Refused]:
    """Versions that this run wrote and that lose a tie only now: named like those that come second."""
    for there in stored:
        message = f"{there['key']} has another content elsewhere, and neither says which is newer"
        raw = there["fhir"].encode()
        yield Refused(there["source"], there["line"], "conflict", message, raw, url=there["url"])


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


def batches(rows: Iterable[_Item], most: int, weight: int) -> Iterator[list[_Item]]:
    """Rows in lists of at most ``most`` resources and about ``weight`` bytes."""
    batch: list[_Item] = []
    load = 0
    for row in rows:
        batch.append(row)
        load += row.weight
        if len(batch) >= most or load >= weight:
            yield batch
            batch, load = [], 0
    if batch:
        yield batch
