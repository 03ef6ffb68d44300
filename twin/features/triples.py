"""What was known of a patient as (patient, relation, concept), for embeddings of the journey graph."""

from datetime import timedelta
from functools import cache
from importlib.resources import files

import polars as pl
import yaml
from pydantic import model_validator

from twin.features import Part
from twin.features.compute import in_window, prepared, tokens

SCHEMA = pl.Schema({"patient": pl.String, "relation": pl.String, "concept": pl.String})


class Finding(Part):
    """A measurement cut into levels: below the first cut the first level, from it on the second, and so on."""

    code: str
    units: tuple[str, ...]
    cuts: tuple[float, ...]
    levels: tuple[str, ...]

    @model_validator(mode="after")
    def _one_level_more(self) -> "Finding":
        if len(self.levels) != len(self.cuts) + 1 or list(self.cuts) != sorted(self.cuts):
            raise ValueError(f"{self.code}: cuts must rise, with one level more than cuts")
        return self


class Relations(Part):
    """Relations by FHIR type, and the measurements that become findings."""

    relations: dict[str, str]
    findings: tuple[Finding, ...]


@cache
def relations() -> Relations:
    """The relations and cuts of ``triples.yaml``."""
    text = (files("twin.features") / "triples.yaml").read_text(encoding="utf-8")
    return Relations.model_validate(yaml.safe_load(text))


def triples(facts: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Distinct (patient, relation, concept) of everything known and begun before the index.

    ``visited`` has the encounter's class, ``had_finding`` a code and every level it reached, ``stayed_at`` the
    place of the index encounter, the others the codes of the facts.
    """
    known = prepared(facts).filter(in_window("ever", timedelta()))
    coded = known.join(tokens(known), on="row").with_columns(
        relation=pl.col("type").replace_strict(relations().relations, default=None, return_dtype=pl.String)
    )
    visits = known.filter(pl.col("type") == "Encounter").with_columns(
        relation=pl.lit("visited"), token=pl.lit("class|") + pl.col("class")
    )
    place = rows.filter(pl.col("place") != "unknown").select(
        "patient",
        pl.lit("stayed_at").alias("relation"),
        (pl.lit("place|") + pl.col("place")).alias("concept"),
    )
    parts = [_named(coded), _named(visits), _named(_levels(known)), place]
    return pl.concat(parts).drop_nulls().unique().sort("patient", "relation", "concept")


def _levels(known: pl.DataFrame) -> pl.DataFrame:
    wanted = [(f.code, unit, i) for i, f in enumerate(relations().findings) for unit in f.units]
    table = pl.DataFrame(wanted, schema=["token", "unit", "finding"], orient="row")
    values = known.filter(pl.col("value").is_not_null()).select("row", "patient", "value", "unit")
    found = values.join(tokens(known), on="row").join(table, on=["token", "unit"])
    level = pl.coalesce(
        pl.when(pl.col("finding") == i).then(_level(pl.col("value"), f))
        for i, f in enumerate(relations().findings)
    )
    return found.with_columns(relation=pl.lit("had_finding"), token=pl.col("token") + pl.lit(":") + level)


def _level(value: pl.Expr, finding: Finding) -> pl.Expr:
    expr = pl.lit(finding.levels[0])
    for cut, level in zip(finding.cuts, finding.levels[1:], strict=True):
        expr = pl.when(value >= cut).then(pl.lit(level)).otherwise(expr)
    return expr


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("patient", "relation", pl.col("token").alias("concept"))
