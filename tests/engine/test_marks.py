"""Marks at a TICK: what has moved is marked, by a trade, a price from elsewhere or a setting."""

from __future__ import annotations

import pytest

import gridworks as gw
from domain.attributes import PositionAttr
from domain.codes import MarginModel, Scope
from domain.messages import Setting, Tick
from domain.tables import Table
from tests.engine import invariants

pytestmark = pytest.mark.nojit


@pytest.fixture
def exchange():
    """Two futures; alice is long 10 lots of each at 100, bob short."""
    exchange = gw.Exchange()
    for symbol in ("ACME", "OTHER"):
        exchange.add_instrument(symbol, "FUTURE")
        exchange.set_instrument(symbol, margin_model=MarginModel.PERCENT, margin_bps=1_000)
    for name in ("alice", "bob"):
        exchange.add_account(name, cash=1_000_000)
    exchange.set_phase("CONTINUOUS")
    for number, symbol in enumerate(("ACME", "OTHER"), 1):
        exchange.submit("bob", symbol, "SELL", 10, 100, cl_ord_id=number)
        exchange.submit("alice", symbol, "BUY", 10, 100, cl_ord_id=number)
    exchange.send(Tick())
    return exchange


def row(exchange, account, symbol):
    rows = exchange.table(Table.POSITION)
    mine = rows["node"] == exchange.number("node", account)
    return rows[mine & (rows["instrument"] == exchange.number("instrument", symbol))][0]


def moved(exchange):
    return exchange.table(Table.BOOK)["moved"][1:].tolist()


def test_a_price_from_elsewhere_marks_its_instrument(exchange):
    assert moved(exchange) == [0, 0]
    exchange.send(Tick(instrument=exchange.number("instrument", "ACME"), price=110))
    assert [row(exchange, name, "ACME")["value"] for name in ("alice", "bob")] == [1_100, -1_100]
    assert [row(exchange, name, "ACME")["margin"] for name in ("alice", "bob")] == [110, 110]
    assert row(exchange, "alice", "OTHER")["value"] == 1_000
    nodes = exchange.table(Table.NODE)
    assert nodes[exchange.number("node", "alice")]["margin"] == 210
    invariants.check(exchange._engine)


def test_a_setting_counts_from_the_next_tick(exchange):
    exchange.set_instrument("ACME", margin_bps=2_000)
    assert (moved(exchange), row(exchange, "alice", "ACME")["margin"]) == ([1, 0], 100)
    exchange.send(Tick())
    assert (moved(exchange), row(exchange, "alice", "ACME")["margin"]) == ([0, 0], 200)


def test_a_trade_at_another_price_moves_the_others(exchange):
    exchange.add_account("carol", cash=1_000_000)
    exchange.submit("carol", "ACME", "SELL", 1, 90, cl_ord_id=1)
    exchange.submit("alice", "ACME", "BUY", 1, 90, cl_ord_id=3)
    assert moved(exchange) == [1, 0]
    assert [row(exchange, name, "ACME")["value"] for name in ("alice", "bob")] == [990, -1_000]
    exchange.send(Tick())
    assert row(exchange, "bob", "ACME")["value"] == -900
    exchange.submit("carol", "ACME", "SELL", 1, 90, cl_ord_id=2)
    exchange.submit("alice", "ACME", "BUY", 1, 90, cl_ord_id=4)
    assert moved(exchange) == [0, 0]  # a trade at the mark leaves all rows as they are


def test_limits_of_a_row_go_before_those_of_its_node(exchange):
    """More than the node allows, less than the node allows, and taken back."""
    exchange.set_limit("alice", max_position=12)
    buy = {"account": "alice", "instrument": "ACME", "side": "BUY", "price": 50}
    assert exchange.submit(order_qty=3, cl_ord_id=10, **buy)[0].refused
    for limit, qty, refused in ((20, 3, False), (13, 1, True), (0, 1, True)):
        own = {"scope": Scope.POSITION, "entity": "alice", "instrument": "ACME"}
        exchange.send(Setting(attribute=PositionAttr.MAX_POSITION, value=limit, **own))
        told = exchange.submit(order_qty=qty, cl_ord_id=100 + limit, **buy)[0]
        assert told.refused == refused, limit
        invariants.check(exchange._engine)
