"""Nobody gets past the door without a session, by http or by websocket."""

import json
import logging
import re
import socket
import stat
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest
import websockets.sync.client as websocket
from websockets.exceptions import InvalidStatus, WebSocketException

from dashboard import server
from dashboard.app import build
from dashboard.pages import pages
from dashboard.secrets import Secrets
from dashboard.users import Users
from graph.settings import Settings
from ontology.errors import CwmError, InvalidInputError
from tests.dashboard.conftest import Site

ADDRESSES = [
    *(module.PAGE.path.replace("<", "").replace(">", "") for module in pages().values()),
    "/_dash-layout",
    "/_dash-dependencies",
    "/_dash-component-suites/dash/deps/polyfill.js",
    "/_favicon.ico",
    "/_reload-hash",
    "/assets/style.css",
    "/logout",
    "/api/anything",
    "/docs",
    "/openapi.json",
    "//login",
    "/login/",
    "/Login",
]


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_address_is_closed_without_a_session(site: Site, path: str) -> None:
    assert site.get(path).status == 401
    page = site.get(path, Accept="text/html")
    assert page.status == 303
    assert page.headers["Location"].startswith("/login?next=")


def test_every_route_of_the_server_is_closed_without_a_session(tmp_path: Path, site: Site) -> None:
    """Also the routes that a library adds by itself, whatever their method."""
    app = build(Settings(home=tmp_path))
    found = [route for route in app.inner.routes if hasattr(route, "path")]
    routes = [
        (method, route.path) for route in found for method in getattr(route, "methods", None) or ["GET"]
    ]
    assert len(routes) > 8
    for method, path in routes:
        if path != "/login":
            address = re.sub(r"{[^}]*}", "x", path)
            assert site.ask(method, address, Origin=site.address).status == 401, (method, path)


def test_callbacks_are_closed_without_a_session(site: Site) -> None:
    assert site.post("/_dash-update-component").status == 401


def test_a_websocket_is_refused_without_a_session_and_from_another_site(site: Site) -> None:
    url = f"ws://{site.here}/_dash-ws-callback"
    with pytest.raises((InvalidStatus, WebSocketException)):
        websocket.connect(url, origin=site.address).__enter__()
    site.login()
    cookie = {"Cookie": site.cookie}
    with websocket.connect(url, origin=site.address, additional_headers=cookie):
        pass
    with pytest.raises((InvalidStatus, WebSocketException)):
        websocket.connect(url, origin="http://evil.example", additional_headers=cookie).__enter__()


def test_login_opens_and_logout_closes_every_session_of_the_user(site: Site) -> None:
    answer = site.login(after="/agents")
    assert (answer.status, answer.headers["Location"]) == (303, "/agents")
    flags = answer.headers["Set-Cookie"]
    assert "HttpOnly" in flags
    assert "SameSite=Strict" in flags
    assert site.get("/").status == 200
    old = site.cookie
    assert site.post("/logout").headers["Location"] == "/login"
    site.cookie = old
    assert site.get("/").status == 401


@pytest.mark.parametrize(
    "after", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"]
)
def test_login_never_leads_to_another_site(site: Site, after: str) -> None:
    assert site.login(after=after).headers["Location"] == "/"


def test_a_wrong_password_is_refused_and_guessing_is_slowed_down(site: Site) -> None:
    assert [site.login("guess").status for _ in range(6)] == [401] * 6
    slowed = site.login()
    assert slowed.status == 429
    assert int(slowed.headers["Retry-After"]) >= 1


def test_a_forged_cookie_is_refused(site: Site) -> None:
    site.login()
    name, value = site.cookie.split("=", 1)
    for forged in (value[:-9] + ("A" if value[-9] != "A" else "B") + value[-8:], "", "a.b.c", '"'):
        site.cookie = f"{name}={forged}"
        assert site.get("/").status == 401


def test_a_post_from_another_site_is_refused_even_with_the_cookie(site: Site) -> None:
    site.login()
    for origin in ("http://evil.example", "null", f"https://evil.example/{site.here}"):
        assert site.ask("POST", "/logout", Origin=origin).status == 403
    assert site.ask("POST", "/logout").status == 403
    assert site.get("/").status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8050", "127.0.0.1.evil.example", ""])
def test_another_host_name_is_refused(site: Site, host: str) -> None:
    assert site.get("/login", Host=host).status in {400, 421}


@pytest.mark.parametrize("path", ["/", "/login", "/assets/style.css", "/nothing/here"])
def test_every_answer_has_the_security_headers(site: Site, path: str) -> None:
    site.login()
    headers = site.get(path).headers
    csp = headers["Content-Security-Policy"]
    assert "unsafe-eval" not in csp
    assert "script-src 'self' 'sha256-" in csp
    assert "unsafe-inline" not in csp.split("style-src")[0]
    assert not re.search(r"https?:|\*", csp)
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Server" not in headers


