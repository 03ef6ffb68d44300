"""What an agent may do with its output: release it, release it at a lower authority, or withhold it."""

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict

from graph.connection import Graph
from ontology.skillmix_values import dimensions
from skillmix.agent import fingerprint
from skillmix.coordinate import Coordinate
from skillmix.policy import Policy
from skillmix.verdict import CaseSeen, Status, Verdict, judge, standing

Outcome = Literal["released", "downgraded", "withheld"]


class Decision(BaseModel):
    """The gate's answer, kept with the output; ``hash`` is over the hashes of the verdicts it saw."""

    model_config = ConfigDict(frozen=True)
    released: bool
    outcome: Outcome
    authority: str | None
    """The authority granted; None when withheld."""
    status: Status
    """The verdict's status at the coordinate that was asked for."""
    coordinate: Coordinate
    """Where the output stands: the coordinate asked for, with the authority granted."""
    reasons: tuple[str, ...]
    cases: tuple[CaseSeen, ...]
    """Open cases at the coordinate asked for."""
    verdicts: tuple[Verdict, ...]
    """The verdicts seen, from the authority asked for downwards."""
    hash: str
    sentence: str
    """The answer in one sentence."""


def decide(
    graph: Graph,
    agent_key: str,
    coordinate: Coordinate,
    population: str,
    at: dt.datetime | None = None,
    *,
    policy: Policy | None = None,
) -> Decision:
    """Decide on an output of an agent at a coordinate for a population, from one snapshot of the graph.

    Raises:
        NotFoundError: no such agent.
        InvalidInputError: no such population, or an instant without time zone.
    """
    seen = standing(graph, agent_key)
    at = at or dt.datetime.now(dt.UTC)
    verdicts: list[Verdict] = []
    for authority in authorities(coordinate.assigned_authority):
        verdicts.append(
            judge(seen, coordinate.moved(assigned_authority=authority), population, at, policy=policy)
        )
        if verdicts[-1].status == "validated":
            break
    return _decision(tuple(verdicts))


def authorities(asked: str) -> list[str]:
    """The authority asked for and those below it, from the highest.

    >>> authorities("augmentation")
    ['augmentation', 'monitoring']
    """
    ladder = [v.code for v in dimensions()["assigned_authority"].values]
    return ladder[ladder.index(asked) :: -1]


def _decision(verdicts: tuple[Verdict, ...]) -> Decision:
    asked, last = verdicts[0], verdicts[-1]
    released = last.status == "validated"
    outcome: Outcome = "withheld" if not released else "released" if last is asked else "downgraded"
    wanted, granted = asked.coordinate.assigned_authority, last.coordinate.assigned_authority
    whom = f"for {asked.population} patients" if ":" not in asked.population else f"for {asked.population}"
    sentence = {
        "released": f"Released for {granted}: validated at this coordinate {whom}.",
        "downgraded": f"Downgraded to {granted}: {wanted} is {asked.status} {whom}, {granted} is validated.",
        "withheld": f"Withheld: {wanted} is {asked.status} at this coordinate {whom}, and no lower authority is validated.",
    }[outcome]
    below = [f"{v.coordinate.assigned_authority} is {v.status} at the same place." for v in verdicts[1:]]
    return Decision(
        released=released,
        outcome=outcome,
        authority=granted if released else None,
        status=asked.status,
        coordinate=last.coordinate if released else asked.coordinate,
        reasons=(sentence, *asked.reasons, *below),
        cases=asked.cases,
        verdicts=verdicts,
        hash=fingerprint([v.hash for v in verdicts]),
        sentence=sentence,
    )
