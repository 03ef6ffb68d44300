"""From a FHIR resource to what goes into the graph: one node, its links and its codes. Pure, no database.

>>> seen = project({"resourceType": "Patient", "id": "1", "birthDate": "1970"})
>>> seen.key, seen.labels, seen.props["birth"]
('Patient/1', ('Resource', 'Patient'), '1970')
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from graph.fhir import compiled, times
from graph.fhir.compiled import Resource
from graph.fhir.links import Coding, Link, links
from graph.fhir.readers import wrong
from ontology.errors import InvalidInputError

__all__ = ["Coding", "Link", "Projected", "canonical", "digest", "named", "part_keys", "project", "rank"]

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}").fullmatch
_LOCAL = re.compile(r"#?[^#\[\]\s]{1,256}").fullmatch
_TYPE = re.compile(r"[A-Z][A-Za-z]+").fullmatch
_WORD = re.compile(r"[A-Za-z]{1,64}").fullmatch
_NEVER = "0000-00-00T00:00:00.000000Z"


@dataclass(slots=True)
class Projected:
    """A resource as the graph keeps it; ``generic`` when its type has no mapping of its own."""

    key: str
    labels: tuple[str, ...]
    props: dict[str, Any]
    links: list[Link] = field(default_factory=list)
    codes: list[Coding] = field(default_factory=list)
    contained: list["Projected"] = field(default_factory=list)
    generic: bool = False


def canonical(resource: Resource) -> bytes:
    """The resource as JSON with sorted keys and no white space: equal content, equal bytes."""
    return orjson.dumps(resource, option=orjson.OPT_SORT_KEYS)


def digest(resource: Resource | bytes) -> str:
    """SHA-256 of the canonical JSON: its first 16 bytes, in hex."""
    text = resource if isinstance(resource, bytes) else canonical(resource)
    return hashlib.sha256(text).hexdigest()[:32]


def rank(resource: Resource, text: bytes | None = None) -> str:
    """Sortable ``lastUpdated|versionId|length|digest``: of two versions the one that ranks higher stays.

    >>> old = {"resourceType": "Basic", "id": "1", "meta": {"versionId": "9"}}
    >>> rank(old) < rank({"resourceType": "Basic", "id": "1", "meta": {"versionId": "10"}})
    True
    """
    text = canonical(resource) if text is None else text
    return _rank(resource.get("meta"), text, digest(text))


def _rank(meta: Any, text: bytes, sum_: str) -> str:
    moment, version = _NEVER, ""
    if meta is not None:
        if not isinstance(meta, dict):
            raise wrong("meta", meta, "an object")
        version = str(meta.get("versionId") or "")
        if updated := meta.get("lastUpdated"):
            try:
                moment = times.first(updated).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
            except (ValueError, TypeError, OverflowError):
                raise wrong("meta.lastUpdated", updated, "an instant") from None
    return f"{moment}|{version:0>20}|{len(text):012}|{sum_}"


def named(resource: Any) -> tuple[str, str]:
    """The type and the id of a resource.

    Raises:
        InvalidInputError: it has none that is usable.
    """
    if not isinstance(resource, dict):
        raise InvalidInputError(
            "This is not a FHIR resource.", got=type(resource).__name__, allowed="a JSON object"
        )
    type_, id_ = _type(resource.get("resourceType"), "The resource"), resource.get("id")
    if not isinstance(id_, str) or not _ID(id_):
        raise InvalidInputError(
            f"The {type_} has no usable id.", got=id_, allowed="1 to 64 of A-Z, a-z, 0-9, '-' and '.'"
        )
    return type_, id_


def _type(type_: Any, whose: str) -> str:
    """The name of a type. One that is none is said only where it is a bare word, since anything else may be of a record."""
    if isinstance(type_, str) and _TYPE(type_):
        return type_
    allowed = "the name of a FHIR type: letters only, the first a capital"
    if not isinstance(type_, str) or not type_:
        raise InvalidInputError(f"{whose} has no resourceType.", got=type_, allowed=allowed)
    said = f" {type_}" if _WORD(type_) else ""
    raise InvalidInputError(
        f"{whose} has a resourceType{said} that is no name of a FHIR type (letters only, the first a capital).",
        got=type_,
        allowed=allowed,
    )


def project(resource: Resource, text: bytes | None = None) -> Projected:
    """The node, links and codes of a resource, by its mapping in ``ontology/fhir/`` or the generic rule.

    ``text`` is its canonical JSON with the digits as written (:func:`graph.fhir.parse.parse`), made here when not given.
    Times are aware datetimes in UTC. Nothing is looked up outside the resource.

    Raises:
        InvalidInputError: it has no usable type or id, or an element cannot be read (an impossible date, a word for a number).
    """
    type_, id_ = named(resource)
    whole = _node(resource, type_, id_, f"{type_}/{id_}", text)
    if inside := resource.get("contained"):
        if not isinstance(inside, list):
            raise wrong("contained", inside, "a list of resources")
        whole.contained = [_contained(item, whole, f"contained[{i}]") for i, item in enumerate(inside)]
        for part, own in zip(whole.contained, part_keys(whole.key, inside), strict=True):
            part.key = part.props["key"] = own
    return whole


def part_keys(key: str, contained: Sequence[Resource]) -> list[str]:
    """The keys of the resources contained in ``key``, by their ids; by its place one that has none, or one that is taken.

    >>> part_keys("Basic/1", [{"id": "a"}, {}, {"id": "a"}])
    ['Basic/1#a', 'Basic/1#contained[1]', 'Basic/1#contained[2]']
    """
    keys: dict[str, None] = {}
    for i, item in enumerate(contained):
        own = f"{key}#{_local(item, place := f'contained[{i}]')}"
        keys[f"{key}#{place}" if own in keys else own] = None
    return list(keys)


def _node(resource: Resource, type_: str, id_: str, key: str, text: bytes | None = None) -> Projected:
    rule = compiled.rule(type_)
    text = canonical(resource) if text is None else text
    sum_ = hashlib.sha256(text).hexdigest()[:32]
    props: dict[str, Any] = {
        "key": key, "type": type_, "id": id_, "digest": sum_, "rank": _rank(resource.get("meta"), text, sum_)
    }  # fmt: skip
    codes: list[Coding] = []
    try:
        rule.fill(resource, props, codes)
        found = links(resource, key, rule.links, text)
    except (AttributeError, TypeError, KeyError, OverflowError) as error:
        raise InvalidInputError(f"The {type_} has an element of the wrong shape.", got=error) from error
    return Projected(key, rule.labels(resource, props), props, found, codes, [], rule.generic)


def _contained(item: Any, whole: Projected, place: str) -> Projected:
    """A contained resource: known when its container is, where it has no time of its own."""
    type_ = _type(item.get("resourceType") if isinstance(item, dict) else None, f"The element {place}")
    local = _local(item, place)
    part = _node(item, type_, local, f"{whole.key}#{local}")
    labels = [label for label in part.labels if label != "Undated"]
    if len(labels) < len(part.labels):
        part.props.pop("clock", None)
        if "recorded" in whole.props:
            part.props |= {"recorded": whole.props["recorded"], "clock": "container"}
            if start := whole.props.get("start"):
                part.props.setdefault("start", start)
        else:
            labels += [label for label in whole.labels if label == "Undated"]
    part.labels = (*labels, "Contained")
    return part


def _local(item: Resource, place: str) -> str:
    """What a contained resource is called: FHIR asks for an id; without one nothing can refer to it, and its place serves."""
    id_ = item.get("id")
    return id_.removeprefix("#") if isinstance(id_, str) and _LOCAL(id_) else place
