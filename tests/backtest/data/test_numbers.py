"""Prices and quantities: every multiple of a step is found exactly, everything else is refused."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.data.sources.numbers import ROUNDINGS, whole_steps
from domain.errors import InvalidField
from domain.money import ticks

STEPS = ("1", "0.01", "0.05", "0.25", "0.00001", "1e-8", "0.0003", "12.5")


@given(st.sampled_from(STEPS), st.integers(-(2**40), 2**40))
def test_a_multiple_as_a_float_is_exact(step, count):
    number = Decimal(step) * count
    exact = abs(int(number.scaleb(8))) < 2**53
    if exact:
        assert whole_steps(np.array([float(number)]), Decimal(step), "x").tolist() == [count]
    for form in ([number], [str(number)], np.array([number], object)):
        assert whole_steps(form, Decimal(step), "x").tolist() == [count]


@given(st.sampled_from(STEPS), st.floats(1e-3, 1e6), st.sampled_from(ROUNDINGS[1:]))
def test_rounding_agrees_with_decimals(step, number, rounding):
    wanted = ticks(Decimal(repr(number)), step, rounding)
    assert whole_steps(np.array([number]), Decimal(step), "x", rounding).tolist() == [wanted]


@pytest.mark.parametrize("rounding", ROUNDINGS[1:])
def test_halves_are_rounded_as_they_are_written(rounding):
    halves = [1.005, 2.675, 0.125, 0.375, -0.125, 1.115]
    got = whole_steps(np.array(halves), Decimal("0.01"), "x", rounding).tolist()
    assert got == [ticks(str(half), "0.01", rounding) for half in halves]


def test_every_kind_of_column():
    cent = Decimal("0.01")
    columns = [
        np.array([1.25, 7.07], np.float32),
        pd.Series([1.25, 7.07], dtype="Float64"),
        pd.Series(["1.25", " 7.07 "]),
        pl.Series([1.25, 7.07]),
        pl.Series([Decimal("1.25"), Decimal("7.07")]),
        pd.Series([Decimal("1.25"), Decimal("7.07")], dtype=pd.ArrowDtype(pa.decimal128(9, 2))),
        pa.chunked_array([[1.25], [7.07]]),
    ]
    for column in columns:
        assert whole_steps(column, cent, "x").tolist() == [125, 707]
    assert whole_steps(np.array([3, 4]), Decimal("0.5"), "x").tolist() == [6, 8]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([1.0, 1.001]), r"row 1, price is 1.001; allowed: a multiple of 0.01, or name"),
        (np.array([1.0, np.nan]), "row 1, price is nan"),
        (np.array([np.inf]), "row 0, price is inf"),
        (np.array([1e15]), r"row 0, price .*2\*\*53"),
        (["1.0", "one"], "row 1, price is 'one'"),
        ([Decimal("1.001")], "row 0, price"),
        ([None], "row 0, price is None"),
    ],
)
def test_what_is_no_multiple(values, message):
    with pytest.raises(InvalidField, match=message):
        whole_steps(values, Decimal("0.01"), "price")
    with pytest.raises(InvalidField, match="rounding"):
        whole_steps(values, Decimal("0.01"), "price", "sideways")
