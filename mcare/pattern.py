"""A whole report about a pattern that an evaluation found: a group, or an order of groups, whose risk is stated wrong."""

from abc import ABC, abstractmethod
from typing import Literal

from pydantic import BaseModel, ConfigDict

from graph import Graph
from mcare.draft import agent_and_cases, identification
from mcare.report import (
    Alternative,
    Axes,
    Criterion,
    Examination,
    Findings,
    Formulation,
    History,
    Intervention,
    Links,
    Observation,
    Perspective,
    PresentingConcern,
    Prognosis,
    Report,
    Severity,
    Treatment,
)

ALPHA = 0.05


class Finding(BaseModel, ABC):
    """What an evaluation found about a pattern of patients; every figure from held-out predictions."""

    model_config = ConfigDict(frozen=True)
    task: str
    column: str
    """What the groups are made by, for instance ``age_band``."""
    n: int
    events: int
    difference: float
    """Above 0 the stated risk is too low; its unit is the finding's own."""
    low: float
    high: float
    p: float
    """Unadjusted."""
    p_adjusted: float
    """Adjusted for all comparisons that were made."""
    looked_at: int
    """How many comparisons were made: groups and orders of groups, of every agent of the task."""
    method: str
    """How the evaluation was made."""
    population: str
    others: str = ""
    """What the other agents of the task showed, in a sentence."""

    @property
    def shown(self) -> bool:
        """The interval leaves out 0."""
        return self.low > 0 or self.high < 0

    @property
    def clear(self) -> bool:
        """It does so after the adjustment too."""
        return self.p_adjusted < ALPHA

    @property
    def way(self) -> str:
        """Too low or too high, with a perhaps where it does not survive the adjustment."""
        return ("" if self.shown and self.clear else "perhaps ") + (
            "too low" if self.difference > 0 else "too high"
        )

    @property
    @abstractmethod
    def where(self) -> str:
        """In which patients, after 'risk stated too low'."""

    @property
    @abstractmethod
    def figures(self) -> str:
        """What was measured, with interval and p."""

    @property
    @abstractmethod
    def controls(self) -> list[str]:
        """What it was compared with."""

    @property
    @abstractmethod
    def measured(self) -> str:
        """The name of the difference, for the criteria."""


class GroupFinding(Finding):
    """One group: the difference is observed minus expected, as a share of the group."""

    group: str
    expected: float
    """Sum of the predicted probabilities."""

    @property
    def where(self) -> str:
        """The group."""
        return f"where {self.column} is {self.group}"

    @property
    def figures(self) -> str:
        """Observed and predicted shares."""
        return (
            f"observed {self.events / self.n:.1%} ({self.events} of {self.n}), predicted {self.expected / self.n:.1%}, "
            f"difference {self.difference:+.1%} (95 % interval {self.low:+.1%} to {self.high:+.1%}), p = {self.p:.3g}, "
            f"adjusted for the {self.looked_at} comparisons that were made p = {self.p_adjusted:.3g}"
        )

    @property
    def controls(self) -> list[str]:
        """The other comparisons."""
        return [f"the other {self.looked_at - 1} comparisons"]

    @property
    def measured(self) -> str:
        """Observed minus expected."""
        return "observed minus expected"


class TrendFinding(Finding):
    """An order of groups: the difference is in log odds a step, beyond a shift that is common to all groups."""

    shares: list[tuple[str, int, int, float]]
    """In order: the group, its patients, its events, the events expected."""

    @property
    def where(self) -> str:
        """The order."""
        groups = [group for group, *_ in self.shares]
        return f"at each step of {self.column}, from {groups[0]} to {groups[-1]}"

    @property
    def figures(self) -> str:
        """The trend, then observed and predicted shares of each group."""
        by_group = "; ".join(
            f"{group}: observed {events / n:.1%} ({events} of {n}), predicted {expected / n:.1%}"
            for group, n, events, expected in self.shares
        )
        return (
            f"log odds {self.difference:+.2f} a step (95 % interval {self.low:+.2f} to {self.high:+.2f}), p = {self.p:.3g}, "
            f"adjusted for the {self.looked_at} comparisons that were made p = {self.p_adjusted:.3g} ({by_group})"
        )

    @property
    def controls(self) -> list[str]:
        """The other comparisons, and the same groups one by one."""
        return [f"the other {self.looked_at - 1} comparisons, each group alone among them"]

    @property
    def measured(self) -> str:
        """The trend."""
        return "the trend of observed beyond expected"


