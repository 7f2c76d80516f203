"""How a registry row is compared with its naive twin in tests/reference/indicators."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from indicators.batch import Function
from indicators.registry import Param, Row
from tests.indicators.series import bars, columns
from tests.reference.indicators import twins

KINDS = ("random", "trending", "constant", "tiny", "huge", "gappy")
LENGTH = 300
TOLERANCE = 1e-9
TWINS = twins()
# Rows without a twin, and why. There is none: keep it so.
EXEMPT: dict[str, str] = {}
# On a flat series the phase is the angle of a vector of rounding errors.
NOISE = {("ht_dcphase", "constant"), ("ht_sine", "constant")}

# What is usual in front of a rare pattern: bodies of 1, ranges of 2.
CONTEXT = [(100, 101.5, 99.5, 101), (101, 101.5, 99.5, 100)] * 7
# Patterns that chance does not draw, as their descriptions have them: open, high, low, close.
RARE = {
    "cdl2crows": [
        (100, 102.6, 99.9, 102.5), (104, 104.2, 103.3, 103.5), (103.8, 103.9, 100.9, 101)],
    "cdl3blackcrows": [
        (100, 101.2, 99.9, 101), (101, 101.1, 98.95, 99), (100, 100.1, 97.95, 98),
        (99, 99.1, 96.95, 97)],
    "cdl3starsinsouth": [
        (100, 100.1, 95, 98), (99, 99.1, 96, 98.5), (98, 98.02, 97.48, 97.5)],
    "cdlbreakaway": [
        (103, 103.1, 99.9, 100), (99, 99.2, 97.8, 98), (98.5, 98.8, 97.2, 97.5),
        (97.8, 98, 96.5, 96.8), (96.9, 99.6, 96.8, 99.5)],
    "cdlconcealbabyswall": [
        (105, 105.05, 102.95, 103), (103.5, 103.55, 101.45, 101.5), (101, 102, 100.3, 100.5),
        (102.2, 102.3, 99.8, 100)],
    "cdlcounterattack": [(103, 103.1, 100.4, 100.5), (98, 100.6, 97.9, 100.5)],
    "cdlladderbottom": [
        (105, 105.1, 102.9, 103), (104, 104.1, 101.9, 102), (103, 103.1, 100.9, 101),
        (102, 103, 100.4, 100.5), (102.5, 104.1, 102.4, 104)],
    "cdlmathold": [
        (100, 104.1, 99.9, 104), (105.2, 105.3, 104.5, 104.6), (104.4, 104.5, 103.7, 103.8),
        (104, 104.1, 103.3, 103.4), (103.9, 106.1, 103.8, 106)],
    "cdlrisefall3methods": [
        (100, 104.2, 99.8, 104), (103.5, 103.6, 102.9, 103), (103.2, 103.3, 102.5, 102.6),
        (102.8, 102.9, 102.1, 102.2), (102.5, 105.1, 102.4, 105)],
    "cdlupsidegap2crows": [
        (100, 102.6, 99.9, 102.5), (103.6, 103.8, 103, 103.2), (104, 104.1, 102.7, 102.8)],
}  # fmt: skip


def other(param: Param) -> Any:
    """A value that is not the default: half the length, the last choice, a real 1.25 times."""
    if param.choices:
        return param.choices[0] if param.default == param.choices[-1] else param.choices[-1]
    value = float(param.default)
    if param.integer:
        return int(min(max(value // 2 + 2, param.low), param.high))
    return min(max(1.25 * value, param.low), param.high)


def settings(row: Row) -> Iterator[dict[str, Any]]:
    """Defaults, everything else, and each choice that needs no other kernel."""
    default = {p.name: p.default for p in row.params}
    yield default
    if row.params:
        yield {p.name: p.default if "matype" in p.name else other(p) for p in row.params}
    for p in row.params:
        if "matype" not in p.name:
            yield from ({**default, p.name: c} for c in p.choices if c != p.default)


@functools.cache
def data(kind: str) -> dict[str, np.ndarray]:
    """Columns of one kind."""
    return candles() if kind == "candles" else bars("random" if kind == "gappy" else kind, LENGTH)


def candles(count: int = 3000) -> dict[str, np.ndarray]:
    """Bars among which all patterns are common: gaps, dojis, bald candles, long shadows."""
    r = np.random.default_rng(3)
    first, close, price = np.empty(count), np.empty(count), 100.0
    for i in range(count):
        first[i] = price + r.normal(0.0, 0.5) * (r.random() < 0.7)
        size = r.choice([0.0, 0.1, 0.3, 1.0, 2.5]) * r.random() ** 0.3
        close[i] = first[i] + r.choice([-1.0, 1.0]) * size
        price = first[i] if r.random() < 0.2 else close[i]
    shadows = r.choice([0.0, 0.0, 0.02, 0.3, 1.5], (2, count)) * r.random((2, count))
    high, low = np.maximum(first, close) + shadows[0], np.minimum(first, close) - shadows[1]
    drawn = np.stack([first, high, low, close], 1)
    shown = np.concatenate([drawn, *(np.array([*CONTEXT, *story]) for story in RARE.values())])
    return dict(zip(("open", "high", "low", "close"), np.ascontiguousarray(shown.T), strict=True))


def worst(row: Row) -> Iterator[tuple[str, dict[str, Any], float]]:
    """(kind of series, parameters, largest difference) for all that is compared."""
    for kind in ("candles",) if row.group == "candles" else KINDS:
        for values in settings(row) if kind in ("random", "candles") else [{}]:
            if (row.name, kind) not in NOISE:
                yield kind, values, compare(row, kind, values)


def gaps() -> np.ndarray:
    """Rows 0, 1 and every 37th."""
    at = np.zeros(LENGTH, bool)
    at[[0, 1]] = at[37::37] = True
    return at


def compare(row: Row, kind: str, values: dict[str, Any]) -> float:
    """The largest difference between kernel and twin, relative; inf if they differ in NaNs."""
    x = [data(kind)[c].copy() for c in row.columns]
    lost = gaps() if kind == "gappy" else np.zeros(len(x[0]), bool)
    values = {p.name: values.get(p.name, p.default) for p in row.params}
    with np.errstate(all="ignore"):
        want = TWINS[row.name](*(c[~lost] for c in x), *values.values())
    if not isinstance(want, list | tuple) or np.isscalar(want[0]):
        want = [want]
    for c in x:
        c[lost] = np.nan
    got = columns(Function(row)(*x, **values))
    assert len(got) == len(want)
    for a in got:
        if not row.elementwise:
            assert np.all(np.isnan(a[lost]) if a.dtype.kind == "f" else a[lost] == 0)
    level = max(float(np.nanmax(np.abs(c))) for c in x)
    return max(apart(a[~lost], np.asarray(b), level) for a, b in zip(got, want, strict=True))


def apart(a: np.ndarray, b: np.ndarray, level: float) -> float:
    """Largest relative difference.

    Near zero it is relative to a thousandth of the largest value; where all values are near
    zero, as on a flat series, to a ten-thousandth of the inputs, or of one.
    """
    assert a.shape == b.shape
    if not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return np.inf
    live = np.isfinite(b)
    if not live.any():
        return 0.0
    a, b = a[live].astype(float), b[live].astype(float)
    floor = max(1e-3 * np.abs(b).max(), 1e-4 * min(level, 1.0))
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(b), floor)))
