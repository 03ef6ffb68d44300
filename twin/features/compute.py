"""From facts known at the index to a row of floats a patient. Nothing is imputed: what is missing stays null.

``facts`` has the columns of ``graph.journey.facts``; ``rows`` those of ``twin.cohort.SCHEMA``, one row a patient.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from twin.features import Feature, Numeric, Own, Selecting, Where, Window, columns

ORDER = ["start", "recorded", "key"]
"""Facts in order of time; of two at one instant the later known counts as later, then the greater key."""
BECAUSE = pl.Schema({"patient": pl.String, "feature": pl.String, "key": pl.String, "value": pl.Float64})
REJECTED = pl.Schema({"feature": pl.String, "reason": pl.String, "n": pl.Int64})


@dataclass(frozen=True)
class Computed:
    """``values``: floats aligned with the rows. ``because``: patient, feature, key, value. ``rejected``: feature, reason, n."""

    values: pl.DataFrame
    because: pl.DataFrame
    rejected: pl.DataFrame


def compute(
    facts: pl.DataFrame,
    rows: pl.DataFrame,
    features: list[Feature],
    lookback: timedelta,
    *,
    because: bool = False,
) -> Computed:
    """The features of the patients in ``rows`` from their facts; with ``because`` the facts behind each, too."""
    facts = prepared(facts)
    selecting = [f for f in features if not isinstance(f, Own | Numeric)]
    masks = {f.name: facts.filter(_mask(facts, f, lookback)) for f in selecting}
    parts = [rows.select("patient")]
    parts += [_selected(masks[f.name], f) for f in selecting]
    values, rejected = measured(facts, [f for f in features if isinstance(f, Numeric)], lookback)
    wide, reasons = (
        _statistics(values, [f for f in features if isinstance(f, Numeric)]),
        pl.DataFrame(schema=BECAUSE),
    )
    table = parts[0]
    for part in [*parts[1:], wide]:
        table = table.join(part, on="patient", how="left", maintain_order="left")
    table = table.with_columns(_own(rows, f) for f in features if isinstance(f, Own))
    if because:
        chosen = [
            m.select("patient", pl.lit(n).alias("feature"), "key", pl.col("value").cast(pl.Float64))
            for n, m in masks.items()
        ]
        reasons = pl.concat([reasons, *chosen, *_behind(values, features)])
    names = [c for f in features for c in columns(f)]
    return Computed(
        _filled(table, features).select(names).cast(pl.Float64),
        reasons.sort("patient", "feature", "key"),
        rejected,
    )


def prepared(facts: pl.DataFrame) -> pl.DataFrame:
    """The facts with a row number, in order of time."""
    return facts.sort(ORDER, nulls_last=False).with_row_index("row")


def tokens(facts: pl.DataFrame) -> pl.DataFrame:
    """Row number and each of its codes as ``system|code``."""
    return facts.select("row", pl.col("codes").alias("token")).explode("token").drop_nulls("token")


def selection(facts: pl.DataFrame, where: Where) -> pl.Expr:
    """Which of the (prepared) facts meet every condition."""
    mask = pl.lit(value=True)
    if where.types:
        mask &= pl.col("type").is_in(where.types)
    if where.classes:
        mask &= pl.col("class").is_in(where.classes)
    if where.categories:
        mask &= pl.col("category").is_in(where.categories)
    if where.codes:
        hits = tokens(facts).filter(pl.col("token").is_in(where.tokens)).get_column("row").unique()
        mask &= pl.col("row").is_in(hits.implode())
    return mask.fill_null(value=False)


def in_window(within: Window, lookback: timedelta) -> pl.Expr:
    """Began in the window before the index; a fact without a start counts in ``ever`` only."""
    before = pl.col("start") <= pl.col("at")
    if within == "ever":
        return before.fill_null(value=True)
    return (before & (pl.col("start") >= pl.col("at") - (within or lookback))).fill_null(value=False)


def _mask(facts: pl.DataFrame, feature: Selecting, lookback: timedelta) -> pl.Expr:
    mask = selection(facts, feature.where) & in_window(feature.within, lookback)
    if feature.kind == "active" or (feature.kind == "has" and feature.active):
        mask &= pl.col("end").is_null() | (pl.col("end") > pl.col("at"))
    return mask


def _selected(facts: pl.DataFrame, feature: Selecting) -> pl.DataFrame:
    code = pl.concat_str("system", "code", separator="|", ignore_nulls=True)
    if feature.kind == "since":
        value = (pl.col("at") - pl.col("start")).min().dt.total_seconds() / 86_400
    elif feature.kind == "active" or (feature.kind == "count" and feature.distinct):
        value = code.n_unique()
    else:
        value = pl.len() if feature.kind == "count" else pl.lit(1.0)
    return facts.group_by("patient").agg(value.cast(pl.Float64).alias(feature.name))


def measured(
    facts: pl.DataFrame, features: list[Numeric], lookback: timedelta
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values of measurements in the features' own units (patient, at, feature, start, key, value), and what was left out."""
    wanted = [
        (f.name, f"{system}|{code}", f.plausible[0], f.plausible[1])
        for f in features
        for system, codes in f.codes.items()
        for code in codes
    ]
    table = pl.DataFrame(wanted, schema=["feature", "token", "low", "high"], orient="row")
    units = [(f.name, unit, factor) for f in features for unit, factor in f.units.items()]
    factors = pl.DataFrame(units, schema=["feature", "unit", "factor"], orient="row")
    if table.is_empty():
        return pl.DataFrame(schema={**BECAUSE, "start": pl.Datetime("ms", "UTC")}), pl.DataFrame(
            schema=REJECTED
        )
    hits = tokens(facts).join(table, on="token").unique(["row", "feature"], maintain_order=True).drop("token")
    inside = [pl.when(pl.col("feature") == f.name).then(in_window(f.within, lookback)) for f in features]
    found = (
        facts.filter(pl.col("value").is_not_null())
        .select("row", "patient", "at", "start", "key", "value", "unit")
        .join(hits, on="row", maintain_order="left")
        .filter(pl.coalesce(inside))
        .join(factors, on=["feature", "unit"], how="left", maintain_order="left")
        .with_columns(value=pl.col("value") * pl.col("factor"))
    )
    reason = (
        pl.when(pl.col("factor").is_null())
        .then(pl.format("unit {}", pl.col("unit").fill_null("missing")))
        .when(~pl.col("value").is_between("low", "high"))
        .then(pl.lit("not plausible"))
    )
    found = found.with_columns(reason=reason)
    rejected = found.drop_nulls("reason").group_by("feature", "reason").agg(n=pl.len().cast(pl.Int64))
    kept = found.filter(pl.col("reason").is_null()).drop("reason", "factor", "low", "high", "unit", "row")
    return kept, rejected.sort("feature", "reason")


