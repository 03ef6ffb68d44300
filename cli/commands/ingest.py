"""`cwm ingest`: FHIR files and folders into the graph."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import output

if TYPE_CHECKING:
    from graph.ingest import IngestReport

FLAT = True
app = typer.Typer()


class Check(StrEnum):
    """How far resources are checked."""

    none = "none"
    structure = "structure"
    full = "full"


LEVELS: dict[Check, Literal["structure", "full"] | None] = {
    Check.none: None,
    Check.structure: "structure",
    Check.full: "full",
}


@app.command()
def ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Files or folders: .json, .ndjson, .jsonl, each also .gz; .zip, .tar, .tar.gz, .tgz; "
            "folders of OMOP CDM or MEDS tables.",
        ),
    ],
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Check everything first, and stop at the first thing that cannot go in."
        ),
    ] = False,
    check: Annotated[
        Check,
        typer.Option(
            help="Look whether resources are as FHIR says: their structure (fast), or in full (by models, in parallel)."
        ),
    ] = Check.none,
    strict_check: Annotated[
        bool,
        typer.Option(
            "--strict-check", help="Set aside what has an error by the check; else it is reported only."
        ),
    ] = False,
    fhir_version: Annotated[
        str | None,
        typer.Option(help="R4, R4B or R5, for resources that do not say; without it they are read as R4."),
    ] = None,
    bulk: Annotated[
        bool,
        typer.Option(
            "--bulk",
            help="First load of an empty private graph by Neo4j's bulk importer (neo4j-admin database import full): "
            "for large inputs, all of it or nothing; nobody can use the graph meanwhile.",
        ),
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Take FHIR resources, bundles and NDJSON, OMOP CDM and MEDS tables into the graph; doing it again changes nothing.

    What cannot go in is named by file and line, set aside in a file that can be mended and ingested again, and the
    exit status is 1; the rest goes in.

    \b
    Example:
      cwm ingest docs/demo/fhir
      cwm ingest export/Patient.ndjson.gz bundles/ --json
      cwm ingest omop-csv/
      cwm ingest export --check structure --strict-check
      cwm ingest --bulk export/
    """
    take(
        paths,
        strict=strict,
        check=check,
        strict_check=strict_check,
        fhir_version=fhir_version,
        bulk=bulk,
        as_json=as_json,
    )


def take(
    paths: Sequence[Path],
    *,
    strict: bool = False,
    check: Check = Check.none,
    strict_check: bool = False,
    fhir_version: str | None = None,
    bulk: bool = False,
    as_json: bool = False,
    more: dict[str, Any] | None = None,
) -> None:
    """Ingest, and say what came of it; ``more`` goes into the JSON.

    It ends the command with status 1 when something was set aside.
    """
    from graph import Settings, open_graph
    from graph.bulk.load import load
    from graph.fhir.read_files import look
    from graph.ingest import ingest as take_in

    look(paths)
    how: dict[str, Any] = {"strict": strict, "check": LEVELS[check], "strict_check": strict_check}
    how["fhir_version"] = fhir_version
    if bulk:
        with output.progress("reading", quiet=as_json) as step:
            report = load(Settings(), paths, progress=step, **how)
    else:
        with open_graph() as graph, output.progress("reading", quiet=as_json) as step:
            report = take_in(graph, paths, progress=step, **how)
    if as_json:
        output.json(report.as_dict() | (more or {}))
    else:
        _show(report)
    if report.set_aside:
        raise typer.Exit(1)


def _show(report: "IngestReport") -> None:
    lines = [
        {
            "": "read",
            "count": f"{report.read:,}",
            "what": f"resources in {report.seconds:.1f} s, {report.rate:,.0f} a second",
        },
        {
            "": "written",
            "count": f"{report.written:,}",
            "what": f"with {report.references:,} references and codes",
        },
        {"": "unchanged", "count": f"{report.unchanged:,}", "what": "were there already"},
        *(
            [{"": "deleted", "count": f"{report.deleted:,}", "what": "became tombstones"}]
            if report.deleted
            else []
        ),
        {"": "set aside", "count": f"{report.set_aside:,}", "what": _counts(report.reasons)},
        {
            "": "dangling",
            "count": f"{report.dangling:,}",
            "what": f"references in the graph whose target is not there, {report.dangling_run:,} of them of this run",
        },
    ]
    if report.checked:
        total = sum(report.findings.values())
        found = _counts(report.findings) or "all as FHIR says"
        lines.insert(
            3,
            {
                "": "findings",
                "count": f"{total:,}",
                "what": f"{found}; {report.checked:,} resources were checked",
            },
        )
    output.table(lines, ["", "count", "what"])
    if report.findings:
        output.table(
            report.findings_sample, ["place", "severity", "expression", "words"], title="Found, the first"
        )
        output.note(f"All findings, as OperationOutcome: {report.findings_file}.")
    if report.generic:
        output.note(f"By the generic rule, for want of a mapping: {_counts(report.generic)}.")
    if report.unmapped:
        rows = [{"what": what, "times": f"{times:,}"} for what, times in list(report.unmapped.items())[:20]]
        output.table(rows, ["what", "times"], title="In the tables, without a mapping")
    if report.dangling:
        _show_dangling(report)
    if report.ambiguous:
        output.note(
            f"{len(report.ambiguous)} conditional references fit several resources and stay dangling."
        )
    if report.set_aside:
        output.table(report.set_aside_sample, ["place", "reason", "message"], title="Set aside, the first")
        output.note(f"All that was set aside: {report.set_aside_file}. Mend its lines and ingest that file.")


def _show_dangling(report: "IngestReport") -> None:
    rows = [
        {"refers": f"{d['owner']} -> {d['target']}", "times": d["references"]}
        for d in report.dangling_sample[:10]
    ]
    output.table(rows, ["refers", "times"], title="Dangling in the graph, the most frequent")
    if report.dangling_run:
        places = report.dangling_places[:20]
        title = f"Dangling of this run, {len(places):,} of {report.dangling_run:,}"
        output.table(places, ["place", "owner", "path", "target"], title=title)
        if report.dangling_run > len(places):
            output.note(f"Up to {len(report.dangling_places)} of them are in the answer with --json.")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda c: -c[1]))
