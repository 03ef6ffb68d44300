"""The world model and what is built on it agree."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ontology import mapping, world

DESIGN = (Path(__file__).parents[2] / "docs" / "design.md").read_text(encoding="utf-8")
CANONICAL = set(re.findall(r"\(:\w+\)-\[:([A-Z_]+)|-\[:([A-Z_]+)|\(n\)-\[:([A-Z_]+)", DESIGN))


def test_the_mappings_keep_to_the_world() -> None:
    assert world.problems() == []


def test_a_mapping_that_breaks_the_world_is_found() -> None:
    seen = world.load()
    broken = replace(seen, classes={k: v for k, v in seen.classes.items() if k != "Ecosystem"})
    assert "Device: no class Ecosystem" in world.problems(broken)
    turned = {**seen.relations, "INCLUDES": replace(seen.relations["INCLUDES"], range=("Patient",))}
    assert any("INCLUDES does not go to Event" in p for p in world.problems(replace(seen, relations=turned)))


def test_every_relationship_of_the_design_is_declared_with_both_ends() -> None:
    names = {name for match in CANONICAL for name in match if name}
    assert len(names) > 10
    seen = world.load()
    assert names - set(seen.relations) == set()
    for relation in seen.relations.values():
        assert {*relation.domain, *relation.range} <= set(seen.classes), relation.name


def test_every_class_of_the_contract_is_there() -> None:
    wanted = "Patient Provider Ecosystem Encounter Event Concept Agent Claim Coordinate Evidence Prediction Case IngestRun"
    assert set(wanted.split()) <= set(world.load().classes)
    assert world.load().classes["Agent"].above[0] == "Provider"


def test_the_loop_has_the_anchoring_layers_of_skill_mix_and_closes() -> None:
    layers = world.load().layers
    dimension = Path(mapping.__file__).parent / "skillmix" / "anchoring_layer.yaml"
    codes = [v["code"] for v in yaml.safe_load(dimension.read_text(encoding="utf-8"))["values"]]
    assert [layer.code for layer in layers] == codes
    reached, todo = set(), ["input"]
    following = {layer.code: layer.next for layer in layers}
    while todo:
        here = todo.pop()
        if here not in reached:
            reached.add(here)
            todo += following[here]
    assert reached == set(codes)
    assert "input" in following["action"]


@pytest.mark.parametrize("name", sorted(mapping.registry()))
def test_a_file_is_named_after_its_type(name: str) -> None:
    assert (mapping.HERE / f"{name}.yaml").is_file()
