"""How much of what an agent claims has been shown, dimension by dimension, and where to gather evidence next."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from graph.connection import Graph
from skillmix.claim import Claim, claims
from skillmix.coordinate import DIMENSIONS, Cells, Coordinate, union_size
from skillmix.policy import Policy
from skillmix.population import matches
from skillmix.verdict import Standing, judge, standing


class Share(BaseModel):
    """One dimension of a coverage: values claimed, and of those the values with a validated coordinate."""

    model_config = ConfigDict(frozen=True)
    dimension: str
    claimed: int
    validated: tuple[str, ...]

    @property
    def share(self) -> float:
        """Validated values of the claimed ones, from 0 to 1."""
        return len(self.validated) / self.claimed if self.claimed else 0.0


class Frontier(BaseModel):
    """Neighbours of validated coordinates along one dimension that are not validated themselves."""

    model_config = ConfigDict(frozen=True)
    dimension: str
    size: int
    claimed: tuple[Coordinate, ...]
    """Those that are claimed: where evidence is owed next, in the order of the index."""


class Coverage(BaseModel):
    """What share of an agent's claims is validated for a population.

    ``claimed`` counts different coordinates over all claims, without enumerating them.
    """

    model_config = ConfigDict(frozen=True)
    agent: str
    population: str
    claims: int
    claimed: int
    validated: tuple[Coordinate, ...]
    statuses: dict[str, int]
    """Verdicts at the claimed coordinates that have evidence; all others are insufficient."""
    by_dimension: tuple[Share, ...]
    frontier: tuple[Frontier, ...]

    @property
    def share(self) -> float:
        """Validated coordinates of the claimed ones, from 0 to 1."""
        return len(self.validated) / self.claimed if self.claimed else 0.0


def coverage(
    graph: Graph, agent: str, population: str, at: dt.datetime | None = None, *, policy: Policy | None = None
) -> Coverage:
    """The coverage of one agent's claims made for a population.

    Raises:
        NotFoundError: no such agent.
        InvalidInputError: no such population.
    """
    declared = [c for _, c in claims(graph, agent) if matches(population, c.population)]
    return cover(standing(graph, agent), declared, population, at, policy=policy)


def cover(
    seen: Standing,
    declared: Sequence[Claim],
    population: str,
    at: dt.datetime | None = None,
    *,
    policy: Policy | None = None,
) -> Coverage:
    """The coverage of claims by what was seen; pure. Only coordinates with evidence are judged: no other can be validated."""
    cells = [c.cells for c in declared]
    with_evidence = {Coordinate.parse(text) for item in seen.evidence for text in item.counts}
    touched = sorted(c for c in with_evidence if any(c in claimed for claimed in cells))
    verdicts = {c: judge(seen, c, population, at, policy=policy).status for c in touched}
    validated = tuple(c for c, status in verdicts.items() if status == "validated")
    return Coverage(
        agent=seen.agent,
        population=population,
        claims=len(declared),
        claimed=union_size(cells),
        validated=validated,
        statuses=dict(Counter(verdicts.values())),
        by_dimension=tuple(_share(name, cells, validated) for name in DIMENSIONS),
        frontier=frontier(validated, cells),
    )


def frontier(validated: Sequence[Coordinate], claimed: Sequence[Cells] = ()) -> tuple[Frontier, ...]:
    """Coordinates one dimension away from a validated one that are not validated, a line a dimension."""
    inside, lines = set(validated), []
    for name in DIMENSIONS:
        around = {n for c in validated for n in c.neighbours(name)} - inside
        owed = sorted(n for n in around if any(n in cells for cells in claimed))
        lines.append(Frontier(dimension=name, size=len(around), claimed=tuple(owed)))
    return tuple(lines)


def _share(name: str, cells: Sequence[Cells], validated: Sequence[Coordinate]) -> Share:
    claimed = {value for c in cells for value in getattr(c, name)}
    return Share(
        dimension=name, claimed=len(claimed), validated=tuple(sorted({getattr(c, name) for c in validated}))
    )
