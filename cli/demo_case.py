"""From a finding of the twin's evaluation to a case report; nothing is made up, and a mere suspicion is called one."""

from typing import TYPE_CHECKING, Any

from graph import Graph

if TYPE_CHECKING:
    from mcare.pattern import Finding
    from mcare.report import Report as CaseReport
    from twin.report import Report, Subgroup, Trend


def found(graph: Graph, task: str) -> "CaseReport | None":
    """The case about the worst pattern of miscalibration that an agent of the task shows.

    A group comes before an order of groups, and the twin before the score. Where no interval leaves out 0, it is about the
    pattern that is least likely to be calibrated, and says that nothing is shown.
    """
    from twin import service, store
    from twin.intervals import holm
    from twin.tasks import task as named

    reports = [store.report(graph.settings, task, role) for role in service.roles(named(task))]
    groups = [(report, s) for report in reports for s in sorted(report.subgroups, key=lambda s: s.p)]
    orders = [(report, t) for report in reports for t in sorted(report.trends, key=lambda t: t.p)]
    every: list[tuple[Report, Subgroup | Trend]] = [*groups, *orders]
    if not every:
        return None
    shown = [pair for pair in every if pair[1].miscalibrated]
    report, pattern = shown[0] if shown else min(every, key=lambda pair: pair[1].p)
    adjusted = holm([p.p for _, p in every])[[id(p) for _, p in every].index(id(pattern))]
    quiet = [
        r.agent for r in reports if r is not report and not any(p.miscalibrated for q, p in every if q is r)
    ]
    others = f"No such pattern was found for {', '.join(quiet)}." if quiet else ""
    finding = _finding(report, pattern, {"looked_at": len(every), "p_adjusted": adjusted, "others": others})
    return _written(graph, report, finding)


def _finding(report: "Report", pattern: "Subgroup | Trend", more: dict[str, Any]) -> "Finding":
    from mcare.pattern import GroupFinding, TrendFinding
    from twin.report import Subgroup

    measured = pattern.difference if isinstance(pattern, Subgroup) else pattern.slope
    common = more | {
        "task": report.task,
        "column": pattern.column,
        "n": pattern.n,
        "events": pattern.events,
        "difference": measured.value or 0.0,
        "low": measured.low or 0.0,
        "high": measured.high or 0.0,
        "p": pattern.p,
        "method": f"{report.folds} folds by patient, every prediction from a model that had not seen the patient",
        "population": f"{report.population} patients, {report.dataset}",
    }
    if isinstance(pattern, Subgroup):
        return GroupFinding.model_validate(common | {"group": pattern.group, "expected": pattern.expected})
    groups = [report.group(f"{pattern.column}={name}") for name in pattern.groups]
    shares = [(g.group, g.n, g.events, g.expected) for g in groups]
    return TrendFinding.model_validate(common | {"shares": shares})


def _written(graph: Graph, report: "Report", finding: "Finding") -> "CaseReport":
    from mcare.pattern import about
    from skillmix.evidence import evidence
    from twin import agents, service
    from twin.tasks import task as named

    question = named(report.task)
    role: service.Role = "twin" if report.role == "twin" else "score"
    key = agents.agent(question, role, report.version, service.names(question, role)).key
    place = agents.coordinate(question)
    shown = [e.id for e in evidence(graph, key) if e.artefact == agents.artefact(report)]
    return about(graph, key, finding, coordinate=place.text if place else None, evidence=shown)
