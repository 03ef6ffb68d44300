"""`cwm mcare`: write, check, file, review, list and show case reports."""

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output

app = typer.Typer(help="M-CARE case reports: how agents fail, in 13 checked sections.", no_args_is_help=True)

By = Annotated[
    str, typer.Option("--by", help="Who does it.", envvar="CWM_USER", default_factory=getpass.getuser)
]
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="Id of a case, for instance CWM-2026-0001.")]
FILE = typer.Argument(metavar="FILE", help="A report in YAML or JSON.")


@app.command()
def new(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; standard output when not given.")
    ] = None,
    prediction: Annotated[
        str | None,
        typer.Option(help="Begin from this prediction: agent, coordinate and evidence are filled in."),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Write an empty report to fill in, every section there.

    \b
    Example:
      cwm mcare new -o case.yaml
      cwm mcare new --prediction 3f2a... -o case.yaml
    """
    import yaml

    from graph import open_graph
    from mcare import draft
    from ontology.errors import InvalidInputError

    if prediction:
        with open_graph() as graph:
            data = draft.about_prediction(graph, prediction)
    else:
        data = draft.blank()
    if as_json:
        return output.json(data)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    if out is None:
        return typer.echo(text)
    if out.exists():
        raise InvalidInputError("The file is already there.", got=out, do="Give another name to --out.")
    out.write_text(text, encoding="utf-8")
    return output.note(f"Wrote {out}. Fill it in, then: cwm mcare check {out}")


@app.command()
def check(file: Annotated[Path, FILE], as_json: output.Json = False) -> None:
    """Say all that is wrong with a report, with line and field; exit status 1 when it cannot be filed.

    \b
    Example:
      cwm mcare check case.yaml
    """
    from mcare import check as checks
    from mcare.levels import assess

    findings: list[checks.Finding]
    level: dict[str, Any] | None = None
    try:
        report = checks.read_file(file)
        findings, level = checks.warnings(report), assess(report.observation).model_dump()
    except checks.InvalidReportError as fault:
        findings = fault.findings
    failed = any(f.severity == "error" for f in findings)
    if as_json:
        output.json(
            {
                "file": str(file),
                "ok": not failed,
                "level": level,
                "findings": [f.model_dump() for f in findings],
            }
        )
    else:
        rows = [f.model_dump() for f in findings]
        output.table(rows, ["severity", "line", "field", "message"], empty="No fault found.")
        if level:
            output.note(f"Assertion level: claimed {level['claimed']}, verified {level['verified']}.")
    if failed:
        raise typer.Exit(1)


@app.command("file")
def file_(
    file: Annotated[Path, FILE],
    by: By,
    case: Annotated[
        str | None, typer.Option("--case", help="Revise this case in place of filing a new one.")
    ] = None,
    note: Annotated[str, typer.Option(help="With --case: what changed and why.")] = "",
    as_json: output.Json = False,
) -> None:
    """File a report as a new case, or as a new version of one; nothing is ever deleted.

    \b
    Example:
      cwm mcare file case.yaml
      cwm mcare file case.yaml --case CWM-2026-0001 --note "sample size corrected"
    """
    from graph import open_graph
    from mcare import check as checks
    from mcare import registry

    report = checks.read_file(file)
    with open_graph() as graph:
        if case:
            number = registry.revise(graph, case, report, by=by, note=note)
        else:
            case, number = registry.file(graph, report, by=by), 1
    findings = checks.warnings(report)
    if as_json:
        return output.json({"case": case, "version": number, "warnings": [f.model_dump() for f in findings]})
    for finding in findings:
        output.note(str(finding))
    return output.out.print(output.styled((case, "bold"), f", version {number}. See: cwm mcare show {case}"))


@app.command("list")
def list_(
    status: Annotated[
        str | None, typer.Option(help="filed, under-review, accepted, rejected or closed.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option(help="Key of an agent, or the beginning of exactly one.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="Words in title or condition.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Cases at most.")] = 50,
    as_json: output.Json = False,
) -> None:
    """List cases, newest first.

    \b
    Example:
      cwm mcare list --status filed
    """
    from graph import open_graph
    from mcare import registry
    from skillmix.agent import resolve

    with open_graph() as graph:
        key = resolve(graph, agent) if agent else None
        rows = registry.find(graph, status=status, agent=key, text=text, limit=limit)
    if as_json:
        return output.json(rows)
    for row in rows:
        row["level"] = f"{row['verified_level']} of {row['claimed_level']}"
        row["agent"] = row["agent"] and row["agent"].partition("@")[0]  # the version is in its JSON
    empty = "No such case." if status or agent or text else "No case is filed. Begin one: cwm mcare new"
    columns = ["id", "status", "severity", "level", "version", "title", "agent", "by"]
    return output.table(rows, columns, empty=empty, whole=["id"])


@app.command()
def show(
    case: CaseId,
    version: Annotated[
        int | None, typer.Option(min=1, help="An older version; the current one when not given.")
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Show a case as Markdown, or as JSON with all its versions.

    \b
    Example:
      cwm mcare show CWM-2026-0001
      cwm mcare show CWM-2026-0001 --version 1 --json
    """
    from rich.markdown import Markdown

    from graph import open_graph
    from mcare import registry, render
    from ontology.errors import NotFoundError

    with open_graph() as graph:
        found = registry.show(graph, case)
    number = version or found.current
    if number > found.current:
        raise NotFoundError("No such version.", got=number, allowed=f"1 to {found.current}")
    chosen = found.versions[number - 1]
    if as_json:
        history = [v.model_dump(exclude={"report"}) for v in found.versions]
        return output.json(
            {
                "id": found.id,
                "status": chosen.status,
                "version": number,
                "report": render.json(chosen.report),
                "versions": history,
            }
        )
    text = render.markdown(chosen.report, id=found.id, status=chosen.status, version=number)
    if output.out.is_terminal:
        return output.out.print(Markdown(text))
    return typer.echo(text)


@app.command()
def review(
    case: CaseId,
    status: Annotated[str, typer.Option(help="under-review, accepted, rejected or closed.")],
    note: Annotated[str, typer.Option(help="The reviewer's reason.")],
    by: By,
    severity: Annotated[str | None, typer.Option(help="Severity as the reviewer confirms it.")] = None,
    as_json: output.Json = False,
) -> None:
    """A reviewer's word: only an accepted case at a severity named in the policy suspends its coordinate.

    \b
    Example:
      cwm mcare review CWM-2026-0001 --status accepted --severity moderate --note "replicated on 2025 data" --by reviewer
    """
    from graph import open_graph
    from mcare import registry

    with open_graph() as graph:
        number = registry.review(graph, case, status=status, by=by, note=note, severity=severity)
    if as_json:
        return output.json({"case": case, "version": number, "status": status})
    return output.out.print(output.styled((case, "bold"), f" is {status}, version {number}."))
