"""Rows that a newer release of the same tables no longer has: found, shown, and only when somebody asks for it deleted.

Every row of a release of OMOP CDM is a version of its resource, dated by the release; so what still has the date of an earlier
release, after this one went in, was dropped. A deletion is a tombstone dated by the release, as any other: as of before the row
is still there. (An event of MEDS is named by what it says and has no versions, so a deletion could never be taken back: there it
is not offered.)
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import orjson

from graph.connection import Graph
from graph.fhir import times
from graph.fhir.read import Found, Refused, Source, find
from graph.ingest import IngestReport, ingest
from graph.tabular.store import Store
from ontology.errors import InvalidInputError

MOST: Final = 0.5
"""A larger share of a table than this is deleted only by force: a file that was cut off looks like rows that were dropped."""
ENTRIES: Final = 1000


class DataSet(Protocol):
    """What the rows of a folder share."""

    @property
    def dataset(self) -> str | None:
        """The name of the data set."""

    @property
    def updated(self) -> str | None:
        """The instant of the release."""


@runtime_checkable
class TableReader(Protocol):
    """Reads a table, and says how the keys of its resources begin."""

    @property
    def around(self) -> DataSet:
        """The data set."""

    def keys(self) -> tuple[str, tuple[str, ...]]:
        """The name of the table, and how the keys of what it makes begin."""


@dataclass
class Dropped:
    """What an earlier release had and this one has not."""

    dataset: str
    release: str
    tables: dict[str, list[str]] = field(default_factory=dict)
    """By table the keys of the resources that were dropped."""
    begin: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By table how the keys of its resources begin."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Tables of which nothing can be said, and why."""
    deleted: int = 0
    file: str | None = None
    """The deletions as they were ingested."""

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON, with numbers in place of the keys."""
        made = asdict(self) | {"tables": {table: len(keys) for table, keys in self.tables.items()}}
        return {name: value for name, value in made.items() if name != "begin"}


def compare(graph: Graph, paths: Sequence[str | Path]) -> Dropped:
    """What the graph has of earlier releases of the tables in ``paths``, table by table; a table that is not there is left alone.

    Raises:
        NotFoundError, InvalidInputError: there are no tables of one data set with a name and a date, or a later release is there.
    """
    sources = list(_tables(paths))
    found = _named([reader.around for _, reader in sources])
    moment = _moment(found.release)
    parts: dict[str, tuple[tuple[str, ...], list[Source]]] = {}
    for source, reader in sources:
        table, prefixes = reader.keys()
        parts.setdefault(table, (prefixes, []))[1].append(source)
    for table, (prefixes, files) in parts.items():
        if prefixes:
            _table(graph, found, table, prefixes, files, moment)
    return found


def delete(graph: Graph, found: Dropped, *, force: bool = False) -> IngestReport:
    """Give every dropped resource a tombstone of the release's date, by an ingest of its own.

    Raises:
        InvalidInputError: more than half of what there is of a table would go, and ``force`` is not given.
    """
    for table, keys in found.tables.items():
        begin = found.begin[table]
        living = sum(graph.read("tabular.living", prefix=prefix)[0]["living"] for prefix in begin)
        if len(keys) > MOST * living and not force:
            raise InvalidInputError(
                f"Most of the table {table} would be deleted: {len(keys):,} of {living:,} resources.",
                allowed=f"at most {MOST:.0%} of a table",
                do="See that the table is whole. If it is, add --force.",
            )
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-dropped.ndjson"
    path = graph.settings.home / "dropped" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = [key for table in found.tables.values() for key in table]
    with path.open("wb") as out:
        for start in range(0, len(keys), ENTRIES):
            entries = [_entry(key, found.release) for key in keys[start : start + ENTRIES]]
            bundle = {"resourceType": "Bundle", "type": "history", "entry": entries}
            out.write(orjson.dumps(bundle) + b"\n")
    report = ingest(graph, [path])
    found.deleted, found.file = report.deleted, str(path)
    return report


def _tables(paths: Sequence[str | Path]) -> Iterator[tuple[Source, TableReader]]:
    for source in find(paths):
        reader: object = source.reader if isinstance(source, Source) else None
        if isinstance(source, Source) and isinstance(reader, TableReader):
            yield source, reader


def _named(sets: list[DataSet]) -> Dropped:
    said = {(one.dataset, one.updated) for one in sets}
    if len(said) != 1:
        raise InvalidInputError(
            "These are not the tables of one data set of OMOP CDM.",
            got=f"{len(said)} data sets",
            do="Give the folder or the archive of one release.",
        )
    ((dataset, updated),) = said
    if dataset is None or updated is None:
        raise InvalidInputError(
            "These tables do not say which release of which data set they are.",
            allowed="CDM_SOURCE with a name and cdm_release_date",
            do="Add it to the data set, of each release, before it is ingested.",
        )
    return Dropped(dataset, updated)


def _moment(updated: str) -> str:
    """The instant as ranks write it."""
    return times.first(updated).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _table(
    graph: Graph, found: Dropped, table: str, prefixes: tuple[str, ...], files: list[Source], moment: str
) -> None:
    made, bad = Store(), 0
    for source in files:
        assert source.reader is not None  # noqa: S101  # they were chosen so
        for item in source.reader(source, graph.settings.line_limit):
            if isinstance(item, Found):
                resource = orjson.loads(item.raw)
                made.first("made", f"{resource['resourceType']}/{resource['id']}")
            bad += isinstance(item, Refused)
    if bad:
        found.skipped[table] = f"{bad:,} of its rows cannot be read"
        return
    keys: list[str] = []
    for prefix in prefixes:
        for row in graph.stream("tabular.others", prefix=prefix, moment=moment):
            if not row["earlier"]:
                raise InvalidInputError(
                    "A later release of this data set is in the graph.",
                    got=f"{found.dataset}, {found.release}",
                    do="Give the newest release.",
                )
            if made.has("made", row["key"]):
                found.skipped[table] = "not all of this release is in the graph: cwm ingest it first"
                return
            keys.append(row["key"])
    if keys:
        found.tables[table], found.begin[table] = keys, prefixes


def _entry(key: str, release: str) -> dict[str, Any]:
    request = {"method": "DELETE", "url": key}
    return {"request": request, "response": {"status": "204", "lastModified": release}}
