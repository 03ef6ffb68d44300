"""The demo from end to end, and every command of the README after it, as a newcomer runs them."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from graph import server
from tests.servers.running import free_port

pytestmark = [pytest.mark.slow, pytest.mark.neo4j, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parents[2]
CWM = Path(sys.executable).with_name("cwm")
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
LINES = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
COMMANDS = [line for line in LINES if line.startswith(".venv/bin/cwm") and not line.endswith("PATH")]


@dataclass(frozen=True)
class Home:
    """A newcomer's home, after the first `cwm demo --no-serve`."""

    folder: Path
    first: dict[str, Any]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [CWM, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )

    @property
    def env(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if name not in {"CWM_GRAPH", "CWM_GRAPH_PORT"}
        }
        return {**kept, "CWM_HOME": str(self.folder), "CWM_HEAP": "1g"}

    @property
    def graph(self) -> Path:
        return self.folder / "graph"


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("newcomer"), {})
    answer = home.run("demo", "--no-serve", "--json", "--port", str(free_port()))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    home.first.update(json.loads(answer.stdout))
    yield home
    server.stop(home.graph)


def test_the_first_run_does_every_step(newcomer: Home) -> None:
    done = newcomer.first
    assert done["done"] == ["ingest", "twin", "predict", "case"]
    assert done["password"]
    assert done["loaded"]["set_aside"] == 0
    assert done["graph"]["patients"] == 260


def test_both_agents_are_seen_and_only_what_is_validated_is_released(newcomer: Home) -> None:
    patient = newcomer.first["predicted"]["patient"]
    answer = newcomer.run("graph", "query", "--name", "ask.who_advised", "-p", f"patient={patient}", "--json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    rows = _rows(json.loads(answer.stdout))
    verdicts = {row["agent"].split("-")[0]: row["verdict"] for row in rows}
    assert verdicts == {"twin": "validated", "charlson": "insufficient"}
    assert all(row["released"] == (row["verdict"] == "validated") for row in rows)


def test_the_case_is_about_a_group_that_the_evaluation_found(newcomer: Home) -> None:
    filed = newcomer.first["case"]["case"]
    assert filed
    case = json.loads(newcomer.run("mcare", "show", filed, "--json").stdout)
    assert re.search("risk stated (perhaps )?too (low|high)", json.dumps(case))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_runs(newcomer: Home, line: str) -> None:
    patient = newcomer.first["predicted"]["patient"].removeprefix("Patient/")
    line = re.sub(r"CWM-\d{4}-0001", newcomer.first["case"]["case"], line)  # numbered by the year
    answer = newcomer.run(*shlex.split(line.replace("PATIENT", patient))[1:])
    allowed = {0, 1} if line.split()[1] in {"doctor"} else {0}
    assert answer.returncode in allowed, answer.stderr
    assert answer.stdout.strip()


def test_a_second_run_repeats_nothing_and_leaves_no_process(newcomer: Home) -> None:
    answer = newcomer.run("demo", "--no-serve", "--json", "--port", str(free_port()))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    again = json.loads(answer.stdout)
    assert again["done"] == []
    assert again["case"] == newcomer.first["case"]
    assert server.current(newcomer.graph) is None


def test_ctrl_c_ends_the_dashboard_and_the_database(newcomer: Home) -> None:
    port = free_port()
    demo = subprocess.Popen(
        [CWM, "demo", "--port", str(port)], cwd=ROOT, env=newcomer.env, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert demo.stdout
    while demo.poll() is None and "Try next" not in demo.stdout.readline():
        time.sleep(0)
    lease = server.current(newcomer.graph)
    assert lease is not None
    family = [psutil.Process(demo.pid), *psutil.Process(demo.pid).children(recursive=True)]
    os.killpg(demo.pid, signal.SIGINT)
    demo.communicate(timeout=120)
    assert demo.returncode == 0
    assert not [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert not lease.java.alive
    assert not lease.keeper.alive


def test_a_port_that_is_taken_is_said_before_any_work(newcomer: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = newcomer.run("demo", "--no-serve", "--port", str(port))
    assert answer.returncode == 1
    assert f"make demo PORT={port + 1}" in answer.stderr.replace("\n", " ")


def test_the_readme_shows_the_two_commands_and_commands_to_run() -> None:
    assert "make demo" in " ".join(LINES)
    assert "make test" in " ".join(LINES)
    assert len(COMMANDS) >= 8


def _rows(document: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = document["rows"] if isinstance(document, dict) else document
    return rows
