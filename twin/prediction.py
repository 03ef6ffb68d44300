"""A prediction as it lies in the graph: never a number alone, always with its uncertainty, population and evidence."""

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from graph.connection import Graph, Row
from ontology.errors import NotFoundError

LABELS = ("no", "yes")
"""Members of the prediction set: outcome 0 and outcome 1."""


class Fact(BaseModel):
    """A fact that a prediction rests on, with its share of its feature's contribution."""

    model_config = ConfigDict(extra="ignore")
    key: str
    feature: str
    value: float | None = None
    contribution: float
    type: str | None = None
    display: str | None = None
    start: str | None = None


class Effect(BaseModel):
    """The contribution of a group of features to the stacked log odds."""

    group: str
    label: str
    contribution: float
    values: dict[str, float | None] = {}


class Like(BaseModel):
    """A training patient near this one: a key that names nobody, how near, and what happened."""

    who: str
    distance: float
    outcome: int


class Prediction(BaseModel):
    """Property names are those of the ``:Prediction`` node (docs/design.md). Probabilities are in [0, 1]."""

    model_config = ConfigDict(extra="ignore")
    id: str
    task: str
    role: str
    model: str
    agent: str
    patient: str
    encounter: str | None
    coordinate: str | None
    index_time: datetime
    made: datetime
    inputs: str
    probability: float
    low: float
    high: float
    set: list[str]
    confidence: float
    disagreement: float
    members: dict[str, float]
    missing: list[str]
    logit: float
    base: float
    contributions: list[Effect]
    neighbours: list[Like]
    authority: str | None
    released: bool
    reasons: list[str]
    verdict: str
    verdict_hash: str
    population: str
    because: list[Fact] = []

    @property
    def sentence(self) -> str:
        """What a clinician may read: the reason in place of the number when it was withheld."""
        if not self.released:
            return f"Withheld. {self.reasons[0] if self.reasons else self.verdict}"
        return (
            f"{self.probability:.0%} ({self.low:.0%} to {self.high:.0%}), for {self.authority}; "
            f"set at {self.confidence:.0%}: {' or '.join(self.set) or 'none'}."
        )

    def node(self) -> dict[str, Any]:
        """The node's properties: nested parts as JSON."""
        links = {"id", "agent", "patient", "encounter", "coordinate", "because"}
        props = self.model_dump(exclude=links)
        for name in ("members", "contributions", "neighbours"):
            props[name] = json.dumps(props[name], sort_keys=True)
        return props

    def masked(self) -> dict[str, Any]:
        """For clinicians: as JSON data, without any number that the gate withheld."""
        data = self.model_dump(mode="json")
        if not self.released:
            hidden = (
                "probability",
                "low",
                "high",
                "set",
                "disagreement",
                "members",
                "logit",
                "base",
                "contributions",
            )
            data |= dict.fromkeys((*hidden, "neighbours", "because"))
        return data | {"sentence": self.sentence}


def from_row(row: Row) -> Prediction:
    """A prediction from a row of the queries ``twin.prediction`` or ``twin.predictions``."""
    props = {"authority": None, **row["props"]}  # a property that is null is not kept
    for name in ("members", "contributions", "neighbours"):
        props[name] = json.loads(props[name])
    for name in ("index_time", "made"):
        props[name] = props[name].to_native()
    links = {name: row.get(name) for name in ("patient", "agent", "coordinate", "encounter")}
    return Prediction.model_validate({**props, **links, "because": row.get("because") or []})


def find(graph: Graph, prediction_id: str) -> Prediction:
    """The prediction of that id, or of which this is the beginning.

    Raises:
        NotFoundError: there is none, or more than one.
    """
    rows = graph.read("twin.prediction", id=prediction_id)
    if len(rows) != 1 or not prediction_id:
        what = "More than one prediction begins so." if rows else "No such prediction."
        raise NotFoundError(what, got=prediction_id, do="See `cwm twin predict`.")
    return from_row(rows[0])


def predictions(
    graph: Graph, patient: str | None = None, task: str | None = None, limit: int = 50
) -> list[Prediction]:
    """Predictions newest first, without their facts (see :func:`find`)."""
    return [from_row(r) for r in graph.read("twin.predictions", patient=patient, task=task, limit=limit)]
