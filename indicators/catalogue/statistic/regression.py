"""Least squares lines over a window, and how far prices lie from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.edge import hide, warm
from indicators.registry import Row, length

DEGREES = 180.0 / np.pi


@kernel
def moments(v: Any, stop: Any, n: Any, centre: Any) -> Any:
    """(sum, sum weighted n - 1 .. 0 from the oldest) of the n values before row `stop`."""
    plain, weighted = 0.0, 0.0
    for j in range(n):
        d = v[stop - n + j] - centre
        plain += d
        weighted += (n - 1 - j) * d
    return plain, weighted


@kernel
def lines(v: Any, out: Any, s: Any, span: Any, slope_part: Any, level_part: Any, at: Any) -> None:
    """slope_part * slope + level_part * line at `at`. Slots: sum, weighted sum, age, centre.

    Weights count back from the newest row (0); values are taken about a recent one, so that
    little is lost when the window is flat.
    """
    start, stop, base = span
    n, plain, weighted, age, centre = int(s[0]), s[1], s[2], int(s[3]), s[4]
    sum_x, sum_xx = n * (n - 1) * 0.5, n * (n - 1) * (2 * n - 1) / 6.0
    every, j, share, seen = max(256, n), start, 1.0 / n, warm(s)
    scale = 1.0 / (sum_x * sum_x - n * sum_xx)
    if seen == 0 and start < stop:
        centre = v[start]
    while j < stop and seen < n:
        weighted += plain
        plain += v[j] - centre
        slope = (n * weighted - sum_x * plain) * scale
        level = centre + (plain - slope * sum_x) * share
        out[j - base] = slope_part * slope + level_part * (level + slope * at)
        seen, j, age = seen + 1, j + 1, age + 1
    while j < stop:
        end = min(stop, j + max(every - age, 1))
        for i in range(j, end):
            old = v[i - n] - centre
            weighted += plain - n * old
            plain += v[i] - centre - old
            slope = (n * weighted - sum_x * plain) * scale
            level = centre + (plain - slope * sum_x) * share
            out[i - base] = slope_part * slope + level_part * (level + slope * at)
        age += end - j
        j = end
        if age >= every:
            centre = v[j - 1]
            plain, weighted = moments(v, j, n, centre)
            age = 0
    s[1], s[2], s[3], s[4] = plain, weighted, age, centre


def update_line(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """The line at the newest row."""
    lines(x[0], y[0], s, (start, stop, base), 0.0, 1.0, s[0] - 1.0)
    hide(y[0], s, start, stop, base)


def update_forecast(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """The line one row ahead."""
    lines(x[0], y[0], s, (start, stop, base), 0.0, 1.0, s[0])
    hide(y[0], s, start, stop, base)


def update_intercept(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """The line at the oldest row."""
    lines(x[0], y[0], s, (start, stop, base), 0.0, 1.0, 0.0)
    hide(y[0], s, start, stop, base)


def update_slope(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """The slope."""
    lines(x[0], y[0], s, (start, stop, base), 1.0, 0.0, 0.0)
    hide(y[0], s, start, stop, base)


def update_angle(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """The slope as an angle."""
    lines(x[0], y[0], s, (start, stop, base), 1.0, 0.0, 0.0)
    for i in range(start - base, stop - base):
        y[0][i] = np.arctan(y[0][i]) * DEGREES
    hide(y[0], s, start, stop, base)


def update_fosc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: those of the line, then the forecast made one row ago."""
    last, out, v = s[5], y[0], x[0]
    lines(v, out, s, (start, stop, base), 0.0, 1.0, s[0])
    for i in range(start, stop):
        ahead = out[i - base]
        out[i - base] = 100.0 * (v[i] - last) / v[i] if v[i] != 0.0 else 0.0
        last = ahead
    s[5] = last
    hide(out, s, start, stop, base)


def _row(name: str, title: str, formula: str, kernel: Any, default: int = 14) -> Row:
    return Row(
        name, title, "close", (length(default),), name.split("_")[-1], kernel,
        slots=lambda n: 5, warmup=lambda n: n - 1, history=lambda n: n, formula=formula,
        source="Draper and Smith 1998, ch. 1", talib=name.upper() + " timeperiod",
    )  # fmt: skip


ROWS = (
    _row("linearreg", "Linear regression", "least squares line at the newest row", update_line),
    _row("linearreg_angle", "Angle of the regression", "arctan(slope) in degrees", update_angle),
    _row("linearreg_intercept", "Intercept of the regression",
         "least squares line at the oldest row of the window", update_intercept),
    _row("linearreg_slope", "Slope of the regression", "least squares slope a row", update_slope),
    _row("tsf", "Time series forecast", "least squares line one row ahead", update_forecast),
    Row(
        "fosc", "Forecast oscillator", "close", (length(5),), "fosc", update_fosc,
        slots=lambda n: 6, warmup=lambda n: n, history=lambda n: n,
        formula="100 (close - forecast made one row ago) / close",
        source="Chande and Kroll 1994, The New Technical Trader", talib="FOSC timeperiod",
    ),
)  # fmt: skip
