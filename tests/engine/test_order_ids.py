"""Orders that are named by the exchange's own id, as legs of quotes have to be."""

import numpy as np
import pytest

from domain.codes import (
    Command,
    ExecType,
    InstrumentType,
    Level,
    OrdType,
    Phase,
    Reason,
    ReportType,
    Scope,
    Side,
)
from domain.layout import COMMAND
from domain.tables import Table
from engine.exchange import Exchange

pytestmark = pytest.mark.nojit


def send(exchange, command, **fields):
    """The reports of one command."""
    row = np.zeros(1, COMMAND)
    row["command"] = command
    for name, value in fields.items():
        row[name] = value
    return exchange.apply(row)


@pytest.fixture
def market():
    """An exchange in which account 1 quotes; and its two legs' ids."""
    exchange = Exchange()
    send(exchange, Command.INSTRUMENT_ADD, entity=1, index=InstrumentType.EQUITY)
    for account in (1, 2):
        send(exchange, Command.NODE_ADD, entity=account, index=Level.ACCOUNT)
        send(exchange, Command.DEPOSIT, account=account, value=10**6)
    lots = {"scope": Scope.POSITION, "instrument": 1, "value": 10, "price": 1}
    send(exchange, Command.DEPOSIT, account=1, **lots)
    send(exchange, Command.PHASE, scope=Scope.MARKET, value=Phase.CONTINUOUS)
    quote = {"price": 99, "order_qty": 10, "offer_px": 101, "offer_size": 10}
    reports = send(exchange, Command.QUOTE, account=1, instrument=1, cl_ord_id=1, **quote)
    assert reports["exec_type"].tolist() == [ExecType.NEW, ExecType.NEW]
    return exchange, reports["order_id"].tolist()


def test_a_live_order_is_found_by_its_own_id(market):
    exchange, _ = market
    order = {"account": 1, "instrument": 1, "cl_ord_id": 7, "order_qty": 1, "price": 110}
    kind = {"side": Side.SELL, "ord_type": OrdType.LIMIT}
    (made,) = send(exchange, Command.NEW_ORDER, **order, **kind)
    row = exchange.live_order(1, 7)
    assert exchange.table(Table.ORDER)[row]["order_id"] == made["order_id"]
    assert exchange.live_order(2, 7) == exchange.live_order(1, 8) == 0
    send(exchange, Command.CANCEL_ORDER, account=1, orig_cl_ord_id=7)
    assert exchange.live_order(1, 7) == 0
    assert exchange.live_order(1, 1) == 0  # a quote's legs have no id of their own


def test_a_leg_of_a_quote_is_not_replaced(market):
    exchange, (bid, _) = market
    (row,) = send(exchange, Command.REPLACE_ORDER, account=1, order_id=bid, price=98)
    assert row["report"] == ReportType.CANCEL_REJECT
    assert row["reason"] == Reason.UNSUPPORTED_ORDER_CHARACTERISTIC
    assert row["order_id"] == bid
    assert exchange.depth(1)[0].tolist() == [[99, 10, 1]]


def test_a_leg_of_a_quote_is_canceled(market):
    exchange, (bid, offer) = market
    (row,) = send(exchange, Command.CANCEL_ORDER, account=1, order_id=offer)
    assert (row["exec_type"], row["order_id"]) == (ExecType.CANCELED, offer)
    assert [len(side) for side in exchange.depth(1)] == [1, 0]
    (row,) = send(exchange, Command.CANCEL_ORDER, account=1, order_id=offer)
    assert row["reason"] == Reason.UNKNOWN_ORDER
    (row,) = send(exchange, Command.CANCEL_ORDER, account=2, order_id=bid)  # another's
    assert row["reason"] == Reason.UNKNOWN_ORDER
