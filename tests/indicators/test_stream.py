"""Streams, banks and saved state."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

import indicators as gi
from domain.jit import DISABLED
from indicators.registry import rows
from tests.indicators import drift
from tests.indicators.series import bars, columns, inputs

SOME = ("rsi", "macd", "atr", "stoch", "cdlengulfing", "supertrend", "vwap_session", "bbands",
        "obv", "kama", "ofi", "maxindex", "ht_sine", "sum")  # fmt: skip


SOME_LONG = (*SOME, "cci", "correl", "skew", "linearreg", "ad", "vwap", "wma", "ema")


@pytest.mark.parametrize("name", SOME)
def test_saved_state_goes_on_as_before(name: str) -> None:
    x = inputs(rows()[name])
    stream = getattr(gi, name.upper())()
    stream.extend(*[c[:150] for c in x])
    others = [
        gi.restore(json.loads(json.dumps(stream.save()))),
        pickle.loads(pickle.dumps(stream)),
        copy.deepcopy(stream),
    ]
    want = columns(stream.extend(*[c[150:] for c in x]))
    for other in others:
        for a, b in zip(want, columns(other.extend(*[c[150:] for c in x])), strict=True):
            assert a.tobytes() == b.tobytes()


def test_restore_refuses_what_does_not_fit() -> None:
    saved = gi.RSI(14).save()
    for broken in (
        {},
        {**saved, "indicator": "nothing"},
        {**saved, "version": 99},
        {**saved, "parameters": [9.0, 0.0]},
        {**saved, "state": "00" * 8},
        {**saved, "state": saved["state"][:-2] + "41"},
    ):
        with pytest.raises(ValueError, match="state"):
            gi.restore(broken)


def test_update_returns_the_newest_value() -> None:
    close = bars()["close"]
    want = gi.rsi(close, 5)
    stream = gi.RSI(5)
    got = [stream.update(v) for v in close]
    assert all(type(v) is float for v in got)
    assert np.array_equal(got, want, equal_nan=True)
    assert np.isnan(stream.update(float("nan")))
    assert repr(stream) == "RSI(length=5, seed=sma)"
    assert gi.MACD().update(1.0)._fields == ("macd", "signal", "histogram")
    with pytest.raises(TypeError):
        gi.ATR(5).update(1.0)
    with pytest.raises(TypeError):
        gi.ATR(5).extend(close)
    with pytest.raises(ValueError, match="stream"):
        stream.extend(np.stack([close, close], 1))


@pytest.mark.nojit
def test_bank_is_a_loop_over_symbols() -> None:
    wanted = [*SOME[:6], ("sma", {"length": 5}), ("sma", {"length": 9}), "donchian", "cci", "adx"]
    symbols, ticks = (5, 60) if DISABLED else (17, 120)
    data = bars("random", symbols * ticks)
    shaped = {k: v.reshape(ticks, symbols) for k, v in data.items()}
    shaped["close"] = shaped["close"].copy()
    shaped["close"][50, 3] = np.nan
    bank = gi.IndicatorBank([f"S{i}" for i in range(symbols)], wanted)
    assert "sma" in bank.indicators
    assert "sma(length=9)" in bank.indicators
    kept = bank.save()
    for _ in range(2):
        got = []
        for t in range(ticks):
            out = bank.update(**{k: v[t] for k, v in shaped.items()})
            got.append((out["rsi"].copy(), out["macd"]["signal"].copy(), out["sma"].copy()))
        rsi = gi.rsi(shaped["close"])
        assert np.array_equal(np.array([g[0] for g in got]), rsi, equal_nan=True)
        signal = gi.macd(shaped["close"]).signal
        assert np.array_equal(np.array([g[1] for g in got]), signal, equal_nan=True)
        sma = gi.sma(shaped["close"], 5)
        assert np.array_equal(np.array([g[2] for g in got]), sma, equal_nan=True)
        bank.restore(json.loads(json.dumps(kept)))


@pytest.mark.nojit
def test_symbols_fall_out_of_step() -> None:
    """Gaps of single symbols and of single columns, over more than one group of lanes."""
    symbols, ticks = (7, 40) if DISABLED else (131, 90)
    r = np.random.default_rng(8)
    data = {k: v.reshape(ticks, symbols).copy() for k, v in bars("random", symbols * ticks).items()}
    for name in ("close", "high"):
        data[name][r.random((ticks, symbols)) < 0.1] = np.nan
    data["close"][:, 2] = np.inf
    names = ("rsi", "sma", "atr", "stoch", "obv", "macd")
    bank, got = gi.IndicatorBank(symbols, names), []
    for t in range(ticks):
        out = bank.update(**{k: v[t] for k, v in data.items()})
        got.append([out[n]["signal" if n == "macd" else "slowk"] if n in ("macd", "stoch")
                    else out[n] for n in names])  # fmt: skip
        got[-1] = [v.copy() for v in got[-1]]
    for i, name in enumerate(names):
        row = rows()[name]
        want = getattr(gi, name)(*[data[c] for c in row.columns])
        want = want.signal if name == "macd" else want.slowk if name == "stoch" else want
        assert np.array_equal(np.array([g[i] for g in got]), want, equal_nan=True), name


def test_bank_refuses() -> None:
    for symbols, wanted, error in (
        (0, ["rsi"], ValueError),
        (3, [], ValueError),
        (3, ["nothing"], KeyError),
        (3, [("rsi", {"length": 0})], ValueError),
    ):
        with pytest.raises(error):
            gi.IndicatorBank(symbols, wanted)
    bank = gi.IndicatorBank(3, ["rsi"])
    with pytest.raises(TypeError):
        bank.update(open=np.ones(3))
    with pytest.raises(ValueError, match="close"):
        bank.update(close=np.ones(4))
    saved = bank.save()
    text = saved["states"]["rsi"]
    for broken in (
        {"version": 1, "count": 4, "states": {}},
        {**saved, "count": 4},
        {**saved, "states": {"rsi": text[:-2] + "41"}},
        {**saved, "states": {"rsi": text[:-16]}},
        gi.IndicatorBank(3, [("rsi", {"length": 9})]).save(),
    ):
        with pytest.raises(ValueError, match="bank"):
            bank.restore(broken)


def test_long_streams_do_not_drift() -> None:
    """A million values, then the last window alone: the error that piled up is stated here."""
    r = np.random.default_rng(1)
    close = 100.0 + np.cumsum(r.normal(0.0, 0.5, 1_000_000)) * 0.02
    for name, exact in (
        ("sma", lambda v: v[-30:].mean()),
        ("sum", lambda v: v[-30:].sum()),
        ("var", lambda v: v[-5:].var()),
        ("wma", lambda v: np.average(v[-30:], weights=np.arange(1, 31))),
        ("max", lambda v: v[-30:].max()),
    ):
        assert getattr(gi, name)(close)[-1] == pytest.approx(exact(close), rel=1e-11), name


def test_some_rows_do_not_drift() -> None:
    """300,000 values, in chunks, against a computation with nothing behind it: see `drift`."""
    data = drift.series(300_000)
    assert set(drift.DECIDES) | set(drift.TOTALS) <= set(rows())
    for name in SOME_LONG:
        assert drift.drift(rows()[name], data) < 1e-10, name


@pytest.mark.soak
@pytest.mark.parametrize("name", [n for n in rows() if n not in drift.DECIDES])
def test_ten_million_values(name: str, ten_million: dict[str, np.ndarray]) -> None:
    """docs/indicators/drift.md states the errors measured."""
    assert drift.drift(rows()[name], ten_million) < 1e-9


@pytest.fixture(scope="module")
def ten_million() -> dict[str, np.ndarray]:
    """1.6 GB of bars."""
    return drift.series(10_000_000)


def test_a_drift_would_be_seen() -> None:
    """A sum that is only added to and subtracted from fails where ours does not."""
    x = drift.series(45_000)["close"]
    x[100] = 1e12
    naive = np.cumsum(x) - np.concatenate([np.zeros(30), np.cumsum(x)[:-30]])
    fresh = np.array([x[i - 29 : i + 1].sum() for i in range(44_900, 45_000)])
    assert drift.far(naive[-100:], fresh) > 1e-10
    assert drift.far(gi.sum(x, 30)[-100:], fresh) < 1e-14
