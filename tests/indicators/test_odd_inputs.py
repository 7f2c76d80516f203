"""Allowed but odd: names twice, zeros with a sign, symbols that join late, copies."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import pytest

import indicators as gi
import indicators.accessor
from tests.indicators.series import bars

CLOSE = bars()["close"][:60]
STAMPS = pd.date_range("2024-01-01", periods=60, freq="h", tz="UTC")
pytestmark = pytest.mark.nojit


def test_columns_of_one_name_stay_apart() -> None:
    """A frame may name two columns alike; the index with its zone is kept."""
    frame = pd.DataFrame(np.stack([CLOSE, CLOSE + 1.0], 1), STAMPS, ["a", "a"])
    out = gi.sma(frame, 5)
    assert list(out.columns) == ["a", "a"]
    assert out.index.equals(STAMPS)
    assert np.array_equal(out.iloc[:, 1], gi.sma(CLOSE + 1.0, 5), equal_nan=True)


def test_the_accessor_refuses_a_name_that_two_columns_have() -> None:
    frame = pd.DataFrame(np.stack([CLOSE, CLOSE], 1), STAMPS, ["close", "close"])
    with pytest.raises(KeyError, match="two columns"):
        frame.gw.sma(5)


def test_polars_that_is_not_there_yet_is_refused() -> None:
    polars = pytest.importorskip("polars")
    lazy = polars.DataFrame({"close": CLOSE}).lazy()
    with pytest.raises(TypeError, match="sma: close must be"):
        gi.sma(lazy, 5)


def test_one_row() -> None:
    assert np.isnan(gi.sma(CLOSE[:1], 5)).all()
    assert gi.sma(CLOSE[:1], 1).tolist() == CLOSE[:1].tolist()


def test_zeros_keep_their_sign_however_they_come() -> None:
    """Of equal values the newest is taken, in one batch and row by row."""
    zeros = np.array([0.0, -0.0, -0.0, 0.0, 0.0, -0.0] * 9)
    whole, stream = gi.max(zeros, 3), gi.MAX(3)
    rows = np.array([stream.update(x) for x in zeros.tolist()])
    assert np.array_equal(np.signbit(whole[2:]), np.signbit(rows[2:]))
    assert np.array_equal(np.signbit(whole[2:]), np.signbit(zeros[2:]))


def test_a_copy_of_a_stream_goes_its_own_way() -> None:
    one = gi.SMA(2)
    one.update(1.0)
    for other in (copy.copy(one), copy.deepcopy(one)):
        assert other.update(3.0) == 2.0
    assert one.update(5.0) == 3.0


def test_a_symbol_that_joins_late_begins_its_warm_up_then() -> None:
    bank, late = gi.IndicatorBank(["X", "Y"], [("sma", {"length": 5}), ("max", {"length": 4})]), 20
    seen = []
    for t, price in enumerate(CLOSE):
        out = bank.update(close=[price, price if t >= late else np.nan])
        seen.append([out["sma"].copy(), out["max"].copy()])
    sma, top = np.array(seen).transpose(1, 2, 0)
    assert np.isnan(sma[1][: late + 4]).all()
    assert np.array_equal(sma[1][late:], gi.sma(CLOSE[late:].copy(), 5), equal_nan=True)
    assert np.array_equal(top[1][late:], gi.max(CLOSE[late:].copy(), 4), equal_nan=True)
    assert np.array_equal(sma[0], gi.sma(CLOSE, 5), equal_nan=True)


assert indicators.accessor  # registers df.gw
