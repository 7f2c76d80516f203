"""Twins of what an order book and a tape of trades tell."""

from __future__ import annotations

import math

import numpy as np

from tests.reference.indicators.parts import Array, Table, change, late, over, pairs, sma, total

TWINS = Table()


@TWINS("microprice")
def microprice(bid: Array, ask: Array, bid_size: Array, ask_size: Array) -> Array:
    return (bid * ask_size + ask * bid_size) / (bid_size + ask_size)


@TWINS("imbalance")
def imbalance(bid_size: Array, ask_size: Array) -> Array:
    return over(bid_size - ask_size, bid_size + ask_size)


@TWINS("quoted_spread")
def quoted_spread(bid: Array, ask: Array) -> list[Array]:
    return [ask - bid, 1e4 * (ask - bid) / ((ask + bid) / 2)]


@TWINS("ofi")
def ofi(bid: Array, ask: Array, bid_size: Array, ask_size: Array, n: int) -> Array:
    """Cont, Kukanov and Stoikov, equation 3."""
    e = np.full(len(bid), np.nan)
    for i in range(1, len(bid)):
        e[i] = (bid[i] >= bid[i - 1]) * bid_size[i] - (bid[i] <= bid[i - 1]) * bid_size[i - 1]
        e[i] -= (ask[i] <= ask[i - 1]) * ask_size[i] - (ask[i] >= ask[i - 1]) * ask_size[i - 1]
    return total(e, n)


@TWINS("tick_rule")
def tick_rule(price: Array) -> Array:
    out = np.zeros(len(price))
    for i in range(1, len(price)):
        out[i] = np.sign(price[i] - price[i - 1]) or out[i - 1]
    return out


@TWINS("signed_volume")
def signed_volume(size: Array, side: Array) -> Array:
    return np.cumsum(size * side)


@TWINS("roll_spread")
def roll_spread(price: Array, n: int) -> Array:
    d = change(price)

    def at(a: Array, b: Array) -> float:
        cov = math.fsum((a - math.fsum(a) / n) * (b - math.fsum(b) / n)) / n
        return 2.0 * math.sqrt(max(-cov, 0.0))

    return pairs(d, late(d, 1), n, at)


@TWINS("kyle_lambda")
def kyle_lambda(price: Array, size: Array, side: Array, n: int) -> Array:
    def at(q: Array, d: Array) -> float:
        a = q - math.fsum(q) / n
        return float(over(math.fsum(a * d), math.fsum(a * a)))

    return pairs(size * side, change(price), n, at)


@TWINS("amihud")
def amihud(price: Array, size: Array, n: int, scale: float) -> Array:
    return scale * sma(np.abs(change(price) / late(price, 1)) / (price * size), n)


@TWINS("vpin")
def vpin(size: Array, side: Array, bucket: float, buckets: int) -> Array:
    """Easley, Lopez de Prado and O'Hara: the tape is cut into buckets of equal volume, a trade
    may fill several; the mean of |bought - sold| / bucket over the last full ones."""
    out = np.full(len(size), np.nan)
    full: list[float] = []
    held = signed = 0.0
    for i in range(len(size)):
        left = size[i]
        while left > 0:
            part = min(left, bucket - held)
            held, signed, left = held + part, signed + part * side[i], left - part
            if held >= bucket:
                full.append(abs(signed) / bucket)
                held = signed = 0.0
        if len(full) >= buckets:
            out[i] = sum(full[-buckets:]) / buckets
    return out
