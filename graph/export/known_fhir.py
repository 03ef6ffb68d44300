"""A FHIR resource as it was known at an instant: nothing in it is later, and what closes it is not there while it was open."""

import re
from datetime import datetime
from typing import Any

from graph import known
from graph.check import tables
from graph.fhir import times

Resource = dict[str, Any]

_TELLING = ("text", "length", "statusHistory", "classHistory")
"""Elements that would tell of the end while the matter is open."""
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T.*)?)?)?").fullmatch


def as_known(resource: Resource, at: datetime, *, open_: bool) -> Resource:
    """The resource without what became known after ``at``.

    While its matter is open, closing elements are gone (a ``status`` that FHIR wants becomes ``unknown``), and so are its
    narrative and histories. Every date that is not over at ``at`` is gone, also one that was planned: ours, to be safe. What only
    looks like a date (a code ``1234-56``, an id) stays.

    >>> period = {"start": "2020-01-01", "end": "2020-01-05"}
    >>> stay = {"resourceType": "Encounter", "id": "1", "status": "finished", "period": period}
    >>> as_known(stay, datetime.fromisoformat("2020-01-03T00:00:00Z"), open_=True)
    {'resourceType': 'Encounter', 'id': '1', 'status': 'unknown', 'period': {'start': '2020-01-01'}}
    """
    made = resource
    if open_ and (closing := known.closing(resource["resourceType"])).elements:
        made = {name: value for name, value in resource.items() if name not in _TELLING}
        for path in closing.elements:
            made = _without(made, path.split("."))
        if "status" in resource and "status" in closing.elements:
            made = {name: made.get(name, "unknown") for name in resource if name in made or name == "status"}
    kept: Resource = _past(made, at)
    if (
        isinstance(meta := kept.get("meta"), dict)
        and "lastUpdated" not in meta
        and "lastUpdated" in resource["meta"]
    ):
        kept["meta"] = {name: value for name, value in meta.items() if name != "versionId"}
        if not kept["meta"]:
            del kept["meta"]
    return kept


def _without(item: Any, path: list[str]) -> Any:
    if isinstance(item, list):
        return [_without(part, path) for part in item]
    if not isinstance(item, dict) or path[0] not in item:
        return item
    if len(path) == 1:
        return {name: value for name, value in item.items() if name not in {path[0], f"_{path[0]}"}}
    below = _without(item[path[0]], path[1:])
    return {
        name: (below if name == path[0] else value)
        for name, value in item.items()
        if name != path[0] or below
    }


def dated(name: str, within: str, value: Any) -> bool:
    """Whether an element of FHIR is a date: by its name, in an object of the name ``within``, and by how it is written.

    >>> dated("issued", "", "2020"), dated("code", "coding", "2020"), dated("value", "dateCriterion", "2020-01-01")
    (True, False, True)
    """
    if not isinstance(value, str) or not _DATE(value):
        return False
    names = tables.holding("date", "dateTime", "instant")
    return name in names or f"{within}.{name}" in names


def _past(item: Any, at: datetime, name: str = "", within: str = "") -> Any:
    """Without dates that are not over; what is empty then goes too."""
    if isinstance(item, dict):
        made = {n: _past(v, at, n, name) for n, v in item.items() if not _later(n, name, v, at)}
        return {n: value for n, value in made.items() if value not in ({}, []) or value == item[n]}
    if isinstance(item, list):
        return [_past(value, at, name, within) for value in item if not _later(name, within, value, at)]
    return item


def _later(name: str, within: str, value: Any, at: datetime) -> bool:
    if not dated(name, within, value):
        return False
    try:
        return times.over(value) > at
    except (ValueError, OverflowError):
        return True
