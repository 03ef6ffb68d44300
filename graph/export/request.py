"""What every export may be asked: as of an instant, of some patients, de-identified."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

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

    @property
    def records(self) -> list[str] | None:
        """Keys of the patients and of those who were merged into them; None for all."""
        if self.patients is None:
            return None
        wanted = set(self.patients)
        return [*self.patients, *(old for old, stays in self.persons.items() if stays in wanted)]


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


def new_folder(out: Path) -> Path:
    """The folder, made when it is not there.

    Raises:
        InvalidInputError: there is a file of that name, or something is in the folder.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidInputError(
            "The export needs a folder of its own.", got=out, do="Give a new or empty folder."
        )
    out.mkdir(parents=True, exist_ok=True)
    return out
