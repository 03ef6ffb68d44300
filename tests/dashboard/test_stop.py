"""`cwm serve` ends by Ctrl-C as it should: quietly, with status 0, and nothing of it goes on."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

import psutil
import pytest

CWM = Path(sys.executable).with_name("cwm")


@pytest.mark.neo4j
@pytest.mark.usefixtures("graph")
@pytest.mark.parametrize("signals", [[signal.SIGINT, signal.SIGINT], [signal.SIGTERM]])
def test_serving_ends_quietly_and_leaves_nothing(signals: list[signal.Signals]) -> None:
    served = subprocess.Popen(
        [CWM, "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    assert served.stdout
    lines = []
    for line in served.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    address = next(line.split()[-1] for line in lines if line.startswith("Dashboard"))
    if signal.SIGINT in signals:
        page = Request(address, headers={"Accept": "text/html"})  # noqa: S310 - the address is our own
        with build_opener(ProxyHandler({})).open(page, timeout=60) as answer:
            assert answer.status == 200
    family = [psutil.Process(served.pid), *psutil.Process(served.pid).children(recursive=True)]
    for number in signals:
        os.killpg(served.pid, number)
    rest, _ = served.communicate(timeout=60)
    assert (served.returncode, rest.strip()) == (0, "Stopped.")
    assert not [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) != 0
