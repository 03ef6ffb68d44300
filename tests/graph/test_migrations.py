"""A graph made by any earlier state of the schema becomes one that is like a new one; a newer graph is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from neo4j import WRITE_ACCESS

from graph import Graph, search
from graph.digest import digest
from graph.ingest import ingest
from graph.migrations import Migration, migrate, migrations
from tests.conftest import Run
from tests.graph.made import Resource, ndjson, patient
from tests.graph.test_ingest import balanced, journey

pytestmark = pytest.mark.neo4j
LEVELS = migrations()
RECORD: list[Resource] = [*journey(2), patient("named", name=[{"text": "Anna Berg"}])]


def schema(graph: Graph) -> list[list[dict[str, Any]]]:
    """Every constraint, and every index that belongs to none, as the database shows them."""
    return [graph.read("schema.constraints"), graph.read("schema.indexes")]


def bare(graph: Graph) -> None:
    """Take all schema and the record of it from an empty graph."""
    with graph.driver.session(database=graph.database, default_access_mode=WRITE_ACCESS) as session:
        for kind, rows in zip(("CONSTRAINT", "INDEX"), schema(graph), strict=True):
            for row in rows:
                if row.get("type") != "LOOKUP":  # every database has these from the first
                    session.run(f"DROP {kind} {row['name']} IF EXISTS").consume()
        session.run("MATCH (m:Migration) DELETE m").consume()


@pytest.fixture
def old(graph: Graph) -> Iterator[Graph]:
    """An empty graph without any schema; afterwards it has all of it again."""
    bare(graph)
    yield graph
    graph.write("admin.clear", batch=5000)
    migrate(graph)


@pytest.fixture
def new(graph: Graph, tmp_path: Path) -> tuple[str, list[list[dict[str, Any]]]]:
    """The digest and the schema of a graph that was made new."""
    ingest(graph, [ndjson(tmp_path / "new.ndjson", RECORD)])
    made = digest(graph), schema(graph)
    graph.write("admin.clear", batch=5000)
    return made


@pytest.mark.parametrize("level", LEVELS[:-1], ids=lambda level: level.name)
def test_a_graph_of_an_earlier_level_is_upgraded_to_what_a_new_one_is(
    new: tuple[str, list[list[dict[str, Any]]]], old: Graph, tmp_path: Path, level: Migration
) -> None:
    """Made by the migrations up to that level, with half of the data in it; the other half comes after the upgrade."""
    assert migrate(old, LEVELS[: level.number]) == [m.number for m in LEVELS[: level.number]]
    path = ndjson(tmp_path / "first.ndjson", RECORD[::2])
    assert balanced(ingest(old, [path]))
    before = digest(old)
    assert migrate(old) == [m.number for m in LEVELS[level.number :]]
    assert digest(old) == before, "an upgrade changes nothing of the record"
    assert schema(old) == new[1]
    assert balanced(ingest(old, [path, ndjson(tmp_path / "rest.ndjson", RECORD)]))
    assert digest(old) == new[0]
    assert [row["key"] for row in search.names(old, "berg")] == ["Patient/named"], (
        "indexes hold what was there"
    )
    assert migrate(old) == []


def test_a_graph_that_left_out_a_level_gets_it(
    new: tuple[str, list[list[dict[str, Any]]]], old: Graph
) -> None:
    """Two changes were made at once in two branches, and the one with the higher number came first."""
    migrate(old, (*LEVELS[:-2], LEVELS[-1]))
    assert migrate(old) == [LEVELS[-2].number]
    assert schema(old) == new[1]


def test_an_upgrade_that_was_broken_off_is_gone_on_with(
    new: tuple[str, list[list[dict[str, Any]]]], old: Graph
) -> None:
    """Some statements of a migration ran, and it is not remembered as done."""
    longest = max(LEVELS[1:], key=lambda level: len(level.statements))
    text = ";\n".join(longest.text.split(";\n")[:2]) + ";\n"
    before, rest = LEVELS[: longest.number - 1], LEVELS[longest.number - 1 :]
    migrate(old, (*before, Migration(longest.number, longest.name, text)))
    with old.driver.session(database=old.database, default_access_mode=WRITE_ACCESS) as session:
        session.run("MATCH (m:Migration {number: $number}) DELETE m", number=longest.number).consume()
    assert schema(old) != new[1]
    assert migrate(old) == [level.number for level in rest]
    assert schema(old) == new[1]


def test_a_graph_of_later_software_is_refused_with_one_line(graph: Graph, cwm: Any) -> None:
    graph.write("admin.migrated", number=9999, name="of_tomorrow", checksum="0")
    try:
        for words in (("patient", "list"), ("ingest", "docs/demo/fhir")):
            answer: Run = cwm(*words, "--json")
            assert answer.status == 4
            assert answer.json["error"]["what"] == "This graph was made by a later version of the platform."
            assert (answer.json["error"]["got"], answer.json["error"]["do"]) == (
                "migration of_tomorrow",
                "Update the platform.",
            )
    finally:
        with graph.driver.session(database=graph.database, default_access_mode=WRITE_ACCESS) as session:
            session.run("MATCH (m:Migration {number: 9999}) DELETE m").consume()
    assert cwm("patient", "list", "--json").status == 0
