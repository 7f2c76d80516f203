"""The tiny independent accountant: cash and positions out of fills and flows, and nothing else.

It knows no simulator and no engine: Python integers over the rows of a Record.
"""

from __future__ import annotations

from backtest.record import Record
from domain.codes import ExecType, InstrumentType

_PAID_IN_FULL = (InstrumentType.EQUITY, InstrumentType.CRYPTO)


def audit(record: Record) -> list[tuple[int, int, list[int]]]:
    """(equity, cash, positions) at each of the record's times, recomputed.

    A margined position pays its profit when it is closed, at average cost, of which the closed
    part is rounded towards zero.
    """
    todo = [(int(f["time"]), 1, None, int(f["value"])) for f in record.flows]
    for row in record.reports:
        if row["exec_type"] == ExecType.TRADE and row["report"] == 1:
            todo.append((int(row["transact_time"]), 0, row, 0))
    todo.sort(key=lambda each: each[:2])  # stable: fills of an instant in their order
    k = len(record.listings)
    cash, held, cost, at, found = record.start_cash, [0] * k, [0] * k, 0, []
    for n, time in enumerate(record.times.tolist()):
        while at < len(todo) and todo[at][0] <= time:
            _, _, row, value = todo[at]
            cash += value if row is None else _fill(record, row, held, cost)
            at += 1
        equity = cash
        for i, listing in enumerate(record.listings):
            equity += held[i] * int(record.marks[n, i]) * listing.multiplier
            if listing.type not in _PAID_IN_FULL:
                equity -= cost[i]
        found.append((equity, cash, list(held)))
    return found


def _fill(record: Record, row, held: list[int], cost: list[int]) -> int:
    """What a fill does to the cash; positions and costs are moved."""
    i = int(row["instrument"]) - 1
    listing = record.listings[i]
    lots = int(row["last_qty"]) * (1 if row["side"] == 1 else -1)
    value = lots * int(row["last_px"]) * listing.multiplier
    before = held[i]
    closed = min(abs(lots), abs(before)) if before * lots < 0 else 0
    of_closed = 0
    if closed:
        share = abs(cost[i]) * closed // abs(before)
        of_closed = share if cost[i] > 0 else -share
    price = int(row["last_px"]) * listing.multiplier
    proceeds = closed * price * (1 if before > 0 else -1)
    cost[i] += -of_closed + (1 if lots > 0 else -1) * (abs(lots) - closed) * price
    held[i] += lots
    if listing.type in _PAID_IN_FULL:
        return -value - int(row["fee"])
    return proceeds - of_closed - int(row["fee"])
