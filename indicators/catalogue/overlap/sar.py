"""Parabolic stop and reverse, plain and extended."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.edge import warm
from indicators.registry import Row, real

# slots of the shared walk, from b: side (1 long, -1 short), stop, extreme, acceleration


@kernel
def begin(x: Any, i: Any, value: Any) -> Any:
    """Side, stop and extreme at the second row, from the first two rows or from `value`."""
    high, low = x[0], x[1]
    up, down = high[i] - high[i - 1], low[i - 1] - low[i]
    side = -1.0 if down > 0.0 and up < down else 1.0
    if value != 0.0:
        side = 1.0 if value > 0.0 else -1.0
    extreme = high[i] if side > 0.0 else low[i]
    if value != 0.0:
        return side, abs(value), extreme
    return side, (low[i - 1] if side > 0.0 else high[i - 1]), extreme


@kernel
def least(a: Any, b: Any) -> Any:
    """The lower of two."""
    return a if a < b else b


@kernel
def walk(x: Any, out: Any, s: Any, b: Any, span: Any, rules: Any) -> None:
    """Move the stop. `rules`: start value, offset, (first, step, most) long and short, signed.

    All prices are multiplied by the side, so that short is long upside down: the stop follows the
    extreme from below, never above the last two of the near prices (lows when long), and turns
    when the near price touches it.
    """
    start, stop, base = span
    side, level, extreme, pace, seen = s[b], s[b + 1], s[b + 2], s[b + 3], warm(s)
    i, offset, flip = start, rules[1], rules[8] != 0.0
    if seen == 0 and i < stop:
        out[i - base] = np.nan
        seen, i = 1, i + 1
    if i == stop:
        return
    before = i - 1
    if seen == 1:
        side, level, extreme = begin(x, i, rules[0])
        pace, before = (rules[2] if side > 0.0 else rules[5]), i
    level, extreme, long = side * level, side * extreme, side > 0.0
    more, most = (rules[3], rules[4]) if long else (rules[6], rules[7])
    high, low, to = x[0][i:stop], x[1][i:stop], out[i - base : stop - base]
    near1, far1 = x[1][before], x[0][before]
    if not long:
        near1, far1 = -far1, -near1
    for k in range(len(to)):
        near, far = (low[k], high[k]) if long else (-high[k], -low[k])
        if near <= level:
            side, long = -side, not long
            near, far, near1, far1 = -far, -near, -far1, -near1
            level = least(-extreme, least(near1, near))
            level -= side * (level * offset)
            to[k] = level if flip else side * level
            pace, extreme = (rules[2] if long else rules[5]), far
            more, most = (rules[3], rules[4]) if long else (rules[6], rules[7])
        else:
            to[k] = level if flip else side * level
            pace = least(pace + more, most) if far > extreme else pace
            extreme = far if far > extreme else extreme
        level = least(level + pace * (extreme - level), least(near1, near))
        near1, far1 = near, far
    s[b], s[b + 1], s[b + 2], s[b + 3] = side, side * level, side * extreme, pace


def update_sar(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: see `walk`."""
    a = min(s[0], s[1])
    rules = (0.0, 0.0, a, a, s[1], a, a, s[1], 0.0)
    walk(x, y[0], s, 2, (start, stop, base), rules)


def update_sarext(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: see `walk`."""
    one, two = min(s[2], s[4]), min(s[5], s[7])
    more, most = min(s[3], s[4]), min(s[6], s[7])
    rules = (s[0], s[1], one, more, s[4], two, most, s[7], 1.0)
    walk(x, y[0], s, 8, (start, stop, base), rules)


FACTOR = 1e6
ROWS = (
    Row(
        "sar", "Parabolic stop and reverse", "high low",
        (
            real("acceleration", 0.02, 0, FACTOR, "first value and step of the factor"),
            real("maximum", 0.2, 0, FACTOR, "largest factor"),
        ),
        "sar", update_sar, slots=lambda a, m: 4, warmup=lambda a, m: 1, history=lambda a, m: 1,
        formula="sar += af (extreme - sar), kept outside the last two rows; reverses when touched",
        source="Wilder 1978, ch. 2",
        seeding="short if the second row moved down more than up, else long; stop at the first"
        " row's extreme",
        talib="SAR acceleration maximum", ta="PSARIndicator",
    ),
    Row(
        "sarext", "Parabolic stop and reverse, extended", "high low",
        (
            real("startvalue", 0.0, -1e300, 1e300, "first stop: > 0 long, < 0 short, 0 by itself"),
            real("offsetonreverse", 0.0, 0, FACTOR, "part added to the stop at a reversal"),
            real("accelerationinitlong", 0.02, 0, FACTOR),
            real("accelerationlong", 0.02, 0, FACTOR),
            real("accelerationmaxlong", 0.2, 0, FACTOR),
            real("accelerationinitshort", 0.02, 0, FACTOR),
            real("accelerationshort", 0.02, 0, FACTOR),
            real("accelerationmaxshort", 0.2, 0, FACTOR),
        ),
        "sar", update_sarext, slots=lambda *p: 4, warmup=lambda *p: 1, history=lambda *p: 1,
        formula="as sar, with own factors for each side; negative while short",
        source="Wilder 1978, ch. 2; TA-Lib", seeding="as sar, or the given start value",
        talib="SAREXT startvalue offsetonreverse accelerationinitlong accelerationlong"
        " accelerationmaxlong accelerationinitshort accelerationshort accelerationmaxshort",
    ),
)  # fmt: skip
