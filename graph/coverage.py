"""What share of the conditions has a place among the categories of ICD-10-CM, in files or in the graph, and what has none."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from graph.connection import Graph
from graph.fhir.read import Found, read
from ontology.terminology.crosswalk import placed


@dataclass
class Coverage:
    """Conditions, counted as occurrences and not as different codes."""

    conditions: int = 0
    placed: int = 0
    kinds: int = 0
    """Different sets of codes."""
    rules: Counter[str] = field(default_factory=Counter)
    """Placed conditions by where the answer is from: ``source: rule``."""
    rest: Counter[tuple[tuple[str, ...], str | None]] = field(default_factory=Counter)
    """Codes and words of the conditions without a place."""

    @property
    def share(self) -> float | None:
        """Placed of all, from 0 to 1; None when there is no condition."""
        return self.placed / self.conditions if self.conditions else None

    def add(self, codes: Sequence[str], display: str | None, conditions: int = 1) -> None:
        """Count conditions with these codes (``system|code``)."""
        self.conditions += conditions
        self.kinds += 1
        if found := placed(codes):
            self.placed += conditions
            self.rules[f"{found.source}: {found.rule}"] += conditions
        else:
            self.rest[tuple(codes), display] += conditions

    def as_dict(self) -> dict[str, Any]:
        """The whole as JSON; ``rest`` by frequency."""
        rest = [
            {"codes": list(codes), "display": display, "conditions": n}
            for (codes, display), n in sorted(
                self.rest.items(), key=lambda i: (-i[1], i[0][0], i[0][1] or "")
            )
        ]
        counts = {"conditions": self.conditions, "placed": self.placed, "share": self.share}
        return counts | {"kinds": self.kinds, "rules": dict(self.rules.most_common()), "rest": rest}


def of_graph(graph: Graph) -> Coverage:
    """Of all conditions in the graph."""
    made = Coverage()
    for row in graph.read("terminology.share"):
        made.add(row["codes"] or [], row["display"], row["conditions"])
    return made


def of_files(paths: Sequence[str | Path], limit: int) -> Coverage:
    """Of the conditions in FHIR files and folders, read one by one without a graph; ``limit`` as for an ingest.

    Raises:
        NotFoundError, InvalidInputError: a path is not there, or its name says nothing about FHIR.
    """
    kinds: Counter[tuple[tuple[str, ...], str | None]] = Counter()
    for item in read(paths, limit):
        if isinstance(item, Found) and b'"Condition"' in item.raw:
            kinds.update(_codes(item.raw))
    made = Coverage()
    for (codes, display), conditions in kinds.items():
        made.add(codes, display, conditions)
    return made


def _codes(raw: bytes) -> Iterable[tuple[tuple[str, ...], str | None]]:
    try:
        resource = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return
    if not isinstance(resource, dict) or resource.get("resourceType") != "Condition":
        return
    concept = resource.get("code")
    concept = concept if isinstance(concept, dict) else {}
    coding = [c for c in concept.get("coding") or () if isinstance(c, dict) and c.get("code")]
    codes = tuple(f"{c.get('system') or ''}|{c['code']}" for c in coding)
    yield codes, next((c["display"] for c in coding if c.get("display")), concept.get("text"))
