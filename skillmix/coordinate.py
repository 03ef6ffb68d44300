"""Where an agent stands: one of 67,504,639,104 coordinates, and sets of them kept as products.

>>> c = Coordinate.parse("i25/treatment-planning/emergency-room/cardiology/patient-counseling/augmentation/provider/input")
>>> Coordinate.from_index(c.index) == c
True
>>> c.sentence()[:47]
"AI competency to augment cardiologists' input l"
"""

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import total_ordering
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, field_validator

from ontology.errors import InvalidInputError
from ontology.skillmix_values import COORDINATES, UNKNOWN, dimensions

DIMENSIONS: Final = tuple(dimensions())
"""Names of the eight dimensions, in the order of the text and of the index."""

EVERY: Final = "*"
"""All values of a dimension, in the JSON of :class:`Cells`."""


@total_ordering
class Coordinate(BaseModel):
    """One cell of the space: a value in each of the eight dimensions, given by code (aliases are understood).

    Coordinates compare in the order of their index.

    Raises:
        InvalidInputError: a value is not one of its dimension; the message names the nearest.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    condition: str
    care_phase: str
    care_setting: str
    provider_role: str
    care_task: str
    assigned_authority: str
    agent_facing: str
    anchoring_layer: str

    @field_validator("*", mode="after")
    @classmethod
    def _known(cls, value: str, info: Any) -> str:
        return dimensions()[info.field_name].find(value)

    @property
    def codes(self) -> tuple[str, ...]:
        """The eight codes in order."""
        return tuple(getattr(self, name) for name in DIMENSIONS)

    @property
    def text(self) -> str:
        """Canonical form: the eight codes joined by ``/``."""
        return "/".join(self.codes)

    @property
    def index(self) -> int:
        """Its place among all coordinates, from 0; mixed radix, the condition most significant."""
        place = 0
        for dimension, code in zip(dimensions().values(), self.codes, strict=True):
            place = place * dimension.size + dimension.positions[code]
        return place

    @classmethod
    def from_index(cls, index: int) -> Self:
        """The coordinate at a place.

        Raises:
            InvalidInputError: there is no such place.

        >>> Coordinate.from_index(0).text
        'a00/at-risk/community/ambulance-workers/perform-procedures/monitoring/provider/input'
        """
        if not 0 <= index < COORDINATES:
            raise InvalidInputError(
                "No coordinate has this index.", got=index, allowed=f"0 to {COORDINATES - 1}"
            )
        codes = {}
        for name, dimension in reversed(dimensions().items()):
            index, place = divmod(index, dimension.size)
            codes[name] = dimension.values[place].code
        return cls(**codes)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The coordinate that a text means: eight codes joined by ``/``, or an index in digits.

        Raises:
            InvalidInputError: other than eight parts, or a part that is no value of its dimension.
        """
        if text.strip().isdecimal():
            return cls.from_index(int(text))
        parts = text.strip().strip("/").split("/")
        if len(parts) != len(DIMENSIONS):
            raise InvalidInputError(
                "A coordinate has eight parts.",
                got=f"{len(parts)} in {text!r}",
                allowed="/".join(DIMENSIONS),
                do="Or give its index.",
            )
        return cls(**dict(zip(DIMENSIONS, parts, strict=True)))

    def sentence(self) -> str:
        """The coordinate in words, as the framework says it."""
        value = {name: dimensions()[name][code] for name, code in zip(DIMENSIONS, self.codes, strict=True)}
        role = value["provider_role"]
        agent = value["agent_facing"].phrase.format(plural=_possessive(role.phrase), singular=role.singular)
        return (
            f"AI competency to {value['assigned_authority'].phrase} {agent} {value['anchoring_layer'].phrase} layer"
            f" for {value['care_task'].phrase} in {value['condition'].phrase}"
            f" during {value['care_phase'].phrase} within the {value['care_setting'].phrase}"
        )

    def moved(self, **codes: str) -> Self:
        """The coordinate with other values in the dimensions named."""
        return type(self)(**dict(zip(DIMENSIONS, self.codes, strict=True)) | codes)

    def neighbours(self, *names: str) -> Iterator[Self]:
        """All 2,087 coordinates that differ in exactly one dimension, or those that differ in the dimensions named."""
        for name in names or DIMENSIONS:
            for value in dimensions()[name].values:
                if value.code != getattr(self, name):
                    yield self.model_copy(update={name: value.code})

    def __lt__(self, other: object) -> bool:
        return self.index < other.index if isinstance(other, Coordinate) else NotImplemented

    def __str__(self) -> str:
        return self.text


def _possessive(plural: str) -> str:
    return f"{plural}'" if plural.endswith("s") else f"{plural}'s"


