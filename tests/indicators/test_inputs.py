"""What users hand in: kinds of columns, and mistakes."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import indicators as gi
import indicators.accessor
from indicators.registry import get, rows
from tests.indicators.series import bars

CLOSE = bars()["close"]
ROOT = Path(__file__).resolve().parent.parent.parent


def test_bad_input_is_refused_with_a_reason() -> None:
    for call, error, word in (
        (lambda: gi.rsi(CLOSE, 0), ValueError, "length"),
        (lambda: gi.rsi(CLOSE, -3), ValueError, "length"),
        (lambda: gi.rsi(CLOSE, 2.5), ValueError, "whole"),
        (lambda: gi.rsi(CLOSE, "14"), TypeError, "number"),
        (lambda: gi.rsi(CLOSE, None), TypeError, "number"),
        (lambda: gi.rsi(CLOSE, float("nan")), ValueError, "length"),
        (lambda: gi.rsi(CLOSE, 10**9), ValueError, "length"),
        (lambda: gi.rsi(CLOSE, seed="never"), ValueError, "seed"),
        (lambda: gi.rsi(CLOSE, window=14), TypeError, "window"),
        (lambda: gi.rsi(CLOSE, 14, length=14), TypeError, "twice"),
        (lambda: gi.rsi(CLOSE, close=CLOSE), TypeError, "close"),
        (lambda: gi.rsi(), TypeError, "close"),
        (lambda: gi.rsi(3.0), TypeError, "column"),
        (lambda: gi.rsi(["a", "b"]), TypeError, "numeric"),
        (lambda: gi.rsi(CLOSE.astype(object)), TypeError, "numeric"),
        (lambda: gi.rsi(CLOSE > 3.0), TypeError, "numeric"),
        (lambda: gi.rsi(CLOSE.reshape(2, 2, -1)), ValueError, "dimensions"),
        (lambda: gi.atr(CLOSE, CLOSE[1:], CLOSE), ValueError, "shape"),
        (lambda: gi.bbands(CLOSE, nbdevup=float("inf")), ValueError, "nbdevup"),
    ):
        with pytest.raises(error, match=word):
            call()
    for missing in ("nothing", "Rsi"):
        with pytest.raises(AttributeError):
            getattr(gi, missing)


def test_other_kinds_of_columns() -> None:
    want = gi.rsi(CLOSE)
    whole = np.arange(1, 200)
    spread = np.zeros(800)
    spread[::2] = CLOSE
    frozen = CLOSE.copy()
    frozen.flags.writeable = False
    for given in (list(CLOSE), tuple(CLOSE), spread[::2], frozen, CLOSE.astype(">f8")):
        assert np.array_equal(gi.rsi(given), want, equal_nan=True)
    assert np.array_equal(gi.sma(whole), gi.sma(whole.astype(float)), equal_nan=True)
    assert np.all(np.isnan(gi.rsi(CLOSE, length=5000)))
    assert np.allclose(gi.rsi(CLOSE.astype(np.float32))[20:], want[20:], rtol=1e-3)
    stack = np.stack([CLOSE, CLOSE[::-1]], 1)
    both = gi.rsi(stack, mapper=map)
    assert np.array_equal(both[:, 1], gi.rsi(CLOSE[::-1].copy()), equal_nan=True)


def test_pandas() -> None:
    frame = pd.DataFrame({k.title(): v for k, v in bars().items()})
    frame.index = pd.date_range("2024-01-01", periods=len(frame))
    out = gi.rsi(frame["Close"])
    assert out.index.equals(frame.index)
    assert out.name == "rsi"
    assert list(gi.macd(frame["Close"]).columns) == ["macd", "signal", "histogram"]
    assert np.array_equal(frame.gw.atr(length=5), gi.atr(*_hlc(), 5), equal_nan=True)
    assert np.array_equal(frame["Close"].gw.sma(3), gi.sma(CLOSE, 3), equal_nan=True)
    named = frame.gw.correl(x="close", y="volume")
    assert np.array_equal(named, gi.correl(CLOSE, bars()["volume"]), equal_nan=True)
    two = gi.sma(frame[["Open", "Close"]], 3)
    assert list(two.columns) == ["Open", "Close"]
    assert gi.bbands(frame[["Open", "Close"]]).shape == (len(frame), 6)
    gaps = pd.Series([1, None, 3, 4], dtype="Int64")
    assert gi.sma(gaps, 2).tolist()[2:] == [2.0, 3.5]
    with pytest.raises(ValueError, match="index"):
        gi.atr(frame["High"], frame["Low"], frame["Close"].reset_index(drop=True))
    with pytest.raises(AttributeError):
        _ = frame.gw.nothing
    with pytest.raises(KeyError):
        frame[["Open"]].gw.rsi()
    with pytest.raises(TypeError):
        frame["Close"].gw.atr()


def test_the_accessor_is_there_and_light() -> None:
    """In a fresh process: imported with pandas, and before it."""
    light = "assert not {'numba', 'indicators.registry'} & set(sys.modules)"
    for code in (
        f"import sys, pandas, indicators; {light}; pandas.Series([1.0]).gw",
        f"import sys, indicators, pandas, indicators.accessor; {light}; pandas.Series([1.0]).gw",
    ):
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def _hlc() -> list[np.ndarray]:
    return [bars()[c] for c in ("high", "low", "close")]


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    out = gi.rsi(polars.Series("close", CLOSE))
    assert isinstance(out, polars.Series)
    assert out.name == "rsi"
    assert np.array_equal(out.to_numpy(), gi.rsi(CLOSE), equal_nan=True)
    assert gi.macd(polars.Series(CLOSE)).columns == ["macd", "signal", "histogram"]


def test_registry_is_whole() -> None:
    assert len(rows()) >= 150
    table = gi.catalog()
    assert len(table) == len(rows())
    assert set(table["name"]) == set(rows())
    assert len(gi.catalog("candles")) == 61
    with pytest.raises(ValueError, match="group"):
        gi.catalog("nothing")
    for row in rows().values():
        assert all((row.formula, row.source, row.seeding, row.title)), row.name
        assert row.kernel.__doc__ or row.group == "candles", row.name
        numbers = row.numbers({})
        assert row.state_size(numbers) > 0
        assert row.warmup(*numbers) >= 0
        assert set(row.results)
        assert len(set(row.results)) == len(row.results)
    assert get("RSI").name == "rsi"
    assert get("CDL2CROWS").name == "cdl2crows"
    with pytest.raises(KeyError):
        get("nothing")


def test_public_names() -> None:
    names = dir(gi)
    assert {"rsi", "RSI", "IndicatorBank", "catalog", "talib", "restore"} <= set(names)
    assert "close" in (gi.rsi.__doc__ or "")
    assert "rsi" in repr(gi.rsi)
    signature = inspect.signature(gi.talib.RSI)
    assert list(signature.parameters) == ["real", "timeperiod"]
    assert signature.parameters["timeperiod"].default == 14
    assert indicators.accessor.Accessor is not None
    with pytest.raises(AttributeError):
        _ = gi.talib.NOTHING
