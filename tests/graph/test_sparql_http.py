"""The SPARQL endpoint, asked over HTTP by real clients: what it answers, and all that it refuses."""

import base64
import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx2
import pytest
import rdflib
from pydantic import SecretStr
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from graph import Settings
from graph.sparql.endpoint import Endpoint, token
from graph.sparql.engine import Engine
from graph.sparql.server import background
from ontology.errors import InvalidInputError
from tests.conftest import Run

TOKEN = "not-a-secret-but-long"
DATA = b"""@prefix cwm: <urn:clinical-world-model:world#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<urn:p:1> a cwm:Patient ; cwm:key "Patient/1" ; cwm:name "A, \\"B\\" <c>"@en ; cwm:value 1.5e0 .
<urn:p:2> a cwm:Patient ; cwm:key "Patient/2" ; cwm:owns [ cwm:value 7 ] .
"""
ALL = "SELECT ?p ?key { ?p a cwm:Patient ; cwm:key ?key } ORDER BY ?key"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with Engine.of(DATA) as engine, background(Endpoint(engine, TOKEN, timeout=20, rows=50)) as address:
        yield address


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as client:
        yield client


def code(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of a refusal, which always has the one shape."""
    error = answer.json()["error"]
    assert set(error) == {"code", "what", "got", "allowed", "do"}
    return answer.status_code, error["code"]


def test_whoever_has_no_token_learns_nothing(address: str) -> None:
    base = address.removesuffix("/sparql")
    wrong = [
        {},
        {"Authorization": "Bearer wrong-token-wrong"},
        {"Authorization": "Basic !"},
        {"Authorization": TOKEN},
    ]
    for headers in wrong:
        for url in (f"{address}?query=ASK%7B%7D", f"{base}/", f"{base}/nothing"):
            answer = httpx2.get(url, headers=headers)
            assert code(answer) == (401, "error")
            assert "Bearer" in answer.headers["www-authenticate"]
    assert httpx2.post(address, content="ASK {}").status_code == 401


def test_a_query_comes_by_get_by_form_and_by_itself(address: str, client: httpx2.Client) -> None:
    said = client.get(address, params={"query": ALL})
    assert said.headers["content-type"] == "application/sparql-results+json"
    assert said.headers["cache-control"] == "no-store"
    assert [row["key"]["value"] for row in said.json()["results"]["bindings"]] == ["Patient/1", "Patient/2"]
    assert client.post(address, data={"query": ALL}).json() == said.json()
    direct = {"Content-Type": "application/sparql-query; charset=utf-8"}
    assert client.post(address, content=ALL, headers=direct).json() == said.json()
    basic = base64.b64encode(f"anyone:{TOKEN}".encode()).decode()
    assert (
        httpx2.get(address, params={"query": ALL}, headers={"Authorization": f"Basic {basic}"}).json()
        == said.json()
    )


def test_answers_come_in_the_format_that_is_asked_for(address: str, client: httpx2.Client) -> None:
    def get(accept: str, query: str = "SELECT ?n ?v ?o { ?p cwm:name ?n ; cwm:value ?v }") -> httpx2.Response:
        return client.get(address, params={"query": query}, headers={"Accept": accept})

    (row,) = get("application/sparql-results+json").json()["results"]["bindings"]
    assert row == {
        "n": {"type": "literal", "value": 'A, "B" <c>', "xml:lang": "en"},
        "v": {"type": "literal", "value": "1.5", "datatype": "http://www.w3.org/2001/XMLSchema#double"},
    }
    assert list(csv.reader(io.StringIO(get("text/csv").text))) == [
        ["n", "v", "o"],
        ['A, "B" <c>', "1.5", ""],
    ]
    assert get("text/tab-separated-values").text.startswith('?n\t?v\t?o\n"A, \\"B\\" <c>"@en\t')
    root = ElementTree.fromstring(get("application/sparql-results+xml").text)  # noqa: S314  # we wrote it
    space = "{http://www.w3.org/2005/sparql-results#}"
    assert [literal.text for literal in root.iter(f"{space}literal")] == ['A, "B" <c>', "1.5"]
    assert get("application/xml;q=0.2, text/csv;q=0.1").headers["content-type"].startswith("application/xml")
    assert get("*/*", "ASK { ?p a cwm:Patient }").json()["boolean"] is True
    assert "<boolean>false</boolean>" in get("application/sparql-results+xml", "ASK { ?p a cwm:Event }").text
    for accept, kind in {"*/*": "turtle", "application/n-triples": "nt", "application/ld+json": "json-ld",
                         "application/rdf+xml": "xml"}.items():  # fmt: skip
        made = get(accept, "CONSTRUCT WHERE { ?s ?p ?o }")
        assert len(rdflib.Graph().parse(data=made.content, format=kind)) == 8, kind
    assert code(get("text/html"))[0] == 406
    assert code(get("text/turtle"))[0] == 406
    assert code(get("text/csv", "ASK {}"))[0] == 406


def test_text_that_xml_finds_hard_comes_back_from_xml(client: httpx2.Client) -> None:
    hard = b'<urn:s> <urn:p> "a\\r\\nb \\u000B < & \xf0\x9f\x99\x82" .'
    with Engine.of(hard) as engine, background(Endpoint(engine, TOKEN)) as own:
        asked = {"query": "SELECT ?o { ?s ?p ?o }"}
        said = client.get(own, params=asked, headers={"Accept": "application/sparql-results+xml"})
    read = rdflib.query.Result.parse(io.BytesIO(said.content), format="xml")
    assert [str(row[rdflib.Variable("o")]) for row in read.bindings] == [
        "a\r\nb \N{REPLACEMENT CHARACTER} < & \N{SLIGHTLY SMILING FACE}"
    ]


def test_a_client_may_ask_for_the_head_alone_and_leave_the_format_open(
    address: str, client: httpx2.Client
) -> None:
    head = client.head(address, params={"query": ALL})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == "application/sparql-results+json"
    assert httpx2.head(address, params={"query": ALL}).status_code == 401
    assert client.get(address, params={"query": ALL}, headers={"Accept": ""}).status_code == 200


def test_a_client_that_others_wrote_reads_it(address: str) -> None:
    store = SPARQLStore(address, auth=("anyone", TOKEN), method="POST")
    found = {
        str(row[0]) for row in store.query("SELECT ?p { ?p a <urn:clinical-world-model:world#Patient> }")
    }
    assert found == {"urn:p:1", "urn:p:2"}


@pytest.mark.parametrize(
    "query",
    [
        "INSERT DATA { <urn:a> <urn:b> 1 }",
        "LOAD <file:///etc/passwd>",
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * FROM <http://127.0.0.1:1/> { ?s ?p ?o } LIMIT",
        "nonsense",
        "",
    ],
)
def test_what_writes_reaches_out_or_is_no_query_is_refused(
    address: str, client: httpx2.Client, query: str
) -> None:
    assert code(client.get(address, params={"query": query})) == (400, "invalid-input")


def test_updates_and_other_requests_are_refused(address: str, client: httpx2.Client) -> None:
    update = "INSERT DATA { <urn:a> <urn:b> 1 }"
    assert code(client.post(address, data={"update": update}))[0] == 403
    kind = {"Content-Type": "application/sparql-update"}
    assert code(client.post(address, content=update, headers=kind))[0] == 403
    assert code(client.post(address, content="x", headers={"Content-Type": "text/plain"}))[0] == 415
    assert code(client.put(address, content="x"))[0] == 405
    assert code(client.get(address))[0] == 400
    assert code(client.get(f"{address}?query=ASK{{}}&query=ASK{{}}"))[0] == 400
    assert code(client.get(f"{address}?query=%FF"))[0] == 400
    assert code(client.get(address.replace("/sparql", "/other")))[0] == 404
    big = {"Content-Type": "application/sparql-query"}
    assert code(client.post(address, content=b"#" * ((1 << 20) + 1), headers=big))[0] == 413
    assert len(client.get(address, params={"query": ALL}).json()["results"]["bindings"]) == 2


def test_graphs_may_be_chosen(address: str, client: httpx2.Client) -> None:
    asked = {"query": "SELECT * { ?s ?p ?o }", "default-graph-uri": "urn:no:such"}
    assert client.get(address, params=asked).json()["results"]["bindings"] == []


def test_a_query_that_takes_too_long_or_gives_too_much_ends_and_the_next_is_answered(
    client: httpx2.Client,
) -> None:
    many = " ".join(f"<urn:s{i}> <urn:p> {i} ." for i in range(60)).encode()
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o . ?q ?r ?s }"
    with Engine.of(many) as engine, background(Endpoint(engine, TOKEN, timeout=5, rows=50)) as address:
        slow = client.get(address, params={"query": endless})
        assert code(slow) == (503, "too-slow")
        assert slow.headers["retry-after"]
        assert code(client.get(address, params={"query": "SELECT * { ?s ?p ?o }"}))[0] == 413
        assert code(client.get(address, params={"query": "CONSTRUCT WHERE { ?s ?p ?o }"}))[0] == 413
        answers: list[int] = []
        one = "SELECT * { ?s ?p ?o } LIMIT 50"
        threads = [
            threading.Thread(
                target=lambda: answers.append(
                    len(client.get(address, params={"query": one}).json()["results"]["bindings"])
                )
            )
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [50] * 6


def test_there_is_no_endpoint_without_a_token(cwm: Callable[..., Run], tmp_path: Path) -> None:
    for said in (None, SecretStr(""), SecretStr("short")):
        with pytest.raises(InvalidInputError, match="CWM_SPARQL_TOKEN"):
            token(Settings(sparql_token=said))
    (tmp_path / "a.ttl").write_bytes(DATA)
    refused = cwm("graph", "endpoint", "--data", str(tmp_path / "a.ttl"))
    assert refused.status == 2
    assert "CWM_SPARQL_TOKEN" in refused.err


def document(lines: Iterator[str]) -> Iterator[str]:
    """The lines of one JSON document."""
    for line in lines:
        yield line
        if "}" in line:
            return


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_bytes(DATA)
    asked = ["graph", "endpoint", "--data", "a.ttl", "--port", "0", "--json"]
    command = [sys.executable, "-c", "from cli.main import run; run()", *asked]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | {"CWM_SPARQL_TOKEN": TOKEN, "PYTHONPATH": root},
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        text = "".join(document(lines))
        address = json.loads(text)["address"]
        answer = httpx2.get(address, params={"query": ALL}, headers={"Authorization": f"Bearer {TOKEN}"})
        assert len(answer.json()["results"]["bindings"]) == 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
