"""The obvious versions: each value from slices of the past, nothing remembered."""

from __future__ import annotations

import math

import numpy as np

Array = np.ndarray


def each(first: int, rows: int, value) -> Array:
    """NaN up to `first`, then value(i)."""
    out = np.full(rows, np.nan)
    for i in range(first, rows):
        out[i] = value(i)
    return out


def ema(v: Array, n: int, k: float | None = None) -> Array:
    """Seeded by the mean of the first n values that are not NaN."""
    k = 2.0 / (n + 1) if k is None else k
    live = np.flatnonzero(~np.isnan(v))
    out = np.full(len(v), np.nan)
    if len(live) >= n:
        at = live[n - 1]
        out[at] = np.mean(v[live[0] : at + 1])
        for i in range(at + 1, len(v)):
            out[i] = out[i - 1] + k * (v[i] - out[i - 1])
    return out


def sma(v: Array, n: int) -> Array:
    return each(n - 1, len(v), lambda i: np.mean(v[i - n + 1 : i + 1]))


def highest(v: Array, n: int) -> Array:
    return each(n - 1, len(v), lambda i: np.max(v[i - n + 1 : i + 1]))


def lowest(v: Array, n: int) -> Array:
    return each(n - 1, len(v), lambda i: np.min(v[i - n + 1 : i + 1]))


def true_range(h: Array, low: Array, c: Array) -> Array:
    last = np.concatenate([[np.nan], c[:-1]])
    return np.maximum(h, last) - np.minimum(low, last)


def returns(c: Array) -> Array:
    return np.concatenate([[np.nan], np.log(c[1:] / c[:-1])])


def rsi(c: Array, n: int) -> Array:
    d = np.concatenate([[np.nan], np.diff(c)])
    up, down = ema(np.maximum(d, 0.0), n, 1.0 / n), ema(np.maximum(-d, 0.0), n, 1.0 / n)
    return 100.0 * up / (up + down)


def choppiness(h: Array, low: Array, c: Array, n: int = 14) -> Array:
    tr = true_range(h, low, c)
    tr[0] = h[0] - low[0]

    def at(i: int) -> float:
        w = slice(i - n + 1, i + 1)
        return 100 * math.log10(np.sum(tr[w]) / (np.max(h[w]) - np.min(low[w]))) / math.log10(n)

    return each(n - 1, len(c), at)


def crsi(c: Array, n: int = 3, m: int = 2, far: int = 100) -> Array:
    streak = np.zeros(len(c))
    for i in range(1, len(c)):
        s = np.sign(c[i] - c[i - 1])
        streak[i] = streak[i - 1] + s if s * streak[i - 1] > 0 else s
    rate = np.concatenate([[np.nan], c[1:] / c[:-1]])
    rank = each(far + 1, len(c), lambda i: 100.0 * np.mean(rate[i - far : i] < rate[i]))
    return (rsi(c, n) + rsi(streak, m) + rank) / 3.0


def garman_klass(o: Array, h: Array, low: Array, c: Array, n: int = 20) -> Array:
    term = 0.5 * np.log(h / low) ** 2 - (2 * math.log(2) - 1) * np.log(c / o) ** 2
    return np.sqrt(sma(term, n))


def parkinson(h: Array, low: Array, n: int = 20) -> Array:
    return np.sqrt(sma(np.log(h / low) ** 2, n) / (4 * math.log(2)))


def historical_vol(c: Array, n: int = 20) -> Array:
    r = returns(c)
    return each(n, len(c), lambda i: np.std(r[i - n + 1 : i + 1], ddof=1))


def realised_vol(c: Array, n: int = 20) -> Array:
    r = returns(c)
    return each(n, len(c), lambda i: math.sqrt(np.sum(r[i - n + 1 : i + 1] ** 2)))


def yang_zhang(o: Array, h: Array, low: Array, c: Array, n: int = 20) -> Array:
    night = np.concatenate([[np.nan], np.log(o[1:] / c[:-1])])
    u, d, day = np.log(h / o), np.log(low / o), np.log(c / o)
    rs, k = u * (u - day) + d * (d - day), 0.34 / (1.34 + (n + 1) / (n - 1))

    def at(i: int) -> float:
        w = slice(i - n + 1, i + 1)
        var = np.var(night[w], ddof=1) + k * np.var(day[w], ddof=1)
        return math.sqrt(var + (1 - k) * np.mean(rs[w]))

    return each(n, len(c), at)


