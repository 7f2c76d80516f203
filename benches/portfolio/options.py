"""Option prices, Greeks and implied volatility: ns an option, on one core.

Workload: 100,000 European options from seed 7: spots and strikes 50 to 150, 0.05 to 2 years, 5 to
80 % volatility, calls and puts; implied volatility of out-of-the-money prices of the same kind;
200 American options in trees of 501 steps. Settings take turns, 15 rounds of processor time; the
median and the 10th percentile are shown. QuantLib's tree runs in the same turns where it is
installed.

    python -m benches.portfolio.options [ROUNDS]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from time import process_time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from risk import options

COUNT, TREES, STEPS = 100_000, 200, 501
Floats = NDArray[np.float64]
Run = Callable[[], object]


class Options:
    """The options of the workload."""

    def __init__(self, count: int = COUNT) -> None:
        draw = np.random.default_rng(7)
        self.count = count
        self.kind = np.where(draw.random(count) < 0.5, "call", "put")
        self.terms: dict[str, Floats] = {
            "spot": draw.uniform(50, 150, count),
            "strike": draw.uniform(50, 150, count),
            "time": draw.uniform(0.05, 2, count),
            "rate": draw.uniform(0, 0.08, count),
            "volatility": draw.uniform(0.05, 0.8, count),
        }

    def some(self, count: int) -> dict[str, Floats]:
        return {name: column[:count] for name, column in self.terms.items()}

    def quotes(self) -> tuple[Any, ...]:
        """(kind, price, forward, strike, time) of options out of the money."""
        spot, strike = self.terms["spot"], self.terms["strike"]
        outside = np.where(strike >= spot, "call", "put")
        terms = {**self.terms, "rate": np.zeros(self.count)}
        price = options.black_scholes_price(outside, **terms)
        seen = price > 1e-12
        return outside[seen], price[seen], spot[seen], strike[seen], self.terms["time"][seen]


def ours(book: Options) -> dict[str, tuple[int, Run]]:
    """name -> (options a run, run)."""
    quotes, few = book.quotes(), min(TREES, book.count)
    american = {**book.some(few), "dividend_yield": np.full(few, 0.03)}
    return {
        "price and 11 Greeks": (
            book.count, lambda: options.black_scholes(book.kind, **book.terms)),
        "price alone": (
            book.count, lambda: options.black_scholes_price(book.kind, **book.terms)),
        "implied volatility": (len(quotes[1]), lambda: options.implied_volatility(*quotes)),
        f"American, tree of {STEPS} steps, 5 trees": (
            few, lambda: options.american_tree("put", **american, steps=STEPS)),
        "American, approximation": (
            few, lambda: options.american_approximation("put", **american)),
    }  # fmt: skip


def peers(book: Options) -> dict[str, tuple[int, Run]]:
    """The same for QuantLib's tree, where it is installed."""
    found: dict[str, tuple[int, Run]] = {}
    if find_spec("QuantLib"):
        few = min(TREES, book.count)
        found[f"QuantLib, one American tree of {STEPS} steps"] = (few, quantlib_trees(book, few))
    return found


def quantlib_trees(book: Options, count: int) -> Run:
    """American puts in QuantLib's tree of the same kind and steps."""
    import QuantLib as ql

    today, day = ql.Date(1, 1, 2026), ql.Actual365Fixed()
    ql.Settings.instance().evaluationDate = today

    def curve(rate: float) -> Any:
        return ql.YieldTermStructureHandle(ql.FlatForward(today, rate, day))

    made = []
    for at in range(count):
        terms = {name: float(column[at]) for name, column in book.terms.items()}
        wobble = ql.BlackConstantVol(today, ql.NullCalendar(), terms["volatility"], day)
        process = ql.BlackScholesMertonProcess(
            ql.QuoteHandle(ql.SimpleQuote(terms["spot"])),
            curve(0.03), curve(terms["rate"]), ql.BlackVolTermStructureHandle(wobble),
        )  # fmt: skip
        expiry = today + max(int(365 * terms["time"]), 1)
        option = ql.VanillaOption(
            ql.PlainVanillaPayoff(ql.Option.Put, terms["strike"]),
            ql.AmericanExercise(today, expiry),
        )
        option.setPricingEngine(ql.BinomialVanillaEngine(process, "lr", STEPS))
        made.append(option)
    return lambda: [option.recalculate() for option in made]


def measure(runs: dict[str, tuple[int, Run]], rounds: int) -> dict[str, tuple[float, float]]:
    """name -> (median, 10th percentile) of processor time, ns an option."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, (count, run) in runs.items():
            start = process_time_ns()
            run()
            if turn:  # the first round compiles
                taken[name].append((process_time_ns() - start) / count)
    return {n: (float(np.median(t)), float(np.percentile(t, 10))) for n, t in taken.items()}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    book = Options()
    print(f"{'':48}{'median':>12}{'10th pct':>12}  ns an option")
    for name, (median, low) in measure({**ours(book), **peers(book)}, rounds).items():
        print(f"{name:48}{median:12,.0f}{low:12,.0f}")


if __name__ == "__main__":
    main()
