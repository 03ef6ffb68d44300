"""Units: what can be compared is converted and comes back, what cannot is refused, what is not known is kept."""

from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ucumvert.xml_util import get_units_with_full_definition

from graph.units import with_canonical
from ontology.errors import InvalidInputError
from ontology.terminology.units import _read, convert, table, unit

KINDS = [
    ["mg/dL", "g/L", "ug/L", "ng/mL", "pg/mL", "kg/m3"],
    ["mm[Hg]", "kPa", "cm[H2O]", "mmHg"],
    ["Cel", "[degF]", "K", "F", "C"],
    ["kg", "g", "[lb_av]", "pg"],
    ["cm", "m", "[in_i]", "mm"],
    ["mmol/L", "umol/mL", "meq/L", "mEq/L"],
    ["10*3/uL", "10*9/L", "K/uL", "{cells}/uL"],
    ["U/L", "kU/L", "mU/mL"],
    ["[IU]/L", "m[IU]/L", "IU/mL"],
    ["/min", "/s", "/h", "beats/minute"],
    ["%", "1", "{score}", "mg/g"],
]
PAIRS = st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.sampled_from(kind), st.sampled_from(kind)))
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))


@settings(deadline=None)
@given(PAIRS, NUMBERS)
def test_a_number_comes_back_from_another_unit(pair: tuple[str, str], value: float) -> None:
    there = convert(value, *pair)
    # Twelve digits of the larger of the two, since zero of a temperature is not zero of another.
    scale = (
        max(abs(value), abs(there), 300.0) if "Cel" in (unit(pair[0]) or unit("1")).canonical else abs(value)
    )  # type: ignore[union-attr]
    assert convert(there, pair[1], pair[0]) == pytest.approx(value, rel=1e-9, abs=scale * 1e-9)


@settings(deadline=None)
@given(PAIRS, NUMBERS, NUMBERS)
def test_order_is_kept(pair: tuple[str, str], a: float, b: float) -> None:
    assume(a < b)
    assert convert(a, *pair) < convert(b, *pair)


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [(98.6, "[degF]", "Cel", 37.0), (7.5, "g/dL", "mg/dL", 7500), (120, "mm[Hg]", "kPa", 15.9986864898),
     (70, "kg", "[lb_av]", 154.323583529), (5, "10*3/uL", "10*9/L", 5), (0.4, "1", "%", 40), (37, "C", "K", 310.15),
     (12, "mg%", "mg/dL", 12), (1.2, "g%", "g/L", 12), (250, "[Cal]", "kcal", 250), (30, "[in_i'Hg]", "mm[Hg]", 762),
     (2, "[cft_i]", "L", 56.633693184)],
)  # fmt: skip
def test_known_conversions(value: float, source: str, target: str, expected: float) -> None:
    assert convert(value, source, target) == pytest.approx(expected, rel=1e-9)


def test_water_freezes_at_0_and_nothing_is_left_of_binary_fractions() -> None:
    fahrenheit = unit("[degF]")
    assert fahrenheit is not None
    assert (fahrenheit.to_canonical(32), fahrenheit.to_canonical(98.6), convert(0, "Cel", "[degF]")) == (
        0,
        37,
        32,
    )


OTHER_KINDS = {"mol", "Bq", "bit", "Bd", "Mx", "G", "Oe", "Gb"}
"""For UCUM some count particles, decays or choices; the library has kinds of their own for them, and gauss in Gaussian units."""
SIZED = [
    u
    for u in get_units_with_full_definition()
    if not (u.is_special or u.is_arbitrary or u.code_cs in OTHER_KINDS)
]


def size(code: str) -> tuple[str, float]:
    """What a code measures and how much, in base units; of a code that is no unit, nothing."""
    found = _read(code)
    if found is None or found.quantity is None:
        return "", 0.0
    base = found.quantity.to_base_units()
    return str(base.units), float(base.magnitude)


@pytest.mark.parametrize("of_ucum", SIZED, ids=lambda u: u.code_cs)
def test_a_unit_is_as_large_as_ucums_own_table_says(of_ucum: Any) -> None:
    kind, amount = size(of_ucum.code_cs)
    wanted, one = size(of_ucum.defining_unit)
    assert (kind, amount) == (wanted, pytest.approx(one * float(of_ucum.conversion_factor), rel=1e-4))


@pytest.mark.parametrize("of_ucum", [u for u in SIZED if u.is_metric], ids=lambda u: u.code_cs)
def test_a_prefix_multiplies_whatever_the_unit(of_ucum: Any) -> None:
    for prefix, times in (("m", 1e-3), ("k", 1e3)):
        code = prefix + of_ucum.code_cs
        if code not in {u.code_cs for u in get_units_with_full_definition()}:
            kind, amount = size(of_ucum.code_cs)
            assert size(code) == (kind, pytest.approx(amount * times, rel=1e-9)), code


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("mg/dL", "mmol/L"),
        ("[IU]/L", "10*9/L"),
        ("U/L", "[IU]/L"),
        ("[pH]", "1"),
        ("mm[Hg]", "mmol/L"),
        ("dB", "1"),
    ],
)
def test_what_is_no_unit_of_one_kind_is_refused(source: str, target: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be compared"):
        convert(1, source, target)


def test_an_unknown_unit_is_named() -> None:
    with pytest.raises(InvalidInputError, match="spoonful"):
        convert(1, "spoonful", "mL")


@settings(deadline=None)
@given(st.text(max_size=8))
def test_any_text_is_a_unit_or_none(text: str) -> None:
    found = unit(text)
    assert found is None or (unit(found.canonical) and unit(found.canonical).canonical == found.canonical)  # type: ignore[union-attr]


@pytest.mark.parametrize("written", table().as_written)
def test_what_data_write_instead_of_ucum_is_understood(written: str) -> None:
    assert unit(written) is not None


def test_a_canonical_unit_is_its_own() -> None:
    for code in table().canonical:
        found = unit(code)
        assert found is not None
        assert (found.canonical, found.factor, found.offset) == (code, 1.0, 0.0)


def test_a_frame_gets_comparable_numbers_and_keeps_the_original() -> None:
    frame = pl.DataFrame(
        {
            "value": [98.6, 37.0, 3.0, None, 7.4, 1.0],
            "unit": ["[degF]", "Cel", "spoonful", "kg", "[pH]", None],
        }
    )
    made = with_canonical(frame)
    assert made.drop("value_canonical", "unit_canonical").equals(frame)
    assert made["value_canonical"].to_list() == [pytest.approx(37), 37, None, None, 7.4, None]
    assert made["unit_canonical"].to_list() == ["Cel", "Cel", None, "kg", "[pH]", None]


def test_a_frame_without_units_is_fine() -> None:
    frame = pl.DataFrame({"value": [], "unit": []}, schema={"value": pl.Float64, "unit": pl.String})
    assert with_canonical(frame).columns == ["value", "unit", "value_canonical", "unit_canonical"]
