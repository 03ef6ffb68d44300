"""Taking out who a patient is: hashed keys, shifted dates, pooled ages, and no words that few patients share.

What is here follows the *expert* way of de-identifying rather than a fixed list: dates are shifted and not cut to years.
Whether a set may be given away is for whoever knows whom it goes to; docs/research.md says what stays in.

Everything is kept or dropped by what it *is*; a property or element that is not known to be harmless is dropped.
"""

import hashlib
import hmac
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from graph.cohort import years_at
from graph.connection import Graph
from graph.export import ages
from graph.patients import merged
from ontology.errors import InvalidInputError

SHARED = 11
"""Patients who must share a word or phrase, word for word, before it is left in."""
FARTHEST = 365
"""Days by which dates are shifted at most, to either side, and at least by one."""

TOKENS = frozenset(
    {
        "system",
        "code",
        "codes",
        "category",
        "status",
        "class",
        "disposition",
        "clock",
        "start_clock",
        "gender",
    }
    | {"comparator", "absent", "criticality", "intent", "use", "verification", "admit_source", "priority"}
    | {"service", "population", "component_codes", "type"}
)
"""Properties that hold codes or words of a fixed list."""
WORDS = frozenset(
    {"display", "text", "unit", "reason", "role", "race", "ethnicity", "rate_unit"}
    | {"component_displays", "component_units", "component_texts"}
)
"""Properties that hold what people wrote or chose: kept where enough patients share them."""
_DATE = re.compile(
    r"\b\d{4}-\d\d(-\d\d)?(T|\b)|\b\d{1,2}[./-]\d{1,2}[./-](\d\d){1,2}\b|\b(19|2\d)\d{6}\b|^\s*\d{4}\s*$"
    r"|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\W+(\d{1,2}\W+)?\d{4}\b",
    re.IGNORECASE,
).search
_TOKEN = re.compile(r"[^\s|]{1,100}(\|[^\s]{1,64})?").fullmatch


def new_key() -> bytes:
    """A key for one export: without it nobody can tell which patient is which, and exports cannot be joined."""
    return secrets.token_bytes(32)


def key_from(path: Path) -> bytes:
    """The key in a file, made (readable by its owner only) when the file is not there: the same key, the same ids and shifts.

    Raises:
        InvalidInputError: the file holds fewer than 32 bytes.
    """
    if not path.exists():
        path.touch(0o600)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    found = path.read_bytes().strip()
    if len(found) < 32:
        raise InvalidInputError(
            "The key for de-identifying is too short.", got=f"{len(found)} bytes", allowed="32 or more"
        )
    return found


