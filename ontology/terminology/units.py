"""Units of measure by UCUM: what a number means in the unit in which it can be compared. The original is never changed.

A conversion needs nothing but the two units. What needs to know the substance (mg/dL of glucose to mmol/L) is not UCUM's
and is not done. Annotations in braces have no meaning in UCUM: ``mL/min/{1.73_m2}`` is compared as ``mL/min``, so values may be
compared only where their codes agree too.

>>> convert(98.6, "[degF]", "Cel")
37.0
>>> (found := unit("mmHg")) and (found.ucum, found.canonical)
('mm[Hg]', 'mm[Hg]')
>>> unit("spoonful") is None
True
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Final, NamedTuple

from ontology.errors import InvalidInputError
from ontology.terminology.files import HERE, Part, read

_ALONE: Final = re.compile(r"(^|[./(])\{[^{}]*\}")
"""An annotation in the place of a unit stands for 1."""
_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")
_TEMPERATURES: Final = frozenset({"Cel", "[degF]", "K"})
_BASE: Final = {
    "kilogram": "kg",
    "meter": "m",
    "second": "s",
    "kelvin": "K",
    "ampere": "A",
    "mole": "mol",
    "candela": "cd",
    "radian": "rad",
}


class UnitTable(Part):
    """Canonical units, and what is meant by what is written."""

    about: str
    canonical: tuple[str, ...]
    corrected: dict[str, str]
    """UCUM codes that the library takes for something else, and what UCUM says of them."""
    as_written: dict[str, str]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it is written, with the way to its canonical unit: ``value * factor + offset``."""

    written: str
    ucum: str
    """The UCUM code that it stands for."""
    canonical: str
    """UCUM code of the unit in which values of its kind are compared."""
    factor: float = 1.0
    offset: float = 0.0

    def to_canonical(self, value: float) -> float:
        """A number of this unit in the canonical one."""
        return value * self.factor + self.offset

    def from_canonical(self, value: float) -> float:
        """A number of the canonical unit in this one."""
        return (value - self.offset) / self.factor


class _Read(NamedTuple):
    """What the library makes of a UCUM code."""

    kind: Hashable
    """Equal for units that can be compared."""
    quantity: Any
    special: bool
    """True for scales that are no multiples of a unit: pH, decibel."""


@cache
def table() -> UnitTable:
    """The units of ``units.yaml``."""
    return read(HERE / "units.yaml", UnitTable)


@cache
def unit(written: str) -> Unit | None:
    """What a unit means, or None when neither UCUM nor ``units.yaml`` knows it. The first call takes about a second."""
    text = written.strip()
    ucum = table().as_written.get(text, text)
    found = _read(ucum)
    if found is None:
        return None
    target = _canonical().get(found.kind)
    if target and not found.special:
        return Unit(written, ucum, target, *_line(found.quantity, target))
    return _in_base(written, ucum, found)


def convert(value: float, source: str, target: str) -> float:
    """A number of one unit in another, to 12 digits.

    Raises:
        InvalidInputError: a unit is not known, or the two are no units of one kind.
    """
    a, b = _known(source), _known(target)
    if a.canonical != b.canonical:
        raise InvalidInputError(
            "These units cannot be compared.",
            got=f"{source} ({a.canonical}) and {target} ({b.canonical})",
            allowed="units of one kind; between mass and amount of substance the substance must be known",
        )
    return float(f"{b.from_canonical(a.to_canonical(value)):.12g}")


def _known(written: str) -> Unit:
    if found := unit(written):
        return found
    raise InvalidInputError(
        "This unit is not known.",
        got=written,
        allowed="UCUM, as mg/dL or mm[Hg]",
        do="What data write instead can be added to ontology/terminology/units.yaml.",
    )


@cache
def _library() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


@cache
def _atoms() -> tuple[frozenset[str], frozenset[str]]:
    """UCUM's arbitrary units, which agree with nothing but themselves, and its special ones."""
    from ucumvert.xml_util import get_units_with_full_definition

    atoms = get_units_with_full_definition()
    return (
        frozenset(a.code_cs for a in atoms if a.is_arbitrary),
        frozenset(a.code_cs for a in atoms if a.is_special),
    )


