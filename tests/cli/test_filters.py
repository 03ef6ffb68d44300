"""What is asked of a command: instants by one rule, filters that nothing can have, a graph that holds nobody."""

from collections.abc import Callable
from pathlib import Path

import pytest

from graph import Graph
from graph.ingest import ingest
from tests.conftest import Run
from tests.graph.made import ndjson, observation, patient

Cwm = Callable[..., Run]
NOON = "2024-03-01T12:00"
LOOKING_BACK = [
    ("patient", "journey", "p1", "--as-of", NOON),
    ("patient", "journey", "p1", "--as-of", "yesterday"),
    ("search", "heart", "--as-of", NOON),
    ("cohort", "make", "diabetes-hba1c", "--dry", "--as-of", NOON),
    ("concepts", "patient", "p1", "--at", NOON),
    ("twin", "predict", "admission-365d", "Patient/p1", "--at", NOON),
    ("skillmix", "coverage", "--population", "synthetic", "--at", NOON),
    ("graph", "snapshot", "make", "--as-of", NOON),
    ("graph", "loop", "--encounter", "Encounter/e1", "--as-of", NOON),
    ("graph", "query", "--name", "ask.known_at", "-p", "patient=Patient/p1", "-p", f"at={NOON}"),
    ("graph", "ask", "known_at", "-p", "patient=Patient/p1", "-p", f"at={NOON}"),
    ("fetch", "rest", "http://127.0.0.1:1/fhir", "--since", NOON),
]


@pytest.mark.neo4j
@pytest.mark.parametrize("arguments", LOOKING_BACK, ids=" ".join)
def test_a_time_without_its_zone_is_refused_by_every_command(
    graph: Graph, cwm: Cwm, arguments: tuple[str, ...]
) -> None:
    run = cwm(*arguments, "--json")
    assert (run.status, run.json["error"]["code"]) == (2, "invalid-input")
    assert "2024-03-01T12:00:00Z" in run.json["error"]["allowed"]
    assert graph.read("ingest.known", keys=["Patient/p1"]) == []


@pytest.mark.neo4j
def test_a_date_means_the_end_of_that_day(graph: Graph, cwm: Cwm, tmp_path: Path) -> None:
    morning = observation("o", issued="2024-03-01T09:00:00Z")
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [patient("p1"), morning])])
    known = {
        at: len(cwm("patient", "journey", "p1", "--as-of", at, "--json").json["rows"])
        for at in ("2024-02-29", "2024-03-01T08:00:00Z", "2024-03-01", "2024", "2024-03-01T10:30:00+01:00")
    }
    assert list(known.values()) == [0, 0, 1, 1, 1]
    asked = [f"at={at}" for at in ("2024-02-29", "2024-03-01")]
    rows = [
        cwm("graph", "ask", "known_at", "-p", "patient=Patient/p1", "-p", at, "--json").json["rows"]
        for at in asked
    ]
    assert (len(rows[0]) < len(rows[1])) or rows[0] != rows[1]


@pytest.mark.neo4j
@pytest.mark.parametrize(
    ("dated", "before"), [("2020-01-02", "2020-01-01"), ("2020-02", "2020-02-28"), ("2020", "2020-12-30")]
)
def test_a_fact_is_there_as_of_the_date_that_it_bears(
    graph: Graph, cwm: Cwm, tmp_path: Path, dated: str, before: str
) -> None:
    fact = observation("o", effectiveDateTime=dated)
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [patient("p1"), fact])])
    cohort = tmp_path / "c.yaml"
    cohort.write_text(
        "{name: hearts, version: 1, summary: s, index: {fact: {types: [Observation]}}}", encoding="utf-8"
    )

    def seen(at: str) -> list[int]:
        out = tmp_path / f"as-of-{at}"
        cwm("graph", "export", "fhir", str(out), "--as-of", at, "--json")
        found = cwm("search", "heart", "--in", "facts", "--as-of", at, "--json").json
        flow = cwm("cohort", "make", str(cohort), "--dry", "--as-of", at, "--json").json["flow"]
        asked = ("-p", "patient=Patient/p1", "-p", f"at={at}", "--json")
        return [
            len(cwm("patient", "journey", "p1", "--as-of", at, "--json").json["rows"]),
            len(found["rows"]),
            len(list(out.rglob("Observation*"))),
            flow[-1]["left"],
            len(cwm("graph", "ask", "known_at", *asked).json["rows"]),
        ]

    assert (seen(before), seen(dated)) == ([0] * 5, [1] * 5)


@pytest.mark.neo4j
def test_a_filter_that_nothing_can_have_is_refused(graph: Graph, cwm: Cwm, tmp_path: Path) -> None:
    ingest(graph, [ndjson(tmp_path / "a.ndjson", [patient("p1"), observation("o")])])
    wrong = [
        cwm("patient", "journey", "p1", "--type", "Observations", "--json"),
        cwm("graph", "export", "fhir", str(tmp_path / "out"), "--type", "Observations", "--json"),
        cwm("mcare", "list", "--status", "open", "--json"),
        cwm("search", "heart", "--in", "names", "--as-of", "2024", "--json"),
        cwm("search", "heart", "--patient", "p1", "--json"),
    ]
    assert [run.status for run in wrong] == [2] * len(wrong)
    assert wrong[0].json["error"]["do"] == "Did you mean Observation?"
    assert "under-review" in wrong[2].json["error"]["allowed"]
    missing = [
        cwm("mcare", "list", "--agent", "nobody", "--json"),
        cwm("search", "heart", "--in", "facts", "--patient", "nobody", "--json"),
    ]
    assert [run.status for run in missing] == [3, 3]
    none = cwm("patient", "journey", "p1", "--type", "Procedure", "--json")
    assert (none.status, none.json["rows"]) == (0, [])


@pytest.mark.neo4j
def test_a_graph_that_holds_nobody_says_what_to_do(graph: Graph, cwm: Cwm, tmp_path: Path) -> None:
    assert graph.read("patient.list", after="", limit=1) == []
    for arguments in (("patient", "list"), ("patient", "list", "ann"), ("search", "heart")):
        run = cwm(*arguments)
        assert (run.status, "cwm ingest PATH" in run.out) == (0, True)
    for command in ("train", "evaluate"):
        run = cwm("twin", command, "admission-365d", "--json")
        assert (run.status, run.json["error"]["do"]) == (3, "Take some in first: cwm ingest PATH")
    (tmp_path / "in").mkdir()
    run = cwm("ingest", str(tmp_path / "in"), "--json")
    assert (run.status, run.json["error"]["what"]) == (3, "There is nothing to read in this folder.")
