"""A cohort is a definition, an instant and who meets it: counted step by step, saved once, and blind to what comes later."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from graph import Graph, cohort_store
from graph.cohort import Cohort, evaluate
from graph.cohorts import Definition, read, registry
from graph.ingest import ingest
from graph.journey import journey
from ontology.errors import InvalidInputError, NotFoundError
from tests.conftest import Run
from tests.data import demo_slice, write_ndjson
from tests.graph.made import encounter, ndjson, observation, patient

Resource = dict[str, Any]
A1C, SYS = "http://loinc.org|4548-4", "http://loinc.org|8480-6"
DAY = datetime(2020, 1, 1, 12, tzinfo=UTC)


def coded(code: str) -> Resource:
    system, _, bare = code.rpartition("|")
    return {"coding": [{"system": system, "code": bare}]}


def result(
    id_: str, of: str, value: float, day: int = 0, unit: str = "%", code: str = A1C, **more: Any
) -> Resource:
    when = (DAY + timedelta(days=day)).isoformat()
    quantity = {"value": value, "unit": unit}
    return observation(
        id_, f"Patient/{of}", code=coded(code), effectiveDateTime=when, valueQuantity=quantity, **more
    )


def condition(id_: str, of: str, code: str, recorded: str = "2019-06-01T00:00:00Z", **more: Any) -> Resource:
    subject = {"subject": {"reference": f"Patient/{of}"}, "recordedDate": recorded}
    return {"resourceType": "Condition", "id": id_, "code": coded(code), **subject, **more}


def define(**parts: Any) -> Definition:
    index = {"fact": {"codes": [A1C], "value": {"at_least": 6.5, "unit": "%"}}}
    return Definition.model_validate(
        {"name": "made", "version": 1, "summary": "Made.", "index": index} | parts
    )


def load(graph: Graph, folder: Path, *resources: Resource) -> None:
    report = ingest(graph, [ndjson(folder / f"{len(list(folder.iterdir()))}.ndjson", resources)])
    assert report.set_aside == 0


def who(found: Cohort) -> list[str]:
    return [key.removeprefix("Patient/") for key, _ in found.members]


@pytest.mark.neo4j
def test_a_corrected_value_counts_from_its_correction_on_and_the_old_one_before(
    graph: Graph, tmp_path: Path
) -> None:
    """A result of 7 was 9 for ten days; another was entered in error, which was found as late."""
    first, later = ({"meta": {"lastUpdated": (DAY + timedelta(days=d)).isoformat()}} for d in (0, 10))
    load(graph, tmp_path, patient("a"), patient("b"), result("a1", "a", 9.0, **first), result("a1", "a", 7.0, **later),
         result("b1", "b", 9.0, **first), result("b1", "b", 9.0, status="entered-in-error", **later))  # fmt: skip
    high = {"codes": [A1C], "value": {"at_least": 8}}

    def members(day: int, *, known: bool = True, at: datetime | None = None) -> list[str]:
        index = {"at": (DAY + timedelta(days=day)).isoformat()}
        return who(
            evaluate(graph, define(index=index, include=[{"name": "high", "fact": high, "known": known}]), at)
        )

    assert (members(5), members(11)) == (["a", "b"], [])
    assert (members(5, known=False), members(5, known=False, at=DAY + timedelta(days=6))) == ([], ["a", "b"])
    by_knowledge = evaluate(graph, define(index={"fact": high}))
    assert by_knowledge.members == tuple((f"Patient/{p}", DAY) for p in "ab")
    assert who(evaluate(graph, define(index={"fact": high, "clock": "start"}))) == []


RECORD = [
    patient("a", birthDate="1950-01-02", gender="male"),
    result("a1", "a", 6.4, -20), result("a2", "a", 7.0), result("a3", "a", 8.0, 30),
    patient("b", birthDate="2010", deceasedDateTime="2019-12-01"), result("b1", "b", 9.0),
    patient("c"), result("c1", "c", 53, unit="mmol/mol"),
    patient("d", birthDate="1990"), result("d1", "d", 6.5),
    condition("d2", "d", "urn:x|child"), condition("a4", "a", "urn:x|top", "2020-01-02T00:00:00Z"),
    encounter("d3", "Patient/d", "2019-12-30T08:00:00Z", **{"class": {"code": "IMP"}}),
]  # fmt: skip


@pytest.fixture
def record(graph: Graph, tmp_path: Path) -> Graph:
    load(graph, tmp_path, *RECORD)
    return graph


@pytest.mark.neo4j
def test_the_index_is_the_first_result_that_meets_the_range_in_its_unit(record: Graph) -> None:
    found = evaluate(record, define())
    assert dict(found.members) == dict.fromkeys(("Patient/a", "Patient/b", "Patient/d"), DAY)
    assert [(s.step, s.removed, s.left, s.other_units) for s in found.flow] == [
        ("start", 0, 4, 0),
        ("index", 1, 3, 1),
    ]


IN_HOSPITAL = {"types": ["Encounter"], "classes": ["IMP"]}
RULES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "age": ({"age": {"at_least": 18, "at_most": 69}}, ["a", "d"]),
    "completed years": ({"age": {"at_least": 70}}, []),
    "gender": ({"gender": ["male"]}, ["a"]),
    "alive": ({"alive": True}, ["a", "d"]),
    "code known at the index": ({"fact": {"codes": ["urn:x|top"]}}, []),
    "code known later": ({"fact": {"codes": ["urn:x|top"]}, "known": False, "window": [None, 9]}, ["a"]),
    "hierarchy": ({"fact": {"under": ["urn:x|top"]}}, ["d"]),
    "encounter": ({"fact": IN_HOSPITAL, "window": [-7, 0]}, ["d"]),
    "window": ({"fact": IN_HOSPITAL, "window": [-1, 0]}, []),
    "often enough": ({"fact": {"codes": [A1C]}, "times": 2}, ["a"]),
    "after the index": ({"fact": {"codes": [A1C], "value": {"above": 7}}, "known": False, "window": [1, 30]}, ["a"]),
    "observed": ({"observed": {"before": 20, "after": 30}}, ["a"]),
    "one of several": ({"any": [{"name": "x", "gender": ["male"]}, {"name": "y", "fact": IN_HOSPITAL}]}, ["a", "d"]),
}  # fmt: skip


@pytest.mark.neo4j
def test_each_rule_keeps_and_drops_whom_it_says(record: Graph) -> None:
    with record.driver.session(database=record.database) as session:
        session.run(
            "MERGE (t:Concept {key: 'urn:x|top'}) MERGE (c:Concept {key: 'urn:x|child'}) MERGE (c)-[:IS_A]->(t)"
        )
    everyone = who(evaluate(record, define()))
    for name, (rule, kept) in RULES.items():
        inside = evaluate(record, define(include=[{"name": name} | rule]))
        outside = evaluate(record, define(exclude=[{"name": name} | rule]))
        assert (who(inside), who(outside)) == (kept, [p for p in everyone if p not in kept]), name
        assert inside.flow[-1].removed + inside.flow[-1].left == len(everyone)


@pytest.mark.neo4j
def test_a_component_counts_by_its_own_value(graph: Graph, tmp_path: Path) -> None:
    parts = [{"code": coded(SYS), "valueQuantity": {"value": 150, "unit": "mm[Hg]"}},
             {"code": coded("http://loinc.org|8462-4"), "valueQuantity": {"value": 160, "unit": "mm[Hg]"}}]  # fmt: skip
    load(
        graph, tmp_path, patient(), observation("bp", code=coded("http://loinc.org|85354-9"), component=parts)
    )
    high = {"codes": [SYS], "value": {"at_least": 140, "unit": "mm[Hg]"}}
    assert who(evaluate(graph, define(index={"fact": high}))) == ["p1"]
    assert who(evaluate(graph, define(index={"fact": high | {"value": {"above": 150}}}))) == []


@pytest.mark.neo4j
def test_what_was_entered_in_error_does_not_count_unless_it_is_asked_for(
    graph: Graph, tmp_path: Path
) -> None:
    wrong = {"coding": [{"system": "urn:v", "code": "entered-in-error"}]}
    load(
        graph, tmp_path, *(patient(id_) for id_ in "abcd"),
        condition("a1", "a", "urn:x|top", verificationStatus=wrong), condition("b1", "b", "urn:x|top"),
        result("c1", "c", 7.0, status="entered-in-error"), result("d1", "d", 7.0),
    )  # fmt: skip
    later = datetime(2020, 6, 1, tzinfo=UTC)
    for at in (None, later):
        assert who(evaluate(graph, define(index={"fact": {"codes": ["urn:x|top"]}}), at)) == ["b"]
        assert who(evaluate(graph, define(index={"fact": {"types": ["Condition"]}}), at)) == ["b"]
        assert who(evaluate(graph, define(), at)) == ["d"]
    asked = {"codes": [A1C], "status": ["entered-in-error"]}
    assert who(evaluate(graph, define(index={"fact": asked}))) == ["c"]
    free = {"index": {"at": "2030-01-01T00:00:00Z"}}
    both = [{"name": "right", "fact": {"codes": [A1C]}}, {"name": "wrong", "fact": asked}]
    assert who(evaluate(graph, define(**free, include=[{"name": "any", "any": both}]))) == ["c", "d"]


@pytest.mark.neo4j
def test_a_diagnosis_that_was_refuted_does_not_count_unless_it_is_asked_for(
    graph: Graph, tmp_path: Path
) -> None:
    words = {"a": "refuted", "b": "confirmed", "c": "entered-in-error"}
    coded_ = {who: {"verificationStatus": {"coding": [{"code": word}]}} for who, word in words.items()}
    made = (condition(who, who, "urn:x|top", **more) for who, more in coded_.items())
    load(graph, tmp_path, *(patient(id_) for id_ in words), *made)
    for at in (None, datetime(2020, 6, 1, tzinfo=UTC)):
        assert who(evaluate(graph, define(index={"fact": {"codes": ["urn:x|top"]}}), at)) == ["b"]
        for one, word in (("a", "refuted"), ("c", "entered-in-error")):
            asked = {"types": ["Condition"], "status": [word]}
            assert who(evaluate(graph, define(index={"fact": asked}), at)) == [one]


def test_an_error_that_ends_a_matter_counts_from_its_end_as_the_journey_shows_it(
    graph: Graph, tmp_path: Path
) -> None:
    done = {"performedPeriod": {"start": "2020-01-01T08:00:00Z", "end": "2020-01-03T08:00:00Z"}}
    who_ = {"subject": {"reference": "Patient/a"}, "code": coded("urn:x|knee")}
    procedure = {"resourceType": "Procedure", "id": "k", "status": "entered-in-error"} | who_ | done
    load(graph, tmp_path, patient("a"), procedure)
    knee = define(index={"fact": {"codes": ["urn:x|knee"]}})
    for day, status, members in ((2, None, ["a"]), (4, "entered-in-error", [])):
        at = datetime(2020, 1, day, 12, tzinfo=UTC)
        assert [fact["status"] for fact in journey(graph, "a", at).facts] == [status]
        assert who(evaluate(graph, knee, at)) == members
    assert who(evaluate(graph, knee)) == []


def test_a_medicine_named_by_reference_is_found_by_its_code(graph: Graph, tmp_path: Path) -> None:
    order = {"resourceType": "MedicationRequest", "id": "o", "subject": {"reference": "Patient/p1"},
             "authoredOn": "2020-01-01T00:00:00Z", "medicationReference": {"reference": "Medication/m"}}  # fmt: skip
    load(
        graph,
        tmp_path,
        patient(),
        order,
        {"resourceType": "Medication", "id": "m", "code": coded("urn:rx|9")},
    )
    assert who(evaluate(graph, define(index={"fact": {"codes": ["urn:rx|9"]}}))) == ["p1"]


@pytest.mark.neo4j
@settings(
    max_examples=2,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(1, 400), st.floats(5, 12)), min_size=1, max_size=6
    )
)
def test_what_becomes_known_later_changes_neither_members_nor_flow_nor_digest(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, later: list[tuple[str, int, float]]
) -> None:
    folder, at = tmp_path_factory.mktemp("later"), DAY + timedelta(days=31)
    graph.write("admin.clear", batch=5000)
    load(graph, folder, *RECORD)
    rules = define(
        include=[{"name": "adult", "age": {"at_least": 18}}, {"name": "seen", "observed": {"before": 0}}],
        exclude=[
            {"name": "dead", "alive": False},
            {"name": "sick", "fact": {"under": ["urn:x|top"]}, "known": False, "window": [None, None]},
        ],
    )  # fmt: skip
    before = evaluate(graph, rules, at)
    news = [
        result(f"n{i}", of, value, -40, issued=(at + timedelta(hours=hours)).isoformat())
        for i, (of, hours, value) in enumerate(later)
    ]
    load(graph, folder, *news, condition("n", "d", "urn:x|top", (at + timedelta(days=1)).isoformat()))
    assert evaluate(graph, rules, at) == before
    assert evaluate(graph, rules, at).digest == before.digest


@pytest.mark.neo4j
def test_a_cohort_is_saved_once_and_its_version_never_changes(record: Graph, tmp_path: Path) -> None:
    first = cohort_store.make(record, define())
    assert cohort_store.make(record, define(summary="Other words.")) == first
    with pytest.raises(InvalidInputError, match="next version"):
        cohort_store.make(record, define(include=[{"name": "men", "gender": ["male"]}]))
    load(record, tmp_path, patient("e"), result("e1", "e", 7))
    grown = cohort_store.make(record, define())
    assert (first.size, grown.size, grown.digest != first.digest) == (3, 4, True)
    assert cohort_store.load(record, "made@1") == grown
    assert cohort_store.load(record, first.id) == first
    assert cohort_store.members(record, first)["patient"].to_list() == ["Patient/a", "Patient/b", "Patient/d"]
    with pytest.raises(NotFoundError):
        cohort_store.load(record, "made@2")


@pytest.mark.neo4j
def test_the_same_files_give_the_same_digest_on_another_graph(record: Graph, tmp_path: Path) -> None:
    digest = evaluate(record, define()).digest
    record.write("admin.clear", batch=5000)
    load(record, tmp_path, *RECORD[::-1])
    assert evaluate(record, define()).digest == digest


@pytest.mark.neo4j
def test_the_command_makes_shows_and_exports(record: Graph, cwm: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        yaml.safe_dump(
            define(exclude=[{"name": "dead", "alive": False}]).model_dump(mode="json", exclude_defaults=True)
        )
    )
    dry: Run = cwm("cohort", "make", str(file), "--dry", "--json")
    assert (dry.json["size"], cwm("cohort", "list", "--json").json["saved"]) == (2, [])
    made = cwm("cohort", "make", str(file), "--json").json
    assert made["digest"] == dry.json["digest"]
    assert "exclude: dead" in cwm("cohort", "show", "made").out
    assert [m["patient"] for m in cwm("cohort", "members", "made", "--json").json["members"]] == [
        "Patient/a",
        "Patient/d",
    ]
    assert cwm("cohort", "export", "made", str(tmp_path / "m.csv")).status == 0
    with (tmp_path / "m.csv").open() as lines:
        assert [row["age"] for row in csv.DictReader(lines)] == ["69", "30"]
    assert cwm("cohort", "export", "made", str(tmp_path / "m.json")).status == 0
    assert json.loads((tmp_path / "m.json").read_text())["cohort"]["digest"] == made["digest"]
    assert cwm("cohort", "export", "made", str(tmp_path / "m.csv")).status == 2
    assert cwm("cohort", "make", "nothing").status == 3


WRONG = {
    "no index": {"index": {}},
    "two kinds in one rule": {"include": [{"name": "x", "age": {"at_least": 1}, "gender": ["male"]}]},
    "a code without its system": {"include": [{"name": "x", "fact": {"codes": ["4548-4"]}}]},
    "a window that ends before it begins": {
        "include": [{"name": "x", "fact": {"types": ["Encounter"]}, "window": [1, 0]}]
    },
    "a word that is not known": {"includes": []},
}


@pytest.mark.parametrize("parts", WRONG.values(), ids=WRONG.keys())
def test_a_definition_that_cannot_be_meant_is_refused(tmp_path: Path, parts: dict[str, Any]) -> None:
    file = tmp_path / "x.yaml"
    base = {"name": "x", "version": 1, "summary": "x", "index": {"fact": {"types": ["Encounter"]}}}
    file.write_text(yaml.safe_dump(base | parts))
    with pytest.raises(InvalidInputError, match="not well formed"):
        read(file)


CROSSED = "a lower bound ({}) that is below the upper ({})"
IMPOSSIBLE = {
    "gender": ({"gender": ["frau"]}, "frau", "'male', 'female', 'other' or 'unknown'"),
    "type": ({"fact": {"types": ["Encuonter"]}}, "Encuonter", "a type of R4, R4B or R5, as Encounter"),
    "age": (
        {"age": {"at_least": 80, "at_most": 10}},
        "at_least 80, at_most 10",
        CROSSED.format("at_least", "at_most"),
    ),
    "value": (
        {"fact": {"codes": [A1C], "value": {"above": 7, "below": 6.5}}},
        "above 7, below 6.5",
        CROSSED.format("above", "below"),
    ),
    "touching": (
        {"fact": {"codes": [A1C], "value": {"at_least": 7, "below": 7}}},
        "at_least 7, below 7",
        CROSSED.format("at_least", "below"),
    ),
}


@pytest.mark.parametrize(("rule", "got", "allowed"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_nobody_can_have_is_refused_with_what_is_allowed(
    tmp_path: Path, rule: dict[str, Any], got: str, allowed: str
) -> None:
    file = tmp_path / "x.yaml"
    index = {"fact": {"types": ["Encounter"]}}
    whole = {"name": "x", "version": 1, "summary": "x", "index": index, "include": [{"name": "y"} | rule]}
    file.write_text(yaml.safe_dump(whole))
    with pytest.raises(InvalidInputError, match=r"not well formed at include\.0") as refused:
        read(file)
    assert (str(refused.value.got), refused.value.allowed) == (got, allowed)


def test_a_type_that_is_nearly_written_right_is_named() -> None:
    with pytest.raises(ValueError, match="no such FHIR type: Encuonter"):
        define(index={"fact": {"types": ["Encuonter"]}})
    exact = {"fact": {"codes": [A1C], "value": {"at_least": 7, "at_most": 7}}}
    assert define(index=exact).index.fact is not None


@pytest.mark.parametrize("name", registry())
def test_a_definition_says_what_it_is_and_is_in_the_file_of_its_name(name: str) -> None:
    found = registry()[name]
    assert found.summary.endswith(".")
    assert len({rule.name for rule in (*found.include, *found.exclude)}) == len(found.include) + len(
        found.exclude
    )


@pytest.mark.neo4j
def test_every_definition_runs_on_the_demo_and_its_flow_adds_up(graph: Graph, tmp_path: Path) -> None:
    ingest(graph, [write_ndjson(tmp_path, demo_slice(2))])
    for definition in registry().values():
        found = evaluate(graph, definition)
        lefts = [step.left for step in found.flow]
        assert lefts[0] == 2
        assert all(a - step.removed == step.left for a, step in zip(lefts, found.flow[1:], strict=False))
        assert len(found.members) == lefts[-1]
