"""The rows that go in and come out: COMMAND, REPORT and MARKET (`domain.state` has the tables).

All quantities are int64 lots, prices int64 ticks, values int64 minor units, times int64
nanoseconds since 1970.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def row(size: int, *fields: tuple[Any, ...]) -> np.dtype[Any]:
    """A packed dtype of exactly `size` bytes; every field is aligned to its own size."""
    used = 0
    for field in fields:
        item = np.dtype(field[1])
        assert used % item.itemsize == 0, f"{field[0]} is not aligned at {used}"
        used += item.itemsize * int(np.prod(field[2] if len(field) > 2 else 1))
    assert used <= size, f"{used} > {size}"
    return np.dtype([*fields, ("_spare", "u1", (size - used,))] if used < size else [*fields])


COMMAND = row(
    192,
    ("seq", "i8"),  # stamped by the sequencer or by Exchange.apply
    ("transact_time", "i8"),  # ns; earlier than the exchange's time counts as that time
    ("cl_ord_id", "i8"),  # > 0, unique among the account's live orders
    ("order_id", "i8"),
    ("price", "i8"),
    ("order_qty", "i8"),
    ("instrument", "i4"),
    ("account", "i4"),
    ("command", "u1"),
    ("side", "u1"),
    ("ord_type", "u1"),
    ("time_in_force", "u1"),
    ("exec_inst", "u2"),
    ("stp_mode", "u1"),
    ("contingency", "u1"),
    ("orig_cl_ord_id", "i8"),
    ("stop_px", "i8"),
    ("display_qty", "i8"),
    ("min_qty", "i8"),
    ("offset", "i8"),  # trailing distance, or signed peg offset
    ("expire_time", "i8"),
    ("cl_ord_link_id", "i8"),
    ("algo_id", "i4"),
    ("session", "i4"),
    ("list_size", "u1"),  # orders of a list that must arrive before the first is released
    ("scope", "u1"),
    ("attribute", "u2"),
    ("index", "i4"),
    ("entity", "i4"),
    ("parent", "i4"),
    ("value", "i8"),
    ("price_low", "i8"),
    ("price_high", "i8"),
    ("offer_px", "i8"),  # QUOTE: price and order_qty are the bid, offer_px and offer_size the ask
    ("offer_size", "i8"),
)

REPORT = row(
    192,
    ("seq", "i8"),  # of the command
    ("exec_id", "i8"),  # 1, 2, 3, ... without a gap over all rows
    ("transact_time", "i8"),
    ("order_id", "i8"),
    ("cl_ord_id", "i8"),
    ("orig_cl_ord_id", "i8"),
    ("price", "i8"),
    ("order_qty", "i8"),
    ("leaves_qty", "i8"),
    ("cum_qty", "i8"),
    ("cum_value", "i8"),  # sum of last_px x last_qty; avg_px = cum_value / cum_qty
    ("last_px", "i8"),
    ("last_qty", "i8"),
    ("fee", "i8"),  # minor units, charges included; negative is a rebate
    ("contra_order_id", "i8"),
    ("trade_id", "i8"),
    ("stop_px", "i8"),
    ("limit", "i8"),  # of the refusing check
    ("observed", "i8"),
    ("headroom", "i8"),  # what the limit still allowed before this command
    ("instrument", "i4"),
    ("account", "i4"),
    ("reason", "u2"),
    ("report", "u1"),
    ("command", "u1"),
    ("exec_type", "u1"),
    ("ord_status", "u1"),
    ("side", "u1"),
    ("ord_type", "u1"),
    ("time_in_force", "u1"),
    ("liquidity", "u1"),
    ("level", "u1"),  # of the refusing check
    ("working", "u1"),  # 1 while the order is in the book
)

MARKET = row(
    64,
    ("seq", "i8"),  # of the command
    ("price", "i8"),  # TOP: best bid
    ("qty", "i8"),  # TOP: quantity at the best bid
    ("price_2", "i8"),  # TOP: best ask
    ("qty_2", "i8"),  # TOP: quantity at the best ask; INDICATIVE: surplus, signed
    ("order_id", "i8"),  # L3: the order; TRADE: trade_id
    ("instrument", "i4"),
    ("orders", "i4"),  # LEVEL: orders at the price
    ("market", "u1"),  # MarketType
    ("side", "u1"),  # TRADE: side of the aggressor, 0 in an auction
    ("phase", "u1"),
)
