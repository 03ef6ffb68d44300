"""What reading gives: a resource with its place, or a refusal with its reason."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

KEPT: Final = 64 * 1024
"""Bytes kept of something that is too long to be taken in."""

REASONS: Final = {
    "unreadable": "the file or folder cannot be opened",
    "empty-file": "there is nothing in the file",
    "broken-gzip": "the compressed data ends early or is damaged",
    "broken-archive": "the archive ends early or is damaged",
    "bad-member": "a member of an archive that is not opened: a link, a password, a name that leads out, an archive in it",
    "bomb": "the archive holds far more than its size can mean",
    "too-long": "the line or entry is longer than CWM_LINE_LIMIT allows",
    "not-utf8": "the bytes are not UTF-8",
    "broken-json": "the text is not JSON",
    "too-deep": "objects and lists are nested in each other more than 254 levels deep",
    "half-character": "a text holds one half of a surrogate pair, which is no character",
    "repeated-name": "an object has the same name twice, so one of the two values would be lost",
    "not-a-resource": "the JSON is not an object with a resourceType",
    "no-id": "the resource has no id",
    "bad-value": "a value cannot be what its element says, such as an impossible date or a reference that is a number",
    "failed-check": "the check found an error, and `--strict-check` asks to set it aside",
    "bad-table": "a table that is not as its standard says: a column is missing, or has another type",
    "bad-row": "a row of a table that cannot become a resource, such as one with an impossible date",
    "no-person": "a row of a table that names a person who is not in the table of persons",
    "no-resource": "the bundle entry holds no resource",
    "delete": "the bundle entry deletes by a search or without an address, so it names no one resource",
    "older-version": "a newer version of the resource is in the graph",
    "conflict": "the same id has another content, and neither says which is newer",
}
"""Every reason for which something is set aside."""


ROWS: Final = frozenset({"bad-row", "no-person"})
"""Reasons of rows of a table: they are mended in the table, since what was kept of them is no resource."""


@dataclass(slots=True)
class Found:
    """A resource: its exact text and where it lay."""

    source: str
    line: int
    """Line, from 1; 0 where the place is an entry of a bundle file."""
    raw: bytes
    entry: int | None = None
    """Index in the bundle, from 0 as in FHIRPath's ``Bundle.entry[0]``."""
    url: str | None = None
    """The entry's ``fullUrl``."""
    assigned: str | None = None
    """The id it takes from its ``fullUrl``, when it has none of its own."""
    scope: dict[str, str] | None = None
    """The bundle's map from ``fullUrl`` to ``Type/id``."""


@dataclass(slots=True)
class Refused:
    """Something that cannot go in: where, why, and its bytes as far as they are kept."""

    source: str
    line: int
    reason: str
    message: str
    """For people; never holds a value of a record."""
    raw: bytes = b""
    entry: int | None = None
    url: str | None = None
    size: int | None = None
    """Full length in bytes when ``raw`` is only its beginning."""

    @property
    def place(self) -> str:
        """File and line, or file and entry.

        >>> Refused("a.ndjson", 7, "no-id", "").place, Refused("b.json", 0, "no-id", "", entry=3).place
        ('a.ndjson:7', 'b.json entry[3]')
        """
        return place(self.source, self.line, self.entry)


def place(source: str, line: int, entry: int | None) -> str:
    """How a place is written for people."""
    at = f"{source}:{line}" if line else source
    return at if entry is None else f"{at} entry[{entry}]"


READ: Final = "read"
"""The clock of a deletion that says no time: it takes effect when it is read."""


@dataclass(slots=True)
class Deletion:
    """That a resource is gone: which, since when (aware, UTC; None where nothing says so), and where that was read."""

    source: str
    line: int
    entry: int | None
    raw: bytes
    key: str
    at: datetime | None
    clock: str
    """Where the instant was found: ``response.lastModified``, ``timestamp``, ``meta.lastUpdated`` or ``read``."""
    version: str | None = None
    """The version that the deletion made, or the one that it names."""

    @property
    def weight(self) -> int:
        """Bytes, about."""
        return len(self.raw)

    @property
    def tomb(self) -> str:
        """Its rank among the versions of the resource (:func:`graph.fhir.project.rank`), once it has an instant.

        >>> at = datetime(2026, 1, 2, tzinfo=UTC)
        >>> Deletion("a.ndjson", 1, 0, b"", "Patient/1", at, "timestamp", "3").tomb
        '2026-01-02T00:00:00.000000Z|00000000000000000003|~'
        """
        if self.at is None:
            raise ValueError("a deletion without an instant has no rank")
        moment = self.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        return f"{moment}Z|{f'{self.version:0>20}' if self.version else '~'}|~"

    def seen(self, now: datetime) -> "Deletion":
        """The deletion with an instant: its own, or ``now``."""
        return self if self.at is not None else replace(self, at=now)


Item = Found | Refused | Deletion
