"""Every table of an exchange's state: what one row of each holds.

Units as in `domain.layout`. Link fields are int32 row numbers and 0 means "none": row 0 of every
table is never used.
"""

from typing import Any

from domain.layout import row

ORDER = row(  # the hot half of an order
    64,
    ("order_id", "i8"),
    ("price", "i8"),  # book price; of a market order the protection price
    ("leaves_qty", "i8"),
    ("shown_qty", "i8"),  # the displayed part of leaves_qty while in the book
    ("prev", "i4"),
    ("next", "i4"),
    ("level", "i4"),
    ("position", "i4"),
    ("instrument", "i4"),
    ("account", "i4"),
    ("side", "u1"),  # 0 buy, 1 sell
    ("state", "u1"),  # engine.states
    ("stp_mode", "u1"),
    ("ord_type", "u1"),
    ("exec_inst", "u2"),
    ("time_in_force", "u1"),
    ("short", "u1"),  # FIX side when it is not plain: 5 or 6
)

DETAIL = row(  # the cold half, same row number
    64,
    ("cl_ord_id", "i8"),
    ("order_qty", "i8"),
    ("cum_qty", "i8"),
    ("cum_value", "i8"),
    ("worst_px", "i8"),  # price at which the order's value is held
    ("hold_fee", "i8"),
    ("extra", "i4"),
    ("session", "i4"),
    ("algo_id", "i4"),
    ("link", "i4"),  # next row of the free list
)

EXTRA = row(  # only for orders that need one of these
    128,
    ("display_qty", "i8"),
    ("min_qty", "i8"),
    ("stop_px", "i8"),
    ("offset", "i8"),
    ("limit_px", "i8"),  # limit of a pegged order, 0 none; the customer's price of a stop-limit
    ("expire_time", "i8"),
    ("trail_ref", "i8"),
    ("chain_prev", "i4"),  # pegged or trailing orders of a book
    ("chain_next", "i4"),
    ("ring_prev", "i4"),  # orders of one contingency, a ring of order rows
    ("ring_next", "i4"),
    ("list_left", "i4"),  # orders that must still join before the list is released
    ("place", "i4"),  # in the heap of good-till-date orders
    ("contingency", "u1"),
    ("role", "u1"),  # engine.states: peer, parent or child of its ring
    ("triggered", "u1"),
    ("given_stop", "u1"),  # the stop price of a trailing stop is the customer's
)

LEVEL = row(
    64,
    ("price", "i8"),
    ("shown_qty", "i8"),
    ("hidden_qty", "i8"),
    ("head", "i4"),
    ("tail", "i4"),
    ("hidden_head", "i4"),
    ("hidden_tail", "i4"),
    ("count", "i4"),
    ("hidden_count", "i4"),
    ("anchors", "i4"),  # displayed orders that are not pegged
    ("tree", "i4"),
)

BRANCH = row(272, ("bits", "u8"), ("child", "i4", (64,)))

TREE = row(  # four a book: 0 bids, 1 asks, 2 triggers at or below a price, 3 at or above
    32,
    ("prefix", "i8"),
    ("root", "i4"),
    ("height", "i4"),
    ("best", "i4"),
    ("levels", "i4"),
    ("first", "i4"),  # level of market orders in a call phase (bids and asks)
    ("waiting", "i4"),  # level of minimum-quantity orders that wait for enough on the other side
)

BOOK = row(
    256,
    ("last_px", "i8"),
    ("last_qty", "i8"),
    ("high_px", "i8"),
    ("low_px", "i8"),
    ("volume", "i8"),
    ("shown_bid", "i8"),  # total displayed quantity of the bids
    ("shown_ask", "i8"),
    ("auction_px", "i8"),  # price of the uncross under way
    ("end_time", "i8"),  # of a volatility auction
    ("top_bid", "i8"),  # L1 as last published
    ("top_bid_qty", "i8"),
    ("top_ask", "i8"),
    ("top_ask_qty", "i8"),
    ("peg_bid", "i8"),  # references at which pegged orders stand
    ("peg_ask", "i8"),
    ("trail_high", "i8"),  # extremes since trailing orders were last moved
    ("trail_low", "i8"),
    ("share_qty", "i8"),  # pro-rata pass under way: incoming quantity, level total, next order
    ("share_total", "i8"),
    ("share_next", "i4"),
    ("share_level", "i4"),
    ("share_left", "i4"),
    ("parked", "i4"),  # level of orders that wait for an auction
    ("peg_next", "i4"),  # next pegged order of the round under way
    ("chain", "i4", (3,)),  # heads and lengths of the chains (engine.chains)
    ("chained", "i4", (3,)),
    ("orders", "i4"),
    ("extensions", "i4"),
    ("flexes", "i4"),
    ("flex_trades", "i4"),
    ("first_position", "i4"),  # of the instrument's rows of accounts
    ("phase", "u1"),
    ("killed", "u1"),
    ("resume_phase", "u1"),
    ("next_phase", "u1"),  # after the uncross under way
    ("uncrossing", "u1"),
    ("share_stage", "u1"),
    ("dirty", "u1"),
    ("moved", "u1"),  # its price or settings have, since its positions were last marked
)

