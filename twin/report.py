"""The report of an evaluation: what was measured, on whom, each figure with its n and interval. JSON in and out."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from twin.intervals import Estimate


class Part(BaseModel):
    """A part of a report; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class Model(Part):
    """One model's figures. ``role`` is twin, member, score or baseline. ``statistics`` by name (see twin.metrics)."""

    name: str
    role: str
    kind: str
    statistics: dict[str, Estimate]
    net_benefit: dict[str, Estimate]
    """By threshold, as text."""
    weight: float | None = None
    """How much the stacking listened to it, mean of the folds."""


class Bin(Part):
    """A bin of the calibration table: patients in order of predicted probability, in parts of equal size."""

    predicted: float
    observed: Estimate
    expected: float


class Conformal(Part):
    """How the prediction sets did."""

    confidence: float
    coverage: Estimate
    coverage_with_outcome: Estimate
    coverage_without_outcome: Estimate
    mean_size: Estimate
    both: int
    none: int


class Operating(Part):
    """Acting at a threshold: share of patients called, and what it catches and misses."""

    threshold: float
    called: Estimate
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate
    net_benefit_gain: Estimate
    """Net benefit less that of the better of acting on everybody and on nobody."""


class Subgroup(Part):
    """A group of patients: does the twin expect as many events as there were?"""

    column: str
    group: str
    n: int
    events: int
    expected: float
    observed_expected: Estimate
    difference: Estimate
    """Observed share less mean probability; its interval is Wilson's of the observed share."""
    intercept: Estimate
    """Calibration in the large on the logit scale."""
    auroc: Estimate
    coverage: Estimate
    p: float
    """Exact test that every patient's probability is right, against the number observed."""
    p_holm: float
    """The same, adjusted for all groups of the table."""
    miscalibrated: bool
    """The interval of ``difference`` leaves out 0. Not adjusted: see ``p_holm``."""


class Trend(Part):
    """Along an order of groups that the task declares: does the stated risk fall behind, more at each step?"""

    column: str
    groups: list[str]
    """In their order."""
    n: int
    events: int
    slope: Estimate
    """Log odds by which the stated risk is too low, a step of the order, beyond a shift that is common to all."""
    p: float
    """Score test that there is no such trend."""
    p_holm: float
    """The same, adjusted for all orders of the table."""
    miscalibrated: bool
    """The interval of ``slope`` leaves out 0. Not adjusted: see ``p_holm``."""


class Report(Part):
    """Held-out results of one agent for one task."""

    task: str
    title: str
    agent: str
    role: str
    version: str
    made: AwareDatetime
    dataset: str
    data_digest: str
    population: str
    folds: int
    inner_folds: int
    seed: int
    bootstrap: int
    flow: list[tuple[str, int]]
    n: int
    events: int
    prevalence: Estimate
    models: list[Model]
    calibration: list[Bin]
    conformal: Conformal
    operating: Operating
    thresholds: list[float]
    treat_all: dict[str, Estimate]
    interval_width: Estimate
    disagreement: float
    subgroups: list[Subgroup]
    miscalibrated: list[str]
    """Groups whose observed-minus-expected interval leaves out 0, worst first, as ``column=group``."""
    trends: list[Trend] = []
    """One an order of groups; none in a report of before they were looked at."""
    without: list[str]
    """Members left out, by request."""
    libraries: dict[str, str]
    seconds: float
    notes: list[str]

    def model(self, name: str) -> Model:
        """The model of that name."""
        return next(m for m in self.models if m.name == name)

    def group(self, label: str) -> Subgroup:
        """The subgroup written ``column=group``."""
        return next(s for s in self.subgroups if f"{s.column}={s.group}" == label)

    def figures(self) -> dict[str, Any]:
        """The report as JSON data."""
        return self.model_dump(mode="json")
