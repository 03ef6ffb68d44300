"""The code systems: their names and notations, who owns them, what may be shipped; one YAML each in ``systems/``.

>>> (system := canonical("urn:oid:2.16.840.1.113883.6.103")) and system.name
'icd-9-cm'
>>> systems()["snomed-ct"].may_ship
False
"""

from functools import cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ontology.errors import InvalidInputError
from ontology.terminology.files import HERE, Part, read

Form = Literal["icd-10", "icd-9", "plain"]
"""How a code is written: ICD codes with a dot or without one mean the same."""


class System(Part):
    """One code system."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: str
    about: str
    uri: str
    """Its canonical address in FHIR."""
    aliases: tuple[str, ...] = ()
    """Other addresses under which the same codes come."""
    form: Form
    owner: str
    licence: str
    """What its licence allows, in our words; the licence itself holds."""
    may_ship: bool
    """True when its content may be part of this package."""
    ships: Literal["tree", "crosswalk", "nothing"]
    """What of it is part of this package."""
    what: str
    """The same in words, and why."""
    importer: Literal["rf2", "loinc", "rxnorm", "atc"] | None = None
    """How the user's own licensed file is read; see :mod:`ontology.terminology.importers`."""

    @model_validator(mode="after")
    def _lawful(self) -> "System":
        if self.ships == "tree" and not self.may_ship:
            raise ValueError("ships a tree that may not be shipped")
        return self

    def write(self, code: str) -> str:
        """The code as its system writes it: capitals and dots of ICD; others as they are.

        >>> systems()["icd-10-cm"].write("i2510"), systems()["icd-9-cm"].write("E9342")
        ('I25.10', 'E934.2')
        """
        if self.form == "plain":
            return code.strip()
        bare = bare_icd(code)
        head = 4 if self.form == "icd-9" and bare.startswith("E") else 3
        return f"{bare[:head]}.{bare[head:]}" if len(bare) > head else bare


def bare_icd(code: str) -> str:
    """An ICD code without its dot, in capitals.

    >>> bare_icd(" i25.10 ")
    'I2510'
    """
    return code.strip().replace(".", "").upper()


@cache
def systems() -> dict[str, System]:
    """All code systems by name.

    Raises:
        InvalidInputError: a file breaks the schema, or two systems claim one address.
    """
    found = {s.name: s for s in (read(path, System) for path in sorted((HERE / "systems").glob("*.yaml")))}
    addresses = [address for s in found.values() for address in (s.uri, *s.aliases)]
    if twice := {a for a in addresses if addresses.count(a) > 1}:
        raise InvalidInputError("Two code systems have one address.", got=", ".join(sorted(twice)))
    return found


@cache
def _by_address() -> dict[str, System]:
    return {address: s for s in systems().values() for address in (s.uri, *s.aliases)}


def canonical(address: str | None) -> System | None:
    """The system known under an address, which may be its canonical one or an alias; None for one that is not known."""
    return _by_address().get(address or "")


__all__ = ["Form", "System", "bare_icd", "canonical", "systems"]
