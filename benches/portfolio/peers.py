"""Other libraries on the same options, where they are installed; each prices one at a time.

py_vollib is called as its users do, in a loop; QuantLib through its Python face, whose engines are
C++. py_vollib_vectorized is not here: it does not compile under the numba of today.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any

from benches.portfolio.options import STEPS, Options, Run, quantlib_trees

Runs = dict[str, tuple[int, Run]]
FEW = 1_000


def peers(book: Options, trees: int) -> Runs:
    """name -> (options a run, run)."""
    found: Runs = {}
    if find_spec("py_vollib"):
        found |= _vollib(book)
    if find_spec("QuantLib"):
        found |= _quantlib(book)
        name = f"QuantLib, one American tree of {STEPS} steps"
        found[name] = (trees, quantlib_trees(book, trees))
    return found


def _rows(book: Options) -> list[tuple[float, float, float, float, float]]:
    terms = book.some(min(FEW, book.count))
    names = ("spot", "strike", "time", "rate", "volatility")
    return list(zip(*(terms[name].tolist() for name in names), strict=True))


def _vollib(book: Options) -> Runs:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it has a new name
        from py_vollib.black import implied_volatility
        from py_vollib.black_scholes import black_scholes
        from py_vollib.black_scholes.greeks import analytical

    rows, flags = _rows(book), [str(kind)[0] for kind in book.kind[:FEW]]
    kinds, price, forward, strike, time = (column[:FEW] for column in book.quotes())
    quotes = list(zip(price.tolist(), forward.tolist(), strike.tolist(), time.tolist(),
                      [str(kind)[0] for kind in kinds], strict=True))  # fmt: skip
    greeks = tuple(getattr(analytical, n) for n in ("delta", "gamma", "vega", "theta", "rho"))

    def price_and_greeks() -> None:
        for flag, (s, k, t, r, v) in zip(flags, rows, strict=False):
            black_scholes(flag, s, k, t, r, v)
            for greek in greeks:
                greek(flag, s, k, t, r, v)

    def implied() -> None:
        for p, f, k, t, flag in quotes:
            implied_volatility.implied_volatility(p, f, k, 0.0, t, flag)

    return {
        "py_vollib, price and 5 Greeks": (len(rows), price_and_greeks),
        "py_vollib, implied volatility": (len(quotes), implied),
    }


def _quantlib(book: Options) -> Runs:
    import QuantLib as ql

    rows = _rows(book)
    rights = [ql.Option.Call if str(k)[0] == "c" else ql.Option.Put for k in book.kind[:FEW]]
    kinds, price, forward, strike, _ = (column[:FEW] for column in book.quotes())
    sides = [ql.Option.Call if str(kind)[0] == "c" else ql.Option.Put for kind in kinds]
    quotes = list(zip(sides, strike.tolist(), forward.tolist(), price.tolist(), strict=True))

    def price_and_greeks() -> None:
        for right, (s, k, t, r, v) in zip(rights, rows, strict=False):
            discount = 2.718281828459045 ** (-r * t)
            payoff = ql.PlainVanillaPayoff(right, k)
            made: Any = ql.BlackCalculator(payoff, s / discount, v * t**0.5, discount)
            made.value(), made.delta(s), made.gamma(s)
            made.vega(t), made.theta(s, t), made.rho(t)

    def implied() -> None:
        for side, k, f, p in quotes:
            ql.blackFormulaImpliedStdDev(side, k, f, p)

    return {
        "QuantLib, price and 5 Greeks": (len(rows), price_and_greeks),
        "QuantLib, implied deviation": (len(quotes), implied),
    }
