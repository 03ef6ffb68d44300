"""What counts as shown: thresholds as data, on the bound of an interval and never on its point.

>>> policy().rule("accuracy", "auroc").judge(low=0.58, high=0.80)   # the point may well be 0.70
'inconclusive'
>>> policy().rule("accuracy", "auroc").judge(low=0.61, high=0.80), policy().rule("accuracy", "auroc").judge(0.41, 0.59)
('passed', 'failed')
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError, model_validator

from ontology.errors import InvalidInputError, NotFoundError
from ontology.skillmix_values import dimensions
from skillmix.agent import fingerprint
from skillmix.evidence import MEASURES, Measure
from skillmix.population import Kind

HERE: Final = Path(__file__).parent / "policies"

SEVERITIES: Final = ("none-seen", "potential", "minor", "moderate", "severe", "catastrophic")
"""Severities of an M-CARE case, from the least."""

Severity = Literal["none-seen", "potential", "minor", "moderate", "severe", "catastrophic"]
Outcome = Literal["passed", "inconclusive", "failed"]
Range = tuple[float, float]


class Rule(BaseModel):
    """What one statistic's interval must do.

    Passed: all conditions are met by the bounds. Failed: the interval lies wholly where it must not. Else inconclusive.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    statistic: str
    low_at_least: float | None = None
    """The lower bound reaches this."""
    high_at_most: float | None = None
    """The upper bound stays at or under this."""
    within: Range | None = None
    """Both bounds lie in this range."""
    overlaps: Range | None = None
    """Some of the interval lies in this range."""
    least_n: NonNegativeInt | None = None
    """In place of the policy's."""
    least_events: NonNegativeInt | None = None
    """In place of the policy's; 0 for a statistic that knows no events."""
    why: str

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if all(getattr(self, c) is None for c in ("low_at_least", "high_at_most", "within", "overlaps")):
            raise ValueError(f"the rule for {self.statistic} has no condition")
        if any(r and r[0] > r[1] for r in (self.within, self.overlaps)):
            raise ValueError(f"the rule for {self.statistic} has a range that begins after its end")
        return self

    def judge(self, low: float, high: float) -> Outcome:
        """The outcome for an interval."""
        bottom = [b for b in (self.low_at_least, self.within and self.within[0]) if b is not None]
        top = [t for t in (self.high_at_most, self.within and self.within[1]) if t is not None]
        if any(high < b for b in bottom) or any(low > t for t in top):
            return "failed"
        if self.overlaps and (high < self.overlaps[0] or low > self.overlaps[1]):
            return "failed"
        met = all(low >= b for b in bottom) and all(high <= t for t in top)
        return "passed" if met else "inconclusive"

    @property
    def words(self) -> str:
        """The conditions as a person would say them."""
        said = {
            "lower bound at least {0:g}": self.low_at_least,
            "upper bound at most {0:g}": self.high_at_most,
            "interval within {0[0]:g} and {0[1]:g}": self.within,
            "interval touching {0[0]:g} to {0[1]:g}": self.overlaps,
        }
        return ", ".join(text.format(value) for text, value in said.items() if value is not None)


class MeasureRules(BaseModel):
    """The rules of one measure: it is shown when each has passed and none failed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    note: str | None = None
    """Said when the measure is missing."""


class Policy(BaseModel):
    """When an agent is validated, and what suspends it. Zero transfer is not here: no policy can switch it off."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    version: int
    summary: str
    level: Annotated[float, Field(gt=0, lt=1)]
    least_n: Annotated[int, Field(gt=0)]
    least_events: NonNegativeInt
    greatest_age_days: Annotated[int, Field(gt=0)]
    populations: Annotated[tuple[Kind, ...], Field(min_length=1)]
    """For whom it may validate at all; each only by evidence gathered in it."""
    suspends_at: Severity
    required: dict[str, Annotated[tuple[Measure, ...], Field(min_length=1)]]
    measures: dict[Measure, MeasureRules]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if set(self.required) != set(dimensions()["assigned_authority"].positions):
            raise ValueError("required must name every authority, once")
        if set(self.measures) != set(MEASURES):
            raise ValueError(f"measures must name all of {', '.join(MEASURES)}")
        return self

    @property
    def digest(self) -> str:
        """Hash of the whole policy."""
        return fingerprint(self.model_dump(mode="json"))

    def rule(self, measure: Measure, statistic: str) -> Rule:
        """The rule for a statistic of a measure."""
        return next(r for r in self.measures[measure].rules if r.statistic == statistic)

    def suspends(self, severity: str) -> bool:
        """Whether an accepted case of that severity suspends its coordinates."""
        return severity in SEVERITIES and SEVERITIES.index(severity) >= SEVERITIES.index(self.suspends_at)


@cache
def policy(name: str = "default") -> Policy:
    """A policy by name (``skillmix/policies/NAME.yaml``) or by the path of a YAML file.

    Raises:
        NotFoundError: no such policy.
        InvalidInputError: the file breaks the schema.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else HERE / f"{name}.yaml"
    if not path.is_file():
        raise NotFoundError(
            "No such policy.", got=name, allowed=", ".join(policies()), do="Or give the path of a YAML file."
        )
    try:
        return Policy.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise InvalidInputError(
            "The policy is not valid.", got=f"{path.name}: {error}", do="See docs/skillmix.md."
        ) from error


def policies() -> list[str]:
    """Names of the policies that come with the platform."""
    return sorted(p.stem for p in HERE.glob("*.yaml"))
