"""Does a long stream drift?  ``python -m tests.indicators.drift [ROWS] [NAME ...]``

Every registry row runs over ROWS values (10 million by default) in chunks, and its last values
are held against a computation that has nothing behind it: for a finite window the same indicator
on the last rows alone; for a recursion, which forgets its start at a rate that its lengths give,
the same on the last 20,000 rows, of which the last 100 are compared; for a running total, sums in
extended precision. Prints the largest relative error of each row and a table for the docs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from indicators.registry import Row, rows
from indicators.stream import stream_class
from tests.indicators.series import columns

CHUNK = 250_000
TAIL, SEEN = 20_000, 100
# Totals since the first row, and states that never forget it: compared in extended precision, or
# not at all, with the reason.
LONG = np.longdouble


def money(h: np.ndarray, low: np.ndarray, c: np.ndarray, v: np.ndarray) -> np.ndarray:
    h, low, c = h.astype(LONG), low.astype(LONG), c.astype(LONG)
    return ((c - low) - (h - c)) / (h - low) * v


def ratio(c: np.ndarray) -> np.ndarray:
    """Each close over the one before; the first over itself."""
    c = c.astype(LONG)
    return np.concatenate([[LONG(1)], c[1:] / c[:-1]])


def index(c: np.ndarray, v: np.ndarray, sign: int) -> np.ndarray:
    went = np.concatenate([[0.0], np.sign(np.diff(v))]) == sign
    return 1000 * np.exp(np.cumsum(np.where(went, np.log(ratio(c)), LONG(0))))


def vwap(h: np.ndarray, low: np.ndarray, c: np.ndarray, v: np.ndarray) -> np.ndarray:
    price = (h.astype(LONG) + low + c) / 3
    return np.cumsum(price * v) / np.cumsum(v.astype(LONG))


def wad(h: np.ndarray, low: np.ndarray, c: np.ndarray) -> np.ndarray:
    last = np.concatenate([c[:1], c[:-1]])
    up, down = c - np.minimum(low, last).astype(LONG), c - np.maximum(h, last).astype(LONG)
    return np.cumsum(np.where(c > last, up, np.where(c < last, down, LONG(0))))


TOTALS: dict[str, Callable[..., np.ndarray]] = {
    "ad": lambda *x: np.cumsum(money(*x)),
    "cumsum": lambda c: np.cumsum(c.astype(LONG)),
    "nvi": lambda c, v: index(c, v, -1),
    "obv": lambda c, v: v[0] + np.cumsum(np.sign(np.diff(c, prepend=c[0])) * v.astype(LONG)),
    "pvi": lambda c, v: index(c, v, 1),
    "pvt": lambda c, v: np.cumsum((ratio(c) - 1) * v),
    "signed_volume": lambda size, side: np.cumsum((size * side).astype(LONG)),
    "vwap": vwap,
    "vwap_anchored": vwap,
    "wad": wad,
}
# Steps that decide by comparison: a late start may stand on the other side for ever.
DECIDES = {
    "renko": "bricks lie on a grid from the first close",
    "zigzag": "legs start from the first low",
    "sobv": "its level is that of all volume; the total it averages is `obv`",
    "vpin": "buckets are cut from the first trade on",
    "cumreturn": "a ratio to the first close: nothing is summed",
}


def series(count: int) -> dict[str, np.ndarray]:
    """Bars that stay near 100 for as long as one likes: a slow cycle, a fast one, noise."""
    r, t = np.random.default_rng(11), np.arange(count)
    close = 100.0 + 20.0 * np.sin(t / 9e4) + 3.0 * np.sin(t / 37.0) + r.normal(0.0, 0.4, count)
    first = close + r.normal(0.0, 0.3, count)
    high = np.maximum(first, close) + np.abs(r.normal(0.0, 0.2, count)) + 0.01
    low = np.minimum(first, close) - np.abs(r.normal(0.0, 0.2, count)) - 0.01
    out = {"open": first, "high": high, "low": low, "close": close, "price": close}
    out |= {"x": high, "y": low, "bid": close - 0.01, "ask": close + 0.01}
    out["volume"] = r.integers(100_000, 1_000_000, count).astype(float)
    out |= {"size": out["volume"], "side": r.choice([-1.0, 1.0], count)}
    out["bid_size"] = r.integers(1, 100, count).astype(float)
    out["ask_size"] = r.integers(1, 100, count).astype(float)
    out["periods"] = r.integers(2, 31, count).astype(float)
    out["session"] = np.floor(t / 390.0)
    return out


def last_values(row: Row, x: list[np.ndarray]) -> list[np.ndarray]:
    """The last rows of a stream that was fed chunk by chunk."""
    stream, out = stream_class(row)(), None
    for at in range(0, len(x[0]), CHUNK):
        out = columns(stream.extend(*[c[at : at + CHUNK] for c in x]))
    return [np.asarray(c[-SEEN:], float) for c in out or ()]


def drift(row: Row, data: dict[str, np.ndarray]) -> float:
    """The largest error of the last rows, relative to the largest value there."""
    x = [data[c] for c in row.columns]
    got = last_values(row, x)
    if row.name in TOTALS:
        want = [TOTALS[row.name](*x)[-SEEN:]]
    else:
        want = list(columns(stream_class(row)().extend(*[c[-TAIL:] for c in x])))
        if row.name.endswith("index"):
            want = [w + (len(x[0]) - TAIL) for w in want]
    return max(far(a, np.asarray(b[-SEEN:])) for a, b in zip(got, want, strict=False))


def far(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference relative to the largest value; NaNs must stand on the same rows."""
    if not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return np.inf
    live = np.isfinite(a)
    if not live.any():
        return 0.0
    return float(np.max(np.abs(a[live] - b[live])) / max(float(np.max(np.abs(b[live]))), 1e-300))


def main() -> None:
    """Run and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    data = series(count)
    for name, row in rows().items():
        if name not in DECIDES and (len(sys.argv) < 3 or name in sys.argv[2:]):
            sys.stdout.write(f"{name} {drift(row, data):.1e}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
