"""The form of a case: one field a line of the table below, and the way from its values to a report."""

import re
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html

from mcare import nosology
from mcare.report import GRADES, UNWRITTEN

UNEXAMINED = "Not examined for this report."
NO_TREATMENT = "No intervention is proposed in this report."


@dataclass(frozen=True)
class Field:
    """A field of the form. ``path`` is its place in the report; ``kind``: line, text, lines, number, one, many."""

    path: str
    label: str
    kind: str = "line"
    options: tuple[str, ...] = ()
    hint: str = ""

    @property
    def id(self) -> dict[str, str]:
        """Its id on the page; Dash allows no dots in it."""
        return {"case-field": self.path.replace(".", ":")}


_LAYER = "One finding a line. Leave it empty if this layer was not examined."
FORM: dict[str, tuple[Field, ...]] = {
    "The case": (
        Field("title", "Title", hint="What, where, in whom: no name, no record number, no date of birth."),
        Field("severity.grade", "Severity", "one", GRADES),
        Field(
            "severity.harms", "Harm to", "many",
            ("patient", "decision", "trust", "privacy", "fairness", "operations"),
        ),
    ),
    "1  Identification": (
        Field("identification.model", "Model or agent"),
        Field("identification.version", "Version"),
        Field("identification.provider", "Provider"),
        Field("identification.environment", "Environment"),
        Field("identification.access", "How it was reached"),
    ),
    "2  Presenting Concern": (
        Field("presenting_concern.text", "What was noticed", "text", hint="Describe; do not diagnose yet."),
        Field("presenting_concern.voice", "Whose words", "one", ("human", "model", "data")),
    ),
    "3  Clinical Summary": (Field("clinical_summary", "The story in order of time", "text"),),
    "4  Observation Context": (
        Field("observation.environment", "Where it was observed"),
        Field("observation.duration", "Duration"),
        Field("observation.method", "Method"),
        Field("observation.sample_size", "Observations", "number"),
        Field("observation.controls", "Compared with", "lines", hint="One a line. Level 2 needs at least one."),
        Field(
            "observation.assertion_level", "Assertion level claimed", "one", ("1", "2", "3", "4"),
            hint="1 anecdotal, 2 structured, 3 controlled experiment, 4 replicated by others. The platform verifies it.",
        ),
    ),
    "5  Model History": (
        Field("model_history.text", "Earlier history", "text"),
        Field("model_history.cases", "Earlier cases", "lines"),
    ),
    "6  Examination Findings": (
        Field("examination.core", "Core diagnostics", "lines", hint=_LAYER),
        Field("examination.phenotype", "Phenotype assessment", "lines", hint=_LAYER),
        Field("examination.shell", "Shell diagnostics", "lines", hint=_LAYER),
        Field("examination.pathway", "Pathway diagnostics", "lines", hint=_LAYER),
    ),
    "7  Diagnostic Formulation": (
        Field("formulation.condition", "Condition, provisional"),
        Field("formulation.categories", "Mechanism", "many", tuple(nosology.categories())),
        Field(
            "formulation.criteria", "Criteria", "lines",
            hint="One a line, each begun with 'met:', 'not met:' or 'not assessed:'.",
        ),
        Field("formulation.analogy", "Clinical analogy"),
    ),
    "8  Differential Diagnosis": (
        Field("differential", "Alternatives", "lines", hint="One a line: the alternative, a colon, why not."),
    ),
    "9  Axis Assessment": (
        Field("axes.core", "I Core: its default without a Shell"),
        Field("axes.shell", "II Shell: what it was told to be"),
        Field("axes.alignment", "III Shell-Core Alignment", "one", ("synergy", "conflict", "neutral")),
        Field("axes.context", "IV Context"),
    ),
    "10  Treatment Considerations": (
        Field(
            "treatment", "Interventions", "lines",
            hint="One a line, begun with 'shell:' or 'core:'; they address the criteria that are met. Empty: none.",
        ),
    ),
    "11  Model Perspective": (
        Field("model_perspective.text", "The model's own account", "text", hint="Empty: not applicable."),
    ),
    "12  Prognosis": (
        Field("prognosis.persist", "Will it persist?"),
        Field("prognosis.worsen", "Will it worsen?"),
        Field("prognosis.improve", "What would improve it?"),
        Field("prognosis.generalise", "Does it generalise?"),
    ),
    "13  Follow-up Plan": (Field("follow_up", "Next observations or experiments", "lines", hint="One a line."),),
}  # fmt: skip
"""The fields by section, in the order of the report."""

