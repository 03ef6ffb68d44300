"""A FHIR resource as the graph understands it: with its id, and each reference as the key of what it was found to mean."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from graph.fhir.project import part_keys

Resource = dict[str, Any]
Link = tuple[str, str, str, str]
"""A reference: key of the resource or contained part that holds it, path with indexes, text as written, key of its target."""


def as_resolved(resource: Resource, key: str, links: Iterable[Link]) -> Resource:
    """The resource named ``key`` with ``Type/id`` in place of every other spelling of a reference that found its resource.

    References to contained parts, and those that found nothing, stay as they are written.

    >>> seen = {"resourceType": "Encounter", "subject": {"reference": "urn:uuid:1"}}
    >>> as_resolved(seen, "Encounter/7", [("Encounter/7", "subject", "urn:uuid:1", "Patient/1")])
    {'resourceType': 'Encounter', 'subject': {'reference': 'Patient/1'}, 'id': '7'}
    """
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for owner, path, ref, target in links:
        if not ref.startswith("#") and "#" not in target:
            found[owner][path] = target
    made = _object({k: v for k, v in resource.items() if k != "contained"}, "", found[key])
    if parts := resource.get("contained"):
        made["contained"] = [
            _object(part, "", found[own]) for own, part in zip(part_keys(key, parts), parts, strict=True)
        ]
    return made | {"id": key.partition("/")[2]}


def _object(item: Resource, path: str, found: dict[str, str]) -> Resource:
    if not found:
        return item
    made = {name: _value(value, f"{path}.{name}" if path else name, found) for name, value in item.items()}
    return made | {"reference": found[path]} if path in found else made


def _value(value: Any, path: str, found: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return _object(value, path, found)
    if isinstance(value, list):
        return [_value(item, f"{path}[{i}]", found) for i, item in enumerate(value)]
    return value
