"""talipp's published values: the last three of each of its 56 indicators on 50 bars."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import indicators as gi
from tests.conftest import find_vectors

Parts = dict[str, np.ndarray]

# Values that nothing here reproduces, and why. Everything else is compared.
UNUSED = {
    ("ParabolicSAR", "ep"): "an inner value; the stop itself is compared",
    ("ParabolicSAR", "accel_factor"): "an inner value; the stop itself is compared",
    ("KVO", ""): "its first row of force is the third, and its movement starts otherwise; fades",
    ("SuperTrend", "value"): "its average range counts the first row; fades",
    ("STC", ""): "smooths by simple averages, Schaff and ours by exponential ones",
    ("ZLEMA", ""): "looks 10 rows back where n = 20, (n - 1) / 2 rounded; TA-Lib and ours 9",
}
# Of these, how far apart the last value may be: it must not be another indicator altogether.
NEAR = {"KVO": 0.001, "SuperTrend": 0.001, "ZLEMA": 0.001}


def load(name: str) -> Any:
    return json.loads(find_vectors(f"indicators/talipp/{name}.json").read_text())


@pytest.fixture
def ours() -> dict[str, Parts]:
    """Our values under their names; what they compose of others is composed here."""
    data = load("inputs")
    bar = {k: np.array(v, float) for k, v in data["OHLCV_TMPL"].items()}
    o, h, low, c, v = (bar[k] for k in ("open", "high", "low", "close", "volume"))
    x = np.array(data["CLOSE_TMPL"], float)
    one = {
        "ALMA": gi.alma(x, 9, 0.85, 6), "AccuDist": gi.ad(h, low, c, v),
        "ATR": gi.atr(h, low, c, 5, seed="range"), "NATR": gi.natr(h, low, c, 5, seed="range"),
        "BOP": gi.bop(o, h, low, c), "CCI": gi.cci(h, low, c, 20), "AO": gi.ao(h, low, 5, 7),
        "CHOP": gi.choppiness(h, low, c, 14), "CoppockCurve": gi.coppock(x, 10, 11, 14),
        "DEMA": gi.dema(x, 20), "EMA": gi.ema(x, 20), "HMA": gi.hma(x, 20),
        "IBS": gi.ibs(h, low, c), "KAMA": gi.kama(x, 14), "MassIndex": gi.massi(h, low, 9, 10),
        "EMV": gi.emv(h, low, v, 14, 10000.0)[1], "ForceIndex": gi.efi(c, v, 20),
        "MeanDev": gi.avgdev(x, 20), "OBV": gi.obv(c, v), "ROC": gi.roc(x, 20),
        "RSI": gi.rsi(x, 20), "RogersSatchell": gi.rogers_satchell(o, h, low, c, 9),
        "SMA": gi.sma(x, 20), "SMMA": gi.rma(x, 20), "SOBV": gi.sobv(c, v, 20),
        "StdDev": gi.stddev(x, 20), "T3": gi.t3(x, 5, 0.7), "TEMA": gi.tema(x, 10),
        "TRIX": 100.0 * gi.trix(x, 10), "TSI": gi.tsi(x, 23, 14), "WMA": gi.wma(x, 20),
        "UO": gi.ultosc(h, low, c, 3, 5, 7), "VWMA": gi.vwma(c, v, 20),
        "Williams": gi.willr(h, low, c, 14), "ZLEMA": gi.zlema(x, 20),
        "DPO": gi.dpo(x, 20), "McGinleyDynamic": gi.mcginley(x, 14),
        "VWAP": gi.vwap(h, low, c, v), "KVO": gi.klinger(h, low, c, v, 5, 10)[0],
        "STC": gi.stc(x, 5, 10, 10, 3, 3),
        # Chaikin's oscillator with averages that begin by their mean
        "ChaikinOsc": gi.ema(gi.ad(h, low, c, v), 5) - gi.ema(gi.ad(h, low, c, v), 7),
    }  # fmt: skip
    return {name: {"": values} for name, values in one.items()} | several(x, h, low, c)


def several(x: np.ndarray, h: np.ndarray, low: np.ndarray, c: np.ndarray) -> dict[str, Parts]:
    """Those with more than one value."""
    aroon, bands, donchian = gi.aroon(h, low, 10), gi.bbands(x, 5), gi.donchian(h, low, 5)
    stop, vortex, fast = gi.chandekroll(h, low, c, 5, 2.0, 3), gi.vortex(h, low, c), gi.stochf(
        h, low, c, 14, 3)  # fmt: skip
    kst, rsi_k = gi.kst(x, 5, 10, 15, 25, 5, 5, 5, 10, 9), gi.stochrsi(x, 14, 14, 3).fastd
    line, wide, middle = gi.apo(x), gi.atr(h, low, c, 10, seed="range"), gi.ema(c, 10)
    signal, deviation = gi.ema(line, 9), gi.stddev(c, 12)
    # Its indicators divide by an average range that counts the first row.
    unit = 14.0 * gi.atr(h, low, c, seed="range") / 100.0
    return {
        "ADX": {
            "adx": gi.adx(h, low, c, seed="wilder"),
            "plus_di": gi.plus_dm(h, low, seed="wilder") / unit,
            "minus_di": gi.minus_dm(h, low, seed="wilder") / unit,
        },
        "Aroon": {"up": aroon.up, "down": aroon.down},
        "BB": {"lb": bands.lower, "cb": bands.middle, "ub": bands.upper},
        "ChandeKrollStop": {"short_stop": stop.short, "long_stop": stop.long},
        "DonchianChannels": {"lb": donchian.lower, "cb": donchian.middle, "ub": donchian.upper},
        "KST": {"kst": kst.kst, "signal": kst.signal},
        "KeltnerChannels": {"lb": middle - 3 * wide, "cb": middle, "ub": middle + 2 * wide},
        "MACD": {"macd": line, "signal": signal, "histogram": line - signal},
        "ParabolicSAR": {"value": gi.sar(h, low)},
        "SFX": {"atr": gi.atr(h, low, c, 12, seed="range"), "std_dev": deviation,
                "ma_std_dev": gi.sma(deviation, 3)},
        "Stoch": {"k": fast.fastk, "d": fast.fastd},
        "StochRSI": {"k": rsi_k, "d": gi.sma(rsi_k, 3)},
        "SuperTrend": {"value": gi.supertrend(h, low, c, 10, 3).supertrend},
        "TTM": {"histogram": gi.squeeze(h, low, c, 20, 2.0, 2.0).momentum},
        "VTX": {"plus_vtx": vortex.plus, "minus_vtx": vortex.minus},
    }  # fmt: skip


def test_every_value_is_compared_or_named(ours) -> None:
    expected = load("expected")
    assert len(expected) == 56
    compared = 0
    for name, cases in expected.items():
        for index, part, want in (e for case in cases for e in case["expected"]):
            if (name, part) in UNUSED:
                continue
            got = float(ours[name][part][index])
            assert abs(got - want) < 2e-6 * max(abs(want), 1.0), (name, part, index, got, want)
            compared += 1
    assert compared > 200


def test_the_others_are_near(ours) -> None:
    expected = load("expected")
    for name, room in NEAR.items():
        _, part, want = expected[name][0]["expected"][-1]
        assert abs(ours[name][part][-1] - want) < room * abs(want), name


def test_what_the_lag_of_zlema_explains() -> None:
    """Where (n - 1) / 2 is whole there is nothing to round, and all values are equal."""
    talipp = pytest.importorskip("talipp.indicators")
    x = np.cumsum(np.random.default_rng(4).normal(0.0, 1.0, 200)) + 100.0
    theirs = np.array([np.nan if v is None else v for v in talipp.ZLEMA(21, list(x))])
    live = np.isfinite(theirs)
    assert live.sum() == 170
    assert np.allclose(gi.zlema(x, 21)[live], theirs[live], rtol=1e-12)
