"""An ingest whose rows are made by real workers of a real Dask scheduler: the same graph and the same report."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graph import Graph, Settings, spread, spread_client
from graph.connection import Graph as Connected
from graph.digest import digest
from graph.fhir.read import Found, read
from graph.ingest import IngestReport, StrictError, ingest
from graph.spread import AHEAD, RESOURCES, here, projecting
from graph.spread_client import DaskUnavailableError
from graph.spread_work import Answer, Texts, software, work
from ontology.errors import InvalidInputError, MissingExtraError
from tests.conftest import Run
from tests.data import demo_bundle, demo_slice, write_ndjson
from tests.graph.made import bundle, entry, ndjson, observation, patient
from tests.servers.dask import ROOT, Cluster, cluster
from tests.servers.running import free_port

NAME = "Zebulon"
"""Stands for whatever nobody may read in a log."""


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("dask"), 2) as running:
        yield running


USE = """
from graph import Settings
from graph.spread import projecting
from ontology.errors import InvalidInputError
try:
    with projecting(Settings()):
        pass
except InvalidInputError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bit of the demo as it should not come: torn lines, an old version, bundles, a zip, a file that ends early."""
    folder = tmp_path_factory.mktemp("delivery") / "in"
    write_ndjson(folder, demo_slice(4))
    people = [patient("zz", meta={"versionId": v}, name=[{"family": NAME}]) for v in "213"]
    broken = [
        "{",
        b'{"resourceType": "Patient", "id": "\xff"}',
        "",
        '{"resourceType":"Patient","id":"a","id":"b"}',
    ]
    wrong = [patient("z1", birthDate="2020-13-01"), patient("no id"), observation("z2", "Patient/nobody")]
    ndjson(folder / f"{NAME}.ndjson.gz", [*people, *broken, *wrong])
    shutil.copy(demo_bundle(0), folder / "stay.json.gz")
    bundle(
        folder / f"{NAME}.json", [entry(patient("b1")), {"fullUrl": "x"}, entry(patient("b1", gender="male"))]
    )
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(demo_bundle(1), "bundles/one.json.gz")
        archive.writestr("lines.ndjson", "\n".join(map(json.dumps, (patient("a1"), "text", patient("a2")))))
    torn = (folder / f"{NAME}.ndjson.gz").read_bytes()
    (folder / "torn.ndjson.gz").write_bytes(torn[: len(torn) // 2])
    return folder


def spread_over(graph: Graph, running: Cluster) -> Graph:
    """The same graph, whose ingests use the scheduler."""
    settings = graph.settings.model_copy(update={"dask": running.address})
    return Connected(graph.driver, graph.database, settings)


def told(report: IngestReport) -> dict[str, Any]:
    """What a report says but for its own name and clock, and what was set aside, in any order."""
    said = report.as_dict()
    for name in ("run", "seconds", "rate", "set_aside_sample"):
        del said[name]
    said["set_aside_file"] = sorted(Path(said["set_aside_file"] or os.devnull).read_bytes().splitlines())
    return said


@pytest.mark.neo4j
def test_graph_and_report_are_the_same_with_and_without_dask(
    graph: Graph, workers: Cluster, delivery: Path
) -> None:
    alone = told(ingest(graph, [delivery]))
    before = digest(graph)
    again = told(ingest(spread_over(graph, workers), [delivery]))
    assert again["written"] == 0
    graph.write("admin.clear", batch=5000)
    together = told(ingest(spread_over(graph, workers), [delivery]))
    assert digest(graph) == before
    assert together == alone
    assert len(alone["reasons"]) > 6
    assert alone["dangling_places"]
    assert alone["written"] > 500
    with pytest.raises(StrictError, match=rf"in/{NAME}.json entry"):
        ingest(spread_over(graph, workers), [delivery], strict=True)


@pytest.mark.neo4j
def test_what_a_lost_worker_had_is_done_by_another(graph: Graph, tmp_path: Path) -> None:
    facts = (observation(f"o{n}", f"Patient/p{n % 7}") for n in range(3000))
    files = ndjson(tmp_path / "in.ndjson", [*(patient(f"p{n}") for n in range(7)), *facts])
    with cluster(tmp_path, 2) as running:

        def kill(*_: Any) -> None:
            os.kill(running.workers[0].pid, signal.SIGKILL)

        report = ingest(spread_over(graph, running), [files], progress=kill)
        assert running.workers[0].wait(10) == -signal.SIGKILL
    after = digest(graph)
    graph.write("admin.clear", batch=5000)
    assert report.written == ingest(graph, [files]).written == 3007
    assert digest(graph) == after


def test_rows_come_in_the_order_of_the_texts_and_are_what_they_are_here(
    workers: Cluster, delivery: Path
) -> None:
    with projecting(Settings(dask=workers.address)) as project:
        made = list(project(read([delivery], 2**26), "run", None))
    assert list(map(repr, made)) == list(map(repr, here(read([delivery], 2**26), "run", None)))


def test_no_more_is_read_than_the_workers_can_take(workers: Cluster) -> None:
    endless = itertools.count()
    texts = (Found("a.ndjson", n, b'{"resourceType": "Patient", "id": "%d"}' % n) for n in endless)
    with projecting(Settings(dask=workers.address)) as project:
        rows = project(texts, "run", None)
        assert [next(rows).key for _ in range(1000)][-1] == "Patient/999"  # type: ignore[union-attr]  # a row
    assert next(endless) <= 1000 + (AHEAD * 2 + 1) * RESOURCES


def test_nothing_of_a_record_or_of_a_file_name_is_in_the_logs(workers: Cluster, delivery: Path) -> None:
    with projecting(Settings(dask=workers.address)) as project:
        list(project(read([delivery], 2**26), "run", None))
    assert "Registered to:" in workers.said()
    assert not [word for word in (NAME, "delivery", "Patient", "ndjson") if word in workers.said()]


def test_an_error_that_nobody_foresaw_leaves_a_worker_as_a_name_only_and_is_raised_here(
    workers: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Texts(NAME.encode(), software())
    assert NAME not in repr([broken, Answer(NAME.encode(), NAME, NAME)])
    assert work(broken).fault == "UnpicklingError"
    monkeypatch.setattr(spread, "pack", lambda *_: broken)
    with projecting(Settings(dask=workers.address)) as project:
        (made,) = project([Found("a.ndjson", 1, b"{}")], "run", None)
    assert made.reason == "not-a-resource"  # type: ignore[union-attr]  # made here, after all
    assert NAME not in workers.said()


def test_a_worker_with_other_software_is_named(tmp_path: Path) -> None:
    for package in ("graph", "ontology"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "graph" / "fhir" / "refs.py").open("a", encoding="utf-8") as file:
        file.write("# another version\n")
    with cluster(tmp_path, 0) as running:
        running.worker(PYTHONPATH=str(tmp_path))
        with (
            projecting(Settings(dask=running.address)) as project,
            pytest.raises(DaskUnavailableError, match="same version") as error,
        ):
            list(project([Found("a.ndjson", 1, b"{}")], "run", None))
    assert software() in str(error.value)
    assert error.value.as_dict()["got"] != software()


def test_a_scheduler_without_workers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread_client, "PATIENCE", 3)
    with (
        cluster(tmp_path, 0) as running,
        pytest.raises(DaskUnavailableError, match="dask worker tcp"),
        projecting(Settings(dask=running.address)),
    ):
        pass


def test_a_scheduler_that_is_lost_on_the_way_is_named(tmp_path: Path) -> None:
    texts = (Found("a.ndjson", n, b'{"resourceType": "Patient", "id": "%d"}' % n) for n in itertools.count())
    with cluster(tmp_path, 1) as running, projecting(Settings(dask=running.address)) as project:
        rows = project(texts, "run", None)
        assert len(list(itertools.islice(rows, 500))) == 500
        running.scheduler.kill()
        with pytest.raises(DaskUnavailableError, match="what was written is kept"):
            list(itertools.islice(rows, 20_000))


@pytest.mark.neo4j
def test_the_command_says_what_to_do_when_there_is_no_scheduler(
    cwm: Callable[..., Run], graph: Graph, monkeypatch: pytest.MonkeyPatch, delivery: Path
) -> None:
    monkeypatch.setattr(spread_client, "PATIENCE", 0.5)
    monkeypatch.setenv("CWM_DASK", f"tcp://127.0.0.1:{free_port()}")
    run = cwm("ingest", str(delivery))
    assert run.status == 4
    assert "The Dask scheduler cannot be reached" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nowhere", "tcp://127.0.0.1:8786"),
        ("tcp://127.0.0.1:dask", "tcp://127.0.0.1:8786"),
        ("http://127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("tls://127.0.0.1:8786", "DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
    ],
)
def test_an_address_that_dask_cannot_use_is_said_and_nothing_more(address: str, said: str) -> None:
    """In a process of its own: what Dask leaves behind it tells when Python ends."""
    run = subprocess.run(
        [sys.executable, "-c", USE],
        env={**os.environ, "CWM_DASK": address},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in run.stdout
    assert run.stderr == ""


def test_an_address_that_is_none_and_a_package_that_is_missing_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(InvalidInputError, match="tls://"), projecting(Settings(dask="nowhere")):
        pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(MissingExtraError, match=r"pip install 'clinical-world-model\[dask\]'"),
        projecting(Settings(dask="tcp://127.0.0.1:1")),
    ):
        pass
