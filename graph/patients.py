"""Patients: find them, sum them up, hand out their record as it came."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from graph.connection import Graph
from graph.journey import patient_key
from graph.plain import plain
from ontology.errors import InvalidInputError, NotFoundError

_PART = ("display", "value", "unit", "text")
COLUMNS = ("id", "name", "gender", "birth", "deceased", "population", "encounters", "facts")


def listed(graph: Graph, words: str = "", *, after: str = "", limit: int = 25) -> list[dict[str, Any]]:
    """A page of patients in order of id, all or those whose name or id has words that begin as ``words`` do.

    ``after`` is the last id of the page before. Columns: :data:`COLUMNS`; times as ISO 8601.

    Raises:
        InvalidInputError: ``words`` has neither letter nor digit.
    """
    page: dict[str, Any] = {"after": after, "limit": limit}
    if not words:
        return [plain(row) for row in graph.read("patient.list", **page)]
    if not (found := re.findall(r"\w+", words.lower())):
        raise InvalidInputError("There is nothing to search for.", got=words, allowed="letters and digits")
    text = " AND ".join(f"{word}*" for word in found)
    return [plain(row) for row in graph.read("patient.search", text=text, **page)]


def summary(graph: Graph, patient: str) -> dict[str, Any]:
    """One patient: ``patient`` (properties), ``types`` (facts of each), ``classes`` (encounters of each), ``first``, ``last``.

    Raises:
        NotFoundError: there is no such patient.
    """
    if not (found := graph.read("patient.show", patient=patient_key(patient))):
        raise _unknown(patient)
    row: dict[str, Any] = plain(found[0])
    row["patient"] = {k: v for k, v in sorted(row["patient"].items()) if v is not None}
    return row


def corrections(graph: Graph, patient: str) -> list[dict[str, Any]]:
    """What facts and encounters said before and what they say now: one row a version, those of one together and in order.

    ``key, type, display, status, value, unit, text, class, disposition, start, end``; ``components``, of a panel
    ``display, value, unit, text`` of each; ``known`` and ``until``, when the version became known and when another took
    its place (None for what holds now). Times as ISO 8601.

    Raises:
        NotFoundError: there is no such patient.
    """
    key = patient_key(patient)
    if not graph.read("patient.show", patient=key):
        raise _unknown(patient)
    rows = [plain(row) for row in graph.read("patient.corrections", patient=key)]
    return [row | {"components": _components(row["components"])} for row in rows]


def _components(lists: list[list[Any] | None] | None) -> list[dict[str, Any]]:
    """The parts of a panel: NaN and the empty word, which stand for nothing in the graph, are None."""
    if not lists:
        return []
    size = max(len(cells or ()) for cells in lists)
    parts = zip(*(cells or [None] * size for cells in lists), strict=True)
    return [
        {name: None if cell == "" or cell != cell else cell for name, cell in zip(_PART, part, strict=True)}  # noqa: PLR0124
        for part in parts
    ]


def merged(graph: Graph, at: datetime | None = None) -> dict[str, str]:
    """Who stays, by each patient who was replaced (keys), so that each person is one; of a circle the first stays."""
    found: dict[str, str] = {}
    for patient, stays, circle in graph.values("patient.merged", at=at):
        if not circle or stays < patient:
            found.setdefault(patient, stays)
    return found


@dataclass(frozen=True, slots=True)
class Exported:
    """One resource on its way out: the address it came with, and its JSON as it came."""

    key: str
    url: str | None
    fhir: str


def export(graph: Graph, patient: str) -> Iterator[Exported]:
    """The patient's resources: what refers to the patient, and the providers, places and things that these refer to.

    Raises:
        NotFoundError: there is no such patient.
    """
    none = True
    for row in graph.stream("patient.export", patient=patient_key(patient)):
        none = False
        yield Exported(row["key"], row["url"], row["fhir"])
    if none:
        raise _unknown(patient)


def bundle(resources: Iterator[Exported]) -> Iterator[str]:
    """A FHIR Bundle of type ``collection`` as pieces of text, a line an entry; each resource is written as it came.

    >>> print("".join(bundle(iter([Exported("Patient/1", None, '{"resourceType": "Patient", "id": "1"}')]))), end="")
    {"resourceType":"Bundle","type":"collection","entry":[
    {"resource":{"resourceType": "Patient", "id": "1"}}
    ]}
    """
    yield '{"resourceType":"Bundle","type":"collection","entry":[\n'
    for i, item in enumerate(resources):
        url = f'"fullUrl":{orjson.dumps(item.url).decode()},' if item.url else ""
        yield f'{"," if i else ""}{{{url}"resource":{item.fhir}}}\n'
    yield "]}\n"


def ndjson(resources: Iterator[Exported]) -> Iterator[str]:
    """One resource a line, as it came (line breaks inside one are taken out)."""
    for item in resources:
        text = item.fhir
        yield (text if "\n" not in text else orjson.dumps(orjson.loads(text)).decode()) + "\n"


def _unknown(patient: str) -> NotFoundError:
    return NotFoundError("No such patient.", got=patient, do="See `cwm patient list`.")
