"""Every named query on the real Neo4j: it compiles, with its example parameters, and says what it returns."""

import neo4j
import pytest

from graph import Graph, queries

ALL = queries.catalogue()


@pytest.mark.neo4j
@pytest.mark.parametrize("name", ALL)
def test_a_query_compiles_with_its_example(graph: Graph, name: str) -> None:
    query = ALL[name]
    examples = {param: value.example for param, value in query.params.items()}
    text = query.text.replace("CYPHER 5", "CYPHER 5 EXPLAIN", 1)
    with graph.driver.session(database=graph.database, default_access_mode=neo4j.WRITE_ACCESS) as session:
        summary = session.run(text, examples).consume()
        assert summary.plan is not None
        kind = summary.query_type
    assert kind == "r" or query.access != "read", "a query that reads must not write"


@pytest.mark.neo4j
@pytest.mark.parametrize("name", [name for name, query in ALL.items() if query.returns])
def test_a_query_returns_the_columns_it_promises(graph: Graph, name: str) -> None:
    query = ALL[name]
    examples = {param: value.example for param, value in query.params.items()}
    with graph.driver.session(database=graph.database) as session:
        text = query.text.replace("CYPHER 5", "CYPHER 5 EXPLAIN", 1)
        assert set(session.run(text, examples).keys()) == set(query.returns)


@pytest.mark.parametrize("name", ALL)
def test_a_query_describes_each_of_its_parameters(name: str) -> None:
    import re

    used = set(re.findall(r"\$(\w+)", re.sub(r"//[^\n]*|'[^']*'", "", ALL[name].cypher)))
    assert used == set(ALL[name].params)
    assert all(param.doc for param in ALL[name].params.values())
