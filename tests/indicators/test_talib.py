"""TA-Lib as a live oracle for all functions it has."""

from __future__ import annotations

import numpy as np
import pytest

from domain.jit import DISABLED
from indicators import talib as ours
from indicators.registry import rows
from tests.indicators.series import KINDS, bars, columns

talib = pytest.importorskip("talib")
ROWS = {row.talib_name: row for row in rows().values() if row.talib}
# On flat series these divide rounding noise by rounding noise; docs/indicators/differences.md.
NOISE = {"constant": {"STOCHRSI", "HT_DCPHASE", "HT_SINE", "BETA", "RVI", "CCI", "HT_TRENDMODE",
                      "STOCHF", "STOCH", "KDJ", "HT_PHASOR", "HT_DCPERIOD", "MAMA", "TRIX",
                      "CORREL", "HT_TRENDLINE"}}  # fmt: skip
ABSOLUTE = {"tiny": {"MFI", "BOP", "CORREL", "BETA", "STOCHRSI"}}


def test_nothing_is_missing() -> None:
    assert set(talib.get_functions()) - set(ours.get_functions()) == set()


@pytest.mark.nojit
@pytest.mark.parametrize("name", sorted(ROWS))
def test_values(name: str) -> None:
    row = ROWS[name]
    for kind in KINDS:
        data = bars(kind)
        if name in NOISE.get(kind, ()) or name in ABSOLUTE.get(kind, ()):
            continue
        x = [data[c] for c in row.columns]
        with np.errstate(all="ignore"):
            mine, theirs = columns(getattr(ours, name)(*x)), columns(getattr(talib, name)(*x))
        level = np.nanmax(np.abs(np.concatenate(x))) * 1e-3
        for a, b in zip(mine, theirs, strict=True):
            agree(a, b, level, f"{name} on {kind}")


def agree(a: np.ndarray, b: np.ndarray, level: float, what: str) -> None:
    """Equal to 1e-9 relative; near zero relative to the scale of the column."""
    if b.dtype.kind == "i":
        assert a.dtype == b.dtype, what
        assert np.array_equal(a, b), what
        return
    assert np.array_equal(np.isnan(a), np.isnan(b)), what
    live = np.isfinite(b)
    if live.any():
        scale = max(np.abs(b[live]).max() * 1e-3, 1e-12 * level)
        worst = np.max(np.abs(a[live] - b[live]) / np.maximum(np.abs(b[live]), scale))
        assert worst < 1e-9 or np.abs(a[live] - b[live]).max() < 1e-9 * level, f"{what}: {worst}"


OTHER = {
    "RSI": ({"timeperiod": 3}, {"timeperiod": 50}),
    "SMA": ({"timeperiod": 1}, {"timeperiod": 200}),
    "MACD": ({"fastperiod": 5, "slowperiod": 9, "signalperiod": 1}, {"fastperiod": 30}),
    "BBANDS": ({"timeperiod": 5, "nbdevup": 1.5}, *({"matype": k} for k in range(14))),
    "MA": tuple({"timeperiod": 9, "matype": k} for k in range(14)),
    "STOCH": ({"slowk_matype": 1, "slowd_matype": 2, "fastk_period": 8},),
    "STOCHRSI": ({"timeperiod": 9, "fastk_period": 7, "fastd_matype": 1},),
    "MACDEXT": (
        {"fastmatype": 1, "slowmatype": 1, "signalmatype": 1},
        {"fastperiod": 26, "fastmatype": 2, "slowperiod": 12},
    ),
    "APO": ({"matype": 0}, {"fastperiod": 30, "slowperiod": 10}),
    "PPO": ({"matype": 3},),
    "ADX": ({"timeperiod": 5},),
    "ATR": ({"timeperiod": 1}, {"timeperiod": 40}),
    "PLUS_DI": ({"timeperiod": 1},),
    "MINUS_DM": ({"timeperiod": 1},),
    "ULTOSC": ({"timeperiod1": 14, "timeperiod2": 7, "timeperiod3": 3},),
    "SAR": ({"acceleration": 0.05, "maximum": 0.5},),
    "SAREXT": ({"startvalue": 90.0, "offsetonreverse": 0.01}, {"startvalue": -110.0}),
    "TRIMA": ({"timeperiod": 7}, {"timeperiod": 8}),
    "LINEARREG": ({"timeperiod": 2},),
    "CDLMORNINGSTAR": ({"penetration": 0.0},),
    "T3": ({"timeperiod": 9, "vfactor": 0.2},),
    "KAMA": ({"timeperiod": 2},),
    "MAMA": ({"fastlimit": 0.8, "slowlimit": 0.1},),
}


@pytest.mark.nojit
@pytest.mark.parametrize("name", sorted(OTHER))
def test_other_parameters(name: str) -> None:
    data = bars("random")
    x = [data[c] for c in ROWS[name].columns]
    for values in OTHER[name]:
        mine = columns(getattr(ours, name)(*x, **values))
        for a, b in zip(mine, columns(getattr(talib, name)(*x, **values)), strict=True):
            agree(a, b, 100.0, f"{name} {values}")


def test_leading_gaps() -> None:
    data = bars("random")
    for name in ("RSI", "MAXINDEX", "MINMAXINDEX", "ATR", "CDLDOJI", "MACD"):
        x = [data[c].copy() for c in ROWS[name].columns]
        x[0][:7] = np.nan
        mine = columns(getattr(ours, name)(*x))
        for a, b in zip(mine, columns(getattr(talib, name)(*x)), strict=True):
            agree(a, b, 100.0, name)


@pytest.mark.nojit
def test_candles_fire() -> None:
    """Patterns are tried where they are common, not only on a random walk."""
    r = np.random.default_rng(3)
    rows_ = 1_000 if DISABLED else 20_000
    first, close = np.empty(rows_), np.empty(rows_)
    price = 100.0
    for i in range(rows_):
        first[i] = price + r.normal(0.0, 0.5) * (r.random() < 0.7)
        size = r.choice([0.0, 0.1, 0.3, 1.0, 2.5]) * r.random() ** 0.3
        close[i] = first[i] + r.choice([-1.0, 1.0]) * size
        price = first[i] if r.random() < 0.2 else close[i]
    shadows = r.choice([0.0, 0.0, 0.02, 0.3, 1.5], (2, rows_)) * r.random((2, rows_))
    high, low = np.maximum(first, close) + shadows[0], np.minimum(first, close) - shadows[1]
    fired = 0
    for tick in (0.0, 0.01, 0.1):
        x = [np.round(c / tick) * tick if tick else c for c in (first, high, low, close)]
        for name in talib.get_function_groups()["Pattern Recognition"]:
            want = getattr(talib, name)(*x)
            assert np.array_equal(getattr(ours, name)(*x), want), (name, tick)
            fired += bool(want.any())
    assert fired > (100 if DISABLED else 150)
