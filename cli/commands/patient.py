"""`cwm patient`: list, show, read the journey of, and export patients."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.filters import EMPTY, fhir_types, nobody
from cli.instant import instant
from ontology.errors import InvalidInputError

app = typer.Typer(help="Patients: find one, follow the journey, take the record out.", no_args_is_help=True)

Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="Id or key: p1 or Patient/p1.")]


class Format(StrEnum):
    """How a record is written."""

    bundle = "bundle"
    ndjson = "ndjson"


@app.command("list")
def list_(
    words: Annotated[
        str, typer.Argument(help="Beginnings of names or ids; all patients when not given.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Patients at most.")] = 25,
    after: Annotated[str, typer.Option(help="Go on after this id (the last of the page before).")] = "",
    as_json: output.Json = False,
) -> None:
    """List patients, all or by name or id, in order of id.

    \b
    Example:
      cwm patient list
      cwm patient list "ann do" --limit 5
    """
    from graph import open_graph, patients

    with open_graph() as graph:
        rows = patients.listed(graph, words, after=after, limit=limit)
        none = EMPTY if not rows and nobody(graph) else "No such patient."
    if as_json:
        return output.json({"patients": rows, "next": rows[-1]["id"] if len(rows) == limit else None})
    columns = ["id", "name", "gender", "birth", "facts"]
    output.table(rows, columns, empty=none, whole=["id", "birth"])
    if len(rows) == limit:
        output.note(f"The next page: cwm patient list {words!r} --after {rows[-1]['id']}")
    return None


@app.command()
def show(patient: Patient, as_json: output.Json = False) -> None:
    """Sum up one patient: who it is, and how much is known from when to when.

    \b
    Example:
      cwm patient show p1
    """
    from graph import open_graph, patients
    from graph.fhir.read_items import place

    with open_graph() as graph:
        found = patients.summary(graph, patient)
    if as_json:
        return output.json(found)
    person = found["patient"]
    hidden = {"type", "key", "run", "line", "entry", "source", "closed", "dead", "identifiers"}
    rows = [{"what": k, "value": v} for k, v in person.items() if k not in hidden]
    rows += [{"what": "identifier", "value": i} for i in person.get("identifiers", ())]
    rows += [
        {"what": "first", "value": _minute(found["first"])},
        {"what": "last", "value": _minute(found["last"])},
    ]
    rows += [{"what": "from", "value": place(person["source"], person["line"], person.get("entry"))}]
    output.table(rows, ["what", "value"], title=person.get("name") or person["key"])
    counts = [{"what": f"Encounter {c['class'] or ''}", "count": c["count"]} for c in found["classes"]]
    counts += [{"what": t["type"], "count": t["count"]} for t in found["types"]]
    return output.table(counts, ["what", "count"], title="On record", empty="No encounter and no fact.")


@app.command()
def journey(
    patient: Patient,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="An instant (with its time zone) or a date (the end of that day in UTC); everything when not given."
        ),
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only this FHIR type; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Rows at most, the latest ones; 0 for all.")] = 40,
    as_json: output.Json = False,
) -> None:
    """Follow a patient's journey by time, as it was known at an instant.

    \b
    Example:
      cwm patient journey p1 --as-of 2024-03-01 --type Encounter --type Condition
    """
    from graph import open_graph
    from graph.journey import journey as read

    with open_graph() as graph:
        seen = read(graph, patient, instant(as_of))
    every = _in_order([*seen.encounters, *seen.facts])
    fhir_types(types or (), {r["type"] for r in every})
    rows = [r for r in every if not types or r["type"] in types]
    if as_json:
        return output.json({"patient": seen.patient, "as_of": seen.at, "rows": rows})
    shown = rows[-limit:] if limit else rows
    view = [
        {"time": _minute(r["start"] or r["recorded"]), "known": _late(r), "type": r["type"], **_said(r)}
        for r in shown
    ]
    columns = ["time", "type", "what", "value", "class"]
    if any(row["known"] for row in view):
        columns.insert(1, "known")
    empty = f"No {' or '.join(types)} was known then." if types and every else "Nothing was known then."
    output.table(view, columns, empty=empty, whole=["time", "known"])
    if len(shown) < len(rows):
        output.note(f"The latest {len(shown)} of {len(rows)}; all with --limit 0.")
    return None


@app.command()
def corrections(patient: Patient, as_json: output.Json = False) -> None:
    """Show what facts and encounters said before they were corrected or updated, from when until when, and what they say now.

    \b
    Example:
      cwm patient corrections p1
      cwm patient journey p1 --as-of 2024-03-01
    """
    from graph import open_graph, patients

    with open_graph() as graph:
        found = patients.corrections(graph, patient)
    if as_json:
        return output.json({"patient": patient, "versions": found})
    rows = [
        {"fact": row["key"], "known": _minute(row["known"]), "until": _minute(row["until"])}
        | (
            _visit(row)
            if row["type"] == "Encounter"
            else _said(row | {"text": row["text"] or _parts(row["components"])})
        )
        for row in found
    ]
    columns = ["fact", "what", "value", "class", "known", "until"]
    if not any(row["class"] for row in rows):
        columns.remove("class")
    return output.table(rows, columns, empty="No fact was corrected.", whole=["known", "until"])


@app.command()
def export(
    patient: Patient,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; standard output when not given.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="A FHIR Bundle (collection) or NDJSON.")
    ] = Format.bundle,
    as_json: output.Json = False,
) -> None:
    """Hand out one patient's record as FHIR, each resource as it came.

    \b
    Example:
      cwm patient export p1 --out p1.json
      cwm patient export p1 --format ndjson > p1.ndjson
    """
    from graph import open_graph, patients

    count = 0

    def counted(items: Iterator[patients.Exported]) -> Iterator[patients.Exported]:
        nonlocal count
        for count, item in enumerate(items, 1):  # noqa: B007 - the count outlives the loop
            yield item

    if as_json and out is None and form is Format.ndjson:
        raise InvalidInputError(
            "NDJSON is many JSON documents, and --json prints one.",
            do="Leave out --json, or give --out FILE.",
        )
    if out is not None and out.exists():
        raise InvalidInputError("The file is already there.", got=out, do="Give another name to --out.")
    with open_graph() as graph:
        write = patients.bundle if form is Format.bundle else patients.ndjson
        pieces = list(write(counted(patients.export(graph, patient))))
    if out is None:
        for piece in pieces:
            typer.echo(piece, nl=False)
        return None
    out.write_text("".join(pieces), encoding="utf-8")
    if as_json:
        return output.json({"file": str(out), "resources": count})
    return output.note(f"Wrote {count} resources to {out}.")


def _in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def place(row: dict[str, Any]) -> tuple[bool, str]:
        moment = row["start"] or row["recorded"]
        return moment is None, moment.isoformat() if moment else ""

    return sorted(rows, key=place)


def _said(row: dict[str, Any]) -> dict[str, Any]:
    value = row["disposition"] if row["type"] == "Encounter" else row["text"]
    if row["value"] is not None:
        value = f"{row['value']:.6g} {row['unit'] or ''}"
    usual = {"final", "completed", "finished", "current"}
    said = [value, row["status"] if row["status"] not in usual else None]
    what, said_all = row["display"] or row["code"], ", ".join(s for s in said if s)
    return {"what": what, "value": said_all, "class": row["class"]}


def _visit(row: dict[str, Any]) -> dict[str, Any]:
    """A version of an encounter, of which every status tells something."""
    said = (row["status"], row["disposition"], row["end"] and f"to {_minute(row['end'])}")
    return {"what": row["display"], "value": ", ".join(part for part in said if part), "class": row["class"]}


def _parts(components: list[dict[str, Any]]) -> str:
    said = (c["text"] if c["value"] is None else f"{c['value']:.6g} {c['unit'] or ''}" for c in components)
    return " / ".join(text.strip() for text in said if text)


def _late(row: dict[str, Any]) -> str | None:
    """When it became known, where that is a minute or more from when it held."""
    start, known = row["start"], row["recorded"]
    if not start or not known or abs((known - start).total_seconds()) < 60:
        return None
    return _minute(known)


def _minute(moment: datetime | str | None) -> str | None:
    text = moment.isoformat() if isinstance(moment, datetime) else moment
    return text and text[:16].replace("T", " ")
