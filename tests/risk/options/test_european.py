"""European options against QuantLib, published tables, their own derivatives, and laws."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import QuantLib as ql

from domain.errors import InvalidField
from domain.jit import DISABLED
from risk import options
from tests.risk.options.books import Book, kinds, wide

pytestmark = pytest.mark.nojit

COUNT = 6 if DISABLED else 300
Pricing = Callable[..., options.Greeks]
MODELS = {
    "black_scholes": options.black_scholes,
    "cash_or_nothing": options.cash_or_nothing,
    "asset_or_nothing": options.asset_or_nothing,
}


def _payoff(model: str, right: int, strike: float) -> ql.StrikedTypePayoff:
    if model == "cash_or_nothing":
        return ql.CashOrNothingPayoff(right, strike, 1.0)
    if model == "asset_or_nothing":
        return ql.AssetOrNothingPayoff(right, strike)
    return ql.PlainVanillaPayoff(right, strike)


def _quantlib(model: str, book: Book, at: int, kind: str) -> dict[str, float]:
    """Price and first-order Greeks by QuantLib's closed formulas."""
    spot, time = float(book["spot"][at]), float(book["time"][at])
    discount = float(np.exp(-book["rate"][at] * time))
    growth = float(np.exp(-book["dividend_yield"][at] * time))
    deviation = float(book["volatility"][at] * np.sqrt(time))
    right = ql.Option.Call if kind == "call" else ql.Option.Put
    payoff = _payoff(model, right, float(book["strike"][at]))
    found = ql.BlackCalculator(payoff, spot * growth / discount, deviation, discount)
    return {
        "price": found.value(),
        "delta": found.delta(spot),
        "gamma": found.gamma(spot),
        "vega": found.vega(time),
        "theta": found.theta(spot, time),
        "rho": found.rho(time),
        "phi": found.dividendRho(time),
    }


@pytest.mark.parametrize("model", MODELS)
def test_prices_and_greeks_are_those_of_quantlib(model: str) -> None:
    book = wide(COUNT, seed=1)
    ours = MODELS[model](kinds(COUNT), **book)
    for at, kind in enumerate(kinds(COUNT)):
        theirs = _quantlib(model, book, at, kind)
        scale = max(book["spot"][at], book["strike"][at]) if model != "cash_or_nothing" else 1.0
        for name, value in theirs.items():
            unit = scale / (book["spot"][at] ** {"delta": 1, "gamma": 2}.get(name, 0))
            mine = getattr(ours, name)[at]
            assert mine == pytest.approx(value, rel=1e-10, abs=1e-12 * unit), (name, at)


DERIVATIVES = (
    # measure, of which it is the derivative, by which argument, sign
    ("delta", "price", "spot", 1),
    ("vega", "price", "volatility", 1),
    ("theta", "price", "time", -1),
    ("rho", "price", "rate", 1),
    ("phi", "price", "dividend_yield", 1),
    ("gamma", "delta", "spot", 1),
    ("vanna", "delta", "volatility", 1),
    ("vomma", "vega", "volatility", 1),
    ("charm", "delta", "time", -1),
    ("veta", "vega", "time", -1),
    ("vera", "rho", "volatility", 1),
)


def _agrees(price: Pricing, book: Book, row: tuple[str, str, str, int]) -> None:
    name, base, by, sign = row
    step = 1e-5 * (book["spot"] if by == "spot" else 1.0)
    up, down = ({**book, by: book[by] + side * step} for side in (1, -1))
    upper, lower = (getattr(price(kinds(COUNT), **b), base) for b in (up, down))
    slope = sign * (upper - lower) / (2 * step)
    exact = getattr(price(kinds(COUNT), **book), name)
    rough = 1e-9 * (np.abs(upper) + book.get("spot", book.get("forward"))) / step * 1e-5
    assert np.all(np.abs(slope - exact) <= 2e-5 * np.abs(exact) + rough + 1e-7), name


