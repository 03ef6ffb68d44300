"""`cwm skillmix` as a person and a script use it."""

from collections.abc import Callable
from typing import Any

import pytest

from graph import Graph
from skillmix.claim import Claim, declare
from skillmix.coordinate import Cells
from tests.skillmix.examples import HERE, TWIN, enough

WORKED = "i25/treatment-planning/emergency-room/cardiology/patient-counseling/augmentation/provider/input"


def test_a_coordinate_is_shown_from_its_text_and_from_its_index(cwm: Callable[..., Any]) -> None:
    by_text = cwm("skillmix", "coordinate", WORKED, "--json").json
    by_index = cwm("skillmix", "coordinate", str(by_text["index"]), "--json").json
    assert by_text == by_index
    assert by_text["text"] == WORKED
    assert by_text["sentence"].startswith("AI competency to augment cardiologists' input layer")


def test_values_are_searched_and_dimensions_listed(cwm: Callable[..., Any]) -> None:
    found = cwm("skillmix", "coordinate", "--search", "chest", "--json").json
    assert ("condition", "r07") in [(v["dimension"], v["code"]) for v in found]
    listed = cwm("skillmix", "coordinate", "--json").json
    assert listed["coordinates"] == 67_504_639_104
    assert len(listed["dimensions"]) == 8


@pytest.mark.parametrize(
    "arguments",
    [
        ("coordinate", "i25/ward"),
        ("coordinate", WORKED.replace("i25", "i250")),
        ("coordinate", "--search", "x", "--dimension", "weather"),
        ("coordinate", WORKED, "--search", "x"),
        ("verdict", "twin", WORKED, "--population", "synthetic", "--at", "2026-04-01T10:00"),
        ("coverage", "--population", "imaginary"),
    ],
)
def test_bad_usage_ends_with_status_2_and_says_what_is_allowed(
    cwm: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    run = cwm("skillmix", *arguments, "--json")
    assert run.status == 2
    assert run.json["error"]["code"] == "invalid-input"


@pytest.mark.neo4j
def test_agents_evidence_verdict_and_coverage_of_a_validated_agent(
    graph: Graph, cwm: Callable[..., Any]
) -> None:
    ids = enough(graph)
    declare(
        graph, Claim(agent=TWIN.key, cells=Cells.of(HERE), population="synthetic", intended="Flag patients.")
    )
    [agent] = cwm("skillmix", "agents", "--json").json
    assert (agent["key"], agent["claims"], agent["evidence"], agent["cases"]) == (TWIN.key, 1, 4, 0)
    assert {e["id"] for e in cwm("skillmix", "evidence", "twin", "--json").json} == set(ids)

    at = ("--at", "2026-04-01T12:00:00Z")
    good = cwm("skillmix", "verdict", "twin", HERE.text, "--population", "synthetic", *at, "--json")
    assert (good.status, good.json["status"], good.json["coordinate"]) == (0, "validated", HERE.text)
    held = cwm("skillmix", "verdict", "twin", HERE.text, "--population", "real", *at, "--json")
    assert (held.status, held.json["status"]) == (1, "insufficient")

    [cover] = cwm("skillmix", "coverage", "--population", "synthetic", *at, "--json").json
    assert (cover["claimed"], cover["validated"], cover["share"]) == (1, [HERE.text], 1.0)


@pytest.mark.neo4j
def test_people_read_the_same_as_scripts(
    graph: Graph, cwm: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    from cli import output

    enough(graph)
    monkeypatch.setattr(
        output, "out", Console(width=160)
    )  # writes to the standard output that the fixture keeps
    at = ("--at", "2026-04-01T12:00:00Z")
    shown = cwm("skillmix", "verdict", "twin", HERE.text, "-p", "real", *at).out
    assert "insufficient for real" in shown
    assert "another population" in shown
    assert TWIN.key in cwm("skillmix", "agents").out
    assert "0.660 to 0.820" in cwm("skillmix", "evidence", "twin").out
    assert "0 of 0 claimed" in cwm("skillmix", "coverage", "-p", "synthetic", *at).out


@pytest.mark.neo4j
def test_an_agent_that_is_not_there_ends_with_status_3(graph: Graph, cwm: Callable[..., Any]) -> None:
    assert cwm("skillmix", "evidence", "nobody", "--json").status == 3
