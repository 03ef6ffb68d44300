"""What every export may be asked: as of an instant, of some patients, de-identified."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from graph import known
from graph.connection import Graph
from graph.export import deidentify
from graph.export.deidentify import Deidentifier
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

    @property
    def plain(self) -> bool:
        """Whether everything is asked for, as it is."""
        return self.at is None and self.patients is None and self.by is None

    def owner(self, patients: Sequence[str]) -> str | None:
        """The one patient that something is about; None when it is about nobody or several."""
        return patients[0] if len(patients) == 1 else None


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
