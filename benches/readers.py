"""How fast market data files are read.

Workload: files of `messages` records, written to a temporary folder from one seed: orders of 200
to 900 around 50.00 that are added, executed in part, reduced and deleted, four records an order,
1,000 orders alive at a time. ITCH: A, E, X, D. LOBSTER: the message file, then with a ten-level
book file. Bitstamp: created, changed, changed, deleted. Order file: new, replace, replace,
cancel. Each is read to its end (facts or commands built and checked), five times; the median and
the spread are printed. "translate" turns the ITCH facts into commands, "rebuild" applies them to
the plain book.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from backtest.readers.facts import Rows
from backtest.readers.formats import open_feed
from backtest.readers.replay.commands import Director
from backtest.readers.replay.rebuild import Rebuilt

MESSAGES = 1_000_000
RUNS = 5
ALIVE = 1_000  # orders between an add and its delete
Steps = list[tuple[str, Rows]]


def flow(orders: int, seed: int = 1) -> Steps:
    """(what, rows) of four records an order; a row is (reference, price, quantity, buy, left).

    Record k of an order comes ALIVE orders after record k - 1; `steps` are in file order.
    """
    random = np.random.default_rng(seed)
    rows = np.empty((orders, 4), np.int64)
    rows[:, 0] = np.arange(1, orders + 1)
    rows[:, 3] = random.integers(0, 2, orders)
    away = random.integers(1, 200, orders) * 100
    rows[:, 1] = 500_000 + np.where(rows[:, 3] == 1, -away, away)
    rows[:, 2] = random.integers(2, 10, orders) * 100
    parts: Steps = []
    for start in range(0, orders + 3 * ALIVE, ALIVE):
        for k, what in enumerate(("add", "execute", "reduce", "delete")):
            first = start - k * ALIVE
            if 0 <= first < orders:
                parts.append((what, rows[first : first + ALIVE]))
    return parts


ITCH_ROW = {
    "add": [("len", ">u2"), ("type", "S1"), ("locate", ">u2"), ("track", ">u2"), ("hi", ">u2"),
            ("lo", ">u4"), ("ref", ">u8"), ("side", "S1"), ("qty", ">u4"), ("stock", "S8"),
            ("price", ">u4")],
    "execute": [("len", ">u2"), ("type", "S1"), ("locate", ">u2"), ("track", ">u2"),
                ("hi", ">u2"), ("lo", ">u4"), ("ref", ">u8"), ("qty", ">u4"), ("match", ">u8")],
    "reduce": [("len", ">u2"), ("type", "S1"), ("locate", ">u2"), ("track", ">u2"),
               ("hi", ">u2"), ("lo", ">u4"), ("ref", ">u8"), ("qty", ">u4")],
    "delete": [("len", ">u2"), ("type", "S1"), ("locate", ">u2"), ("track", ">u2"),
               ("hi", ">u2"), ("lo", ">u4"), ("ref", ">u8")],
}  # fmt: skip
ITCH_TYPE = {"add": b"A", "execute": b"E", "reduce": b"X", "delete": b"D"}


def itch_file(parts: Steps) -> Iterator[bytes]:
    """The flow as ITCH 5.0."""
    for what, rows in parts:
        out = np.zeros(len(rows), np.dtype(ITCH_ROW[what]))
        out["len"] = out.dtype.itemsize - 2
        out["type"], out["locate"], out["hi"] = ITCH_TYPE[what], 1, 10_000
        out["ref"] = rows[:, 0]
        if what == "add":
            out["side"] = np.where(rows[:, 3] == 1, b"B", b"S")
            out["stock"], out["price"], out["qty"] = b"BENCH   ", rows[:, 1], rows[:, 2]
        elif what != "delete":
            out["qty"] = 50
        yield out.tobytes()


def lobster_file(parts: Steps) -> Iterator[bytes]:
    """The flow as a LOBSTER message file."""
    kinds = {"add": 1, "execute": 4, "reduce": 2, "delete": 3}
    for what, rows in parts:
        lines = []
        for ref, price, qty, buy in rows.tolist():
            size = {"add": qty, "delete": qty - 100}.get(what, 50) or 1
            lines.append(f"34200.{ref:09d},{kinds[what]},{ref},{size},{price},{2 * buy - 1}\n")
        yield "".join(lines).encode()


def quote_file(messages: int) -> Iterator[bytes]:
    """A ten-level book row for each message, always the same book."""
    cells = [f"{600_000 + 100 * k},500,{400_000 - 100 * k},500" for k in range(10)]
    line = (",".join(cells) + "\n").encode()
    for start in range(0, messages, 10_000):
        yield line * min(10_000, messages - start)


def bitstamp_file(parts: Steps) -> Iterator[bytes]:
    """The flow as a Bitstamp-like event file."""
    names = {"add": "created", "execute": "changed", "reduce": "changed", "delete": "deleted"}
    yield b"id,timestamp,exchange.timestamp,price,volume,action,direction\n"
    for what, rows in parts:
        left = {"add": 0, "execute": 50, "reduce": 100, "delete": 100}[what]
        lines = []
        for ref, price, qty, buy in rows.tolist():
            stamp, side = f"1430{ref:09d},1430438404000", "bid" if buy else "ask"
            money = f"{price // 10_000}.{price // 100 % 100:02d}"
            lines.append(f"{ref},{stamp},{money},{qty - left},{names[what]},{side}\n")
        yield "".join(lines).encode()


def order_file(parts: Steps) -> Iterator[bytes]:
    """The flow as an order file."""
    names = {"add": "new", "execute": "replace", "reduce": "replace", "delete": "cancel"}
    yield b"time,action,order_id,side,price,qty,type,tif\n"
    for what, rows in parts:
        left = {"add": 0, "execute": 50, "reduce": 80, "delete": 100}[what]
        lines = []
        for ref, price, qty, buy in rows.tolist():
            money, side = f"{price // 10_000}.{price // 100 % 100:02d}", "buy" if buy else "sell"
            lines.append(f"34200.{ref:09d},{names[what]},{ref},{side},{money},{qty - left},,day\n")
        yield "".join(lines).encode()


def write(path: Path, blocks: Iterator[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(blocks)
    return path


def drain(path: Path, kind: str, **options: object) -> int:
    """Read a file to its end; the number of rows."""
    return sum(len(chunk) for chunk in open_feed(path, kind, **options).chunks)


def translate(path: Path, facts: list[Rows]) -> int:
    director = Director(open_feed(path, "itch"), "trade")
    return sum(batch.facts for chunk in facts for batch in director.translate(chunk))


def rebuild(facts: list[Rows]) -> int:
    book = Rebuilt()
    for chunk in facts:
        book.apply(chunk)
    return sum(len(chunk) for chunk in facts)


def measure(name: str, work: Callable[[], int], runs: int) -> tuple[str, int, list[float]]:
    """(name, rows, seconds of each run), after one run that compiles."""
    rows, seconds = work(), []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return name, rows, seconds


def cases(folder: Path, messages: int) -> list[tuple[str, Callable[[], int]]]:
    """The files, written, and what is measured on each."""
    parts = flow(messages // 4)
    itch = write(folder / "bench.itch", itch_file(parts))
    lobster = write(folder / "BENCH_2012-06-21_0_0_message_10.csv", lobster_file(parts))
    book = write(folder / "book.csv", quote_file(messages))
    bitstamp = write(folder / "bitstamp.csv", bitstamp_file(parts))
    orders = write(folder / "orders.csv", order_file(parts))
    facts = list(open_feed(itch, "itch").chunks)
    return [
        ("itch", lambda: drain(itch, "itch")),
        ("lobster, messages", lambda: drain(lobster, "lobster")),
        ("lobster, with book", lambda: drain(lobster, "lobster", book=book)),
        ("bitstamp", lambda: drain(bitstamp, "bitstamp")),
        ("order file", lambda: drain(orders, "csv")),
        ("translate to commands", lambda: translate(itch, facts)),
        ("rebuild plain book", lambda: rebuild(facts)),
    ]


def run(messages: int = MESSAGES, runs: int = RUNS) -> list[tuple[str, int, list[float]]]:
    """Write the files, measure, return (name, rows, seconds of each run)."""
    with tempfile.TemporaryDirectory() as folder:
        return [measure(name, work, runs) for name, work in cases(Path(folder), messages)]


def main() -> None:
    """Print one line a case: rows a second, median and slowest to fastest."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    print(f"{machine}, {versions}, {messages:,} messages")
    for name, rows, seconds in run(messages):
        middle, low, high = statistics.median(seconds), min(seconds), max(seconds)
        print(f"{name:24}{rows / middle:>14,.0f} rows/s   "
              f"({rows / high:,.0f} to {rows / low:,.0f})")  # fmt: skip


if __name__ == "__main__":
    main()
