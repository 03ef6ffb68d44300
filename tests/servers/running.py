"""A FHIR server that a test has started."""

import json
import random
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx2

Resource = dict[str, Any]


@dataclass
class Running:
    """A server at ``base``; resources are put there as any client would."""

    base: str
    process: subprocess.Popen[bytes]
    token: str | None = None

    def put(self, *resources: Resource) -> None:
        """Write resources, each under its own id, in one transaction."""
        entries = [
            {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
            for r in resources
        ]
        self._send("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})

    def delete(self, key: str) -> None:
        """Delete a resource."""
        self._send("DELETE", f"/{key}")

    def get(self, path: str) -> Any:
        """What the server says."""
        return self._send("GET", f"/{path}").json()

    def _send(self, method: str, path: str, body: Resource | None = None) -> httpx2.Response:
        headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = json.dumps(body).encode() if body is not None else None
        answer = httpx2.request(method, self.base + path, content=content, headers=headers, timeout=120)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    """A port that nobody listens at, and that no system gives to another program that asks for any port.

    Between the asking and the use of a port that the system had given, another process can be given it.
    """
    for port in random.sample(range(10_000, 32_000), 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise AssertionError("None of 100 ports is free.")


def answers(base: str, process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the server says what it can do before that time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{base}/metadata", timeout=30):  # noqa: S310
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False
