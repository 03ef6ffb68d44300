"""What a folder of tables gives to an ingest."""

from dataclasses import dataclass, field

from graph.fhir.source import Source


@dataclass(frozen=True)
class Tables:
    """Sources for the tables of a folder, and the names in it that are thereby taken."""

    sources: list[Source] = field(default_factory=list)
    taken: frozenset[str] = frozenset()
