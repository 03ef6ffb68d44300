"""The prediction tasks: one YAML file each in this folder, checked by :class:`Task` when it is loaded.

>>> sorted(tasks())
['admission-365d', 'icu-mortality-48h']
"""

from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, get_args

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ontology.errors import InvalidInputError, NotFoundError
from twin.spans import Span

Code = Annotated[str, Field(pattern=r"^[^|\s]+\|[^|\s]+$", description="system|code")]
Dimension = Literal[
    "condition",
    "care_phase",
    "care_setting",
    "provider_role",
    "care_task",
    "assigned_authority",
    "agent_facing",
    "anchoring_layer",
]
Rule = Literal[
    "too-young", "dead-at-index", "in-hospital-at-index", "left-before-index", "follow-up-too-short"
]


class Part(BaseModel):
    """A part of a task: unknown keys are refused, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Encounters(Part):
    """Which encounters: any of the classes and, when codes are given, any of the codes."""

    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    codes: tuple[Code, ...] = ()


class Index(Part):
    """The moment of the prediction: one a patient, found without looking past it."""

    encounters: Encounters
    anchor: Literal["start", "end"]
    """The end of the encounter that ``offset`` counts from."""
    offset: Span
    pick: Literal["first", "first-after-hashed-day"]
    """``first-after-hashed-day``: a day is drawn for each patient from ``first_day`` and ``spread`` by a hash of
    the patient's key; the index is the first qualifying encounter from that day on."""
    first_day: Annotated[date | None, Field(alias="from")] = None
    spread: Span = timedelta(0)
    seed: int = 0
    valid_for: Span
    """How long after the index's instant a prediction for another moment still counts as made at it."""


class Outcome(Part):
    """What is predicted: a later encounter of some class, or how the index encounter ended."""

    kind: Literal["encounter", "disposition"]
    label: str
    classes: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()


class Exclusion(Part):
    """A rule by which patients leave the cohort, and the reason in words."""

    rule: Rule
    why: str


class Data(Part):
    """What the task is trained on, and where its record ends."""

    name: str
    description: str
    end: Literal["latest-record"] | AwareDatetime
    """``latest-record``: the latest instant recorded for the task's patients. Never the clock."""


class Bands(Part):
    """Groups of patients by the size of one feature, for a breakdown of the results."""

    feature: str
    """Column of ``Dataset.features``."""
    groups: dict[str, float]
    """Names of the groups, each with its least value."""

    def model_post_init(self, _: object) -> None:
        """Check that no two groups begin at the same value."""
        if not self.groups or len(set(self.groups.values())) < len(self.groups):
            raise ValueError("give groups, each with a least value of its own")

    @property
    def ordered(self) -> list[str]:
        """The names of the groups, from the least value upwards."""
        return sorted(self.groups, key=self.groups.__getitem__)


AGES = Bands(feature="age", groups={"under 40": 0, "40-64": 40, "65-79": 65, "80+": 80})
"""The bands of the subgroup ``age_group``, in years."""


class Task(Part):
    """One question to the twin, asked of one patient at one moment."""

    name: str
    version: int
    title: str
    question: str
    population: str
    least_age: int
    index: Index
    lookback: Span
    horizon: Span | None
    """None: until the index encounter ends."""
    outcome: Outcome
    exclusions: tuple[Exclusion, ...]
    death: str
    censoring: str
    biases: tuple[str, ...]
    subgroups: tuple[str, ...]
    """Columns of ``Dataset.rows`` by which results are broken down."""
    bands: dict[str, Bands] = {}
    """Those of the subgroups that are made from a feature, by name."""
    features: tuple[str, ...]
    """Names of feature sets (``twin/features``)."""
    scores: tuple[str, ...]
    """Names of published scores (``twin/scores``)."""
    members: tuple[str, ...] = ()
    """Names of members (``twin/predictors``); empty: every one that is registered."""
    act_at: Annotated[float, Field(gt=0, lt=1)]
    """The probability from which someone would act; declared before any result is seen."""
    thresholds: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = (0.05, 0.1, 0.2, 0.3, 0.5)
    """The probabilities at which net benefit is reported."""
    coordinate: dict[Dimension, str]
    data: Data

    def model_post_init(self, _: object) -> None:
        """Check what spans several fields."""
        missing = set(get_args(Dimension)) - set(self.coordinate)
        if missing:
            raise ValueError(
                f"the coordinate lacks {', '.join(sorted(missing))}; write 'unknown' where the data do not tell"
            )
        wanted = self.outcome.classes if self.outcome.kind == "encounter" else self.outcome.dispositions
        if not wanted:
            raise ValueError("the outcome names no class and no disposition")
        if (self.outcome.kind == "encounter") != (self.horizon is not None):
            raise ValueError("an outcome of kind encounter needs a horizon, one of kind disposition has none")

    @property
    def orders(self) -> dict[str, Bands]:
        """Those of the subgroups that have an order: age, and the task's own bands."""
        return {
            name: band for name, band in {"age_group": AGES, **self.bands}.items() if name in self.subgroups
        }


@cache
def tasks() -> dict[str, Task]:
    """Every task by name.

    Raises:
        InvalidInputError: a file breaks the schema; the message names the file and the field.
    """
    folder = files(__name__)
    found = {}
    for path in sorted(p.name for p in folder.iterdir() if p.name.endswith(".yaml")):
        task = load(path, folder.joinpath(path).read_text(encoding="utf-8"))
        found[task.name] = task
    return found


def load(name: str, text: str) -> Task:
    """The task that a YAML text describes; ``name`` is its file's name.

    Raises:
        InvalidInputError: it is no task, or its name is not its file's.
    """
    try:
        task = Task.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        raise InvalidInputError(f"The task in {name} breaks the schema.", got=str(error)) from error
    if name != f"{task.name}.yaml":
        raise InvalidInputError("A task's file must bear its name.", got=name, allowed=f"{task.name}.yaml")
    return task


def task(name: str) -> Task:
    """The task of that name.

    Raises:
        NotFoundError: no such task.
    """
    try:
        return tasks()[name]
    except KeyError:
        allowed = ", ".join(sorted(tasks()))
        raise NotFoundError("No such task.", got=name, allowed=allowed, do="See `cwm twin tasks`.") from None
