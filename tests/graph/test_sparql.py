"""SPARQL over an export: reading only, within limits, and out of reach of files and the network."""

import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph import sparql
from graph.queries import Param
from graph.sparql.engine import Engine
from graph.sparql.params import typed
from graph.sparql.worker import Iri
from ontology.errors import InvalidInputError, NotFoundError
from tests.conftest import Run

TURTLE = b"""@prefix cwm: <urn:clinical-world-model:world#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<urn:p1> a cwm:Patient ; cwm:key "Patient/p1" ; cwm:HAS_EVENT <urn:o1> , <urn:o2> .
<urn:o1> cwm:key "Observation/o1" ; cwm:type "Observation" ; cwm:value 1.5 ; cwm:start "2020-01-01T08:00:00Z"^^xsd:dateTime .
<urn:o2> cwm:key "Observation/o2" ; cwm:type "Observation" ; cwm:value 2 ; cwm:released true .
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine.of(TURTLE) as found:
        yield found


def test_each_form_of_query_gives_rows(engine: Engine) -> None:
    rows = engine.ask("SELECT ?k ?v { ?o cwm:value ?v ; cwm:key ?k } ORDER BY ?v").rows
    assert rows == [{"k": "Observation/o1", "v": 1.5}, {"k": "Observation/o2", "v": 2}]
    assert engine.ask("ASK { <urn:o2> cwm:released true }").rows == [{"answer": True}]
    made = engine.ask("CONSTRUCT { ?o cwm:about ?p } WHERE { ?p cwm:HAS_EVENT ?o }")
    assert {(r["subject"], r["object"]) for r in made.rows} == {("urn:o1", "urn:p1"), ("urn:o2", "urn:p1")}
    assert len(engine.ask("DESCRIBE <urn:o1>").rows) == 4
    assert engine.ask("SELECT ?x ?y { BIND(1 AS ?x) OPTIONAL { ?z cwm:nothing ?y } }").rows == [
        {"x": 1, "y": None}
    ]


def test_a_query_that_names_its_graphs_is_answered_from_them_alone(tmp_path: Path) -> None:
    data = tmp_path / "two.nq"
    data.write_text('<urn:o1> <urn:v> "1" <urn:2015> .\n<urn:o2> <urn:v> "2" <urn:2020> .\n')
    with Engine(data) as engine:
        ask = "SELECT ?o {} {{ ?o <urn:v> ?v }} ORDER BY ?o"
        assert engine.ask(ask.format("FROM <urn:2015>")).rows == [{"o": "urn:o1"}]
        assert engine.ask(ask.format("FROM <urn:none>")).rows == []
        assert engine.ask(ask.format("FROM NAMED <urn:2015>")).rows == []
        inside = "SELECT ?o FROM NAMED <urn:2015> { GRAPH ?g { ?o <urn:v> ?v } }"
        assert engine.ask(inside).rows == [{"o": "urn:o1"}]
        assert len(engine.ask(ask.format("# FROM <urn:2015>\n")).rows) == 2


def test_a_name_that_looks_like_an_update_is_a_name(engine: Engine) -> None:
    for query in (
        "PREFIX x: <urn:> SELECT * { ?s x:pre-load ?drop }",
        'SELECT * { ?s cwm:key "x"@add }',
        "SELECT (1 AS ?copy) { _:move cwm:key ?create }",
        "PREFIX load: <urn:> ASK { ?s load:clear 'INSERT' . }",
    ):
        engine.ask(query)


def test_rows_are_limited_and_the_answer_says_so(engine: Engine) -> None:
    answer = engine.ask("SELECT * { ?s ?p ?o }", rows=3)
    assert len(answer.rows) == 3
    assert answer.truncated
    assert not engine.ask("SELECT * { ?s cwm:value ?o }", rows=2).truncated


def test_a_parameter_is_a_value_and_never_part_of_the_query(engine: Engine) -> None:
    query = "SELECT ?p { ?p cwm:key $key }"
    assert engine.ask(query, {"key": "Patient/p1"}).rows == [{"p": "urn:p1"}]
    assert engine.ask(query, {"key": '" } UNION { ?p ?a ?b } #'}).rows == []
    assert engine.ask("SELECT (COUNT(*) AS ?n) { $it cwm:value ?v }", {"it": Iri("urn:o1")}).rows == [
        {"n": 1}
    ]
    at = datetime(2020, 1, 1, 9, tzinfo=UTC)
    assert engine.ask("SELECT ?o { ?o cwm:start ?t FILTER (?t < $at) }", {"at": at}).rows == [{"o": "urn:o1"}]


@pytest.mark.parametrize(
    "query",
    [
        "INSERT DATA { <urn:a> <urn:b> 1 }",
        "DROP ALL",
        "LOAD <file:///etc/hostname>",
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { sErViCe SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT { nothing",
    ],
)
def test_what_would_write_or_reach_out_is_refused_and_the_engine_goes_on(engine: Engine, query: str) -> None:
    with pytest.raises(InvalidInputError):
        engine.ask(query)
    assert engine.ask("ASK { ?s ?p ?o }").rows == [{"answer": True}]


def test_no_query_opens_a_connection_however_it_is_written(engine: Engine) -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_POST = do_GET  # noqa: N815

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = f"http://127.0.0.1:{server.server_port}/"
        hidden = f"SELECT * {{ BIND(<{where}> AS ?x) FILTER(1<?b)SERVICE?x#>\n{{ ?s ?p ?o }} }}"
        plain = f"SELECT * {{ SERVICE <{where}> {{ ?s ?p ?o }} }}"
        for query in (hidden, plain):
            engine._pipe.send((query, {}, 10))  # past the check, so that only the process's own limits hold
            reply = engine._receive_any(20)
            assert reply.fault is not None or reply.rows == []
        server.shutdown()
    assert asked == []


def test_a_query_that_takes_too_much_memory_is_ended_and_the_next_is_answered() -> None:
    many = "\n".join(f"<urn:s{i}> <urn:p> {i} ." for i in range(400)).encode()
    with Engine.of(many, memory=128 << 20) as engine:
        with pytest.raises(InvalidInputError, match="more memory than a query may have") as refused:
            engine.ask("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?d ?g", timeout=120)
        assert refused.value.allowed == "128 MiB besides the data"
        assert engine.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").rows == [{"n": 400}]


def test_a_query_that_takes_too_long_is_ended_and_the_next_is_answered() -> None:
    with Engine.of(TURTLE) as engine:
        long = " . ".join(f"?a{i} ?b{i} ?c{i}" for i in range(12))
        with pytest.raises(InvalidInputError, match="took too long"):
            engine.ask(f"SELECT (COUNT(*) AS ?n) {{ {long} }}", timeout=0.5)
        assert engine.ask("ASK { ?s ?p ?o }").rows == [{"answer": True}]


@pytest.mark.parametrize("name", [name for name in sparql.catalogue() if name.startswith("record.")])
def test_a_named_query_is_answered_with_its_columns(engine: Engine, name: str) -> None:
    query = sparql.named(name)
    given = {key: param.example for key, param in query.params.items() if param.example is not None}
    text, params = typed(name, {**dict.fromkeys(query.params), **given})
    assert set(engine.ask(text, params).columns) == set(query.returns)
    assert all(isinstance(param, Param) and param.doc for param in query.params.values())


def test_parameters_are_checked() -> None:
    with pytest.raises(InvalidInputError, match="not the parameters"):
        typed("record.facts", {})
    with pytest.raises(InvalidInputError, match="another type"):
        typed("record.facts", {"patient": 7})
    with pytest.raises(NotFoundError):
        typed("record.nothing", {})


def test_the_command_prints_a_table_json_or_csv(cwm: Any, tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_bytes(TURTLE)
    said = ("graph", "sparql", "--data", str(tmp_path / "a.ttl"), "SELECT ?v { ?o cwm:value ?v } ORDER BY ?v")
    as_json: Run = cwm(*said, "--json")
    assert as_json.json == {"columns": ["v"], "rows": [{"v": 1.5}, {"v": 2}], "truncated": False}
    assert cwm(*said, "--csv").out.split() == ["v", "1.5", "2"]
    assert "1.5" in cwm(*said).out
    assert cwm("graph", "sparql", "--data", str(tmp_path / "none.nq"), "ASK {}").status == 3
    assert "record.facts" in cwm("graph", "sparql", "--list").out
