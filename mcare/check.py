"""Read a report from YAML or JSON and say, with line and field, all that is wrong with it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from mcare.levels import assess
from mcare.report import Report
from ontology.errors import InvalidInputError, NotFoundError


class Finding(BaseModel):
    """One thing that a check found."""

    model_config = ConfigDict(frozen=True)
    severity: Literal["error", "warning"]
    field: str
    """Path of the field, for instance ``observation.sample_size``."""
    line: int | None
    """Line in the file, counted from 1."""
    message: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{self.severity}: {place}{self.field}: {self.message}"


class InvalidReportError(InvalidInputError):
    """The report breaks the schema; ``findings`` lists where."""

    code = "invalid-report"

    def __init__(self, findings: Sequence[Finding], where: str) -> None:
        self.findings = list(findings)
        super().__init__(
            f"The report {where} cannot be filed.",
            got="; ".join(str(f) for f in findings),
            do="Mend these fields; `cwm mcare check FILE` lists them again.",
        )


def _line(root: yaml.Node | None, path: Sequence[int | str]) -> int | None:
    """The line of the field, or of the nearest thing around it."""
    line = None
    node = root
    for step in path:
        if node is None:
            break
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if step not in pairs:
                return line
            key, node = pairs[step]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def read(text: str, where: str = "given") -> Report:
    """The report in YAML or JSON text.

    Raises:
        InvalidReportError: it is no YAML, or breaks the schema; every fault with its line and field.
    """
    try:
        data = yaml.safe_load(text)
        root = yaml.compose(text)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = mark.line + 1 if mark else None
        message = getattr(fault, "problem", None) or "this is no YAML"
        raise InvalidReportError(
            [Finding(severity="error", field="(file)", line=line, message=message)], where
        ) from None
    if not isinstance(data, dict):
        finding = Finding(
            severity="error", field="(file)", line=1, message="a report is a mapping of its sections"
        )
        raise InvalidReportError([finding], where)
    try:
        return Report.model_validate(data)
    except ValidationError as fault:
        raise InvalidReportError(
            [
                Finding(
                    severity="error",
                    field=".".join(str(step) for step in e["loc"]) or "(report)",
                    line=_line(root, e["loc"]),
                    message=e["msg"].removeprefix("Value error, "),
                )
                for e in fault.errors(include_url=False, include_input=False)
            ],
            where,
        ) from None


def read_file(path: Path) -> Report:
    """The report in a file.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it cannot be read, or is not UTF-8.
        InvalidReportError: see :func:`read`.
    """
    try:
        return read(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise NotFoundError("There is no such report.", got=path, do="Give the path of a report.") from None
    except OSError as fault:
        raise InvalidInputError("The report cannot be read.", got=f"{path}: {fault.strerror}") from None
    except UnicodeDecodeError as fault:
        raise InvalidInputError("The report is not UTF-8.", got=f"{path}, byte {fault.start}") from None


def warnings(report: Report) -> list[Finding]:
    """What a reviewer will ask about, though the report may be filed."""
    found = []

    def warn(field: str, message: str) -> None:
        found.append(Finding(severity="warning", field=field, line=None, message=message))

    level = assess(report.observation)
    for lack in level.missing:
        warn(
            "observation.assertion_level",
            f"claims level {level.claimed}, the evidence carries {level.verified}: {lack}",
        )
    if not any(c.status == "met" for c in report.formulation.criteria):
        warn("formulation.criteria", "no criterion is met, so the condition is not shown")
    if report.severity.grade not in {"none-seen", "potential"} and not report.severity.harms:
        warn("severity.harms", "harm is said and its kind is not")
    if report.links.agent is None:
        warn("links.agent", "no agent is linked, so no verdict will see this case")
    prefix = report.formulation.condition.lower()
    if report.presenting_concern.text.lower().startswith(prefix):
        warn("presenting_concern.text", "names the diagnosis; say what was noticed")
    return found
