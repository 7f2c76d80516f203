"""Indicators against TA-Lib, `ta` and talipp, in one process, taking turns.

    python -m benches.indicators            the whole run, about five minutes
    python -m benches.indicators --quick    small series only, a few seconds a part

Writes benches/results/indicators.json and .md with the machine. A figure is the median over
rounds of ns per value; each round times ours and theirs one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import indicators
from indicators.batch import Function
from indicators.registry import Row, rows

RESULTS = Path(__file__).resolve().parent / "results"
SIZES = (1_000, 100_000, 10_000_000)
BANK = (
    "sma", "ema", "rsi", "macd", "atr", "bbands", "stoch", "adx", "cci", "willr",
    "mom", "roc", "obv", "mfi", "wma", "dema", "kama", "stddev", "donchian", "supertrend",
)  # fmt: skip
Call = Callable[[], Any]


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


def turns(ours: Call, theirs: Call, rounds: int, repeat: int) -> tuple[float, float]:
    """Median seconds of each, taking turns."""
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
    return statistics.median(a), statistics.median(b)


def talib_call(row: Row, x: list[np.ndarray]) -> Call:
    """TA-Lib's function with the same parameters."""
    import talib

    function, named = getattr(talib, row.talib_name), {}
    for name, p in zip(row.talib.split()[1:], row.params, strict=False):
        value = p.number(row.name, p.default)
        named[name] = int(value) if p.integer or p.choices else value
    return lambda: function(*x, **named)


def against_talib(sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """ns per value of every function that TA-Lib has."""
    out: dict[str, dict[str, Any]] = {}
    for size in sizes:
        data = series(size)
        rounds, repeat = (15, max(1, 200_000 // size)) if size < 1_000_000 else (3, 1)
        for row in rows().values():
            if not row.talib:
                continue
            x, function = [data[c] for c in row.columns], Function(row)
            mine, theirs = turns(partial(function, *x), talib_call(row, x), rounds, repeat)
            record = out.setdefault(row.name, {"name": row.name, "group": row.group})
            record[str(size)] = [mine / size * 1e9, theirs / size * 1e9, mine / theirs]
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
            mine, other = turns(ours, theirs, 3, 1)
            out.append({"name": name, "ours": mine / count * 1e9, "ta": other / count * 1e9,
                        "times": other / mine})  # fmt: skip
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
    for _ in range(60):
        start = time.perf_counter()
        made.update(**tick)
        taken.append(time.perf_counter() - start)
    few = [getattr(indicators, n.upper())() for n in BANK]
    start = time.perf_counter()
    for _ in range(200):
        for stream in few:
            stream.update(*[100.5] * len(stream.row.columns))
    loop = (time.perf_counter() - start) / 200 * symbols
    return {"symbols": symbols, "ms": statistics.median(taken[40:]) * 1e3, "loop_ms": loop * 1e3}


def cores(count: int) -> dict[str, float]:
    """Seconds for 16 columns on one thread and on two."""
    stack = np.stack([series(count)["close"] + k for k in range(16)], 1)
    with ThreadPoolExecutor(2) as pool:
        one, two = turns(
            lambda: indicators.rsi(stack),
            lambda: indicators.rsi(stack, mapper=pool.map), 3, 1,
        )  # fmt: skip
    return {"one_s": one, "two_s": two, "faster": one / two}


def summary(talib: list[dict[str, Any]], sizes: tuple[int, ...]) -> dict[str, Any]:
    """Median and worst ratio to TA-Lib for each size."""
    out = {}
    for size in sizes:
        ratios = sorted((r[str(size)][2], r["name"]) for r in talib)
        over = [f"{n} {x:.2f}" for x, n in ratios if x > 1.5]
        out[str(size)] = {
            "median": statistics.median(x for x, _ in ratios),
            "worst": ratios[-1][0],
            "over_1.5": over,
        }
    return out


def page(found: dict[str, Any], sizes: tuple[int, ...]) -> str:
    """The results as Markdown."""
    about = f"{found['machine']}, {found['when']}, versions {found['versions']}."
    lines = ["# Indicators", "", about, "", "ns per value: ours, TA-Lib, ratio.", ""]
    for size in sizes:
        s = found["summary"][str(size)]
        lines.append(
            f"- {size:,} values: median ratio {s['median']:.2f}, worst {s['worst']:.2f}, "
            f"{len(s['over_1.5'])} above 1.5"
        )
    b, c = found["bank"], found["cores"]
    bank_line = f"- bank of {b['symbols']:,} symbols x {len(BANK)}: {b['ms']:.1f} ms a tick "
    times = statistics.median(t["times"] for t in found["ta"])
    lines += [
        bank_line + f"(a loop of streams {b['loop_ms']:.0f} ms)",
        f"- 16 columns on two threads: {c['faster']:.2f} times as fast as on one",
        f"- median over `ta`: {times:.0f} times as fast",
        "",
        "| function | " + " | ".join(f"{size:,}" for size in sizes) + " |",
        "|---|" + "---|" * len(sizes),
    ]
    for r in found["talib"]:
        cells = (f"{r[str(k)][0]:.2f} / {r[str(k)][1]:.2f} = {r[str(k)][2]:.2f}" for k in sizes)
        lines.append(f"| {r['name']} | " + " | ".join(cells) + " |")
    lines += ["", "| against `ta` | ours | ta | times |", "|---|---|---|---|"]
    lines += [f"| {t['name']} | {t['ours']:.1f} | {t['ta']:.1f} | {t['times']:.0f} |"
              for t in found["ta"]]  # fmt: skip
    lines += ["", "| one update, ns p50 | ours | talipp |", "|---|---|---|"]
    lines += [f"| {t['name']} | {t['ours']:.0f} | {t['talipp']:.0f} |" for t in found["stream"]]
    return "\n".join(lines) + "\n"


def versions() -> str:
    """What ran."""
    from importlib.metadata import version

    return ", ".join(f"{n} {version(n)}" for n in ("TA-Lib", "ta", "talipp", "numba", "numpy"))


def main() -> None:
    """Measure, write the files, print the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    sizes = SIZES[:1] if quick else SIZES
    talib = against_talib(sizes)
    found = {
        "machine": f"{platform.machine()}, {platform.system()}, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": versions(),
        "summary": summary(talib, sizes),
        "bank": bank(100 if quick else 10_000),
        "cores": cores(10_000 if quick else 500_000),
        "stream": streaming(),
        "ta": against_ta(500 if quick else 5_000),
        "talib": talib,
    }
    if not quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "indicators.json").write_text(json.dumps(found, indent=1) + "\n")
        (RESULTS / "indicators.md").write_text(page(found, sizes))
    print(page(found, sizes))


if __name__ == "__main__":
    main()