def ulcer(c: Array, n: int = 14) -> Array:
    fall = 100.0 * (c / highest(c, n) - 1.0)
    return each(2 * n - 2, len(c), lambda i: math.sqrt(np.mean(fall[i - n + 1 : i + 1] ** 2)))


def chandelier(h: Array, low: Array, c: Array, n: int = 22, k: float = 3.0) -> list[Array]:
    wide = ema(true_range(h, low, c), n, 1.0 / n)
    return [highest(h, n) - k * wide, lowest(low, n) + k * wide]


def alma(c: Array, n: int = 9, offset: float = 0.85, sigma: float = 6.0) -> Array:
    w = np.exp(-((np.arange(n) - offset * (n - 1)) ** 2) / (2.0 * (n / sigma) ** 2))
    return each(n - 1, len(c), lambda i: np.sum(w * c[i - n + 1 : i + 1]) / np.sum(w))


def stc(c: Array, a: int = 23, b: int = 50, n: int = 10, m1: int = 3, m2: int = 3) -> Array:
    def place(v: Array) -> Array:
        low, high, out, last = lowest(v, n), highest(v, n), np.full(len(v), np.nan), 0.0
        for i in range(len(v)):
            if high[i] == high[i]:
                last = 100 * (v[i] - low[i]) / (high[i] - low[i]) if high[i] > low[i] else last
                out[i] = last
        return out

    return ema(place(ema(place(ema(c, a) - ema(c, b)), m1)), m2)


def kst(c: Array) -> Array:
    out = np.zeros(len(c))
    for j, (far, n) in enumerate(((10, 10), (15, 10), (20, 10), (30, 15))):
        old = np.concatenate([np.full(far, np.nan), c[:-far]])
        out = out + (j + 1) * sma(100.0 * (c / old - 1.0), n)
    return out


def zscore(c: Array, n: int = 20) -> Array:
    w = lambda i: c[i - n + 1 : i + 1]  # noqa: E731
    return each(n - 1, len(c), lambda i: (c[i] - np.mean(w(i))) / np.std(w(i)))


def skew(c: Array, n: int = 30) -> Array:
    w = lambda i: c[i - n + 1 : i + 1] - np.mean(c[i - n + 1 : i + 1])  # noqa: E731
    return each(n - 1, len(c), lambda i: np.mean(w(i) ** 3) / np.mean(w(i) ** 2) ** 1.5)


def kurtosis(c: Array, n: int = 30) -> Array:
    w = lambda i: c[i - n + 1 : i + 1] - np.mean(c[i - n + 1 : i + 1])  # noqa: E731
    return each(n - 1, len(c), lambda i: np.mean(w(i) ** 4) / np.mean(w(i) ** 2) ** 2 - 3)


def autocorr(c: Array, n: int = 30, far: int = 1) -> Array:
    def at(i: int) -> float:
        w = c[i - n + 1 : i + 1] - np.mean(c[i - n + 1 : i + 1])
        return np.sum(w[far:] * w[:-far]) / np.sum(w * w)

    return each(n - 1, len(c), at)


def entropy(c: Array, n: int = 30, bins: int = 8) -> Array:
    def at(i: int) -> float:
        p = np.histogram(c[i - n + 1 : i + 1], bins)[0] / n
        return -sum(q * math.log2(q) for q in p if q > 0)

    return each(n - 1, len(c), at)


def median(c: Array, n: int = 30) -> Array:
    return each(n - 1, len(c), lambda i: np.median(c[i - n + 1 : i + 1]))


def microprice(bid: Array, ask: Array, bid_size: Array, ask_size: Array) -> Array:
    return (bid * ask_size + ask * bid_size) / (bid_size + ask_size)


def ofi(bid: Array, ask: Array, bid_size: Array, ask_size: Array, n: int = 20) -> Array:
    e = np.full(len(bid), np.nan)
    for i in range(1, len(bid)):
        e[i] = (bid[i] >= bid[i - 1]) * bid_size[i] - (bid[i] <= bid[i - 1]) * bid_size[i - 1]
        e[i] += (ask[i] >= ask[i - 1]) * ask_size[i - 1] - (ask[i] <= ask[i - 1]) * ask_size[i]
    return each(n, len(bid), lambda i: np.sum(e[i - n + 1 : i + 1]))


