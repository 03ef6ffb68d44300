"""Taking FHIR into a real graph: again, in any order, by pieces, and with everything that can be wrong."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from graph import Graph
from graph.digest import digest
from graph.export.fhir import resources
from graph.ingest import IngestReport, StrictError, ingest
from tests.conftest import Run
from tests.graph.made import Resource, bundle, encounter, entry, ndjson, observation, patient

pytestmark = pytest.mark.neo4j


def balanced(report: IngestReport) -> bool:
    return report.read == report.written + report.unchanged + report.set_aside


def kept(graph: Graph) -> dict[str, Any]:
    return {r["key"]: json.loads(r["fhir"]) for r in resources(graph)}


def clear(graph: Graph) -> None:
    graph.write("admin.clear", batch=5000)


def journey(patients: int = 3) -> list[Resource]:
    """Patients with encounters, facts with and without a time of their own, and who took part."""
    made: list[Resource] = []
    for p in range(patients):
        made.append(patient(f"p{p}", contained=[{"resourceType": "Organization", "id": "org", "name": "Clinic"}],
                            managingOrganization={"reference": "#org"}))  # fmt: skip
        for e in range(3):
            who = {"individual": {"reference": f"Practitioner?identifier=npi|{e}"}}
            at = f"20{10 + e}-0{p + 1}-01T08:00:00Z"
            made.append(encounter(f"p{p}e{e}", f"Patient/p{p}", at, participant=[who]))
            here = {"encounter": {"reference": f"Encounter/p{p}e{e}"}}
            made.append(observation(f"p{p}e{e}", f"Patient/p{p}", **here))
            subject = {"subject": {"reference": f"Patient/p{p}"}}
            made.append({"resourceType": "Condition", "id": f"p{p}e{e}"} | subject | here)
    made += [{"resourceType": "Practitioner", "id": f"d{i}", "identifier": [{"system": "npi", "value": str(i)}]}
             for i in range(3)]  # fmt: skip
    return made


def test_ingesting_again_changes_nothing(graph: Graph, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "a.ndjson.gz", journey())
    first = ingest(graph, [path])
    before = digest(graph)
    second = ingest(graph, [path])
    assert (first.written, first.unchanged, first.dangling) == (len(journey()), 0, 0)
    assert (second.written, second.unchanged, second.references) == (0, len(journey()), 0)
    assert digest(graph) == before
    assert balanced(first)
    assert balanced(second)


def test_the_graph_does_not_depend_on_the_order_of_files(graph: Graph, tmp_path: Path) -> None:
    versions = [patient("p0", meta={"lastUpdated": f"202{i}-01-01T00:00:00Z"}) for i in range(3)]
    versions += [{"resourceType": "Practitioner", "id": "d0", "name": [{"family": n}]} for n in ("A", "Bb")]
    versions.append(
        {"resourceType": "Practitioner", "id": "d9", "identifier": [{"system": "npi", "value": "2"}]}
    )
    everything = journey() + versions
    digests = set()
    for seed in range(4):
        clear(graph)
        random.Random(seed).shuffle(everything)  # noqa: S311
        # Some orders in one ingest, some in several.
        step = len(everything) if seed == 0 else 8 * seed
        for i in range(0, len(everything), step):
            ingest(graph, [ndjson(tmp_path / f"{seed}-{i}.ndjson", everything[i : i + step])])
        digests.add(digest(graph))
    assert len(digests) == 1


def test_a_newer_version_takes_the_place_of_an_older_one(graph: Graph, tmp_path: Path) -> None:
    old = observation("o", "Patient/p1", meta={"versionId": "9"})
    new = observation(
        "o", "Patient/p2", meta={"versionId": "10"}, code={"coding": [{"system": "s", "code": "c"}]}
    )
    people = [patient("p1"), patient("p2")]
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [*people, old])])
    report = ingest(graph, [ndjson(tmp_path / "b.ndjson", [new])])
    after = digest(graph)
    assert (report.written, report.set_aside) == (1, 0)
    report = ingest(graph, [ndjson(tmp_path / "c.ndjson", [old])])
    assert (report.written, report.reasons) == (0, {"older-version": 1})
    assert digest(graph) == after
    clear(graph)
    ingest(graph, [ndjson(tmp_path / "d.ndjson", [new, old, *people])])
    assert kept(graph)["Observation/o"] == new


def test_entries_of_a_bundle_that_conflict_are_named_and_one_of_them_stays(
    graph: Graph, tmp_path: Path
) -> None:
    one, two = patient("p", birthDate="1970"), patient("p", birthDate="1970-01-01")
    path = bundle(tmp_path / "b.json", [entry(one), entry(two), entry(patient("q"))])
    report = ingest(graph, [path])
    assert (report.written, report.reasons) == (2, {"conflict": 1})
    assert report.set_aside_sample[0]["place"] == f"{tmp_path.name}/b.json entry[0]"
    assert kept(graph)["Patient/p"] == two  # neither says which is newer: the fuller one


def test_a_conflict_is_named_also_when_the_one_that_stays_comes_later(graph: Graph, tmp_path: Path) -> None:
    lines = [
        patient("p", birthDate="1970"),
        *(patient(f"x{i}") for i in range(3500)),
        patient("p", birthDate="1970-01-01"),
    ]
    report = ingest(graph, [ndjson(tmp_path / "a.ndjson", lines)])
    assert (report.written, report.reasons) == (3501, {"conflict": 1})
    assert report.set_aside_sample[0]["place"] == f"{tmp_path.name}/a.ndjson:1"
    assert balanced(report)


BAD = {
    "broken-json": "{broken",
    "no-id": {"resourceType": "Patient"},
    "not-a-resource": {"id": "1"},
    "not-utf8": b'{"resourceType":"Patient","id":"\xff"}',
    "bad-value": observation("bad", effectiveDateTime="2020-13-45"),
}


@pytest.mark.parametrize("reason", BAD)
def test_what_cannot_go_in_can_be_mended_and_ingested_again(
    graph: Graph, tmp_path: Path, cwm: Any, reason: str
) -> None:
    path = ndjson(tmp_path / "a.ndjson", [patient("a"), BAD[reason], patient("c")])  # type: ignore[list-item]
    run: Run = cwm("ingest", str(path), "--json")
    assert (run.status, run.json["written"], run.json["reasons"]) == (1, 2, {reason: 1})
    assert run.json["set_aside_sample"][0]["place"] == f"{tmp_path.name}/a.ndjson:2"
    record = json.loads(Path(run.json["set_aside_file"]).read_text())
    assert (record["file"], record["line"]) == (f"{tmp_path.name}/a.ndjson", 2)
    assert oct(Path(run.json["set_aside_file"]).stat().st_mode)[-3:] == "600"
    mended = tmp_path / "mended.ndjson"
    mended.write_text(json.dumps({k: v for k, v in record.items() if k != "base64"} | {"text": json.dumps(patient("b"))},
                                 separators=(",", ":")))  # fmt: skip
    run = cwm("ingest", str(mended), "--json")
    assert (run.status, run.json["written"]) == (0, 1)
    assert set(kept(graph)) == {"Patient/a", "Patient/b", "Patient/c"}


def test_a_value_of_a_record_is_never_in_a_message(graph: Graph, tmp_path: Path, cwm: Any) -> None:
    secret = [observation("o", effectiveDateTime="SECRET"), '{"resourceType":"Patient","id":"SECRET SECRET"}',
              '{"SECRET": SECRET', observation("o2", "Patient?identifier=ssn|SECRET")]  # fmt: skip
    for flags in ([], ["--json"], ["--strict"]):
        run: Run = cwm("ingest", str(ndjson(tmp_path / "a.ndjson", secret)), *flags)
        assert run.status == 1
        assert "SECRET" not in run.out + run.err


def test_strict_writes_nothing_when_something_cannot_go_in(graph: Graph, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "a.ndjson", [*(patient(f"p{i}") for i in range(4000)), "{broken"])
    with pytest.raises(StrictError, match=r"a\.ndjson:4001"):
        ingest(graph, [path], strict=True)
    assert kept(graph) == {}
    ingest(graph, [ndjson(tmp_path / "b.ndjson", [patient("p", meta={"versionId": "2"})])], strict=True)
    with pytest.raises(StrictError, match="older-version"):
        ingest(graph, [ndjson(tmp_path / "c.ndjson", [patient("q"), patient("p")])], strict=True)
    assert set(kept(graph)) == {"Patient/p"}


def test_a_fact_without_a_time_takes_the_times_of_its_encounter(graph: Graph, tmp_path: Path) -> None:
    fact = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"},
            "encounter": {"reference": "Encounter/e1"}}  # fmt: skip
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [fact])])
    ingest(graph, [ndjson(tmp_path / "b.ndjson", [encounter()])])
    one = _times(graph)
    assert one == {"start": "2020-01-01T08:00:00Z", "recorded": "2020-01-01T18:00:00Z"}
    later = encounter(start="2020-02-02T08:00:00Z", meta={"versionId": "2"})
    ingest(graph, [ndjson(tmp_path / "c.ndjson", [later])])
    assert _times(graph) == {"start": "2020-02-02T08:00:00Z", "recorded": "2020-02-02T18:00:00Z"}


def _times(graph: Graph) -> dict[str, str]:
    (node,) = [n["props"] for n in graph.stream("ingest.digest_nodes") if n["props"]["key"] == "Condition/c"]
    return {name: node[name].replace(":00Z", "Z").replace("T08Z", "T08:00Z").replace("Z", ":00Z")
            if len(node[name]) == 17 else node[name] for name in ("start", "recorded")}  # fmt: skip


def test_encounters_follow_each_other_in_time_also_when_one_comes_later(graph: Graph, tmp_path: Path) -> None:
    third, first = encounter("c", start="2020-03-01T08:00:00Z"), encounter("a", start="2020-01-01T08:00:00Z")
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [patient("p1"), third, first])])
    assert _next(graph) == [("a", "c")]
    ingest(graph, [ndjson(tmp_path / "b.ndjson", [encounter("b", start="2020-02-01T08:00:00Z")])])
    assert _next(graph) == [("a", "b"), ("b", "c")]
    moved = encounter("b", "Patient/p2", "2020-02-01T08:00:00Z", meta={"versionId": "2"})
    ingest(graph, [ndjson(tmp_path / "c.ndjson", [moved])])
    assert _next(graph) == [("a", "c")]


def _next(graph: Graph) -> list[tuple[str, str]]:
    links = [r for r in graph.stream("ingest.digest_links") if r["type"] == "NEXT"]
    return sorted((r["a"].removeprefix("Encounter/"), r["b"].removeprefix("Encounter/")) for r in links)


def test_what_a_hospital_may_do_to_a_batch_does_not_stop_it(graph: Graph, tmp_path: Path) -> None:
    """Very long identifiers, numbers no database has, texts with odd characters."""
    odd = observation("o", valueInteger=2**64 - 1, note=[{"text": "\x00 \U0001f600 \u2028"}],
                      performer=[{"reference": "Practitioner?identifier=s|" + "9" * 20_000}])  # fmt: skip
    report = ingest(graph, [ndjson(tmp_path / "a.ndjson", [odd])])
    assert (report.written, report.dangling) == (1, 2)
    assert kept(graph)["Observation/o"] == odd


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_ingest_that_is_killed_and_run_again_gives_the_same_graph(graph: Graph, tmp_path: Path) -> None:
    """`kill -9` at moments that chance chooses; the last run is left alone."""
    path = ndjson(tmp_path / "a.ndjson.gz", journey(60))
    ingest(graph, [path])
    undisturbed = digest(graph)
    clear(graph)
    script = """
import sys, graph, graph.ingest
graph.ingest.BATCH = 20
with graph.open_graph() as opened:
    print("on", flush=True)
    graph.ingest.ingest(opened, sys.argv[1:])
"""
    chance = random.Random(7)  # noqa: S311
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", script, path], stdout=subprocess.PIPE, env=dict(os.environ)
        )
        assert child.stdout
        child.stdout.readline()
        time.sleep(chance.uniform(0.1, 2.5))
        child.send_signal(signal.SIGKILL)
        child.wait()
    report = ingest(graph, [path])
    assert balanced(report)
    assert digest(graph) == undisturbed


def test_the_run_says_in_the_graph_what_it_did(graph: Graph, tmp_path: Path) -> None:
    report = ingest(graph, [ndjson(tmp_path / "a.ndjson", [patient("a")])])
    assert graph.read("ingest.running") == []
    (node,) = graph.read("ingest.known", keys=["Patient/a"])
    assert node["run"] == report.run
    shutil.rmtree(tmp_path)
