"""From a finding of the twin's evaluation to a case report; nothing is made up, and a mere suspicion is called one."""

from typing import TYPE_CHECKING

from graph import Graph

if TYPE_CHECKING:
    from mcare.report import Report as CaseReport
    from twin.report import Report, Subgroup


def found(graph: Graph, task: str) -> "CaseReport | None":
    """The case about the worst group for which an agent of the task is miscalibrated; the twin's before the score's.

    Where no group's interval leaves out 0, it is about the group that is least likely to be calibrated, and says
    that nothing is shown.
    """
    from twin import service, store
    from twin.tasks import task as named

    reports = [store.report(graph.settings, task, role) for role in service.roles(named(task))]
    for report in reports:
        if report.miscalibrated:
            return _written(graph, report, report.group(report.miscalibrated[0]))
    suspects = [(group.p, number, group) for number, r in enumerate(reports) for group in r.subgroups]
    if not suspects:
        return None
    _, number, group = min(suspects, key=lambda s: s[:2])
    return _written(graph, reports[number], group)


def _written(graph: Graph, report: "Report", group: "Subgroup") -> "CaseReport":
    from mcare.draft import GroupFinding, about_group
    from skillmix.evidence import evidence
    from twin import agents, service
    from twin.tasks import task as named

    difference = group.difference
    question = named(report.task)
    role: service.Role = "twin" if report.role == "twin" else "score"
    key = agents.agent(question, role, report.version, service.names(question, role)).key
    place = agents.coordinate(question)
    finding = GroupFinding(
        task=report.task,
        column=group.column,
        group=group.group,
        n=group.n,
        events=group.events,
        expected=group.expected,
        difference=difference.value or 0.0,
        low=difference.low or 0.0,
        high=difference.high or 0.0,
        p=group.p,
        p_adjusted=group.p_holm,
        groups=len(report.subgroups),
        method=f"{report.folds} folds by patient, every prediction from a model that had not seen the patient",
        population=f"{report.population} patients, {report.dataset}",
    )
    shown = [e.id for e in evidence(graph, key) if e.artefact == agents.artefact(report)]
    return about_group(graph, key, finding, coordinate=place.text if place else None, evidence=shown)
