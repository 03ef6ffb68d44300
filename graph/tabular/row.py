"""A row while it becomes a resource: its values, what was used of them, and what lies around it."""

from collections import Counter
from typing import Any, Protocol

from graph.fhir import times
from graph.tabular.store import Concept


class Around(Protocol):
    """The data set that a row belongs to."""

    @property
    def base(self) -> str:
        """Begins the systems of identifiers and codes that only this data set knows."""

    @property
    def concepts(self) -> int:
        """How many concepts CONCEPT has; 0 without that table."""

    def concept(self, number: str) -> Concept | None:
        """What CONCEPT says of a concept."""

    def joined(self, table: str, key: str) -> dict[str, str] | None:
        """The row of another table."""

    def reference(self, to: str, key: str) -> str:
        """``Type/id`` of what a row of a table becomes."""


class Row:
    """Values of the columns that are given, as words in the form of FHIR."""

    __slots__ = ("around", "code", "counts", "required", "table", "used", "values")

    def __init__(
        self,
        values: dict[str, str],
        around: Around,
        table: str,
        *,
        required: frozenset[str] = frozenset(),
        counts: Counter[str] | None = None,
        code: dict[str, Any] | None = None,
    ) -> None:
        self.values, self.around, self.table = values, around, table
        self.required = required
        """Columns of concepts of which it counts when there is none."""
        self.counts = counts
        self.code = code
        """The code of an event, as a CodeableConcept."""
        self.used: set[str] = set()

    def take(self, column: str) -> str | None:
        """The value of a column, which then is used."""
        found = self.values.get(column)
        if found is not None:
            self.used.add(column)
        return found

    def missing(self, column: str) -> None:
        """Count that a row has no concept where it should have one."""
        if column in self.required:
            self.count(f"{self.table}.{column}: no concept")

    def count(self, what: str) -> None:
        """Count something that no mapping speaks of."""
        if self.counts is not None:
            self.counts[what] += 1

    def date(self, text: str) -> str:
        """The partial date, when a calendar has it.

        Raises:
            ValueError: none has.
        """
        times.first(text)
        return text