def _moderate(seed: int) -> Book:
    draw = np.random.default_rng(seed)
    return {
        "spot": draw.uniform(50, 150, COUNT),
        "strike": draw.uniform(50, 150, COUNT),
        "time": draw.uniform(0.1, 2.0, COUNT),
        "rate": draw.uniform(-0.02, 0.1, COUNT),
        "volatility": draw.uniform(0.1, 0.6, COUNT),
        "dividend_yield": draw.uniform(0.0, 0.08, COUNT),
    }


@pytest.mark.compiled
@pytest.mark.parametrize("row", DERIVATIVES, ids=lambda row: row[0])
@pytest.mark.parametrize("model", MODELS)
def test_greeks_are_derivatives(model: str, row: tuple[str, str, str, int]) -> None:
    _agrees(MODELS[model], _moderate(2), row)


@pytest.mark.compiled
@pytest.mark.parametrize("row", DERIVATIVES, ids=lambda row: row[0])
@pytest.mark.parametrize("model", ["black_76", "bachelier"])
def test_greeks_on_a_forward_are_derivatives(model: str, row: tuple[str, str, str, int]) -> None:
    name, base, by, sign = row
    if by == "dividend_yield":
        assert not options.black_76("call", 100, 100, 1, 0.1, 0.2).phi
        return
    book = _moderate(3)
    del book["dividend_yield"]
    book["forward"] = book.pop("spot")
    if model == "bachelier":
        book["volatility"] *= 100
    _agrees(getattr(options, model), book, (name, base, by.replace("spot", "forward"), sign))


