"""What the rows of a folder of OMOP CDM share, and how a row is read by the types of its columns."""

from collections.abc import Iterator
from contextlib import closing
from functools import cached_property
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from graph.fhir.source import Source
from graph.tabular import cells
from graph.tabular.csv_rows import Record, Records
from graph.tabular.store import Concept, Store
from ontology.table_mapping import TableMapping, tables

_BASE: Final = "urn:clinical-world-model:omop"


class Folder:
    """What the rows of a folder share: concepts, people, joined rows, and by which name the data set goes."""

    def __init__(self, files: dict[str, Source]) -> None:
        self.files = files
        self.store = Store()
        self._loaded: set[str] = set()

    @cached_property
    def _about(self) -> list[dict[str, str]]:
        return [row for _, row in self._records("CDM_SOURCE")]

    @cached_property
    def dataset(self) -> str | None:
        """The name of the data set, by CDM_SOURCE."""
        said = {row.get("cdm_source_abbreviation") or row.get("cdm_source_name") for row in self._about}
        return "|".join(sorted(name for name in said if name)) or None

    @cached_property
    def prefix(self) -> str:
        """Before every id."""
        return "omop" if self.dataset is None else f"omop-{sha256(self.dataset.encode()).hexdigest()[:8]}"

    @cached_property
    def base(self) -> str:
        """Before the name of every system that only this data set knows."""
        return _BASE if self.dataset is None else f"{_BASE}:{quote(self.dataset, safe='')}"

    @cached_property
    def updated(self) -> str | None:
        """When this version of the data set was made: the instant for ``meta.lastUpdated``."""
        said = []
        for row in self._about:
            try:
                said.append(cells.day(row.get("cdm_release_date", "")))
            except ValueError:
                continue
        return f"{max(said)}T00:00:00Z" if said else None

    @cached_property
    def concepts(self) -> int:
        """How many concepts there are; 0 without the table CONCEPT."""
        return self.store.add_concepts(
            (row["concept_id"], row.get("vocabulary_id", ""), row["concept_code"], row.get("concept_name"),
             row.get("concept_class_id"))
            for _, row in self._records("CONCEPT")
            if row.get("concept_id", "").isdecimal() and row.get("concept_code")
        )  # fmt: skip

    def concept(self, number: str) -> Concept | None:
        """What CONCEPT says of a concept."""
        return self.store.concept(number) if self.concepts else None

    def person(self, key: str) -> bool:
        """False where PERSON is there and has no such person."""
        if "PERSON" not in self.files:
            return True
        self._load("PERSON", rows=False)
        return self.store.has("PERSON", key)

    def joined(self, table: str, key: str) -> dict[str, str] | None:
        """The row of another table, when it is one that can be read."""
        if table not in self.files:
            return None
        self._load(table, rows=True)
        return self.store.row(table, key)

    def reference(self, to: str, key: str) -> str:
        """``Type/id`` of what a row becomes."""
        return f"{tables()[to].resources[0].type}/{self.id(to, key)}"

    def id(self, table: str, key: str) -> str:
        """The id of what a row becomes."""
        return f"{self.prefix}-{table.lower().replace('_', '-')}-{key}"

    def _load(self, table: str, *, rows: bool) -> None:
        if table in self._loaded:
            return
        self._loaded.add(table)
        key = tables()[table].key
        reader = RowReader(tables()[table])

        def kept() -> Iterator[tuple[str, dict[str, str] | None]]:
            for _, cells_ in self._records(table):
                try:
                    values = reader.values(cells_) if rows else {key: cells.whole(cells_.get(key, ""))}
                except ValueError:
                    continue  # it is named where the table itself is read
                yield values[key], values if rows else None

        self.store.add(table, kept())

    def _records(self, table: str) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows of a table that can be read, as words by column."""
        source = self.files.get(table)
        if source is None:
            return
        try:
            stream = source.open()
        except OSError:
            return
        with closing(stream):
            records = Records(source, stream, 1 << 22)
            for record in records:
                if isinstance(record, Record):
                    yield (
                        record.line,
                        {
                            n: text
                            for n, f in zip(records.header, record.fields, strict=True)
                            if (text := f.strip())
                        },
                    )


class RowReader:
    """The values of a row in the form of FHIR, by the types of its mapping's columns."""

    def __init__(self, mapping: TableMapping) -> None:
        self._columns = [
            (n, cells.READ[c.type], c.required and c.type != "concept") for n, c in mapping.columns.items()
        ]
        self.known = frozenset(mapping.columns)
        self._pairs = [
            (n, f"{n}time") for n in mapping.columns if n.endswith("_date") and f"{n}time" in mapping.columns
        ]

    def values(self, row: dict[str, str]) -> dict[str, str]:
        """The columns that are given.

        Raises:
            ValueError: a column is not what it should be, or is missing; the words say which, and no value.
        """
        values: dict[str, str] = {}
        for name, read, required in self._columns:
            text = row.get(name)
            if text is None:
                if required:
                    raise ValueError(f"the column {name} is empty")
                continue
            try:
                if found := read(text):
                    values[name] = found
            except ValueError as error:
                raise ValueError(f"the column {name} is not {error}") from None
        for day, time in self._pairs:
            if day in values and time in values and values[day] != values[time][:10]:
                raise ValueError(f"the columns {day} and {time} name different days")
        return values
