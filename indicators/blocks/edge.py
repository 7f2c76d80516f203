"""The warm-up: rows that have no value yet."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel


@kernel
def leading(s: Any, start: Any, stop: Any) -> Any:
    """How many rows of this piece belong to the warm-up."""
    return int(min(max(s[len(s) - 2] - s[len(s) - 1], 0.0), stop - start))


@kernel
def hide(out: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Overwrite the rows of the warm-up with NaN."""
    for j in range(start - base, start - base + leading(s, start, stop)):
        out[j] = np.nan


@kernel
def hide_whole(out: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Overwrite the rows of the warm-up with 0 in a column of whole numbers."""
    for j in range(start - base, start - base + leading(s, start, stop)):
        out[j] = 0


@kernel
def warm(s: Any) -> Any:
    """The number of rows seen before this piece."""
    return int(s[len(s) - 1])
