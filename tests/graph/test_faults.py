"""What is broken off is gone on with: two ingests at once, a lost connection, a full disk, a killed database."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.digest import digest
from graph.ingest import ingest
from graph.ingest_lock import alone
from graph.lines import Lines
from ontology.errors import FileError
from tests.graph.made import Resource, ndjson
from tests.graph.test_ingest import balanced, clear, journey

pytestmark = pytest.mark.neo4j

ROOT = Path(__file__).parents[2]
SMALL = """
import sys, graph.ingest
from cli.main import run
graph.ingest.BATCH = 10
run()
"""
"""`cwm` with batches so small that two ingests come between each other's."""


def command(*arguments: str | Path, **more: Any) -> subprocess.Popen[str]:
    """`cwm` in a process of its own, in the home of the tests."""
    words = [sys.executable, "-c", SMALL, *map(str, arguments)]
    return subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def versions(resources: list[Resource], number: int) -> list[Resource]:
    """The same resources in another version, some of them with another content."""
    return [
        r | {"meta": {"versionId": str(number)}} | ({"language": "en"} if i % 2 else {})
        for i, r in enumerate(resources)
    ]


def test_two_ingests_at_once_give_what_one_after_the_other_gives(graph: Graph, tmp_path: Path) -> None:
    """The same resources in opposite order, in two versions, with references that are resolved at the end."""
    one, two = journey(8), versions(journey(8), 2)
    first = ndjson(tmp_path / "one.ndjson", [*one, *two])
    second = ndjson(tmp_path / "two.ndjson", [*reversed(two), *reversed(one)])
    for path in (first, second):
        ingest(graph, [path])
    want = digest(graph)
    clear(graph)
    children = [command("ingest", "--json", path) for path in (first, second)]
    reports = [json.loads(child.communicate(timeout=240)[0]) for child in children]
    for report in reports:
        assert report["read"] == 2 * len(one) == sum(report[k] for k in ("written", "unchanged", "set_aside"))
        assert report["set_aside"] == report["reasons"].get("older-version", 0)
        assert report["written"] > 0, "it had something to write"
    assert digest(graph) == want
    ingest(graph, [first])
    assert digest(graph) == want, "nothing was left to do"


def test_an_ingest_waits_while_another_does_its_last_step(graph: Graph, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "a.ndjson", journey(1))

    def meanwhile() -> None:
        child = command("ingest", "--json", path)
        with graph.driver.session(database=graph.database) as session:
            while not session.run(
                "SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked' RETURN 1"
            ).data():
                assert child.poll() is None
        assert graph.read("ingest.known", keys=["Patient/p0"]) == []
        child.kill()
        child.communicate()

    alone(graph, meanwhile)
    assert balanced(ingest(graph, [path])), "and nobody waits for one who was killed"


def test_a_line_that_does_not_fit_leaves_no_part_of_itself(tmp_path: Path) -> None:
    """The system's own refusal, by a limit of the size of files."""
    file, before = tmp_path / "some" / "lines", resource.getrlimit(resource.RLIMIT_FSIZE)
    with Lines(file) as lines:
        lines.add(b"first\n")
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        try:
            with pytest.raises(FileError, match="Free some space") as caught:
                lines.add(b"second\n")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert caught.value.got == str(file)
        assert file.read_bytes() == b"first\n"
        lines.add(b"third\n")
    assert file.read_bytes() == b"first\nthird\n"
    assert file.stat().st_mode & 0o077 == 0
