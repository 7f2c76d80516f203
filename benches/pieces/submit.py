"""What one order object at a time costs: `gridworks.Exchange` on W1's book, in memory."""

from __future__ import annotations

from time import perf_counter_ns

import numpy as np

from benches.exchange import percentiles
from benches.flows.scene import FIRST_ACCOUNT, MIDDLE
from benches.workloads import MIXES, flow_of, set_up
from domain.codes import ExecType, Side
from domain.messages import Cancel, NewOrder
from gridworks.local.exchange import Exchange

FIRST_ID = 10**12  # client ids that the flow never reaches
ACCOUNTS = MIXES["W1"].accounts
WARM_UP = 100  # calls that are not counted
DEEP = 150  # ticks behind the middle, where no order of the flow rests


def filled() -> Exchange:
    """The public exchange with W1's resting orders."""
    exchange = Exchange()
    exchange.apply(set_up(MIXES["W1"]))
    for rows in flow_of(MIXES["W1"]).fill():
        exchange.apply(rows)
    return exchange


def order(number: int) -> NewOrder:
    """An order that rests, by turns a buy and a sell."""
    side = Side.SELL if number % 2 else Side.BUY
    return NewOrder(
        account=FIRST_ACCOUNT + number % ACCOUNTS, instrument=1, cl_ord_id=FIRST_ID + number,
        side=side, order_qty=1, price=MIDDLE + (DEEP if number % 2 else -DEEP),
    )  # fmt: skip


def timings(count: int) -> dict[str, tuple[float, ...]]:
    """`benches.exchange.PERCENTILES` in ns, of each call: make and submit, submit, cancel."""
    exchange, taken = filled(), np.zeros((3, WARM_UP + count))
    for number in range(WARM_UP + count):
        start = perf_counter_ns()
        exchange.submit(order(number))
        made = perf_counter_ns()
        exchange.send(Cancel(account=FIRST_ACCOUNT + number % ACCOUNTS,
                             orig_cl_ord_id=FIRST_ID + number))  # fmt: skip
        gone = perf_counter_ns()
        again = order(number)
        ready = perf_counter_ns()
        reports = exchange.submit(again)
        done = perf_counter_ns()
        if reports[0].exec_type != ExecType.NEW:
            raise AssertionError(f"order {number} was refused: {reports[0]}")
        exchange.send(Cancel(account=again.account, orig_cl_ord_id=again.cl_ord_id))
        taken[:, number] = made - start, done - ready, gone - made
    names = ("submit(NewOrder(...))", "submit(order)", "send(Cancel(...))")
    return {name: percentiles(row[WARM_UP:]) for name, row in zip(names, taken, strict=True)}
