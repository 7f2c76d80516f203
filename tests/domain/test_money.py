"""Decimals and units: exact both ways, rounding only by name."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidField
from domain.money import lots, major, minor, price, quantity, ticks

STEPS = st.sampled_from(["0.01", "0.05", "0.25", "1", "0.00000001", "12.5", "1E-10"])


@given(st.integers(-(2**63) + 1, 2**63 - 1), STEPS)
def test_units_to_decimal_and_back(units, step):
    assert ticks(price(units, step), step) == units
    assert lots(quantity(units, step), step) == units


@given(st.integers(-(2**60), 2**60), st.integers(0, 8))
def test_money_to_decimal_and_back(units, digits):
    assert minor(major(units, digits), digits) == units


@pytest.mark.parametrize(
    ("rounding", "positive", "negative"),
    [
        ("down", 2, -3), ("up", 3, -2), ("to_zero", 2, -2), ("half_up", 3, -3),
        ("half_even", 2, -2),
    ],
)  # fmt: skip
def test_roundings(rounding, positive, negative):
    assert ticks("0.25", "0.1", rounding) == positive
    assert ticks("-0.25", "0.1", rounding) == negative


@given(st.decimals(-(10**8), 10**8, places=6), STEPS)
def test_down_and_up_enclose(value, step):
    low, high = ticks(value, step, "down"), ticks(value, step, "up")
    assert price(low, step) <= value <= price(high, step)
    assert high - low in (0, 1)


@pytest.mark.parametrize("value", ["abc", "", "nan", "inf", 1.5, True, None, b"1", "1e99", "0.005"])
def test_what_is_not_an_exact_decimal_is_refused(value):
    with pytest.raises(InvalidField, match="price is"):
        ticks(value, "0.01")


@pytest.mark.parametrize("step", [0, "-1", "x", 0.01])
def test_a_step_is_a_positive_decimal(step):
    with pytest.raises(InvalidField, match="step of price"):
        ticks(1, step)


def test_overflow_and_unknown_roundings_are_refused():
    with pytest.raises(InvalidField, match="at most"):
        ticks(2**63, 1)
    with pytest.raises(InvalidField, match="rounding is 'nearest'"):
        ticks(1, 1, "nearest")


def test_examples():
    assert price(2025, "0.05") == Decimal("101.25")
    assert major(-1234, 2) == Decimal("-12.34")
