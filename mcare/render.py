"""A case as Markdown for people, in the source's 13 sections, and as JSON for machines."""

from collections.abc import Iterator
from typing import Any

from mcare.levels import NAMES, assess
from mcare.report import SECTIONS, Report

_LAYERS = {
    "core": "Layer 1, Core Diagnostics",
    "phenotype": "Layer 2, Phenotype Assessment",
    "shell": "Layer 3, Shell Diagnostics",
    "pathway": "Layer 4, Pathway Diagnostics",
}


def _bullets(lines: Iterator[str] | list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _pairs(section: Any, *names: str) -> str:
    return _bullets(
        [f"**{name.replace('_', ' ').capitalize()}:** {getattr(section, name)}" for name in names]
    )


def _identification(r: Report) -> str:
    i = r.identification
    shell = f"hard: {i.shell.hard}; soft: {i.shell.soft}; hardware: {i.shell.hardware}"
    return (
        _pairs(i, "model", "version", "provider")
        + f"\n- **Shell:** {shell}\n"
        + _pairs(i, "environment", "access")
    )


def _observation(r: Report) -> str:
    o, level = r.observation, assess(r.observation)
    lines = [
        _pairs(o, "environment", "duration", "method", "sample_size"),
        _bullets([f"**Controls:** {'; '.join(o.controls) or 'none'}"]),
        _bullets([f"**Assertion level claimed:** {level.claimed}, {NAMES[level.claimed]}"]),
        _bullets([f"**Assertion level verified:** {level.verified}, {NAMES[level.verified]}"]),
    ]
    lines += [_bullets([f"**Missing for the claim:** {lack}"]) for lack in level.missing]
    lines += [_bullets([f"**Experiment:** {e.reference} ({e.group})"]) for e in o.experiments]
    return "\n".join(lines)


def _examination(r: Report) -> str:
    parts = []
    for name, heading in _LAYERS.items():
        layer = getattr(r.examination, name)
        parts.append(
            f"### {heading}\n\n{_bullets(layer.findings) if layer.findings else 'Not assessed: ' + layer.not_assessed}"
        )
    return "\n\n".join(parts)


def _formulation(r: Report) -> str:
    f = r.formulation
    rows = "\n".join(f"| {c.id} | {c.text} | {c.status} |" for c in f.criteria)
    return (
        f"**{f.condition}** ({', '.join(f.categories)})\n\n| criterion | text | status |\n|---|---|---|\n{rows}\n\n"
        f"Analogy: {f.analogy}"
    )


def _axes(r: Report) -> str:
    a = r.axes
    return _bullets(
        [
            f"**I Core:** {a.core}",
            f"**II Shell:** {a.shell}",
            f"**III Alignment:** {a.alignment}",
            f"**IV Context:** {a.context}",
        ]
    )


def _treatment(r: Report) -> str:
    t = r.treatment
    if t.none:
        return f"None: {t.none}"
    return _bullets([f"{i.target}: {i.text} (addresses {', '.join(i.addresses)})" for i in t.interventions])


def _body(r: Report, section: str) -> str:
    special = {
        "identification": _identification,
        "observation": _observation,
        "examination": _examination,
        "formulation": _formulation,
        "axes": _axes,
        "treatment": _treatment,
    }
    if section in special:
        return special[section](r)
    value = getattr(r, section)
    match section:
        case "presenting_concern":
            return f"{value.text}\n\nVoice: {value.voice}"
        case "model_history":
            return str(value.text) + (f"\n\nEarlier cases: {', '.join(value.cases)}" if value.cases else "")
        case "differential":
            return _bullets([f"**{d.condition}:** {d.why_not}" for d in value])
        case "model_perspective":
            return str(value.text) if value.text else f"Not applicable: {value.not_applicable}"
        case "prognosis":
            return _pairs(value, "persist", "worsen", "improve", "generalise")
        case "follow_up":
            return _bullets(value)
        case _:
            return str(value)


def markdown(
    report: Report, *, id: str | None = None, status: str | None = None, version: int | None = None
) -> str:
    """The report as Markdown: title, severity, then the 13 sections in their order."""
    head = [f"# {id + ': ' if id else ''}{report.title}", ""]
    facts = [
        f"severity {report.severity.grade}"
        + (f" ({', '.join(report.severity.harms)})" if report.severity.harms else "")
    ]
    facts += [f"status {status}"] if status else []
    facts += [f"version {version}"] if version else []
    head.append(" · ".join(facts))
    for number, (name, heading) in enumerate(SECTIONS.items(), 1):
        head += ["", f"## {number} {heading}", "", _body(report, name)]
    links = report.links
    linked = [f"agent {links.agent}"] if links.agent else []
    linked += [f"coordinate {links.coordinate}"] if links.coordinate else []
    linked += [f"prediction {p}" for p in links.predictions] + [f"evidence {e}" for e in links.evidence]
    head += ["", "## Links", "", _bullets(linked) if linked else "None."]
    return "\n".join(head) + "\n"


def json(report: Report) -> dict[str, Any]:
    """The report as JSON, with the verified assertion level beside the claim."""
    return {**report.model_dump(mode="json"), "level": assess(report.observation).model_dump()}
