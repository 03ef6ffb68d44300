"""What every export may be asked: as of an instant, of some patients, de-identified."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from graph import known
from graph.connection import Graph
from graph.export import deidentify
from graph.export.deidentify import Deidentifier
from graph.patients import merged
from ontology.errors import InvalidInputError


@dataclass(frozen=True)
class Request:
    """What is asked of an export; all of it may be left out."""

    at: datetime | None = None
    """What was known then; None for everything."""
    patients: Sequence[str] | None = None
    """Keys of patients; None for all. What belongs to nobody (places, people who care) goes with them."""
    by: Deidentifier | None = None
    """How to hide who it is; None to leave everything as it is."""
    persons: Mapping[str, str] = field(default_factory=dict)
    """Who stays, by each who was replaced; see :func:`of_persons`."""

    @property
    def plain(self) -> bool:
        """Whether everything is asked for, as it is."""
        return self.at is None and self.patients is None and self.by is None

    def owner(self, patients: Sequence[str]) -> str | None:
        """The one person that something is about, by who stays; None when it is about nobody or several."""
        people = {self.persons.get(patient, patient) for patient in patients}
        return people.pop() if len(people) == 1 else None

    def resources(self, graph: Graph) -> int | None:
        """How many resources it takes, for who waits; None where only the work can tell."""
        if self.at is not None or self.patients is not None:
            return None
        return sum(_types(graph).values())

    def subjects(self, graph: Graph) -> int:
        """How many patients it is about, for who waits: who was merged or not known yet may be among them."""
        if self.patients is not None:
            return len(self.patients)
        return _types(graph).get("Patient", 0)

    @property
    def records(self) -> list[str] | None:
        """Keys of the patients and of those who were merged into them; None for all."""
        if self.patients is None:
            return None
        wanted = set(self.patients)
        return [*self.patients, *(old for old, stays in self.persons.items() if stays in wanted)]


def _types(graph: Graph) -> dict[str, int]:
    return {row["type"]: row["resources"] for row in graph.read("export.types")}


def request(
    graph: Graph,
    at: datetime | None = None,
    patients: Sequence[str] | None = None,
    *,
    hide: bool = False,
    key: bytes | None = None,
    shared: int = deidentify.SHARED,
) -> Request:
    """A request; with ``hide`` the graph is read once for what many patients share.

    ``key`` (32 bytes) makes ids and shifts the same in every export; without it they are new each time and cannot be
    traced back.

    Raises:
        InvalidInputError: ``at`` has no time zone; a key is given and nothing is to be hidden.
    """
    if key is not None and not hide:
        raise InvalidInputError(
            "A key is for de-identifying only.", do="Ask for that too, or leave the key out."
        )
    when = None if at is None else known.aware(at)
    by = deidentify.prepared(graph, key or deidentify.new_key(), when, shared) if hide else None
    return Request(when, patients, by)


def of_persons(graph: Graph, asked: Request | None) -> Request:
    """What is asked, with merged patients as one person: who is asked for is whoever stays in place of them."""
    asked = asked or Request()
    persons = merged(graph, asked.at)
    patients = asked.patients and list(dict.fromkeys(persons.get(p, p) for p in asked.patients))
    return replace(asked, patients=patients, persons=persons)
