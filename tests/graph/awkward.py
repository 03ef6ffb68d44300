"""A record in several files with all that makes a load hard: versions, deletions, bundles, references to what is not there."""

import json
import random
from pathlib import Path
from typing import Any

from graph import Graph
from tests.data import demo_slice, write_ndjson
from tests.graph.made import bundle, encounter, entry, ndjson, observation, patient
from tests.graph.test_deletes import dated, delete, version

_NPI = [{"system": "npi", "value": "1"}]
_HERE: dict[str, Any] = {"encounter": {"reference": "Encounter/e1"}}


def _versions() -> list[Any]:
    old, new = (
        version(patient("v"), 1, "2020-01-01"),
        version(patient("v", birthDate="1970"), 2, "2021-01-01"),
    )
    return [
        patient(),
        encounter(),
        patient(),
        new,
        old,
        old,
        *(patient("tie", birthDate=text) for text in ("1970", "1970-01-01", "1970-01")),
        version(encounter("late", start="2020-03-01T08:00:00Z"), 1),
        version(encounter("late", start="2020-04-01T08:00:00Z"), 2),
    ]


def _deletions() -> list[Any]:
    return [
        version(observation("gone", **_HERE), 1),
        version(encounter("gone"), 1),
        observation("of-gone", encounter={"reference": "Encounter/gone"}),
        dated([delete("Observation/gone"), delete("Encounter/gone"), delete("Patient/never-seen")]),
        dated(
            [
                delete("Observation/back", "2021-01-01T00:00:00Z"),
                delete("Observation/back", "2021-02-01T00:00:00Z"),
            ]
        ),
        version(observation("back", issued="2020-01-02T00:00:00Z"), 3, "2022-01-01"),
        dated([delete("Observation/now", None)]),
        observation("now"),
        version(patient("parts", contained=[{"resourceType": "Organization", "id": "o"}]), 1),
        dated([delete("Patient/parts")]),
    ]


def _facts() -> list[Any]:
    parts = [{"code": {"coding": [{"system": "s", "code": "c"}]}, "valueQuantity": {"value": 3}}]
    two = [*parts, {"code": {"coding": [{"code": "d"}]}, "valueString": "words", "valueInteger": 4}]
    return [
        observation("undated", **_HERE),
        {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"}, **_HERE},
        {
            "resourceType": "Condition",
            "id": "later",
            "subject": {"reference": "Patient/p1"},
            "encounter": {"reference": "Encounter/late"},
        },
        observation("one", component=parts),
        observation("two", component=two),
        observation("empty", valueString=" "),
        observation("lines", valueString="two\nlines\r\n", note=[{"text": "\x1f \x1e \x1d"}]),
        observation("mark", valueString="a\x1fb"),
        observation(
            "quote", valueString='"a", b;\\', code={"coding": [{"system": "s", "code": "q", "display": "b"}]}
        ),
        observation("display", code={"coding": [{"system": "s", "code": "q", "display": "a"}]}),
        observation("nobody", "Patient/nobody", performer=[{"reference": "Practitioner?identifier=npi|1"}]),
        observation("two-answers", performer=[{"reference": "Practitioner?identifier=npi|2"}]),
        "{broken",
        {"resourceType": "Patient"},
        {"resourceType": "Practitioner", "id": "d1", "identifier": _NPI},
        # Only a version that loses speaks of the third.
        {"resourceType": "Practitioner", "id": "d3", "identifier": [{"system": "npi", "value": "3"}]},
        version(observation("corrected"), 2, "2021-01-01"),
        version(
            observation("corrected", performer=[{"reference": "Practitioner?identifier=npi|3"}]),
            1,
            "2020-01-01",
        ),
        observation("bad", effectiveDateTime="2020-13-45"),
        *(
            {"resourceType": "Practitioner", "id": f"d2{i}", "identifier": [{"system": "npi", "value": "2"}]}
            for i in "ab"
        ),
        {
            "resourceType": "Basic",
            "id": "generic",
            "subject": {"reference": "Patient/parts#o"},
            "extension": [{"url": "x", "valueReference": {"reference": "urn:uuid:far"}}],
        },
        patient(
            "inside",
            contained=[{"resourceType": "Organization", "id": "o", "name": "x"}],
            managingOrganization={"reference": "#o"},
        ),
    ]


def files(folder: Path, patients: int = 1) -> list[Path]:
    """The files, in an order in which they may be given; the demo's journeys of some patients are among them."""
    folder.mkdir(parents=True, exist_ok=True)
    inner = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "urn:uuid:1"},
    }
    entries = [
        entry(patient("b1"), "urn:uuid:1"),
        entry(inner, "urn:uuid:far"),
        entry(encounter("be", "urn:uuid:1"), "urn:uuid:e"),
    ]
    return [
        ndjson(folder / "versions.ndjson.gz", _versions()),
        ndjson(folder / "deletions.ndjson", _deletions()),
        bundle(folder / "bundle.json", entries),
        ndjson(folder / "facts.ndjson", _facts()),
        ndjson(folder / "again.ndjson", [json.dumps(patient()), *_versions()[3:5]]),
        write_ndjson(folder / "demo", demo_slice(patients)),
    ]


def shuffled(paths: list[Path], seed: int) -> list[Path]:
    """The files in another order."""
    return random.Random(seed).sample(paths, len(paths))  # noqa: S311


def everything(graph: Graph) -> set[str]:
    """All nodes and relationships of the record with all they hold, but what tells when they were ingested."""
    found: set[str] = set()
    after: str | None = ""
    while after is not None:
        ((after, rows),) = graph.values("export.admin_nodes", after=after, size=2000)
        for labels, props, links in rows:
            said = {name: value for name, value in props.items() if value is not None}
            if said.get("deleted_clock") == "read":
                said |= {"tomb": "", "deleted": ""}
            found.add(_text([sorted(labels), said]))
            found.update(_text([props["key"], *link]) for link in links)
    for row in graph.stream("export.admin_others"):
        if row["kind"] != "IngestRun":
            found.add(_text([row["kind"], row["key"], row["props"], row["links"]]))
    return found


def _text(part: Any) -> str:
    for holder in part:
        if isinstance(holder, dict):
            holder.pop("run", None)
    return json.dumps(part, sort_keys=True, default=str)
