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
        found = known.select("row", "patient").join(tokens(known), on="row")
        points = rows.select("patient", points=banded(pl.col("age"), self.definition.age).fill_null(0))
        for category in self.definition.categories:
            has = pl.col("patient").is_in(self._patients(found, category))
            heavier = [c for c in self.definition.categories if c.instead_of == category.name]
            for other in heavier:
                has &= ~pl.col("patient").is_in(self._patients(found, other))
            points = points.with_columns(pl.col("points") + has.cast(pl.Int64) * category.weight)
        ageless = rows.filter(pl.col("age").is_null()).select("patient", input=pl.lit("age"))
        blank = rows.join(known, on="patient", how="anti").select("patient", input=pl.lit("conditions"))
        missing = pl.concat([ageless, blank]).select("patient", score=pl.lit(self.name), input="input")
        return Scored(points, missing.sort("patient", "input").cast(MISSING))

    def _patients(self, found: pl.DataFrame, category: Category) -> pl.Series:
        snomed = pl.col("token").is_in([f"{SNOMED}|{c}" for c in category.snomed])
        icd10 = pl.lit(value=False)
        for name in self.definition.icd10_systems:
            plain = pl.col("token").str.strip_prefix(f"{name}|").str.replace_all(".", "", literal=True)
            begins = plain.str.contains(f"^(?:{'|'.join(category.icd10)})")
            icd10 |= pl.col("token").str.starts_with(f"{name}|") & begins
        return found.filter(snomed | icd10).get_column("patient").unique().implode()


SCORE = Charlson()
