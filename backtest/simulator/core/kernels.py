"""What a compiled strategy can do: `gw.backtest.kernels.market(desk, instrument, lots)`.

Everything is in ticks, lots, minor units and ns. `desk` is the first argument of the strategy.
Quantities are signed where a side is meant: below 0 sells. Own orders, positions and cash are those
of the exchange at this moment; what is sent travels with the latency of orders.
"""

import numpy as np

from backtest.simulator.core import holdings
from backtest.simulator.core.history import market as places
from backtest.simulator.core.tables import (
    LANES,
    OWN,
    head,
    items,
    waiting,
    waiting_dues,
    waiting_lanes,
)
from domain.codes import Command, OrdType, Side, TimeInForce
from domain.jit import kernel
from domain.tables import nodes, orders
from engine.book.directory import find_order

_NEW, _CANCEL, _REPLACE = (
    int(Command.NEW_ORDER),
    int(Command.CANCEL_ORDER),
    int(Command.REPLACE_ORDER),
)
_QUOTE, _MASS = int(Command.QUOTE), int(Command.MASS_CANCEL)
_MARKET, _LIMIT = int(OrdType.MARKET), int(OrdType.LIMIT)
_GTC, _IOC = int(TimeInForce.GTC), int(TimeInForce.IOC)
_BUY, _SELL = int(Side.BUY), int(Side.SELL)


@kernel
def command(desk, kind, instrument):
    """A row of the strategy's own on its way; zero but for what every command has."""
    h = head(desk)[0]
    at = np.int64(h["waiting"])
    if at == len(waiting(desk)):
        h["failed"] = -2  # more than `room.lacks` leaves free, sent in one callback
        at -= 1
    lanes = waiting_lanes(desk)
    for lane in range(LANES):
        lanes[at, lane] = 0
    h["waiting"] = at + 1
    row = waiting(desk)[at]
    row["command"] = kind
    row["instrument"] = instrument
    row["transact_time"] = h["clock"]
    return row


@kernel
def order(desk, instrument, lots):
    """A limit order that rests until it is canceled, its price still to be given."""
    h = head(desk)[0]
    h["last_id"] += 1
    row = command(desk, _NEW, instrument)
    row["cl_ord_id"] = h["last_id"]
    row["side"] = _BUY if lots > 0 else _SELL
    row["order_qty"] = abs(lots)
    row["ord_type"] = _LIMIT
    row["time_in_force"] = _GTC
    return row


@kernel
def market(desk, instrument, lots):
    """Send a market order; returns its cl_ord_id."""
    row = order(desk, instrument, lots)
    row["ord_type"] = _MARKET
    return row["cl_ord_id"]


@kernel
def limit(desk, instrument, lots, price):
    """Send a limit order that rests; returns its cl_ord_id."""
    row = order(desk, instrument, lots)
    row["price"] = price
    return row["cl_ord_id"]


@kernel
def take(desk, instrument, lots, price):
    """Send a limit order that trades at once or ends (IOC); returns its cl_ord_id."""
    row = order(desk, instrument, lots)
    row["price"] = price
    row["time_in_force"] = _IOC
    return row["cl_ord_id"]


@kernel
def cancel(desk, cl_ord_id):
    """Cancel an order."""
    row = command(desk, _CANCEL, 0)
    row["orig_cl_ord_id"] = cl_ord_id


@kernel
def cancel_all(desk, instrument):
    """Cancel all own orders in an instrument."""
    row = command(desk, _MASS, instrument)
    row["account"] = OWN


@kernel
def replace(desk, cl_ord_id, lots, price):
    """Give an order a new total of lots and price; 0 leaves one as it is."""
    row = command(desk, _REPLACE, 0)
    row["orig_cl_ord_id"] = cl_ord_id
    row["order_qty"] = lots
    row["price"] = price


@kernel
def quote(desk, instrument, bid, bid_lots, ask, ask_lots):
    """Both sides at once, in place of the quote before; 0 lots take a side away."""
    h = head(desk)[0]
    h["last_id"] += 1
    row = command(desk, _QUOTE, instrument)
    row["cl_ord_id"] = h["last_id"]
    row["price"] = bid
    row["order_qty"] = bid_lots
    row["offer_px"] = ask
    row["offer_size"] = ask_lots


@kernel
def on_its_way(desk, instrument):
    """Lots of market and IOC orders that have not arrived yet, sells below 0."""
    h = head(desk)[0]
    total = np.int64(0)
    for at in range(h["first"], h["waiting"]):
        row = waiting(desk)[at]
        taking = row["ord_type"] == _MARKET or row["time_in_force"] == _IOC
        there = waiting_dues(desk)[at] >= 0 or at >= h["stamped"]
        if there and row["instrument"] == instrument and row["command"] == _NEW and taking:
            total += row["order_qty"] if row["side"] == _BUY else -row["order_qty"]
    return total


@kernel
def sending(desk):
    """Commands of the strategy that have not arrived yet."""
    h = head(desk)[0]
    return h["waiting"] - h["first"]


@kernel
def position(desk, instrument):
    """Lots held, short below 0."""
    return places.held(desk, instrument)


@kernel
def leaves(desk, cl_ord_id):
    """What is left of an order, 0 if it does not live (yet, or any more)."""
    s = head(desk)[0]["store"]
    slot = find_order(s, OWN, cl_ord_id)
    return orders(s)[slot]["leaves_qty"] if slot else np.int64(0)


@kernel
def best_bid(desk, instrument):
    """(price, lots) of the best bid as last shown, own orders left in; zeros on bars."""
    item = items(desk)[instrument]
    return item["seen_bid"], item["seen_bid_qty"]


@kernel
def best_ask(desk, instrument):
    """(price, lots) of the best ask, as `best_bid`."""
    item = items(desk)[instrument]
    return item["seen_ask"], item["seen_ask_qty"]


@kernel
def last(desk, instrument):
    """The last price as last shown, 0 before the first."""
    return items(desk)[instrument]["seen_px"]


@kernel
def cash(desk):
    """Cash of the account."""
    h = head(desk)[0]
    return nodes(h["store"])[OWN]["cash"] - h["debt"]


@kernel
def equity(desk):
    """Cash and open positions."""
    return holdings.equity(desk)


@kernel
def now(desk):
    """The time at the strategy, ns."""
    return head(desk)[0]["clock"]
