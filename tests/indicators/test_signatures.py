"""`indicators.talib` has the functions of TA-Lib: names, arguments, defaults, outputs."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest

from indicators import talib as ours
from tests.indicators.series import bars, columns

talib = pytest.importorskip("talib")
abstract = pytest.importorskip("talib.abstract")
NAMES = talib.get_functions()
pytestmark = pytest.mark.nojit


def test_every_function_has_the_same_signature() -> None:
    for name in NAMES:
        theirs = inspect.signature(getattr(talib, name)).parameters
        mine = inspect.signature(getattr(ours, name)).parameters
        assert list(mine) == list(theirs), name
        defaults = abstract.Function(name).info["parameters"]
        for key, value in defaults.items():
            assert mine[key].default == value, (name, key)
            assert type(mine[key].default) is type(value), (name, key)


def test_outputs_stand_in_the_same_order() -> None:
    """Told apart by their values, not by their names."""
    data = bars("random")
    for name in ("MACD", "STOCH", "AROON", "BBANDS", "MINMAX", "HA", "KC", "VORTEX", "SMI"):
        keys = list(inspect.signature(getattr(talib, name)).parameters)
        x = {k: data["close" if k == "real" else k] for k in keys if k in (*data, "real")}
        got, want = getattr(ours, name)(**x), getattr(talib, name)(**x)
        assert type(got) is tuple
        for a, b in zip(got, want, strict=True):
            assert np.allclose(a, b, rtol=1e-9, equal_nan=True), name


def test_pandas_gives_a_tuple_of_series() -> None:
    frame = pd.DataFrame(bars("random"))
    frame.index = pd.date_range("2024-01-01", periods=len(frame))
    frame.iloc[:3] = np.nan
    got = ours.MACD(frame["close"], fastperiod=5)
    want = talib.MACD(frame["close"], fastperiod=5)
    for a, b in zip(got, want, strict=True):
        assert isinstance(a, pd.Series)
        assert a.index.equals(b.index)
        assert np.allclose(a, b, equal_nan=True)
    for name in ("MAXINDEX", "MINMAXINDEX"):
        for given in (frame["close"], frame["close"].to_numpy()):
            for a, b in zip(
                columns(getattr(ours, name)(real=given, timeperiod=9)),
                columns(getattr(talib, name)(given, timeperiod=9)), strict=True,
            ):  # fmt: skip
                assert np.array_equal(a, b)
                assert type(a) is type(b)


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, 5, 6, 8])
def test_mavp_of_any_kind(kind: int) -> None:
    data = bars("random", 150)
    periods = np.random.default_rng(5).choice([2.0, 3.0, 9.0, 14.0, 40.0], 150)
    got = ours.MAVP(data["close"], periods, minperiod=3, maxperiod=14, matype=kind)
    want = talib.MAVP(data["close"], periods, minperiod=3, maxperiod=14, matype=kind)
    assert np.allclose(got, want, rtol=1e-9, equal_nan=True)


def test_what_is_not_there() -> None:
    with pytest.raises(AttributeError, match="NOTHING"):
        _ = ours.NOTHING
    with pytest.raises(TypeError, match="close"):
        ours.RSI(volume=np.ones(20))
    assert set(NAMES) <= set(dir(ours))