def _statistics(values: pl.DataFrame, features: list[Numeric]) -> pl.DataFrame:
    value, days = pl.col("value"), pl.col("start").dt.epoch("s") / 86_400
    spread = days.var()
    stats = {
        "last": value.last(),
        "first": value.first(),
        "min": value.min(),
        "max": value.max(),
        "mean": value.mean(),
        "sum": value.sum(),
        "slope": pl.when(spread > 0).then(pl.cov(days, value) / spread),
        "count": pl.len(),
    }
    long = values.group_by("patient", "feature", maintain_order=True).agg(
        expr.cast(pl.Float64).alias(name) for name, expr in stats.items()
    )
    table = long.select(pl.col("patient").unique(maintain_order=True))
    for feature in features:
        mine = long.filter(pl.col("feature") == feature.name)
        named = [pl.col(s).alias(f"{feature.name}_{s}") for s in feature.statistics]
        table = table.join(mine.select("patient", *named), on="patient", how="left")
    return table


def _own(rows: pl.DataFrame, feature: Own) -> pl.Series:
    column = rows.get_column(feature.column)
    known = column if feature.equals is None else column.replace("unknown", None) == feature.equals
    return known.cast(pl.Float64).alias(feature.name)


def _filled(table: pl.DataFrame, features: list[Feature]) -> pl.DataFrame:
    """None of a thing is 0 of it; a statistic of nothing stays missing."""
    zero = [f.name for f in features if f.kind in {"count", "has", "active"}]
    zero += [c for f in features if f.kind == "numeric" for c in columns(f) if c.endswith("_count")]
    return table.with_columns(pl.col(zero).fill_null(0.0))


def _behind(values: pl.DataFrame, features: list[Feature]) -> list[pl.DataFrame]:
    """For a statistic that is one fact's value that fact, for the others every fact of it."""
    one = {
        "last": pl.len() - 1,
        "first": pl.lit(0),
        "min": pl.col("value").arg_min(),
        "max": pl.col("value").arg_max(),
    }
    found = []
    for feature in (f for f in features if isinstance(f, Numeric)):
        mine = values.filter(pl.col("feature") == feature.name).select("patient", "key", "value")
        for statistic in feature.statistics:
            pick = one.get(statistic)
            kept = (
                mine
                if pick is None
                else mine.group_by("patient", maintain_order=True).agg(pl.col("key", "value").get(pick))
            )
            name = pl.lit(f"{feature.name}_{statistic}").alias("feature")
            found.append(kept.select("patient", name, "key", pl.col("value").cast(pl.Float64)))
    return found
