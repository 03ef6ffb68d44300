"""The eight Skill-Mix dimensions: one YAML file each in ``ontology/skillmix/``, checked when loaded.

>>> [d.size for d in dimensions().values()]
[1918, 7, 12, 86, 58, 3, 4, 7]
>>> SCENARIOS, PATTERNS, COORDINATES
(803626656, 84, 67504639104)
"""

import difflib
import math
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ontology.errors import InvalidInputError

HERE: Final = Path(__file__).parent / "skillmix"

UNKNOWN: Final = "unknown"
"""What the data do not tell; never a value of a dimension."""

SCENARIOS: Final = 1918 * 7 * 12 * 86 * 58
"""Clinical scenarios: the product of the five competency dimensions."""

PATTERNS: Final = 3 * 4 * 7
"""Engagement patterns: the product of the three engagement dimensions."""

COORDINATES: Final = SCENARIOS * PATTERNS
"""Coordinates in all."""

Code = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class Value(BaseModel):
    """One value of a dimension."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: Code
    """Its name in coordinates, unique within the dimension."""
    name: str
    """Its name for people."""
    group: str | None = None
    """Chapter, domain or family, named in the dimension's ``groups``."""
    spoken: str | None = None
    """How a coordinate's sentence says it, where that is not the name in lower case."""
    singular: str | None = None
    """One person of a provider role."""
    about: str | None = None
    """What it means."""
    parent: str | None = None
    """The broader value of the same dimension."""
    isco: str | None = None
    """ISCO-08 code of an occupation."""
    alias: str | None = None
    """Another way to write the code, accepted when read and never written."""

    @property
    def phrase(self) -> str:
        """How a sentence says it."""
        return self.spoken or self.name[:1].lower() + self.name[1:]


class Dimension(BaseModel):
    """One dimension with its values in their fixed order."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$")]
    order: int
    """Its place in a coordinate, from 1."""
    axis: Literal["competency", "engagement"]
    title: str
    summary: str
    size: int
    """How many values there must be."""
    source: str
    groups: dict[str, str] = {}
    values: tuple[Value, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        codes = [v.code for v in self.values]
        if len(codes) != self.size:
            raise ValueError(f"{self.name} has {len(codes)} values and says {self.size}")
        if len(set(codes)) != len(codes) or UNKNOWN in codes:
            raise ValueError(f"{self.name}: every code must be there once, and none may be '{UNKNOWN}'")
        strays = {v.group for v in self.values if v.group} - set(self.groups)
        strays |= {v.parent for v in self.values if v.parent} - set(codes)
        if strays:
            raise ValueError(f"{self.name}: unknown groups or parents {sorted(strays)}")
        return self

    @cached_property
    def positions(self) -> dict[str, int]:
        """Place of every code, from 0."""
        return {v.code: i for i, v in enumerate(self.values)}

    @cached_property
    def _aliases(self) -> dict[str, str]:
        return {v.alias: v.code for v in self.values if v.alias}

    def __getitem__(self, code: str) -> Value:
        return self.values[self.positions[code]]

    def find(self, text: str) -> str:
        """The code that a text means: the code itself or an alias, in any case.

        Raises:
            InvalidInputError: it is neither; the message names the nearest codes.

        >>> dimensions()["condition"].find("I25")
        'i25'
        >>> dimensions()["anchoring_layer"].find("system_ii")
        'system-ii'
        """
        wanted = text.strip().lower()
        code = self._aliases.get(wanted, wanted)
        if code in self.positions:
            return code
        near = difflib.get_close_matches(wanted, self.positions, n=4, cutoff=0.5)
        raise InvalidInputError(
            f"Not a value of the dimension {self.name}.",
            got=repr(text),
            allowed=", ".join(near) + ", ..."
            if near
            else f"{self.size} values, {self.values[0].code} to {self.values[-1].code}",
            do=f"Search them: `cwm skillmix coordinate --search WORD --dimension {self.name}`.",
        )


@cache
def dimensions() -> dict[str, Dimension]:
    """The eight dimensions by name, in the order in which they stand in a coordinate.

    Raises:
        InvalidInputError: a file breaks the schema, or the sizes do not multiply to the source's numbers.
    """
    found = sorted((_load(p) for p in sorted(HERE.glob("*.yaml"))), key=lambda d: d.order)
    for axis, product in (("competency", SCENARIOS), ("engagement", PATTERNS)):
        got = math.prod(d.size for d in found if d.axis == axis)
        if got != product:
            raise InvalidInputError(f"The {axis} dimensions do not multiply to {product:,}.", got=f"{got:,}")
    return {d.name: d for d in found}


def _load(path: Path) -> Dimension:
    loader: Any = getattr(
        yaml, "CSafeLoader", yaml.SafeLoader
    )  # the C one is ten times faster where it is built in
    try:
        return Dimension.model_validate(yaml.load(path.read_text(encoding="utf-8"), loader))  # noqa: S506
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(p) for p in first["loc"])
        raise InvalidInputError(
            f"The dimension file {path.name} is not valid.",
            got=f"{where}: {first['msg']}",
            do="Mend that file.",
        ) from error


def search(word: str, dimension: str | None = None) -> list[tuple[str, Value]]:
    """Values whose code, name, group or alias holds every word, as (dimension, value).

    >>> [(d, v.code) for d, v in search("cardiolog")]
    [('provider_role', 'cardiology')]
    """
    words = word.lower().split()
    hits = []
    for name, dim in dimensions().items():
        if dimension in (None, name):
            for value in dim.values:
                group = dim.groups.get(value.group or "")
                text = " ".join(
                    filter(None, (value.code, value.name, value.spoken, value.alias, group))
                ).lower()
                if all(w in text for w in words):
                    hits.append((name, value))
    return hits
