"""Find the files of an ingest and open them: folders walked in a fixed order, `.gz` seen by its first bytes, archives by name."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from graph import tabular
from graph.fhir import archive
from graph.fhir.read_items import Refused
from graph.fhir.source import LINES, Source, by_line, shown, uncompressed
from ontology.errors import InvalidInputError, NotFoundError

SUFFIXES = (".json", *LINES)
_TURNS = [
    re.compile(said, re.IGNORECASE)
    for said in (
        "organi[sz]ation|hospital|location|practitioner",
        "patient",
        "encounter",
        "^(?!.*(report|plan|administration|dispense|claim|benefit|provenance|composition))",
    )
]
"""What names of files say of when they are read; one that fits none comes last."""
_ALLOWED = ", ".join([*(f"{s}, {s}.gz" for s in SUFFIXES), *archive.SUFFIXES])


def find(paths: Sequence[str | Path]) -> list[Source | Refused]:
    """All input files below the given paths in a stable order; what cannot be listed is refused, not raised.

    A file that is named is taken when its suffix is known; in a folder other suffixes are passed over, and so is what begins
    with a dot. A file is known
    by its folder and its name, whether it or the folder was given: ``bundles/a.json``.

    Raises:
        NotFoundError: a given path is not there, or a given folder has no file to read.
        InvalidInputError: a given file has a suffix that says nothing about FHIR.
    """
    found: list[Source | Refused] = []
    for given in map(Path, paths):
        root = _root(given)
        if root.is_dir():
            inside = list(_walk(root, root.name))
            if not inside:
                raise NotFoundError(
                    "There is nothing to read in this folder.",
                    got=given,
                    allowed=f"files ending in {_ALLOWED}",
                    do="Tables of OMOP CDM are known by their names and the columns in their first line (PERSON.csv, "
                    "UTF-8, comma, semicolon or tab), those of MEDS by metadata/dataset.json.",
                )
            found += inside
        else:
            found += _sources(root, f"{root.parent.name}/{root.name}".removeprefix("/"))
    return found


def look(paths: Sequence[str | Path]) -> None:
    """Refuse what :func:`find` would refuse for its name alone, before anything is started for it.

    Raises:
        NotFoundError: a path does not exist.
        InvalidInputError: a file's name says nothing about FHIR.
    """
    for given in paths:
        _root(given)


def _root(given: str | Path) -> Path:
    if not os.path.lexists(given):
        raise NotFoundError("No such file or folder.", got=given)
    root = Path(os.path.abspath(given))  # noqa: PTH100  # resolve() would replace the name of a link
    if root.is_dir() or known(root.name) or archive.is_archive(root.name):
        return root
    raise InvalidInputError(
        "This file's name does not say that it holds FHIR JSON.",
        got=given,
        allowed=_ALLOWED,
        do="Tables of OMOP CDM or MEDS are read from their folder: give that.",
    )


def _walk(folder: Path, name: str) -> Iterator[Source | Refused]:
    try:
        entries = sorted(os.scandir(folder), key=lambda e: (_turn(e.name), e.name))
    except OSError as error:
        yield Refused(shown(name), 0, "unreadable", f"the folder cannot be read: {error.strerror}")
        return
    tables = tabular.recognise(folder, name)
    yield from tables.sources
    for entry in entries:
        if entry.name in tables.taken or entry.name.startswith("."):
            continue
        inside = f"{name}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), inside)
        elif known(entry.name) or archive.is_archive(entry.name):
            yield from _sources(Path(entry.path), inside)


def _turn(name: str) -> int:
    """When a file comes: first those whose names speak of what others refer to, which then needs no placeholder.

    Only speed depends on it. Last come those that gather what others say (reports, plans, claims).

    >>> names = ["DiagnosticReport.ndjson", "Observation.ndjson", "Encounter.ndjson", "Patient.ndjson", "Location.ndjson"]
    >>> [name.partition(".")[0] for name in sorted(names, key=_turn)]
    ['Location', 'Patient', 'Encounter', 'Observation', 'DiagnosticReport']
    """
    return next((turn for turn, said in enumerate(_TURNS) if said.search(name)), len(_TURNS))


def _sources(path: Path, name: str) -> Iterator[Source | Refused]:
    """The file; for an archive with tables these, and the archive itself where it has FHIR too."""
    tables = tabular.packed(path, name) if archive.is_archive(path.name) else tabular.Tables()
    yield from tables.sources
    if tables.fhir or not tables.sources:
        yield _source(path, name, tuple(sorted(tables.taken)))


def _source(path: Path, name: str, taken: tuple[str, ...]) -> Source | Refused:
    try:
        return Source(path, name, path.stat().st_size, taken=taken)
    except OSError as error:
        return Refused(shown(name), 0, "unreadable", f"the file cannot be read: {error.strerror}")


def known(name: str) -> bool:
    """True when the name says FHIR JSON, compressed or not."""
    return uncompressed(name).lower().endswith(SUFFIXES) and not name.startswith(".")


__all__ = ["Source", "by_line", "find", "known"]
