"""Arithmetic on two columns, and running and rolling extremes and sums of one."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.edge import hide, hide_whole, warm
from indicators.blocks.window import WIDE, bottoms, room, space, tops, wide_slots
from indicators.registry import Row, length
from indicators.scan import MAGNITUDE

FACTOR = 9 << 52  # of 512, in the exponent of a number
PIECE = 256


def update_add(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, out = x[0], x[1], y[0]
    for i in range(start, stop):
        out[i - base] = a[i] + b[i]


def update_sub(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, out = x[0], x[1], y[0]
    for i in range(start, stop):
        out[i - base] = a[i] - b[i]


def update_mult(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, out = x[0], x[1], y[0]
    for i in range(start, stop):
        out[i - base] = a[i] * b[i]


def update_div(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, out = x[0], x[1], y[0]
    for i in range(start, stop):
        out[i - base] = a[i] / b[i]


@kernel
def larger(total: Any, v: Any, out: Any) -> Any:
    """While the up to 256 values of v are added to `total`, no value is larger than the sum.

    That is so if `total` is 512 times as large as each. Bits are compared, because their maximum
    is found many at a time. `out` is work space.
    """
    most, bits = 0, v.view(np.int64)
    out[0] = total
    for k in range(len(bits)):
        most = max(most, bits[k] & MAGNITUDE)
    return out[:1].view(np.int64)[0] & MAGNITUDE > most + FACTOR


def update_cumsum(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: sum, what rounding has lost.

    The error of each addition is found exactly: by Knuth's six operations, or by Dekker's two
    where no value is larger than the sum. The bits are the same.
    """
    value, lost, i = s[0], s[1], start
    while i < stop:
        rows = min(stop - i, PIECE)
        v, out = x[0][i : i + rows], y[0][i - base : i - base + rows]
        if larger(value, v, out):
            for k in range(rows):
                new = value + v[k]
                lost += v[k] - (new - value)
                value = new
                out[k] = value + lost
        else:
            for k in range(rows):
                new = value + v[k]
                taken = new - value
                lost += (value - (new - taken)) + (v[k] - taken)
                value = new
                out[k] = value + lost
        i += rows
    s[0], s[1] = value, lost


def update_max(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space of wide windows."""
    n, i = int(s[0]), start
    t = space() if n <= WIDE else s[1 : 1 + 6 * n]
    while i < stop:
        rows = min(stop - i, room(n))
        tops(x[0], i, n, y[0][i - base : i - base + rows], t)
        i += rows
    hide(y[0], s, start, stop, base)


def update_min(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space of wide windows."""
    n, i = int(s[0]), start
    t = space() if n <= WIDE else s[1 : 1 + 6 * n]
    while i < stop:
        rows = min(stop - i, room(n))
        bottoms(x[0], i, n, y[0][i - base : i - base + rows], t)
        i += rows
    hide(y[0], s, start, stop, base)


def update_minmax(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space of wide windows."""
    n, i = int(s[0]), start
    t = space() if n <= WIDE else s[1 : 1 + 6 * n]
    while i < stop:
        rows, row = min(stop - i, room(n)), i - base
        bottoms(x[0], i, n, y[0][row : row + rows], t)
        tops(x[0], i, n, y[1][row : row + rows], t)
        i += rows
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


@kernel
def place(v: Any, i: Any, n: Any, age: Any, sign: Any) -> Any:
    """How many rows back the maximum of sign * v lies, from its place one row before.

    Of equal values the newest wins while the maximum stays in the window, the oldest when the
    window has to be searched: TA-Lib's rule.
    """
    age += 1
    if age < n:
        return 0 if sign * v[i] >= sign * v[i - age] else age
    best, age = sign * v[i - n + 1], n - 1
    for j in range(n - 2, -1, -1):
        if sign * v[i - j] > best:
            best, age = sign * v[i - j], j
    return age


@kernel
def first_place(v: Any, i: Any, n: Any, age: Any, sign: Any, seen: Any) -> Any:
    """`place` with TA-Lib's start: the first full window is searched."""
    return place(v, i, n, n if seen == n - 1 else age, sign) if seen >= n - 1 else 0


def update_maxindex(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: age of the maximum."""
    n, age, seen = int(s[0]), int(s[1]), warm(s)
    for i in range(start, stop):
        age = first_place(x[0], i, n, age, 1.0, seen)
        y[0][i - base] = seen - age
        seen += 1
    s[1] = age
    hide_whole(y[0], s, start, stop, base)


def update_minindex(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: age of the minimum."""
    n, age, seen = int(s[0]), int(s[1]), warm(s)
    for i in range(start, stop):
        age = first_place(x[0], i, n, age, -1.0, seen)
        y[0][i - base] = seen - age
        seen += 1
    s[1] = age
    hide_whole(y[0], s, start, stop, base)


def update_minmaxindex(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: ages of the minimum and of the maximum."""
    n, low, high, seen = int(s[0]), int(s[1]), int(s[2]), warm(s)
    for i in range(start, stop):
        low = first_place(x[0], i, n, low, -1.0, seen)
        high = first_place(x[0], i, n, high, 1.0, seen)
        y[0][i - base] = seen - low
        y[1][i - base] = seen - high
        seen += 1
    s[1], s[2] = low, high
    hide_whole(y[0], s, start, stop, base)
    hide_whole(y[1], s, start, stop, base)


def _pair(name: str, title: str, formula: str, kernel: Any) -> Row:
    return Row(
        name, title, "x y", (), name, kernel, slots=lambda: 0, warmup=lambda: 0,
        formula=formula, source="arithmetic", talib=name.upper(), elementwise=True,
        seeding="none: no memory",
    )  # fmt: skip


def _extreme(name: str, title: str, outputs: str, kernel: Any, **more: Any) -> Row:
    return Row(
        name, title, "close", (length(30),), outputs, kernel, slots=lambda n: 2 + wide_slots(n),
        warmup=lambda n: n - 1, history=lambda n: n, source="arithmetic",
        talib=name.upper() + " timeperiod", **more,
    )  # fmt: skip


INDEX = "row number (from 0, gaps not counted) of the {}; of equal values as TA-Lib"
ROWS = (
    _pair("add", "Sum of two columns", "x + y", update_add),
    _pair("sub", "Difference of two columns", "x - y", update_sub),
    _pair("mult", "Product of two columns", "x * y", update_mult),
    _pair("div", "Quotient of two columns", "x / y", update_div),
    Row(
        "cumsum", "Cumulative sum", "close", (), "cumsum", update_cumsum, slots=lambda: 2,
        warmup=lambda: 0, formula="sum of all values so far, compensated for rounding",
        source="Knuth 1969, vol. 2, 4.2.2; Dekker 1971", talib="CUMSUM", seeding="zero",
    ),
    _extreme("max", "Highest value", "max", update_max, formula="maximum of n values"),
    _extreme("min", "Lowest value", "min", update_min, formula="minimum of n values"),
    _extreme("minmax", "Lowest and highest value", "min max", update_minmax,
             formula="minimum and maximum of n values"),
    _extreme("maxindex", "Row of the highest value", "index", update_maxindex,
             formula=INDEX.format("maximum"), integer_outputs=(0,)),
    _extreme("minindex", "Row of the lowest value", "index", update_minindex,
             formula=INDEX.format("minimum"), integer_outputs=(0,)),
    _extreme("minmaxindex", "Rows of the lowest and highest value", "minindex maxindex",
             update_minmaxindex, formula=INDEX.format("minimum and of the maximum"),
             integer_outputs=(0, 1)),
)  # fmt: skip
