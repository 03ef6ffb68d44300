"""The fixtures give an empty, migrated graph on a real Neo4j."""

from graph import Graph


def test_the_graph_of_a_test_is_empty_and_has_its_schema(graph: Graph) -> None:
    assert graph.read("admin.ping") == [{"ok": 1}]
    assert [row["name"] for row in graph.read("admin.migrations")][:2] == ["keys", "search"]
