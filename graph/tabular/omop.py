"""A folder of OMOP CDM 5.4 tables as CSV: row by row to FHIR, by the mappings in ``ontology/tables/omop``.

CONCEPT, CDM_SOURCE and what is joined are read beside; a table without a mapping is named with its number of lines.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePosixPath
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
    paths = [path for path in sorted(folder.iterdir()) if is_csv(path.name) and path.is_file()]
    return among([Source(path, f"{name}/{path.name}", path.stat().st_size) for path in paths])


def among(files: Sequence[Source]) -> Tables | None:
    """The tables among files of one folder, in the order in which they are to be read; None where there is none."""
    found: dict[str, Source] = {}
    again = [file for file in files if found.setdefault(_table(file), file) is not file]
    if not any(table in tables() and _has_key(file, tables()[table]) for table, file in found.items()):
        return None
    around = Folder({table: _beside(file) for table, file in found.items()})
    sources = [
        replace(file, reader=Reader(around, table), unmapped=Counter())
        for table, file in sorted(found.items(), key=lambda item: _order(item[0]))
        if table not in BESIDE
    ]
    sources += [
        replace(file, size=0, reader=_Again(_base(found[_table(file)])), unmapped=Counter()) for file in again
    ]
    return Tables(sources, frozenset(_base(file) for file in [*found.values(), *again]))


def _beside(file: Source) -> Source:
    """The same file once more, to look things up in it, without counting how far it was read."""
    return replace(file, size=0, unmapped=Counter())


def is_csv(name: str) -> bool:
    """True when the name says CSV, compressed or not."""
    return uncompressed(name).lower().endswith(".csv") and not name.startswith(".")


def _base(file: Source) -> str:
    return PurePosixPath(file.name.replace("!", "/")).name


def _table(file: Source) -> str:
    return uncompressed(_base(file))[:-4].upper()


def _order(table: str) -> tuple[bool, bool, bool, str]:
    # What others refer to comes first: people and places, then visits.
    mapping = tables().get(table)
    return mapping is None, bool(mapping and mapping.person), table != "VISIT_OCCURRENCE", table


def _has_key(file: Source, mapping: TableMapping) -> bool:
    source = _beside(file)
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

    def keys(self) -> tuple[str, tuple[str, ...]]:
        """The table, and how the keys of what it makes begin."""
        made = () if self.mapping is None else self.mapping.resources
        id_ = self.around.id(self.table, "")
        return self.table, tuple(sorted({f"{resource.type}/{id_}" for resource in made}))

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
