"""Held-out evaluation: folds by patient, the whole pipeline inside each, and a report with intervals."""

import hashlib
import importlib.metadata
import time
from datetime import UTC, datetime

import numpy as np
import polars as pl

from twin import metrics
from twin.dataset import Dataset
from twin.ensemble import Step
from twin.heldout import HeldOut, held_out
from twin.intervals import Estimate, bootstrapped, resamples, share
from twin.predictors import SEED, Array, chosen, members
from twin.report import Bin, Conformal, Model, Operating, Report
from twin.subgroups import miscalibrated, subgroups, trends

INNER, BOOTSTRAP, CONFIDENCE, BINS = 3, 1000, 0.9, 10
LIBRARIES = (
    "clinical-world-model",
    "numpy",
    "scikit-learn",
    "lightgbm",
    "pykeen",
    "torch",
    "crepes",
)


def evaluate(
    data: Dataset,
    folds: int = 5,
    progress: Step | None = None,
    *,
    names: tuple[str, ...] | None = None,
    agent: str = "twin",
    role: str = "twin",
    version: str = "not saved",
) -> Report:
    """Evaluate the ensemble of ``names`` (all members by default) on patients whose outcome is known.

    Raises:
        InvalidInputError: too few patients of either outcome for that many folds.
        MissingExtraError: a member needs a library that is not installed.
    """
    begun = time.monotonic()
    data = known(data)
    names = names or chosen()
    held = held_out(data, names, folds, INNER, progress)
    y, p = held.outcome, held.probability
    samples = resamples(data.rows["patient"].to_list(), BOOTSTRAP)
    groups, notes = subgroups(data.rows, data.task.subgroups, held, samples, data.task.orders)
    widths = np.array([f.high - f.low for f in held.forecasts])
    thresholds = list(data.task.thresholds)
    return Report(
        task=data.task.name, title=data.task.title, agent=agent, role=role, version=version, made=datetime.now(UTC),
        dataset=data.task.data.name, data_digest=digest(data), population=population(data), folds=folds, inner_folds=INNER,
        seed=SEED, bootstrap=BOOTSTRAP, flow=data.flow, n=len(y), events=int(y.sum()), prevalence=share(int(y.sum()), len(y)),
        models=_models(held, names, samples, role, agent, thresholds), calibration=calibration_table(y, p),
        conformal=_conformal(held), operating=operating(y, p, data.task.act_at, samples), thresholds=thresholds,
        treat_all={f"{t:g}": bootstrapped(metrics.net_benefit(t), y, np.ones(len(y)), samples) for t in thresholds},
        interval_width=_mean(widths, y, samples), disagreement=float(np.mean([f.disagreement for f in held.forecasts])),
        subgroups=groups, miscalibrated=miscalibrated(groups), trends=trends(data.rows, data.task.orders, held, samples),
        without=sorted(set(members()) - set(names)),
        libraries=libraries(), seconds=round(time.monotonic() - begun, 1), notes=notes,
    )  # fmt: skip


def known(data: Dataset) -> Dataset:
    """Only the rows whose outcome is known, in the order of the patients' keys."""
    rows = data.rows.with_row_index("_row").filter(pl.col("outcome").is_not_null()).sort("patient")
    return data.take(rows["_row"].to_numpy().astype(np.int64))


def digest(data: Dataset) -> str:
    """SHA-256 of what the model learns from: rows, features, scores and triples, whatever the order of the rows."""
    sha = hashlib.sha256()
    order = data.rows["patient"].arg_sort()
    for frame in (
        data.rows[order],
        data.features[order],
        data.scores[order],
        data.triples.unique().sort(pl.all()),
    ):
        sha.update("|".join(frame.columns).encode())
        sha.update(frame.write_csv(None, include_header=False).encode())
    return sha.hexdigest()


def population(data: Dataset) -> str:
    """``synthetic`` only when every patient is; else ``real``."""
    return "synthetic" if set(data.rows["population"].to_list()) == {"synthetic"} else "real"


def libraries() -> dict[str, str]:
    """Versions of what made the figures; a library that is not installed is left out."""
    installed = {d.name.lower(): d.version for d in importlib.metadata.distributions() if d.name}
    return {name: installed[name] for name in LIBRARIES if name in installed}


def _models(
    held: HeldOut, names: tuple[str, ...], samples: Array, role: str, agent: str, thresholds: list[float]
) -> list[Model]:
    def one(name: str, of: str, kind: str, p: Array) -> Model:
        weight = float(np.mean([w[name] for w in held.weights])) if of == "member" else None
        return Model(
            name=name, role=of, kind=kind, weight=weight,
            statistics={s: bootstrapped(f, held.outcome, p, samples) for s, f in metrics.STATISTICS.items()},
            net_benefit={f"{t:g}": bootstrapped(metrics.net_benefit(t), held.outcome, p, samples) for t in thresholds},
        )  # fmt: skip

    whole = f"{len(names)} members, stacked and calibrated" if len(names) > 1 else f"{names[0]}, calibrated"
    found = [one(agent, role, whole, held.probability)]
    found += [one(name, "member", members()[name].kind, held.of(name)) for name in names]
    from twin.baselines import BASELINES

    return found + [one(b.name, "baseline", b.kind, held.baselines[b.name]) for b in BASELINES]


def calibration_table(y: Array, p: Array, bins: int = BINS) -> list[Bin]:
    """Patients in order of probability, in ``bins`` parts of equal size: mean predicted beside observed."""
    parts = np.array_split(np.argsort(p, kind="stable"), min(bins, max(1, len(p) // 10)))
    return [
        Bin(predicted=float(p[i].mean()), observed=share(int(y[i].sum()), len(i)), expected=float(p[i].sum()))
        for i in parts
    ]


def operating(y: Array, p: Array, threshold: float, samples: Array) -> Operating:
    """Sensitivity, specificity and predictive values of acting at ``threshold`` or above, with Wilson intervals."""
    act, event = p >= threshold, y == 1

    def part(of: np.ndarray, among: np.ndarray) -> Estimate:
        return share(int((of & among).sum()), int(among.sum()), events=int((event & among).sum()))

    return Operating(
        threshold=threshold, called=part(act, np.ones(len(y), dtype=bool)), sensitivity=part(act, event),
        specificity=part(~act, ~event), ppv=part(event, act), npv=part(~event, ~act),
        net_benefit_gain=bootstrapped(metrics.net_benefit_gain(threshold), y, p, samples),
    )  # fmt: skip


def _conformal(held: HeldOut) -> Conformal:
    y, sets = held.outcome.astype(int), held.sets
    right, size, events = sets[np.arange(len(y)), y], sets.sum(1), int(y.sum())
    samples = resamples([f.patient for f in held.forecasts], BOOTSTRAP)
    return Conformal(
        confidence=CONFIDENCE, coverage=share(int(right.sum()), len(y), events=events),
        coverage_with_outcome=share(int(right[y == 1].sum()), events, events=events),
        coverage_without_outcome=share(int(right[y == 0].sum()), len(y) - events, events=0),
        mean_size=_mean(size.astype(np.float64), held.outcome, samples),
        both=int((size == 2).sum()), none=int((size == 0).sum()),
    )  # fmt: skip


def _mean(values: Array, y: Array, samples: Array) -> Estimate:
    return bootstrapped(lambda _y, v, w: np.asarray(w @ v / w.sum(1), dtype=np.float64), y, values, samples)
