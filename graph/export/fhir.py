"""Resources out of the graph as FHIR NDJSON or bundles: equal to what went in, as they were known then, or de-identified."""

import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import msgspec

from graph.connection import Graph
from graph.export import fhir_bundle
from graph.export.deidentify_fhir import hidden
from graph.export.folder import filling
from graph.export.known_fhir import as_known
from graph.export.request import Request, of_persons
from graph.export.resolved_fhir import as_resolved
from graph.fhir.read_bundle import head
from graph.journey import patient_key
from graph.progress import Progress, silent, told
from ontology.errors import InvalidInputError, NotFoundError

_BREAKS = str.maketrans("\r\n", "  ")
_BY_URN = re.compile(rb'"reference"\s*:\s*"urn:').findall
OTHERS = "_others.json"
"""The bundle of what is of no patient; no id of a patient can be its name."""
_ENCODER = msgspec.json.Encoder(decimal_format="number")
"""Numbers keep their digits."""


def resources(
    graph: Graph, *, patient: str | None = None, type_: str | None = None, history: bool = False
) -> Iterator[dict[str, Any]]:
    """``type, key, fhir`` of resources in the order of their keys; of one patient and what its resources refer to, or all.

    ``patient`` is an id or a key. With ``history`` what facts said before they were corrected comes too, by keys of its own.

    Raises:
        NotFoundError: no such patient.
    """
    if patient is None:
        yield from graph.stream("export.fhir", type=type_, history=history)
        return
    key = patient if patient.startswith("Patient/") else f"Patient/{patient}"
    found = graph.read("ingest.known", keys=[key])
    if not any(there["rank"] and (there["tomb"] or "") < there["rank"] for there in found):
        raise NotFoundError("No such patient.", got=key, do="See `cwm patient list`.")
    yield from graph.stream("export.patient", key=key, type=type_, history=history)


def export(
    graph: Graph,
    out: Path,
    *,
    patient: str | None = None,
    type_: str | None = None,
    compressed: bool = False,
    history: bool = False,
    asked: Request | None = None,
    lost: Counter[str] | None = None,
    progress: Progress = silent,
) -> dict[str, int]:
    """Write one NDJSON file a type into the folder ``out``; how many of each type.

    A resource goes out as its text came in; only line breaks between its elements become spaces, since NDJSON has one
    resource a line. Contained resources are inside their owner. What is ``asked`` (an instant, patients, de-identified)
    changes a resource only as far as it must; see :func:`changed`.

    With ``history`` every version of a fact goes out, so that an ingest of the files knows what was corrected and when.

    NDJSON has no place for the ``fullUrl`` of a bundle. ``lost`` counts what an ingest of the files cannot use without it:
    ``references`` that are written ``urn:...``, and resources ``without_id`` of their own. :func:`bundles` keeps them.

    Raises:
        NotFoundError: no such patient.
        InvalidInputError: ``out`` is not empty, or ``history`` is asked for as of an instant, of a cohort or de-identified.
    """
    asked = of_persons(graph, asked)
    if history and not asked.plain:
        raise InvalidInputError(
            "The history is of the whole record as it is.", do="Leave out --as-of, --cohort and --deidentify."
        )
    counts: Counter[str] = Counter()
    total = None if patient or type_ else asked.resources(graph)
    with filling(out) as folder, ExitStack() as files:
        current: IO[bytes] | None = None
        for resource in told(_wanted(graph, patient, type_, asked, history=history), progress, total):
            kind = resource["type"]
            if current is None or kind not in counts:
                files.close()
                current = files.enter_context(_open(folder / f"{kind}.ndjson", compressed))
            text = resource["fhir"].translate(_BREAKS).encode()
            current.write(text + b"\n")
            counts[kind] += 1
            if lost is not None:
                lost["references"] += len(_BY_URN(text))
                lost["without_id"] += head(text).id is None
    return dict(counts)


