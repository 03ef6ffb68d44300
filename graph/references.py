"""The end of an ingest: references that name no key find their resource, times are inherited, encounters put in order.

All of it may be repeated or broken off at any point: what is left to do is marked in the graph itself (``:Dangling``,
``:Undated``, ``:Unordered``), so running it again goes on from there. No other ingest writes meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graph.connection import Graph
from graph.fhir.read_items import place
from graph.ingest_lock import alone

_ROWS = 5000
_NO_PERSON = {
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
    "HealthcareService",
    "Device",
    "Medication",
}
_PATIENTS = 200
_NAMED = 100
"""References that dangle are named up to here."""
_SHOWN = 200
"""Characters of a target that a report shows: who wrote a key of many thousands knows it by its beginning."""
Say = Callable[[str], None]


@dataclass
class Settled:
    """What became of references that wait."""

    resolved: int = 0
    """References by identifier or address that found their resource at the end, less those of the run that came back."""
    ambiguous: list[str] = field(default_factory=list)
    """Conditional references and addresses that several resources answer to; they stay dangling."""
    dangling: int = 0
    """References whose target is not in the graph."""
    sample: list[dict[str, Any]] = field(default_factory=list)
    """The most frequent of them: ``owner`` (type), ``target``, ``references``."""
    dangling_run: int = 0
    """Those of them that the run wrote."""
    places: list[dict[str, Any]] = field(default_factory=list)
    """The first of these: ``owner`` (key), ``path``, ``target``, ``source``, ``line``, ``entry`` and ``place``."""


def settle(graph: Graph, run: str, say: Say = lambda _: None) -> Settled:
    """Resolve what can be resolved, inherit times, order encounters; what still dangles is counted.

    What dangles of the references that ``run`` wrote is named with its place. It waits until no other ingest writes, and
    keeps the others waiting until it is done.
    """
    return alone(graph, lambda: _settle(graph, run, say))


def _settle(graph: Graph, run: str, say: Say) -> Settled:
    settled = Settled()
    say("resolving references")
    for pending in graph.read("ingest.pending"):
        if pending["type"] is None:
            _by_url(graph, run, settled)
        else:
            _by_identifier(graph, run, pending["type"], settled)
    graph.write("ingest.orphans")
    say("giving facts the times of their encounters")
    _repeat(graph, "ingest.inherit_visits", "dated", rows=_ROWS)
    _repeat(graph, "ingest.inherit_times", "dated", rows=_ROWS)
    _repeat(graph, "ingest.inherit_contained", "dated", rows=_ROWS)
    say("putting encounters in order")
    _repeat(graph, "ingest.order", "ordered", patients=_PATIENTS)
    graph.write("ingest.unowned")
    counts = graph.read("ingest.dangling_count")[0]
    settled.dangling = counts["references"]
    settled.ambiguous = [shown(key) for key in settled.ambiguous]
    if settled.dangling:
        _name(graph, run, settled)
    return settled


def _name(graph: Graph, run: str, settled: Settled) -> None:
    """What dangles: the most frequent of all, and the first of this run with their places."""
    settled.sample = [
        {**row, "target": shown(row["target"])} for row in graph.read("ingest.dangling", rows=20)
    ]
    settled.dangling_run = graph.read("ingest.dangling_run_count", run=run)[0]["references"]
    if settled.dangling_run:
        settled.places = [
            {**row, "target": shown(row["target"]), "place": place(row["source"], row["line"], row["entry"])}
            for row in graph.read("ingest.dangling_run", run=run, rows=_NAMED)
        ]


def shown(target: str) -> str:
    """A target as people may see it: short, and without what a search looks for where that may be a patient's identifier.

    >>> shown("Patient?identifier=http://ssn|123"), shown("Practitioner?identifier=http://npi|9")
    ('Patient?identifier=http://ssn|...', 'Practitioner?identifier=http://npi|9')
    >>> len(shown("Practitioner?identifier=http://npi|" + 40_000 * "9"))
    200
    """
    type_, asked, search = target.partition("?")
    if asked and type_ not in _NO_PERSON:
        target = f"{type_}?{search.rpartition('|')[0]}|..." if "|" in search else f"{type_}?..."
    return target if len(target) <= _SHOWN else f"{target[: _SHOWN - 1]}…"


def _by_identifier(graph: Graph, run: str, type_: str, settled: Settled) -> None:
    """Conditional references of one type: those that one resource answers move there, those that several answer come back."""
    for lapsed in graph.read("ingest.lapsed", type=type_):
        _move_back(graph, run, lapsed, settled)
    pairs = []
    for found in graph.read("ingest.by_identifier", type=type_):
        unique = len(found["to"]) == 1
        if found["old"] and found["to"] != [found["old"]]:
            _move_back(graph, run, found, settled)
            found["waiting"] = True
        if not unique:
            settled.ambiguous.append(found["from"])
        elif found["waiting"]:
            pairs.append({"from": found["from"], "to": found["to"][0]})
    if pairs:
        graph.write("ingest.alias", pairs=pairs)
        settled.resolved += _move(graph, pairs)


def _by_url(graph: Graph, run: str, settled: Settled) -> None:
    """Addresses: those that one resource came under move there, those that several came under come back."""
    pairs = []
    for found in graph.read("ingest.by_url"):
        if found["old"] and found["to"] != [found["old"]]:
            _move_back(graph, run, found, settled)
        if len(found["to"]) > 1:
            settled.ambiguous.append(found["from"])
        else:
            pairs.append({"from": found["from"], "to": found["to"][0]})
    if pairs:
        graph.write("ingest.alias", pairs=pairs)
        settled.resolved += _move(graph, pairs)


def _move(graph: Graph, pairs: list[dict[str, str]]) -> int:
    moved = 0
    for begin in range(0, len(pairs), _ROWS):
        some = pairs[begin : begin + _ROWS]
        moved += _repeat(graph, "ingest.move_out", "moved", pairs=some, rows=_ROWS)
        moved += _repeat(graph, "ingest.move_in", "moved", pairs=some, rows=_ROWS)
    return moved


def _move_back(graph: Graph, run: str, found: dict[str, Any], settled: Settled) -> None:
    of = {"from": found["from"], "old": found["old"], "run": run, "rows": _ROWS}
    while (done := graph.write("ingest.move_back", **of)[0])["moved"]:
        settled.resolved -= done["own"]
    graph.write("ingest.unalias", **{"from": found["from"]})


def _repeat(graph: Graph, name: str, column: str, **params: Any) -> int:
    """Run a query that does a part of its work each time until nothing is left."""
    total = 0
    while done := graph.write(name, **params)[0][column]:
        total += done
    return total
