"""The scene of the pieces: W1 with its resting orders, and a second instrument without any."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benches.flows.scene import FIRST_ACCOUNT, GAP_NS, MIDDLE, START_NS
from benches.workloads import MIXES, flow_of, set_up
from domain.codes import Command, Feed, OrdType
from domain.layout import COMMAND, REPORT
from engine.exchange import Exchange

Rows = np.ndarray[Any, Any]


class Scene:
    """An exchange with W1's orders, a report buffer, and rows with ids that are not used yet."""

    def __init__(self, feed: Feed = Feed.NONE) -> None:
        self.exchange, self.out = Exchange(feed=feed), np.zeros(65_536, REPORT)
        self.exchange.apply(set_up(replace(MIXES["W1"], instruments=2)))
        self.flow = flow_of(MIXES["W1"])
        for rows in self.flow.fill():
            self.exchange.apply(rows)
        self.next_id, self.now = 10**12, START_NS + 10**12

    def apply(self, rows: Rows) -> Rows:
        """Reports as a view of the standing buffer."""
        return self.exchange.apply(rows, self.out)

    def orders(self, count: int, side: int, away: int, qty: int = 1) -> Rows:
        """Limit orders `away` ticks from the middle, all at one price, of one account each."""
        rows = np.zeros(count, COMMAND)
        rows["command"], rows["ord_type"] = Command.NEW_ORDER, OrdType.LIMIT
        rows["instrument"], rows["side"], rows["order_qty"] = 1, side, qty
        rows["account"] = FIRST_ACCOUNT + np.arange(count) % MIXES["W1"].accounts
        rows["cl_ord_id"] = self.next_id + np.arange(count)
        rows["price"] = MIDDLE + (-away if side == 1 else away)
        rows["transact_time"] = self.time(count)
        self.next_id += count
        return rows

    def time(self, count: int) -> Rows:
        """Times of so many rows, so that no rate limit comes into it."""
        self.now += count * GAP_NS
        return self.now - GAP_NS * np.arange(count)[::-1]

    def named(self, rows: Rows, command: Command) -> Rows:
        """Rows that name the orders which `rows` made."""
        named = np.zeros(len(rows), COMMAND)
        named["command"], named["transact_time"] = command, self.time(len(rows))
        named["account"], named["instrument"] = rows["account"], rows["instrument"]
        named["orig_cl_ord_id"] = rows["cl_ord_id"]
        return named


@pytest.fixture(scope="module")
def scene() -> Scene:
    """One scene for all pieces of a module; each leaves the book as it was."""
    return Scene()
