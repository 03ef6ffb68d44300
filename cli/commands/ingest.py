"""`cwm ingest`: FHIR files and folders into the graph."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output

if TYPE_CHECKING:
    from graph.ingest import IngestReport

FLAT = True
app = typer.Typer()


@app.command()
def ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Files or folders: .json, .ndjson, .jsonl, each also .gz; .zip, .tar, .tar.gz, .tgz.",
        ),
    ],
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Check everything first, and stop at the first thing that cannot go in."
        ),
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Take FHIR R4 resources, bundles and NDJSON into the graph; doing it again changes nothing.

    What cannot go in is named by file and line, set aside in a file that can be mended and ingested again, and the
    exit status is 1; the rest goes in.

    \b
    Example:
      cwm ingest docs/demo/fhir
      cwm ingest export/Patient.ndjson.gz bundles/ --json
    """
    from graph import open_graph
    from graph.ingest import ingest as take_in

    with open_graph() as graph, output.progress("reading", quiet=as_json) as step:
        report = take_in(graph, paths, strict=strict, progress=step)
    if as_json:
        output.json(report.as_dict())
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
            "what": "references in the graph whose target is not there",
        },
    ]
    output.table(lines, ["", "count", "what"])
    if report.generic:
        output.note(f"By the generic rule, for want of a mapping: {_counts(report.generic)}.")
    if report.dangling:
        rows = [
            {"refers": f"{d['owner']} -> {d['target']}", "times": d["references"]}
            for d in report.dangling_sample[:10]
        ]
        output.table(rows, ["refers", "times"], title="Dangling, the most frequent")
    if report.ambiguous:
        output.note(
            f"{len(report.ambiguous)} conditional references fit several resources and stay dangling."
        )
    if report.set_aside:
        output.table(report.set_aside_sample, ["place", "reason", "message"], title="Set aside, the first")
        output.note(f"All that was set aside: {report.set_aside_file}. Mend its lines and ingest that file.")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda c: -c[1]))