def test_a_deep_link_may_be_the_first_request(site: Site) -> None:
    """The policy must allow every inline script of the page, also before any other page was asked for."""
    site.login()
    page = site.get("/agents")
    inline = re.findall(
        r"<script(?![^>]*(?:src=|application/json))[^>]*>(.*?)</script>", page.text, re.DOTALL
    )
    assert any("document.title" in script for script in inline)


def test_the_password_is_kept_only_as_a_hash_and_secrets_are_private(site: Site) -> None:
    users, key = site.home / "users.json", site.home / "dashboard.key"
    assert site.password not in users.read_text()
    assert "$argon2id$" in users.read_text()
    for path in (users, key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_password_ends_the_sessions_and_the_old_password(site: Site) -> None:
    site.login()
    new = server.first_password(Settings(home=site.home), reset=True)
    assert site.get("/").status == 401
    assert site.login().status == 401
    assert site.login(new).status == 303


def test_the_access_log_holds_no_query_and_no_stray_address(site: Site) -> None:
    site.login()
    site.get("/login?next=/Ada-Lovelace")
    site.get("/Ada/Lovelace?born=1815")
    logged = (site.home / "logs" / "dashboard.log").read_text()
    assert "GET /login 200" in logged
    assert "Ada" not in logged
    assert "1815" not in logged


def test_the_access_log_names_no_patient_whom_somebody_types_into_an_address(site: Site) -> None:
    site.login()
    token = Secrets.load(site.home).token("Patient/ada-lovelace")
    for path in ("patients/Ada-Lovelace", "patients/1815-12-10", "download/Ada", "assets/Ada", "_dash-x/Ada"):
        site.get(f"/{path}")
        site.get(f"/{path}%0a2026-01-01%20forged", Accept="text/html")
    site.get(f"/patients/{token}")
    site.get("/")  # by then the line before is written
    logged = (site.home / "logs" / "dashboard.log").read_text()
    assert f"GET /patients/{token} 200" in logged
    for word in ("Ada", "1815", "forged"):
        assert word not in logged


def test_the_log_is_private_also_after_it_has_begun_anew(site: Site) -> None:
    for handler in logging.getLogger("dashboard").handlers:
        if isinstance(handler, RotatingFileHandler):
            handler.doRollover()
    site.get("/")
    modes = {path.name: path.stat().st_mode & 0o077 for path in (site.home / "logs").iterdir()}
    assert modes == {"dashboard.log": 0, "dashboard.log.1": 0}


@pytest.mark.parametrize("left", [b"", b"k"])
def test_a_key_that_a_loss_of_power_has_cut_short_never_opens_the_door(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "dashboard.key").write_bytes(left)
    with pytest.raises(CwmError, match=r"dashboard\.key"):
        Secrets.load(tmp_path)


def test_an_error_shows_and_logs_nothing_of_its_text(site: Site) -> None:
    site.login()
    body = json.dumps({"output": "Ada-Lovelace.children", "inputs": [], "changedPropIds": []})
    answer = site.ask(
        "POST", "/_dash-update-component", body, Origin=site.address, Content_Type="application/json"
    )
    assert answer.status >= 400
    assert "Ada" not in answer.text
    assert "Traceback" not in answer.text


def test_another_interface_needs_an_explicit_flag() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):  # noqa: S104
        with pytest.raises(InvalidInputError, match="--expose"):
            server.check_host(host, expose=False)
    server.check_host("0.0.0.0", expose=True)  # noqa: S104


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CwmError, match=r"Port \d+ of 127.0.0.1 cannot be used"):
            server.run(Settings(home=tmp_path), port=taken.getsockname()[1])


def test_a_broken_file_of_users_is_said_and_never_opens_the_door(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text("{")
    with pytest.raises(CwmError, match="file of users"):
        Users(tmp_path).check("local", "")


def test_tokens_of_patients_tell_nothing_and_belong_to_one_install(tmp_path: Path) -> None:
    here, there = Secrets(b"k" * 32), Secrets.load(tmp_path / "b")
    token = here.token("Patient/ada-lovelace-1815")
    assert not re.search("ada|lovelace|1815|Patient", token)
    assert here.key_of(token) == "Patient/ada-lovelace-1815"
    for other in (("A" if token[0] != "A" else "B") + token[1:], "", "x", "ä", token * 3):
        with pytest.raises(CwmError):
            here.key_of(other)
    with pytest.raises(CwmError):
        there.key_of(token)
