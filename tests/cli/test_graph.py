"""`cwm graph` and `cwm doctor`, as a person types them."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from graph import Graph
from graph.params import typed
from graph.queries import catalogue
from tests.conftest import Run

Cwm = Callable[..., Run]
KINDS = {
    *("STRING", "INTEGER", "FLOAT", "BOOLEAN", "ZONED DATETIME", "MAP"),
    *("LIST<STRING>", "LIST<FLOAT>", "LIST<MAP>", "LIST<LIST>", "LIST<LIST<STRING>>"),
}


def test_status_says_stopped_and_starts_nothing(
    cwm: Cwm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CWM_HOME", str(tmp_path / "new"))
    assert cwm("graph", "status", "--json").json["state"] == "stopped"
    assert cwm("graph", "stop", "--json").json == {"stopped": False}
    assert not (tmp_path / "new").exists()


def test_status_of_a_running_server(cwm: Cwm, graph: Graph) -> None:
    found = cwm("graph", "status", "--json").json
    assert (found["state"], found["version"], found["in_use"]) == (
        "running",
        graph.settings.neo4j_version,
        True,
    )
    assert found["memory_mb"] > 50


def test_a_graph_elsewhere_is_not_ours_to_stop(cwm: Cwm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWM_GRAPH", "bolt://127.0.0.1:1")
    assert cwm("graph", "status", "--json").json["state"] == "elsewhere"
    assert cwm("graph", "stop").status == 2


def test_a_query_as_a_table_json_and_csv(cwm: Cwm, graph: Graph) -> None:
    text = "UNWIND [1, 2] AS n RETURN n, ['a', 'b'] AS names"
    assert "a, b" in cwm("graph", "query", text).out
    assert cwm("graph", "query", text, "--json").json["rows"] == [
        {"n": 1, "names": ["a", "b"]},
        {"n": 2, "names": ["a", "b"]},
    ]
    assert list(csv.reader(io.StringIO(cwm("graph", "query", text, "--csv").out))) == [
        ["n", "names"],
        ["1", "a, b"],
        ["2", "a, b"],
    ]


def test_rows_that_are_cut_off_are_told(cwm: Cwm, graph: Graph) -> None:
    run = cwm("graph", "query", "UNWIND range(1, 9) AS n RETURN n", "--rows", "3", "--json")
    assert run.json["truncated"] is True
    assert len(run.json["rows"]) == 3


def test_a_named_query_with_parameters(cwm: Cwm, graph: Graph) -> None:
    run = cwm(
        "graph", "query", "--name", "schema.properties", "-p", "label=Migration", "-p", "sample=10", "--json"
    )
    assert {row["property"] for row in run.json["rows"]} == {"applied", "checksum", "name", "number"}
    assert cwm("graph", "query", "admin.ping", "--json").json["rows"] == [{"ok": 1}]


@pytest.mark.parametrize(
    ("asked", "key", "said", "type_"),
    [
        ("analytics.common", "limit", "abc", "INTEGER: "),
        ("analytics.common", "limit", "99999999999999999999", "INTEGER: "),
        ("analytics.common", "at", "soon", "ZONED DATETIME: "),
        ("dashboard.patients", "descending", "yes", "BOOLEAN: "),
        ("analytics.cooccurrence", "z", "wide", "FLOAT: "),
        ("analytics.cooccurrence", "types", "Condition", "LIST<STRING>: "),
        ("journey.facts", "moments", '["Patient/1"]', "LIST<MAP>: "),
        ("search.near", "vector", '["a"]', "LIST<FLOAT>: "),
    ],
)
def test_a_parameter_of_another_type_is_named_with_its_type(
    cwm: Cwm, graph: Graph, asked: str, key: str, said: str, type_: str
) -> None:
    fit = {k: p.example for k, p in catalogue()[asked].params.items()} | {key: said}
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fit.items()}
    given = [part for k, text in texts.items() for part in ("-p", f"{k}={text}")]
    error = cwm("graph", "query", "--name", asked, *given, "--json").json["error"]
    assert (error["code"], error["got"]) == ("invalid-input", said)
    assert error["what"] == f"The parameter {key} is of another type."
    assert error["allowed"].startswith(type_)
    assert "Cypher" not in error["do"]


def test_a_parameter_that_a_named_query_has_not_is_named(cwm: Cwm) -> None:
    error = cwm("graph", "query", "--name", "search.concepts", "-p", "patinet=Patient/1", "--json").json[
        "error"
    ]
    assert (error["what"], error["got"]) == ("The query has no such parameter.", "patinet")


@pytest.mark.parametrize("name", catalogue())
def test_the_example_of_a_parameter_is_of_the_type_that_its_header_declares(name: str) -> None:
    for key, param in catalogue()[name].params.items():
        assert param.type in KINDS
        if param.example is not None:
            assert typed(key, param, param.example) is not None


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--name", "schema.properties"], 2),
        (["--name", "no.such"], 3),
        (["--name", "admin.clear"], 3),
        (["--name", "schema.properties", "-p", "label"], 2),
        (["CREATE (n)"], 2),
        (["MATCH"], 2),
        ([], 2),
    ],
    ids=["parameter missing", "unknown", "one that writes", "no value", "writes", "no Cypher", "nothing"],
)
def test_a_question_that_cannot_be_asked_has_its_status(
    cwm: Cwm, graph: Graph, arguments: list[str], status: int
) -> None:
    run = cwm("graph", "query", *arguments, "--json")
    assert run.status == status
    assert run.json["error"]["what"]


def test_the_list_has_every_query_that_reads(cwm: Cwm) -> None:
    listed = {query["name"] for query in cwm("graph", "query", "--list", "--json").json}
    assert listed == {name for name, query in catalogue().items() if query.access == "read"}


def test_the_schema_for_people_and_for_scripts(cwm: Cwm, graph: Graph) -> None:
    found = cwm("graph", "schema", "--json").json
    assert {"resource_key", "concept_key"} <= {row["name"] for row in found["constraints"]}
    assert {"label": "Migration", "nodes": len(graph.read("admin.migrations"))} in found["labels"]
    assert "resource_key" in cwm("graph", "schema").out


def test_doctor_finds_a_well_machine_well(cwm: Cwm, graph: Graph) -> None:
    run = cwm("doctor", "--json")
    levels = {finding["check"]: finding["level"] for finding in run.json}
    assert levels["Graph"] == levels["Java"] == levels["Neo4j's jars"] == "ok"
    assert run.status == int("fail" in levels.values())


def test_doctor_says_what_to_do_and_fails(cwm: Cwm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWM_HOME", str(tmp_path))
    monkeypatch.setenv("CWM_DISK_FREE", str(2**60))
    run = cwm("doctor", "--json")
    assert run.status == 1
    assert [finding["do"] is not None for finding in run.json if finding["level"] == "fail"] == [True]
