"""A researcher may read the graph with any query; everything else is refused, stopped or cut off."""

from pathlib import Path

import pytest

from graph import Graph
from graph.frames import frame, pages, save
from graph.sandbox import Answer, ask
from ontology.errors import InvalidInputError

REACHES_OUT = {
    "a file": "LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l",
    "an address": "LOAD CSV FROM 'http://127.0.0.1:1/x' AS l RETURN l",
    "a file inside a subquery": "CALL () { LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l } RETURN l",
    "settings by procedure": "CALL dbms.listConfig()",
    "settings by a procedure in a subquery": "CALL () { CALL dbms.listConfig() YIELD name RETURN name } RETURN name",
    "settings by a quoted procedure": "CALL `dbms`.`listConfig`()",
    "settings by a procedure in EXISTS": "MATCH (n) WHERE EXISTS { CALL dbms.listConfig() YIELD name RETURN name } RETURN n",
    "settings": "SHOW SETTINGS",
    "transactions": "SHOW TRANSACTIONS",
    "ending transactions": "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "statistics": "CALL db.stats.retrieve('QUERIES')",
    "caches": "CALL db.clearQueryCaches()",
    "users": "SHOW USERS",
    "databases": "SHOW DATABASES",
    "a new user": "CREATE USER evil SET PASSWORD 'abcdefgh1'",
    "the password": "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
}

WRITES = {
    "create": "CREATE (:X) RETURN 1 AS n",
    "merge": "MERGE (n:X {a: 1}) RETURN n",
    "set": "MATCH (n) SET n.x = 1",
    "delete": "MATCH (n) DETACH DELETE n",
    "foreach": "FOREACH (i IN [1] | CREATE (:X))",
    "index": "CREATE INDEX zz FOR (n:P) ON (n.q)",
    "constraint": "DROP CONSTRAINT resource_key",
    "a label by procedure": "CALL db.createLabel('Z')",
    "transactions of its own": "UNWIND [1] AS i CALL (i) { CREATE (:T) } IN TRANSACTIONS RETURN 1 AS n",
    "in a union": "RETURN 1 AS n UNION CREATE (x:X) RETURN 2 AS n",
}

READS = {
    "nodes": "MATCH (n:Nothing) RETURN n",
    "with a dialect": "CYPHER 5 RETURN 1 AS n",
    "with a runtime": "CYPHER runtime=slotted RETURN 1 AS n",
    "labels": "CALL db.labels()",
    "the schema": "CALL db.schema.visualization()",
    "a full-text index": "CALL db.index.fulltext.queryNodes('patient_text', 'ann') YIELD node RETURN node",
    "indexes": "SHOW INDEXES",
    "constraints": "SHOW CONSTRAINTS",
    "versions": "CALL dbms.components()",
    "a comment first": "// how many\nMATCH (n) RETURN count(n) AS n",
}


@pytest.mark.parametrize("cypher", REACHES_OUT.values(), ids=REACHES_OUT.keys())
def test_a_query_that_reaches_beyond_the_graph_is_not_run(graph: Graph, cypher: str) -> None:
    with pytest.raises(InvalidInputError, match="not run"):
        ask(graph, cypher)


@pytest.mark.parametrize("cypher", WRITES.values(), ids=WRITES.keys())
def test_a_query_that_writes_is_not_run(graph: Graph, cypher: str) -> None:
    with pytest.raises(InvalidInputError, match="not run"):
        ask(graph, cypher)
    assert ask(graph, "MATCH (n) WHERE NOT n:Migration RETURN count(n) AS n").rows == [{"n": 0}]
    assert ask(graph, "SHOW CONSTRAINTS YIELD name WHERE name = 'resource_key' RETURN name").rows


@pytest.mark.parametrize("cypher", READS.values(), ids=READS.keys())
def test_a_query_that_reads_is_answered(graph: Graph, cypher: str) -> None:
    assert isinstance(ask(graph, cypher), Answer)


@pytest.mark.parametrize("cypher", ["MATCH (n RETURN n", "", "RETURN 1; RETURN 2", "PROFILE RETURN 1"])
def test_what_is_no_query_is_told_so(graph: Graph, cypher: str) -> None:
    with pytest.raises(InvalidInputError, match="does not accept"):
        ask(graph, cypher)


def test_a_time_that_no_calendar_here_has_is_told_so(graph: Graph, tmp_path: Path) -> None:
    for time in ("date('9999-12-31') + duration('P1D')", "datetime('-0044-03-15T00:00:00Z')"):
        asked = f"RETURN {time} AS at"
        for way in (
            ask,
            frame,
            lambda *query: list(pages(*query)),
            lambda *query: save(*query, {}, tmp_path / "x.csv"),
        ):
            with pytest.raises(InvalidInputError, match="cannot be given back"):
                way(graph, asked)
    assert ask(graph, "RETURN toString(date('9999-12-31') + duration('P1D')) AS at").rows == [
        {"at": "+10000-01-01"}
    ]


def test_a_query_without_end_is_stopped(graph: Graph) -> None:
    endless = "UNWIND range(1, 1000000000) AS a UNWIND range(1, 1000000000) AS b WITH a * b AS c WHERE c < 0 RETURN count(c) AS n"
    with pytest.raises(InvalidInputError, match="too long"):
        ask(graph, endless, timeout=1)


@pytest.mark.parametrize(
    "cypher",
    [
        "UNWIND range(1, 100000000) AS i WITH collect({a: i, b: toString(i)}) AS l RETURN size(l) AS n",
        "RETURN size(reduce(s = 'x', i IN range(1, 40) | s + s)) AS n",
    ],
    ids=["collected rows", "a doubled text"],
)
def test_a_query_that_eats_memory_is_stopped_and_the_server_goes_on(graph: Graph, cypher: str) -> None:
    with pytest.raises(InvalidInputError, match=r"memory|too long"):
        ask(graph, cypher, timeout=60)
    assert graph.read("admin.ping") == [{"ok": 1}]


@pytest.mark.parametrize(
    ("there", "rows", "truncated"), [(4, 4, False), (5, 4, True), (3, 4, False), (1, 0, True)]
)
def test_rows_beyond_the_limit_are_cut_off_and_that_is_said(
    graph: Graph, there: int, rows: int, truncated: bool
) -> None:
    answer = ask(graph, "UNWIND range(1, $n) AS i RETURN i", {"n": there}, rows=rows)
    assert [row["i"] for row in answer.rows] == list(range(1, min(there, rows) + 1))
    assert answer.truncated is truncated


def test_values_come_back_as_json_can_hold_them(graph: Graph) -> None:
    answer = ask(
        graph,
        "RETURN datetime('2026-01-02T03:04:05Z') AS at, date('2026-01-02') AS day, "
        "[duration('P1D')] AS long, point({x: 1, y: 2}) AS here",
    )
    assert answer.columns == ["at", "day", "long", "here"]
    assert answer.rows == [
        {
            "at": "2026-01-02T03:04:05+00:00",
            "day": "2026-01-02",
            "long": ["P1D"],
            "here": {"srid": 7203, "coordinates": [1.0, 2.0]},
        }
    ]
