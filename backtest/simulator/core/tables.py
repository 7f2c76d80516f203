"""The tables of a run, and the kernels that view them: `head(w)[0]["now"]`.

Like the exchange's store, a run is one int64 array of (address, row count) pairs, and `w` its
address. The exchange's own tables are reached through `head(w)[0]["store"]`.
"""

from enum import IntEnum

from backtest.events import EVENT
from backtest.record import FLOW
from domain.jit import table
from domain.layout import COMMAND, REPORT, row

LANES = COMMAND.itemsize // 8
assert REPORT.itemsize == COMMAND.itemsize

HEAD = row(
    512,
    ("store", "i8"),  # address of the exchange's tables
    ("run", "i8"),  # address of engine.loop.run
    ("strategy", "i8"),  # address of a compiled strategy, 0: the strategy is Python's
    ("count", "i8"),  # event rows of the chunk
    ("cursor", "i8"),  # of them played
    ("seen", "i8"),  # of them shown to the strategy
    ("now", "i8"),  # time of the last thing that happened at the exchange
    ("played", "i8"),  # time of the last event played
    ("clock", "i8"),  # time at the strategy
    ("made", "i8"),  # commands in the buffer
    ("applied", "i8"),  # commands applied to the exchange, in all
    ("events", "i8"),  # events played, in all
    ("next_id", "i8"),  # cl_ord_id of the next order of history that the data does not name
    ("reports", "i8"),  # report rows kept; of them told to the strategy
    ("told", "i8"),
    ("samples", "i8"),  # sample cells used
    ("sample_ns", "i8"),
    ("sample_at", "i8"),  # time of the sample that is due when time goes on, 0 none
    ("next_sample", "i8"),
    ("flows", "i8"),
    ("carried", "i8"),  # event rows of the chunk before that were still to be shown
    ("waiting", "i8"),  # own commands on their way: rows [first, waiting)
    ("first", "i8"),
    ("stamped", "i8"),  # of them given a time of arrival
    ("debt", "i8"),  # what the account could not pay
    ("instruments", "i8"),
    ("last_id", "i8"),  # cl_ord_id of a compiled strategy's last order
    ("forced_id", "i8"),  # cl_ord_id of the last order by force
    ("failed", "i8"),  # a table ran out in the middle of an event: no result can be trusted
    ("timer", "i8"),  # the strategy's next timer
    ("wants", "i8"),  # bits of what the strategy is shown: SHOW_*
    ("rng", "u8"),
    ("filled", "i8"),  # own lots filled since the count began
    # settings
    ("touch", "i8"),
    ("path", "i8"),
    ("share", "i8"),  # parts per million of a bar's volume; 0 no bound
    ("at_close", "i8"),
    ("slip_ticks", "i8"),
    ("slip_ppm", "i8"),
    ("exact", "i8"),
    ("by_share", "i8"),  # queues move by cancels too
    ("maintenance", "i8"),  # basis points of the margin
    ("borrow", "i8"),  # basis points a year
    ("interest", "i8"),
    ("accrued", "i8"),  # time until which interest is counted
    ("short_seconds", "i8"),  # minor units x seconds since the last payment / 1000
    ("cash_seconds", "i8"),
    ("next_payment", "i8"),
    ("shown", "i8"),  # SHOW_* bits of the event that `advance` came back for
    ("bars_seen", "i8"),  # what `follow` has come to: bars, or instants of `target_width` bars
    ("seen_time", "i8"),
    ("target_width", "i8"),
    ("final", "u1"),  # no chunk comes after this one
)

ITEM = row(  # one instrument
    192,
    ("px", "i8"),  # where the market is, ticks; 0 before its first price
    ("bid", "i8"),  # best prices before the command under way
    ("ask", "i8"),
    ("seen_bid", "i8"),  # best prices and last price as the strategy was last shown them
    ("seen_bid_qty", "i8"),
    ("seen_ask", "i8"),
    ("seen_ask_qty", "i8"),
    ("seen_px", "i8"),
    ("budget", "i8"),  # lots that may still fill in this bar
    ("multiplier", "i8"),
    ("position", "i8"),  # row of the own position in the engine's table, 0 none yet
    ("cash_model", "u1"),
    ("bars", "u1"),  # played from bars, not from a book
    ("orders", "u1"),  # the book is made of single orders
    ("quoted", "u1"),  # the book is made of quotes: only the best prices are known
    ("stale", "u1"),  # the exchange does not know `px` yet
)

DELAY = row(
    64,
    ("constant", "i8"),
    ("spread", "i8"),
    ("shape", "i8"),
    ("first", "i8"),  # of the measured delays
    ("count", "i8"),
    ("last", "i8"),  # when the one before arrives: a line keeps its order
)
DATA, ORDER, REPORTS = 0, 1, 2  # rows of the delays
EXPONENTIAL, LOGNORMAL = 1, 2

HISTORY, OWN = 1, 2  # accounts
HISTORY_IDS = 2**60  # cl_ord_ids of history's own making
FORCED_IDS = 2**40  # of orders that the simulator sends for the account
NEVER = 2**62
LARGE = 2**50  # lots: no bound

BATCH = 1_024  # commands that are gathered at most

SHOW_BARS, SHOW_TRADES, SHOW_BOOK, SHOW_ALL = 1, 2, 4, 8

# why `advance` comes back
DONE, EVENT_SHOWN, REPORT_DUE, TIMER_DUE, ROOM_WANTED, DONE_BUSY, RAISED = 0, 1, 2, 3, 4, 5, 6


class Part(IntEnum):
    """The number of each table of a run."""

    HEAD = 0
    EVENT = 1
    EVENT_DUE = 2
    ITEM = 3
    COMMAND = 4
    WAITING = 5
    WAITING_DUE = 6
    REPORT = 7
    REPORT_DUE = 8
    ARRIVAL = 9
    SAMPLE = 10
    FLOW = 11
    DELAY = 12
    MEASURED = 13
    FEES = 14
    TARGET = 15
    STATE = 16
    TOP = 17


head = table(Part.HEAD, HEAD)
events = table(Part.EVENT, EVENT)
event_dues = table(Part.EVENT_DUE, "i8")
items = table(Part.ITEM, ITEM)
made = table(Part.COMMAND, COMMAND)
made_lanes = table(Part.COMMAND, "i8", LANES)
waiting = table(Part.WAITING, COMMAND)
waiting_lanes = table(Part.WAITING, "i8", LANES)
waiting_dues = table(Part.WAITING_DUE, "i8")
kept = table(Part.REPORT, REPORT)
kept_lanes = table(Part.REPORT, "i8", LANES)
report_dues = table(Part.REPORT_DUE, "i8")
arrivals = table(Part.ARRIVAL, "i8", 2)
samples = table(Part.SAMPLE, "i8")
flows = table(Part.FLOW, FLOW)
delays = table(Part.DELAY, DELAY)
measured = table(Part.MEASURED, "i8")
tops = table(Part.TOP, "i8", 5)  # of each event: bid, lots, ask, lots, last price
kept_fees = table(Part.FEES, "i8")
targets = table(Part.TARGET, "i8")