@cache
def _parser() -> Any:
    from ucumvert.parser import get_ucum_parser

    return get_ucum_parser()


@cache
def _reader() -> Any:
    """The library's way from a parsed code to a quantity, with what ``corrected`` says."""
    from ucumvert.parser import parse_ucum
    from ucumvert.ucum_pint import UcumToPintTransformer

    reader = UcumToPintTransformer(_library())
    its_own = reader.simple_unit

    def simple_unit(parts: list[Any]) -> Any:
        *prefix, atom = map(str, parts)
        meant = table().corrected.get(atom)
        whole = reader.transform(parse_ucum(meant, _parser())) if meant else its_own([atom])
        # Put before the unit, the library loses some prefixes: `m[g]` became a milligram.
        return whole * (its_own([*prefix, "m"]) / its_own(["m"])).to_base_units() if prefix else whole

    reader.simple_unit = simple_unit
    return reader


@cache
def _read(ucum: str) -> _Read | None:
    """The library's reading of a UCUM code; None where it has none."""
    from lark.exceptions import LarkError
    from pint.errors import PintError
    from ucumvert.parser import parse_ucum

    plain = _ANNOTATION.sub("", _ALONE.sub(r"\g<1>1", ucum))
    try:
        tree = parse_ucum(plain, _parser())
    except LarkError:
        return None
    used = {str(token) for token in tree.scan_values(lambda token: token.type.startswith("UNIT_"))}
    arbitrary, special = _atoms()
    odd = used & special
    if odd and (odd - _TEMPERATURES or plain not in _TEMPERATURES):
        return _Read(("special", plain), None, special=True)
    try:
        quantity = _reader().transform(tree)
        kind = (quantity.dimensionality, frozenset(atom.lower() for atom in used & arbitrary))
    except (LarkError, PintError, ArithmeticError, AttributeError):
        return None
    return _Read(kind, quantity, special=False)


@cache
def _canonical() -> dict[Hashable, str]:
    made: dict[Hashable, str] = {}
    for code in table().canonical:
        found = _read(code)
        if found is None or found.kind in made:
            raise InvalidInputError("Not a canonical unit of its own kind in units.yaml.", got=code)
        made[found.kind] = code
    return made


def _line(quantity: Any, target: str) -> tuple[float, float]:
    """Factor and offset from a unit to the canonical one of its kind."""
    goal = _read(target)
    if goal is None:
        raise InvalidInputError("Not a unit.", got=target)
    if quantity.dimensionality == "[temperature]":
        at = [
            float(_library().Quantity(v, quantity.units).to(goal.quantity.units).magnitude) for v in (0, 100)
        ]
        # Scales of temperature are simple fractions of one another: so water freezes at 0 and not at 0.00000000000009.
        factor, offset = (Fraction(x).limit_denominator(1000) for x in ((at[1] - at[0]) / 100, at[0]))
        return float(factor), float(offset)
    factor = quantity.to_base_units().magnitude / goal.quantity.to_base_units().magnitude
    return _rounded(float(factor)), 0.0


def _in_base(written: str, ucum: str, found: _Read) -> Unit:
    """In UCUM's base units; as it is where it has none: a special scale, or an arbitrary unit of an unusual kind."""
    # The kind of a unit that is not special is a pair; the second says whether it is arbitrary.
    if found.special or (isinstance(found.kind, tuple) and found.kind[1]):
        return Unit(written, ucum, ucum)
    base = found.quantity.to_base_units()
    powers = {_BASE.get(name): power for name, power in base.unit_items()}
    if None in powers or any(power != int(power) for power in powers.values()):
        return Unit(written, ucum, ucum)
    parts = sorted((str(name), int(power)) for name, power in powers.items())
    code = ".".join(name if power == 1 else f"{name}{power}" for name, power in parts)
    return Unit(written, ucum, code or "1", _rounded(float(base.magnitude)))


def _rounded(value: float) -> float:
    """To 15 digits, which takes away what binary fractions leave."""
    return float(f"{value:.15g}")
