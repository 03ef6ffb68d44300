"""From a graph to a gated prediction: on a real Neo4j, with small journeys that went in as FHIR."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from graph.connection import Graph
from ontology.errors import InvalidInputError, NotFoundError
from skillmix.evidence import evidence
from tests.twin import journeys
from twin import service, store
from twin.prediction import LABELS, Prediction, find, predictions

TASK = "icu-mortality-48h"
START = datetime(2020, 3, 1, 8, tzinfo=UTC)
QUICK = ("patients-like-this",)
"""Left out: the embedding has tests of its own, and costs more than all the rest."""


def stays(n: int = 60) -> list[journeys.Resource]:
    """``n`` ICU stays in which a high heart rate and a low coma score go with death in hospital."""
    rng = np.random.default_rng(7)
    made: list[journeys.Resource] = []
    for i in range(n):
        name, start = f"s{i:03d}", START + timedelta(days=i)
        risk = rng.normal()
        died = bool(risk + 0.7 * rng.normal() > 0.6)
        made.append(
            journeys.patient(
                name, birth=str(1930 + int(rng.integers(0, 50))), gender=("female", "male")[i % 2]
            )
        )
        made.append(
            journeys.encounter(
                f"e{name}",
                name,
                start,
                start + timedelta(days=6),
                kind="ACUTE",
                disposition="exp" if died else "oth",
            )
        )
        for j, (code, value, unit) in enumerate(
            [
                ("8867-4", 90 + 20 * risk, "/min"),
                ("9269-2", float(np.clip(round(11 - 2.5 * risk), 3, 15)), "{score}"),
            ]
        ):
            for hour in (3, 30):
                at = start + timedelta(hours=hour)
                made.append(
                    journeys.observation(
                        f"o{name}-{j}-{hour}", name, at, f"http://loinc.org|{code}", round(value, 1), unit
                    )
                )
    return made


@pytest.fixture
def icu(graph: Graph, tmp_path: Path) -> Graph:
    journeys.take_in(graph, tmp_path, stays())
    return graph


def test_a_patient_is_scored_explained_gated_and_written_once(icu: Graph) -> None:
    cards = service.train(icu, TASK, without=QUICK)
    assert set(cards) == {"twin", "score"}
    first = service.predict(icu, TASK, "Patient/s010")
    assert first.index_time == START + timedelta(days=10, hours=48)
    assert first.low <= first.probability <= first.high
    assert set(first.set) <= set(LABELS)
    assert set(first.members) == {"clinical-score", "gradient-boosting", "penalised-logistic"}
    assert first.base + sum(c.contribution for c in first.contributions) == pytest.approx(first.logit)
    assert first.because
    assert {f.key for f in first.because} >= {"Observation/os010-0-30", "Observation/os010-1-30"}
    assert first.population == "real"
    again = service.predict(icu, TASK, "Patient/s010")
    assert again == first
    assert [p.id for p in predictions(icu, "Patient/s010")] == [first.id]
    assert find(icu, first.id[:10]) == first


def test_the_facts_of_a_group_share_its_contribution(icu: Graph) -> None:
    service.train(icu, TASK, without=QUICK)
    made = service.predict(icu, TASK, "Patient/s003")
    heart = next(c for c in made.contributions if c.group == "heart_rate")
    edges = [f.contribution for f in made.because if f.feature.startswith("heart_rate")]
    assert sum(edges) == pytest.approx(heart.contribution)


def test_an_output_without_a_coordinate_is_withheld_and_its_number_kept_for_safety_teams(icu: Graph) -> None:
    service.train(icu, TASK, without=QUICK)
    made = service.predict(icu, TASK, "Patient/s004")
    assert (made.released, made.authority, made.coordinate) == (False, None, None)
    assert made.reasons[0].startswith("Withheld: the data do not tell condition")
    assert made.sentence.startswith("Withheld.")
    masked = made.masked()
    assert masked["probability"] is masked["members"] is masked["contributions"] is None
    assert f"{made.probability:.6f}" not in json.dumps(masked)
    assert find(icu, made.id).probability == made.probability


def test_a_moment_that_the_task_does_not_describe_is_withheld_and_says_why(icu: Graph) -> None:
    service.train(icu, TASK, without=QUICK)
    scored = service.forecast(icu, TASK, "Patient/s004", START + timedelta(days=4, hours=1))
    assert not scored.ruling.released
    assert not scored.data.rows["fits"][0]


def test_a_prediction_as_of_an_earlier_moment_sees_nothing_later(icu: Graph) -> None:
    service.train(icu, TASK, without=QUICK)
    early = service.predict(icu, TASK, "Patient/s005", START + timedelta(days=5, hours=10))
    assert {f.key for f in early.because} <= {"Observation/os005-0-3", "Observation/os005-1-3"}


def test_evaluating_writes_evidence_by_code_for_both_agents(icu: Graph) -> None:
    reports = service.evaluate(icu, TASK, folds=3, without=QUICK)
    cards = service.train(icu, TASK, without=QUICK)
    for role, report in reports.items():
        assert report.version == cards[role].version
        task = service.task_named(TASK)
        made = service.agents.agent(task, role, report.version, service.names(task, role, QUICK))
        shown = {e.statistic: e for e in evidence(icu, made.key)}
        auroc = report.models[0].statistics["auroc"]
        assert shown["auroc"].value == auroc.value
        assert (shown["auroc"].low, shown["auroc"].high) == (auroc.low, auroc.high)
        assert shown["auroc"].population == "real: PhysioNet/CinC Challenge 2012, set A"
        assert shown["auroc"].cells.unknown == ("condition",)
        assert store.report(icu.settings, TASK, role) == report
    told = service.explain(icu, service.predict(icu, TASK, "Patient/s006").id)
    assert {"auroc", "calibration-slope", "coverage"} <= {e["statistic"] for e in told["evidence"]}


def test_training_again_on_the_same_data_makes_no_work(icu: Graph) -> None:
    first = service.train(icu, TASK, without=QUICK)
    said: list[str] = []
    second = service.train(
        icu, TASK, without=QUICK, progress=lambda _d, _t=None, what=None: said.append(str(what))
    )
    assert second == first
    assert not any("training" in line for line in said)


def test_a_changed_model_file_is_not_opened(icu: Graph) -> None:
    card = service.train(icu, TASK, without=QUICK)["twin"]
    path = store.folder(icu.settings, TASK) / card.version / store.MODEL
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(InvalidInputError, match="does not match its card"):
        store.load(icu.settings, TASK)


def test_what_cannot_be_predicted_says_why(icu: Graph) -> None:
    with pytest.raises(NotFoundError, match="No such task"):
        service.predict(icu, "icu-mortality", "Patient/s001")
    service.train(icu, TASK, without=QUICK)
    with pytest.raises(NotFoundError, match="No such patient"):
        service.predict(icu, TASK, "Patient/nobody")
    with pytest.raises(NotFoundError, match="No such prediction"):
        service.explain(icu, "0000")


def test_a_task_that_was_not_trained_says_how_to_train_it(icu: Graph) -> None:
    shutil.rmtree(store.folder(icu.settings, "admission-365d"), ignore_errors=True)  # of other tests
    with pytest.raises(NotFoundError, match="cwm twin train admission-365d"):
        service.predict(icu, "admission-365d", "Patient/s001")


def test_a_prediction_survives_its_node() -> None:
    made = Prediction(
        id="x", task=TASK, role="twin", model="1", agent="a@1", patient="Patient/1", encounter=None, coordinate=None,
        index_time=START, made=START, inputs="h", probability=0.2, low=0.1, high=0.3, set=["no"],
        confidence=0.9, disagreement=0.05, members={"m": 0.2}, missing=[],
        logit=-1.4, base=-1.8, contributions=[], neighbours=[], authority="augmentation",
        released=True, reasons=["Released."], verdict="validated", verdict_hash="v", population="synthetic",
    )  # fmt: skip
    assert made.sentence == "20% (10% to 30%), for augmentation; set at 90%: no."
    assert json.loads(made.node()["members"]) == {"m": 0.2}
    assert made.masked()["probability"] == 0.2
