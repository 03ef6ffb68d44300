"""Answers as data frames: any read query, for a limited time, with a limited number of rows, whole or page by page.

Columns have types: instants in UTC to the microsecond, dates, numbers, words, lists of one of these. What has no column
type (nodes, relationships, paths, maps, durations, lists of mixed things) is JSON text.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import orjson
from neo4j import time

from graph.connection import Graph
from graph.plain import plain
from graph.queries import catalogue
from graph.sandbox import asking
from ontology.errors import InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_SIMPLE = (bool, int, float, str, date, datetime)


@overload
def frame(
    graph: Graph,
    query: str,
    params: Mapping[str, Any] | None = ...,
    *,
    to: Literal["polars"] = ...,
    timeout: float | None = ...,
    rows: int | None = ...,
    skip: int = ...,
) -> "pl.DataFrame": ...
@overload
def frame(
    graph: Graph,
    query: str,
    params: Mapping[str, Any] | None = ...,
    *,
    to: Literal["pandas"],
    timeout: float | None = ...,
    rows: int | None = ...,
    skip: int = ...,
) -> "pd.DataFrame": ...
def frame(
    graph: Graph,
    query: str,
    params: Mapping[str, Any] | None = None,
    *,
    to: Literal["polars", "pandas"] = "polars",
    timeout: float | None = None,
    rows: int | None = None,
    skip: int = 0,
) -> "pl.DataFrame | pd.DataFrame":
    """The answer to a read query, in Cypher or by its name, as one frame.

    ``timeout`` is in seconds, ``rows`` the most rows (by default ``query_timeout`` and ``query_rows`` of the settings). With
    ``skip`` the frame begins after so many rows; the query must then say its order (``ORDER BY``), or pages could overlap.

    Raises:
        InvalidInputError: the query is refused, faulty, too slow or too big; or more rows are there than allowed.
        MissingExtraError: ``to`` is pandas and it is not installed.

    The frame is whole or it is not given: where the limit of rows would cut it, the error says how to go on.
    """
    most = rows if rows is not None else graph.settings.query_rows
    with asking(graph, text(query), dict(params or {}), timeout=timeout, ordered=skip > 0) as result:
        found = [list(record.values()) for record in result.fetch(skip + most + 1)[skip:]]
        columns = list(result.keys())
    if len(found) > most:
        raise InvalidInputError(
            "The answer has more rows than are allowed.",
            got=f"more than {most:,}",
            do="Ask for less, allow more (rows, CWM_QUERY_ROWS), or read it by pages (graph.frames.pages).",
        )
    made = table(columns, found)
    return _pandas(made) if to == "pandas" else made


def pages(
    graph: Graph,
    query: str,
    params: Mapping[str, Any] | None = None,
    *,
    size: int = 10_000,
    timeout: float | None = None,
) -> Iterator["pl.DataFrame"]:
    """The answer to a read query in frames of ``size`` rows, through one cursor: no row twice, none left out.

    All pages come from one READ transaction, so ``timeout`` (seconds) is for all of them together. The columns' types are
    those of the first page; ``polars.concat`` puts the pages together.

    Raises:
        InvalidInputError: as :func:`frame`; or a later page has a value that its column cannot hold.
    """
    if size < 1:
        raise InvalidInputError("A page has at least one row.", got=size)
    with asking(graph, text(query), dict(params or {}), timeout=timeout) as result:
        columns = list(result.keys())
        first: pl.DataFrame | None = None
        while found := result.fetch(size):
            cells = [list(record.values()) for record in found]
            page = table(columns, cells, first.schema if first is not None else None)
            first = page if first is None else first
            yield page
        if first is None:
            yield table(columns, [])


def save(
    graph: Graph,
    query: str,
    params: Mapping[str, Any] | None,
    out: Path,
    *,
    timeout: float | None = None,
    rows: int | None = None,
    skip: int = 0,
) -> dict[str, Any]:
    """Write the answer to a read query to a new file, by its ending; ``rows`` and ``columns`` (name and type) of it.

    Raises:
        InvalidInputError: as :func:`frame`; or the file is there, or its ending is none of the three.
    """
    if out.suffix not in {".parquet", ".csv", ".ndjson"} or out.exists():
        raise InvalidInputError(
            "The answer needs a new file.",
            got=out,
            allowed="one that is not there yet: .parquet, .csv or .ndjson",
        )
    made = frame(graph, query, params, timeout=timeout, rows=rows, skip=skip)
    match out.suffix:
        case ".parquet":
            made.write_parquet(out)
        case ".ndjson":
            made.write_ndjson(out)
        case _:
            flat = [name for name, kind in made.schema.items() if kind.is_nested()]
            made.with_columns(_texts(made[name]) for name in flat).write_csv(out)
    return {"rows": made.height, "columns": {name: str(kind) for name, kind in made.schema.items()}}


def _texts(column: "pl.Series") -> "pl.Series":
    """Lists as JSON text, since CSV has no lists."""
    import polars as pl

    return pl.Series(column.name, [None if v is None else _json(v) for v in column.to_list()], pl.String)


def text(query: str) -> str:
    """The Cypher of a named read query, or the query itself when no query has that name.

    >>> text("RETURN 1 AS n")
    'RETURN 1 AS n'

    Raises:
        InvalidInputError: the query of that name writes.
    """
    named = catalogue().get(query)
    if named is None:
        return query
    if named.access != "read":
        raise InvalidInputError("This query writes, so it gives no frame.", got=query)
    return named.text


def table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], schema: "Mapping[str, pl.DataType] | None" = None
) -> "pl.DataFrame":
    """Rows of the driver's values as a frame with typed columns.

    >>> table(["n", "at"], [[1, None], [2.5, time.Date(2020, 1, 2)]]).rows()
    [(1.0, None), (2.5, datetime.date(2020, 1, 2))]
    >>> table(["x"], [[{"a": 1}], [None]])["x"].to_list()
    ['{"a":1}', None]
    """
    import polars as pl

    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    series = [
        _series(name, cells, schema[name] if schema else None)
        for name, cells in zip(columns, by_column, strict=True)
    ]
    return pl.DataFrame(series)


def _series(name: str, cells: Sequence[Any], wanted: "pl.DataType | None") -> "pl.Series":
    import polars as pl

    values = [_native(cell) for cell in cells]
    kind = wanted if wanted is not None and wanted != pl.Null else _type(values)
    if kind == pl.String:
        values = [v if v is None or isinstance(v, str) else _json(v) for v in values]
    try:
        return pl.Series(name, values, kind, strict=kind != pl.Float64)
    except (TypeError, pl.exceptions.PolarsError) as fault:
        raise InvalidInputError(
            f"The column {name} holds values of several types.",
            got=fault,
            do="Turn them into one in the query.",
        ) from None


def _native(value: Any) -> Any:
    """Times as Python's own, in UTC; lists of simple values stay lists, the rest as JSON can hold it."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case time.DateTime():
            at = value.to_native()
            return at.astimezone(UTC) if at.tzinfo else at
        case time.Date():
            return value.to_native()
        case list():
            return [_native(item) for item in value]
    return plain(value)


