"""A MEDS 0.4 data set: events row by row to FHIR, by the mappings in ``ontology/tables/meds``.

The rows of a subject lie together in one file, as MEDS asks. Times have no zone there; they are taken as UTC (ours).
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from graph.fhir.read_items import Found, Item, Refused
from graph.fhir.source import Source
from graph.tabular import cells
from graph.tabular.found import Tables
from graph.tabular.meds_folder import Folder, parquet
from graph.tabular.meds_make import Event, Made, SubjectMaker, encounter_of
from ontology.errors import MissingExtraError

if TYPE_CHECKING:
    import pyarrow as pa

ABOUT: Final = "metadata/dataset.json"
"""What a data set of MEDS is known by."""
BATCH: Final = 8192
"""Rows that are held at a time."""
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # a time of MEDS has no zone
_NEEDED: Final = ("subject_id", "time", "code")


def recognise(folder: Path, name: str) -> Tables | None:
    """The tables of a folder that has `metadata/dataset.json` and `data/`; else None.

    Raises:
        MissingExtraError: it is one, and the package ``pyarrow`` is not there.
    """
    if not (folder / ABOUT).is_file() or not (folder / "data").is_dir():
        return None
    paths = [path for path in folder.glob("metadata/*") if path.is_file()]
    paths += [path for path in (folder / "data").rglob("*.parquet") if path.is_file()]
    inside = {path.relative_to(folder).as_posix(): path for path in paths}
    return among({said: Source(path, f"{name}/{said}", path.stat().st_size) for said, path in inside.items()})


def among(files: Mapping[str, Source]) -> Tables | None:
    """The tables among files, known by their paths in one folder; None where it is no data set of MEDS.

    Raises:
        MissingExtraError: it is one, and the package ``pyarrow`` is not there.
    """
    data = sorted(path for path in files if path.startswith("data/") and path.endswith(".parquet"))
    if ABOUT not in files:
        return None
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "MEDS needs the package pyarrow.",
            got=str(error),
            do="Add it: pip install 'clinical-world-model[research]'.",
        ) from None
    beside = {path[9:]: file for path, file in files.items() if path.startswith("metadata/")}
    around = Folder(beside)
    sources = [
        replace(files[path], reader=Reader(around, n), unmapped=Counter()) for n, path in enumerate(data)
    ]
    return Tables(sources, frozenset({"metadata", "data"}))


class Reader:
    """Reads one file; called with its source by an ingest."""

    def __init__(self, around: Folder, number: int) -> None:
        self.around, self.number = around, number

    def __call__(self, source: Source, limit: int) -> Iterator[Item]:
        """The resources of the rows, and the rows that make none because they are wrong."""
        import pyarrow as pa

        source.unmapped.clear()
        if self.number == 0:
            self.around.store.forget("subject")
            self._beside(source)
        try:
            with parquet(source) as file:
                if fault := _fault(file.schema_arrow):
                    yield Refused(source.name, 0, "bad-table", fault)
                    return
                yield from self._events(source, file, limit)
        except OSError as error:
            yield Refused(
                source.name, 0, "unreadable", f"the file cannot be read: {error.strerror or 'damaged'}"
            )
        except pa.ArrowException:
            yield Refused(
                source.name,
                0,
                "bad-table",
                "the file is no Parquet, or is damaged; what came before it was read",
            )

    def _beside(self, source: Source) -> None:
        """Names what the other files hold that is not carried."""
        import pyarrow as pa

        for name, what in (
            ("subject_splits", "rows of a table without a mapping"),
            ("codes", "parent_codes"),
        ):
            try:
                with parquet(self.around.beside[f"{name}.parquet"]) as file:
                    rows = file.metadata.num_rows
                    if name == "codes" and "parent_codes" not in file.schema_arrow.names:
                        continue
                    if name == "codes":
                        batches = file.iter_batches(columns=["parent_codes"], use_threads=False)
                        rows = sum(len(batch) - batch.column(0).null_count for batch in batches)
            except (KeyError, OSError, pa.ArrowException):
                continue
            if rows:
                source.unmapped[f"{name}.parquet: {what}"] = rows

    def _events(self, source: Source, file: Any, limit: int) -> Iterator[Item]:
        maker: SubjectMaker | None = None
        here: str | None = None
        line = 0
        for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
            for row in _rows(batch):
                line += 1
                subject = row.get("subject_id")
                if subject is None:
                    yield _refused(source, line, "the column subject_id is empty", row)
                    continue
                if subject != here:
                    if maker is not None:
                        yield from _found(source, maker.end(), limit)
                    here, maker = subject, None
                    if self.around.store.first("subject", subject):
                        maker = SubjectMaker(self.around, subject, line, source.unmapped)
                if maker is None:
                    yield _refused(source, line, "the rows of a subject do not lie together", row)
                    continue
                try:
                    made = list(maker.take(event(line, row)))
                except ValueError as error:
                    yield _refused(source, line, str(error), row)
                    continue
                yield from _found(source, iter(made), limit)
            source.consumed = source.size * line // max(file.metadata.num_rows, 1)
        if maker is not None:
            yield from _found(source, maker.end(), limit)


def _fault(schema: "pa.Schema") -> str | None:
    import pyarrow as pa

    if lacking := [name for name in _NEEDED if name not in schema.names]:
        return f"the table has no column {lacking[0]}"
    if twice := [name for name in _NEEDED if schema.names.count(name) > 1]:
        return f"the column {twice[0]} is there twice"
    types = {name: schema.field(name).type for name in schema.names if schema.names.count(name) == 1}
    if not pa.types.is_integer(types["subject_id"]):
        return "the column subject_id holds no whole numbers"
    if not pa.types.is_timestamp(types["time"]):
        return "the column time holds no instants"
    number = types.get("numeric_value", pa.float32())
    if not (pa.types.is_floating(number) or pa.types.is_integer(number) or pa.types.is_null(number)):
        return "the column numeric_value holds no numbers"
    return None


def _rows(batch: "pa.RecordBatch") -> Iterator[dict[str, Any]]:
    """The rows, each with the columns that are given; the time in microseconds, everything else as words."""
    columns = [_words(name, column) for name, column in zip(batch.schema.names, batch.columns, strict=True)]
    names = batch.schema.names
    for cells_ in zip(*columns, strict=True):
        yield {
            name: cell for name, cell in zip(names, cells_, strict=True) if cell is not None and cell != ""
        }


def _words(name: str, column: "pa.Array") -> list[Any]:
    import pyarrow as pa

    if name == "time":
        since = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64())
        return list(since.to_pylist())
    kind = column.type
    if pa.types.is_floating(kind):
        # The shortest words that mean the number in its own width: 80.6, and not 80.5999984741211.
        said: list[str | None] = column.cast(pa.string()).to_pylist()
        return [None if text == "nan" else text for text in said]
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_temporal(kind):
        return [None if v is None else orjson.dumps(v, default=str).decode() for v in column.to_pylist()]
    return list(column.cast(pa.string()).to_pylist())


def event(line: int, row: dict[str, Any]) -> Event:
    """The event of a row: ``time`` in microseconds since 1970, everything else as words.

    Raises:
        ValueError: it is none; the words hold no value.
    """
    code = row.get("code", "").strip()
    if not code:
        raise ValueError("the column code is empty")
    values: dict[str, str] = {
        n: v for n, v in row.items() if n not in {"subject_id", "code", "time", "numeric_value"}
    }
    if "time" in row:
        try:
            values["time"] = f"{(_EPOCH + timedelta(microseconds=row['time'])).isoformat()}Z"
        except OverflowError:
            raise ValueError("the column time is not an instant of the calendar") from None
    if "numeric_value" in row:
        if math.isinf(float(row["numeric_value"])):
            raise ValueError("the column numeric_value is not a number")
        values["numeric_value"] = cells.number(row["numeric_value"])
    return Event(line, row["subject_id"], code, values, encounter_of(values))


def _found(source: Source, made: Iterator[Made], limit: int) -> Iterator[Item]:
    for line, resource in made:
        raw = orjson.dumps(resource)
        if len(raw) > limit:
            message = (
                f"what the row becomes is longer than the {limit} bytes that are allowed (CWM_LINE_LIMIT)"
            )
            yield Refused(source.name, line, "too-long", message, size=len(raw))
        else:
            yield Found(source.name, line, raw)


def _refused(source: Source, line: int, message: str, row: dict[str, Any]) -> Refused:
    return Refused(source.name, line, "bad-row", message, orjson.dumps(row))
