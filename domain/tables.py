"""Where each table of the state lives in a store, and the kernels that view it.

A store is one int64 array: (address, row count) for each table. `orders(s)[i]["price"]` reads a
field; `orders(s)` is one load, so kernels pass only the store. Row 0 of a table means "none".
"""

from enum import IntEnum

from domain import layout, state
from domain.attributes import InstrumentAttr, NodeAttr
from domain.jit import table


class Table(IntEnum):
    """The number of each table in a store."""

    CORE = 0
    CANDIDATE = 1
    COMMAND = 2
    REPORT = 3
    MARKET = 4
    INSTRUMENT = 5
    BOOK = 6
    TREE = 7
    BRANCH = 8
    LEVEL = 9
    ORDER = 10
    DETAIL = 11
    EXTRA = 12
    OWNER = 13
    DIRECTORY = 14
    NODE = 15
    NODE_LIMIT = 16
    POSITION = 17
    POSITION_INDEX = 18
    GROUP = 19
    LOT = 20
    ALGO = 21
    SESSION = 22
    RECENT = 23
    LEG = 24
    BOUND = 25
    EXPIRY = 26
    # parameters of scenario margin (risk.span.store): the set that is being prepared, ...
    NEXT_RISK = 27
    NEXT_CONTRACT = 28
    NEXT_COMMODITY = 29
    NEXT_PERIOD = 30
    NEXT_SPREAD = 31
    NEXT_SPREAD_LEG = 32
    NEXT_CREDIT = 33
    # ... the one in force, and what accounts come to under it
    RISK = 34
    CONTRACT = 35
    COMMODITY = 36
    PERIOD = 37
    SPREAD = 38
    SPREAD_LEG = 39
    CREDIT = 40
    PORTFOLIO = 41


core = table(Table.CORE, state.CORE)
candidates = table(Table.CANDIDATE, state.CANDIDATE)
commands = table(Table.COMMAND, layout.COMMAND)
reports = table(Table.REPORT, layout.REPORT)
markets = table(Table.MARKET, layout.MARKET)
instruments = table(Table.INSTRUMENT, "i8", int(InstrumentAttr.COLUMNS))
books = table(Table.BOOK, state.BOOK)
trees = table(Table.TREE, state.TREE)
branches = table(Table.BRANCH, state.BRANCH)
levels = table(Table.LEVEL, state.LEVEL)
orders = table(Table.ORDER, state.ORDER)
details = table(Table.DETAIL, state.DETAIL)
extras = table(Table.EXTRA, state.EXTRA)
expiries = table(Table.EXPIRY, state.EXPIRY)
owners = table(Table.OWNER, "i4")
directory = table(Table.DIRECTORY, state.SLOT)
nodes = table(Table.NODE, state.NODE)
node_lanes = table(Table.NODE, "i8", state.NODE.itemsize // 8)
node_limits = table(Table.NODE_LIMIT, "i8", int(NodeAttr.COLUMNS))
positions = table(Table.POSITION, state.POSITION)
position_lanes = table(Table.POSITION, "i8", state.POSITION.itemsize // 8)
position_index = table(Table.POSITION_INDEX, state.SLOT)
groups = table(Table.GROUP, state.GROUP)
lots = table(Table.LOT, state.LOT)
algos = table(Table.ALGO, state.ALGO)
sessions = table(Table.SESSION, state.SESSION)
recents = table(Table.RECENT, state.RECENT)
legs = table(Table.LEG, layout.COMMAND)
bounds = table(Table.BOUND, "i8", state.BOUND)
portfolios = table(Table.PORTFOLIO, "i8")
