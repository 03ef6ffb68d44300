"""Every competency question has one tested answer, on the small clinic of docs/questions, in Cypher and in SPARQL."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from graph import Graph
from graph.ask import AUDIENCES, ask, checked, question, questions, wilson
from graph.ask_rdf import ask_rdf, twins
from graph.export.rdf_write import export
from graph.ingest import ingest
from graph.loop import fill
from graph.queries import HERE
from graph.sparql.engine import Engine
from ontology.errors import InvalidInputError, NotFoundError
from tests.conftest import Run
from tests.graph import clinic
from tests.graph.made import ndjson

ALL = questions()


def expected(name: str) -> list[dict[str, Any]]:
    """The rows that lie beside the question."""
    return yaml.safe_load((HERE / "ask" / f"{name}.yaml").read_text(encoding="utf-8"))["answer"]


def examples(name: str) -> dict[str, Any]:
    return {key: param.example for key, param in ALL[name].params.items()}


def same(rows: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    """Equal in rows, order and columns; numbers to nine digits, as sums are made in no fixed order; instants as instants."""
    assert len(rows) == len(wanted), rows
    for row, want in zip(rows, wanted, strict=True):
        assert list(row) == list(want)
        for column, value in want.items():
            got = row[column]
            if column in {"made", "index_time"}:
                got, value = datetime.fromisoformat(got), datetime.fromisoformat(value)  # noqa: PLW2901
            assert got == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value), column


@pytest.fixture(scope="module")
def small(_connection: Graph) -> Graph:
    """The clinic, made once for all questions; they only read."""
    _connection.write("admin.clear", batch=5000)
    clinic.build(_connection)
    return _connection


@pytest.fixture(scope="module")
def engine(small: Graph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = tmp_path_factory.mktemp("rdf") / "clinic.nq"
    export(small, path)
    with Engine(path) as running:
        yield running


@pytest.mark.neo4j
@pytest.mark.parametrize("name", ALL)
def test_a_question_has_the_answer_that_lies_beside_it(small: Graph, name: str) -> None:
    answer = ask(small, name, examples(name))
    same(answer.rows, expected(name))
    assert answer.rows, "an example shows something"


@pytest.mark.neo4j
@pytest.mark.parametrize("name", sorted(twins()))
def test_its_twin_in_sparql_gives_the_same_answer(engine: Engine, name: str) -> None:
    same(ask_rdf(engine, name, examples(name)).rows, expected(name))


OTHERS: list[tuple[str, dict[str, Any]]] = [
    *[("readmission_rate", {"days": days}) for days in (0, 15, 400)],
    *[("care_gaps", {"at": at, "days": days}) for at in ("2024-01-05T00:00:00Z", "2024-06-30T00:00:00Z") for days in (1, 60)],
    *[("flagged_unanswered", {"days": days}) for days in (0, 1, 80, 100)],
    *[("predicted_and_observed", {"days": days, "class": "EMER"}) for days in (50, 76, 300)],
    *[("prevalence", {"at": at}) for at in ("2023-01-01T00:00:00Z", "2024-07-01T12:00:00Z")],
    *[("time_to_event", {"at": at, "class": "EMER"}) for at in ("2024-01-10T09:30:00Z", "2024-12-31T00:00:00Z")],
    *[("first_medicine", {"days": days}) for days in (0, 30)],
    *[("known_at", {"patient": f"Patient/{who}", "at": "2024-04-01T12:00:00Z"}) for who in ("bob", "cy", "dan")],
    *[("decision_rounds", {"encounter": f"Encounter/{e}", "at": "2024-02-15T10:00:00Z"}) for e in ("ann-1", "cy-1", "none")],
    *[("open_problems", {"at": at}) for at in ("2024-03-01T00:00:00Z", "2024-03-07T09:00:00Z")],
    *[("active_medications", {"at": at}) for at in ("2024-03-02T00:00:00Z", "2024-07-01T00:00:00Z")],
    *[("who_advised", {"patient": f"Patient/{who}"}) for who in ("bob", "cy", "dan")],
    *[("stale_evidence", {"days": days, "at": "2024-02-10T00:00:00Z"}) for days in (404, 405, 406)],
    *[("cohort_flow", {"at": at}) for at in ("2024-01-10T09:00:00Z", "2024-01-11T08:00:00Z")],
    *[("co_occurrence", {"condition": "http://snomed.info/sct|38341003", "least": n}) for n in (1, 2)],
    *[("incidence", {"from": "2024-01-01T00:00:00Z", "to": to}) for to in ("2024-01-10T09:30:00Z", "2025-01-01T00:00:00Z")],
]  # fmt: skip


@pytest.mark.neo4j
@pytest.mark.parametrize(("name", "other"), OTHERS, ids=lambda value: str(value)[:40])
def test_both_agree_on_other_parameters_too(
    small: Graph, engine: Engine, name: str, other: dict[str, Any]
) -> None:
    params = examples(name) | other
    same(ask_rdf(engine, name, params).rows, ask(small, name, params).rows)


@pytest.mark.neo4j
def test_no_number_of_a_withheld_prediction_is_in_an_answer(small: Graph, engine: Engine) -> None:
    by_bob = {"patient": "Patient/bob"}
    for rows in (ask(small, "who_advised", by_bob).rows, ask_rdf(engine, "who_advised", by_bob).rows):
        assert [(row["probability"], row["low"], row["high"]) for row in rows] == [(None, None, None)]
        assert [f["contribution"] for row in rows for f in row["because"]] == [None]


@pytest.mark.neo4j
def test_a_patient_who_is_not_there_is_said_so_and_a_bare_id_is_taken(
    small: Graph, engine: Engine, cwm: Callable[..., Run]
) -> None:
    for name in [name for name, asked in ALL.items() if "patient" in asked.params]:
        nobody = examples(name) | {"patient": "Patient/nobody"}
        given_ = [part for key, value in nobody.items() for part in ("-p", f"{key}={value}")]
        run = cwm("graph", "ask", name, *given_, "--json")
        assert (run.status, run.json["error"]["what"]) == (3, "No such patient.")
        with pytest.raises(NotFoundError, match="No such patient"):
            ask_rdf(engine, name, nobody)
        bare = examples(name) | {"patient": examples(name)["patient"].removeprefix("Patient/")}
        same(ask(small, name, bare).rows, expected(name))
    before = {"patient": "ann", "at": "1900-01-01T00:00:00Z"}
    assert ask(small, "known_at", before).rows == ask_rdf(engine, "known_at", before).rows == []


def test_there_are_ten_questions_of_each_audience_and_every_one_has_an_answer_and_a_twin() -> None:
    assert {a: sum(q.audience == a for q in ALL.values()) for a in AUDIENCES} == dict.fromkeys(AUDIENCES, 10)
    assert {p.stem for p in (HERE / "ask").glob("*.yaml")} == set(ALL)
    assert twins() == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_question_is_asked_in_words_and_takes_what_its_twin_takes(name: str) -> None:
    from graph import sparql

    chosen, twin = ALL[name], sparql.named(f"ask.{name}")
    assert chosen.summary.endswith("?")
    assert (twin.summary, twin.params, twin.returns) == (chosen.summary, chosen.params, chosen.returns)
    assert chosen.rate == ({"events", "n"} <= set(chosen.returns))
    checked(chosen, examples(name))


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_rate_lies_within_its_interval_and_the_interval_within_0_and_1(case: tuple[int, int]) -> None:
    rate, low, high = wilson(*case)
    assert rate is not None
    assert low is not None
    assert high is not None
    assert 0 <= low <= rate <= high <= 1
    assert low < high


def test_wilsons_interval_is_the_published_one() -> None:
    """Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3: 81/263, 15/148, 0/20, 1/29."""
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for case, interval in published.items():
        assert tuple(round(bound or 0, 4) for bound in wilson(*case)[1:]) == interval


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "needs parameters"),
        ({"patient": "Patient/ann"}, "needs more"),
        ({"patient": "Patient/ann", "at": "soon"}, "of another type"),
        ({"patient": "Patient/ann", "at": "2024-01-10T09:00"}, "of another type"),
        ({"patient": "Patient/ann", "at": "2024-01-10T00:00:00Z", "colour": "red"}, "no such parameter"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_type_and_an_example(params: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        checked(question("known_at"), params)
    assert says in refused.value.what
    assert refused.value.allowed
    assert "cwm graph ask known_at" in str(refused.value.do) or "-p 'at=2024" in str(refused.value.do)


@pytest.mark.parametrize(
    ("given_", "fine"), [("30", True), ("30.5", False), ("many", False), (30, True), (True, False)]
)
def test_days_are_whole_numbers(given_: Any, fine: bool) -> None:
    params = examples("readmission_rate") | {"days": given_}
    if fine:
        assert checked(question("readmission_rate"), params)["days"] == 30
    else:
        with pytest.raises(InvalidInputError, match="INTEGER"):
            checked(question("readmission_rate"), params)


def test_an_unknown_question_is_refused_with_the_list_of_all() -> None:
    with pytest.raises(NotFoundError, match="who_advised"):
        question("the_meaning_of_life")


@pytest.mark.neo4j
def test_the_command_lists_explains_and_answers(
    small: Graph, engine: Engine, cwm: Callable[..., Run], tmp_path: Path
) -> None:
    listed = cwm("graph", "ask", "--json").json
    assert [row["name"] for row in listed] == list(ALL)
    assert {row["audience"] for row in listed} == set(AUDIENCES)
    assert "Safety teams ask" in cwm("graph", "ask").out
    assert "MATCH" in cwm("graph", "ask", "prevalence", "--explain").out

    given_ = [part for key, value in examples("prevalence").items() for part in ("-p", f"{key}={value}")]
    found = cwm("graph", "ask", "prevalence", *given_, "--json").json
    same(found["rows"], expected("prevalence"))
    path = tmp_path / "clinic.ttl"
    export(small, path)
    same(
        cwm("graph", "ask", "prevalence", *given_, "--rdf", str(path), "--json").json["rows"],
        expected("prevalence"),
    )

    missing = cwm("graph", "ask", "prevalence")
    assert missing.status == 2
    assert "condition (STRING)" in missing.err
    assert "Example: cwm graph ask prevalence -p" in missing.err.replace("\n", " ")


@pytest.mark.neo4j
def test_what_is_corrected_later_is_no_new_fact_in_any_answer(graph: Graph, tmp_path: Path) -> None:
    """Every fact and encounter comes again years later with something else in it that no question asks for."""
    clinic.build(graph)
    lines = map(json.loads, clinic.FILE.read_text(encoding="utf-8").splitlines())
    later = {"meta": {"lastUpdated": "2030-01-01T00:00:00Z"}, "language": "de"}
    facts = [r | later for r in lines if not {"Patient", "Medication"} & {r["resourceType"]}]
    report = ingest(graph, [ndjson(tmp_path / "later.ndjson", facts)])
    assert (report.set_aside, report.written) == (0, len(facts))
    assert len(graph.read("patient.corrections", patient="Patient/ann")) > 4
    fill(graph)
    export(graph, tmp_path / "all.nq")
    for name in ALL:
        same(ask(graph, name, examples(name)).rows, expected(name))
    with Engine(tmp_path / "all.nq") as engine:
        for name in set(twins()) - {name for name, asked in ALL.items() if "at" in asked.params}:
            same(ask_rdf(engine, name, examples(name)).rows, expected(name))


@pytest.mark.neo4j
def test_what_is_deleted_later_changes_no_answer_as_of_before(graph: Graph, tmp_path: Path) -> None:
    # The last two tests here empty the graph that the others share.
    clinic.build(graph)
    lines = clinic.FILE.read_text(encoding="utf-8").splitlines()
    keys = [f"{r['resourceType']}/{r['id']}" for r in map(json.loads, lines)]
    gone = [{"request": {"method": "DELETE", "url": key}} for key in keys]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": gone}
    (tmp_path / "gone.json").write_text(json.dumps(bundle), encoding="utf-8")
    assert ingest(graph, [tmp_path / "gone.json"]).deleted == len(keys)
    for name, asked in ALL.items():
        if "at" in asked.params:
            same(ask(graph, name, examples(name)).rows, expected(name))


@pytest.mark.neo4j
def test_who_has_died_is_counted_as_long_as_alive(graph: Graph, tmp_path: Path) -> None:
    """Ann and Bob, who have diabetes, and Cy, who has not, die on the 1st of April: in the middle of what is asked."""
    clinic.build(graph)
    lines = map(json.loads, clinic.FILE.read_text(encoding="utf-8").splitlines())
    people = [r for r in lines if r["resourceType"] == "Patient" and r["id"] in {"ann", "bob", "cy"}]
    died = {"deceasedDateTime": "2024-04-01T12:00:00Z", "meta": {"lastUpdated": "2024-04-02T00:00:00Z"}}
    ingest(graph, [ndjson(tmp_path / "died.ndjson", [person | died for person in people])])
    export(graph, tmp_path / "all.nq")

    def answer(name: str, **other: Any) -> list[dict[str, Any]]:
        params = examples(name) | other
        rows = ask(graph, name, params).rows
        with Engine(tmp_path / "all.nq") as engine:
            same(ask_rdf(engine, name, params).rows, rows)
        return rows

    early, late = "2024-03-31T00:00:00Z", "2024-12-31T00:00:00Z"
    assert [sum(row["n"] for row in answer("prevalence", at=at)) for at in (early, late)] == [4, 1]
    since = [
        answer("incidence", **{"from": day, "to": late})[0]["n"] for day in (early, "2024-04-02T00:00:00Z")
    ]
    assert since == [2, 1]  # Cy and Dan, who fell ill later; Dan
    lacking = [{row["patient"] for row in answer("care_gaps", at=at, days=1)} for at in (early, late)]
    assert lacking == [{"Patient/ann", "Patient/bob"}, {"Patient/dan"}]
    stops = {
        row["patient"]: (row["stop"], row["event"])
        for row in answer("time_to_event", at=late, **{"class": "NONE"})
    }
    gone, last = ((at.replace("Z", "+00:00"), False) for at in ("2024-04-01T12:00:00Z", late))
    assert stops == {"Patient/ann": gone, "Patient/bob": gone, "Patient/dan": last}
