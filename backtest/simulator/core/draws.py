"""Delays: constant, drawn from a distribution, or measured; each line keeps its order."""

import math

import numpy as np

from backtest.simulator.core.tables import EXPONENTIAL, LOGNORMAL, delays, head, measured
from domain.jit import kernel

_13, _7, _17 = np.uint64(13), np.uint64(7), np.uint64(17)


@kernel
def draw(w):
    """The next whole number of the run's generator (xorshift64, Marsaglia 2003), below 2**62."""
    h = head(w)[0]
    x = h["rng"]
    x ^= x << _13
    x ^= x >> _7
    x ^= x << _17
    h["rng"] = x
    return np.int64(x >> np.uint64(2))


@kernel
def uniform(w):
    """A number in (0, 1]."""
    return (draw(w) + 1.0) / 4611686018427387904.0


@kernel
def arrives(w, line, sent):
    """When what is sent at a time arrives: not before what was sent on the line before it."""
    d = delays(w)[line]
    due = sent + d["constant"]
    if d["count"]:
        due += measured(w)[d["first"] + draw(w) % d["count"]]
    elif d["shape"] == EXPONENTIAL:
        due += np.int64(-math.log(uniform(w)) * d["spread"])
    elif d["shape"] == LOGNORMAL:
        normal = math.sqrt(-2.0 * math.log(uniform(w))) * math.cos(2.0 * math.pi * uniform(w))
        due += np.int64(math.exp(normal) * d["spread"])
    due = max(due, d["last"])
    d["last"] = due
    return due
