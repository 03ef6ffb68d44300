"""What a check finds, in FHIR's own form: OperationOutcome, one a resource, one a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as FHIR says; ``code`` is an IssueType, ``expression`` a FHIRPath.

    ``words`` never holds a value of a record.
    """

    severity: Severity
    code: str
    words: str
    expression: str


def outcome(findings: Sequence[Finding], place: str) -> dict[str, Any]:
    """The findings about one resource; ``place`` is its file and line.

    >>> outcome([Finding("error", "required", "birthDate is missing.", "Patient")], "a.ndjson:7")["issue"][0]["location"]
    ['a.ndjson:7']
    """
    return {"resourceType": "OperationOutcome", "issue": [_issue(finding, place) for finding in findings]}


def _issue(finding: Finding, place: str) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "code": finding.code,
        "diagnostics": finding.words,
        "location": [place],
        "expression": [finding.expression],
    }
