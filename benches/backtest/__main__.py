"""`python -m benches.backtest [--bars N] [--peer-bars N] [--events N] [--rounds N] [--json PATH]`.

Peers take turns with ours on the same bars; a figure is the fastest of the rounds, for a machine
that does other work only adds time. A peer may get the first `--peer-bars` of the bars: its time
a bar is what is compared.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from backtest.record import Record
from backtest.simulator import run
from benches import machine
from benches.backtest import histories, ours
from benches.backtest.peers import PEERS
from benches.page import table

Line = dict[str, Any]


def timed(call: Callable[[], Record], rounds: int) -> tuple[float, Record]:
    """The fastest of some rounds, and the record of the last."""
    best, record = float("inf"), call()  # the first compiles, and is not counted
    for _ in range(rounds):
        began = time.perf_counter()
        record = call()
        best = min(best, time.perf_counter() - began)
    return best, record


def line(name: str, seconds: float, rows: int, fills: int) -> Line:
    """One row of the page."""
    return {"name": name, "rows": rows, "ns": seconds / rows * 1e9, "fills": fills}


def fills(record: Record) -> int:
    """Fills of own orders."""
    return int((record.reports["exec_type"] == 70).sum())


def cross_lines(count: int, peer_count: int, rounds: int) -> list[Line]:
    """The moving-average cross in every form."""
    data = histories.Made(count, histories.bars).held()
    found = []
    for name, strategy in (("event-driven", ours.Cross), ("compiled", ours.cross)):
        seconds, record = timed(partial(run, strategy, data, cash=100_000), rounds)
        found.append(line(f"gridworks, {name}", seconds, count, fills(record)))
    for name, peer in PEERS.items():
        if find_spec(name):
            part = data.rows[:peer_count]
            seconds, trades = min(peer(part) for _ in range(max(1, rounds // 2)))
            found.append(line(f"{name} {version(name)}", seconds, len(part), trades))
    return found


def maker_line(count: int, rounds: int) -> Line:
    """A market maker against single orders."""
    data = histories.Made(count, histories.orders).held()
    seconds, record = timed(lambda: run(ours.maker, data, cash=10**7), rounds)
    return line("gridworks, market maker on single orders", seconds, count, fills(record))


def memory_line(count: int) -> Line:
    """Memory that ten times as many streamed bars take, MB at its highest.

    The two averages are the same, so nothing trades: what a run keeps is its fills and samples.
    """
    peaks = []
    for times in (1, 10):
        data = histories.Made(times * count, histories.bars)
        run(ours.cross, data, {"fast": ours.SLOW}, sample_ns=10**15)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return {"rows": 10 * count, "mb_first": peaks[0], "mb_ten": peaks[1]}


def page(lines: list[Line], memory: Line, facts: dict[str, str]) -> str:
    """The results as Markdown."""
    ns = {entry["name"]: entry["ns"] for entry in lines}
    event, quick = ns["gridworks, event-driven"], ns["gridworks, compiled"]
    rows = [
        (
            e["name"], f"{e['rows']:,}", f"{e['ns']:,.0f}", f"{1e9 / e['ns']:,.0f}",
            f"{e['fills']:,}", f"{e['ns'] / event:.2f}", f"{e['ns'] / quick:.1f}",
        )
        for e in lines
    ]  # fmt: skip
    names = ("what", "rows", "ns/row", "rows/s", "fills", "x event-driven", "x compiled")
    first, ten = memory["mb_first"], memory["mb_ten"]
    streamed = f"{memory['rows'] // 10:,} streamed bars, {ten:.0f} MB after {memory['rows']:,} more"
    parts = [
        "# Back-tests",
        " · ".join(f"{name} {value}" for name, value in facts.items()),
        table(names, rows),
        f"Memory at its highest: {first:.0f} MB after {streamed}.",
        "What is counted as a fill differs: trades in backtesting.py, orders in backtrader.",
    ]
    return "\n\n".join(parts) + "\n"


def main(given: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("bars", 10**6), ("peer-bars", 10**5), ("events", 10**6), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--json", type=Path, help="write PATH.json and PATH.md")
    wish = parser.parse_args(given)
    memory = memory_line(wish.bars // 2)  # first: a high-water mark does not go down
    lines = cross_lines(wish.bars, min(wish.peer_bars, wish.bars), wish.rounds)
    lines.append(maker_line(wish.events, wish.rounds))
    facts = machine.facts()
    text = page(lines, memory, facts)
    print(text)
    if wish.json:
        data = {"facts": facts, "lines": lines, "memory": memory}
        wish.json.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n")
        wish.json.with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
