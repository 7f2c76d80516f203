"""Sheets that others calculated by hand: every column is compared, or named with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import indicators as gi
from tests.conftest import find_vectors

SHEETS = "indicators/stock_indicators"
TOLERANCE = 1e-9

# Columns that every sheet may have: rows, dates, prices, and steps of a calculation on its way.
COMMON = {"i", "i2", "sIx", "date", "open", "high", "low", "close", "volume"}


class Quotes:
    """The series under the sheets as arrays."""

    def __init__(self, name: str = "quotes") -> None:
        table = sheet(name)
        for column in table.columns[1:]:
            setattr(self, column, numbers(table[column]))

    def __getattr__(self, name: str) -> np.ndarray:
        raise AttributeError(name)


def sheet(name: str) -> pd.DataFrame:
    return pd.read_csv(find_vectors(f"{SHEETS}/{name}.csv"))


def numbers(values: Any) -> np.ndarray:
    return pd.to_numeric(pd.Series(np.asarray(values)), errors="coerce").to_numpy(float)


@pytest.fixture(scope="module")
def q() -> Quotes:
    return Quotes()


def lag(v: np.ndarray, n: int) -> np.ndarray:
    """Shown n rows later (earlier if negative)."""
    return pd.Series(v).shift(n).to_numpy()


def steps(v: np.ndarray) -> np.ndarray:
    """What a running sum grew by."""
    return np.diff(v, prepend=0.0)


def width(channel: Any) -> np.ndarray:
    return (channel.upper - channel.lower) / channel.middle


def moved(q: Quotes, side: str) -> np.ndarray:
    """The sums above the line of a vortex."""
    ranges = gi.sum(gi.trange(q.high, q.low, q.close), 14)
    return getattr(gi.vortex(q.high, q.low, q.close), side) * ranges


# sheet -> {column: (our value, first row compared)}. Row 0 means: from its first value on, and
# ours must not come later. A later row: the sheet seeds otherwise and the difference has to fade.
Cell = tuple[Callable[[Quotes], np.ndarray], int]
COMPARED: dict[str, dict[str, Cell]] = {
    "Adl__ADL": {
        "mfv": (lambda q: steps(gi.ad(q.high, q.low, q.close, q.volume)), 0),
        "adl": (lambda q: gi.ad(q.high, q.low, q.close, q.volume), 0),
        "sma": (lambda q: gi.sma(gi.ad(q.high, q.low, q.close, q.volume), 20), 0),
    },
    "Adx__ADX": {
        "TR": (lambda q: gi.trange(q.high, q.low, q.close), 0),
        "TR14": (lambda q: 14.0 * gi.atr(q.high, q.low, q.close), 0),
        "+DM14": (lambda q: gi.plus_dm(q.high, q.low, seed="wilder"), 0),
        "-DM14": (lambda q: gi.minus_dm(q.high, q.low, seed="wilder"), 0),
        "+DI14": (lambda q: gi.plus_di(q.high, q.low, q.close, seed="wilder"), 0),
        "-DI14": (lambda q: gi.minus_di(q.high, q.low, q.close, seed="wilder"), 0),
        "DX": (lambda q: gi.dx(q.high, q.low, q.close, seed="wilder"), 0),
        "ADX": (lambda q: gi.adx(q.high, q.low, q.close, seed="wilder"), 0),
        "ADXR": (lambda q: gi.adxr(q.high, q.low, q.close, seed="wilder"), 0),
    },
    "Atr__ATR": {
        "TR": (lambda q: gi.trange(q.high, q.low, q.close), 1),
        "ATR": (lambda q: gi.atr(q.high, q.low, q.close), 0),
        "ATR%": (lambda q: gi.natr(q.high, q.low, q.close), 0),
    },
    "Awesome__Awesome": {
        "median": (lambda q: gi.medprice(q.high, q.low), 0),
        "SMA5": (lambda q: gi.sma(gi.medprice(q.high, q.low), 5), 0),
        "SMA34": (lambda q: gi.sma(gi.medprice(q.high, q.low), 34), 0),
        "AO": (lambda q: gi.ao(q.high, q.low), 0),
        "Norm": (lambda q: 100.0 * gi.ao(q.high, q.low) / gi.medprice(q.high, q.low), 0),
    },
    "BollingerBands__Bollinger_Bands": {
        "stdev": (lambda q: gi.stddev(q.close, 20), 0),
        "sma": (lambda q: gi.bbands(q.close).middle, 0),
        "upper": (lambda q: gi.bbands(q.close).upper, 0),
        "lower": (lambda q: gi.bbands(q.close).lower, 0),
        "%b": (lambda q: gi.bbwidth(q.close).percent, 0),
        "z-score": (lambda q: gi.zscore(q.close, 20), 0),
        "width": (lambda q: gi.bbwidth(q.close).width / 100.0, 0),
    },
    "Cmf__CMF": {
        "mfv": (lambda q: gi.cmf(q.high, q.low, q.close, q.volume, 1) * q.volume, 0),
        "cmf": (lambda q: gi.cmf(q.high, q.low, q.close, q.volume), 0),
    },
    "Dema__DEMA": {
        "ema": (lambda q: gi.ema(q.close, 20), 0),
        "dema": (lambda q: gi.dema(q.close, 20), 190),
    },
    "Donchian__Donchian": {
        "Center": (lambda q: lag(gi.donchian(q.high, q.low).middle, 1), 0),
        "Upper": (lambda q: lag(gi.donchian(q.high, q.low).upper, 1), 0),
        "Lower": (lambda q: lag(gi.donchian(q.high, q.low).lower, 1), 0),
        "Width": (lambda q: lag(width(gi.donchian(q.high, q.low)), 1), 0),
    },
    "Dpo__DPO": {
        "sma": (lambda q: lag(gi.sma(q.close, 14), -8), 0),
        "dpo": (lambda q: lag(gi.dpo(q.close, 14), -8), 5),
    },
    "Ema__EMA": {
        "ema": (lambda q: gi.ema(q.close, 20), 0),
        "ema(O)": (lambda q: gi.ema(q.open, 20), 0),
    },
    "ForceIndex__Force_Index": {
        "raw force": (lambda q: gi.efi(q.close, q.volume, 1), 0),
        "ema force": (lambda q: gi.efi(q.close, q.volume, 13), 0),
    },
    "Hma__HMA": {
        "wma(n)": (lambda q: gi.wma(q.close, 20), 0),
        "wma(n/2)": (lambda q: gi.wma(q.close, 10), 0),
        "HMA": (lambda q: gi.hma(q.close, 20), 0),
    },
    "Ichimoku__Ichimoku": {
        "tenkan": (lambda q: gi.ichimoku(q.high, q.low).conversion, 0),
        "kijun": (lambda q: gi.ichimoku(q.high, q.low).base, 0),
        "senkouA": (lambda q: gi.ichimoku(q.high, q.low).span_a, 0),
        "senkouB": (lambda q: gi.ichimoku(q.high, q.low).span_b, 0),
    },
    "Kama__KAMA": {
        "ER": (lambda q: gi.er(q.close, 10), 0),
        "KAMA": (lambda q: gi.kama(q.close, 10), 10),
    },
    "Macd__MACD": {
        "EMA12": (lambda q: gi.ema(q.close, 12), 0),
        "EMA26": (lambda q: gi.ema(q.close, 26), 0),
        "MACD": (lambda q: gi.apo(q.close), 0),
        "Signal": (lambda q: gi.ema(gi.apo(q.close), 9), 0),
        "Histo": (lambda q: gi.macd(q.close).histogram, 140),
    },
    "Mfi__MFI": {
        "tp": (lambda q: gi.typprice(q.high, q.low, q.close), 0),
        "mf": (lambda q: gi.mfi(q.high, q.low, q.close, q.volume), 0),
    },
    "Obv__OBV": {
        "obv": (lambda q: gi.obv(q.close, q.volume) - q.volume[0], 0),
        "sma": (lambda q: gi.sobv(q.close, q.volume, 20) - q.volume[0], 0),
    },
    "Roc__ROC": {
        "mom": (lambda q: gi.mom(q.close, 20), 0),
        "roc": (lambda q: gi.roc(q.close, 20), 0),
        "sma(5)": (lambda q: gi.sma(gi.roc(q.close, 20), 5), 0),
        "ema(3)": (lambda q: gi.ema(gi.roc(q.close, 20), 3), 0),
    },
    "Rsi__RSI": {
        "RSI(14)": (lambda q: gi.rsi(q.close), 0),
        "EMA(20)": (lambda q: gi.ema(gi.rsi(q.close), 20), 0),
    },
    "Slope__Slope_&_Linear_Regression": {
        "m": (lambda q: gi.linearreg_slope(q.close, 20), 0),
        "r2": (lambda q: gi.correl(q.close, np.arange(len(q.close)) * 1.0, 20) ** 2, 0),
        "stdev": (lambda q: gi.stddev(q.close, 20), 0),
    },
    "Sma__SMA_-_Close": {
        "SMA": (lambda q: gi.sma(q.close, 20), 0),
        "SMA(O)": (lambda q: gi.sma(q.open, 20), 0),
    },
    "StdDev__StdDev": {
        "stddev": (lambda q: gi.stddev(q.close, 10), 0),
        "mean": (lambda q: gi.sma(q.close, 10), 0),
        "zscore": (lambda q: gi.zscore(q.close, 10), 0),
        "sma": (lambda q: gi.sma(gi.stddev(q.close, 10), 5), 0),
    },
    "StochRsi__StochRSI": {
        "RSI(14)": (lambda q: gi.rsi(q.close), 0),
        "LL": (lambda q: gi.min(gi.rsi(q.close), 14), 0),
        "HH": (lambda q: gi.max(gi.rsi(q.close), 14), 0),
        "K(14)'": (lambda q: gi.stochrsi(q.close, 14, 14, 1).fastk, 0),
        "StochRSI": (lambda q: gi.stochrsi(q.close, 14, 14, 3).fastd, 0),
        "D(3)": (lambda q: gi.sma(gi.stochrsi(q.close, 14, 14, 3).fastd, 3), 0),
    },
    "Stoch__STO(14,3,3)_(2)": {
        "LL": (lambda q: gi.min(q.low, 14), 0),
        "HH": (lambda q: gi.max(q.high, 14), 0),
        "K(14)'": (lambda q: gi.stochf(q.high, q.low, q.close, 14, 1).fastk, 0),
        "%K": (lambda q: gi.stoch(q.high, q.low, q.close, 14).slowk, 17),
        "%D": (lambda q: gi.stoch(q.high, q.low, q.close, 14).slowd, 0),
        "%J": (lambda q: gi.kdj(q.high, q.low, q.close, 14, 3, "sma", 3, "sma").j, 0),
    },
    "SuperTrend__SuperTrend(14,3)": {
        "TR": (lambda q: gi.trange(q.high, q.low, q.close), 1),
        "ATR": (lambda q: gi.atr(q.high, q.low, q.close), 0),
        "MidPrice": (lambda q: gi.medprice(q.high, q.low), 0),
        "SuperTrend": (lambda q: gi.supertrend(q.high, q.low, q.close, 14, 3).supertrend, 0),
    },
    "Tr__TR": {"TR": (lambda q: gi.trange(q.high, q.low, q.close), 0)},
    "Trix__TRIX": {
        "ema": (lambda q: gi.ema(q.close, 20), 0),
        "trix": (lambda q: gi.trix(q.close, 20), 260),
    },
    "Ultimate__Ultimate": {
        "TR": (lambda q: gi.trange(q.high, q.low, q.close), 0),
        "ULT": (lambda q: gi.ultosc(q.high, q.low, q.close), 0),
    },
    "Vortex__Vortex_Indicator": {
        "TR": (lambda q: gi.trange(q.high, q.low, q.close), 0),
        "TR14": (lambda q: gi.sum(gi.trange(q.high, q.low, q.close), 14), 0),
        "VM14+": (lambda q: moved(q, "plus"), 0),
        "VM14-": (lambda q: moved(q, "minus"), 0),
        "VI+": (lambda q: gi.vortex(q.high, q.low, q.close).plus, 0),
        "VI-": (lambda q: gi.vortex(q.high, q.low, q.close).minus, 0),
    },
    "WilliamsR__WilliamsR(14)": {
        "LL": (lambda q: gi.min(q.low, 14), 0),
        "HH": (lambda q: gi.max(q.high, 14), 0),
        "K(14)'": (lambda q: gi.stochf(q.high, q.low, q.close, 14, 1).fastk, 0),
        "%R": (lambda q: gi.willr(q.high, q.low, q.close), 0),
    },
}
CASES = [(name, column) for name, cells in COMPARED.items() for column in cells]


# Columns that are printed with four digits.
PRINTED = {("Hma__HMA", "HMA"): 5.1e-5}
# Columns that are not compared, and why. The sheets repeat theirs behind an empty column, or
# under a name with ".1", rounded to four digits: those are left out by rule.
STEP = "a step towards a column that is compared"
UNUSED: dict[str, set[str]] = {
    STEP: {
        "mfm", "+DM1", "-DM1", "max", "min", "dsHigh", "dsLow", "H-L", "|H-pC|", "|L-pC|", "ema2",
        "ema3", "synClose", "sq(n)", "eChange", "pChange", "volatility", "SC", "updown", "umf",
        "dmf", "14umf", "14dmf", "mfratio", "upDown", "roc^2", "Gain", "Loss", "AvgGain",
        "AvgLoss", "RS", "UpperE", "LowerE", "STpot", "UpperST", "LowerST", "AVG7", "AVG14",
        "AVG28", "VM+", "VM-", "BP", "%K",
    },
    "empty, or a note": {"pw(sq(n))", "hma", "output", "Output", "index", "Date", "Multiplier"},
    "no indicator here: a copy of the close shown 26 rows early": {"chikou"},
    "no indicator here: envelopes, channels and chains of others": {
        "upper", "lower", "Upper", "Lower", "rocDev", "chain-sma", "signal",
    },
    "the line of the last window only, on a count of all rows": {"b", "line"},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c[0]}-{c[1]}")
def test_columns(case, q) -> None:
    name, column = case
    ours, start = COMPARED[name][column]
    want = numbers(sheet(name)[column])
    got = ours(q)[: len(want)]
    want = want[: len(got)]
    live = np.isfinite(want) & (np.arange(len(want)) >= start)
    assert live.sum() >= 200
    far = np.abs(want[live] - got[live]).max()  # NaN, and so a failure, where ours has no value
    assert far <= PRINTED.get(case, TOLERANCE * np.abs(want[live]).max()), f"{far:.2e}"


def left_over(name: str) -> set[str]:
    """The columns of a sheet that are neither input nor rounded copy nor compared."""
    columns = list(sheet(name).columns)
    empty = [i for i, c in enumerate(columns) if c.startswith("Unnamed")]
    own = columns[: empty[0]] if empty else columns
    return {c for c in own if not c.endswith(".1")} - COMMON - set(COMPARED.get(name, {}))


def test_every_column_is_compared_or_named() -> None:
    folder = find_vectors(SHEETS)
    names = {p.stem for p in folder.glob("*.csv")} - {"quotes", "quotes_bitcoin"}
    assert names == set(COMPARED) | {"Aroon__AROON(25)", *ELSEWHERE}
    known = set().union(*UNUSED.values())
    strange = {(n, c) for n in names - ELSEWHERE for c in left_over(n) - known}
    assert strange == {("Aroon__AROON(25)", c) for c in ("up", "down", "osc")}


ELSEWHERE = {"Vwap__VWAP", "Correlation__Correlation"}  # sheets with a series of their own


def test_aroon_sheet(q) -> None:
    """The sheet takes the oldest of equal extremes, we (and TA-Lib) the newest."""
    table, ours = sheet("Aroon__AROON(25)"), gi.aroon(q.high, q.low, 25)
    alone = {
        "up": [np.sum(q.high[i - 25 : i + 1] == q.high[i - 25 : i + 1].max()) == 1
               for i in range(25, 502)],
        "down": [np.sum(q.low[i - 25 : i + 1] == q.low[i - 25 : i + 1].min()) == 1
                 for i in range(25, 502)],
    }  # fmt: skip
    for side in ("up", "down"):
        want, got, clear = numbers(table[side])[25:], getattr(ours, side)[25:], alone[side]
        assert np.sum(clear) > 430
        assert np.array_equal(want[clear], got[clear])
    both = np.array(alone["up"]) & np.array(alone["down"])
    osc = gi.aroonosc(q.high, q.low, 25)[25:]
    assert np.allclose(numbers(table["osc"])[25:][both], osc[both], atol=1e-9)


def test_vwap_sheet() -> None:
    """391 minutes of a day, all columns."""
    t = sheet("Vwap__VWAP")
    h, low, c, v = (numbers(t[k]) for k in ("high", "low", "close", "volume"))
    live = np.isfinite(c)
    h, low, c, v = (x[live] for x in (h, low, c, v))
    price = gi.typprice(h, low, c)
    for column, ours in (
        ("TP", price), ("V×TP", gi.mult(price, v)), ("CumVTP", gi.cumsum(price * v)),
        ("CumVol", gi.cumsum(v)), ("VWAP", gi.vwap(h, low, c, v)),
        ("VWAP", gi.vwap_session(h, low, c, v, np.zeros(len(v))).vwap),
        ("VWAP", gi.vwap_anchored(h, low, c, v).vwap),
    ):  # fmt: skip
        assert np.allclose(numbers(t[column])[live], ours, rtol=1e-12), column


def test_correlation_sheet() -> None:
    t = sheet("Correlation__Correlation")
    x, y = numbers(t["mrkt"]), numbers(t["eval"])
    for column, got in (("corr", gi.correl(x, y, 20)), ("R2", gi.correl(x, y, 20) ** 2)):
        want = numbers(t[column])
        assert np.isfinite(want).sum() > 400
        assert np.nanmax(np.abs(got - want)) < 1e-9
        assert np.array_equal(np.isfinite(got), np.isfinite(want))


def test_another_series() -> None:
    """Prices of bitcoin: no outside values, but the laws of their twins on real data."""
    from tests.indicators.twin_cases import TWINS, apart

    b = Quotes("quotes_bitcoin")
    with np.errstate(all="ignore"):
        for name in ("rsi", "ema", "kama", "bbwidth", "linearreg_slope", "skew"):
            function = getattr(gi, name)
            values = [p.default for p in function.row.params]
            got, want = function(b.close), TWINS[name](b.close, *values)
            pairs = zip(got, want, strict=True) if isinstance(got, tuple) else [(got, want)]
            assert max(apart(x, y, 1.0) for x, y in pairs) < TOLERANCE, name
