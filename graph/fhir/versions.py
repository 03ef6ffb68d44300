"""What the versions of one resource said, from when until when. Pure, no database.

A version is known from its ``meta.lastUpdated`` on and until that of the next one, or until the resource was deleted. The
first one has been known since the mapping says, and of versions with one instant only the last was ever to be seen.
Versions in a row that say the same are one stretch: a data set that is published anew every month adds none.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson

from graph.fhir.parse import parse

SUFFIX: Final = "/_history/"
"""Between the key of a resource and the instant by which a superseded version of it is called."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = "0001"
"""Before every year that FHIR has."""
_SORTED = orjson.OPT_SORT_KEYS
_OWN = ("lastUpdated", "versionId")


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """One version: its rank (:func:`graph.fhir.project.rank`), and a sum over what it says."""

    rank: str
    content: str

    @classmethod
    def read(cls, text: str) -> "Said":
        """What :meth:`__str__` wrote."""
        rank, _, content = text.rpartition("~")  # a rank may hold one too, in the number of its version
        return cls(rank, content)

    def __str__(self) -> str:
        return f"{self.rank}~{self.content}"

    @property
    def moment(self) -> str:
        """``meta.lastUpdated`` as ranks write it."""
        return moment(self.rank)

    @property
    def named(self) -> str:
        """What a stretch that begins with it is called; 0 where it says no instant."""
        return self.moment if self.moment > _NEVER else "0"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Versions in a row that say the same, and when they were known."""

    said: tuple[Said, ...]
    since: str | None
    """When the first of them took the place of another; None where nothing was before it."""
    until: str | None
    """When another took its place, or the resource was deleted; None for the last."""


def moment(rank: str) -> str:
    """The instant in a rank.

    >>> moment("2024-01-02T00:00:00.000000Z|00000000000000000001|000000000070|5f")
    '2024-01-02T00:00:00.000000Z'
    """
    return rank.partition("|")[0]


def instant(moment: str) -> list[int]:
    """Whole seconds since 1970, and nanoseconds, of an instant as ranks write it.

    >>> instant("1970-01-02T00:00:00.250000Z")
    [86400, 250000000]
    """
    since = datetime.fromisoformat(moment) - _EPOCH
    return [since.days * 86400 + since.seconds, since.microseconds * 1000]


def content(raw: bytes) -> str:
    """A sum over what a resource says: keys in any order, digits as written, without the time and the number of its version.

    >>> a = b'{"id": "1", "meta": {"versionId": "1"}, "value": 1.50}'
    >>> content(a) == content(b'{"value":1.50,"id":"1"}'), content(a) == content(b'{"value":1.5,"id":"1"}')
    (True, False)
    """
    resource, text = parse(raw)
    if orjson.dumps(resource, option=_SORTED) != text:
        resource = json.loads(raw, parse_float=_digits, parse_int=_digits)
    if isinstance(meta := resource.get("meta"), dict):
        resource["meta"] = {name: value for name, value in meta.items() if name not in _OWN}
        if not resource["meta"]:
            del resource["meta"]
    return hashlib.sha256(orjson.dumps(resource, option=_SORTED)).hexdigest()[:32]


def _digits(text: str) -> orjson.Fragment:
    return orjson.Fragment(text.encode())


def visible(said: Iterable[Said]) -> list[Said]:
    """The versions that were ever to be seen, in order: of one instant the one with the highest rank.

    >>> [v.content for v in visible([Said("2024|2", "c"), Said("2024|1", "b"), Said("2023|1", "a")])]
    ['a', 'c']
    """
    return list({v.moment: v for v in sorted(said)}.values())


def stretches(said: Iterable[Said], tomb: str | None = None) -> list[Stretch]:
    """What was known in turn, the newest last; ``tomb`` is the rank of the deletion, if the resource was ever deleted.

    >>> seen = stretches([Said("2023|1", "a"), Said("2024|2", "b"), Said("2025|3", "b")])
    >>> [(s.since, s.until, len(s.said)) for s in seen]
    [(None, '2024', 1), ('2024', None, 2)]
    >>> [(s.since, s.until) for s in stretches([Said("2023|1", "a"), Said("2025|3", "a")], tomb="2024|~|~")]
    [(None, '2024'), ('2025', None)]
    """
    runs: list[list[Said]] = []
    for version in visible(said):
        last = runs[-1][-1] if runs else None
        if last and last.content == version.content and not _between(last.rank, tomb, version.rank):
            runs[-1].append(version)
        else:
            runs.append([version])
    made = []
    for i, run in enumerate(runs):
        since = run[0].moment if i or (tomb and tomb < run[0].rank) else None
        until = None
        if i + 1 < len(runs):
            after = runs[i + 1][0]
            gone = tomb is not None and _between(run[-1].rank, tomb, after.rank)
            until = moment(tomb) if gone and tomb else after.moment
        made.append(Stretch(tuple(run), since, until))
    return made


def _between(before: str, tomb: str | None, after: str) -> bool:
    return tomb is not None and before < tomb < after
