"""Implied volatility against sixty digits, round trips, and its limits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from domain.errors import InvalidField
from domain.jit import DISABLED
from risk import options
from tests.risk.options.books import kinds, wide

pytestmark = pytest.mark.nojit

COUNT = 40 if DISABLED else 400
EPSILON = np.finfo(float).eps


def _exact_price(x: float | mpmath.mpf, s: float) -> mpmath.mpf:
    """The normalised out-of-the-money call, with enough digits that cancellation is harmless."""
    with mpmath.workdps(80):
        h, t = mpmath.mpf(x) / mpmath.mpf(s), mpmath.mpf(s) / 2
        upper, lower = (mpmath.erfc(-z / mpmath.sqrt(2)) / 2 for z in (h + t, h - t))
        return mpmath.exp(mpmath.mpf(x) / 2) * upper - mpmath.exp(-mpmath.mpf(x) / 2) * lower


def test_volatility_of_exact_prices_is_exact() -> None:
    """Within what rounding of the price itself moves it, from 1e-290 up to the highest price."""
    draw = np.random.default_rng(7)
    checked = 0
    for _ in range(COUNT):
        s = 10 ** draw.uniform(-3, 0.8)
        x = -s * 10 ** draw.uniform(-3, 1.4)
        forward, strike = 1.0, float(np.exp(-x))
        with mpmath.workdps(80):
            moneyness = mpmath.log(mpmath.mpf(forward) / mpmath.mpf(strike))
        exact, x = _exact_price(moneyness, s), float(moneyness)
        price = float(exact * mpmath.sqrt(mpmath.mpf(strike)))
        if not 1e-290 < price < 1 - 1e-6:
            continue
        h = x / s
        slope = np.exp(-(h * h + s * s / 4) / 2) / np.sqrt(2 * np.pi)
        moved = EPSILON * (1 + float(exact) / (s * slope) + abs(h) * abs(x) / s)
        found = float(options.implied_volatility("call", price, forward, strike, 1.0))
        assert abs(found / s - 1) <= 16 * moved, (x, s, found)
        checked += 1
    assert checked > COUNT // 2


def test_round_trip_through_prices_and_discounts() -> None:
    book = wide(COUNT, seed=8)
    price = options.black_scholes(kinds(COUNT), **book).price
    discount = np.exp(-book["rate"] * book["time"])
    carry = book["rate"] - book["dividend_yield"]
    forward = book["spot"] * np.exp(carry * book["time"])
    found = options.implied_volatility(
        kinds(COUNT), price, forward, book["strike"], book["time"], discount, "nan"
    )
    known = ~np.isnan(found)
    book["volatility"] = np.where(known, found, 0.0)
    again = options.black_scholes_price(kinds(COUNT), **book)
    assert known.mean() > 0.95  # deep in the money a price may round to below intrinsic value
    scale = np.maximum(book["spot"], book["strike"])
    assert np.all(np.abs(again - price)[known] <= 1e-12 * scale[known])


def test_normal_volatility_comes_back() -> None:
    draw = np.random.default_rng(9)
    forward, strike = draw.normal(0, 30, COUNT), draw.normal(0, 30, COUNT)
    strike[:9] = forward[:9]
    time, sigma = draw.uniform(0.1, 3, COUNT), draw.uniform(5, 40, COUNT)
    outside = np.where(strike >= forward, "call", "put")
    price = options.bachelier(outside, forward, strike, time, 0.0, sigma).price
    found = options.implied_normal_volatility(outside, price, forward, strike, time)
    np.testing.assert_allclose(found, sigma, rtol=1e-11)


def test_far_out_and_near_the_top() -> None:
    for s in (0.01, 0.5, 3.0, 6.0):
        for x in (-1e-12, -1e-6, 0.0):
            price = float(_exact_price(x, s) * mpmath.exp(-mpmath.mpf(x) / 2))
            found = float(options.implied_volatility("call", price, 1.0, float(np.exp(-x)), 1.0))
            assert found == pytest.approx(s, rel=1e-9)


def test_tiny_volatility_at_and_next_to_the_money() -> None:
    for strike in (100.0, float(np.nextafter(100.0, 200.0)), 100.0000001):
        for s in (1e-300, 1e-200, 1e-100, 1e-30, 1e-12, 1e-8, 1e-4):
            with mpmath.workdps(450):
                x = mpmath.log(mpmath.mpf(100) / mpmath.mpf(strike))
                if abs(x) > 39 * s:
                    continue  # the price is below every double
                low, high = x / s + mpmath.mpf(s) / 2, x / s - mpmath.mpf(s) / 2
                price = float(100 * mpmath.ncdf(low) - mpmath.mpf(strike) * mpmath.ncdf(high))
            found = float(options.implied_volatility("call", price, 100.0, strike, 1.0))
            assert found == pytest.approx(s, rel=2e-14)


def test_prices_without_volatility() -> None:
    with pytest.raises(InvalidField, match=r"price\[1\] is 9.0; allowed: from the discounted"):
        options.implied_volatility("call", [12.0, 9.0], 110.0, 100.0, 1.0)
    with pytest.raises(InvalidField, match="to below 110"):
        options.implied_volatility("call", 110.0, 110.0, 100.0, 1.0)
    found = options.implied_volatility("call", [12.0, 9.0, 110.0, 10.0], 110, 100, 1.0, 1.0, "nan")
    assert np.isnan(found).tolist() == [False, True, True, False]
    assert found[3] == 0.0
    with pytest.raises(InvalidField, match="at least the discounted intrinsic"):
        options.implied_normal_volatility("put", 1.0, 90.0, 100.0, 1.0)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"time": 0.0}, "time"), ({"forward": np.nan}, "forward"), ({"invalid": "skip"}, "invalid"),
     ({"price": np.inf}, "price"), ({"discount": 0.0}, "discount")],
)  # fmt: skip
def test_bad_input_names_the_field(change: dict[str, object], field: str) -> None:
    good = {"price": 5.0, "forward": 100.0, "strike": 100.0, "time": 1.0}
    with pytest.raises(InvalidField, match=f"^{field}"):
        options.implied_volatility("call", **{**good, **change})  # type: ignore[arg-type]
