"""Every reference of a resource, found by walking it; the mapping only renames."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from graph.fhir import refs
from graph.fhir.readers import wrong


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


@dataclass(slots=True, frozen=True)
class Names:
    """The named references of a type of resource, by their paths."""

    of: Mapping[str, Name]
    last: Collection[str] = ()
    """The last elements of the paths."""
    deep: frozenset[str] = frozenset()
    """The first elements of those that are not at the top of the resource."""

    @classmethod
    def made(cls, of: Mapping[str, Name]) -> "Names":
        """Of the names by path."""
        last = frozenset(path.rpartition(".")[2] for path in of)
        return cls(of, last, frozenset(path.partition(".")[0] for path in of if "." in path))


def links(resource: dict[str, Any], owner: str, names: Names, text: bytes) -> list[Link]:
    """What :func:`walk` finds, without a walk where ``text``, the canonical JSON, has no references but those at its top.

    Raises as :func:`walk`.
    """
    found = _at_top(resource, owner, names, text)
    return walk(resource, owner, names.of, names.last) if found is None else found


def _at_top(resource: dict[str, Any], owner: str, names: Names, text: bytes) -> list[Link] | None:
    """The references of elements that are one Reference each; None where there may be others, or anything to refuse."""
    if not names.deep.isdisjoint(resource) or text.count(b'"identifier":') != ("identifier" in resource):
        return None
    found: list[Link] = []
    for key, value in resource.items():
        if value.__class__ is dict:
            ref = value.get("reference")
            if ref.__class__ is not str:
                if ref is not None or key in names.of:
                    return None
                continue
            name = names.of.get(key)
            target = refs.target(ref, owner)
            if name is None or name.by or name.props or not target:
                return None
            found.append(Link(key, name.type, name.inward, target, {"ref": ref}))
        elif key in names.of:
            return None
    return found if text.count(b'"reference":') == len(found) else None


def walk(
    resource: dict[str, Any], owner: str, names: Mapping[str, Name], last: Collection[str] = ()
) -> list[Link]:
    """All references of a resource but those in ``contained``; paths have indexes, and ``ref`` the text as written.

    ``last`` holds the last elements of the paths in ``names``: where one of these is not an object, nothing is passed over.

    Raises:
        InvalidInputError: a ``reference`` is not a text, or a named reference is not an object.
    """
    walker = _Walker(owner, names, last)
    for key, value in resource.items():
        if value.__class__ is dict:
            walker.visit(value, key, key, resource)
        elif value.__class__ is list and key != "contained":
            walker.each(value, key, key, resource)
            if key in names:
                _no_object(value, key)
        elif key in names:
            _no_object(value, key)
    return walker.links


class _Walker:
    """A walk over one resource; not as functions within a function, which name each other and so are garbage in cycles."""

    __slots__ = ("last", "links", "names", "owner")

    def __init__(self, owner: str, names: Mapping[str, Name], last: Collection[str]) -> None:
        self.owner, self.names, self.last = owner, names, last
        self.links: list[Link] = []

    def visit(self, here: dict[str, Any], path: str, plain: str, holder: dict[str, Any]) -> None:
        if "reference" in here or "identifier" in here:
            self._refer(here, path, plain, holder)
        for key, value in here.items():
            if value.__class__ is dict:
                self.visit(value, f"{path}.{key}", f"{plain}.{key}", here)
            elif value.__class__ is list and value and value[0].__class__ in _DEEP:
                self.each(value, f"{path}.{key}", f"{plain}.{key}", here)
            elif key in self.last and f"{plain}.{key}" in self.names:
                _no_object(value, f"{path}.{key}")

    def each(self, items: list[Any], path: str, plain: str, holder: dict[str, Any]) -> None:
        for i, item in enumerate(items):
            if item.__class__ is dict:
                self.visit(item, f"{path}[{i}]", plain, holder)

    def _refer(self, here: dict[str, Any], path: str, plain: str, holder: dict[str, Any]) -> None:
        name = self.names.get(plain)
        ref = here.get("reference")
        if ref.__class__ is str:
            target: str | None = refs.target(ref, self.owner)
        else:
            if ref is not None:
                _no_text(ref, f"{path}.reference")
            target = None
            if (identifier := here.get("identifier")).__class__ is dict:
                type_ = here.get("type") if here.get("type").__class__ is str else name and name.target
                target = ref = refs.by_identifier(type_, identifier) if type_ else None
        if not target:
            return
        props = {"ref": ref}
        if name is None:
            self.links.append(Link(path, refs.relationship(plain), False, target, props))
            return
        name = name.of(holder)
        if name.props is not None:
            props |= name.props(holder)
        self.links.append(Link(path, name.type, name.inward, target, props))


_DEEP = (dict, type(None))


def _no_text(found: Any, path: str) -> None:
    """Refuse an element ``reference`` that is neither a text nor a Reference of its own (as in a CodeableReference)."""
    if any(item.__class__ is not dict for item in (found if found.__class__ is list else (found,))):
        raise wrong(path, found, "the text of a reference, such as Patient/1")


def _no_object(found: Any, path: str) -> None:
    """Refuse what stands where a reference should: a text, a number; nothing at all is no harm."""
    for item in found if found.__class__ is list else (found,):
        if item.__class__ not in _DEEP:
            raise wrong(path, item, 'a Reference, such as {"reference": "Patient/1"}')
