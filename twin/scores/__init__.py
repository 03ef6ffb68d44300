"""Published clinical scores, computed from what was known at the index: one module each, its tables in YAML beside it.

>>> sorted(scores())
['charlson', 'saps1']
"""

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, Protocol, TypeVar

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ontology.errors import InvalidInputError, NotFoundError

MISSING = pl.Schema({"patient": pl.String, "score": pl.String, "input": pl.String})


@dataclass(frozen=True)
class Scored:
    """``points``: patient, points and one column of points a part. ``missing``: patient, score, input."""

    points: pl.DataFrame
    missing: pl.DataFrame


class Definition(BaseModel):
    """What every score says of itself in its YAML."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str
    source: str
    """Where it was published."""
    ours: str
    """What this implementation decides, where the publication leaves it open."""
    range: tuple[int, int]
    """Least and greatest sum of points."""
    examples: list[dict[str, Any]]
    """Patients made from the published table: age, facts, points, missing (checked by the tests)."""


class Score(Protocol):
    """A score: ``name``, its definition, and points for the patients of ``rows`` from their facts."""

    name: ClassVar[str]

    @property
    def definition(self) -> Definition:
        """What it says of itself."""

    def score(self, facts: pl.DataFrame, rows: pl.DataFrame) -> Scored:
        """Points of each patient in ``rows``, in that order; what cannot be seen scores 0 and is listed."""


Defined = TypeVar("Defined", bound=Definition)


def definition(kind: type[Defined], name: str) -> Defined:
    """The definition in ``<name>.yaml``.

    Raises:
        InvalidInputError: the file breaks the schema.
    """
    try:
        return kind.model_validate(
            yaml.safe_load((files(__name__) / f"{name}.yaml").read_text(encoding="utf-8"))
        )
    except ValidationError as error:
        raise InvalidInputError(f"The score in {name}.yaml breaks the schema.", got=str(error)) from error


@cache
def scores() -> dict[str, Score]:
    """Every score by name."""
    modules = (importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    return {m.SCORE.name: m.SCORE for m in modules}


def chosen(names: tuple[str, ...]) -> list[Score]:
    """The scores of these names, in order.

    Raises:
        NotFoundError: no score has that name.
    """
    unknown = [n for n in names if n not in scores()]
    if unknown:
        raise NotFoundError("No such score.", got=", ".join(unknown), allowed=", ".join(scores()))
    return [scores()[n] for n in names]


def banded(value: pl.Expr, bands: tuple[tuple[float, int], ...]) -> pl.Expr:
    """Points of a value: those of the band with the greatest lower bound that it reaches (bands rise).

    >>> pl.select(banded(pl.lit(pl.Series([39.0, 40.0])), ((0, 4), (40, 3)))).to_series().to_list()
    [4, 3]
    """
    expr = pl.lit(None, dtype=pl.Int64)
    for low, points in bands:
        expr = pl.when(value >= low).then(pl.lit(points, dtype=pl.Int64)).otherwise(expr)
    return expr
