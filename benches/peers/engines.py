"""Other matching engines from PyPI, fed the same stream in the same run.

None of them checks risk or keeps positions; prices and ids are given to each in the form it
wants, translated before the clock starts. A marketable IOC order is a limit order there: the
stream's marketable orders fill completely, so nothing of them rests. How many orders rest after
a stretch must be the same in all. All figures are processor time of the one thread that each
engine uses, so that what else the machine does falls on nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from time import thread_time_ns
from typing import Any

import numpy as np

from domain.codes import Command, Side

Rows = np.ndarray[Any, Any]
Step = tuple[int, int, int, int, int]  # command, id (of the order named), side, price, quantity
Clock = Callable[[list[Step]], int]  # applies steps, returns nanoseconds of processor time
Count = Callable[[], int]  # orders that rest
BUDGET_NS = 20 * 10**9  # a peer that has used this up is not asked any more
LEAST = 3  # stretches that each peer runs at least


def litebook() -> tuple[Clock, Count]:
    """The package litebook"""
    module: Any = import_module("litebook")
    book, ids = module.OrderBook(tick_size=1.0), {}
    sides = (None, module.OrderType.Buy, module.OrderType.Sell)

    def run(steps: list[Step]) -> int:
        start = thread_time_ns()
        for command, number, side, price, qty in steps:
            if command == Command.NEW_ORDER:
                order = book.create_order(sides[side], float(price), float(qty))
                ids[number] = order.id
                book.add(order)
            else:
                book.cancel(ids.pop(number))
        return thread_time_ns() - start

    return run, lambda: len(book.buy_orders) + len(book.sell_orders)


def lightmatchingengine() -> tuple[Clock, Count]:
    """The package lightmatchingengine"""
    module: Any = import_module("lightmatchingengine.lightmatchingengine")
    engine, ids = module.LightMatchingEngine(), {}

    def run(steps: list[Step]) -> int:
        start = thread_time_ns()
        for command, number, side, price, qty in steps:
            if command == Command.NEW_ORDER:
                ids[number] = engine.add_order("X", price, qty, side)[0].order_id
            else:
                engine.cancel_order(ids.pop(number), "X")
        return thread_time_ns() - start

    def resting() -> int:
        book = engine.order_books["X"]
        return sum(len(level) for half in (book.bids, book.asks) for level in half.values())

    return run, resting


def pyorderbook() -> tuple[Clock, Count]:
    """The package pyorderbook"""
    module: Any = import_module("pyorderbook.order")
    book, orders = import_module("pyorderbook.book").Book(), {}
    make, sides = module.Order, (None, module.Side.BID, module.Side.ASK)

    def run(steps: list[Step]) -> int:
        start = thread_time_ns()
        for command, number, side, price, qty in steps:
            if command == Command.NEW_ORDER:
                order = orders[number] = make(sides[side], "X", price, qty)
                book.match(order)
            else:
                book.cancel(orders.pop(number))
        return thread_time_ns() - start

    return run, lambda: len(book.order_map)


def liquibook() -> tuple[Clock, Count]:
    """The package liquibook, the Python binding of the C++ library"""
    module: Any = import_module("liquibook")
    book, orders = module.DepthOrderBook(), {}
    book.set_symbol("X")

    def run(steps: list[Step]) -> int:
        start = thread_time_ns()
        for command, number, side, price, qty in steps:
            if command == Command.NEW_ORDER:
                order = orders[number] = module.SimpleOrder(side == Side.BUY, price, qty)
                book.add(order)
            else:
                book.cancel(orders.pop(number))
        return thread_time_ns() - start

    return run, lambda: int(book.bids().size()) + int(book.asks().size())


def limit_order_book() -> tuple[Clock, Count]:
    """The package limit-order-book, a C++ library called through ctypes"""
    book: Any = import_module("limit_order_book").LimitOrderBook()

    def run(steps: list[Step]) -> int:
        start = thread_time_ns()
        for command, number, side, price, qty in steps:
            if command != Command.NEW_ORDER:
                book.cancel(number)
            elif side == Side.BUY:
                book.limit_buy(number, qty, price)
            else:
                book.limit_sell(number, qty, price)
        return thread_time_ns() - start

    return run, lambda: int(book.count())


def order_matching() -> tuple[Clock, Count]:
    """The package order-matching"""
    import_module("loguru").logger.disable("order_matching")
    half: Any = import_module("order_matching.enums").Side
    make: Any = import_module("order_matching.order").LimitOrder
    batch: Any = import_module("order_matching.orders").Orders
    engine: Any = import_module("order_matching.matching_engine").MatchingEngine(seed=1)
    sides = (None, half.BUY, half.SELL)
    now, gap = datetime(2024, 1, 1), timedelta(microseconds=10)

    def run(steps: list[Step]) -> int:
        nonlocal now
        start = thread_time_ns()
        for command, number, side, price, qty in steps:
            now += gap
            if command == Command.NEW_ORDER:
                order = make(
                    side=sides[side], price=float(price), size=float(qty), timestamp=now,
                    order_id=str(number), trader_id="X",
                )  # fmt: skip
                engine.place(batch([order]))
                engine.match(now)
            else:
                engine.cancel_order(str(number))
        return thread_time_ns() - start

    def resting() -> int:
        book = engine.unprocessed_orders
        return sum(len(level) for half in (book.bids, book.offers) for level in half.values())

    return run, resting


# module: (adapter, what it is)
PEERS: dict[str, tuple[Callable[[], tuple[Clock, Count]], str]] = {
    "liquibook": (liquibook, "C++ behind SWIG; no listener is set, so it tells nobody of a fill"),
    "limit_order_book": (limit_order_book, "C++ behind ctypes; tells nobody of a fill"),
    "litebook": (litebook, "Rust; float prices; fills as objects"),
    "lightmatchingengine": (lightmatchingengine, "Python; trades as objects"),
    "pyorderbook": (pyorderbook, "Python, Decimal prices; trades as objects"),
    "order_matching": (order_matching, "Python, float prices; trades as objects"),
}

OURS = "numba; all risk checks, positions, a report row for each event and side"


def installed() -> tuple[list[str], dict[str, str]]:
    """Peers that can be imported, and why each of the others cannot."""
    there, missing = [], {}
    for name, (make, _) in PEERS.items():
        if find_spec(name) is None:
            missing[name] = "not installed"
            continue
        try:
            make()
        except Exception as error:  # an old binary, a missing dependency
            missing[name] = f"{type(error).__name__}: {error}"
        else:
            there.append(name)
    return there, missing


def steps_of(rows: Rows) -> list[Step]:
    """A stream of new orders and cancels as tuples of ints."""
    named = np.where(
        rows["command"] == Command.NEW_ORDER, rows["cl_ord_id"], rows["orig_cl_ord_id"]
    )
    columns = (rows["command"], named, rows["side"], rows["price"], rows["order_qty"])
    return list(zip(*(c.tolist() for c in columns), strict=True))


def clocked(run: Callable[[Rows], object], rows: Rows) -> float:
    """Nanoseconds of processor time per command of one of ours."""
    start = thread_time_ns()
    run(rows)
    return (thread_time_ns() - start) / len(rows)


def compare(
    ours: dict[str, Callable[[Rows], object]], fill: list[Rows], stretches: list[tuple[Rows, int]]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Each stretch through ours, then through every peer; ratio is the median of the pairs.

    `ours` apply rows; the first is what the ratios are to. The peers get `fill` first. A stretch is
    its rows and how many orders rest after them. Returns lines for the table, and why peers are
    missing.

    Raises:
        AssertionError: another number of orders rests in a peer.
    """
    names, missing = installed()
    peers = {name: PEERS[name][0]() for name in names}
    spent = {name: sum(run(steps_of(rows)) for rows in fill) for name, (run, _) in peers.items()}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in (*ours, *peers)}
    for number, (rows, resting) in enumerate(stretches):
        steps, own = steps_of(rows), [clocked(run, rows) for run in ours.values()]
        for name, ns in zip(ours, own, strict=True):
            taken[name].append((ns, own[0]))
        for name, (run, count) in peers.items():
            if number >= LEAST and spent[name] > BUDGET_NS:
                continue
            total = run(steps)
            spent[name] += total
            taken[name].append((total / len(rows), own[0]))
            if count() != resting:
                raise AssertionError(f"{count()} orders rest in {name}, {resting} should")
    lines = [
        {
            "peer": name,
            "ns": median(ns for ns, _ in pairs),
            "ratio": median(ns / base for ns, base in pairs),
            "stretches": len(pairs),
            "what": PEERS[name][1] if name in PEERS else OURS,
        }
        for name, pairs in taken.items()
    ]
    return lines, missing
