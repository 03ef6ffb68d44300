"""Why the twin says so: additive contributions by Shapley sampling, joined to the facts in the graph."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from twin import features
from twin.dataset import Dataset
from twin.ensemble import Twin
from twin.predictors import SEED
from twin.tasks import Task

PAIRS = 12
"""Orders of the groups that are drawn, each used forwards and backwards."""

JOURNEY = "journey"


@dataclass(frozen=True)
class Group:
    """What is exchanged together: columns of the features, a score, or the journey (what the embedding sees)."""

    name: str
    label: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Contribution:
    """How far a group moved the stacked log odds away from the base, and the patient's values in it."""

    group: str
    label: str
    contribution: float
    values: dict[str, float | None]


@dataclass(frozen=True)
class Explanation:
    """``base + sum(contributions) = logit``: the mean log odds of the background patients, moved by what this one has."""

    base: float
    logit: float
    contributions: list[Contribution]


def groups(task: Task, data: Dataset, members: tuple[str, ...]) -> list[Group]:
    """The groups of a task's features that the members look at; statistics of one measurement go together."""
    found = []
    if set(members) & {"penalised-logistic", "gradient-boosting"}:
        known = [(f, tuple(features.columns(f))) for f in features.chosen(task.features)]
        found = [Group(f.name, f.label, c) for f, c in known if set(c) <= set(data.features.columns)]
        placed = {c for g in found for c in g.columns}
        found += [Group(c, c, (c,)) for c in data.features.columns if c not in placed]
    if "clinical-score" in members:
        found += [Group(f"score:{c}", f"Points of {c}", (c,)) for c in data.scores.columns[:1]]
    if "patients-like-this" in members:
        found.append(Group(JOURNEY, "Patients with a similar journey", ()))
    return found


def explain(twin: Twin, data: Dataset, background: Dataset, *, pairs: int = PAIRS) -> Explanation:
    """Contributions to the stacked log odds of the one patient in ``data``, against a background of training patients.

    A background patient becomes this one, group by group, in a drawn order; each step's change is the group's. Orders
    are drawn in pairs, forwards and backwards (Castro 2009, Mitchell 2022), seeded. The sum is exact for any number of
    orders; the split between groups that act together is an estimate. Calibration after stacking only moves the whole.
    """
    listed = groups(data.task, data, twin.names)
    rng = np.random.default_rng(SEED)
    order = [rng.permutation(len(listed)) for _ in range(pairs)]
    order = [o for forward in order for o in (forward, forward[::-1])]
    drawn = rng.permutation(np.resize(rng.permutation(len(background)), len(order)))
    # theirs[r, g]: row r still has the background patient's group g.
    theirs = np.ones((len(order), len(listed) + 1, len(listed)), dtype=bool)
    for o, places in enumerate(order):
        for step, group in enumerate(places):
            theirs[o, step + 1 :, group] = False
    mixed = _mixed(
        data, background, np.repeat(drawn, len(listed) + 1), theirs.reshape(-1, len(listed)), listed
    )
    core = twin.core(data.rows["patient"][0])
    logits = core.logit(mixed).reshape(len(order), len(listed) + 1)
    change = np.zeros((len(order), len(listed)))
    for o, places in enumerate(order):
        change[o, places] = np.diff(logits[o])
    mean = change.mean(0)
    row = {**data.features.row(0, named=True), **data.scores.row(0, named=True)}
    found = [
        Contribution(g.name, g.label, float(c), {name: row[name] for name in g.columns})
        for g, c in zip(listed, mean, strict=True)
    ]
    ranked = sorted(found, key=lambda c: (-abs(c.contribution), c.group))
    return Explanation(float(logits[:, 0].mean()), float(logits[0, -1]), ranked)


def _mixed(
    data: Dataset, background: Dataset, other: np.ndarray, theirs: np.ndarray, listed: list[Group]
) -> Dataset:
    """Rows between a background patient and this one: group g of row r is the background's where ``theirs[r, g]``."""
    base = _repeat(background, other)
    place = {c: g for g, group in enumerate(listed) for c in group.columns}
    n = len(other)

    def mix(own: pl.DataFrame, of: pl.DataFrame) -> pl.DataFrame:
        columns = {}
        for name in own.columns:
            keep = pl.Series(theirs[:, place[name]]) if name in place else pl.Series(np.zeros(n, dtype=bool))
            columns[name] = of[name].zip_with(keep, pl.Series([own[name][0]] * n, dtype=of[name].dtype))
        return pl.DataFrame(columns) if columns else pl.DataFrame()

    names = pl.DataFrame({"row": np.arange(n), "patient": [f"mixed/{i:06d}" for i in range(n)]})
    journey = next((g for g, group in enumerate(listed) if group.name == JOURNEY), None)
    triples = data.triples.clear()
    if journey is not None:
        whose = background.rows["patient"].gather(other)
        mine = pl.Series([data.rows["patient"][0]] * n, dtype=pl.String)
        source = names.with_columns(whose.zip_with(pl.Series(theirs[:, journey]), mine).alias("of"))
        both = pl.concat([background.triples, data.triples]).unique()
        triples = source.join(both, left_on="of", right_on="patient").select("patient", "relation", "concept")
    rows = base.rows.with_columns(names["patient"])
    return replace(
        base,
        rows=rows,
        features=mix(data.features, base.features),
        scores=mix(data.scores, base.scores),
        triples=triples,
    )


def _repeat(background: Dataset, other: np.ndarray) -> Dataset:
    """Rows of the background, some more than once, without their triples (which are joined by patient)."""
    bare = replace(background, triples=background.triples.clear(), because=background.because.clear())
    return replace(bare, rows=bare.rows[other], features=bare.features[other], scores=bare.scores[other])
