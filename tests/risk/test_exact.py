"""Exact integer arithmetic against Python's unbounded integers."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.limits import BPS, MAX_CASH, PPB
from tests.risk import kernels

pytestmark = pytest.mark.nojit

TOP = 2**62
sizes = st.one_of(st.integers(0, 1000), st.integers(0, 2**32), st.integers(0, TOP))
signed = sizes.flatmap(lambda x: st.sampled_from((x, -x)))
divisors = sizes.map(lambda x: max(x, 1))


def trunc(a: int, b: int, c: int) -> int:
    size = abs(a) * abs(b) // c
    return size if (a < 0) == (b < 0) else -size


@given(signed, signed, divisors)
@example(TOP, TOP, TOP)
@example(TOP, TOP, 1)
@example(-TOP, TOP, 1)
@example(TOP - 1, TOP - 1, TOP)
@example(2**31, 2**31, 1)
def test_mul_div_truncates_towards_zero_and_saturates(a, b, c):
    assert kernels.mul_div(a, b, c) == max(-TOP, min(TOP, trunc(a, b, c)))


@given(signed, signed)
@example(TOP, 2)
@example(2**31, 2**31)
def test_saturating_mul(a, b):
    assert kernels.saturating_mul(a, b) == max(-TOP, min(TOP, a * b))


@given(st.integers(-(2**43), 2**43), st.integers(0, 2**40), st.integers(1, 2**31))
@example(2**20, 2**20, 2**20)
@example(2**20, 2**20, 2**21)
def test_value_of_holds_inside_max_cash(qty, price, multiplier):
    exact = qty * price * multiplier
    assert kernels.value_of(qty, price, multiplier) == max(-MAX_CASH, min(MAX_CASH, exact))


@given(sizes, st.integers(0, 1000 * BPS))
@example(2**39, 1000 * BPS)
@example(TOP, 1000 * BPS)
@example(TOP, 0)
def test_basis_points(x, rate):
    down, up = kernels.bps(x, rate)
    if down != TOP:
        assert down == x * rate // BPS
        assert up == -(-x * rate // BPS)
    else:
        assert up == TOP
        assert x * rate // BPS > TOP - 2 * rate - 2


@given(st.integers(0, 2**55), st.integers(-PPB, PPB))
@example(5, 100_000_000)
@example(5, -100_000_000)
@example(2**55, -PPB)
def test_parts_per_billion_round_half_away(value, rate):
    size = (value * abs(rate) * 2 + PPB) // (2 * PPB)
    assert kernels.ppb_half_away(value, rate) == (size if rate >= 0 else -size)
