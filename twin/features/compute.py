"""From facts known at the index to a row of floats a patient. Nothing is imputed: what is missing stays null.

``facts`` has the columns of ``graph.journey.facts``; ``rows`` those of ``twin.cohort.SCHEMA``, one row a patient.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from twin.features import Feature, Numeric, Own, Selecting, Window, columns

ORDER = ["start", "recorded", "key"]
"""Facts in order of time; of two at one instant the later known counts as later, then the greater key."""
SLOPE_SPAN = 10
"""A slope needs values that span at least this part (a tenth) of the lookback; ours."""
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
    selecting = [f for f in features if isinstance(f, Selecting)]
    numeric = [f for f in features if isinstance(f, Numeric)]
    facts = _marked(prepared(facts), selecting, lookback)
    values, rejected = measured(facts, numeric, lookback)
    table = rows.select("patient", *(_own(f) for f in features if isinstance(f, Own)))
    for part in (_selected(facts, selecting), _statistics(values, numeric, lookback)):
        table = table.join(part, on="patient", how="left", maintain_order="left")
    names = [c for f in features for c in columns(f)]
    behind = [pl.DataFrame(schema=BECAUSE)]
    if because:
        behind += [_behind_marks(facts, selecting), _behind(values, numeric)]
    reasons = pl.concat(behind).sort("patient", "feature", "key")
    return Computed(_filled(table, features).select(names).cast(pl.Float64), reasons, rejected)


def prepared(facts: pl.DataFrame) -> pl.DataFrame:
    """The facts with a row number, in order of time."""
    return facts.sort(ORDER, nulls_last=False).with_row_index("row")


def tokens(facts: pl.DataFrame) -> pl.DataFrame:
    """Row number and each of its codes as ``system|code``."""
    return facts.select("row", pl.col("codes").alias("token")).explode("token").drop_nulls("token")


def in_window(within: Window, lookback: timedelta) -> pl.Expr:
    """Began in the window before the index; a fact without a start counts in ``ever`` only."""
    before = pl.col("start") <= pl.col("at")
    if within == "ever":
        return before.fill_null(value=True)
    return (before & (pl.col("start") >= pl.col("at") - (within or lookback))).fill_null(value=False)


def _marked(facts: pl.DataFrame, features: list[Selecting], lookback: timedelta) -> pl.DataFrame:
    """The facts with a true or false column a feature: whether the fact counts for it."""
    wanted = [(f.name, token) for f in features for token in f.where.tokens]
    table = pl.DataFrame(wanted, schema={"feature": pl.String, "token": pl.String}, orient="row")
    hits = tokens(facts).join(table, on="token").group_by("feature").agg("row")
    coded = dict(hits.iter_rows())
    return facts.with_columns(_mask(f, lookback, coded.get(f.name, [])).alias(_mark(f)) for f in features)


def _mark(feature: Selecting) -> str:
    return f"for {feature.name}"


def _mask(feature: Selecting, lookback: timedelta, coded: list[int]) -> pl.Expr:
    """``coded``: numbers of the rows that bear one of the feature's codes."""
    where = feature.where
    mask = in_window(feature.within, lookback)
    if where.types:
        mask &= pl.col("type").is_in(where.types)
    if where.classes:
        mask &= pl.col("class").is_in(where.classes)
    if where.codes:
        mask &= pl.col("row").is_in(coded)
    if feature.kind == "active" or (feature.kind == "has" and feature.active):
        mask &= pl.col("end").is_null() | (pl.col("end") > pl.col("at"))
    return mask.fill_null(value=False)


def _selected(facts: pl.DataFrame, features: list[Selecting]) -> pl.DataFrame:
    code = pl.coalesce(pl.concat_str("system", "code", separator="|"), "code", "display")
    days = (pl.col("at") - pl.col("start")).dt.total_seconds() / 86_400
    values = []
    for feature in features:
        mark = pl.col(_mark(feature))
        if feature.kind == "since":
            value = days.filter(mark).min()
        elif feature.kind == "active" or (feature.kind == "count" and feature.distinct):
            value = code.filter(mark).drop_nulls().n_unique()
        else:
            value = mark.sum() if feature.kind == "count" else mark.any()
        values.append(value.cast(pl.Float64).alias(feature.name))
    return facts.group_by("patient").agg(values)


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


