"""A running dashboard for the tests."""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from dashboard import server
from graph.settings import Settings


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass
class Site:
    """A client of a running dashboard that keeps its session cookie, as a browser does."""

    address: str
    password: str
    home: Path
    cookie: str = ""
    here: str = field(init=False)

    def __post_init__(self) -> None:
        self.here = urlsplit(self.address).netloc

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.here, timeout=30)
        sent = {"Host": self.here, **({"Cookie": self.cookie} if self.cookie else {})}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, sent)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read().decode())
        connection.close()
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, **headers: str) -> Answer:
        return self.ask("POST", path, **{"Origin": self.address, **headers})

    def login(self, password: str | None = None, after: str = "/") -> Answer:
        form = urlencode(
            {"name": "local", "password": self.password if password is None else password, "after": after}
        )
        kind = "application/x-www-form-urlencoded"
        answer = self.ask("POST", "/login", form, Origin=self.address, Content_Type=kind)
        if cookie := answer.headers.get("Set-Cookie"):
            self.cookie = cookie.split(";")[0]
        return answer


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A dashboard with a new user and no graph behind it: what the door does must not depend on the graph."""
    settings = Settings(home=tmp_path, graph="bolt://127.0.0.1:1")
    password = server.first_password(settings)
    assert password
    with server.background(settings) as address:
        yield Site(address, password, tmp_path)
