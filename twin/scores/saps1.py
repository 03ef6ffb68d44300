"""SAPS (Le Gall 1984): 14 variables of the first 24 hours in intensive care, 0 to 4 points each."""

from datetime import timedelta
from functools import cached_property
from typing import ClassVar

import polars as pl

from twin.features import Numeric, Part
from twin.features.compute import measured, prepared, tokens
from twin.scores import MISSING, Definition, Scored, banded, definition

Bands = tuple[tuple[float, int], ...]


class Variable(Part):
    """One variable: where it is found, and its bands as (lower bound, points)."""

    name: str
    codes: tuple[str, ...]
    units: dict[str, float]
    plausible: tuple[float, float]
    bands: Bands
    sum: bool = False
    """True: the sum of the 24 hours is banded; else each value, and the highest points count."""

    @property
    def numeric(self) -> Numeric:
        """The measurement as a feature."""
        by_system: dict[str, tuple[str, ...]] = {}
        for system, code in (c.split("|") for c in self.codes):
            by_system[system] = (*by_system.get(system, ()), code)
        fields = {"name": self.name, "label": self.name, "kind": "numeric", "unit": "", "within": "ever"}
        return Numeric.model_validate(
            {**fields, "codes": by_system, "units": self.units, "plausible": self.plausible}
        )


class Ventilated(Part):
    """The code of ventilation and the points that it scores in place of the respiratory rate."""

    codes: tuple[str, ...]
    points: int


class Table(Definition):
    """The published table."""

    hours: int
    age: Bands
    ventilated: Ventilated
    variables: tuple[Variable, ...]


class Saps1:
    """The score; its first 24 hours begin with the index encounter."""

    name: ClassVar[str] = "saps1"

    @cached_property
    def definition(self) -> Table:
        """The published table, from YAML."""
        return definition(Table, self.name)

    def score(self, facts: pl.DataFrame, rows: pl.DataFrame) -> Scored:
        """Points of each patient in ``rows``, in that order."""
        table = self.definition
        entered = rows.select("patient", "entered").drop_nulls()
        span = pl.col("entered") + timedelta(hours=table.hours)
        first = prepared(
            facts.join(entered, on="patient").filter(
                pl.col("start").is_between("entered", span, closed="left")
            )
        )
        values, _ = measured(first, [v.numeric for v in table.variables], timedelta())
        long = pl.concat(
            [_points(values, v) for v in table.variables] + [_ventilated(first, table.ventilated)]
        )
        best = long.group_by("patient", "input").agg(pl.col("points").max(), pl.col("rank").max())
        # ventilation stands in place of the respiratory rate, even when the rate would score more
        fixed = long.filter(pl.col("rank") == 1).select("patient", "input", fixed="points")
        best = best.join(fixed, on=["patient", "input"], how="left").with_columns(
            points=pl.coalesce("fixed", "points")
        )
        grid = rows.select("patient").join(
            pl.DataFrame({"input": [v.name for v in table.variables]}), how="cross"
        )
        all_ = grid.join(best, on=["patient", "input"], how="left")
        ages = rows.select("patient", input=pl.lit("age"), points=banded(pl.col("age"), table.age))
        all_ = pl.concat([all_.select("patient", "input", "points"), ages])
        total = all_.group_by("patient").agg(pl.col("points").sum())
        missing = all_.filter(pl.col("points").is_null()).select(
            "patient", score=pl.lit(self.name), input="input"
        )
        points = rows.select("patient").join(total, on="patient", how="left", maintain_order="left")
        return Scored(points, missing.sort("patient", "input").cast(MISSING))


def _points(values: pl.DataFrame, variable: Variable) -> pl.DataFrame:
    mine = values.filter(pl.col("feature") == variable.name)
    if variable.sum:
        mine = mine.group_by("patient").agg(pl.col("value").sum())
    points = banded(pl.col("value"), variable.bands)
    return mine.select("patient", input=pl.lit(variable.name), points=points, rank=pl.lit(0))


def _ventilated(facts: pl.DataFrame, rule: Ventilated) -> pl.DataFrame:
    rows = tokens(facts).filter(pl.col("token").is_in(rule.codes)).select("row").unique()
    points = pl.lit(rule.points, dtype=pl.Int64)
    patients = facts.join(rows, on="row").select("patient").unique()
    return patients.select("patient", input=pl.lit("respiratory_rate"), points=points, rank=pl.lit(1))


SCORE = Saps1()