def _statistics(values: pl.DataFrame, features: list[Numeric], lookback: timedelta) -> pl.DataFrame:
    value, days = pl.col("value"), pl.col("start").dt.epoch("s") / 86_400
    # values minutes apart would give slopes of thousands a day, so they must span a part of the window
    spanned = pl.col("start").max() - pl.col("start").min() >= lookback / SLOPE_SPAN
    stats = {
        "last": value.last(),
        "first": value.first(),
        "min": value.min(),
        "max": value.max(),
        "mean": value.mean(),
        "sum": value.sum(),
        "slope": pl.when(spanned).then(pl.cov(days, value) / days.var()),
        "count": pl.len(),
    }
    long = values.group_by("patient", "feature", maintain_order=True).agg(
        expr.cast(pl.Float64).alias(name) for name, expr in stats.items()
    )
    wide = long.pivot(
        on="feature", on_columns=[f.name for f in features], index="patient", values=list(stats)
    )
    return wide.select(
        "patient", *(pl.col(f"{s}_{f.name}").alias(f"{f.name}_{s}") for f in features for s in f.statistics)
    )


def _own(feature: Own) -> pl.Expr:
    column = pl.col(feature.column)
    known = column if feature.equals is None else column.replace("unknown", None) == feature.equals
    return known.cast(pl.Float64).alias(feature.name)


def _filled(table: pl.DataFrame, features: list[Feature]) -> pl.DataFrame:
    """None of a thing is 0 of it; a statistic of nothing stays missing."""
    zero = [f.name for f in features if f.kind in {"count", "has", "active"}]
    zero += [c for f in features if f.kind == "numeric" for c in columns(f) if c.endswith("_count")]
    return table.with_columns(pl.col(zero).fill_null(0.0))


def _behind_marks(facts: pl.DataFrame, features: list[Selecting]) -> pl.DataFrame:
    """Every fact that counts; for the days since the last one that one."""
    marks = (pl.col(_mark(f)).arg_true().implode().alias(f.name) for f in features)
    counted = facts.select(marks).unpivot(variable_name="feature", value_name="row").explode("row")
    behind = facts.select("row", "patient", "key", "value").join(
        counted.drop_nulls("row"), on="row", maintain_order="right"
    )
    last = pl.col("feature").is_in([f.name for f in features if f.kind == "since"])
    single = behind.filter(last).unique(["feature", "patient"], keep="last", maintain_order=True)
    return pl.concat([behind.filter(~last), single]).select(BECAUSE.names()).cast(BECAUSE)


def _behind(values: pl.DataFrame, features: list[Numeric]) -> pl.DataFrame:
    """For a statistic that is one fact's value that fact, for the others every fact of it."""
    fact = pl.struct("key", "value")
    one = {
        "last": fact.last(),
        "first": fact.first(),
        "min": fact.get(pl.col("value").arg_min()),
        "max": fact.get(pl.col("value").arg_max()),
    }
    names = pl.DataFrame(
        [(f.name, s, f"{f.name}_{s}") for f in features for s in f.statistics],
        schema={"feature": pl.String, "statistic": pl.String, "name": pl.String},
        orient="row",
    )
    every = values.join(names.filter(~pl.col("statistic").is_in(list(one))), on="feature")
    picked = (
        values.group_by("patient", "feature", maintain_order=True)
        .agg(expr.alias(name) for name, expr in one.items())
        .unpivot(index=["patient", "feature"], variable_name="statistic", value_name="fact")
        .unnest("fact")
        .join(names, on=["feature", "statistic"])
    )
    wanted = ("patient", pl.col("name").alias("feature"), "key", "value")
    return pl.concat([every.select(wanted), picked.select(wanted)]).cast(BECAUSE)
