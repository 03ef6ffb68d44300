"""A folder of OMOP CDM 5.4 tables as CSV: row by row to FHIR, by the mappings in ``ontology/tables/omop``.

CONCEPT, CDM_SOURCE and what is joined are read beside; a table without a mapping is named with its number of lines.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Final

import orjson

from graph.fhir.read_items import Found, Item, Refused
from graph.fhir.source import Source, uncompressed
from graph.tabular.csv_rows import Record, Records
from graph.tabular.found import Tables
from graph.tabular.omop_folder import Folder, RowReader
from graph.tabular.omop_make import TableMaker
from ontology.table_mapping import TableMapping, tables

BESIDE: Final = frozenset({"CONCEPT", "CDM_SOURCE"})
"""Tables that say something of the others and make no resource."""


def recognise(folder: Path, name: str) -> Tables | None:
    """The tables of a folder that has a table of OMOP CDM, known by its name and its key; else None."""
    found: dict[str, Path] = {}
    paths = sorted(filter(_is_csv, folder.iterdir()))
    again = [path for path in paths if found.setdefault(_table(path.name), path) is not path]
    if not any(table in tables() and _has_key(path, tables()[table]) for table, path in found.items()):
        return None
    around = Folder({table: Source(path, f"{name}/{path.name}", 0) for table, path in found.items()})
    sources = [
        Source(path, f"{name}/{path.name}", path.stat().st_size, reader=Reader(around, table))
        for table, path in sorted(found.items(), key=lambda item: _order(item[0]))
        if table not in BESIDE
    ]
    sources += [
        Source(path, f"{name}/{path.name}", 0, reader=_Again(found[_table(path.name)].name)) for path in again
    ]
    return Tables(sources, frozenset(path.name for path in [*found.values(), *again]))


def _is_csv(path: Path) -> bool:
    return (
        uncompressed(path.name).lower().endswith(".csv") and not path.name.startswith(".") and path.is_file()
    )


def _table(name: str) -> str:
    return uncompressed(name)[:-4].upper()


def _order(table: str) -> tuple[bool, bool, bool, str]:
    # What others refer to comes first: people and places, then visits.
    mapping = tables().get(table)
    return mapping is None, bool(mapping and mapping.person), table != "VISIT_OCCURRENCE", table


def _has_key(path: Path, mapping: TableMapping) -> bool:
    source = Source(path, path.name, 0)
    try:
        with closing(source.open()) as stream:
            return mapping.key in Records(source, stream, 1 << 16).header
    except OSError:
        return False


class _Again:
    """Reads nothing of a file whose table is in another file too, and says so."""

    def __init__(self, other: str) -> None:
        self.other = other

    def __call__(self, source: Source, limit: int) -> Iterator[Item]:  # noqa: ARG002  # as a reader is called
        """The refusal."""
        message = f"the table is in {self.other} too, and that file is read"
        yield Refused(source.name, 0, "bad-table", message)


class Reader:
    """Reads one table; called with its source by an ingest."""

    def __init__(self, around: Folder, table: str) -> None:
        self.around, self.table = around, table
        self.mapping = tables().get(table)

    def __call__(self, source: Source, limit: int) -> Iterator[Item]:
        """The resources of the rows, and the rows that make none because they are wrong."""
        source.unmapped.clear()
        try:
            stream = source.raw() if source.path.suffix.lower() != ".gz" else source.open()
        except OSError as error:
            yield Refused(source.name, 0, "unreadable", f"the file cannot be read: {error.strerror}")
            return
        with closing(stream):
            if self.mapping is None:
                yield from self._pass(source, stream, limit)
            else:
                yield from self._rows(source, Records(source, stream, limit), self.mapping)

    def _pass(self, source: Source, stream: IO[bytes], limit: int) -> Iterator[Item]:
        """A table without a mapping: named with its number of rows."""
        for record in Records(source, stream, limit):
            if isinstance(record, Refused) and record.reason in {"broken-gzip", "unreadable"}:
                yield record
            else:
                source.unmapped[f"{self.table}: rows of a table without a mapping"] += 1

    def _rows(self, source: Source, records: Records, mapping: TableMapping) -> Iterator[Item]:
        if records.empty:
            said = [item for item in records if isinstance(item, Refused)]
            yield from said or [Refused(source.name, 0, "empty-file", "there is nothing in the file")]
            return
        if fault := _fault(records.header, mapping):
            yield Refused(source.name, 1, "bad-table", fault)
            return
        reader, maker = RowReader(mapping), TableMaker(mapping, self.around, source.unmapped)
        header = records.header
        strange = [n for n in header if n not in reader.known]
        for record in records:
            if isinstance(record, Refused):
                yield record
                continue
            row = {n: text for n, f in zip(header, record.fields, strict=True) if (text := f.strip())}
            for name in strange:
                if name in row:
                    source.unmapped[f"{mapping.table}.{name}: a column without a mapping"] += 1
            try:
                values = reader.values(row)
                if mapping.person and not self.around.person(values[mapping.person]):
                    yield _refused(
                        source, record, "no-person", f"there is no such {mapping.person} in PERSON", row
                    )
                    continue
                made = maker.resources(values)
                if not made:
                    self._beside(source, values, mapping)
            except ValueError as error:
                yield _refused(source, record, "bad-row", str(error), row)
                continue
            for resource in made:
                yield Found(source.name, record.line, orjson.dumps(resource))

    def _beside(self, source: Source, values: dict[str, str], mapping: TableMapping) -> None:
        """A row that makes nothing of its own: another table carries it, or it is counted.

        Raises:
            ValueError: another row of that key is the one that is carried.
        """
        if "PERSON" not in self.around.files:
            source.unmapped[f"{mapping.table}: rows that only PERSON could carry"] += 1
        elif self.around.joined(mapping.table, values[mapping.key]) != values:
            raise ValueError(f"another row has the same {mapping.key}, and counts")


def _fault(header: list[str], mapping: TableMapping) -> str | None:
    if twice := next((n for n in header if header.count(n) > 1), None):
        return f"the column {twice if twice in mapping.columns else '?'} is there twice"
    lacking = [
        n for n, c in mapping.columns.items() if c.required and c.type != "concept" and n not in header
    ]
    return f"the table has no column {lacking[0]}" if lacking else None


def _refused(source: Source, record: Record, reason: str, message: str, row: dict[str, str]) -> Refused:
    return Refused(source.name, record.line, reason, message, orjson.dumps(row))
