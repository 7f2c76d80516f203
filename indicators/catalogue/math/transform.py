"""Functions of one value: no memory, IEEE arithmetic (NaN outside the domain)."""

from __future__ import annotations

from typing import Any

import numpy as np

from indicators.registry import Row


def update_acos(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Arc cosine; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.arccos(a[i])


def update_asin(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Arc sine; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.arcsin(a[i])


def update_atan(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Arc tangent; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.arctan(a[i])


def update_ceil(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Round up; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.ceil(a[i])


def update_cos(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Cosine; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.cos(a[i])


def update_cosh(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Hyperbolic cosine; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.cosh(a[i])


def update_exp(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Exponential; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.exp(a[i])


def update_floor(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Round down; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.floor(a[i])


def update_ln(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Natural logarithm; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.log(a[i])


def update_log10(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Decimal logarithm; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.log10(a[i])


def update_sin(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Sine; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.sin(a[i])


def update_sinh(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Hyperbolic sine; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.sinh(a[i])


def update_sqrt(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Square root; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.sqrt(a[i])


def update_tan(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Tangent; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.tan(a[i])


def update_tanh(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Hyperbolic tangent; keeps no state."""
    a, out = x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.tanh(a[i])


def _row(name: str, title: str, kernel: Any) -> Row:
    return Row(
        name, title, "close", (), name, kernel, slots=lambda: 0, warmup=lambda: 0,
        formula=f"{title.lower()} of the value", source="arithmetic", talib=name.upper(),
        elementwise=True, seeding="none: no memory",
    )  # fmt: skip


ROWS = (
    _row("acos", "Arc cosine", update_acos),
    _row("asin", "Arc sine", update_asin),
    _row("atan", "Arc tangent", update_atan),
    _row("ceil", "Round up", update_ceil),
    _row("cos", "Cosine", update_cos),
    _row("cosh", "Hyperbolic cosine", update_cosh),
    _row("exp", "Exponential", update_exp),
    _row("floor", "Round down", update_floor),
    _row("ln", "Natural logarithm", update_ln),
    _row("log10", "Decimal logarithm", update_log10),
    _row("sin", "Sine", update_sin),
    _row("sinh", "Hyperbolic sine", update_sinh),
    _row("sqrt", "Square root", update_sqrt),
    _row("tan", "Tangent", update_tan),
    _row("tanh", "Hyperbolic tangent", update_tanh),
)
