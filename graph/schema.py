"""What is in a graph: labels, relationship types and properties with their counts, constraints, indexes."""

from typing import Any

from graph.connection import Graph, Row


def describe(graph: Graph, sample: int = 1000) -> dict[str, list[Row]]:
    """Labels, relationship types, properties (of at most ``sample`` nodes a label), constraints and indexes with counts."""
    counted = graph.read("schema.labels")
    return {
        "labels": _by_label(counted),
        "relationships": graph.read("schema.relationships"),
        "properties": [row for label in _main_labels(counted) for row in _properties(graph, label, sample)],
        "constraints": graph.read("schema.constraints"),
        "indexes": graph.read("schema.indexes"),
    }


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
    """The labels that say most: of the labels of a node the one that the fewest nodes have (``Condition``, not ``Event``)."""
    totals = {row["label"]: row["nodes"] for row in _by_label(counted)}
    return sorted(
        {min(row["labels"], key=lambda label: (totals[label], label)) for row in counted if row["labels"]}
    )


def _properties(graph: Graph, label: str, sample: int) -> list[dict[str, Any]]:
    return [{"label": label, **row} for row in graph.read("schema.properties", label=label, sample=sample)]