POSITION = row(  # one (node, instrument); rows of an account link to those of its desk, ...
    192,
    ("long_qty", "i8"),  # lots held if all open buys trade, and lots short if all open sells do;
    ("short_qty", "i8"),  # the eight that an order moves are one cache line (`domain.bits`)
    ("buy_value", "i8"),
    ("sell_value", "i8"),
    ("value", "i8"),  # qty x mark x multiplier when last marked
    ("exposure", "i8"),  # max(|value + buy_value|, |value - sell_value|)
    ("margin", "i8"),
    ("gross", "i8"),  # sum over accounts of max(|long_qty|, |short_qty|)
    ("qty", "i8"),  # the eight that a fill moves besides
    ("cost", "i8"),  # signed cost of the open position
    ("realised", "i8"),  # since the start, fees not included
    ("fifo_realised", "i8"),
    ("bought", "i8"),  # lots, today
    ("sold", "i8"),
    ("fees", "i8"),
    ("unrealised", "i8"),
    ("max_position", "i8"),
    ("max_exposure", "i8"),
    ("fifo_head", "i4"),
    ("fifo_tail", "i4"),
    ("node", "i4"),
    ("instrument", "i4"),
    ("parent", "i4"),  # the rows one, two and three levels above, all to be fetched at once
    ("second", "i4"),
    ("third", "i4"),
    ("next", "i4"),  # next position row of the node
    ("peer", "i4"),  # next account's row of the instrument
    ("restricted", "u1"),
    ("own", "u1"),  # has a max_position or a max_exposure
)


def open_lots(rows: Any) -> tuple[Any, Any]:
    """(lots of open buys, lots of open sells) of POSITION rows, or of one."""
    return rows["long_qty"] - rows["qty"], rows["short_qty"] + rows["qty"]


NODE = row(
    256,
    ("margin", "i8"),  # a cache line: what an order moves
    ("hold_fee", "i8"),
    ("used", "i8"),  # margin + hold_fee
    ("open_orders", "i8"),
    ("open_value", "i8"),
    ("exposure", "i8"),
    ("long_exposure", "i8"),  # sum of value + buy_value
    ("short_exposure", "i8"),  # sum of value - sell_value
    ("order_tat", "i8"),  # a cache line: what else the checks ask for
    ("replace_tat", "i8"),  # theoretical arrival times of the rate limits (GCRA)
    ("cancel_tat", "i8"),
    ("messages", "i8"),
    ("cash", "i8"),
    ("realised", "i8"),  # today, fees included
    ("profit", "i8"),  # realised + unrealised - base_unrealised
    ("below_peak", "i8"),  # profit - peak
    ("unrealised", "i8"),
    ("peak", "i8"),  # highest profit of today
    ("base_unrealised", "i8"),  # unrealised at the start of the day
    ("execution_tat", "i8"),
    ("executions", "i8"),
    ("fees", "i8"),
    ("deadline", "i8"),  # dead-man timer
    ("timeout", "i8"),
    ("kept_peak", "i8"),
    ("parent", "i4"),
    ("first_position", "i4"),
    ("first_group", "i4"),
    ("groups", "i4"),
    ("orders", "i4"),  # live orders of an account
    ("level", "u1"),
    ("killed", "u1"),
    ("reducing", "u1"),  # risk-reduction mode
    ("kept_reducing", "u1"),
    ("throttled", "u1"),  # repeated-execution throttle, until REARM
)

GROUP = row(
    64,
    ("gross", "i8"),
    ("long_net", "i8"),
    ("short_net", "i8"),
    ("max_gross", "i8"),
    ("max_net", "i8"),
    ("node", "i4"),
    ("kind", "i4"),  # 1 product, 2 currency
    ("id", "i4"),
    ("next", "i4"),
)

