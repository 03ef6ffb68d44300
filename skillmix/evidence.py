"""What was shown of an agent, where, for whom and by whom: append-only, each record named by the hash of its content."""

import datetime as dt
import json
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    NonNegativeInt,
    field_serializer,
    model_validator,
)

from graph.connection import Graph, Row
from ontology.errors import InvalidInputError, NotFoundError
from skillmix.agent import fingerprint
from skillmix.coordinate import Cells, Coordinate
from skillmix.population import Population

Measure = Literal["accuracy", "clinical-safety", "reliability", "clinical-utility", "skill-preservation"]

MEASURES: tuple[Measure, ...] = get_args(Measure)
"""The five measures of the framework."""


class Count(BaseModel):
    """How many samples, and how many with the event, one cell holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    n: NonNegativeInt
    events: NonNegativeInt | None = None


class Assumption(BaseModel):
    """Why evidence gathered elsewhere is taken to say something here, and who says so."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    author: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class Evidence(BaseModel):
    """One measured figure of one agent on a set of cells.

    ``counts`` says how many of the ``n`` samples lie in each cell, by the coordinate's text; for a single cell it is filled
    in. A cell without a count gets nothing from evidence on a set. With an ``assumption`` the record is borrowed evidence: it
    is kept and shown, and never validates.

    Raises:
        InvalidInputError: the figures contradict each other.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    agent: str
    """Key of a registered agent."""
    cells: Cells
    """Where it was gathered; a dimension that the data do not tell is unknown."""
    measure: Measure
    statistic: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    """The figure: auroc, brier, calibration-slope, calibration-intercept, coverage, net-benefit ..."""
    value: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat
    level: Annotated[float, Field(gt=0, lt=1)]
    """Level of the interval from ``low`` to ``high``."""
    n: Annotated[int, Field(gt=0)]
    events: NonNegativeInt | None = None
    """Samples with the outcome; None where the figure knows no events."""
    population: Population
    dataset: str
    date: dt.date
    """When it was gathered (the day of the evaluation, UTC)."""
    by: str
    """Who or what gathered it."""
    artefact: str
    """Hash of the report or the model file that it comes from."""
    assumption: Assumption | None = None
    counts: dict[str, Count] = {}

    @model_validator(mode="before")
    @classmethod
    def _single(cls, data: Any) -> Any:
        """A single cell holds all samples."""
        if (
            isinstance(data, dict)
            and not data.get("counts")
            and isinstance(data.get("cells"), Cells | Coordinate)
        ):
            cells = data["cells"] if isinstance(data["cells"], Cells) else Cells.of(data["cells"])
            data = data | {"cells": cells}
            if cells.single and data.get("n"):
                data["counts"] = {cells.single.text: {"n": data["n"], "events": data.get("events")}}
        return data

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.low > self.high:
            raise InvalidInputError(
                "The interval's lower bound is above its upper bound.", got=f"{self.low} to {self.high}"
            )
        if (self.events or 0) > self.n:
            raise InvalidInputError("More events than samples.", got=f"{self.events} of {self.n}")
        for text, count in self.counts.items():
            if Coordinate.parse(text) not in self.cells or Coordinate.parse(text).text != text:
                raise InvalidInputError("A count for a cell that the evidence is not about.", got=text)
            if count.n > self.n or (count.events or 0) > count.n:
                raise InvalidInputError(
                    "A cell's count does not fit the evidence.", got=f"{count.n} of {self.n} in {text}"
                )
        return self

    @field_serializer("cells")
    def _cells(self, cells: Cells) -> dict[str, str | list[str]]:
        return cells.as_dict()

    @property
    def id(self) -> str:
        """Hash of the whole content."""
        return fingerprint(self.model_dump(mode="json"))[:32]


def record(graph: Graph, evidence: Evidence) -> str:
    """Append the evidence and return its id; the same content again changes nothing.

    Raises:
        NotFoundError: the agent is not registered.
    """
    props = evidence.model_dump(exclude={"agent", "cells", "counts", "assumption"})
    props["cells"] = evidence.cells.json_text
    props["assumption"] = evidence.assumption.model_dump_json() if evidence.assumption else None
    cells = [
        {"index": Coordinate.parse(text).index, "text": text, "n": count.n, "events": count.events}
        for text, count in sorted(evidence.counts.items())
    ]
    if not graph.write("skillmix.record", agent=evidence.agent, id=evidence.id, props=props, cells=cells):
        raise NotFoundError(
            "No such agent.", got=evidence.agent, do="Register it first: skillmix.agent.register."
        )
    return evidence.id


def from_row(row: Row) -> Evidence:
    """Evidence from its node's properties, with ``agent`` and ``counts`` (rows of text, n, events)."""
    data = {name: row.get(name) for name in Evidence.model_fields}
    data["cells"] = Cells.parse(row["cells"])
    data["assumption"] = json.loads(row["assumption"]) if row.get("assumption") else None
    data["counts"] = {c["text"]: {"n": c["n"], "events": c["events"]} for c in row["counts"]}
    return Evidence.model_validate(data)


def evidence(graph: Graph, agent: str) -> list[Evidence]:
    """All evidence of an agent, oldest first."""
    return [from_row(row) for row in graph.read("skillmix.evidence", agent=agent)]
