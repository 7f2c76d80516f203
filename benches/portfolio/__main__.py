"""All of portfolio risk in one process, taking turns with other libraries.

    python -m benches.portfolio [--rounds N] [--json FILE] [--vectorized PYTHON]

Each line is run once to compile and warm up, then once a round, in turns. Options: nanoseconds of
processor time of the thread (that of the process would count BLAS threads that wait), and run once
more before the clock starts, so that the memory of results is at hand, as it is in a loop; one line
shows what it costs when it is not. py_vollib_vectorized runs under PYTHON, an interpreter that has
it, and times itself in the same way. Portfolios: milliseconds from start to end, all cores. Shown
are the median and the fastest round; with --json they are written to FILE.json and FILE.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter_ns, thread_time_ns
from typing import Any

import numpy as np

from benches.machine import facts
from benches.page import table
from benches.portfolio import margin
from benches.portfolio.book import History, option_book
from benches.portfolio.options import STEPS, TREES, Options, ours
from benches.portfolio.peers import peers, vectorized
from risk import options

OPTIONS, DRAWS, POSITIONS, DAYS = 1_000, 10_000, 10_000, 2_500
ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is measured: `count` items a run; wall: time from start to end.

    again: run it once more before the clock starts; told: it returns the nanoseconds itself.
    """

    name: str
    count: int
    run: Callable[[], object]
    wall: bool = False
    target: str = ""
    again: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """Nanoseconds an item (options) or a run (portfolios)."""

    name: str
    median: float
    fastest: float
    wall: bool
    target: str


TARGETS = {
    "price and 11 Greeks": "50 ns (20 million a second)",
    "implied volatility": "333 ns (3 million a second)",
}


def lines(size: float = 1.0, elsewhere: str = "") -> list[Line]:
    """What is measured; `size` scales it down for tests; elsewhere: the other interpreter."""
    book = Options(max(int(100_000 * size), 20))
    few = max(int(TREES * size), 5)
    american = {**book.some(few), "dividend_yield": np.full(few, 0.03)}
    found = [
        Line(name, count, run, target=TARGETS.get(name, ""), again=True)
        for name, (count, run) in ours(book).items()
    ]
    found.insert(0, Line("price and 11 Greeks, memory not at hand", book.count, found[0].run))

    def trees() -> object:
        return options.american_tree_price("put", **american, steps=STEPS)

    name = f"one American tree of {STEPS} steps"
    found.append(Line(name, few, trees, target="2 x QuantLib", again=True))
    found += [Line(name, count, run) for name, (count, run) in peers(book, few).items()]
    if elsewhere:
        others = vectorized(book, elsewhere)
        found += [Line(name, count, run, told=True) for name, (count, run) in others.items()]
    return found + _portfolios(size)


def _portfolios(size: float) -> list[Line]:
    count, draws = max(int(OPTIONS * size), 10), max(int(DRAWS * size), 100)
    held = option_book(count)
    history = History(max(int(POSITIONS * size), 10), max(int(DAYS * size), 100))
    model, accounts = margin.market(), max(int(margin.ACCOUNTS * size), 10)
    many = margin.Accounts(model, accounts)

    def revalue() -> object:
        return held.value_at_risk(methods=["monte_carlo"], draws=draws)

    def margins() -> object:
        columns = (many.contracts, many.quantities, many.open_buy, many.open_sell)
        return model.margins(many.bounds, *columns)

    return [
        Line(f"Monte Carlo, {count:,} options x {draws:,} scenarios", 1, revalue, True, "1 s"),
        Line(f"historical, {len(history.values):,} positions x {len(history.returns):,} days", 1,
             history.tail, True, "50 ms"),
        Line("the same table read once (numpy.sum)", 1, history.read, True),
        Line(f"scenario margin, {accounts:,} accounts x {margin.POSITIONS} positions", 1, margins,
             True, "1 s"),
    ]  # fmt: skip


def measure(runs: list[Line], rounds: int) -> list[Figure]:
    """Figures in the order of the lines."""
    taken: list[list[float]] = [[] for _ in runs]
    for turn in range(rounds + 1):
        for line, figures in zip(runs, taken, strict=True):
            clock = perf_counter_ns if line.wall else thread_time_ns
            if line.again:
                line.run()
            start = clock()
            told = line.run()
            taken_ns = told if line.told and isinstance(told, int) else clock() - start
            if turn:  # the first turn compiles
                figures.append(taken_ns / line.count)
    return [
        Figure(line.name, float(np.median(figures)), min(figures), line.wall, line.target)
        for line, figures in zip(runs, taken, strict=True)
    ]


def markdown(figures: list[Figure], machine: dict[str, str], rounds: int) -> str:
    """The page that is kept beside the JSON."""
    def cells(figure: Figure) -> tuple[str, ...]:
        scale, unit = (1e6, "ms") if figure.wall else (1.0, "ns")
        return (
            figure.name, figure.target, f"{figure.median / scale:,.1f} {unit}",
            f"{figure.fastest / scale:,.1f} {unit}",
        )  # fmt: skip

    known = ", ".join(f"{key} {value}" for key, value in machine.items())
    columns = ("what", "target", "median", "fastest")
    absent = [name for name in ("py_vollib", "QuantLib") if not find_spec(name)]
    parts = [
        "# Portfolio risk, measured",
        f"{known}; {rounds} rounds, in turns.",
        "Options: processor time an option, one core. Portfolios: start to end, all cores.",
        table(columns, [cells(figure) for figure in figures], 2),
    ]
    if absent:
        parts.append(f"Not installed: {', '.join(absent)}.")
    if any("vectorized" in figure.name for figure in figures):
        parts.append(
            "py_vollib_vectorized does not compile under the numba of today and ran in turns with "
            "the rest, in a process of its own with an older Python. It gives five Greeks."
        )
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(prog="python -m benches.portfolio")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--vectorized", default="", metavar="PYTHON",
                        help="an interpreter that has py_vollib_vectorized")  # fmt: skip
    words = parser.parse_args()
    figures, machine = measure(lines(elsewhere=words.vectorized), words.rounds), facts()
    page = markdown(figures, machine, words.rounds)
    print(page)
    if words.json is not None:
        data: dict[str, Any] = {"machine": machine, "rounds": words.rounds,
                                "figures": [asdict(figure) for figure in figures]}  # fmt: skip
        words.json.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n", "utf-8")
        words.json.with_suffix(".md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
