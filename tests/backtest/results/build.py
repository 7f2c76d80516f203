"""Records made by hand: a list of executions and a path of marks, booked one by one in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backtest.record import FLOW, Listing, Record
from domain.codes import ExecType, OrdStatus, OrdType, ReportType, Side
from domain.layout import REPORT

DAY = 86_400_000_000_000
START = 19_700 * DAY  # 2023-12-09
Fill = tuple[int, int, int, int, int]  # sample, instrument from 1, lots (sold below 0), price, fee


def report(**fields: Any) -> np.ndarray:
    row = np.zeros(1, REPORT)
    row["report"] = ReportType.EXECUTION
    for name, value in fields.items():
        row[name] = value
    return row


def order(
    time: int, instrument: int, qty: int, executions: Sequence[tuple[int, int, int, int]],
    order_id: int, **more: Any,
) -> list[np.ndarray]:  # fmt: skip
    """Reports of an order: its acknowledgement, then its (time, lots, price, fee) executions."""
    side = Side.BUY if qty > 0 else Side.SELL
    fixed = {
        "instrument": instrument, "order_id": order_id, "cl_ord_id": order_id, "side": side,
        "order_qty": abs(qty), "ord_type": OrdType.MARKET, "seq": order_id,
    } | more  # fmt: skip
    rows = [report(transact_time=time, exec_type=ExecType.NEW, leaves_qty=abs(qty), **fixed)]
    done = value = 0
    for when, lots, price, fee in executions:
        done, value = done + lots, value + lots * price
        full = done == abs(qty)
        rows.append(
            report(
                transact_time=when, exec_type=ExecType.TRADE, last_qty=lots, last_px=price,
                fee=fee, cum_qty=done, cum_value=value, leaves_qty=abs(qty) - done,
                ord_status=OrdStatus.FILLED if full else OrdStatus.PARTIALLY_FILLED, **fixed,
            )
        )  # fmt: skip
    return rows


def record_of(
    fills: Sequence[Fill], marks: Sequence[Sequence[int]], cash: int = 1_000_000,
    multiplier: int = 1, step: int = DAY, flows: Sequence[tuple[int, int, int, int]] = (),
    reports: Sequence[np.ndarray] | None = None, **more: Any,
) -> Record:  # fmt: skip
    """A record of those executions, each at its sample's time; booked by the plainest loop."""
    path = np.asarray(marks, np.int64)
    times = START + step * np.arange(len(path), dtype=np.int64)
    listings = tuple(
        Listing(f"S{number}", multiplier=multiplier) for number in range(1, path.shape[1] + 1)
    )
    if reports is None:
        reports = [
            row
            for number, (at, instrument, qty, price, fee) in enumerate(fills, 1)
            for row in order(
                times[at], instrument, qty, [(times[at], abs(qty), price, fee)], number
            )
        ]
    rows = np.concatenate(reports) if reports else np.zeros(0, REPORT)
    other = np.array([(times[at], v, i, k) for at, v, i, k in flows], FLOW)
    held, paid = [0] * path.shape[1], 0
    equity, cash_path, positions = [], [], []
    for sample, now in enumerate(path.tolist()):
        for at, instrument, qty, price, fee in fills:
            if at == sample:
                held[instrument - 1] += qty
                paid += qty * price * multiplier + fee
        paid -= sum(value for at, value, _, _ in flows if at == sample)
        cash_path.append(cash - paid)
        positions.append(list(held))
        equity.append(cash - paid + sum(q * m * multiplier for q, m in zip(held, now)))
    given: dict[str, Any] = {
        "name": "by hand", "listings": listings, "reports": rows,
        "arrivals": np.zeros((len(rows), 2), np.int64), "times": times,
        "equity": np.array(equity, np.int64), "cash": np.array(cash_path, np.int64),
        "margin": np.zeros(len(path), np.int64),
        "positions": np.array(positions, np.int64).reshape(path.shape), "marks": path,
        "flows": other, "start_cash": cash,
    }  # fmt: skip
    return Record(**(given | more))


def walk(samples: int = 300, instruments: int = 2, seed: int = 3, step: int = DAY) -> Record:
    """A record with a trade about every fifth sample, long and short, on random walks."""
    draw = np.random.default_rng(seed)
    marks = 10_000 + np.cumsum(draw.integers(-120, 125, (samples, instruments)), axis=0)
    fills = [
        (at, int(draw.integers(1, instruments + 1)), int(draw.choice([-20, -10, 10, 20])), 0, 7)
        for at in sorted(draw.integers(0, samples, samples // 5).tolist())
    ]
    priced = [(a, i, q, int(marks[a, i - 1]) + (2 if q > 0 else -2), f) for a, i, q, _, f in fills]
    return record_of(priced, marks.tolist(), 10_000_00, step=step)
