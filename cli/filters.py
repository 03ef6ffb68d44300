"""What filters may be: a word that nothing can have is refused with what is allowed, and gives no empty answer."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ontology.errors import InvalidInputError

if TYPE_CHECKING:
    from graph import Graph

VERSIONS = ("r4", "r4b", "r5")
EMPTY = "The graph holds no patient. Take some in first: cwm ingest PATH"


def fhir_types(given: Iterable[str], here: Collection[str] = ()) -> None:
    """Refuse what is no type of a resource; ``here`` are types that are there, whatever FHIR says of them.

    >>> fhir_types(["Observation", "EpisodeOfCare"])

    Raises:
        InvalidInputError: one is no type of R4, R4B or R5 and not ``here``.
    """
    from graph.check.tables import resources

    known = frozenset(here).union(*map(resources, VERSIONS))
    for type_ in given:
        if type_ not in known:
            near = get_close_matches(type_, sorted(known), n=1)
            some = ", ".join(sorted(here)) or "Patient, Encounter, Condition and the other types of FHIR"
            asked = f"Did you mean {near[0]}?" if near else None
            raise InvalidInputError("There is no such FHIR type.", got=type_, allowed=some, do=asked)


def nobody(graph: "Graph") -> bool:
    """True when the graph holds no patient."""
    from graph import patients

    return not patients.listed(graph, limit=1)
