"""Every named query on the real Neo4j: it compiles, with its example parameters, and says what it returns."""

import re
from datetime import datetime
from typing import Any

import neo4j
import pytest

from graph import Graph, queries

ALL = queries.catalogue()


def examples(query: queries.Query) -> dict[str, Any]:
    """The example of each parameter, of the type that the query takes."""
    return {
        name: datetime.fromisoformat(param.example)
        if param.type == "ZONED DATETIME" and param.example is not None
        else param.example
        for name, param in query.params.items()
    }


@pytest.mark.neo4j
@pytest.mark.parametrize("name", ALL)
def test_a_query_compiles_with_its_example(graph: Graph, name: str) -> None:
    query = ALL[name]
    text = query.text.replace("CYPHER 5", "CYPHER 5 EXPLAIN", 1)
    with graph.driver.session(database=graph.database, default_access_mode=neo4j.WRITE_ACCESS) as session:
        summary = session.run(text, examples(query)).consume()
        assert summary.plan is not None
        kind = summary.query_type
    assert kind == "r" or query.access != "read", "a query that reads must not write"


@pytest.mark.neo4j
@pytest.mark.parametrize("name", [name for name, query in ALL.items() if query.returns])
def test_a_query_returns_the_columns_it_promises(graph: Graph, name: str) -> None:
    query = ALL[name]
    with graph.driver.session(database=graph.database) as session:
        text = query.text.replace("CYPHER 5", "CYPHER 5 EXPLAIN", 1)
        assert set(session.run(text, examples(query)).keys()) == set(query.returns)


@pytest.mark.parametrize("name", ALL)
def test_a_query_describes_each_of_its_parameters(name: str) -> None:
    used = set(re.findall(r"\$(\w+)", re.sub(r"//[^\n]*|'[^']*'", "", ALL[name].cypher)))
    assert used == set(ALL[name].params)
    assert all(param.doc for param in ALL[name].params.values())
