"""Named sets of codes: one YAML each in ``valuesets/``, as codes of a system or as places in the tree of ICD-10-CM.

>>> value_sets()["diabetes"].has("http://snomed.info/sct|44054006")
True
>>> value_sets()["diabetes"].has("http://hl7.org/fhir/sid/icd-10-cm|I10")
False
"""

from functools import cache, cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from ontology.errors import NotFoundError
from ontology.terminology.crosswalk import place
from ontology.terminology.files import HERE, Part, read
from ontology.terminology.systems import canonical, systems
from ontology.terminology.tree import nodes, path


class Examples(Part):
    """Codes (``system|code``) by which the set is tested."""

    holds: tuple[str, ...] = Field(min_length=1)
    lacks: tuple[str, ...] = Field(min_length=1)


class ValueSet(Part):
    """A set of codes."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: str
    about: str
    source: str
    codes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By the name of the code system, each code as it is."""
    within: tuple[str, ...] = ()
    """Chapters, blocks or categories of ICD-10-CM: every code of any system that has its place in one."""
    example: Examples

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not (self.codes or self.within):
            raise ValueError("a set needs codes or a place in the tree")
        if strays := (set(self.codes) - set(systems())) | (set(self.within) - set(nodes())):
            raise ValueError(f"no such code system or place in the tree: {sorted(strays)}")
        return self

    @cached_property
    def _listed(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (name, systems()[name].write(code)) for name, codes in self.codes.items() for code in codes
        )

    def has(self, text: str) -> bool:
        """True when a code (``system|code``, under any address of its system and in either notation) is in the set."""
        address, _, code = text.rpartition("|")
        system = canonical(address)
        if system is None:
            return False
        if (system.name, system.write(code)) in self._listed:
            return True
        found = place(address, code) if self.within else None
        return found is not None and any(node.code in self.within for node in path(found.category))


@cache
def value_sets() -> dict[str, ValueSet]:
    """All value sets by name."""
    return {v.name: v for v in (read(p, ValueSet) for p in sorted((HERE / "valuesets").glob("*.yaml")))}


def value_set(name: str) -> ValueSet:
    """The value set of that name.

    Raises:
        NotFoundError: there is none.
    """
    if found := value_sets().get(name):
        return found
    raise NotFoundError("No such value set.", got=name, allowed=", ".join(value_sets()))
