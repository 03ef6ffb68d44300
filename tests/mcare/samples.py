"""Reports that the tests of M-CARE share."""

from typing import Any

from mcare import draft
from mcare.report import Report


def written(**changes: Any) -> dict[str, Any]:
    """A whole report as a mapping; ``changes`` replace sections."""
    data = draft.blank()
    data |= {
        "title": "admission-365d: risk stated too low where age_band is 80+",
        "severity": {"grade": "minor", "harms": ["fairness"]},
        "identification": {
            "model": "twin",
            "version": "1",
            "provider": "us",
            "environment": "held-out folds",
            "access": "local",
        },
        "presenting_concern": {"text": "More admissions than were foretold.", "voice": "data"},
        "clinical_summary": "The report was read group by group.",
        "observation": {
            "environment": "held-out folds",
            "duration": "one evaluation",
            "method": "five-fold by patient",
            "sample_size": 40,
            "controls": ["the other groups"],
            "assertion_level": 2,
        },
        "model_history": {"text": "None.", "cases": []},
        "examination": {
            "core": {"findings": ["observed 0.40, expected 0.25"]},
            "phenotype": {"not_assessed": "no use was observed"},
            "shell": {"findings": ["one calibration map for all"]},
            "pathway": {"not_assessed": "no such layer"},
        },
        "formulation": {
            "condition": "Group miscalibration",
            "categories": ["distributional-miscalibration"],
            "criteria": [
                {"id": "interval", "text": "The interval excludes 0.", "status": "met"},
                {"id": "replicated", "text": "Seen in a second population.", "status": "not-assessed"},
            ],
            "analogy": "A scale that weighs one load wrong.",
        },
        "differential": [{"condition": "Chance", "why_not": "The interval excludes 0."}],
        "axes": {
            "core": "one model",
            "shell": "one task",
            "alignment": "neutral",
            "context": "synthetic patients",
        },
        "treatment": {
            "interventions": [{"target": "core", "text": "Calibrate by group.", "addresses": ["interval"]}]
        },
        "model_perspective": {"not_applicable": "it does not speak"},
        "prognosis": {"persist": "yes", "worsen": "no", "improve": "with data", "generalise": "unknown"},
        "follow_up": ["Evaluate again."],
        "links": {},
    }
    return data | changes


def report(**changes: Any) -> Report:
    """The same, checked."""
    return Report.model_validate(written(**changes))
