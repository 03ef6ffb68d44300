"""Fetching by searches from a real server, through a real proxy that breaks what it passes on."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.requests import Request

from graph import Graph
from graph.journey import journey
from graph.sources import rest
from graph.sources.auth import Bearer
from graph.sources.http import GoneError, Patience, Server, SourceError, quiet, retry_after
from graph.sources.rest import Fetched
from graph.sources.state import opened
from ontology.errors import InvalidInputError
from tests.conftest import Run
from tests.graph.made import encounter, observation, patient
from tests.servers.proxy import Break, Proxy, proxy
from tests.servers.running import Running
from tests.servers.sekmet import sekmet

quiet()
HURRY = Patience(attempts=4, first=0.01, most=0.1, silence=30)
Files = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with sekmet(tmp_path_factory.mktemp("sekmet")) as running:
        running.put(patient("p1"), patient("p2"), encounter("e1"), encounter("e2", "Patient/p2"))
        running.put(*(observation(f"o{i}") for i in range(23)), observation("x", "Patient/p2"))
        yield running


@pytest.fixture
def between(server: Running) -> Iterator[Proxy]:
    with proxy(server.base) as it:
        yield it


def fetch(base: str, folder: Path, since: str | None = None, **more: Any) -> Fetched:
    server = Server(base, patience=HURRY)
    with opened(folder, {"server": base}, since) as held:
        done = rest.fetch(
            server, held, **({"types": ["Encounter", "Observation", "Patient"], "count": 5} | more)
        )
        held.complete = True
        held.save()
    server.close()
    return done


def read(folder: Path) -> Files:
    return {
        p.name: [json.loads(line) for line in p.read_text().splitlines()]
        for p in sorted(folder.glob("*.ndjson"))
    }


def keys(files: Files) -> list[str]:
    """In order, so that what came twice is seen."""
    return sorted(f"{r['resourceType']}/{r['id']}" for rows in files.values() for r in rows)


WHOLE = sorted(["Patient/p1", "Patient/p2", "Encounter/e1", "Encounter/e2", "Observation/x"]
               + [f"Observation/o{i}" for i in range(23)])  # fmt: skip


def page(number: int, type_: str = "Observation") -> Any:
    """Picks the request for a page of observations; pages have five."""

    def picks(request: Request) -> bool:
        offset = int(request.query_params.get("_offset", "0"))
        return request.url.path.endswith(f"/{type_}") and offset == 5 * number

    return picks


def test_all_pages_come_and_resources_are_as_the_server_has_them(server: Running, tmp_path: Path) -> None:
    done = fetch(server.base, tmp_path / "f")
    files = read(tmp_path / "f")
    assert keys(files) == WHOLE
    assert (done.resources, done.files["Observation.ndjson"]) == (28, 24)
    assert files["Patient.ndjson"][0] == server.get(f"Patient/{files['Patient.ndjson'][0]['id']}")
    assert (tmp_path / "f/Patient.ndjson").stat().st_mode & 0o777 == 0o600


FAULTS = {
    "429": Break(page(2), times=2, status=429, headers={"Retry-After": "0"}),
    "503 until a date": Break(page(2), status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "a connection lost within a page": Break(page(2), times=2, cut=0.5),
    "a connection lost before a page": Break(page(3), times=3, cut=0.0),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_all_is_there_once(between: Proxy, tmp_path: Path, fault: str) -> None:
    between.breaks = [FAULTS[fault]]
    done = fetch(between.base, tmp_path / "f")
    assert FAULTS[fault].hit == FAULTS[fault].times
    assert (keys(read(tmp_path / "f")), done.restarted) == (WHOLE, [])


@pytest.mark.parametrize("status", [404, 410])
def test_when_the_pages_have_expired_the_search_is_asked_again(
    between: Proxy, tmp_path: Path, status: int
) -> None:
    between.breaks = [Break(page(3), status=status)]
    done = fetch(between.base, tmp_path / "f")
    assert (keys(read(tmp_path / "f")), done.restarted) == (WHOLE, ["Observation.ndjson"])


def test_pages_that_always_expire_end_in_an_error(between: Proxy, tmp_path: Path) -> None:
    between.breaks = [Break(page(3), times=99, status=410)]
    with pytest.raises(GoneError):
        fetch(between.base, tmp_path / "f")


def test_a_fetch_that_was_broken_off_goes_on_at_its_page(between: Proxy, tmp_path: Path) -> None:
    between.breaks = [Break(page(3), times=4, cut=0.3)]
    with pytest.raises(SourceError, match="goes on from where it was"):
        fetch(between.base, tmp_path / "f")
    with (tmp_path / "f/Observation.ndjson").open("ab") as file:
        file.write(b'{"resourceType": "Observation", "torn')  # what a kill in the middle of writing leaves
    between.seen.clear()
    fetch(between.base, tmp_path / "f")
    assert keys(read(tmp_path / "f")) == WHOLE
    asked = [path for path, _ in between.seen if "/Observation" in path]
    assert "_offset=15" in asked[0]
    assert not any("/Encounter" in path for path, _ in between.seen)


def test_a_second_fetch_in_the_same_folder_is_refused(server: Running, tmp_path: Path) -> None:
    with (
        opened(tmp_path / "f", {"server": server.base}, None),
        pytest.raises(InvalidInputError, match="running"),
    ):
        fetch(server.base, tmp_path / "f")
    fetch(server.base, tmp_path / "f")
    with pytest.raises(InvalidInputError, match="another fetch"):
        fetch(server.base, tmp_path / "f")


def test_a_link_to_another_server_is_not_followed(between: Proxy, tmp_path: Path) -> None:
    between.rewrites = False
    with pytest.raises(SourceError, match="another server"):
        fetch(between.base, tmp_path / "f")


def test_an_increment_brings_what_changed_and_what_was_deleted(tmp_path: Path, server: Running) -> None:
    server.put(observation("gone"))
    before = fetch(server.base, tmp_path / "a")
    server.put(patient("p2", birthDate="1970-01-01"))
    server.delete("Observation/gone")
    # The overlap of a minute would bring all that this test has made.
    since = server.get("Patient/p2")["meta"]["lastUpdated"]
    assert before.until < since
    fetch(server.base, tmp_path / "b", since)
    files = read(tmp_path / "b")
    assert [(r["id"], r["birthDate"]) for r in files["Patient.ndjson"]] == [("p2", "1970-01-01")]
    ((deletion,),) = [[b["entry"][0] for b in files["Observation.deleted.ndjson"]]]
    assert (deletion["request"]["method"], deletion["request"]["url"]) == ("DELETE", "Observation/gone")


def test_all_about_one_patient(server: Running, tmp_path: Path) -> None:
    fetch(server.base, tmp_path / "f", types=(), patients=["p2"])
    assert {"Patient/p2", "Encounter/e2", "Observation/x"} <= set(keys(read(tmp_path / "f")))
    assert "Observation/o1" not in keys(read(tmp_path / "f"))
    assert not any("p2" in p.name for p in (tmp_path / "f").iterdir())


def test_what_the_server_cannot_do_is_said(server: Running, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot search these types") as error:
        fetch(server.base, tmp_path / "f", types=["Patient", "Nonsense"])
    assert error.value.got == "Nonsense"
    with pytest.raises(SourceError, match=r"no CapabilityStatement|nothing there"):
        fetch(server.base.replace("/fhir", "/auth"), tmp_path / "g")
    with pytest.raises(SourceError, match="cannot be reached"):
        fetch("http://127.0.0.1:9/fhir", tmp_path / "h")


def test_a_server_that_sends_on_to_another_is_said_to_do_so(between: Proxy, tmp_path: Path) -> None:
    to = {"Location": "https://other.example.org/fhir/Patient?name=SECRET"}
    between.breaks = [Break(lambda _: True, status=302, headers=to)]
    with pytest.raises(SourceError, match="not followed") as error:
        fetch(between.base, tmp_path / "f")
    assert "https://other.example.org" in str(error.value)
    assert "SECRET" not in str(error.value)


@pytest.mark.parametrize("resource", [[{"interaction": []}], [{"type": "Patient", "interaction": None}], [7]])
def test_a_statement_of_what_a_server_can_that_is_no_such_is_refused(
    between: Proxy, tmp_path: Path, resource: Any
) -> None:
    said = {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "resource": resource}]}
    between.breaks = [Break(lambda _: True, status=200, body=json.dumps(said).encode())]
    with pytest.raises(SourceError, match="cannot be read"):
        fetch(between.base, tmp_path / "f")


def test_no_token_and_no_id_of_a_patient_is_in_a_message_or_a_log(
    between: Proxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    server = Server(between.base, login=Bearer("SECRET-TOKEN"), patience=HURRY, say=said.append)
    between.breaks = [Break(lambda r: "everything" in r.url.path, status=429),
                      Break(lambda r: "everything" in r.url.path, times=9, status=403)]  # fmt: skip
    with opened(tmp_path / "f", {}, None) as folder, pytest.raises(SourceError) as error:
        rest.fetch(server, folder, patients=["SECRET-ID"])
    assert "does not allow" in str(error.value)
    assert any(headers.get("authorization") == "Bearer SECRET-TOKEN" for _, headers in between.seen)
    assert "SECRET" not in " ".join([str(error.value), *said, caplog.text])
    assert "SECRET-TOKEN" not in (tmp_path / "f/.fetch.json").read_text()


@pytest.mark.parametrize(
    "url", ["ftp://a/fhir", "fhir", "https://name:word@a.org/fhir", "https://a.org/fhir?token=1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        Server(url)
    assert "word" not in str(error.value).replace("password", "")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("0", 1),  # a server that says so is asked no faster than one that says nothing
        ("99999", 900),
        ("Mon, 05 Jan 2026 10:00:30 GMT", 30),  # by the server's clock, which is not ours
        ("Mon, 05 Jan 2026 09:59:00 GMT", 1),
        ("soon", None),
        ("", None),
    ],
)
def test_a_server_says_when_to_come_again(said: str, seconds: float | None) -> None:
    headers = {"Retry-After": said, "Date": "Mon, 05 Jan 2026 10:00:00 GMT"}
    assert retry_after(httpx2.Response(503, headers=headers), Patience()) == seconds


def test_a_token_is_not_sent_in_the_clear() -> None:
    with pytest.raises(InvalidInputError, match="https"):
        Server("http://fhir.example.org/r4", login=Bearer("t"))


def test_a_fetch_since_another_time_does_not_go_on_with_one_that_was_broken_off(
    between: Proxy, cwm: Any
) -> None:
    """Else what lies before the time of the first would be taken for fetched, and never come."""
    between.breaks = [Break(page(2), times=3, status=500)]

    def run(*more: str) -> Run:
        command = ("fetch", "rest", between.base, "--type", "Observation", "--count", "10", "--json")
        done: Run = cwm(*command, *more)
        return done

    assert run("--since", "1990-01-01").status == 1
    assert run().status == 1
    assert run("--since", "1990-01-01").status == 1
    assert run().json["since"] is None
    between.breaks = [Break(lambda request: "_lastUpdated" in request.url.query, status=500)]
    assert run().status == 1
    assert run("--full").json["since"] is None


def test_what_was_fetched_and_did_not_go_in_is_fetched_again(
    between: Proxy, cwm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("fetch", "rest", between.base, "--type", "Encounter", "--json")
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("CWM_GRAPH", "bolt://127.0.0.1:1")
        assert cwm(*command, "--ingest").status == 4
    again = cwm(*command).json
    assert again["since"] is None
    assert cwm(*command).json["since"] == again["until"]


@pytest.mark.neo4j
def test_every_night_the_command_takes_in_what_changed(
    graph: Graph, server: Running, cwm: Any, tmp_path: Path
) -> None:
    types = ("--type", "Patient", "--type", "Observation")

    def night(*more: str) -> Any:
        run: Run = cwm("fetch", "rest", server.base, *types, "--ingest", "--json", *more)
        assert run.status == 0, run.err
        return run.json

    server.put(observation("tonight"))
    first = night()
    assert first["written"] == first["fetched"]["resources"] == first["read"]
    server.delete("Observation/tonight")
    server.put(patient("p1", birthDate="1950-05-05"))
    second = night()
    assert (second["written"], second["set_aside"]) == (1, 0)
    assert second["deleted"] == second["fetched"]["deletions"] > 0
    seen = journey(graph, "p1")
    assert seen.patient["birth"] == "1950-05-05"
    assert "Observation/tonight" not in {row["key"] for row in seen.facts}
    third = night("--full")
    assert (third["written"], third["deleted"], third["fetched"]["since"]) == (0, 0, None)
    chosen: Run = cwm("fetch", "rest", server.base, *types, "--since", "2035-01-01", "--json")
    assert (chosen.json["since"], chosen.json["resources"]) == ("2035-01-01T00:00:00.000Z", 0)
    assert night()["fetched"]["since"] == third["fetched"]["until"]  # what somebody chose leaves no gap
