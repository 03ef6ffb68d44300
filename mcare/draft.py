"""Drafts: a report begun from what the graph knows, for a person to finish."""

from importlib.metadata import version
from typing import Any

from graph import Graph
from mcare.report import UNWRITTEN, Identification, Links, Shell
from ontology.errors import NotFoundError


def identification(agent: dict[str, Any]) -> Identification:
    """Section 1 of a report about a registered agent."""
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


def agent_and_cases(graph: Graph, key: str) -> tuple[dict[str, Any], list[str]]:
    """A registered agent, and the cases of agents with its name.

    Raises:
        NotFoundError: no such agent.
    """
    rows = graph.read("mcare.agent", key=key)
    if not rows:
        raise NotFoundError("No such agent.", got=key, do="See `cwm skillmix agents`.")
    return rows[0]["agent"], rows[0]["cases"]


_NAMED = ("model", "version", "provider", "environment", "access")


def blank(
    identified: Identification | None = None, links: Links | None = None, *, task: str = UNWRITTEN
) -> dict[str, Any]:
    """A report to be written: every section there, links and identification filled where they are known."""
    layer = {"not_assessed": UNWRITTEN}
    return {
        "title": f"{task}: {UNWRITTEN}" if task != UNWRITTEN else UNWRITTEN,
        "severity": {"grade": "potential", "harms": ["decision"]},
        "identification": identified.model_dump() if identified else dict.fromkeys(_NAMED, UNWRITTEN),
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
    draft = blank(identification(row["agent"]), links, task=row["prediction"]["task"])
    earlier = agent_and_cases(graph, row["agent"]["key"])[1]
    draft["model_history"] = {
        "text": f"{len(earlier)} earlier cases of agents with this name.",
        "cases": earlier,
    }
    return draft
