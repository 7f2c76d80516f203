"""A strategy that does at each bar what a test says, and remembers what it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backtest.record import Record
from backtest.simulator import run
from backtest.strategy import Strategy
from domain.codes import ExecType
from tests.backtest.history import History, bars


class Scripted(Strategy):
    """`script[n](strategy)` is called at bar n, counted from 0."""

    def __init__(self, script: dict[int, Callable[[Strategy], Any]]) -> None:
        self.script, self.count, self.told = script, 0, []

    def on_bar(self, bar):
        act = self.script.get(self.count)
        self.count += 1
        if act:
            act(self)

    def on_report(self, report):
        self.told.append((report.exec_type.name, report.reason.name, report.cl_ord_id))


def fills(record: Record) -> list[tuple[int, int]]:
    """(lots, sells below 0; price in ticks) of all fills."""
    rows = record.reports[record.reports["exec_type"] == ExecType.TRADE]
    signs = [1 if side == 1 else -1 for side in rows["side"]]
    return [(s * int(q), int(p)) for s, q, p in zip(signs, rows["last_qty"], rows["last_px"])]


def play(script: dict[int, Callable[[Strategy], Any]], *rows: tuple[int, ...], **settings: Any):
    """(fills, Record, what was told) of a script over bars of ticks."""
    strategy = Scripted(script)
    record = run(strategy, History(bars(*rows)), **settings)
    assert record.error == ""
    return fills(record), record, strategy.told
