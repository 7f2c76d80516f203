"""What no indicator may be fed, and what each must take, row by row of the registry."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest

import indicators as gi
import indicators.accessor
from domain.jit import DISABLED
from indicators.batch import Function
from indicators.registry import Row, rows
from indicators.stream import stream_class
from tests.indicators.series import bars, columns, inputs

ROWS = list(rows().values())
ids = lambda row: row.name  # noqa: E731
# Compiling the walk over symbols of every row takes minutes: uncompiled it is all, else these.
BANKED = ROWS if DISABLED else [r for r in ROWS if r.name in ("rsi", "atr", "macd", "supertrend")]
pytestmark = pytest.mark.nojit


def equal(a: object, b: object) -> bool:
    pairs = zip(columns(a), columns(b), strict=True)
    return all(np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind == "f") for x, y in pairs)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_parameters(row: Row) -> None:
    """Out of range, of the wrong kind, unknown, too many: refused by the name of the indicator."""
    function, x = Function(row), inputs(row, rows=50)
    for p in row.params:
        wrong: list[object] = [None, "many", float("nan"), [3]]
        if p.choices:
            wrong += ["", len(p.choices), -1, 0.5]
        else:
            wrong += [p.low - abs(p.low) - 1.0, p.high * 1.5 + 1.0, float("inf"), -float("inf")]
        if p.integer:
            wrong += [p.low + 0.5, -3, 10**9]
        for value in wrong:
            with pytest.raises((TypeError, ValueError), match=rf"{row.name}: {p.name} "):
                function(*x, **{p.name: value})
    with pytest.raises(TypeError, match=f"{row.name}: no parameter"):
        function(*x, wavelength=3)
    with pytest.raises(TypeError, match=row.name):
        function(*x, *(p.default for p in row.params), 1)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_columns(row: Row) -> None:
    """Too few, unequal, not numeric: an error that names the column."""
    function, x = Function(row), inputs(row, rows=50)
    name = row.columns[-1]
    with pytest.raises(TypeError, match=f"missing {name}"):
        function(*x[:-1])
    for bad in (x[-1].astype(object), x[-1].astype(str), x[-1] > 0, x[-1] + 1j,
                np.arange(50).astype("datetime64[D]"), 3.0, None):  # fmt: skip
        with pytest.raises(TypeError, match=rf"{row.name}: {name} must be"):
            function(*x[:-1], bad)
    with pytest.raises(ValueError, match=f"{row.name}: {name} must have one or two"):
        function(*x[:-1], np.zeros((5, 5, 2)))
    if len(x) > 1:
        for other in (x[-1][1:], x[-1][:0], np.stack([x[-1]] * 2, 1)):
            with pytest.raises(ValueError, match="shape"):
                function(*x[:-1], other)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_other_layouts(row: Row) -> None:
    """Whole numbers, small floats, other byte orders, strides, read-only: the same values."""
    function = Function(row)
    whole = [np.round(c * 100.0) for c in inputs(row, rows=150)]
    want = function(*whole)
    for kind in (np.int64, np.int32, np.uint32, np.float32, ">f8", "<i8"):
        if row.name != "signed_volume" or np.dtype(kind).kind != "u":
            given = [c.astype(kind) for c in whole]
            wide = [g.astype(np.float64) for g in given]
            assert equal(function(*given), want if equal(wide, whole) else function(*wide)), kind
    strided = [np.repeat(c, 3)[::3] for c in whole]
    backward = [c[::-1].copy()[::-1] for c in whole]
    fixed = [c.copy() for c in whole]
    for c in fixed:
        c.flags.writeable = False
    for given in (strided, backward, fixed, [list(c) for c in whole]):
        before = [np.array(c) for c in given]
        assert equal(function(*given), want)
        assert all(np.array_equal(a, b) for a, b in zip(before, given, strict=True))


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_lengths_beyond_the_data(row: Row) -> None:
    """No value anywhere, and no error."""
    far = 500 if DISABLED else 5000  # of 60 rows; uncompiled, windows of 5,000 take seconds
    long = {p.name: far for p in row.params if p.integer and "length" in p.name}
    if long and row.name != "vpin":
        out = columns(Function(row)(*inputs(row, rows=60), **long))
        dead = min(row.lookback(**long), 60)
        for c in out:
            assert np.all(np.isnan(c[:dead])) if c.dtype.kind == "f" else np.all(c[:dead] == 0)
        assert dead == 60 or row.name in PARTLY


PARTLY = {"emv", "cmf"}  # emv has a value a row and an average of it


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_pandas(row: Row) -> None:
    """The index is kept; more outputs are a frame with their names."""
    x = inputs(row, rows=150)
    index = pd.date_range("2024-03-01", periods=150, freq="h")
    out = Function(row)(*[pd.Series(c, index) for c in x])
    want = columns(Function(row)(*x))
    assert out.index.equals(index)
    if len(row.results) == 1:
        assert out.name == row.results[0]
        assert equal(out.to_numpy(), want)
    else:
        assert tuple(out.columns) == row.results
        assert equal(tuple(out[c].to_numpy() for c in out.columns), want)
    frame = pd.DataFrame(bars("random", 150), index)
    assert frame.gw.__getattr__(row.name)().equals(out)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_saved_state(row: Row) -> None:
    """Saved in the middle, as JSON and pickled, it goes on with the same bits."""
    x = [c[:200] for c in inputs(row)]
    stream = stream_class(row)()
    stream.extend(*[c[:117] for c in x])
    others = [gi.restore(json.loads(json.dumps(stream.save()))), pickle.loads(pickle.dumps(stream))]
    want = stream.extend(*[c[117:] for c in x])
    assert all(equal(other.extend(*[c[117:] for c in x]), want) for other in others)
    saved = stream.save()
    for key, value in (("state", saved["state"][16:]), ("version", 0), ("parameters", [1e12] * 20)):
        with pytest.raises(ValueError, match=r"."):
            gi.restore({**saved, key: value})


def test_a_bank_of_every_row() -> None:
    """Three symbols, every indicator in one bank: a loop over symbols gives the same bits."""
    data = {k: v[:120].reshape(40, 3) for k, v in bars().items()}
    bank = gi.IndicatorBank(3, [r.name for r in BANKED])
    ticks = []
    for t in range(40):
        out = bank.update(**{k: v[t] for k, v in data.items()})
        ticks.append({k: np.array(list(v.values()) if isinstance(v, dict) else [v])
                      for k, v in out.items()})  # fmt: skip
    for row in BANKED:
        got = np.array([t[row.name] for t in ticks])
        for symbol in range(3):
            alone = columns(Function(row)(*[data[c][:, symbol].copy() for c in row.columns]))
            for k, column in enumerate(alone):
                want = np.asarray(column, float)
                seen = got[:, k, symbol]
                same = (seen == want) | (np.isnan(seen) & (np.isnan(want) | (want == 0)))
                assert same.all(), (row.name, symbol)


assert indicators.accessor  # registers df.gw
