"""The fixed ways of reading an element: what the mappings in ``ontology/fhir/`` may name, compiled to closures.

A value of the wrong kind (a word where an object must be) raises :class:`InvalidInputError` with the element's path.
"""

import math
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from graph.fhir import times
from ontology.errors import InvalidInputError

Resource = dict[str, Any]
Get = Callable[[Resource], Any]
Read = Callable[[Any], Any]


def wrong(path: str, value: object, allowed: str) -> InvalidInputError:
    """The error for an element that holds what it must not."""
    return InvalidInputError(f"The element {path} cannot be read.", got=repr(value)[:80], allowed=allowed)


def get(path: str) -> Get:
    """The first value at a dotted path; lists are entered. None when there is none."""
    keys = path.split(".")
    if len(keys) == 1:
        key = keys[0]
        return lambda r: r.get(key)

    def walk(resource: Resource) -> Any:
        here: Any = resource
        for key in keys:
            if here.__class__ is list:
                here = next((item for item in here if item), None)
            if here is None:
                return None
            if here.__class__ is not dict:
                raise wrong(path, here, "an object")
            here = here.get(key)
        return here

    return walk


def every(path: str) -> Callable[[Resource], Iterator[Any]]:
    """All values at a dotted path; lists are entered."""
    keys = path.split(".")

    def walk(here: Any, depth: int = 0) -> Iterator[Any]:
        if here is None:
            return
        if here.__class__ is list:
            for item in here:
                yield from walk(item, depth)
        elif depth == len(keys):
            yield here
        elif here.__class__ is dict:
            yield from walk(here.get(keys[depth]), depth + 1)
        else:
            raise wrong(path, here, "an object")

    return walk


def one(value: Any) -> Any:
    """The value, or the first of a list."""
    return (value[0] if value else None) if value.__class__ is list else value


def clock(path: str, turn: Callable[[str], datetime]) -> Callable[[Resource], datetime | None]:
    """A date element through one of the functions of :mod:`graph.fhir.times`."""
    find = get(path)

    def read(resource: Resource) -> datetime | None:
        text = find(resource)
        if text is None:
            return None
        try:
            return turn(one(text))
        except (ValueError, TypeError, OverflowError):
            raise wrong(path, text, "a date or instant of the calendar (FHIR dateTime)") from None

    return read


def words(concept: Any) -> str | None:
    """What a person would read: text, display or code of a CodeableConcept or Coding, or a plain value."""
    concept = one(concept)
    if concept.__class__ is dict:
        if text := concept.get("text") or concept.get("display"):
            return str(text)
        coding = one(concept.get("coding"))
        concept = (
            (coding.get("display") or coding.get("code")) if coding.__class__ is dict else concept.get("code")
        )
    if concept is True or concept is False:
        return "true" if concept else "false"
    return None if concept is None else str(concept)


def code(concept: Any) -> str | None:
    """The first code of a CodeableConcept or Coding, or a plain code."""
    concept = one(concept)
    if concept.__class__ is dict:
        coding = one(concept.get("coding"))
        found = coding.get("code") if coding.__class__ is dict else concept.get("code")
        return found if isinstance(found, str) else None
    return concept if isinstance(concept, str) else None


def name(value: Any) -> str | None:
    """A HumanName as text, the official one first; a plain name as it is."""
    if isinstance(value, str):
        return value
    names = [n for n in (value if isinstance(value, list) else [value]) if isinstance(n, dict)]
    names.sort(key=lambda n: n.get("use") != "official")
    for item in names:
        given = item.get("given") or []
        parts = [*(item.get("prefix") or []), *given, item.get("family") or ""]
        if text := item.get("text") or " ".join(p for p in parts if p):
            return str(text)
    return None


def number(value: Any) -> float | None:
    """A number as a float; None when it is beyond a float."""
    if value.__class__ is float:
        return value if math.isfinite(value) else None
    if value.__class__ is int:
        return float(value)
    raise TypeError


def text(value: Any) -> str | None:
    """A plain value as text."""
    value = one(value)
    if value is None or value.__class__ is str:
        return value
    if value.__class__ in {int, float}:
        return str(value)
    raise TypeError


def flag(value: Any) -> bool:
    """False for false, true for anything that is there."""
    return value is not False


def date(value: Any) -> str:
    """A date as it was given, if the calendar has it."""
    times.first(value)
    return str(value)


def extension(url: str) -> Get:
    """The text of an extension: its ``text`` or coded sub-extensions (US Core), or its own value."""

    def read(resource: Resource) -> str | None:
        for item in resource.get("extension") or ():
            if item.get("url") != url:
                continue
            inner = {e.get("url"): e for e in item.get("extension") or ()}
            if (said := inner.get("text")) and said.get("valueString"):
                return str(said["valueString"])
            for found in (inner.get("ombCategory"), inner.get("detailed"), item):
                value = found and next((v for k, v in found.items() if k.startswith("value")), None)
                if value is not None:
                    return words(value)
        return None

    return read


_PLAIN: dict[str, Read] = {
    "text": text, "number": number, "flag": flag, "code": code, "words": words, "name": name, "date": date,
    "instant": lambda v: times.first(one(v)), "last": lambda v: times.last(one(v)),
}  # fmt: skip


def read(reader: str, path: str) -> Get:
    """A closure that reads the element at ``path`` by the named reader; None when it is not there."""
    if reader == "extension":
        return extension(path)
    find, turn = get(path), _PLAIN[reader]

    def value(resource: Resource) -> Any:
        found = find(resource)
        if found is None:
            return None
        try:
            return turn(found)
        except (TypeError, ValueError, OverflowError):
            raise wrong(path, found, f"what can be read as {reader}") from None

    return value
