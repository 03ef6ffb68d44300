"""Features as data: sets of them in ``sets/*.yaml``, checked by :class:`FeatureSet` when loaded.

>>> sorted(feature_sets())
['demographics', 'icu-2012', 'outpatient']
"""

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from ontology.errors import InvalidInputError, NotFoundError
from twin.spans import Span

Statistic = Literal["last", "first", "min", "max", "mean", "sum", "slope", "count"]
Text = Annotated[str, BeforeValidator(str)]
Window = Span | Literal["ever"] | None
"""How far back from the index: a length of time, ``ever`` (all that is known), or null for the task's lookback."""


class Part(BaseModel):
    """Unknown keys are refused, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Where(Part):
    """Which facts: every condition that is given must hold."""

    types: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    """Classes of the encounter (of the fact's encounter, or of itself)."""
    codes: dict[str, tuple[Text, ...]] = {}
    """Codes by system."""

    @property
    def tokens(self) -> list[str]:
        """The codes as ``system|code``."""
        return [f"{system}|{code}" for system, codes in self.codes.items() for code in codes]


class Named(Part):
    """What every feature has."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: str


class Own(Named):
    """A property of the patient or the place at the index: a number, or 1 where it equals a text."""

    kind: Literal["own"]
    column: Literal["age", "sex", "place"]
    equals: str | None = None


class Count(Named):
    """How many facts, or how many different codes among them."""

    kind: Literal["count"]
    where: Where
    within: Window = None
    distinct: bool = False


class Has(Named):
    """1 if there is such a fact, else 0; with ``active`` only one that is not known to have ended."""

    kind: Literal["has"]
    where: Where
    within: Window = None
    active: bool = False


class Active(Named):
    """How many different codes are present and not known to have ended."""

    kind: Literal["active"]
    where: Where
    within: Window = "ever"


class Since(Named):
    """Days from the last such fact to the index; missing if there is none."""

    kind: Literal["since"]
    where: Where
    within: Window = "ever"


class Numeric(Named):
    """Statistics of a measurement: a column each, named ``<name>_<statistic>``.

    A value counts when its unit is listed (times that factor it is in ``unit``) and it lies in ``plausible``.
    """

    kind: Literal["numeric"]
    codes: dict[str, tuple[Text, ...]]
    unit: str
    units: dict[str, float]
    plausible: tuple[float, float]
    statistics: tuple[Statistic, ...] = ("last", "first", "min", "max", "mean", "slope", "count")
    within: Window = None


Feature = Annotated[Own | Count | Has | Active | Since | Numeric, Field(discriminator="kind")]
Selecting = Count | Has | Active | Since


class FeatureSet(Part):
    """A named set of features."""

    name: str
    about: str
    features: tuple[Feature, ...]

    @property
    def columns(self) -> list[str]:
        """Names of the columns that it makes, in order."""
        return [c for f in self.features for c in columns(f)]


def columns(feature: Feature) -> list[str]:
    """Names of the columns that one feature makes."""
    return (
        [f"{feature.name}_{s}" for s in feature.statistics] if feature.kind == "numeric" else [feature.name]
    )


@cache
def feature_sets() -> dict[str, FeatureSet]:
    """Every feature set by name.

    Raises:
        InvalidInputError: a file breaks the schema; the message names the file and the field.
    """
    folder = files(__name__) / "sets"
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)
    return {s.name: s for s in (load(p.name, p.read_text(encoding="utf-8")) for p in paths)}


def load(name: str, text: str) -> FeatureSet:
    """The feature set that a YAML text describes; ``name`` is its file's name.

    Raises:
        InvalidInputError: it is none, its name is not its file's, or two columns have one name.
    """
    try:
        found = TypeAdapter(FeatureSet).validate_python(yaml.safe_load(text))
    except ValidationError as error:
        raise InvalidInputError(f"The feature set in {name} breaks the schema.", got=str(error)) from error
    if name != f"{found.name}.yaml":
        raise InvalidInputError(
            "A feature set's file must bear its name.", got=name, allowed=f"{found.name}.yaml"
        )
    twice = sorted({c for c in found.columns if found.columns.count(c) > 1})
    if twice:
        raise InvalidInputError(f"Two features in {name} make one column.", got=", ".join(twice))
    return found


def chosen(names: tuple[str, ...]) -> list[Feature]:
    """The features of these sets, in order.

    Raises:
        NotFoundError: no set has that name.
    """
    found = feature_sets()
    unknown = [n for n in names if n not in found]
    if unknown:
        raise NotFoundError("No such feature set.", got=", ".join(unknown), allowed=", ".join(found))
    return [f for n in names for f in found[n].features]
