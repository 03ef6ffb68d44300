"""Drafts: a report begun from what the graph knows, for a person to finish, and one about a miscalibrated group."""

from importlib.metadata import version
from typing import Any

from pydantic import BaseModel, ConfigDict

from graph import Graph
from mcare.report import (
    UNWRITTEN,
    Alternative,
    Axes,
    Criterion,
    Examination,
    Findings,
    Formulation,
    History,
    Identification,
    Intervention,
    Links,
    Observation,
    Perspective,
    PresentingConcern,
    Prognosis,
    Report,
    Severity,
    Shell,
    Treatment,
)
from ontology.errors import NotFoundError


class GroupFinding(BaseModel):
    """What an evaluation found about one group of patients; every figure from held-out predictions."""

    model_config = ConfigDict(frozen=True)
    task: str
    column: str
    """What the groups are made by, for instance ``age_band``."""
    group: str
    n: int
    events: int
    expected: float
    """Sum of the predicted probabilities."""
    difference: float
    """Observed minus expected, as a share of the group."""
    low: float
    high: float
    p: float
    """Unadjusted."""
    p_adjusted: float
    """Adjusted for the number of groups that were looked at."""
    groups: int
    """How many groups were looked at."""
    method: str
    """How the evaluation was made."""
    population: str


def _identification(agent: dict[str, Any]) -> Identification:
    return Identification(
        model=agent["name"],
        version=agent["version"],
        provider=agent["provider"],
        shell=Shell(
            hard="the task's file and thresholds",
            soft="none: no memory between predictions",
            hardware=f"scikit-learn {version('scikit-learn')}",
        ),
        environment="the patient graph of this installation",
        access="local, through the twin",
    )


def _agent(graph: Graph, key: str) -> tuple[dict[str, Any], list[str]]:
    rows = graph.read("mcare.agent", key=key)
    if not rows:
        raise NotFoundError("No such agent.", got=key, do="See `cwm skillmix agents`.")
    return rows[0]["agent"], rows[0]["cases"]


def about_group(
    graph: Graph, agent_key: str, found: GroupFinding, *, coordinate: str | None, evidence: list[str]
) -> Report:
    """A whole report about a group for which a predictor is miscalibrated, made from the evaluation's figures.

    Raises:
        NotFoundError: no such agent.
    """
    agent, earlier = _agent(graph, agent_key)
    observed = found.events / found.n
    expected = found.expected / found.n
    shown = found.low > 0 or found.high < 0
    way = ("" if shown else "perhaps ") + ("too low" if found.difference > 0 else "too high")
    clear = found.p_adjusted < 0.05
    figures = (
        f"observed {observed:.1%} ({found.events} of {found.n}), predicted {expected:.1%}, difference "
        f"{found.difference:+.1%} (95 % interval {found.low:+.1%} to {found.high:+.1%}), p = {found.p:.3g}, "
        f"adjusted for {found.groups} groups p = {found.p_adjusted:.3g}"
    )
    agree = "do not agree" if shown else "may not agree"
    certainty = (
        "The finding survives the adjustment."
        if clear
        else "The finding does not survive the adjustment; it may be chance."
    )
    unseen = Findings(not_assessed="a fitted predictor has no such layer to examine")
    return Report(
        title=f"{found.task}: risk stated {way} where {found.column} is {found.group}",
        severity=Severity(grade="minor" if clear else "potential", harms=["fairness", "decision"]),
        identification=_identification(agent),
        presenting_concern=PresentingConcern(
            text=f"Where {found.column} is {found.group}, events and stated probabilities {agree}: {figures}.",
            voice="data",
        ),
        clinical_summary=(
            f"The agent was evaluated on {found.population} ({found.method}). Its probabilities were then compared "
            f"with what happened, group by group. In the group {found.column} = {found.group}: {figures}. {certainty}"
        ),
        observation=Observation(
            environment="held-out predictions of the evaluation",
            duration="one evaluation",
            method=found.method,
            sample_size=found.n,
            controls=[f"the other {found.groups - 1} groups of the same evaluation"],
            assertion_level=2,
        ),
        model_history=History(
            text=f"{len(earlier)} earlier cases of agents named {agent['name']}.", cases=earlier
        ),
        examination=Examination(
            core=Findings(findings=[f"Calibration in the large in the group: {figures}."]),
            phenotype=Findings(findings=[f"On average the stated risk is {way} in this group."]),
            shell=Findings(
                findings=["One calibration map for all patients; the group is not an input of it."]
            ),
            pathway=unseen,
        ),
        formulation=Formulation(
            condition="Group miscalibration" if shown else "Suspected group miscalibration",
            categories=["distributional-miscalibration"],
            criteria=[
                Criterion(
                    id="interval",
                    text="The 95 % interval of observed minus expected excludes 0.",
                    status="met" if shown else "not-met",
                ),
                Criterion(
                    id="adjusted",
                    text="It still does after adjusting for the number of groups.",
                    status="met" if clear else "not-met",
                ),
                Criterion(id="replicated", text="A second population shows the same.", status="not-assessed"),
            ],
            analogy="A scale that weighs true on average and wrong for one kind of load.",
        ),
        differential=[
            Alternative(condition="Chance", why_not=f"{found.groups} groups were looked at; {certainty}"),
            Alternative(
                condition="Change of the population over time",
                why_not="Folds are by patient and not by time, so this was not tested.",
            ),
        ],
        axes=Axes(
            core="One model for all patients, fitted to the average.",
            shell="The task asks for one probability for every patient of the population.",
            alignment="neutral",
            context=f"{found.population}; the group is {found.n} patients.",
        ),
        treatment=Treatment(
            interventions=[
                Intervention(
                    target="core",
                    text="Fit the calibration map by group where the group is large enough, and evaluate again.",
                    addresses=["interval"],
                ),
                Intervention(
                    target="shell",
                    text="Show the group's own observed rate beside the probability.",
                    addresses=["interval"],
                ),
            ]
        )
        if shown
        else Treatment(none="no criterion is met: the group is watched and nothing is changed"),
        model_perspective=Perspective(not_applicable="the agent does not speak"),
        prognosis=Prognosis(
            persist="It stays until the agent is fitted anew.",
            worsen="It grows if the group's share of patients grows.",
            improve="It should shrink with more patients of this group in training.",
            generalise="Nothing is known outside this population.",
        ),
        follow_up=[
            "Evaluate again when the group has twice as many patients.",
            "Look for the same group at other coordinates of this agent.",
        ],
        links=Links(agent=agent_key, coordinate=coordinate, evidence=evidence),
    )


