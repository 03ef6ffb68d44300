"""The registry of cases: filed, revised, reviewed, listed; versioned and never deleted."""

from datetime import UTC, datetime
from typing import Any, Literal, get_args

import orjson
from pydantic import BaseModel, ConfigDict

from graph import Graph
from mcare.levels import Level, assess
from mcare.report import GRADES, Grade, Report
from ontology.errors import CwmError, InvalidInputError, NotFoundError
from skillmix.coordinate import Coordinate

Status = Literal["filed", "under-review", "accepted", "rejected", "closed"]
STATUSES: tuple[Status, ...] = get_args(Status)


class ConflictError(CwmError):
    """Another writer was first; nothing was written."""

    code = "conflict"


class Version(BaseModel):
    """One version of a case."""

    model_config = ConfigDict(frozen=True)
    n: int
    filed: str
    by: str
    note: str
    status: str
    report: Report


class Case(BaseModel):
    """A case as it stands: the current report and every version behind it."""

    model_config = ConfigDict(frozen=True)
    id: str
    status: str
    report: Report
    level: Level
    versions: list[Version]

    @property
    def current(self) -> int:
        """Number of the current version."""
        return self.versions[-1].n


def file(graph: Graph, report: Report, *, by: str, now: datetime | None = None) -> str:
    """File a new case and return its id, ``CWM-<year>-<number>``.

    Args:
        graph: the graph.
        report: a checked report; whatever it links must be in the graph.
        by: who files it.
        now: instant of filing (aware), for tests.

    Raises:
        InvalidInputError: a linked agent, prediction, evidence or coordinate is not there; nothing is written.
    """
    when = now or datetime.now(UTC)
    coordinate = _check_links(graph, report)
    number = graph.write("mcare.next_number", year=when.year)[0]["number"]
    id_ = f"CWM-{when.year}-{number:04}"
    _write(graph, id_, report, coordinate, expected=0, status="filed", by=by, note="filed", when=when)
    return id_


def revise(graph: Graph, id: str, report: Report, *, by: str, note: str, expected: int | None = None) -> int:
    """Write a new version of a case and return its number; the older ones stay.

    Args:
        graph: the graph.
        id: the case.
        report: the whole report as it is to stand.
        by: who revises it.
        note: what changed and why.
        expected: the version that the writer saw; the current one when not given.

    Raises:
        NotFoundError: no such case.
        ConflictError: somebody else wrote a version in between.
        InvalidInputError: a link is not there, or the note is empty.
    """
    case = show(graph, id)
    if not note.strip():
        raise InvalidInputError("A revision needs a note.", do="Say what changed and why.")
    coordinate = _check_links(graph, report)
    seen = case.current if expected is None else expected
    return _write(
        graph,
        id,
        report,
        coordinate,
        expected=seen,
        status=case.status,
        by=by,
        note=note,
        when=datetime.now(UTC),
    )


def review(graph: Graph, id: str, *, status: str, by: str, note: str, severity: str | None = None) -> int:
    """A reviewer's word on a case: its new status, and the severity as confirmed. A version of its own.

    Only a case that is ``accepted`` at a severity named in the policy suspends its coordinates.

    Raises:
        InvalidInputError: unknown status or severity, or the reviewer is the filer.
        NotFoundError: no such case.
    """
    if status not in STATUSES:
        raise InvalidInputError("Unknown status.", got=status, allowed=", ".join(STATUSES))
    if severity is not None and severity not in GRADES:
        raise InvalidInputError("Unknown severity.", got=severity, allowed=", ".join(GRADES))
    case = show(graph, id)
    if status == "accepted" and by == case.versions[0].by:
        raise InvalidInputError("A case is accepted by somebody other than its filer.", got=by)
    report = case.report
    if severity is not None:
        grade: Grade = severity
        report = report.model_copy(update={"severity": report.severity.model_copy(update={"grade": grade})})
    coordinate = _check_links(graph, report)
    now = datetime.now(UTC)
    return _write(
        graph, id, report, coordinate, expected=case.current, status=status, by=by, note=note, when=now
    )


def show(graph: Graph, id: str) -> Case:
    """One case with all its versions.

    Raises:
        NotFoundError: no such case.
    """
    rows = graph.read("mcare.versions", id=id)
    if not rows:
        raise NotFoundError("No such case.", got=id, do="See `cwm mcare list`.")
    versions = [Version(report=Report.model_validate_json(row.pop("json")), **row) for row in rows]
    last = versions[-1]
    return Case(
        id=id,
        status=last.status,
        report=last.report,
        level=assess(last.report.observation),
        versions=versions,
    )


def find(
    graph: Graph,
    *,
    status: str | None = None,
    agent: str | None = None,
    text: str | None = None,
    skip: int = 0,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Cases, newest first: id, title, condition, status, severity, levels, agent, coordinate.

    Raises:
        InvalidInputError: there is no such status.
    """
    if status is not None and status not in STATUSES:
        raise InvalidInputError("Unknown status.", got=status, allowed=", ".join(STATUSES))
    return graph.read("mcare.list", status=status, agent=agent, text=text, skip=skip, limit=limit)


def _check_links(graph: Graph, report: Report) -> dict[str, Any] | None:
    links = report.links
    missing = graph.read(
        "mcare.missing_links", agent=links.agent, predictions=links.predictions, evidence=links.evidence
    )
    if missing:
        got = ", ".join(f"{row['kind']} {row['id']}" for row in missing)
        raise InvalidInputError(
            "The report links what is not in the graph.", got=got, do="Mend its `links`, or leave them out."
        )
    if links.coordinate is None:
        return None
    coordinate = Coordinate.parse(links.coordinate)
    return {"index": coordinate.index, "text": coordinate.text}


def _write(
    graph: Graph,
    id_: str,
    report: Report,
    coordinate: dict[str, Any] | None,
    *,
    expected: int,
    status: str,
    by: str,
    note: str,
    when: datetime,
) -> int:
    level = assess(report.observation)
    case = {
        "title": report.title,
        "condition": report.formulation.condition,
        "categories": report.formulation.categories,
        "status": status,
        "severity": report.severity.grade,
        "claimed_level": level.claimed,
        "verified_level": level.verified,
    }
    text = orjson.dumps(report.model_dump(mode="json")).decode()
    version = {"json": text, "filed": when.isoformat(), "by": by, "note": note, "status": status}
    links = report.links
    rows = graph.write(
        "mcare.write_version",
        id=id_,
        expected=expected,
        case=case,
        version=version,
        agent=links.agent,
        coordinate=coordinate,
        predictions=links.predictions,
        evidence=links.evidence,
    )
    if not rows:
        raise ConflictError(
            "Somebody else changed the case meanwhile.", got=id_, do="Read it again and repeat your change."
        )
    return int(rows[0]["current"])
