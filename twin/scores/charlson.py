"""The Charlson comorbidity index (1987) with points for age (1994), by ICD-10 and SNOMED CT codes."""

from datetime import timedelta
from functools import cached_property
from typing import ClassVar

import polars as pl

from twin.features import Part, Text
from twin.features.compute import in_window, prepared, tokens
from twin.scores import MISSING, Definition, Scored, banded, definition

SNOMED = "http://snomed.info/sct"


class Category(Part):
    """One category: its weight, beginnings of ICD-10 codes (without dots), SNOMED CT codes."""

    name: str
    weight: int
    icd10: tuple[str, ...]
    snomed: tuple[Text, ...]
    instead_of: str | None = None
    """The milder category that does not count beside this one."""


class Table(Definition):
    """The published weights and code lists."""

    age: tuple[tuple[float, int], ...]
    icd10_systems: tuple[str, ...]
    categories: tuple[Category, ...]


class Charlson:
    """The index, from every condition that was known."""

    name: ClassVar[str] = "charlson"

    @cached_property
    def definition(self) -> Table:
        """Weights and codes, from YAML."""
        return definition(Table, self.name)

    def score(self, facts: pl.DataFrame, rows: pl.DataFrame) -> Scored:
        """Points of each patient in ``rows``, in that order."""
        known = prepared(facts).filter((pl.col("type") == "Condition") & in_window("ever", timedelta()))
        found = known.select("row", "patient").join(tokens(known), on="row").with_columns(icd10=self._icd10())
        categories = self.definition.categories
        there = found.group_by("patient").agg(self._told(c).any().alias(c.name) for c in categories)
        points = rows.select("patient", "age").join(there, on="patient", how="left", maintain_order="left")
        age = banded(pl.col("age"), self.definition.age).fill_null(0)
        points = points.select("patient", points=pl.sum_horizontal(age, *map(self._points, categories)))
        ageless = rows.filter(pl.col("age").is_null()).select("patient", input=pl.lit("age"))
        blank = rows.join(known, on="patient", how="anti").select("patient", input=pl.lit("conditions"))
        missing = pl.concat([ageless, blank]).select("patient", score=pl.lit(self.name), input="input")
        return Scored(points, missing.sort("patient", "input").cast(MISSING))

    def _told(self, category: Category) -> pl.Expr:
        """Whether a code is of the category, by its ``token`` (system|code) or its ``icd10`` (without dots)."""
        snomed = pl.col("token").is_in([f"{SNOMED}|{c}" for c in category.snomed])
        return snomed | pl.col("icd10").str.contains(f"^(?:{'|'.join(category.icd10)})").fill_null(
            value=False
        )

    def _icd10(self) -> pl.Expr:
        """The code of a token without dots; null in any other system."""
        systems = [f"{name}|" for name in self.definition.icd10_systems]
        bare = pl.coalesce(
            pl.when(pl.col("token").str.starts_with(s)).then(pl.col("token").str.strip_prefix(s))
            for s in systems
        )
        return bare.str.replace_all(".", "", literal=True)

    def _points(self, category: Category) -> pl.Expr:
        """Its weight where it is there and no graver one counts in its place."""
        counts = pl.col(category.name).fill_null(value=False)
        for graver in (c.name for c in self.definition.categories if c.instead_of == category.name):
            counts &= ~pl.col(graver).fill_null(value=False)
        return counts.cast(pl.Int64) * category.weight


SCORE = Charlson()
