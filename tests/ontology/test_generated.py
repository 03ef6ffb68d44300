"""What is made from the ontology is up to date, and the database that the migrations make is the one it declares."""

import json
import re
from pathlib import Path

import pytest
from rdflib import Graph as Rdf

from graph import Graph
from graph.queries import catalogue
from ontology import generate, loop, mapping, terms, world
from ontology.context import context

QUERIES = [q for q in catalogue().values() if q.access != "schema"]


@pytest.mark.parametrize("path", generate.FILES, ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == generate.FILES[path](), (
        "run `make docs` and commit what it wrote"
    )


@pytest.mark.neo4j
def test_the_migrations_make_the_constraints_and_indexes_that_the_ontology_declares(graph: Graph) -> None:
    classes = world.load().classes.values()
    constraints = {(row["labels"][0], row["properties"][0]) for row in graph.read("schema.constraints")}
    assert constraints == {(c.name, c.key) for c in classes if c.key}
    rows = [row for row in graph.read("schema.indexes") if row["labels"]]
    plain = {
        (row["labels"][0], p) for row in rows if row["type"] == "RANGE" for p in row["properties"]
    } - constraints
    assert plain == {(c.name, p) for c in classes for p in c.indexed}
    words = {
        (label, p)
        for row in rows
        if row["type"] == "FULLTEXT"
        for label in row["labels"]
        for p in row["properties"]
    }
    assert words == {(c.name, p) for c in classes for p in c.full_text}
    near = {
        (label, p)
        for row in rows
        if row["type"] == "VECTOR"
        for label in row["labels"]
        for p in row["properties"]
    }
    assert near == {(c.name, p) for c in classes for p in c.vectors}


def test_every_property_that_a_mapping_gives_is_declared() -> None:
    known = world.load().attributes
    given = {name for rule in mapping.registry().values() for name in rule.properties}
    given |= {
        name for rule in mapping.registry().values() for link in rule.links.values() for name in link.props
    }
    assert given - set(known) == set()


def test_every_relation_and_label_that_a_query_writes_is_declared() -> None:
    seen = world.load()
    written = [q.cypher for q in QUERIES if q.access in {"write", "auto"}]
    types = {
        t for text in written for group in re.findall(r"\[\w*:([A-Z_|]+)", text) for t in group.split("|")
    }
    types |= {
        link.type for rule in mapping.registry().values() for link in rule.links.values() if link.inward
    }
    assert len(types) > 12
    assert types - set(seen.relations) == set()
    labels = {name for text in written for name in re.findall(r"\(\w*:([A-Z][a-z]\w+)", text)}
    assert len(labels) > 12
    assert labels - set(seen.classes) - set(mapping.registry()) == set()


def test_the_stations_and_layers_are_those_of_the_rules_and_of_skill_mix() -> None:
    seen = world.load()
    rules = [(s.name, tuple(sorted(s.layers))) for s in loop.stations()]
    assert [(s.code, s.layers) for s in seen.stations] == rules
    assert [layer.code for layer in seen.layers] == [layer.value for layer in terms.Layer]
    assert {a.value for a in terms.Actor} == {sheet.actor for sheet in loop.sheets()} | {"agent"}


def test_a_name_of_python_is_a_name_of_the_world() -> None:
    seen = world.load()
    assert {label.value for label in terms.Label} <= set(seen.classes)
    assert [r.value for r in terms.Relation] == list(seen.relations)
    assert [p.value for p in terms.Property] == list(seen.attributes)
    assert set(world.load().classes) & {"Claim", "Evidence", "Case"} <= mapping.RESERVED


def test_the_context_gives_each_property_its_kind() -> None:
    here = context()["@context"]
    document = {
        "@context": here,
        "@id": "urn:x",
        "@type": "Event",
        "start": "2020-01-01T00:00:00Z",
        "CODED": "urn:c",
        "released": "true",
    }
    found = Rdf().parse(data=json.dumps(document), format="json-ld")
    said = {
        (str(p).partition("#")[2], str(getattr(o, "datatype", None) or type(o).__name__)) for _, p, o in found
    }
    xsd = "http://www.w3.org/2001/XMLSchema#"
    assert {("start", f"{xsd}dateTime"), ("CODED", "URIRef"), ("released", f"{xsd}boolean")} <= said
