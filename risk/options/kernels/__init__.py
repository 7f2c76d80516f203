"""The kernels of option pricing: one option each, and the loops over many.

Lives here: the normal distribution, exponential and logarithm as SIMD code, the European models,
the tree, implied volatility. `columns` says how options lie in arrays.

Does not live here: checks of arguments, which come before. Who may import it: risk.options,
benches, tests.
"""