def test_bachelier_is_that_of_quantlib() -> None:
    draw = np.random.default_rng(4)
    forward, strike = draw.normal(0, 50, COUNT), draw.normal(0, 50, COUNT)
    time, rate, sigma = draw.uniform(0.05, 3, COUNT), draw.uniform(-0.02, 0.1, COUNT), 20.0
    ours = options.bachelier(kinds(COUNT), forward, strike, time, rate, sigma)
    for at, kind in enumerate(kinds(COUNT)):
        right = ql.Option.Call if kind == "call" else ql.Option.Put
        discount = float(np.exp(-rate[at] * time[at]))
        value = ql.bachelierBlackFormula(
            right, strike[at], forward[at], sigma * float(np.sqrt(time[at])), discount
        )
        assert ours.price[at] == pytest.approx(value, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("name", ["call", "put"])
def test_published_greeks(vectors: Callable[[str], Path], name: str) -> None:
    table = json.loads(vectors("options/vollib_test_data.json").read_text())
    rows = np.array(table["data"], float)
    column = {key: rows[:, at] for at, key in enumerate(table["columns"])}
    found = options.black_scholes(
        name, column["S"], column["K"], column["t"], column["R"], column["v"]
    )
    side = name[0].upper()
    given = {
        "price": column[f"bs_{name}"],
        "delta": column[f"{side}D"],
        "gamma": column[f"{side}G"],
        "theta": column[f"{side}T"],
        "vega": column[f"{side}V"],
        "rho": column[f"{side}R"],
    }
    for measure, values in given.items():
        np.testing.assert_allclose(getattr(found, measure), values, rtol=1e-6, atol=1e-6)


@pytest.mark.compiled
def test_haugs_prices(vectors: Callable[[str], Path]) -> None:
    tables = json.loads(vectors("options/quantlib_european.json").read_text())
    checked = 0
    for row in tables["europeanoption::testValues::values"]["rows"]:
        kind = row[0].rpartition(":")[2].lower()
        strike, spot, payout, rate, time, sigma, value, tolerance = map(float, row[1:9])
        found = options.black_scholes(kind, spot, strike, time, rate, sigma, payout)
        assert float(found.price) == pytest.approx(value, abs=tolerance)
        checked += 1
    assert checked > 20


def test_put_call_parity_and_monotony() -> None:
    book = wide(COUNT, seed=5)
    call, put = (options.black_scholes(kind, **book) for kind in ("call", "put"))
    held = book["spot"] * np.exp(-book["dividend_yield"] * book["time"])
    paid = book["strike"] * np.exp(-book["rate"] * book["time"])
    error = np.abs(call.price - put.price - (held - paid))
    assert np.all(error <= 1e-13 * (held + paid))
    assert np.all(call.delta - put.delta > 0)
    for greeks, right in ((call, 1), (put, -1)):
        assert np.all(greeks.price >= np.maximum(right * (held - paid), 0) - 1e-12 * (held + paid))
        assert np.all(right * greeks.delta >= 0)
        assert np.all(greeks.vega >= 0)
        assert np.all(greeks.gamma >= 0)


def test_what_cannot_move_has_its_limit() -> None:
    spot = np.array([90.0, 100.0, 110.0])
    for time, sigma in ((0.0, 0.2), (1.0, 0.0), (0.0, 0.0)):
        found = options.black_scholes("call", spot, 100.0, time, 0.0, sigma)
        np.testing.assert_allclose(found.price, [0, 0, 10], atol=1e-12)
        np.testing.assert_allclose(found.delta, [0, 0.5, 1], atol=1e-12)
        for name in ("vega", "gamma", "vanna", "vomma", "charm", "veta", "vera"):
            assert not np.any(getattr(found, name)), name
    still = options.black_scholes("put", 100.0, 120.0, 1.0, 0.05, 0.0)
    assert float(still.price) == pytest.approx(120 * np.exp(-0.05) - 100, rel=1e-14)
    digital = options.cash_or_nothing("call", spot, 100.0, 0.0, 0.05, 0.2)
    np.testing.assert_allclose(digital.price, [0, 0.5, 1], atol=1e-12)


def test_shapes_are_those_of_the_arguments() -> None:
    grid = options.black_scholes("call", np.array([90.0, 110.0])[:, None], [95.0, 100.0, 105.0],
                                 0.5, 0.01, 0.2)  # fmt: skip
    assert grid.price.shape == (2, 3)
    assert options.black_scholes_price("call", 100, 100, 1, 0, 0.2).shape == ()
    assert len(grid.frame()) == 6
    assert options.black_scholes("call", [], 100, 1, 0, 0.2).price.shape == (0,)
    twice = grid + grid
    np.testing.assert_array_equal(twice.vega, (2 * grid).vega)


def test_prices_alone_are_the_same_bits() -> None:
    book = wide(COUNT, seed=6)
    full = options.black_scholes(kinds(COUNT), **book).price
    np.testing.assert_array_equal(options.black_scholes_price(kinds(COUNT), **book), full)


GOOD = {"spot": 100.0, "strike": 100.0, "time": 1.0, "rate": 0.0, "volatility": 0.2}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("spot", 0.0), ("spot", -1.0), ("spot", np.nan), ("spot", np.inf), ("spot", "abc"),
        ("strike", 0.0), ("time", -0.1), ("time", np.nan), ("rate", 11.0), ("rate", np.nan),
        ("volatility", -0.2), ("volatility", np.nan), ("volatility", 1e3), ("spot", None),
    ],
)  # fmt: skip
def test_bad_input_names_the_field(field: str, value: object) -> None:
    with pytest.raises(InvalidField, match=rf"^{field} is"):
        options.black_scholes("call", **{**GOOD, field: value})
    if isinstance(value, float):
        with pytest.raises(InvalidField, match=rf"^{field}\[1\] is"):
            options.black_scholes("call", **{**GOOD, field: [GOOD[field], value]})


def test_bad_kinds_and_shapes() -> None:
    with pytest.raises(InvalidField, match=r"kind\[1\]"):
        options.black_scholes(["call", "straddle"], **GOOD)
    with pytest.raises(InvalidField, match="shapes"):
        options.black_scholes("call", **{**GOOD, "spot": [1.0, 2.0], "strike": [1.0, 2.0, 3.0]})