@dataclass(frozen=True)
class Deidentifier:
    """One export's way of hiding; everything follows from ``key``, and nothing of it is written out."""

    key: bytes
    words: frozenset[str] = frozenset()
    """Words and phrases that enough patients share."""
    pooled: frozenset[str] = frozenset()
    """Keys of patients over 89; of merged ones, of who stays."""
    ends: Mapping[str, datetime] = field(default_factory=dict)
    """When the record of a patient ends (UTC), by the key of who stays."""

    def digits(self, key: str) -> str:
        """What stands for an id: 24 hex digits of a keyed hash.

        >>> one = Deidentifier(b"x" * 32)
        >>> one.digits("Patient/1") == one.digits("Patient/1") != Deidentifier(b"y" * 32).digits("Patient/1")
        True
        """
        return self._hash("id", key).hex()[:24]

    def name(self, key: str) -> str | None:
        """``Type/hash`` for the key of a resource, with its part behind ``#`` hashed too; None where it is no such key."""
        type_, slash, rest = key.partition("/")
        if not slash or not re.fullmatch(r"[A-Z][A-Za-z]+", type_) or not rest:
            return None
        whole, hash_, part = key.partition("#")
        return f"{type_}/{self.digits(whole)}" + (f"#{self.digits(key)}" if hash_ and part else "")

    def number(self, key: str) -> int:
        """A positive whole number of 63 bits for a key."""
        return int.from_bytes(self._hash("number", key)[:8], "big") >> 1

    def shift(self, patient: str) -> timedelta:
        """By how much all dates of a patient move: whole days, never none, so all intervals stay.

        >>> 1 <= abs(Deidentifier(b"x" * 32).shift("Patient/1").days) <= FARTHEST
        True
        """
        place = int.from_bytes(self._hash("shift", patient)[:8], "big") % (2 * FARTHEST)
        return timedelta(days=place - FARTHEST if place < FARTHEST else place - FARTHEST + 1)

    def moved(self, at: datetime | None, patient: str | None) -> datetime | None:
        """The instant, shifted.

        None for what belongs to no patient, would tell an age over 89, or lies after the shift where no calendar reaches.
        """
        if at is None or patient is None or ages.telling(at, self.ends.get(patient)):
            return None
        try:
            return at + self.shift(patient)
        except OverflowError:
            return None

    def birth(self, birth: str | None, patient: str) -> str | None:
        """The year of a birth in the record of a patient, after the shift; None for those over 89, and where it is no date."""
        from graph.fhir import times

        if not birth or patient in self.pooled:
            return None
        try:
            at = self.moved(times.first(birth), patient)
        except (ValueError, OverflowError):
            return None
        return f"{at.year:04}" if at else None

    def shared(self, words: str | None) -> str | None:
        """The words where enough patients share them, and they tell neither an age over 89 nor a date: it would not be shifted.

        >>> one = Deidentifier(b"x" * 32, frozenset({"Positive", "2020-01-02", "3 May 2020", "Influenza 2019-2020"}))
        >>> [one.shared(words) for words in ("Positive", "2020-01-02", "3 May 2020", "Influenza 2019-2020")]
        ['Positive', None, None, 'Influenza 2019-2020']
        """
        if words is None or words not in self.words or ages.told(words) or _DATE(words):
            return None
        return words

    def props(self, props: Mapping[str, Any], patient: str | None) -> dict[str, Any]:
        """The properties of a node that may be seen; instants are datetimes."""
        made = {name: self._prop(name, value, patient) for name, value in props.items()}
        if "key" in props:
            made["key"] = self.name(props["key"])
            made["id"] = None if props.get("id") is None else self.digits(props["key"].partition("#")[0])
        if ages.too_old(made.get("value"), [props.get("unit")]):
            made["value"] = None
        if numbers := made.get("component_values"):
            units = props.get("component_units") or [None] * len(numbers)
            made["component_values"] = [
                math.nan if ages.too_old(number, [unit]) else number
                for number, unit in zip(numbers, units, strict=True)
            ]
        return {name: value for name, value in made.items() if value is not None}

    def _prop(self, name: str, value: Any, patient: str | None) -> Any:
        if name == "birth":
            return self.birth(value, patient) if patient else None
        if isinstance(value, datetime):
            return self.moved(value, patient)
        if name == "component_codes":  # aligned with the other lists of components: nothing falls out
            return [item if token(item) else "" for item in value]
        if name in TOKENS:
            return _tokens(value)
        if name in WORDS:
            return [self.shared(v) or "" for v in value] if isinstance(value, list) else self.shared(value)
        numbers = isinstance(value, bool | int | float) and name not in {"line", "entry", "assigned"}
        return value if numbers or (name == "component_values") else None

    def _hash(self, what: str, text: str) -> bytes:
        return hmac.new(self.key, f"{what}|{text}".encode(), hashlib.sha256).digest()


def prepared(graph: Graph, key: bytes, at: datetime | None = None, shared: int = SHARED) -> Deidentifier:
    """A de-identifier for what the graph knew at ``at``: which words enough patients share, who is over 89, where records end.

    ``shared`` is the least number of patients; words that became known later are not counted.
    """
    persons = merged(graph, at)
    words = frozenset(row["word"] for row in graph.read("export.words", at=at, least=shared, persons=persons))
    pooled, ends = set(), {}
    for row in graph.read("export.people", at=at):
        last = max((ms for ms in (row["last"], row["died"]) if ms is not None), default=None)
        seen = datetime.fromtimestamp(last / 1000, UTC) if last is not None else (at or datetime.now(UTC))
        ends[row["patient"]] = seen
        if any((years_at(birth, seen) or 0) > ages.OLDEST for birth in row["births"]):
            pooled.add(row["patient"])
    return Deidentifier(key, words, frozenset(pooled), ends)


def token(text: str) -> bool:
    """Whether a text can be a code: no white space, not long.

    >>> token("http://loinc.org|8867-4"), token("seen by Dr. Smith")
    (True, False)
    """
    return _TOKEN(text) is not None


def _tokens(value: Any) -> Any:
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str) and token(item)]
    return value if isinstance(value, str) and token(value) else None
