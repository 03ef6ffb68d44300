"""Answers as frames: typed columns, whole or told, page by page without a row lost."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import Graph
from graph.frames import frame, pages, save, table
from ontology.errors import InvalidInputError
from tests.conftest import Run

KINDS = (
    "RETURN 1 AS whole, 1.5 AS part, 'a' AS word, true AS flag, date('2026-01-02') AS day, "
    "datetime('2026-01-02T03:04:05+02:00') AS at, ['a', 'b'] AS words, [1, 2.5] AS numbers, "
    "{a: [1]} AS map, duration('P1D') AS long, null AS none"
)


@pytest.mark.neo4j
def test_every_kind_of_value_has_a_column_of_its_type(graph: Graph) -> None:
    made = graph.frame(KINDS)
    assert dict(made.schema) == {
        "whole": pl.Int64(), "part": pl.Float64(), "word": pl.String(), "flag": pl.Boolean(), "day": pl.Date(),
        "at": pl.Datetime("us", "UTC"), "words": pl.List(pl.String()), "numbers": pl.List(pl.Float64()),
        "map": pl.String(), "long": pl.String(), "none": pl.Null(),
    }  # fmt: skip
    (row,) = made.to_dicts()
    assert (row["at"], row["day"]) == (datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC), date(2026, 1, 2))
    assert (row["map"], row["long"]) == ('{"a":[1]}', "P1D")


@pytest.mark.neo4j
def test_a_frame_of_pandas_holds_the_same(graph: Graph) -> None:
    pytest.importorskip("pandas")
    text = "UNWIND range(1, 3) AS n RETURN n, datetime({epochSeconds: n}) AS at ORDER BY n"
    pandas = frame(graph, text, to="pandas")
    assert [row[0] for row in pandas.itertuples(index=False)] == [1, 2, 3]
    assert [at.timestamp() for at in pandas["at"]] == [1, 2, 3]


@pytest.mark.neo4j
def test_an_answer_that_is_too_long_is_refused_and_not_cut(graph: Graph) -> None:
    text = "UNWIND range(1, 9) AS n RETURN n ORDER BY n"
    with pytest.raises(InvalidInputError, match="pages"):
        frame(graph, text, rows=8)
    assert frame(graph, text, rows=9).height == 9
    assert frame(graph, text, rows=4, skip=5)["n"].to_list() == [6, 7, 8, 9]


@pytest.mark.neo4j
def test_a_part_of_an_answer_without_order_is_refused(graph: Graph, cwm: Any) -> None:
    with pytest.raises(InvalidInputError, match="ORDER BY"):
        frame(graph, "UNWIND range(1, 9) AS n RETURN n", skip=5)
    assert cwm("graph", "query", "MATCH (p:Patient) RETURN p.key AS key", "--skip", "1").status == 2


@pytest.mark.neo4j
@pytest.mark.parametrize(("rows", "size"), [(0, 3), (1, 3), (3, 3), (7, 3), (6, 1)])
def test_pages_together_are_the_answer(graph: Graph, rows: int, size: int) -> None:
    text = "UNWIND range(1, $rows) AS n RETURN n, toString(n) AS word"
    parts = list(pages(graph, text, {"rows": rows}, size=size))
    assert [part.height for part in parts[:-1]] == [size] * (len(parts) - 1)
    assert pl.concat(parts)["n"].to_list() == list(range(1, rows + 1))


@pytest.mark.neo4j
def test_a_later_page_that_does_not_fit_is_told(graph: Graph) -> None:
    with pytest.raises(InvalidInputError, match="several types"):
        list(pages(graph, "UNWIND [1, 2, 'x'] AS n RETURN n", size=2))


@pytest.mark.neo4j
def test_a_named_query_gives_a_frame_and_one_that_writes_does_not(graph: Graph) -> None:
    assert frame(graph, "admin.ping").to_dicts() == [{"ok": 1}]
    with pytest.raises(InvalidInputError, match="writes"):
        frame(graph, "ingest.orphans")
    with pytest.raises(InvalidInputError, match="not run"):
        frame(graph, "CREATE (n:X) RETURN n")


@pytest.mark.neo4j
@pytest.mark.parametrize("ending", ["parquet", "ndjson", "csv"])
def test_an_answer_goes_into_a_file_and_comes_back(
    graph: Graph, cwm: Any, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"a.{ending}"
    run: Run = cwm("graph", "query", "UNWIND [1, 2] AS n RETURN n, ['a'] AS l", "--out", str(out), "--json")
    assert run.json["columns"] == {"n": "Int64", "l": "List(String)"}
    read = {"parquet": pl.read_parquet, "ndjson": pl.read_ndjson, "csv": pl.read_csv}[ending]
    assert read(out)["n"].to_list() == [1, 2]
    with pytest.raises(InvalidInputError, match="new file"):
        save(graph, "RETURN 1 AS n", None, out)


WHOLE = st.integers(-(2**63), 2**63 - 1)
"""The whole numbers that the database has."""


@given(
    st.lists(st.one_of(st.none(), WHOLE, st.floats(allow_nan=False), st.text(), st.booleans()), max_size=6)
)
def test_whatever_a_column_holds_it_has_one_type_and_every_row(values: list[Any]) -> None:
    made = table(["v"], [[value] for value in values])
    assert made.height == len(values)
    there = [v for v in values if v is not None]
    if there and all(isinstance(v, str) for v in there):
        assert made["v"].to_list() == values
    assert made["v"].null_count() == len(values) - len(there)


@pytest.mark.neo4j
def test_the_schema_for_a_model_names_patterns_and_holds_no_value_of_a_record(
    graph: Graph, cwm: Any, tmp_path: Path
) -> None:
    from graph.ingest import ingest
    from tests.graph.made import encounter, ndjson, observation, patient

    seeded = patient("p-secret", name=[{"family": "Zzyzx"}])
    ingest(
        graph,
        [
            ndjson(
                tmp_path / "a.ndjson",
                [seeded, encounter(of="Patient/p-secret"), observation(of="Patient/p-secret")],
            )
        ],
    )
    text = cwm("graph", "schema", "--for", "model").out
    assert "(:Patient)-[:HAS_EVENT]->(:Observation) 1" in text
    assert "start: ZONED DATETIME" in text
    assert "MATCH" in text
    assert not any(word in text for word in ("Zzyzx", "p-secret"))
    tables = cwm("graph", "schema", "--json").json
    assert {"a": "Observation", "type": "CODED", "b": "Concept", "count": 1} in tables["patterns"]