_NAMED = ("model", "version", "provider", "environment", "access")


def blank(
    identification: Identification | None = None, links: Links | None = None, *, task: str = UNWRITTEN
) -> dict[str, Any]:
    """A report to be written: every section there, links and identification filled where they are known."""
    layer = {"not_assessed": UNWRITTEN}
    return {
        "title": f"{task}: {UNWRITTEN}" if task != UNWRITTEN else UNWRITTEN,
        "severity": {"grade": "potential", "harms": ["decision"]},
        "identification": identification.model_dump() if identification else dict.fromkeys(_NAMED, UNWRITTEN),
        "presenting_concern": {"text": UNWRITTEN, "voice": "human"},
        "clinical_summary": UNWRITTEN,
        "observation": {
            "environment": UNWRITTEN,
            "duration": UNWRITTEN,
            "method": UNWRITTEN,
            "sample_size": 1,
            "controls": [],
            "assertion_level": 1,
        },
        "model_history": {"text": UNWRITTEN, "cases": []},
        "examination": {
            "core": dict(layer),
            "phenotype": dict(layer),
            "shell": dict(layer),
            "pathway": dict(layer),
        },
        "formulation": {
            "condition": UNWRITTEN,
            "categories": ["stress-methodology-and-boundary"],
            "criteria": [{"id": "first", "text": UNWRITTEN, "status": "not-assessed"}],
            "analogy": UNWRITTEN,
        },
        "differential": [{"condition": UNWRITTEN, "why_not": UNWRITTEN}],
        "axes": {"core": UNWRITTEN, "shell": UNWRITTEN, "alignment": "neutral", "context": UNWRITTEN},
        "treatment": {"none": UNWRITTEN},
        "model_perspective": {"not_applicable": UNWRITTEN},
        "prognosis": {
            "persist": UNWRITTEN,
            "worsen": UNWRITTEN,
            "improve": UNWRITTEN,
            "generalise": UNWRITTEN,
        },
        "follow_up": [UNWRITTEN],
        "links": (links or Links()).model_dump(),
    }


def about_prediction(graph: Graph, prediction_id: str) -> dict[str, Any]:
    """A report begun from a prediction: identification and links are filled, the rest is for the filer.

    No fact of the patient enters the report: the link to the prediction holds it.

    Raises:
        NotFoundError: no such prediction.
    """
    rows = graph.read("mcare.prediction", id=prediction_id)
    if not rows:
        raise NotFoundError(
            "No such prediction.", got=prediction_id, do="See the patient's page, or `cwm twin predict`."
        )
    row = rows[0]
    links = Links(
        agent=row["agent"]["key"],
        coordinate=row["coordinate"],
        predictions=[prediction_id],
        evidence=row["evidence"],
    )
    draft = blank(_identification(row["agent"]), links, task=row["prediction"]["task"])
    earlier = _agent(graph, row["agent"]["key"])[1]
    draft["model_history"] = {
        "text": f"{len(earlier)} earlier cases of agents with this name.",
        "cases": earlier,
    }
    return draft
