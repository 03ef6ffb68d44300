"""What is in a graph: labels, relationships and properties with their counts, for people and for language models."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from graph.connection import Graph, Row
from graph.queries import named
from ontology import mapping

TERMS = Path(__file__).with_name("schema_terms.yaml")
HIDDEN = frozenset({"Resource", "Contained", "Undated", "Unordered"})
"""Labels that say nothing about what a node is."""
CLASSES = frozenset({"Event", "Provider", "Ecosystem"})
"""Labels that many types share."""
_INTERNAL = frozenset(
    {"rank", "digest", "source", "line", "entry", "run", "assigned", "clock", "start_clock"}
)


class Terms(BaseModel):
    """What a reader must know besides names and counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    conventions: tuple[str, ...]
    properties: dict[str, str]
    examples: tuple[str, ...]
    """Names of queries."""


@cache
def terms() -> Terms:
    """The conventions, the meaning of properties, and example queries.

    >>> terms().properties["recorded"]
    'when it became known'
    """
    return Terms.model_validate(yaml.safe_load(TERMS.read_text(encoding="utf-8")))


def describe(graph: Graph, sample: int = 1000) -> dict[str, list[Row]]:
    """Labels, relationship types, patterns, properties (of at most ``sample`` nodes a label), constraints and indexes."""
    counted = graph.read("schema.labels")
    patterns = _patterns(graph.read("schema.patterns"))
    totals: Counter[str] = Counter()
    for row in patterns:
        totals[row["type"]] += row["count"]
    return {
        "labels": _by_label(counted),
        "relationships": [
            {"type": type_, "count": n} for type_, n in sorted(totals.items(), key=lambda i: (-i[1], i[0]))
        ],
        "patterns": patterns,
        "properties": [row for label in _main_labels(counted) for row in _properties(graph, label, sample)],
        "constraints": graph.read("schema.constraints"),
        "indexes": graph.read("schema.indexes"),
    }


def for_model(graph: Graph, sample: int = 200, patterns: int = 80) -> str:
    """The schema as compact text for a language model that is to write Cypher.

    Conventions, a line a label (how many nodes; property, type and in how many per cent of ``sample`` nodes it is), the most
    frequent ``patterns`` of relationships, example queries. No value of any node is in it.
    """
    found = describe(graph, sample)
    counts = {row["label"]: row["nodes"] for row in found["labels"]}
    lines = ["# Conventions", *(f"- {line}" for line in terms().conventions), "", "# Nodes"]
    for label in dict.fromkeys(row["label"] for row in found["properties"]):
        mapped = mapping.registry().get(label)
        lines.append(f"(:{label}) {counts[label]:,}" + (f" - {mapped.summary}" if mapped else ""))
        lines.append("  " + ", ".join(_short(row, min(sample, counts[label])) for row in _own(found, label)))
    lines += ["", "# Properties", *(f"- {name}: {text}" for name, text in terms().properties.items())]
    lines += ["", "# Relationships"]
    lines += [f"(:{r['a']})-[:{r['type']}]->(:{r['b']}) {r['count']:,}" for r in found["patterns"][:patterns]]
    if more := len(found["patterns"]) - patterns:
        lines += [f"(and {more} rarer patterns)"] if more > 0 else []
    lines += ["", "# Examples"]
    for query in map(named, terms().examples):
        lines += [f"// {query.summary}", query.cypher]
    return "\n".join(lines) + "\n"


def _own(found: dict[str, list[Row]], label: str) -> list[Row]:
    return [r for r in found["properties"] if r["label"] == label and r["property"] not in _INTERNAL]


def _short(row: Row, of: int) -> str:
    share = f" {100 * row['nodes'] // of}%" if row["nodes"] < of else ""
    return f"{row['property']}: {'/'.join(row['types'])}{share}"


def main_label(labels: list[str]) -> str:
    """The label that says most of those a node has.

    >>> main_label(["Event", "Observation", "Resource"]), main_label(["Dangling", "Resource"])
    ('Observation', 'Dangling')
    """
    said = [label for label in labels if label not in HIDDEN] or labels
    return min(said, key=lambda label: (label in CLASSES, label)) if said else ""


def _patterns(rows: list[Row]) -> list[Row]:
    """Rows by main labels, the most frequent first."""
    totals: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        totals[main_label(row["a"]), row["type"], main_label(row["b"])] += row["count"]
    return [
        {"a": a, "type": type_, "b": b, "count": n}
        for (a, type_, b), n in sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    ]


def _by_label(counted: list[Row]) -> list[Row]:
    totals: dict[str, int] = {}
    for row in counted:
        for label in row["labels"]:
            totals[label] = totals.get(label, 0) + row["nodes"]
    return [
        {"label": label, "nodes": n}
        for label, n in sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    ]


def _main_labels(counted: list[Row]) -> list[str]:
    return sorted({main_label(row["labels"]) for row in counted if row["labels"]})


def _properties(graph: Graph, label: str, sample: int) -> list[dict[str, Any]]:
    return [{"label": label, **row} for row in graph.read("schema.properties", label=label, sample=sample)]
