"""An M-CARE report as a page: the 13 sections in their order, whatever the fields in them."""

from typing import Any

from dash import html
from pydantic import BaseModel

from dashboard.components.parts import pairs
from mcare import nosology
from mcare.report import SECTIONS, Alternative, Criterion, Intervention, Report

NAMES = {
    "voice": "Whose words",
    "hard": "Hard Shell",
    "soft": "Soft Shell",
    "hardware": "Hardware Shell",
    "core": "Core",
    "phenotype": "Phenotype",
    "shell": "Shell",
    "pathway": "Pathway",
    "alignment": "Shell-Core Alignment",
    "not_assessed": "Not assessed",
    "not_applicable": "Not applicable",
    "why_not": "Why not",
    "text": "In words",
}
"""Fields whose plain name would not say enough."""


def sections(report: Report) -> list[Any]:
    """The 13 sections, each with its number and published heading."""
    return [
        html.Section(
            [html.H3(f"{number}  {heading}"), body(getattr(report, name))],
            className="report-section",
            id=f"section-{number}",
        )
        for number, (name, heading) in enumerate(SECTIONS.items(), 1)
    ]


def body(value: Any) -> Any:
    """A value of a report: text, a list, or a part with fields. Empty fields are left out."""
    if isinstance(value, BaseModel):
        filled = [(name, getattr(value, name)) for name in type(value).model_fields]
        return pairs([(named(name), body(one)) for name, one in filled if one not in (None, [], "")])
    if isinstance(value, list):
        return html.Ul([html.Li(_line(one)) for one in value], className="reasons")
    return html.Span(str(value), className="prose")


def _line(value: Any) -> Any:
    """One entry of a list: a part with fields is one line."""
    if isinstance(value, Criterion):
        return [html.Strong(f"{value.status.replace('-', ' ').capitalize()}: "), value.text]
    if isinstance(value, Alternative):
        return [html.Strong(f"{value.condition}: "), value.why_not]
    if isinstance(value, Intervention):
        return [html.Strong(f"{value.target.capitalize()}: "), value.text]
    if not isinstance(value, BaseModel):
        known = nosology.categories().get(str(value))
        return known.name if known else str(value)
    fields = [(name, getattr(value, name)) for name in type(value).model_fields]
    said = [
        (named(n), ", ".join(v) if isinstance(v, list) else str(v))
        for n, v in fields
        if v not in (None, [], "")
    ]
    return [part for name, text in said for part in (html.Span(f"{name}: ", className="soft"), f"{text} ")]


def named(field: str) -> str:
    """A field's name for people.

    >>> named("sample_size"), named("why_not")
    ('Sample size', 'Why not')
    """
    return NAMES.get(field, field.replace("_", " ").capitalize())
