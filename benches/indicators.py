"""Indicators against TA-Lib, `ta` and talipp, in one process, taking turns.

`gridworks indicators bench` runs it (docs/indicators/speed.md). A figure is the median over
rounds of ns per value; each round times ours and theirs one after the other. Ratios come twice:
of the medians, and of the fastest rounds, which is what a machine that does other work at the
same time leaves of the truth.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

import indicators
from indicators.batch import Function
from indicators.registry import Row, rows

PARTS = ("talib", "talib10m", "bank", "cores", "stream", "ta")
SIZES = (1_000, 100_000, 10_000_000)
BANK = (
    "sma", "ema", "rsi", "macd", "atr", "bbands", "stoch", "adx", "cci", "willr",
    "mom", "roc", "obv", "mfi", "wma", "dema", "kama", "stddev", "donchian", "supertrend",
)  # fmt: skip
Call = Callable[[], Any]
Tell = Callable[[str], object]


def series(count: int) -> dict[str, np.ndarray]:
    """A random walk of bars."""
    r = np.random.default_rng(11)
    close = 100.0 * np.exp(np.cumsum(r.normal(0.0, 0.0005, count)))
    first = close * (1.0 + r.normal(0.0, 0.0005, count))
    high = np.maximum(first, close) * (1.0 + np.abs(r.normal(0.0, 0.0004, count)))
    low = np.minimum(first, close) * (1.0 - np.abs(r.normal(0.0, 0.0004, count)))
    volume = r.integers(100_000, 1_000_000, count).astype(np.float64)
    out = {"open": first, "high": high, "low": low, "close": close, "volume": volume}
    return out | {"x": high, "y": low, "periods": r.integers(2, 31, count).astype(np.float64)}


class Pair(NamedTuple):
    """Seconds of ours and of theirs: medians and fastest rounds."""

    ours: float
    theirs: float
    best: float
    their_best: float


def turns(ours: Call, theirs: Call, rounds: int, repeat: int) -> Pair:
    """Seconds of each, taking turns."""
    a, b = [], []
    ours(), theirs()
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeat):
            ours()
        middle = time.perf_counter()
        for _ in range(repeat):
            theirs()
        end = time.perf_counter()
        a.append((middle - start) / repeat)
        b.append((end - middle) / repeat)
    return Pair(statistics.median(a), statistics.median(b), min(a), min(b))


def talib_call(row: Row, x: list[np.ndarray]) -> Call:
    """TA-Lib's function with the same parameters."""
    import talib

    function, named = getattr(talib, row.talib_name), {}
    for name, p in zip(row.talib.split()[1:], row.params, strict=False):
        value = p.number(row.name, p.default)
        named[name] = int(value) if p.integer or p.choices else value
    return lambda: function(*x, **named)