def _type(values: Sequence[Any]) -> "pl.DataType":
    """The one type that holds all values; words where there is none."""
    import polars as pl

    there = [v for v in values if v is not None]
    kinds = {type(v) for v in there}
    if not kinds:
        return pl.Null()
    if kinds == {list}:
        inner = _type([item for v in there for item in v])
        return pl.List(inner) if isinstance(inner, pl.Null) or _simple(there) else pl.String()
    if kinds <= {int, float}:
        return pl.Float64() if float in kinds else pl.Int64()
    if kinds == {datetime}:
        return pl.Datetime("us", _zone(there))
    return (
        {bool: pl.Boolean(), date: pl.Date()}.get(kinds.pop(), pl.String())
        if len(kinds) == 1
        else pl.String()
    )


def _simple(lists: Sequence[list[Any]]) -> bool:
    kinds = {type(item) for items in lists for item in items if item is not None}
    return (len(kinds) == 1 or kinds <= {int, float}) and kinds <= set(_SIMPLE)


def _zone(instants: Sequence[datetime]) -> str | None:
    return "UTC" if all(at.tzinfo for at in instants) else None


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=str).decode()


def _pandas(made: "pl.DataFrame") -> "pd.DataFrame":
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError(
            "Frames of pandas need pandas.",
            got=str(error),
            do="Add it: make env in a checkout, else pip install 'clinical-world-model[research]'. Or take polars frames.",
        ) from None
    return pd.DataFrame({name: made[name].to_list() for name in made.columns}, columns=made.columns)
