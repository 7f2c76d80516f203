"""The laws that hold for every registry row, and each row against its naive twin."""

from __future__ import annotations

import numpy as np
import pytest

from indicators.batch import Function
from indicators.registry import rows
from indicators.stream import stream_class
from tests.indicators import twin_cases
from tests.indicators.series import columns, inputs

pytestmark = pytest.mark.nojit

ROWS = list(rows().values())
DATA_DEPENDENT = {"vpin"}  # its first value waits for enough volume
ROW_NUMBERS = {"maxindex", "minindex", "minmaxindex"}  # they count from the first row of all
FINITE = [r for r in ROWS if r.seeding == "none: a finite window" and not r.elementwise]


def bits(column: np.ndarray) -> bytes:
    """The bits, but for the sign of a NaN, which no operation promises."""
    return np.where(np.isnan(column), np.nan, column).astype(column.dtype).tobytes()


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and bits(a) == bits(b)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_laws(row) -> None:
    x = inputs(row)
    function = Function(row)
    whole = columns(function(*x))
    _any_chunking(row, x, whole)
    _no_look_ahead(function, x, whole)
    _warm_up(row, whole)
    if not row.elementwise:
        _gaps(function, x, whole)
    _degenerate(row, function, x)


def _any_chunking(row, x, whole) -> None:
    """Chunks of any size, and single values, give the bits of one batch."""
    sizes = np.random.default_rng(len(row.name)).choice([0, 1, 2, 5, 17, 90], 200)
    stream, parts, at = stream_class(row)(), [], 0
    for size in sizes:
        parts.append(columns(stream.extend(*[c[at : at + size] for c in x])))
        at += size
        if at >= 300:
            break
    singles = [stream.update(*[float(c[i]) for c in x]) for i in range(at, 400)]
    for k, column in enumerate(whole):
        head = np.concatenate([p[k] for p in parts])
        tail = [v[k] if isinstance(v, tuple) else v for v in singles]
        assert same(np.concatenate([head, np.array(tail, column.dtype)]), column)


def _no_look_ahead(function, x, whole) -> None:
    for cut in (1, 33, 150, 399):
        for a, b in zip(columns(function(*[c[:cut] for c in x])), whole, strict=True):
            assert same(a, b[:cut])


def _warm_up(row, whole) -> None:
    """The first value of some output stands exactly where the row says."""
    floats = [c for k, c in enumerate(whole) if k not in row.integer_outputs]
    if floats and row.name not in DATA_DEPENDENT:
        assert min(int(np.argmax(~np.isnan(c))) for c in floats) == row.lookback()


def _gaps(function, x, whole) -> None:
    """A row with NaN or infinity has no value and leaves the rest as though it were not there."""
    at = np.array([0, 1, 40, 41, 200, 399])
    live = np.setdiff1d(np.arange(406), at)
    for bad in (np.nan, np.inf, -np.inf):
        wide = [np.full(406, c[0]) for c in x]
        for to, c in zip(wide, x, strict=True):
            to[live] = c
        wide[-1][at] = bad
        for a, b in zip(columns(function(*wide)), whole, strict=True):
            assert same(a[live], b)
            assert np.all(np.isnan(a[at])) if a.dtype.kind == "f" else np.all(a[at] == 0)


def _degenerate(row, function, x) -> None:
    """Nothing, too little, nothing but gaps."""
    assert all(len(c) == 0 for c in columns(function(*[c[:0] for c in x])))
    if not row.elementwise:
        for c in columns(function(*[np.full(50, np.nan) for _ in x])):
            assert np.all(np.isnan(c)) if c.dtype.kind == "f" else np.all(c == 0)
    short = min(row.lookback(), 5)
    for c in columns(function(*[c[:short] for c in x])):
        assert np.all(np.isnan(c)) if c.dtype.kind == "f" else np.all(c == 0)


def test_a_finite_window_forgets() -> None:
    """After a thousand rows, sums refreshed on the way, values are those of a late beginning."""
    assert len(FINITE) > 90
    for row in FINITE:
        if row.name in DATA_DEPENDENT:
            continue
        function, x = Function(row), inputs(row, rows=1_400)
        late = 1_100 - row.lookback()
        whole, fresh = columns(function(*x)), columns(function(*[c[late:] for c in x]))
        for a, b in zip(whole, fresh, strict=True):
            want = b[-100:] + late * (row.name in ROW_NUMBERS)
            near = 1e-9 * np.nanmax(np.abs(want), initial=0.0)
            assert np.allclose(a[-100:], want, 1e-9, near, equal_nan=True), row.name


@pytest.mark.parametrize("kind", ["constant", "trending", "tiny", "huge"])
def test_no_garbage(kind: str) -> None:
    """After the warm-up there are numbers, never infinities, on any kind of series."""
    for row in ROWS:
        if row.group in ("math", "candles"):
            continue
        for c in columns(Function(row)(*inputs(row, kind))):
            assert not np.any(np.isinf(c)), row.name


def test_every_row_has_a_twin() -> None:
    assert set(twin_cases.TWINS) | set(twin_cases.EXEMPT) == set(rows())
    assert len(twin_cases.EXEMPT) <= 5


# In this file because the law above has the kernels compiled.
@pytest.mark.nojit
@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_twin(row) -> None:
    for kind, values, error in twin_cases.worst(row):
        assert error < twin_cases.TOLERANCE, f"{kind} {values}: {error:.1e}"


def test_a_wrong_kernel_is_caught() -> None:
    """The comparison is not blind: a twin with another length, seed or row of delay fails."""
    for name, values in (("rsi", {"length": 13}), ("atr", {"seed": "range"}), ("dpo", {})):
        row, twin = rows()[name], twin_cases.TWINS[name]
        x = [twin_cases.data("random")[c] for c in row.columns]
        given = {p.name: values.get(p.name, p.default) for p in row.params}
        want = twin(*x, *given.values())
        want = np.roll(want, 1) if not values else want
        assert twin_cases.apart(Function(row)(*x), want, 100.0) > twin_cases.TOLERANCE


def test_patterns_are_seen() -> None:
    """The bars on which patterns are compared hold each of them."""
    x = [twin_cases.data("candles")[c] for c in ("open", "high", "low", "close")]
    patterns = [r for r in ROWS if r.group == "candles"]
    assert [r.name for r in patterns if not np.any(Function(r)(*x))] == []