def roll_spread(price: Array, n: int = 50) -> Array:
    d = np.concatenate([[np.nan], np.diff(price)])

    def at(i: int) -> float:
        a, b = d[i - n + 1 : i + 1], d[i - n : i]
        return 2.0 * math.sqrt(max(-(np.mean(a * b) - np.mean(a) * np.mean(b)), 0.0))

    return each(n + 1, len(price), at)


def kyle_lambda(price: Array, size: Array, side: Array, n: int = 50) -> Array:
    d, q = np.concatenate([[np.nan], np.diff(price)]), size * side
    w = lambda i: slice(i - n + 1, i + 1)  # noqa: E731
    return each(n, len(price), lambda i: np.polyfit(q[w(i)], d[w(i)], 1)[0])


def amihud(price: Array, size: Array, n: int = 20) -> Array:
    term = np.abs(np.concatenate([[np.nan], price[1:] / price[:-1] - 1])) / (price * size)
    return each(n, len(price), lambda i: 1e6 * np.mean(term[i - n + 1 : i + 1]))


def vwap_rolling(h: Array, low: Array, c: Array, v: Array, n: int = 20) -> list[Array]:
    tp = (h + low + c) / 3.0

    def at(i: int, k: float) -> float:
        w = slice(i - n + 1, i + 1)
        mean = np.average(tp[w], weights=v[w])
        return mean + k * math.sqrt(np.average((tp[w] - mean) ** 2, weights=v[w]))

    return [each(n - 1, len(c), lambda i, k=k: at(i, k)) for k in (0.0, 2.0, -2.0)]


def vwap_session(h: Array, low: Array, c: Array, v: Array, session: Array) -> Array:
    tp = (h + low + c) / 3.0
    first = [int(np.flatnonzero(session == s)[0]) for s in session]
    return each(0, len(c), lambda i: np.average(tp[first[i] : i + 1], weights=v[first[i] : i + 1]))


def ichimoku(h: Array, low: Array) -> list[Array]:
    a, b, c = ((highest(h, n) + lowest(low, n)) / 2 for n in (9, 26, 52))
    late = lambda v: np.concatenate([np.full(26, np.nan), v[:-26]])  # noqa: E731
    return [a, b, late((a + b) / 2), late(c)]


def vidya(c: Array, n: int = 9, m: int = 12) -> Array:
    out, d = np.full(len(c), np.nan), np.concatenate([[np.nan], np.diff(c)])
    last = c[n - 1]
    for i in range(n, len(c)):
        w = d[i - n + 1 : i + 1]
        last += 2.0 / (m + 1) * abs(np.sum(w)) / np.sum(np.abs(w)) * (c[i] - last)
        out[i] = last
    return out


def mcginley(c: Array, n: int = 14) -> Array:
    out = np.full(len(c), np.nan)
    out[n - 1] = np.mean(c[:n])
    for i in range(n, len(c)):
        m = out[i - 1]
        out[i] = m + (c[i] - m) / max(n * (c[i] / m) ** 4, 1.0)
    return out


def fisher(h: Array, low: Array, n: int = 9) -> Array:
    v, out, a, f = (h + low) / 2, np.full(len(h), np.nan), 0.0, 0.0
    for i in range(n - 1, len(h)):
        w = v[i - n + 1 : i + 1]
        a = 0.66 * ((v[i] - min(w)) / (max(w) - min(w)) - 0.5) + 0.67 * a
        a = min(max(a, -0.999), 0.999)
        f = math.atanh(a) + 0.5 * f
        out[i] = f
    return out


def bbwidth(c: Array, n: int = 20, k: float = 2.0) -> list[Array]:
    mean = sma(c, n)
    wide = k * each(n - 1, len(c), lambda i: np.std(c[i - n + 1 : i + 1]))
    return [200 * wide / mean, (c - mean + wide) / (2 * wide)]


def sobv(c: Array, v: Array, n: int = 20) -> Array:
    line = v[0] + np.concatenate([[0.0], np.cumsum(np.sign(np.diff(c)) * v[1:])])
    return sma(line, n)
