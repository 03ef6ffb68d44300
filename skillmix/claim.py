"""What an agent is meant for: a claim is the cells and the population that its maker intends."""

from pydantic import BaseModel, ConfigDict, field_validator

from graph.connection import Graph
from ontology.errors import InvalidInputError, NotFoundError
from skillmix.agent import fingerprint
from skillmix.coordinate import Cells
from skillmix.population import Population


class Claim(BaseModel):
    """A declared use of an agent; it says where evidence is owed and shows nothing by itself.

    Raises:
        InvalidInputError: a dimension is unknown, so that nothing is claimed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    agent: str
    """Key of a registered agent."""
    cells: Cells
    population: Population
    intended: str
    """The intended use, in words."""

    @field_validator("cells")
    @classmethod
    def _told(cls, cells: Cells) -> Cells:
        if cells.unknown:
            raise InvalidInputError(
                "A claim names a value in every dimension.", got=f"unknown: {', '.join(cells.unknown)}"
            )
        return cells

    @property
    def id(self) -> str:
        """Hash of the content."""
        content = [self.agent, self.cells.as_dict(), self.population, self.intended]
        return fingerprint(content)[:32]


def declare(graph: Graph, claim: Claim) -> str:
    """Write the claim, once, and return its id.

    Raises:
        NotFoundError: the agent is not registered.
    """
    single = claim.cells.single
    at = {"index": single.index, "text": single.text} if single else None
    props = {"cells": claim.cells.json_text, "population": claim.population, "intended": claim.intended}
    if not graph.write("skillmix.declare", agent=claim.agent, id=claim.id, props=props, at=at):
        raise NotFoundError(
            "No such agent.", got=claim.agent, do="Register it first: skillmix.agent.register."
        )
    return claim.id


def claims(graph: Graph, agent: str | None = None) -> list[tuple[str, Claim]]:
    """Declared claims as (id, claim), of one agent or of all."""
    rows = graph.read("skillmix.claims", agent=agent)
    return [(r.pop("id"), Claim(**r | {"cells": Cells.parse(r["cells"])})) for r in rows]
