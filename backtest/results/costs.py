"""Transaction cost analysis: what trading cost against having traded at the decision's price.

Implementation shortfall (Perold 1988) of an order of Q lots, x of them executed at the average
price P, for a purchase (a sale with the opposite sign):

    delay        x (arrival - decision)      the price moved before the order was at the exchange
    execution    x (P - arrival)             spread and impact, against the mid at its arrival
    opportunity  (Q - x) (end - decision)    what was not bought, at the mark when the order ended
    fees

Decision: the mark of the last sample before the order's arrival, which is what the strategy saw.
Their sum is the result of a paper portfolio that traded everything at the decision's price, less
the real one's. Orders that were refused, stops that never went off, and orders that ended
unexecuted because a linked one was executed have none of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backtest.events import EventKind
from backtest.record import Record
from backtest.results.fills import Ints, multipliers
from backtest.results.orders import Orders, orders_of
from backtest.results.series import Floats

COST = np.dtype(
    [
        ("time", "i8"),
        ("end", "i8"),
        ("instrument", "i8"),
        ("sign", "i8"),
        ("qty", "i8"),
        ("cum_qty", "i8"),
        ("decision", "f8"),  # ticks
        ("arrival", "f8"),  # ticks
        ("average", "f8"),  # ticks, NaN if nothing was executed
        ("vwap", "f8"),  # ticks, of the market while the order lived; NaN unknown
        ("delay", "f8"),  # minor units, as all that follows
        ("execution", "f8"),
        ("opportunity", "f8"),
        ("fees", "f8"),
        ("shortfall", "f8"),
        ("against_vwap", "f8"),  # x (P - VWAP)
        ("notional", "f8"),  # Q at the decision's price
        ("order_id", "i8"),
    ]
)


def costs_of(record: Record, market: NDArray[np.void] | None = None) -> NDArray[np.void]:
    """One row of COST for each order that could trade. `market`: rows of EVENT, for the VWAP."""
    orders = orders_of(record)
    orders = orders[orders["live"]]
    rows = np.zeros(len(orders), COST)
    for name in ("time", "end", "instrument", "sign", "qty", "cum_qty", "order_id"):
        rows[name] = orders[name]
    if not len(orders):
        return rows
    decision = _marks_at(record, orders["time"], orders["instrument"])
    end = _marks_at(record, orders["end"], orders["instrument"])
    known = (orders["bid"] > 0) & (orders["ask"] > 0)
    arrival = np.where(known, (orders["bid"] + orders["ask"]) / 2.0, decision)
    decision = np.where(np.isnan(decision), arrival, decision)
    done = orders["cum_qty"].astype(np.float64)
    average = np.divide(orders["cum_value"], done, out=np.full(len(done), np.nan), where=done > 0)
    unit = orders["sign"] * multipliers(record)[orders["instrument"]].astype(np.float64)
    rows["decision"], rows["arrival"], rows["average"] = decision, arrival, average
    rows["delay"] = _money(unit * done, arrival - decision)
    rows["execution"] = _money(unit * done, average - arrival)
    rows["opportunity"] = _money(unit * (orders["qty"] - done), end - decision)
    rows["fees"] = orders["fee"]
    rows["shortfall"] = sum(rows[name] for name in ("delay", "execution", "opportunity", "fees"))
    rows["vwap"] = _vwaps(orders, market)
    rows["against_vwap"] = unit * done * (average - rows["vwap"])
    rows["notional"] = np.abs(unit) * orders["qty"] * decision
    return rows


def _money(lots: Floats, difference: Floats) -> Floats:
    """0 where there are no lots, even if no price is known."""
    return np.where(lots == 0.0, 0.0, lots * np.where(lots == 0.0, 0.0, difference))


def _marks_at(record: Record, times: Ints, numbers: Ints) -> Floats:
    """The mark of the last sample at or before each time; NaN where there is none yet."""
    at = np.searchsorted(record.times, times, side="right") - 1
    marks = record.marks[np.maximum(at, 0), numbers].astype(np.float64)
    return np.where((at >= 0) & (marks > 0), marks, np.nan)


def _vwaps(orders: Orders, market: NDArray[np.void] | None) -> Floats:
    """Volume-weighted price of what the market traded during each order's life.

    Trades count at their price; bars that overlap at (high + low + close) / 3.
    """
    found = np.full(len(orders), np.nan)
    if market is None:
        return found
    for number in np.unique(orders["instrument"]):
        mine = orders["instrument"] == number
        tape = market[market["instrument"] == number + 1]
        trades = tape[tape["kind"] == EventKind.TRADE]
        bars = tape[tape["kind"] == EventKind.BAR]
        if len(trades):
            times = starts = trades["time"]
            price = trades["price"].astype(np.float64)
        else:
            trades, times, starts = bars, bars["time"], bars["start"]
            price = (bars["high"] + bars["low"] + bars["price"]) / 3.0
        volume = np.concatenate(([0.0], np.cumsum(trades["qty"], dtype=np.float64)))
        value = np.concatenate(([0.0], np.cumsum(trades["qty"] * price)))
        low, high = _lived(times, starts, orders[mine])
        traded = volume[high] - volume[low]
        part = np.full(len(low), np.nan)
        np.divide(value[high] - value[low], traded, out=part, where=traded > 0)
        found[mine] = part
    return found


def _lived(times: Ints, starts: Ints, orders: Orders) -> tuple[Ints, Ints]:
    """First of the trades or bars in each order's life, and the one after its last.

    Both ends belong to it for trades, which have no length. A bar must overlap; one in which an
    order came and went at once counts too.
    """
    begin, end = orders["time"], orders["end"]
    bars = starts is not times
    low = np.searchsorted(times, begin, side="right" if bars else "left")
    high = np.searchsorted(starts, end, side="right")
    if bars:
        high = np.where(begin == end, high, np.searchsorted(starts, end, side="left"))
    return low, np.maximum(high, low)