def against_talib(sizes: tuple[int, ...], tell: Tell = str) -> list[dict[str, Any]]:
    """ns per value of every function that TA-Lib has: ours, theirs, ratio, ratio of the fastest."""
    out: dict[str, dict[str, Any]] = {}
    for size in sizes:
        data = series(size)
        rounds, repeat = (15, max(1, 30_000 // size)) if size < 1_000_000 else (3, 1)
        asked = [row for row in rows().values() if row.talib]
        for k, row in enumerate(asked):
            if k % 25 == 0:
                tell(f"  {size:,} values: {k} of {len(asked)} functions")
            x, function = [data[c] for c in row.columns], Function(row)
            t = turns(partial(function, *x), talib_call(row, x), rounds, repeat)
            record = out.setdefault(row.name, {"name": row.name, "group": row.group})
            per = t.ours / size * 1e9, t.theirs / size * 1e9
            record[str(size)] = [*per, t.ours / t.theirs, t.best / t.their_best]
    return list(out.values())


def against_ta(count: int) -> list[dict[str, Any]]:
    """ns per value against `ta` for some of its classes."""
    import pandas as pd
    import ta

    d = {k: pd.Series(v) for k, v in series(count).items()}
    h, low, c, v = d["high"], d["low"], d["close"], d["volume"]
    p = [d[k].to_numpy().copy() for k in ("high", "low", "close", "volume")]
    cases: dict[str, tuple[Call, Call]] = {
        "rsi": (lambda: indicators.rsi(p[2]), lambda: ta.momentum.RSIIndicator(c).rsi()),
        "macd": (lambda: indicators.macd(p[2]), lambda: ta.trend.MACD(c).macd_diff()),
        "sma": (lambda: indicators.sma(p[2], 20), lambda: ta.trend.sma_indicator(c, 20)),
        "wma": (lambda: indicators.wma(p[2], 9), lambda: ta.trend.wma_indicator(c, 9)),
        "bbands": (lambda: indicators.bbands(p[2]), lambda: ta.volatility
                   .BollingerBands(c).bollinger_hband()),
        "atr": (lambda: indicators.atr(*p[:3]), lambda: ta.volatility
                .AverageTrueRange(h, low, c).average_true_range()),
        "adx": (lambda: indicators.adx(*p[:3]), lambda: ta.trend.ADXIndicator(h, low, c).adx()),
        "cci": (lambda: indicators.cci(*p[:3], 20), lambda: ta.trend.CCIIndicator(h, low, c).cci()),
        "kama": (lambda: indicators.kama(p[2], 10), lambda: ta.momentum.KAMAIndicator(c).kama()),
        "stoch": (lambda: indicators.stochf(*p[:3], 14), lambda: ta.momentum
                  .StochasticOscillator(h, low, c).stoch()),
        "ulcer": (lambda: indicators.ulcer(p[2]), lambda: ta.volatility.UlcerIndex(c)
                  .ulcer_index()),
        "mfi": (lambda: indicators.mfi(*p), lambda: ta.volume.MFIIndicator(h, low, c, v)
                .money_flow_index()),
        "aroon": (lambda: indicators.aroon(p[0], p[1], 25), lambda: ta.trend
                  .AroonIndicator(h, low).aroon_up()),
        "sar": (lambda: indicators.sar(p[0], p[1]), lambda: ta.trend.PSARIndicator(h, low, c)
                .psar()),
        "obv": (lambda: indicators.obv(p[2], p[3]), lambda: ta.volume
                .OnBalanceVolumeIndicator(c, v).on_balance_volume()),
        "cmf": (lambda: indicators.cmf(*p), lambda: ta.volume
                .ChaikinMoneyFlowIndicator(h, low, c, v).chaikin_money_flow()),
    }  # fmt: skip
    out = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, (ours, theirs) in cases.items():
            t = turns(ours, theirs, 3, 1)
            out.append({"name": name, "ours": t.ours / count * 1e9, "ta": t.theirs / count * 1e9,
                        "times": t.theirs / t.ours})  # fmt: skip
    return out


def p50(call: Call, count: int = 20_000) -> float:
    """Median ns of single calls, the cost of the clock taken off."""

    def spent(f: Call) -> float:
        taken = []
        for _ in range(count):
            start = time.perf_counter_ns()
            f()
            taken.append(time.perf_counter_ns() - start)
        return float(statistics.median(taken))

    return spent(call) - spent(int)


def streaming() -> list[dict[str, Any]]:
    """ns of one update through Python, against talipp."""
    from talipp import indicators as peer

    out = []
    for name in ("sma", "ema", "rsi", "wma", "dema"):
        ours, theirs = getattr(indicators, name.upper())(14), getattr(peer, name.upper())(14)
        values = iter(series(200_000)["close"].tolist())
        for _ in range(100):
            value = next(values)
            ours.update(value)
            theirs.add(value)
        mine = p50(partial(ours.update, 101.5))
        other = p50(partial(theirs.add, 101.5), 5_000)
        out.append({"name": name, "ours": mine, "talipp": other})
    return out


def bank(symbols: int) -> dict[str, float]:
    """ms per tick of 20 indicators over many symbols, and the same as a loop of streams."""
    r = np.random.default_rng(3)
    names = ("open", "high", "low", "close", "volume")
    tick = {k: r.random(symbols) + 100.0 for k in names}
    made = indicators.IndicatorBank(symbols, BANK)
    taken = []
    for _ in range(140):
        start = time.perf_counter()
        made.update(**tick)
        taken.append(time.perf_counter() - start)
    few = [getattr(indicators, n.upper())() for n in BANK]
    start = time.perf_counter()
    for _ in range(200):
        for stream in few:
            stream.update(*[100.5] * len(stream.row.columns))
    loop = (time.perf_counter() - start) / 200 * symbols
    times = {"ms": statistics.median(taken[40:]), "best_ms": min(taken[40:]), "loop_ms": loop}
    return {"symbols": symbols} | {k: v * 1e3 for k, v in times.items()}


def cores(count: int) -> dict[str, float]:
    """Seconds for 16 columns on one thread and on two."""
    stack = np.stack([series(count)["close"] + k for k in range(16)], 1)
    with ThreadPoolExecutor(2) as pool:
        t = turns(
            lambda: indicators.rsi(stack),
            lambda: indicators.rsi(stack, mapper=pool.map), 5, 1,
        )  # fmt: skip
    return {"one_s": t.best, "two_s": t.their_best, "faster": t.best / t.their_best}


def summary(talib: list[dict[str, Any]], size: int) -> dict[str, Any]:
    """Median and worst ratio to TA-Lib for one size."""
    found = [(*r[str(size)][2:], r["name"]) for r in talib if str(size) in r]
    return {
        "functions": len(found),
        "median": statistics.median(r[0] for r in found),
        "median_of_fastest": statistics.median(r[1] for r in found),
        "over_1.5": sorted(f"{r[2]} {r[0]:.2f}" for r in found if r[0] > 1.5),
        "over_1.5_of_fastest": sorted(f"{r[2]} {r[1]:.2f}" for r in found if r[1] > 1.5),
    }


def headlines(found: dict[str, Any], sizes: list[int]) -> list[str]:
    """The sentences above the tables."""
    lines = []
    for size in sizes:
        s = summary(found["talib"], size)
        over = ", ".join(s["over_1.5_of_fastest"]) or "none"
        lines.append(
            f"- {size:,} values, {s['functions']} functions: median ratio {s['median']:.2f} "
            f"({s['median_of_fastest']:.2f} of the fastest rounds), {len(s['over_1.5'])} above "
            f"1.5; of the fastest rounds above 1.5: {over}"
        )
    if "bank" in found:
        b = found["bank"]
        lines.append(
            f"- bank of {b['symbols']:,} symbols x {len(BANK)}: median {b['ms']:.1f} ms, fastest "
            f"{b['best_ms']:.1f} ms a tick (a loop of streams {b['loop_ms']:.0f} ms)"
        )
    if "cores" in found:
        lines.append(
            f"- 16 columns on two threads: {found['cores']['faster']:.2f} times as fast as on one"
        )
    if "ta" in found:
        times = statistics.median(t["times"] for t in found["ta"])
        lines.append(f"- median over `ta`: {times:.0f} times as fast")
    return lines


def page(found: dict[str, Any]) -> str:
    """The results as Markdown."""
    sizes = [n for n in SIZES if any(str(n) in r for r in found.get("talib", ()))]
    about = f"{found['machine']}, {found['when']}, versions {found['versions']}."
    lines = ["# Indicators", "", "Made by `gridworks indicators bench`.", "", about, ""]
    lines += headlines(found, sizes)
    if sizes:
        lines += ["", "ns per value: ours / TA-Lib = ratio (ratio of the fastest rounds).", ""]
        lines += ["| function | " + " | ".join(f"{n:,}" for n in sizes) + " |"]
        lines += ["|---|" + "---|" * len(sizes)]
    for r in found.get("talib", ()):
        cells = [r.get(str(n)) for n in sizes]
        shown = (f"{c[0]:.2f} / {c[1]:.2f} = {c[2]:.2f} ({c[3]:.2f})" if c else "" for c in cells)
        lines.append(f"| {r['name']} | " + " | ".join(shown) + " |")
    lines += ["", "| against `ta`, ns | ours | ta | times |", "|---|---|---|---|"]
    lines += [f"| {t['name']} | {t['ours']:.1f} | {t['ta']:.1f} | {t['times']:.0f} |"
              for t in found.get("ta", ())]  # fmt: skip
    lines += ["", "| one update, ns p50 | ours | talipp |", "|---|---|---|"]
    lines += [f"| {t['name']} | {t['ours']:.0f} | {t['talipp']:.0f} |"
              for t in found.get("stream", ())]  # fmt: skip
    return "\n".join(lines) + "\n"


def versions() -> str:
    """What ran."""
    from importlib.metadata import version

    return ", ".join(f"{n} {version(n)}" for n in ("TA-Lib", "ta", "talipp", "numba", "numpy"))


def merged(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records by name: sizes measured anew replace those of before."""
    by_name = {r["name"]: r for r in old}
    return [by_name.get(r["name"], {}) | r for r in new]


def measure(part: str, found: dict[str, Any], quick: bool = False, tell: Tell = str) -> None:
    """Measure one of `PARTS` into `found`; `tell` is told how far it is."""
    found["machine"] = (
        f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    found["when"], found["versions"] = datetime.now(UTC).strftime("%Y-%m-%d"), versions()
    if part == "bank":
        found["bank"] = bank(100 if quick else 10_000)
    elif part == "cores":
        found["cores"] = cores(10_000 if quick else 500_000)
    elif part == "stream":
        found["stream"] = streaming()
    elif part == "ta":
        found["ta"] = against_ta(500 if quick else 5_000)
    else:
        sizes = (1_000, 100_000) if part == "talib" else (10_000_000,)
        new = against_talib(sizes[:1] if quick else sizes, tell)
        found["talib"] = merged(found.get("talib", []), new)


def missing() -> list[str]:
    """The peers that are not installed."""
    return [name for name in ("talib", "ta", "talipp") if find_spec(name) is None]