def bundles(
    graph: Graph, out: Path, asked: Request | None = None, *, progress: Progress = silent
) -> dict[str, int]:
    """Write one Bundle (collection) a person, with what its resources refer to, into the new folder ``out``; counts by type.

    Merged patients are one person, named by who stays.

    Where all patients are asked for, what no such bundle holds goes into :data:`OTHERS`. Each resource goes out under the
    ``fullUrl`` that it came with, so that an ingest of all bundles finds what was found before; none where it is de-identified.

    Raises:
        InvalidInputError: ``out`` is not empty.
    """
    asked = of_persons(graph, asked)
    counts: Counter[str] = Counter()
    with filling(out) as folder:
        people = (row["patient"] for row in graph.read("export.people", at=asked.at))
        everyone = [patient for patient in people if "#" not in patient]
        wanted = everyone if asked.patients is None else list(asked.patients)
        if asked.by:  # files have times: written in the old order, they would tell who is who
            wanted.sort(key=asked.by.digits)
        for patient in told(wanted, progress, len(wanted), every=1):
            key = asked.by.name(patient) if asked.by else patient
            rows = _known(graph, replace(asked, patients=[patient]), linked=True)
            counts += fhir_bundle.write(folder / f"{(key or patient).partition('/')[2]}.json", rows)
        if asked.patients is None:
            others = _known(graph, asked, linked=True, apart=True)
            if first := next(others, None):
                counts += fhir_bundle.write(folder / OTHERS, chain([first], others))
    return dict(sorted(counts.items()))


def _wanted(
    graph: Graph, patient: str | None, type_: str | None, asked: Request, *, history: bool
) -> Iterator[dict[str, Any]]:
    if asked.plain:
        return resources(graph, patient=patient, type_=type_, history=history)
    if patient is not None:
        key = patient_key(patient)
        if not any(there["rank"] for there in graph.read("ingest.known", keys=[key])):
            raise NotFoundError("No such patient.", got=key, do="See `cwm patient list`.")
        asked = replace(asked, patients=[key])
    return _known(graph, asked, type_, linked=asked.by is not None)


def _known(
    graph: Graph, asked: Request, type_: str | None = None, *, linked: bool, apart: bool = False
) -> Iterator[dict[str, Any]]:
    """``type, key, url, fhir, links`` of resources as they are asked for; of a hidden one only its new key and text."""
    patients = None if asked.patients is None else list(asked.patients)
    rows = graph.stream(
        "export.known", at=asked.at, type=type_, patients=patients, linked=linked, apart=apart
    )
    made = (row | {"fhir": changed(row, asked)} for row in rows)
    return mixed(made) if asked.by else made


def changed(row: dict[str, Any], asked: Request) -> str:
    """The text of a resource as it is asked for; the same text where nothing has to go.

    ``row`` is of the query ``export.known``; its ``key`` and ``links`` are needed where it is de-identified.
    """
    resource = json.loads(row["fhir"], parse_float=Decimal)
    made = resource if asked.by is None else as_resolved(resource, row["key"], row["links"])
    if asked.at is not None:
        made = as_known(made, asked.at, open_=row["open"])
    if asked.by is not None:
        made = hidden(made, asked.owner(row["patients"]), asked.by)
    return row["fhir"] if made == resource else _ENCODER.encode(made).decode()


def mixed(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows type by type in the order of their new ids: in the old order, anyone with a list of ids could tell who is who.

    Nothing else of a row stays: its address and its links name what is hidden. They wait in files, so that memory is flat;
    rows of one type must come together.
    """
    for type_, group in groupby(rows, key=itemgetter("type")):
        with TemporaryDirectory() as folder:
            files = [Path(folder, f"{i:x}") for i in range(16)]
            with ExitStack() as stack:
                parts = [stack.enter_context(file.open("w", encoding="utf-8")) for file in files]
                for row in group:
                    id_ = json.loads(row["fhir"])["id"]
                    parts[int(id_[0], 16)].write(f"{id_}\t{row['fhir'].translate(_BREAKS)}\n")
            for file in files:
                for line in sorted(file.read_text(encoding="utf-8").split("\n")[:-1]):
                    id_, _, text = line.partition("\t")
                    yield {"type": type_, "key": f"{type_}/{id_}", "url": None, "fhir": text, "links": []}


def _open(path: Path, compressed: bool) -> IO[bytes]:
    if not compressed:
        return path.open("wb")
    # No time and no name in the header: equal content gives equal files.
    return io.BufferedWriter(gzip.GzipFile(path.with_name(path.name + ".gz"), "wb", mtime=0))


def same(a: str | bytes, b: str | bytes) -> bool:
    """True when two JSON texts say the same: keys in any order, every number with the digits it was written with.

    >>> same('{"a": 1.10, "b": 2}', '{"b":2,"a":1.10}'), same('{"a": 1.10}', '{"a": 1.1}')
    (True, False)
    """
    return bool(exact(a) == exact(b))


def exact(text: str | bytes) -> Any:
    """JSON with every number as ``{"\\0": digits}``, which no FHIR element can be, so that digits are compared as written."""
    return json.loads(text, parse_float=_number, parse_int=_number)


def _number(digits: str) -> dict[str, str]:
    return {"\0": digits}
