"""American options against QuantLib and against what they can never be."""

from __future__ import annotations

import numpy as np
import pytest
import QuantLib as ql

from domain.errors import InvalidField
from domain.jit import DISABLED
from risk import options
from tests.risk.options.books import Book, kinds

pytestmark = pytest.mark.nojit

COUNT = 4 if DISABLED else 60
STEPS = 51 if DISABLED else 301
TODAY = ql.Date(1, 1, 2026)


def _book(seed: int) -> Book:
    draw = np.random.default_rng(seed)
    return {
        "spot": draw.uniform(60, 140, COUNT),
        "strike": np.full(COUNT, 100.0),
        "time": draw.integers(1, 4, COUNT).astype(float),
        "rate": draw.uniform(0.001, 0.1, COUNT),
        "volatility": draw.uniform(0.1, 0.6, COUNT),
        "dividend_yield": draw.uniform(0.001, 0.1, COUNT),
    }


def _quantlib(book: Book, at: int, kind: str, engine: str, steps: int = 0) -> ql.VanillaOption:
    ql.Settings.instance().evaluationDate = TODAY
    day = ql.Actual365Fixed()

    def curve(rate: float) -> ql.YieldTermStructureHandle:
        return ql.YieldTermStructureHandle(ql.FlatForward(TODAY, rate, day))

    wobble = ql.BlackConstantVol(TODAY, ql.NullCalendar(), float(book["volatility"][at]), day)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(float(book["spot"][at]))),
        curve(float(book["dividend_yield"][at])),
        curve(float(book["rate"][at])),
        ql.BlackVolTermStructureHandle(wobble),
    )
    right = ql.Option.Call if kind == "call" else ql.Option.Put
    expiry = TODAY + int(365 * book["time"][at])
    option = ql.VanillaOption(
        ql.PlainVanillaPayoff(right, float(book["strike"][at])),
        ql.AmericanExercise(TODAY, expiry),
    )
    if engine == "tree":
        option.setPricingEngine(ql.BinomialVanillaEngine(process, "lr", steps))
    else:
        option.setPricingEngine(ql.BaroneAdesiWhaleyApproximationEngine(process))
    return option


@pytest.mark.parametrize("steps", [51, 101])
def test_the_tree_is_that_of_quantlib(steps: int) -> None:
    book = _book(1)
    ours = options.american_tree(kinds(COUNT), **book, steps=steps)
    held = 0
    for at, kind in enumerate(kinds(COUNT)):
        theirs = _quantlib(book, at, kind, "tree", steps)
        assert ours.price[at] == pytest.approx(theirs.NPV(), rel=1e-9)
        assert ours.delta[at] == pytest.approx(theirs.delta(), rel=1e-7)
        assert ours.gamma[at] == pytest.approx(theirs.gamma(), rel=1e-6, abs=1e-9)
        if ours.price[at] > abs(book["spot"][at] - book["strike"][at]) * (1 + 1e-9):
            assert ours.theta[at] == pytest.approx(theirs.theta(), rel=1e-6, abs=1e-7)
            held += 1
    assert held >= COUNT // 4


def test_vega_and_rho_are_slopes() -> None:
    book = {**_book(2), "time": np.full(COUNT, 0.7)}
    ours = options.american_tree("put", **book, steps=101)
    for name, by, step in (("vega", "volatility", 1e-3), ("rho", "rate", 1e-4)):
        up, down = (
            options.american_tree("put", **{**book, by: book[by] + s * step}, steps=101).price
            for s in (1, -1)
        )
        np.testing.assert_allclose(getattr(ours, name), (up - down) / (2 * step), atol=0.2)


def test_the_approximation_is_that_of_quantlib() -> None:
    book = _book(3)
    ours = options.american_approximation(kinds(COUNT), **book)
    for at, kind in enumerate(kinds(COUNT)):
        theirs = _quantlib(book, at, kind, "approximation").NPV()
        assert ours[at] == pytest.approx(theirs, abs=1e-3)  # theirs stops at 1e-6 of the boundary


def test_early_exercise_is_worth_something() -> None:
    book = _book(4)
    european = options.black_scholes(kinds(COUNT), **book).price
    tree = options.american_tree(kinds(COUNT), **book, steps=STEPS).price
    right = np.array([1 if kind == "call" else -1 for kind in kinds(COUNT)])
    assert np.all(tree >= european * (1 - 5e-3) - 5e-3)
    assert np.all(tree >= right * (book["spot"] - book["strike"]) - 1e-9)
    approximate = options.american_approximation(kinds(COUNT), **book)
    np.testing.assert_allclose(approximate, tree, rtol=0.04, atol=0.1)


def test_a_call_without_dividends_is_european() -> None:
    book = {**_book(5), "dividend_yield": np.zeros(COUNT)}
    european = options.black_scholes("call", **book).price
    np.testing.assert_allclose(options.american_approximation("call", **book), european, rtol=1e-13)
    tree = options.american_tree("call", **book, steps=STEPS).price
    np.testing.assert_allclose(tree, european, rtol=5e-3, atol=5e-3)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"steps": 10}, "steps"), ({"steps": 500}, "steps"), ({"steps": 1.5}, "steps"),
     ({"time": 0.0}, "time"), ({"volatility": 0.0}, "volatility"), ({"spot": -1.0}, "spot")],
)  # fmt: skip
def test_bad_input_names_the_field(change: dict[str, float], field: str) -> None:
    good = {"spot": 100.0, "strike": 100.0, "time": 1.0, "rate": 0.05, "volatility": 0.2}
    with pytest.raises(InvalidField, match=f"^{field}"):
        options.american_tree("put", **{**good, **change})  # type: ignore[arg-type]


def test_the_approximation_refuses_negative_rates() -> None:
    with pytest.raises(InvalidField, match=r"rate\[1\] is -0.01"):
        options.american_approximation("put", 100, 100, 1.0, [0.01, -0.01], 0.2)


def test_prices_alone_are_those_of_the_whole_tree() -> None:
    book = _book(3)
    whole = options.american_tree(kinds(COUNT), **book, steps=STEPS)
    alone = options.american_tree_price(kinds(COUNT), **book, steps=STEPS)
    np.testing.assert_array_equal(alone, whole.price)
