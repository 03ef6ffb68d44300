"""The same against HAPI FHIR JPA, a server of other habits: paging by search id, files as Binary, no counts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from graph.sources import bulk, rest
from graph.sources.http import Patience, Server, quiet
from graph.sources.rest import Fetched
from graph.sources.state import opened
from tests.data import demo_slice
from tests.servers.hapi import hapi
from tests.servers.proxy import Break, Proxy, proxy
from tests.servers.running import Running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
quiet()
# This server asks for two minutes between looks at an export that takes two seconds.
HURRY = Patience(attempts=5, first=0.2, most=2, asked=1, silence=120)
RECORD = demo_slice(1)
ALL = sorted(f"{r['resourceType']}/{r['id']}" for r in RECORD)
PERSON = next(r["id"] for r in RECORD if r["resourceType"] == "Patient")
TYPES = sorted({r["resourceType"] for r in RECORD})
GROUP = {
    "resourceType": "Group", "id": "group-of-one", "type": "person", "actual": True,
    "member": [{"entity": {"reference": f"Patient/{PERSON}"}}],
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with hapi(tmp_path_factory.mktemp("hapi")) as running:
        running.put(*RECORD, GROUP)  # at once: it does not index references to what it does not have yet
        yield running


@pytest.fixture
def between(server: Running) -> Iterator[Proxy]:
    with proxy(server.base) as it:
        yield it


def searched(base: str, folder: Path, since: str | None = None, **more: Any) -> Fetched:
    server = Server(base, patience=HURRY)
    with opened(folder, {}, since) as held:
        return rest.fetch(server, held, **({"types": TYPES, "count": 20} | more))


def exported(base: str, folder: Path, since: str | None = None, **more: Any) -> Fetched:
    server = Server(base, patience=HURRY)
    with opened(folder, {}, since) as held:
        return bulk.fetch(server, held, **more)


def read(folder: Path) -> list[str]:
    """Keys in order, so that what came twice is seen."""
    rows = [json.loads(line) for p in folder.glob("*.ndjson") for line in p.read_text().splitlines()]
    return sorted(f"{r['resourceType']}/{r.get('id')}" for r in rows)


def later_page(request: Request) -> bool:
    return "_getpages" in request.query_params


@pytest.mark.parametrize("fault", [None, "429", "cut", "expired"])
def test_searches_bring_all_once(between: Proxy, tmp_path: Path, fault: str | None) -> None:
    what: dict[str, dict[str, Any]] = {
        "429": {"status": 429, "headers": {"Retry-After": "0"}}, "cut": {"cut": 0.4}, "expired": {"status": 410},
    }  # fmt: skip
    between.breaks = [Break(later_page, **what[fault])] if fault else []
    done = searched(between.base, tmp_path / "f")
    assert read(tmp_path / "f") == ALL
    assert len(done.restarted) == (fault == "expired")
    assert all(b.hit for b in between.breaks)


def test_all_about_one_patient(server: Running, tmp_path: Path) -> None:
    searched(server.base, tmp_path / "f", patients=[PERSON])
    got = read(tmp_path / "f")
    assert len(got) == len(set(got))
    assert {k for k in ALL if k.startswith(("Patient/", "Encounter/", "Observation/", "Condition/"))} <= set(
        got
    )


@pytest.mark.parametrize("level", ["system", "patient", "group"])
def test_exports_of_each_level(server: Running, tmp_path: Path, level: str) -> None:
    more = {"level": level} | ({"group": GROUP["id"]} if level == "group" else {})
    done = exported(server.base, tmp_path / "f", **more)
    got = read(tmp_path / "f")
    assert len(got) == len(set(got)) == done.resources
    assert {k for k in ALL if k.startswith(("Patient/", "Encounter/", "Observation/", "Condition/"))} <= set(
        got
    )
    assert level != "system" or set(ALL) <= set(got)


@pytest.mark.parametrize("fault", ["cut", "short", "expired", "busy"])
def test_exports_after_a_fault_bring_all_once(between: Proxy, tmp_path: Path, fault: str) -> None:
    what: dict[str, dict[str, Any]] = {
        "cut": {"cut": 0.4}, "short": {"short": 0.5}, "expired": {"status": 404},
        "busy": {"status": 429, "headers": {"Retry-After": "0"}},
    }  # fmt: skip
    between.breaks = [Break(lambda r: "/Binary/" in r.url.path, **what[fault])]
    exported(between.base, tmp_path / "f", types=["Patient", "Encounter", "Observation"])
    assert read(tmp_path / "f") == [
        k for k in ALL if k.startswith(("Patient/", "Encounter/", "Observation/"))
    ]
    assert between.breaks[0].hit == 1


def test_an_increment_brings_what_changed_and_what_was_deleted(server: Running, tmp_path: Path) -> None:
    server.put({"resourceType": "Basic", "id": "gone", "code": {"text": "x"}})
    person = server.get(f"Patient/{PERSON}")
    since = server.get("Basic/gone")["meta"]["lastUpdated"]
    server.delete("Basic/gone")
    server.put({k: v for k, v in person.items() if k != "meta"} | {"birthDate": "1901-01-01"})
    done = searched(server.base, tmp_path / "f", since, types=["Basic", "Observation", "Patient"])
    assert (done.resources, done.deletions) == (1, 1)
    (line,) = (tmp_path / "f/Basic.deleted.ndjson").read_text().splitlines()
    assert json.loads(line)["entry"][0]["request"]["method"] == "DELETE"
    # With patients as the level this server leaves `_since` aside and gives everything.
    more: dict[str, Any] = {"level": "system", "types": ["Patient", "Observation"]}
    assert exported(server.base, tmp_path / "g", since, **more).files == {"Patient.0000.ndjson": 1}
