"""Where each number of an option lies: rows of the terms, rows of the results, lanes of a block.

Options are columns: terms (TERMS, n) and results (RESULTS, n), so that a kernel reads and writes
whole cache lines. A block of them is copied to the stack, where the compiler can see that nothing
overlaps, and priced without a branch.
"""

# RIGHT is 1.0 for a call, -1.0 for a put; SIGMA a volatility a year, TIME years
SPOT, STRIKE, TIME, RATE, PAYOUT, SIGMA, RIGHT, TERMS = 0, 1, 2, 3, 4, 5, 6, 7

NAMES = (
    "price", "delta", "vega", "theta", "rho", "phi",
    "gamma", "vanna", "vomma", "charm", "veta", "vera",
)  # fmt: skip
RESULTS = len(NAMES)
PRICE, DELTA, VEGA, THETA, RHO, PHI, GAMMA, VANNA, VOMMA, CHARM, VETA, VERA = range(RESULTS)

BLACK, BACHELIER, CASH_OR_NOTHING = 0, 1, 2
LANES = 64
