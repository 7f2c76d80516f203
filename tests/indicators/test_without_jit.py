"""Compiled kernels give the values that the same source gives as plain Python.

A second process runs every registry row uncompiled over a short series. Bits are equal, except
behind functions of the mathematical library, which numpy and the compiler take from two places.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from domain.jit import DISABLED
from indicators.batch import Function
from indicators.registry import Row, rows
from tests.indicators.series import columns, inputs

ROOT = Path(__file__).resolve().parent.parent.parent
BARS, KINDS = 150, ("random", "ticks")
CLOSE = 1e-12  # relative to the largest value of the column
Values = dict[tuple[str, str, str], tuple[np.ndarray, ...]]


def variants(row: Row) -> dict[str, dict[str, object]]:
    """Parameters to try: the defaults, short windows, and every choice that shares a kernel."""
    short = {p.name: max(int(p.low), 3) for p in row.params if p.integer}
    named = {"default": {}, "short": short}
    if not row.bindings:
        for p in row.params:
            named |= {f"{p.name}={c}": {**short, p.name: c} for c in p.choices[1:]}
    return {name: values for name, values in named.items() if accepted(row, values)}


def accepted(row: Row, values: dict[str, object]) -> bool:
    """Some parameters have to be in an order: fast before slow."""
    try:
        row.numbers(values)
    except ValueError:
        return False
    return True


def computed() -> Values:
    """Every row on every series with every variant, in the mode of this process."""
    found = {}
    with np.errstate(all="ignore"):
        for row in rows().values():
            function = Function(row)
            for variant, values in variants(row).items():
                for kind in KINDS:
                    x = inputs(row, kind, BARS + row.lookback(**values))
                    found[row.name, variant, kind] = columns(function(*x, **values))
    return found


@pytest.fixture(scope="module")
def uncompiled(tmp_path_factory: pytest.TempPathFactory) -> Values:
    """The values of a process with the compiler off."""
    path = tmp_path_factory.mktemp("uncompiled") / "values"
    code = (
        "import pickle, sys; from tests.indicators.test_without_jit import computed; "
        "from domain.jit import DISABLED; assert DISABLED; "
        "pickle.dump(computed(), open(sys.argv[1], 'wb'))"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, env=environment, check=True)
    values: Values = pickle.loads(path.read_bytes())
    return values


@pytest.fixture(scope="module")
def compiled() -> Values:
    """The values of this process."""
    assert not DISABLED
    return computed()


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """How far apart two columns are, relative to their scale; NaN only where both have it."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return np.inf
    if np.array_equal(a, b, equal_nan=True):
        return 0.0
    live = np.isfinite(b)
    if not np.array_equal(a[~live], b[~live], equal_nan=True):
        return np.inf
    return float(np.abs(a[live] - b[live]).max() / max(np.abs(b[live]).max(), 1e-300))


def test_both_modes_agree(compiled: Values, uncompiled: Values) -> None:
    assert compiled.keys() == uncompiled.keys()
    assert {name for name, _, _ in compiled} == set(rows())
    worst = {
        key: max(distance(a, b) for a, b in zip(compiled[key], uncompiled[key], strict=True))
        for key in compiled
    }
    assert {key: far for key, far in worst.items() if far > CLOSE} == {}
    exact = sum(far == 0.0 for far in worst.values())
    assert exact > 0.8 * len(worst), f"only {exact} of {len(worst)} are equal to the bit"


def test_a_difference_would_be_seen(compiled: Values) -> None:
    right = compiled["rsi", "default", "random"][0]
    for spoilt in (right * (1.0 + 1e-11), right[:-1], right.astype("f4"), np.roll(right, 1)):
        assert distance(spoilt, right) > CLOSE
