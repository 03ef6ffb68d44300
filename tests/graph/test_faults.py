"""What is broken off is gone on with: two ingests at once, a lost connection, a full disk, a killed database."""

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from graph import Graph, Settings, connection, open_graph, server
from graph.digest import digest
from graph.ingest import ingest
from graph.ingest_lock import alone
from graph.lines import Lines
from ontology.errors import FileError, GraphUnavailableError
from tests.graph.made import Resource, ndjson
from tests.graph.test_ingest import balanced, clear, journey
from tests.servers.cut import wire

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


def said(child: subprocess.Popen[str], status: int = 0) -> dict[str, Any]:
    """Its answer, or its one error, as JSON."""
    out, err = child.communicate(timeout=240)
    assert (child.returncode, "Traceback" in err) == (status, False), err
    found: dict[str, Any] = json.loads(out)
    return found


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
    assert sum(report["written"] for report in reports) >= len(one)
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


@pytest.fixture
def address(graph: Graph, server_settings: Settings) -> int:
    """The port of the tests' own server."""
    lease = server.current(server_settings.embedded or Path())
    assert lease is not None
    return lease.port


@pytest.mark.slow
def test_a_database_that_is_killed_loses_nothing_that_was_written(graph: Graph, tmp_path: Path) -> None:
    """`kill -9` in the middle; its keeper starts it again, and the ingest goes on or ends with one line."""
    path = ndjson(tmp_path / "a.ndjson", journey(9))
    ingest(graph, [path])
    want = digest(graph)
    own = Settings(home=tmp_path / "home", heap="400m", page_cache="32m", grace=0)
    folder = own.embedded or Path()
    with open_graph(own) as there:
        child = command(
            "ingest", "--json", path, env=os.environ | {"CWM_HOME": str(own.home), "CWM_GRACE": "0"}
        )
        while not there.read("ingest.known", keys=["Patient/p2"]):
            assert child.poll() is None
        lease = server.current(folder)
        assert lease
        os.kill(lease.java.pid, signal.SIGKILL)
        out, error = child.communicate(timeout=240)
        assert "Traceback" not in error
        assert (
            json.loads(out).get("read") == len(journey(9)) or "was lost" in json.loads(out)["error"]["what"]
        )
        with open_graph(own) as again:
            assert balanced(ingest(again, [path]))
            assert digest(again) == want
    server.stop(folder)


@pytest.mark.parametrize("share", [0.3, 0.95])
@pytest.mark.parametrize("mends", [True, False])
def test_a_connection_that_is_cut_in_the_middle(
    graph: Graph, server_settings: Settings, address: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    share: float, mends: bool,
) -> None:  # fmt: skip
    """Mended at once it goes on by itself; else it ends with one line, and the next run goes on from there."""
    monkeypatch.setattr("graph.ingest.BATCH", 10)
    monkeypatch.setitem(connection.DRIVER, "max_transaction_retry_time", 1)
    monkeypatch.setitem(connection.DRIVER, "connection_acquisition_timeout", 2)
    secret = SecretStr(server.password(server_settings.embedded or Path()))
    path = ndjson(tmp_path / "a.ndjson", journey(6))

    def take(wire_: Any) -> None:
        with open_graph(Settings(graph=f"bolt://127.0.0.1:{wire_.port}", graph_password=secret)) as far:
            assert balanced(ingest(far, [path]))

    with wire(address) as whole:
        take(whole)
    want = digest(graph)
    clear(graph)
    with wire(address, int(whole.sent * share), mends=mends) as cut:
        if mends:
            take(cut)
        else:
            with pytest.raises(GraphUnavailableError, match="was lost") as caught:
                take(cut)
            assert "Run it again" in str(caught.value)
        assert cut.breaks == 1
    assert balanced(ingest(graph, [path]))
    assert digest(graph) == want


def test_too_little_space_for_the_graph_refuses_the_next_batch(graph: Graph, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "a.ndjson", journey(1))
    full = replace(graph, settings=graph.settings.model_copy(update={"disk_free": 2**60}))
    with pytest.raises(GraphUnavailableError, match="not enough free disk space"):
        ingest(full, [path])
    assert graph.read("ingest.known", keys=["Patient/p0"]) == []
    assert balanced(ingest(graph, [path]))


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


def test_a_full_disk_under_what_is_set_aside_ends_with_one_line(graph: Graph, tmp_path: Path) -> None:
    broken = [b'{"resourceType": "Patient", "id": "not an id %d"}' % i for i in range(200)]
    path = ndjson(tmp_path / "a.ndjson", [*journey(2), *broken, *journey(4)])
    ingest(graph, [path])
    want = digest(graph)
    clear(graph)
    limit = (4000, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    child = command(
        "ingest",
        "--json",
        path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},  # it would be cut short, and stay so
    )
    error = said(child, 1)["error"]
    assert "set-aside" in error["got"]
    assert "run it again" in error["do"]
    lines = Path(error["got"]).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["set_aside"] for line in lines] == ["no-id"] * len(lines)
    assert len(lines) > 10
    assert graph.read("ingest.running") == [], "it has said in the graph that it stopped"
    assert ingest(graph, [path]).reasons == {"no-id": 200}
    assert digest(graph) == want


def test_one_transaction_too_large_for_the_heap_is_one_line(
    graph: Graph, address: int, server_settings: Settings
) -> None:
    """Neo4j's own refusal, as a person sees it."""
    secret = SecretStr(server.password(server_settings.embedded or Path()))
    with (
        pytest.raises(GraphUnavailableError, match="too little memory") as caught,
        open_graph(Settings(graph=f"bolt://127.0.0.1:{address}", graph_password=secret)) as far,
        far.driver.session(database=far.database) as session,
    ):
        session.run("UNWIND range(1, 100000000) AS i WITH collect(i) AS made RETURN size(made)").consume()
    assert "CWM_HEAP" in str(caught.value)


def test_the_graph_is_emptied_also_of_a_code_that_very_many_facts_share(graph: Graph) -> None:
    """With its node, all relationships of a code would go in one transaction; here it has more than that can hold."""
    with graph.driver.session(database=graph.database) as session:
        session.run("CREATE (:Concept {key: 'urn:c|hub'})").consume()
        session.run(
            "MATCH (c:Concept {key: 'urn:c|hub'}) UNWIND range(1, 300) AS part CALL (c, part) { "
            "UNWIND range(1, 1000) AS i CREATE (:Resource {key: 'Made/' + part + '-' + i})-[:CODED {path: 'code'}]->(c) "
            "} IN TRANSACTIONS OF 10 ROWS"
        ).consume()
    graph.write("admin.clear", batch=5000)
    assert [row["labels"] for row in graph.read("schema.labels")] == [["Migration"]]
