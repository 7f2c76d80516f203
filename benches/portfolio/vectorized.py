"""py_vollib_vectorized in an interpreter of its own, because it needs a numba of 2022.

Run by that interpreter: `python vectorized.py OPTIONS.npz` answers each line of its input, "price
and 5 Greeks" or "implied volatility", with the nanoseconds of processor time of its thread. It
imports nothing of this project, and only what an old Python has.
"""

import sys
import warnings
from time import thread_time_ns

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import py_vollib_vectorized as vollib  # type: ignore[import-not-found]  # noqa: E402


def main() -> None:
    held = np.load(sys.argv[1])
    terms = [held[name] for name in ("kind", "spot", "strike", "time", "rate", "volatility")]
    price, forward, strike, time, right = (
        held[name] for name in ("price", "forward", "quoted_strike", "quoted_time", "right")
    )

    def price_and_greeks() -> None:
        vollib.vectorized_black_scholes(*terms, return_as="numpy")
        vollib.get_all_greeks(*terms, model="black_scholes", return_as="dict")

    def implied() -> None:
        vollib.vectorized_implied_volatility_black(
            price, forward, strike, 0.0, time, right, return_as="numpy", on_error="ignore"
        )

    runs = {"price and 5 Greeks": price_and_greeks, "implied volatility": implied}
    for line in sys.stdin:
        run = runs[line.strip()]
        start = thread_time_ns()
        run()
        print(thread_time_ns() - start, flush=True)


if __name__ == "__main__":
    main()
