"""Bulk Data from a real server, through a real proxy that breaks what it passes on; and who may ask for it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk
from starlette.requests import Request

from graph.sources import bulk, rest
from graph.sources.auth import Backend, Key
from graph.sources.download import TornError
from graph.sources.http import DeniedError, Patience, Server, SourceError, quiet
from graph.sources.rest import Fetched
from graph.sources.state import opened
from ontology.errors import InvalidInputError, NotFoundError
from tests.graph.made import encounter, observation, patient
from tests.servers.proxy import Break, Proxy, proxy
from tests.servers.running import Running
from tests.servers.sekmet import sekmet

quiet()
HURRY = Patience(attempts=4, first=0.01, most=0.1, silence=30)
GROUP = {
    "resourceType": "Group", "id": "g", "type": "person", "actual": True,
    "member": [{"entity": {"reference": "Patient/p2"}}],
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with sekmet(tmp_path_factory.mktemp("sekmet")) as running:
        running.put(patient("p1"), patient("p2"), encounter("e1"), encounter("e2", "Patient/p2"), GROUP)
        running.put(*(observation(f"o{i}") for i in range(40)), observation("x", "Patient/p2"))
        running.put({"resourceType": "Organization", "id": "clinic"})
        yield running


@pytest.fixture
def between(server: Running) -> Iterator[Proxy]:
    with proxy(server.base) as it:
        yield it


def fetch(base: str, folder: Path, since: str | None = None, **more: Any) -> Fetched:
    server = Server(base, patience=HURRY)
    with opened(folder, {"server": base}, since) as held:
        done = bulk.fetch(server, held, **more)
    server.close()
    return done


def read(folder: Path) -> list[str]:
    """Keys of all resources, in order, so that what came twice is seen."""
    rows = [json.loads(line) for p in folder.glob("*.ndjson") for line in p.read_text().splitlines()]
    return sorted(f"{r['resourceType']}/{r['id']}" for r in rows)


OF_P2 = ["Encounter/e2", "Observation/x", "Patient/p2"]
OF_ALL = sorted([*OF_P2, "Encounter/e1", "Patient/p1", *(f"Observation/o{i}" for i in range(40))])


def test_what_is_exported_is_what_was_asked_for(server: Running, tmp_path: Path) -> None:
    done = fetch(server.base, tmp_path / "patient")
    assert {k for k in read(tmp_path / "patient") if not k.startswith("Group/")} == set(OF_ALL)
    assert sum(done.files.values()) == done.resources == len(read(tmp_path / "patient"))
    fetch(server.base, tmp_path / "group", level="group", group="g")
    assert set(OF_P2) <= set(read(tmp_path / "group")) <= {*OF_P2, "Group/g"}
    fetch(server.base, tmp_path / "system", level="system")
    assert set(read(tmp_path / "system")) == {*OF_ALL, "Organization/clinic", "Group/g"}
    done = fetch(server.base, tmp_path / "types", types=["Encounter"])
    assert read(tmp_path / "types") == ["Encounter/e1", "Encounter/e2"]
    assert fetch(server.base, tmp_path / "none", done.until, types=["Encounter"]).resources == 0


def at(word: str) -> Callable[[Request], bool]:
    return lambda request: word in request.url.path


FILE, STATUS, START = at("Observation.ndjson"), at("bulk-status"), at("$export")
NOT_YET = {"Retry-After": "0", "X-Progress": "1 of 2"}
FAULTS = {
    "a slow export": [Break(STATUS, times=3, status=202, headers=NOT_YET)],
    "a slow export that says nothing": [Break(STATUS, times=2, status=202)],
    "429 everywhere": [Break(at(""), times=3, status=429, headers={"Retry-After": "0"})],
    "a lost connection": [Break(FILE, times=6, cut=0.3)],
    "a lost connection before the first byte": [Break(FILE, times=3, cut=0.0)],
    "a file that ends in its middle": [Break(FILE, times=2, short=0.5)],
    "an address that has expired": [Break(FILE, status=410)],
    "a signed address that has expired": [Break(FILE, status=403)],
    "an export that is gone": [Break(FILE, status=404), Break(STATUS, status=404, times=0)],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_all_is_there_once(between: Proxy, tmp_path: Path, fault: str) -> None:
    between.breaks = [Break(**vars(b) | {"hit": 0}) for b in FAULTS[fault]]
    fetch(between.base, tmp_path / "f", types=["Encounter", "Observation", "Patient"])
    assert read(tmp_path / "f") == OF_ALL
    assert all(b.hit == b.times for b in between.breaks)
    assert not list(tmp_path.glob("f/*.part"))


def test_a_lost_connection_goes_on_from_its_byte(between: Proxy, tmp_path: Path) -> None:
    between.breaks = [Break(FILE, times=2, cut=0.5)]
    fetch(between.base, tmp_path / "f", types=["Observation"])
    ranges = [headers.get("range") for path, headers in between.seen if "Observation.ndjson" in path]
    assert ranges[0] is None
    begins = [int(r.removeprefix("bytes=").rstrip("-")) for r in ranges[1:] if r]
    assert len(begins) == 2
    assert 0 < begins[0] < begins[1]


def test_an_export_that_is_gone_is_started_again(between: Proxy, tmp_path: Path) -> None:
    expired = Break(FILE, status=410)
    between.breaks = [expired, Break(lambda r: STATUS(r) and expired.hit > 0, status=404)]
    done = fetch(between.base, tmp_path / "f", types=["Encounter", "Observation", "Patient"])
    assert (read(tmp_path / "f"), done.restarted) == (OF_ALL, ["export 1"])
    assert sum("$export" in path for path, _ in between.seen) == 2


def test_a_file_that_is_never_whole_ends_in_an_error(between: Proxy, tmp_path: Path) -> None:
    between.breaks = [Break(FILE, times=99, short=0.5)]
    with pytest.raises(TornError, match="cut off"):
        fetch(between.base, tmp_path / "f", types=["Observation"])


def test_a_file_with_fewer_lines_than_the_server_said_is_noticed(between: Proxy, tmp_path: Path) -> None:
    """It ends with a whole line, so only the count shows it."""
    between.breaks = [
        Break(FILE, times=99, change=lambda body: b"".join(body.splitlines(keepends=True)[:-3]))
    ]
    with pytest.raises(TornError, match="38 lines of 41"):
        fetch(between.base, tmp_path / "f", types=["Observation"])


def test_a_fetch_that_was_broken_off_goes_on_with_its_export(between: Proxy, tmp_path: Path) -> None:
    between.breaks = [Break(FILE, times=5, cut=0.0)]
    with pytest.raises(SourceError, match="goes on from where it was"):
        fetch(between.base, tmp_path / "f", types=["Encounter", "Observation", "Patient"])
    between.seen.clear()
    fetch(between.base, tmp_path / "f", types=["Encounter", "Observation", "Patient"])
    assert read(tmp_path / "f") == OF_ALL
    assert not any("$export" in path or "Encounter.ndjson" in path for path, _ in between.seen)


def test_deletions_of_an_export_say_when(between: Proxy, tmp_path: Path) -> None:
    """This server lists none, so the proxy puts them into its list, as the standard says."""
    gone = {"resourceType": "Bundle", "type": "transaction",
            "entry": [{"request": {"method": "DELETE", "url": "Patient/old"}}]}  # fmt: skip
    dated = gone | {"meta": {"lastUpdated": "2020-04-27T02:56:00Z"}}  # as in the example of the standard
    body = "".join(json.dumps(bundle) + "\n" for bundle in (gone, dated)) + "no bundle\n"
    between.breaks = [lists(between, deleted=[{"type": "Bundle", "url": between.base + "/gone.ndjson"}]),
                      Break(at("gone.ndjson"), status=200, body=body.encode())]  # fmt: skip
    done = fetch(between.base, tmp_path / "f", types=["Patient"])
    assert (done.resources, done.deletions) == (2, 3)
    first, second, third = (tmp_path / "f/deleted.0000.ndjson").read_text().splitlines()
    assert json.loads(first) == gone | {"timestamp": done.until}
    assert json.loads(second) == dated
    assert third == "no bundle"


def lists(between: Proxy, **files: Any) -> Break:
    """Puts something else into the list of files."""
    return Break(STATUS, change=lambda manifest: json.dumps(json.loads(manifest) | files).encode())


def test_a_list_may_say_of_files_that_there_are_none(between: Proxy, tmp_path: Path) -> None:
    between.breaks = [lists(between, deleted=None, error=None)]
    fetch(between.base, tmp_path / "f", types=["Patient"])
    assert read(tmp_path / "f") == ["Patient/p1", "Patient/p2"]


def test_a_list_that_is_none_is_refused_by_the_place_where_it_goes_wrong(
    between: Proxy, tmp_path: Path
) -> None:
    between.breaks = [lists(between, output=[{"type": "Patient", "url": 7}])]
    with pytest.raises(SourceError, match="cannot be read") as error:
        fetch(between.base, tmp_path / "f", types=["Patient"])
    assert "output[0].url" in str(error.value.got)


def test_a_file_with_damaged_compression_is_fetched_again(between: Proxy, tmp_path: Path) -> None:
    packed = {"Content-Encoding": "gzip"}
    damaged = Break(at("Patient.ndjson"), times=2, status=200, body=b"\x1f\x8b\x08 damaged", headers=packed)
    between.breaks = [damaged]
    fetch(between.base, tmp_path / "f", types=["Patient"])
    assert read(tmp_path / "f") == ["Patient/p1", "Patient/p2"]


def test_files_on_another_server_need_to_be_named(server: Running, between: Proxy, tmp_path: Path) -> None:
    between.breaks = [
        Break(STATUS, times=9, change=lambda body: body.replace(between.base.encode(), server.base.encode()))
    ]
    with pytest.raises(SourceError, match="another server"):
        fetch(between.base, tmp_path / "f", types=["Patient"])
    fetch(between.base, tmp_path / "f", types=["Patient"], files_from=[server.base])
    assert read(tmp_path / "f") == ["Patient/p1", "Patient/p2"]


def test_what_the_server_warns_of_is_told_without_its_words(
    server: Running, between: Proxy, tmp_path: Path
) -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "warning", "code": "not-found", "diagnostics": "SECRET"}],
    }

    odd = b'{"resourceType": "OperationOutcome", "issue": null}\nSECRET words\n'
    between.breaks = [
        lists(between, error=[{"type": "OperationOutcome", "url": between.base + "/e.ndjson"}]),
        Break(at("e.ndjson"), status=200, body=json.dumps(outcome).encode() + b"\n" + odd),
    ]
    done = fetch(between.base, tmp_path / "f", types=["Patient"])
    assert done.notes == [
        "The server says of its export: warning not-found (1 in the error files).",
        "2 lines of its error files are no OperationOutcome.",
    ]
    assert read(tmp_path / "f") == ["Patient/p1", "Patient/p2"]


KEYS: dict[str, jwk.RSAKey | jwk.ECKey] = {
    "RS384": jwk.RSAKey.generate_key(2048, {"kid": "r"}), "ES384": jwk.ECKey.generate_key("P-384", {"kid": "e"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    clients = [{"client_id": alg, "jwks": {"keys": [key.as_dict(private=False)]}, "scopes": "system/*.read"}
               for alg, key in KEYS.items()]  # fmt: skip
    auth = {"types": ["smart", "bearer"], "tokens": ["put"], "smart_clients": clients, "token_lifetime": 5}
    with sekmet(tmp_path_factory.mktemp("guarded"), auth) as running:
        running.put(patient("p1"))
        yield running


@pytest.mark.parametrize("form", ["pem", "jwk", "jwks"])
@pytest.mark.parametrize("alg", KEYS)
def test_a_signed_assertion_buys_a_token_and_another_when_it_has_expired(
    guarded: Running, tmp_path: Path, alg: str, form: str
) -> None:
    key = KEYS[alg]
    held = key.as_dict(private=True)
    text = (
        key.as_pem(private=True)
        if form == "pem"
        else json.dumps({"keys": [held]} if form == "jwks" else held).encode()
    )
    (tmp_path / "key").write_bytes(text)
    login = Backend(guarded.base, alg, Key(tmp_path / "key"))
    server = Server(guarded.base, login=login, patience=HURRY)
    with opened(tmp_path / "f", {}, None) as folder:
        assert bulk.fetch(server, folder, types=["Patient"]).resources == 1
    first = login.headers()
    login.renew()
    assert login.headers() != first
    with opened(tmp_path / "g", {}, None) as folder:
        assert rest.fetch(server, folder, types=["Patient"]).resources == 1
    assert "Bearer" not in "".join(p.read_text() for p in tmp_path.glob("*/.fetch.json"))


def test_a_token_that_the_server_does_not_take_any_more_is_renewed_once(
    guarded: Running, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(KEYS["RS384"].as_pem(private=True))
    login = Backend(guarded.base, "RS384", Key(tmp_path / "key"))
    server = Server(guarded.base, login=login, patience=HURRY)
    login._token, login._until = "revoked", 1e12
    assert server.get(server.url("Patient/p1")).status_code == 200
    assert login._token != "revoked"


def test_a_busy_place_of_tokens_is_asked_again(guarded: Running, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEYS["RS384"].as_pem(private=True))
    with proxy(guarded.base) as between:
        busy = Break(at("token"), times=2, status=503, headers={"Retry-After": "0"})
        given = Break(at("token"), status=200, body=b'{"access_token": "T", "expires_in": 300}')
        between.breaks = [busy, given]
        login = Backend(between.base, "RS384", Key(tmp_path / "key"))
        assert login.headers() == {"Authorization": "Bearer T"}
        assert (busy.hit, given.hit) == (2, 1)


def test_an_unknown_client_and_a_wrong_key_are_told_apart_from_a_missing_one(
    guarded: Running, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(jwk.RSAKey.generate_key(2048).as_pem(private=True))
    for client in ("RS384", "nobody"):
        with pytest.raises(SourceError, match="gave no token") as error:
            Backend(guarded.base, client, Key(tmp_path / "key")).headers()
        assert error.value.got == "401 invalid_client"
    with pytest.raises(DeniedError, match="CWM_SMART_KEY"):
        Server(guarded.base, patience=HURRY).get(f"{guarded.base}/Patient/p1")


def test_what_is_no_private_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Key(tmp_path / "none")
    bad = [b"", b"{}", b"SECRET", KEYS["RS384"].as_pem(private=False), json.dumps(KEYS["ES384"].as_dict(private=False)).encode(),
           jwk.ECKey.generate_key("P-256").as_pem(private=True)]  # fmt: skip
    for text in bad:
        (tmp_path / "key").write_bytes(text)
        with pytest.raises(InvalidInputError, match="no private key") as error:
            Key(tmp_path / "key")
        assert "SECRET" not in str(error.value)
