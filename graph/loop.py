"""Fill the decision loop from the data: rounds of each encounter, for clinician, patient and AI agents.

The rules are data (``ontology/loop/``, see :mod:`ontology.loop`). What a patient's rounds depend on is summed up in a
mark, so a second run looks at patients that changed only and writes the rounds that differ; broken off, it goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from itertools import pairwise
from typing import Any, TypeVar

import orjson

from graph.connection import Graph
from graph.progress import Progress
from graph.rounds import Round, Visit, encounter_of, of_agents, of_facts
from ontology import loop
from ontology.loop import Fact

_T = TypeVar("_T")
_PATIENTS = 20
"""Patients read at once."""
_ROWS = 2000
"""Rounds written at once."""


@dataclass
class LoopReport:
    """What a run did, and how the whole graph stands after it."""

    patients: int = 0
    changed: int = 0
    """Patients that were looked at again."""
    written: int = 0
    """Rounds written."""
    removed: int = 0
    """Rounds removed."""
    rounds: dict[str, int] = field(default_factory=dict)
    """Rounds of each actor."""
    rounds_of_an_encounter: dict[str, dict[int, int]] = field(default_factory=dict)
    """Actor to number of rounds to encounters that have as many."""
    stations: dict[str, dict[str, int]] = field(default_factory=dict)
    """Actor to station to facts that stand there."""
    rules: dict[str, int] = field(default_factory=dict)
    facts: int = 0
    placed: int = 0
    outside: int = 0
    """Facts that the loop leaves out on purpose (accounts, material)."""
    unplaced: dict[str, dict[str, int]] = field(default_factory=dict)
    """Type to reason to facts that could not be placed: no-encounter, no-clock, no-rule, no-patient."""

    @property
    def share_unplaced(self) -> float | None:
        """Of the facts that belong in the loop, the share that could not be placed."""
        whole = self.facts - self.outside
        return None if not whole else round((whole - self.placed) / whole, 6)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self) | {"share_unplaced": self.share_unplaced}


def fill(graph: Graph, *, progress: Progress | None = None) -> LoopReport:
    """Place the facts of every patient that changed in rounds; doing it again changes nothing."""
    report = LoopReport()
    report.removed = graph.write("loop.gone")[0]["removed"]
    rows = graph.read("loop.patients")
    report.patients = len(rows)
    marks = {row["patient"]: (_mark(row["now"]), row["before"]) for row in rows}
    changed = [patient for patient, (now, before) in marks.items() if now != before]
    for part in _parts(changed, _PATIENTS):
        _refill(graph, part, report)
        graph.write("loop.mark", marks=[[patient, marks[patient][0]] for patient in part])
        report.changed += len(part)
        if progress:
            progress(report.changed, len(changed), "placing facts in rounds")
    return stand(graph, report)


def stand(graph: Graph, report: LoopReport | None = None) -> LoopReport:
    """How the whole graph stands: rounds, stations, rules, and the facts without a place."""
    report = report or LoopReport(patients=len(graph.read("loop.patients")))
    for row in graph.read("loop.stations"):
        places = report.stations.setdefault(row["actor"], {})
        places[row["station"]] = places.get(row["station"], 0) + row["placed"]
        report.rules[row["rule"]] = row["placed"]
    for row in graph.read("loop.sizes"):
        report.rounds_of_an_encounter.setdefault(row["actor"], {})[row["rounds"]] = row["encounters"]
        report.rounds[row["actor"]] = report.rounds.get(row["actor"], 0) + row["rounds"] * row["encounters"]
    left = loop.outside()
    ruled = sorted({type_ for p in loop.rules().values() for type_ in p.rule.types})
    for row in graph.read("loop.shares", outside=sorted(left.types), never=sorted(left.status), ruled=ruled):
        report.facts += row["facts"]
        if row["reason"] == "placed":
            report.placed += row["facts"]
        elif row["reason"] == "outside":
            report.outside += row["facts"]
        else:
            report.unplaced.setdefault(row["type"], {})[row["reason"]] = row["facts"]
    return report


def _refill(graph: Graph, patients: Sequence[str], report: LoopReport) -> None:
    asked = _asked()
    gone: list[str] = []
    new: list[dict[str, Any]] = []
    pairs: list[list[str]] = []
    for row in graph.read("loop.facts", patients=list(patients), **asked):
        rounds = list(_rounds(row, asked["fields"]))
        wanted = {r.key: r for r in rounds}
        there = {key: (digest, placings) for key, digest, placings in row["rounds"]}
        same = {key for key, r in wanted.items() if there.get(key) == (r.digest, len(r.places))}
        gone += sorted(set(there) - same)
        new += [r.row() for r in rounds if r.key not in same]
        pairs += [[a.key, b.key] for a, b in pairwise(rounds) if b.follows(a) and not {a.key, b.key} <= same]
    for keys in _parts(gone, _ROWS):
        graph.write("loop.remove", keys=list(keys))
    for some in _parts(new, _ROWS):
        graph.write("loop.write", rounds=list(some))
    for some_pairs in _parts(pairs, _ROWS):
        graph.write("loop.chain", pairs=list(some_pairs))
    report.removed += len(set(gone) - {r["key"] for r in new})
    report.written += len(new)


def _parts(things: Sequence[_T], most: int) -> Iterator[Sequence[_T]]:
    return (things[i : i + most] for i in range(0, len(things), most))


def _rounds(row: dict[str, Any], fields: list[str]) -> Iterator[Round]:
    """The rounds of one patient, those of one actor in one encounter together and in order."""
    visits = [Visit(*cells) for cells in row["encounters"]]
    by_visit: dict[str, list[Fact]] = {}
    for cells in row["facts"]:
        fact = _fact(cells, fields)
        if (visit := encounter_of(fact, cells[7], visits)) is not None:
            by_visit.setdefault(visit, []).append(fact)
    for visit in sorted(by_visit):
        yield from of_facts(visit, by_visit[visit])
    yield from of_agents(row["predictions"], {v.key for v in visits})


def _fact(cells: list[Any], fields: list[str]) -> Fact:
    key, type_, known, closed, category, codes, values, _, coded = cells
    said = tuple((n, v) for n, v in zip(fields, values, strict=True) if v is not None)
    paths = tuple(sorted((path, code) for path, code in coded or ()))
    return Fact(key, type_, known, closed, tuple(category or ()), tuple(codes or ()), paths, said)


@cache
def _asked() -> dict[str, list[str]]:
    """What has to be read of facts, from the rules."""
    all_ = [p.rule for p in loop.rules().values()]
    return {
        "fields": sorted({name for rule in all_ for name in rule.fields} | {"status", "verification"}),
        "coded": sorted({type_ for rule in all_ if rule.coded for type_ in rule.types}),
        "paths": sorted({path for rule in all_ for path in rule.coded}),
    }


@cache
def _rules_digest() -> str:
    """A hash over all rules: other rules, other rounds."""
    content = [
        *(p.model_dump(mode="json") for p in loop.rules().values()),
        *(s.model_dump(mode="json") for s in loop.stations()),
        *(r.model_dump(mode="json") for r in loop.agent_rules()),
        loop.outside().model_dump(mode="json"),
    ]
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _mark(now: list[Any]) -> str:
    counts, runs = now[:3], [sorted(run for run in found) for found in now[3:]]
    return sha256(orjson.dumps([_rules_digest(), counts, runs])).hexdigest()[:32]