def about(
    graph: Graph, agent_key: str, found: Finding, *, coordinate: str | None, evidence: list[str]
) -> Report:
    """A whole report about a pattern, made from the evaluation's figures; a mere suspicion is called one.

    Raises:
        NotFoundError: no such agent.
    """
    agent, earlier = agent_and_cases(graph, agent_key)
    agree = "do not agree" if found.shown else "may not agree"
    certainty = (
        "The finding survives the adjustment."
        if found.clear
        else "The finding does not survive the adjustment; it may be chance."
    )
    concern = f"Events and stated probabilities {agree} {found.where}: {found.figures}."
    return Report(
        title=f"{agent['name']}: risk stated {found.way} {found.where}",
        severity=Severity(grade="minor" if found.clear else "potential", harms=["fairness", "decision"]),
        identification=identification(agent),
        presenting_concern=PresentingConcern(text=concern, voice="data"),
        clinical_summary=(
            f"The agent was evaluated on {found.population} ({found.method}). Its probabilities were then compared "
            f"with what happened. {concern} {certainty}{_beside(found)}"
        ),
        observation=Observation(
            environment="held-out predictions of the evaluation",
            duration="one evaluation",
            method=found.method,
            sample_size=found.n,
            controls=found.controls,
            assertion_level=2,
        ),
        model_history=History(
            text=f"{len(earlier)} earlier cases of agents named {agent['name']}.", cases=earlier
        ),
        examination=_examination(found),
        formulation=_formulation(found),
        differential=[
            Alternative(condition="Chance", why_not=f"{found.looked_at} comparisons were made. {certainty}"),
            Alternative(
                condition="Change of the population over time",
                why_not="Folds are by patient and not by time, so this was not tested.",
            ),
        ],
        axes=Axes(
            core="One model for all patients, fitted to the average.",
            shell="The task asks for one probability for every patient of the population.",
            alignment="neutral",
            context=f"{found.population}; {found.n} patients.",
        ),
        treatment=_treatment(found),
        model_perspective=Perspective(not_applicable="the agent does not speak"),
        prognosis=Prognosis(
            persist="It stays until the agent is fitted anew.",
            worsen="It grows if the share of these patients grows.",
            improve="It should shrink with more such patients in training.",
            generalise="Nothing is known outside this population.",
        ),
        follow_up=[
            "Evaluate again when there are twice as many such patients.",
            "Look for the same pattern at other coordinates of this agent.",
        ],
        links=Links(agent=agent_key, coordinate=coordinate, evidence=evidence),
    )


def _beside(found: Finding) -> str:
    return f" {found.others}" if found.others else ""


def _examination(found: Finding) -> Examination:
    return Examination(
        core=Findings(findings=[f"Calibration {found.where}: {found.figures}."]),
        phenotype=Findings(findings=[f"The stated risk is {found.way} {found.where}."]),
        shell=Findings(findings=[f"One calibration map for all patients, whatever their {found.column}."]),
        pathway=Findings(not_assessed="a fitted predictor has no such layer to examine"),
    )


def _status(met: bool) -> Literal["met", "not-met"]:
    return "met" if met else "not-met"


def _formulation(found: Finding) -> Formulation:
    return Formulation(
        condition="Group miscalibration" if found.shown else "Suspected group miscalibration",
        categories=["distributional-miscalibration"],
        criteria=[
            Criterion(
                id="interval",
                text=f"The 95 % interval of {found.measured} excludes 0.",
                status=_status(found.shown),
            ),
            Criterion(
                id="adjusted",
                text="It still does after adjusting for all comparisons that were made.",
                status=_status(found.clear),
            ),
            Criterion(id="replicated", text="A second population shows the same.", status="not-assessed"),
        ],
        analogy="A scale that weighs true on average and wrong for one kind of load.",
    )


def _treatment(found: Finding) -> Treatment:
    if not found.shown:
        return Treatment(none="no criterion is met: the pattern is watched and nothing is changed")
    return Treatment(
        interventions=[
            Intervention(
                target="core",
                text=f"Fit the calibration map by {found.column}, and evaluate again.",
                addresses=["interval"],
            ),
            Intervention(
                target="shell",
                text="Show the group's own observed rate beside the probability.",
                addresses=["interval"],
            ),
        ]
    )