class Cells(BaseModel):
    """A set of cells as a product of value sets, one for each dimension; never enumerated unless asked.

    A dimension that is left out is ``unknown``: the data did not tell it. Unknown is not 'all', so cells with an unknown
    dimension hold no coordinate. ``"*"`` stands for all values, and must be said.

    Raises:
        InvalidInputError: a value is not one of its dimension, a set is empty, or unknown stands beside values.

    >>> some = Cells.of(condition=["i25", "i10"], care_phase="follow-up")
    >>> some.unknown[:2], some.size
    (('care_setting', 'provider_role'), 0)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    condition: tuple[str, ...] = (UNKNOWN,)
    care_phase: tuple[str, ...] = (UNKNOWN,)
    care_setting: tuple[str, ...] = (UNKNOWN,)
    provider_role: tuple[str, ...] = (UNKNOWN,)
    care_task: tuple[str, ...] = (UNKNOWN,)
    assigned_authority: tuple[str, ...] = (UNKNOWN,)
    agent_facing: tuple[str, ...] = (UNKNOWN,)
    anchoring_layer: tuple[str, ...] = (UNKNOWN,)

    @field_validator("*", mode="before")
    @classmethod
    def _canonical(cls, value: Any, info: Any) -> tuple[str, ...]:
        dimension = dimensions()[info.field_name]
        wanted = [value] if isinstance(value, str) else list(value)
        if wanted == [EVERY]:
            return tuple(v.code for v in dimension.values)
        if wanted == [UNKNOWN]:
            return (UNKNOWN,)
        if not wanted or UNKNOWN in wanted or EVERY in wanted:
            raise InvalidInputError(
                f"Not a set of values of {info.field_name}.",
                got=wanted,
                allowed=f"values, or '{UNKNOWN}' or '{EVERY}' alone",
            )
        return tuple(sorted({dimension.find(v) for v in wanted}, key=dimension.positions.__getitem__))

    @classmethod
    def of(cls, coordinate: Coordinate | None = None, /, **sets: str | Sequence[str]) -> Self:
        """The cell of one coordinate with some dimensions replaced, or the product of the sets named."""
        start = {} if coordinate is None else dict(zip(DIMENSIONS, coordinate.codes, strict=True))
        return cls.model_validate({**start, **sets})

    @property
    def sets(self) -> tuple[tuple[str, ...], ...]:
        """The eight value sets in order."""
        return tuple(getattr(self, name) for name in DIMENSIONS)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Dimensions that are unknown."""
        return tuple(name for name in DIMENSIONS if getattr(self, name) == (UNKNOWN,))

    @property
    def size(self) -> int:
        """How many coordinates it holds; none when a dimension is unknown."""
        return 0 if self.unknown else math.prod(len(s) for s in self.sets)

    @property
    def single(self) -> Coordinate | None:
        """Its coordinate when it holds exactly one."""
        return next(iter(self)) if self.size == 1 else None

    def __contains__(self, coordinate: object) -> bool:
        return isinstance(coordinate, Coordinate) and all(
            code in values for code, values in zip(coordinate.codes, self.sets, strict=True)
        )

    def __iter__(self) -> Iterator[Coordinate]:  # type: ignore[override]  # pydantic iterates fields; a set iterates members
        if not self.unknown:
            for codes in itertools.product(*self.sets):
                named: dict[str, Any] = dict(zip(DIMENSIONS, codes, strict=True))
                yield Coordinate.model_construct(**named)

    def __and__(self, other: "Cells") -> "Cells | None":
        """What both hold, or None when a dimension has nothing in common (unknown meets only unknown)."""
        shared = {name: [v for v in getattr(self, name) if v in getattr(other, name)] for name in DIMENSIONS}
        return Cells.model_validate(shared) if all(shared.values()) else None

    def __sub__(self, other: "Cells") -> list["Cells"]:
        """What this holds and the other does not, as at most eight products that do not overlap."""
        shared = self & other
        if shared is None:
            return [self]
        pieces, rest = [], self
        for name in DIMENSIONS:
            outside = [v for v in getattr(self, name) if v not in getattr(other, name)]
            if outside:
                pieces.append(rest.model_copy(update={name: tuple(outside)}))
                rest = rest.model_copy(update={name: getattr(shared, name)})
        return pieces

    def as_dict(self) -> dict[str, str | list[str]]:
        """For JSON: a list of codes a dimension, ``"unknown"``, or ``"*"`` for all values."""
        short: dict[str, str | list[str]] = {}
        for name, values in zip(DIMENSIONS, self.sets, strict=True):
            full = len(values) == dimensions()[name].size
            short[name] = EVERY if full else UNKNOWN if values == (UNKNOWN,) else list(values)
        return short

    @property
    def json_text(self) -> str:
        """Canonical JSON: the same cells give the same text."""
        return json.dumps(self.as_dict(), separators=(",", ":"))

    @classmethod
    def parse(cls, data: str | Mapping[str, Any]) -> Self:
        """Cells from their JSON, as text or as an object.

        Raises:
            InvalidInputError: not JSON, no such dimension, or no such value.
        """
        try:
            loaded = json.loads(data) if isinstance(data, str) else dict(data)
        except json.JSONDecodeError as error:
            raise InvalidInputError("Cells are not JSON.", got=str(error)) from error
        strays = sorted(set(loaded) - set(DIMENSIONS))
        if strays:
            raise InvalidInputError(
                "No such dimension.", got=", ".join(strays), allowed=", ".join(DIMENSIONS)
            )
        return cls.model_validate(loaded)


def union_size(parts: Sequence[Cells]) -> int:
    """How many different coordinates the parts hold together, without enumerating them."""
    apart: list[Cells] = []
    for part in parts:
        fresh = [part] if part.size else []
        for seen in apart:
            fresh = [piece for left in fresh for piece in left - seen]
        apart.extend(fresh)
    return sum(piece.size for piece in apart)
