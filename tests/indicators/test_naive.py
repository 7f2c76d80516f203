"""Against the obvious versions in tests/reference/indicators."""

from __future__ import annotations

import numpy as np
import pytest

from indicators.batch import Function
from indicators.registry import rows
from tests.indicators.series import bars, columns
from tests.reference.indicators import windows

PARTS = ("each", "ema", "highest", "lowest", "true_range", "returns")
TWINS = [n for n, f in vars(windows).items() if callable(f) and n in rows() and n not in PARTS]


def test_there_are_twins() -> None:
    assert len(TWINS) >= 33


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("kind", ["random", "trending"])
def test_twin(name: str, kind: str) -> None:
    row = rows()[name]
    data = bars(kind)
    x = [data[c] for c in row.columns]
    count = getattr(windows, name).__code__.co_argcount - len(x)
    with np.errstate(all="ignore"):
        want = getattr(windows, name)(*x, *((10,) if name in ("sma", "rsi") else ()))
    got = columns(Function(row)(*x, *((10,) if name in ("sma", "rsi") else ())))
    assert count >= 0
    for a, b in zip(got, want if isinstance(want, list) else [want], strict=False):
        assert np.array_equal(np.isnan(a), np.isnan(b)), name
        live = ~np.isnan(b)
        scale = max(np.abs(b[live]).max(), 1e-300)
        assert np.abs(a[live] - b[live]).max() < 1e-9 * scale, name
