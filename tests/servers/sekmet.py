"""sekmet-fhir, a light FHIR server of another make: transactions, paging by offset, histories, Bulk Data, SMART."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.servers.running import Running, answers, free_port


@contextmanager
def sekmet(folder: Path, auth: dict[str, Any] | None = None, **more: Any) -> Iterator[Running]:
    """The server on a free port, with its data in ``folder``; ``auth`` is its setting ``server_auth``, ``more`` others."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    settings: dict[str, Any] = {
        "base_url": base, "host": "127.0.0.1", "port": port, "data_dir": str(folder / "data"),
        # It would change resources by itself, and wait on purpose.
        "simulator": {"enabled": False, "delay_seconds": 0.0},
        "validation": {"inbound": "off"},
    } | more  # fmt: skip
    if auth:
        settings["server_auth"] = auth
    path = folder / "settings.yaml"
    path.write_text(yaml.safe_dump(settings))
    command = Path(sys.executable).with_name("sekmet")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [command, "serve", "--config", path, "--host", "127.0.0.1", "--port", str(port)],
            stdout=log, stderr=log, cwd=folder, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    server = Running(base, process, token=(auth or {}).get("tokens", [None])[0])
    try:
        assert answers(base, process, 60) or auth, (folder / "log").read_text()
        yield server
    finally:
        server.stop()
