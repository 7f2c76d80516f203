"""Other matching engines from PyPI, fed the same stream in the same run.

None of them checks risk, keeps positions or writes reports; prices and ids are given to each in
the form it wants, translated before the clock starts. A marketable IOC order is a limit order
there: the stream's marketable orders fill completely, so nothing of them rests.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np

from domain.codes import Command

Rows = np.ndarray[Any, Any]
Step = tuple[int, int, int, int, int]  # command, id (of the order named), side, price, quantity
Peer = Callable[[list[Step]], int]
LACKS = {
    "litebook": "Rust; no risk, no positions, no reports; float prices",
    "lightmatchingengine": "Python; no risk, no positions; trades as objects",
    "pyorderbook": "Python, Decimal prices; no risk, no positions; trades as objects",
}


def litebook() -> Peer:
    """https://pypi.org/project/litebook"""
    import litebook as module  # type: ignore[import-not-found]

    book, ids = module.OrderBook(tick_size=1.0), {}
    sides = (None, module.OrderType.Buy, module.OrderType.Sell)

    def run(steps: list[Step]) -> int:
        start = time.perf_counter_ns()
        for command, number, side, price, qty in steps:
            if command == Command.NEW_ORDER:
                order = book.create_order(sides[side], float(price), float(qty))
                ids[number] = order.id
                book.add(order)
            else:
                book.cancel(ids.pop(number))
        return time.perf_counter_ns() - start

    return run


def lightmatchingengine() -> Peer:
    """https://pypi.org/project/lightmatchingengine"""
    from lightmatchingengine.lightmatchingengine import (  # type: ignore[import-not-found]
        LightMatchingEngine,
    )

    engine, ids = LightMatchingEngine(), {}

    def run(steps: list[Step]) -> int:
        start = time.perf_counter_ns()
        for command, number, side, price, qty in steps:
            if command == Command.NEW_ORDER:
                ids[number] = engine.add_order("X", price, qty, side)[0].order_id
            else:
                engine.cancel_order(ids.pop(number), "X")
        return time.perf_counter_ns() - start

    return run


def pyorderbook() -> Peer:
    """https://pypi.org/project/pyorderbook"""
    from pyorderbook.book import Book  # type: ignore[import-not-found]
    from pyorderbook.order import Order, Side  # type: ignore[import-not-found]

    book, orders = Book(), {}
    sides = (None, Side.BID, Side.ASK)

    def run(steps: list[Step]) -> int:
        start = time.perf_counter_ns()
        for command, number, side, price, qty in steps:
            if command == Command.NEW_ORDER:
                order = orders[number] = Order(sides[side], "X", price, qty)
                book.match(order)
            else:
                book.cancel(orders.pop(number))
        return time.perf_counter_ns() - start

    return run


PEERS: dict[str, Callable[[], Peer]] = {
    "litebook": litebook,
    "lightmatchingengine": lightmatchingengine,
    "pyorderbook": pyorderbook,
}


def installed() -> tuple[dict[str, Peer], list[str]]:
    """Fresh engines by name, and the names of those that are not there."""
    there = {name: make() for name, make in PEERS.items() if find_spec(name) is not None}
    return there, [name for name in PEERS if name not in there]


def steps_of(rows: Rows) -> list[Step]:
    """A stream of new orders and cancels as tuples of ints."""
    named = np.where(
        rows["command"] == Command.NEW_ORDER, rows["cl_ord_id"], rows["orig_cl_ord_id"]
    )
    columns = (rows["command"], named, rows["side"], rows["price"], rows["order_qty"])
    return list(zip(*(c.tolist() for c in columns), strict=True))


def compare(
    ours: Callable[[Rows], float], fill: list[Rows], stretches: list[Rows]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Each stretch through ours, then through every peer; ratio is the median of the pairs.

    `ours` applies rows and returns nanoseconds per command; the peers get `fill` first.
    """
    peers, missing = installed()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in peers}
    for rows in fill:
        for run in peers.values():
            run(steps_of(rows))
    for rows in stretches:
        own, steps = ours(rows), steps_of(rows)
        for name, run in peers.items():
            taken[name].append((run(steps) / len(rows), own))
    lines = [
        {
            "peer": name,
            "ns": median(theirs for theirs, _ in pairs),
            "ratio": median(theirs / own for theirs, own in pairs),
            "lacks": LACKS[name],
        }
        for name, pairs in taken.items()
    ]
    return lines, missing
