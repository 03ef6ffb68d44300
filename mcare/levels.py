"""Diagnostic Assertion Levels: what a report claims against what its evidence supports.

Source: arXiv:2604.20871, Diagnostic Assertion Levels 1-4. That software checks them is this project's own.
"""

from pydantic import BaseModel, ConfigDict

from mcare.report import Experiment, Observation

NAMES = {
    1: "self-reported or anecdotal",
    2: "structured observation with partial controls",
    3: "controlled experiment, replicated by the same group",
    4: "controlled experiment, replicated independently",
}


class Level(BaseModel):
    """The claimed level, the one that the evidence supports, and what the next one lacks."""

    model_config = ConfigDict(frozen=True)
    claimed: int
    verified: int
    missing: list[str] = []
    """What the claim lacks; empty when the claim is supported."""


def _lacks_structure(seen: Observation) -> list[str]:
    lacks = []
    if seen.sample_size < 2:
        lacks.append("level 2 needs more than one observation")
    if not seen.controls and not any(e.control for e in seen.experiments):
        lacks.append("level 2 needs something the finding was compared with (observation.controls)")
    return lacks


def _lacks_control(run: Experiment) -> list[str]:
    lacks = []
    if len(run.variables) != 1:
        lacks.append(f"level 3 needs one variable, and {run.reference} varies {len(run.variables)}")
    if not run.control:
        lacks.append(f"level 3 needs a control arm in {run.reference}")
    if run.capture != "complete":
        lacks.append(f"level 3 needs complete capture in {run.reference}")
    if not run.replicated_by:
        lacks.append(f"level 3 needs a replication of {run.reference}")
    return lacks


def assess(seen: Observation) -> Level:
    """The level that the observation supports, and what the claim lacks.

    >>> seen = Observation(environment="held-out folds", duration="one run", method="cross-validation",
    ...                    sample_size=210, controls=["the other groups"], assertion_level=3)
    >>> level = assess(seen)
    >>> level.verified, level.missing
    (2, ['level 3 needs a linked experiment (observation.experiments)'])
    """
    steps: dict[int, list[str]] = {2: _lacks_structure(seen)}
    tried = [_lacks_control(run) for run in seen.experiments]
    best = min(tried, key=len) if tried else ["level 3 needs a linked experiment (observation.experiments)"]
    steps[3] = best
    sound = [run for run, lacks in zip(seen.experiments, tried, strict=True) if not lacks]
    independent = any(set(run.replicated_by) - {run.group} for run in sound)
    steps[4] = (
        [] if independent else ["level 4 needs a replication by a group other than the one that ran it"]
    )
    verified = 1
    for level in (2, 3, 4):
        if steps[level]:
            break
        verified = level
    missing = [lack for level in range(verified + 1, seen.assertion_level + 1) for lack in steps[level]]
    return Level(claimed=seen.assertion_level, verified=verified, missing=missing)
