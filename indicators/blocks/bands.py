"""True range and the running averages that bands and directional indicators share."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel


@kernel
def true_range(top: Any, bottom: Any, last: Any) -> Any:
    """Wilder's true range from high, low and the close before."""
    return (top if top > last else last) - (bottom if bottom < last else last)


@kernel
def wilder(c: Any, m: Any, n: Any, v: Any) -> Any:
    """Wilder's average seeded by the mean of the first n values: (count, average)."""
    if c >= n:
        return c, m + (v - m) / n
    c += 1
    m += v
    if c == n:
        m /= n
    return c, m


@kernel
def wilder_first(c: Any, m: Any, n: Any, v: Any) -> Any:
    """As `wilder`, from the first value; valid from the n-th on as well."""
    if c >= n:
        return c, m + (v - m) / n
    return c + 1, (m + (v - m) / n if c > 0 else v)