FIELDS = {field.path: field for fields in FORM.values() for field in fields}


def form(draft: dict[str, Any]) -> Any:
    """The form, filled with what the draft knows."""
    return html.Div(
        [
            html.Fieldset(
                [html.Legend(heading), *(_control(field, draft) for field in fields)], className="card"
            )
            for heading, fields in FORM.items()
        ]
    )


def _control(field: Field, draft: dict[str, Any]) -> Any:
    value = _known(draft, field)
    common = {"id": field.id, "label": field.label, "description": field.hint or None, "mb": "sm"}
    options = [{"value": option, "label": option.replace("-", " ")} for option in field.options]
    match field.kind:
        case "text" | "lines":
            return dmc.Textarea(value=value, autosize=True, minRows=2, maxRows=14, **common)
        case "number":
            return dmc.NumberInput(value=value, min=1, allowDecimal=False, w=220, **common)
        case "one":
            return dmc.Select(value=value, data=options, allowDeselect=False, w=320, **common)
        case "many":
            return dmc.MultiSelect(value=value, data=options, **common)
    return dmc.TextInput(value=value, **common)


def _known(draft: dict[str, Any], field: Field) -> Any:
    found: Any = draft
    for step in field.path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    if field.kind == "many":
        return found or []
    if field.kind == "lines":
        return "\n".join(one for one in found or [] if isinstance(one, str) and UNWRITTEN not in one) if isinstance(
            found, list
        ) else ""  # fmt: skip
    if field.kind == "number":
        return found
    return "" if found is None or UNWRITTEN in str(found) else str(found)


def assemble(values: dict[str, Any], links: dict[str, Any]) -> dict[str, Any]:
    """The report as a mapping, from the values of the fields by path; what is empty stays empty for the check to find.

    >>> filled = assemble({"formulation.criteria": "met: seen twice", "treatment": "core: fit again"}, {})
    >>> filled["treatment"]["interventions"][0]["addresses"]
    ['c1']
    """
    report: dict[str, Any] = {"links": links}
    for path, field in FIELDS.items():
        value = values.get(path)
        *parents, last = path.split(".")
        into = report
        for step in parents:
            into = into.setdefault(step, {})
        into[last] = (
            _lines(value) if field.kind == "lines" else (value or []) if field.kind == "many" else value
        )
    report["observation"]["assertion_level"] = int(values.get("observation.assertion_level") or 1)
    report["examination"] = {name: _layer(found) for name, found in report["examination"].items()}
    criteria = report["formulation"]["criteria"] = _criteria(report["formulation"]["criteria"])
    met = [c["id"] for c in criteria if c["status"] == "met"]
    report["differential"] = [_split(line, "condition", "why_not") for line in report["differential"]]
    report["treatment"] = _treatment(report["treatment"], met)
    told = (report["model_perspective"]["text"] or "").strip()
    report["model_perspective"] = (
        {"text": told} if told else {"not_applicable": "The agent gives no account of itself."}
    )
    return report


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _layer(found: list[str]) -> dict[str, Any]:
    return {"findings": found} if found else {"not_assessed": UNEXAMINED}


def _criteria(lines: list[str]) -> list[dict[str, str]]:
    found = []
    for number, line in enumerate(lines, 1):
        said = re.match(r"(met|not[ -]met|not[ -]assessed)\s*:\s*(.*)", line, re.IGNORECASE)
        status, text = (said[1].lower().replace(" ", "-"), said[2]) if said else ("not-assessed", line)
        found.append({"id": f"c{number}", "text": text, "status": status})
    return found


def _split(line: str, first: str, second: str) -> dict[str, str]:
    head, _, tail = line.partition(":")
    return {first: head.strip(), second: tail.strip()}


def _treatment(lines: list[str], met: list[str]) -> dict[str, Any]:
    if not lines:
        return {"none": NO_TREATMENT}
    parts = [_split(line, "target", "text") for line in lines]
    return {"interventions": [{**part, "target": part["target"].lower(), "addresses": met} for part in parts]}