BOUND = 56  # columns of what the limits of a node mean to the checks (risk.admission.bounds)
EXPIRY = row(16, ("time", "i8"), ("order", "i4"))  # the heap of good-till-date orders
LOT = row(32, ("qty", "i8"), ("price", "i8"), ("next", "i4"))
ALGO = row(2, ("known", "u1"), ("killed", "u1"))
SESSION = row(1, ("connected", "u1"))
SLOT = row(8, ("row", "i4"), ("hash", "i4"))  # entry of a hash directory
RECENT = row(  # duplicate-order window
    48,
    ("time", "i8"),
    ("price", "i8"),
    ("qty", "i8"),
    ("account", "i4"),
    ("instrument", "i4"),
    ("hash", "i4"),
    ("side", "u1"),
    ("used", "u1"),
)

CANDIDATE = row(  # an order as the risk checks see it: a new one, or the result of a replace
    256,
    ("now", "i8"),
    ("price", "i8"),  # limit price, 0 for none
    ("worst_px", "i8"),
    ("order_qty", "i8"),
    ("leaves_qty", "i8"),
    ("old_leaves", "i8"),  # of the replaced order, else 0
    ("old_worst_px", "i8"),
    ("old_hold_fee", "i8"),
    ("stop_px", "i8"),
    ("display_qty", "i8"),
    ("min_qty", "i8"),
    ("expire_time", "i8"),
    ("value", "i8"),  # leaves_qty x worst_px x multiplier, filled by the checks
    ("old_value", "i8"),
    ("hold_fee", "i8"),  # worst fee of leaves_qty, filled by the checks
    ("trigger_px", "i8"),  # stop price in force: as given, or worked out by a trailing stop
    ("cap", "i8"),  # execution cap: the limit price, or the protection of an order without one
    ("d_gross", "i8"),  # what it adds to the account's row, marked now (risk.admission.clearance)
    ("d_exposure", "i8"),
    ("d_margin", "i8"),
    ("moved", "i8"),
    ("limit", "i8"),  # refusal
    ("observed", "i8"),
    ("headroom", "i8"),
    ("instrument", "i4"),
    ("account", "i4"),
    ("position", "i4"),
    ("algo_id", "i4"),
    ("exec_inst", "u2"),
    ("side", "u1"),  # 0 buy, 1 sell
    ("fix_side", "u1"),
    ("ord_type", "u1"),
    ("time_in_force", "u1"),
    ("replace", "u1"),
    ("level", "u1"),  # refusal
)

CORE = row(
    512,
    ("seq", "i8"),
    ("time", "i8"),
    ("exec_id", "i8"),
    ("trade_id", "i8"),
    ("serial", "i8"),
    ("salt", "i8"),
    ("next_expiry", "i8"),  # of the first good-till-date order, 0 none
    ("next_deadline", "i8"),
    ("live_orders", "i8"),
    ("market_seq", "i8"),
    ("canceled", "i8"),  # orders canceled by the sweep under way
    ("answered", "i8"),  # exec_id before the quote under way
    ("limits", "i8"),  # changes when a limit above the accounts does
    ("order_high", "i4"),  # rows ever used, and the head of the free list, of each pool
    ("order_free", "i4"),
    ("extra_high", "i4"),
    ("extra_free", "i4"),
    ("level_high", "i4"),
    ("level_free", "i4"),
    ("branch_high", "i4"),
    ("branch_free", "i4"),
    ("lot_high", "i4"),
    ("lot_free", "i4"),
    ("positions", "i4"),
    ("groups", "i4"),
    ("nodes", "i4"),
    ("instruments", "i4"),
    ("recent", "i4"),
    ("expiries", "i4"),  # orders in the heap
    ("working", "i4"),  # the order that trades now
    ("ready_head", "i4"),  # released orders that trade next
    ("ready_tail", "i4"),
    ("book", "i4"),  # instrument being worked on
    ("cursor", "i4"),  # of the sweep under way, and its last row
    ("until", "i4"),
    ("stage", "u1"),  # engine.loop
    ("sweep", "u1"),
    ("killed", "u1"),
    ("feed", "u1"),
    ("rounds", "u1"),  # of peg moves left in this command
    ("want", "u1"),  # table that must grow before the work can go on
    ("_align", "u1", (2,)),
    ("reports", "i8"),  # rows written to the buffers of this call
    ("markets", "i8"),
    ("rows", "i8"),  # commands in the buffer of this call
    ("full", "i8"),  # bit set of the tables that have reached their bound
    ("want_rows", "i8"),  # how many rows exactly a table of margin parameters must have
)
