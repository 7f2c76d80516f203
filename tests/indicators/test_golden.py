"""Rows that no other library here has, worked out by hand; pandas where it has the sum."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import indicators as gi
from tests.indicators.series import bars

pytestmark = pytest.mark.nojit
C = pd.Series(bars("random", 300)["close"])
nan = math.nan


def a(*values: float) -> np.ndarray:
    return np.array(values, float)


def same(got: np.ndarray, want: list[float]) -> bool:
    return np.allclose(got, want, rtol=1e-12, atol=1e-12, equal_nan=True)


def test_pivots() -> None:
    """A day of high 110, low 100, close 108 (open 101); the next opens at 107."""
    o, h, low, c = a(101, 107), a(110, 111), a(100, 106), a(108, 109)
    p = 318 / 3
    day = lambda out: [float(x[1]) for x in out]  # noqa: E731
    assert same(day(gi.pivot_standard(h, low, c)), [p, 112, 116, 122, 102, 96, 92])
    fibonacci = [p, p + 3.82, p + 6.18, p + 10, p - 3.82, p - 6.18, p - 10]
    assert same(day(gi.pivot_fibonacci(h, low, c)), fibonacci)
    steps = [11 / 12, 11 / 6, 11 / 4]
    want = [p, *(108 + s for s in steps), *(108 - s for s in steps)]
    assert same(day(gi.pivot_camarilla(h, low, c)), want)
    assert same(day(gi.pivot_woodie(o, h, low, c)), [106, 112, 116, 122, 102, 96, 92])
    # close above open: x = 110 + 100 + 108 + 110 = 428
    assert same(day(gi.pivot_demark(o, h, low, c)), [107, 114, 104])
    assert all(np.isnan(x[0]) for x in gi.pivot_standard(h, low, c))


def test_quotes() -> None:
    bid, ask, bs, as_ = a(99, 99, 100), a(101, 101, 101), a(30, 10, 5), a(10, 30, 40)
    assert same(gi.microprice(bid, ask, bs, as_), [100.5, 99.5, (100 * 40 + 101 * 5) / 45])
    assert same(gi.imbalance(bs, as_), [0.5, -0.5, -35 / 45])
    assert same(gi.quoted_spread(bid, ask).spread, [2, 2, 1])
    assert same(gi.quoted_spread(bid, ask).bps, [200, 200, 1e4 / 100.5])
    # row 1: bid queue -20, ask queue +20 more to sell: -40. row 2: bid rose: +5; ask +10: -10
    assert same(gi.ofi(bid, ask, bs, as_, 1), [nan, -40, -5])


def test_trades() -> None:
    price, size, side = a(10, 11, 11, 10, 10), a(4, 6, 5, 10, 5), a(1, 1, -1, -1, 1)
    assert same(gi.tick_rule(price), [0, 1, 1, -1, -1])
    assert same(gi.signed_volume(size, side), [4, 10, 5, -5, 0])
    # buckets of 10: +10; -5 -5; -5 +5
    assert same(gi.vpin(size, side, 10, 2), [nan, nan, nan, 1.0, 0.5])
    # changes 1, 0, -1, 0 with signed sizes 6, -5, -10, 5: slope = 16 / 184 about a mean of -1
    assert same(gi.kyle_lambda(price, size, side, 4)[4:], [16 / (186 - 4)])
    # changes 1 -1 1 -1 ...: successive covariance -1, spread 2
    bounce = a(*[10 + i % 2 for i in range(12)])
    assert same(gi.roll_spread(bounce, 4)[-1:], [2.0])
    assert same(gi.amihud(a(10, 11), a(1, 100), 1, 1.0), [nan, 0.1 / 1100])


def test_bricks_and_legs() -> None:
    close = a(100, 101.5, 103.2, 102.1, 101.1, 100.9, 104)
    out = gi.renko(close, 1.0)
    # after the brick 102 .. 103 a fall has to reach 101, which 101.1 does not
    assert same(out.brick, [100, 101, 103, 103, 103, 101, 104])
    assert out.made.tolist() == [0, 1, 2, 0, 0, -1, 2]
    leg = gi.zigzag(a(100, 110, 108, 100, 99, 106), a(98, 105, 104, 98, 97, 102), 5.0)
    assert leg.turned.tolist() == [0, 0, -1, 0, 0, 1]
    assert same(leg.pivot[2:], [110, 110, 110, 97])


def test_a_profile() -> None:
    """Prices 0 .. 10 in two bins: 0 .. 5 holds 30 of 100."""
    out = gi.volume_profile(a(0, 1, 9, 10), a(10, 20, 30, 40), 4, 2, 70)
    assert same([float(x[3]) for x in out], [7.5, 10, 5])


def test_ranges() -> None:
    """One bar that doubles: logarithms of 2 alone."""
    o, h, low, c = a(1, 1), a(2, 2), a(1, 1), a(2, 2)
    two = math.log(2)
    assert same(gi.parkinson(h, low, 2)[1:], [math.sqrt(two / 4)])
    assert same(gi.garman_klass(o, h, low, c, 2)[1:], [math.sqrt((1.5 - 2 * two) * two**2)])
    assert same(gi.rogers_satchell(o, h, low, c, 2)[1:], [0.0])
    assert same(gi.realised_vol(a(1, 2, 4), 2)[2:], [two * math.sqrt(2)])


def test_pandas_has_the_sum() -> None:
    n, ret = 30, np.log(C).diff()
    w = C.rolling(n)
    assert same(gi.median(C, n), w.median())
    assert same(gi.historical_vol(C, n), ret.rolling(n).std())
    assert same(gi.cv(C, n), w.std(ddof=0) / w.mean())
    bias = (n - 2) / math.sqrt(n * (n - 1))
    assert np.allclose(gi.skew(C, n)[n:], w.skew()[n:] * bias, rtol=1e-9)
    # Fisher's G2 from g2: G2 = (n - 1) / ((n - 2)(n - 3)) ((n + 1) g2 + 6)
    g2 = (w.kurt() * (n - 2) * (n - 3) / (n - 1) - 6) / (n + 1)
    assert np.allclose(gi.kurtosis(C, n)[n:], g2[n:], rtol=1e-9, atol=1e-9)
    rank = C.rolling(n + 1).rank() - 1
    assert same(gi.percentrank(C, n), rank * 100 / n)
    for name, alpha in (("ema", 2 / (n + 1)), ("rma", 1 / n)):
        pandas = C.ewm(alpha=alpha, adjust=False, min_periods=n).mean()
        assert same(getattr(gi, name)(C, n, seed="first"), pandas)
    one = C.ewm(span=9, adjust=False, min_periods=9).mean()
    two = one.ewm(span=9, adjust=False, min_periods=9).mean()
    three = two.ewm(span=9, adjust=False, min_periods=9).mean()
    assert same(gi.dema(C, 9, seed="first"), 2 * one - two)
    assert same(gi.tema(C, 9, seed="first"), 3 * one - 3 * two + three)


def test_entropy_and_autocorrelation() -> None:
    assert same(gi.entropy(a(0, 1, 2, 3), 4, 4)[3:], [2.0])
    assert same(gi.entropy(a(0, 0, 0, 3), 4, 4)[3:], [2 - 0.75 * math.log2(3)])
    assert same(gi.autocorr(a(1, -1, 1, -1), 4, 1)[3:], [-0.75])
    assert same(gi.logreturn(a(1, math.e), 1), [nan, 1.0])
