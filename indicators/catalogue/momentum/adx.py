"""Wilder's directional movement system."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.bands import true_range
from indicators.blocks.edge import hide, warm
from indicators.registry import Row, choice, length

# slots: plus, minus, range (Wilder's sums), adx, last dx


@kernel
def moves(up: Any, down: Any) -> Any:
    """(plus, minus) directional movement from the rise of the high and the fall of the low."""
    plus = up if up > down and up > 0.0 else 0.0
    return plus, (down if down > up and down > 0.0 else 0.0)


@kernel
def smooth(total: Any, seen: Any, m: Any, a: Any, v: Any) -> Any:
    """Wilder's sum: plain for the first m - 1 moves, then total - total / n + v."""
    return total + v if seen < m else a * total + v


@kernel
def index(plus: Any, minus: Any, last: Any) -> Any:
    """DX from both movements (their common range cancels); the last one if there is none."""
    both = plus + minus
    away = plus - minus if plus > minus else minus - plus
    return 100.0 * away / both if both > 0.0 else last


def update_dx(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: see the module."""
    n, m, a, seen = int(s[0]), int(s[0] + s[1]), 1.0 - 1.0 / s[0], warm(s)
    plus, minus, wide, last = s[2], s[3], s[4], s[6]
    for i in range(start, stop):
        if seen > 0:
            up, down = moves(x[0][i] - x[0][i - 1], x[1][i - 1] - x[1][i])
            plus, minus = smooth(plus, seen, m, a, up), smooth(minus, seen, m, a, down)
            wide = smooth(wide, seen, m, a, true_range(x[0][i], x[1][i], x[2][i - 1]))
            if seen >= n and wide > 0.0:
                last = index(plus, minus, last)
        seen += 1
        y[0][i - base] = last
    s[2], s[3], s[4], s[6] = plus, minus, wide, last
    hide(y[0], s, start, stop, base)


@kernel
def adx_walk(x: Any, out: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """ADX: the mean of n DX, then Wilder's average."""
    n, m, a, seen = int(s[0]), int(s[0] + s[1]), 1.0 - 1.0 / s[0], warm(s)
    plus, minus, wide, adx, k = s[2], s[3], s[4], s[5], 1.0 / s[0]
    for i in range(start, stop):
        if seen > 0:
            up, down = moves(x[0][i] - x[0][i - 1], x[1][i - 1] - x[1][i])
            plus, minus = smooth(plus, seen, m, a, up), smooth(minus, seen, m, a, down)
            wide = smooth(wide, seen, m, a, true_range(x[0][i], x[1][i], x[2][i - 1]))
            if seen >= 2 * n:
                adx = a * adx + k * index(plus, minus, adx) if wide > 0.0 else adx
            elif seen >= n:
                adx += index(plus, minus, 0.0) * k if wide > 0.0 else 0.0
        seen += 1
        out[i - base] = adx
    s[2], s[3], s[4], s[5] = plus, minus, wide, adx


def update_adx(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `adx_walk`."""
    adx_walk(x, y[0], s, start, stop, base)
    hide(y[0], s, start, stop, base)


def update_adxr(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `adx_walk`; place and ring of past values from slot 6."""
    adx_walk(x, y[0], s, start, stop, base)
    p, n = int(s[6]), int(s[0]) - 1
    for i in range(start - base, stop - base):
        new, old = y[0][i], s[7 + p]
        s[7 + p] = new
        p = p + 1 if p + 1 < n else 0
        y[0][i] = (new + old) * 0.5
    s[6] = p
    hide(y[0], s, start, stop, base)


@kernel
def side(x: Any, out: Any, s: Any, span: Any, which: Any) -> None:
    """100 * one movement / range. n = 1: without smoothing."""
    start, stop, base = span
    n, m, a, seen = int(s[0]), int(s[0] + s[1]), 1.0 - 1.0 / s[0], warm(s)
    move, wide = s[2], s[4]
    for i in range(start, stop):
        if seen > 0:
            both = moves(x[0][i] - x[0][i - 1], x[1][i - 1] - x[1][i])
            move = smooth(move, seen, m, a, both[which])
            wide = smooth(wide, seen, m, a, true_range(x[0][i], x[1][i], x[2][i - 1]))
        seen += 1
        out[i - base] = 100.0 * (move / wide) if wide > 0.0 else 0.0
    s[2], s[4] = move, wide
    if n == 1:
        for i in range(start - base, stop - base):
            out[i] *= 0.01
    hide(out, s, start, stop, base)


def update_plus_di(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `side`."""
    side(x, y[0], s, (start, stop, base), 0)


def update_minus_di(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `side`."""
    side(x, y[0], s, (start, stop, base), 1)


@kernel
def movement(x: Any, out: Any, s: Any, span: Any, which: Any) -> None:
    """One movement, Wilder's sum."""
    start, stop, base = span
    m, a, seen, move = int(s[0] + s[1]), 1.0 - 1.0 / s[0], warm(s), s[2]
    for i in range(start, stop):
        if seen > 0:
            both = moves(x[0][i] - x[0][i - 1], x[1][i - 1] - x[1][i])
            move = smooth(move, seen, m, a, both[which])
        seen += 1
        out[i - base] = move
    s[2] = move
    hide(out, s, start, stop, base)


def update_plus_dm(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `movement`."""
    movement(x, y[0], s, (start, stop, base), 0)


def update_minus_dm(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `movement`."""
    movement(x, y[0], s, (start, stop, base), 1)


SUMS = choice("seed", "talib", ("talib", "wilder"), "how many moves are summed plainly")


def _raw(n: float, seed: float) -> int:
    return int(n if seed else max(n - 1, 1))


def _row(name: str, title: str, inputs: str, low: int, formula: str, kernel: Any) -> Row:
    warm_up = {"adx": lambda n, seed: 2 * n - 1, "adxr": lambda n, seed: 3 * n - 2}
    raw = name.endswith("_dm")
    return Row(
        name, title, inputs, (length(14, low), SUMS), name, kernel,
        slots=lambda n, seed: 6 + n, history=lambda n, seed: 1, formula=formula,
        source="Wilder 1978, ch. 4",
        warmup=warm_up.get(name, _raw if raw else (lambda n, seed: n)),
        seeding="talib: plain sums of the first n - 1 moves; wilder: of the first n; ADX by the"
        " mean of the first n DX",
        talib=name.upper() + " timeperiod", ta="ADXIndicator" if name[-2:] in "adx_di" else "",
    )  # fmt: skip


HLC = "high low close"
ROWS = (
    _row("dx", "Directional movement index", HLC, 2, "100 |+DM - -DM| / (+DM + -DM)", update_dx),
    _row("adx", "Average directional index", HLC, 2, "Wilder's average of DX", update_adx),
    _row("adxr", "Average directional index rating", HLC, 2, "(ADX + ADX n - 1 rows ago) / 2",
         update_adxr),
    _row("plus_di", "Plus directional indicator", HLC, 1, "100 +DM / true range, both smoothed",
         update_plus_di),
    _row("minus_di", "Minus directional indicator", HLC, 1, "100 -DM / true range, both smoothed",
         update_minus_di),
    _row("plus_dm", "Plus directional movement", "high low", 1,
         "rise of the high where it exceeds the fall of the low, smoothed", update_plus_dm),
    _row("minus_dm", "Minus directional movement", "high low", 1,
         "fall of the low where it exceeds the rise of the high, smoothed", update_minus_dm),
)  # fmt: skip
