"""Every reference of a resource, found by walking it; the mapping only renames."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.fhir import refs


@dataclass(slots=True)
class Link:
    """One reference: ``(owner)-[type {path, ...}]->(target)``, or the other way round when ``inward``."""

    path: str
    type: str
    inward: bool
    target: str
    props: dict[str, Any]


@dataclass(slots=True)
class Coding:
    """One coded value of the element at ``path``."""

    path: str
    system: str
    code: str
    display: str | None


@dataclass(slots=True, frozen=True)
class Name:
    """A named reference, compiled: what it is called, the type it must point at, its properties."""

    type: str
    inward: bool
    target: str | None
    props: Callable[[dict[str, Any]], dict[str, Any]] | None
    by: str | None = None
    """The element of the holder whose word chooses among ``cases``."""
    cases: "Mapping[str, Name] | None" = None

    def of(self, holder: dict[str, Any]) -> "Name":
        """The name that holds in this object."""
        word = holder.get(self.by) if self.by else None
        return (self.cases or {}).get(word, self) if word.__class__ is str else self


def walk(resource: dict[str, Any], owner: str, names: Mapping[str, Name]) -> list[Link]:
    """All references of a resource but those in ``contained``; paths have indexes, and ``ref`` the text as written."""
    links: list[Link] = []

    def visit(here: dict[str, Any], path: str, plain: str, holder: dict[str, Any]) -> None:
        name = names.get(plain)
        ref = here.get("reference")
        if ref.__class__ is str:
            target: str | None = refs.target(ref, owner)
        elif (identifier := here.get("identifier")).__class__ is dict:
            type_ = here.get("type") if here.get("type").__class__ is str else name and name.target
            target = refs.by_identifier(type_, identifier) if type_ else None
            ref = target
        else:
            target = None
        if target:
            props = {"ref": ref}
            if name is None:
                links.append(Link(path, refs.relationship(plain), False, target, props))
            else:
                name = name.of(holder)
                if name.props is not None:
                    props |= name.props(holder)
                links.append(Link(path, name.type, name.inward, target, props))
        for key, value in here.items():
            if value.__class__ is dict:
                visit(value, f"{path}.{key}", f"{plain}.{key}", here)
            elif value.__class__ is list and value and value[0].__class__ in _DEEP:
                each(value, f"{path}.{key}", f"{plain}.{key}", here)

    def each(items: list[Any], path: str, plain: str, holder: dict[str, Any]) -> None:
        for i, item in enumerate(items):
            if item.__class__ is dict:
                visit(item, f"{path}[{i}]", plain, holder)

    for key, value in resource.items():
        if value.__class__ is dict:
            visit(value, key, key, resource)
        elif value.__class__ is list and key != "contained":
            each(value, key, key, resource)
    return links


_DEEP = (dict, type(None))
