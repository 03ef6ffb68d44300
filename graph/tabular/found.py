"""What a folder or an archive of tables gives to an ingest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from graph.fhir.read_items import Refused
from graph.fhir.source import Source


@dataclass(frozen=True)
class Tables:
    """Sources for the tables of a folder, with what cannot be read, and the names in it that are thereby taken."""

    sources: "Sequence[Source | Refused]" = field(default_factory=list)
    taken: frozenset[str] = frozenset()
    fhir: bool = False
    """In an archive: there is FHIR in it as well."""
