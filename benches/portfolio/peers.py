"""Other libraries on the same options, where they are installed; each prices one at a time.

py_vollib is called as its users do, in a loop; QuantLib through its Python face, whose engines are
C++. py_vollib_vectorized does not compile under the numba of today: `vectorized` drives it in an
interpreter of its own, whole arrays a call, and says how long each took.
"""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

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


def vectorized(book: Options, interpreter: str) -> Runs:
    """py_vollib_vectorized under another Python: each run returns its processor time in ns.

    interpreter: a Python 3.8 with numba 0.56 and py_vollib_vectorized, say. Raises OSError if there
    is no such program, RuntimeError with its last words if it stops.
    """
    kinds, price, forward, strike, time = book.quotes()
    held = {
        **book.terms, "kind": _flags(book.kind), "right": _flags(kinds), "price": price,
        "forward": forward, "quoted_strike": strike, "quoted_time": time,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "options.npz")
        np.savez(path, **held)
        script = Path(__file__).with_name("vectorized.py")
        child = subprocess.Popen(
            [interpreter, str(script), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        _asking(child, "implied volatility")()  # the file is read, and the function compiled
    return {
        f"py_vollib_vectorized, {what}": (count, _asking(child, what))
        for what, count in (("price and 5 Greeks", book.count), ("implied volatility", len(price)))
    }


def _flags(kinds: Any) -> Any:
    return np.array([str(kind)[0] for kind in kinds])


def _asking(child: subprocess.Popen[str], what: str) -> Run:
    """A run that asks the child for one of its own."""
    asked, told = child.stdin, child.stdout
    assert asked is not None
    assert told is not None

    def run() -> int:
        try:
            print(what, file=asked, flush=True)
            return int(told.readline())
        except (BrokenPipeError, ValueError):
            said = child.communicate()[1].strip()
            raise RuntimeError(f"py_vollib_vectorized stopped: {said[-300:]}") from None

    return run
