"""Whether an agent's reliability has been shown at a coordinate, for a population, at a time; and why."""

import datetime as dt
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from graph.connection import Graph, Row
from ontology.errors import InvalidInputError, NotFoundError
from skillmix.agent import fingerprint
from skillmix.coordinate import Coordinate
from skillmix.evidence import MEASURES, Evidence, Measure, from_row
from skillmix.judge import Finding, findings
from skillmix.policy import Policy
from skillmix.policy import policy as load_policy
from skillmix.population import ALLOWED, KINDS, kind

Status = Literal["validated", "insufficient", "failed", "expired", "suspended"]

OPEN = frozenset({"filed", "under-review", "accepted"})
"""States of a case that is not done with."""


class CaseSeen(BaseModel):
    """An open M-CARE case that concerns the agent at the coordinate."""

    model_config = ConfigDict(frozen=True)
    id: str
    title: str
    status: str
    severity: str
    current: int
    suspends: bool


class Verdict(BaseModel):
    """The answer for (agent, coordinate, population, time), with all it rests on.

    ``hash`` is over what was seen and concluded, and not over the clock or the wording: the same agent, coordinate,
    population, policy and snapshot of the graph give the same hash until a record passes its age.
    """

    model_config = ConfigDict(frozen=True)
    agent: str
    coordinate: Coordinate
    population: str
    at: dt.datetime
    policy: str
    status: Status
    reasons: tuple[str, ...]
    shown: tuple[Measure, ...]
    missing: tuple[Measure, ...]
    findings: tuple[Finding, ...]
    cases: tuple[CaseSeen, ...]
    hash: str


class Standing(BaseModel):
    """What the graph knew of an agent in one read: its evidence and its open cases."""

    model_config = ConfigDict(frozen=True)
    agent: str
    evidence: tuple[Evidence, ...]
    cases: tuple[Row, ...]


def standing(graph: Graph, agent: str) -> Standing:
    """Evidence and open cases of an agent, read in one transaction.

    Raises:
        NotFoundError: no such agent.
    """
    [row] = graph.read("skillmix.standing", agent=agent)
    if not row["known"]:
        raise NotFoundError("No such agent.", got=agent, do="See `cwm skillmix agents`.")
    items = tuple(from_row(e) for e in row["evidence"])
    return Standing(agent=agent, evidence=items, cases=tuple(c for c in row["cases"] if c["status"] in OPEN))


def verdict(
    graph: Graph,
    agent_key: str,
    coordinate: Coordinate,
    population: str,
    at: dt.datetime | None = None,
    *,
    policy: Policy | None = None,
) -> Verdict:
    """The verdict at an instant (aware; None is now). Evidence dated later is not seen; cases are those open now.

    Raises:
        NotFoundError: no such agent.
        InvalidInputError: the population is neither ``synthetic`` nor ``real``, or the instant has no time zone.
    """
    return judge(standing(graph, agent_key), coordinate, population, at, policy=policy)


def judge(
    seen: Standing,
    coordinate: Coordinate,
    population: str,
    at: dt.datetime | None = None,
    *,
    policy: Policy | None = None,
) -> Verdict:
    """The verdict on what was seen; pure."""
    rules, at = policy or load_policy(), _instant(at)
    if kind(population) not in KINDS:
        raise InvalidInputError(
            "No such population.",
            got=population,
            allowed=ALLOWED,
        )
    when = at.astimezone(dt.UTC).date()
    found = findings(seen.evidence, coordinate, population, when, rules)
    cases = _cases(seen.cases, coordinate, rules)
    shown = _shown(found, {"passed"})
    required = rules.required[coordinate.assigned_authority]
    unasked = (
        ()
        if kind(population) in rules.populations
        else (f"The policy does not validate for {population} patients.",)
    )
    status: Status = "insufficient"
    if any(c.suspends for c in cases):
        status = "suspended"
    elif any(f.outcome == "failed" and f.measure in required for f in found):
        status = "failed"
    elif unasked:
        status = "insufficient"
    elif set(required) <= set(shown):
        status = "validated"
    elif set(required) <= set(_shown(found, {"passed", "expired"})):
        status = "expired"
    rests = {
        "agent": seen.agent,
        "coordinate": coordinate.index,
        "population": population,
        "policy": rules.digest,
        "status": status,
        "findings": [[f.measure, f.statistic, f.outcome, f.evidence] for f in found],
        "cases": [c.model_dump(exclude={"title"}) for c in cases],
    }
    return Verdict(
        agent=seen.agent,
        coordinate=coordinate,
        population=population,
        at=at,
        policy=f"{rules.name} v{rules.version}",
        status=status,
        reasons=(*unasked, *_reasons(found, cases, required, coordinate.assigned_authority)),
        shown=shown,
        missing=tuple(m for m in MEASURES if m not in shown),
        findings=tuple(found),
        cases=cases,
        hash=fingerprint(rests),
    )


def _shown(found: Sequence[Finding], good: set[str]) -> tuple[Measure, ...]:
    """Measures of which every rule has a good outcome."""
    return tuple(m for m in MEASURES if all(f.outcome in good for f in found if f.measure == m))


def _cases(rows: Sequence[Row], coordinate: Coordinate, policy: Policy) -> tuple[CaseSeen, ...]:
    """Open cases at the coordinate; a case that names no coordinate is about all of its agent's."""
    here = [r for r in rows if not r["at"] or coordinate.index in r["at"]]
    return tuple(
        CaseSeen(
            **{k: r[k] for k in ("id", "title", "status", "severity", "current")},
            suspends=r["status"] == "accepted" and policy.suspends(r["severity"]),
        )
        for r in here
    )


def _reasons(
    found: Sequence[Finding], cases: Sequence[CaseSeen], required: Sequence[Measure], authority: str
) -> tuple[str, ...]:
    """What decided first: cases that suspend, then the required measures, then the rest, then other open cases."""
    reasons = [
        f"Case {c.id} ({c.title}) was accepted as {c.severity} and suspends." for c in cases if c.suspends
    ]
    reasons += [f"{f.measure}, required for {authority}: {f.text}" for f in found if f.measure in required]
    reasons += [f"{f.measure}: {f.text}" for f in found if f.measure not in required]
    reasons += [
        f"Case {c.id} ({c.title}) is {c.status} as {c.severity}; it is shown and does not suspend."
        for c in cases
        if not c.suspends
    ]
    return tuple(reasons)


def _instant(at: dt.datetime | None) -> dt.datetime:
    if at is None:
        return dt.datetime.now(dt.UTC)
    if at.tzinfo is None:
        raise InvalidInputError(
            "The instant has no time zone.", got=at.isoformat(), do="Give one, such as 2026-04-01T00:00:00Z."
        )
    return at
