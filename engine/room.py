"""Is there room for one more step? If not, CORE.want says which table Python must grow.

A step is one fill, cancel or move with all that hangs on it; `limits.STEP_REPORTS` bounds the
rows it writes. Steps ask before they begin, so nothing is ever half done for want of memory.
"""

import numpy as np

from domain.codes import Command, Scope
from domain.jit import cold, kernel
from domain.limits import STEP_REPORTS
from domain.tables import (
    Table,
    books,
    branches,
    core,
    directory,
    extras,
    instruments,
    levels,
    markets,
    nodes,
    orders,
    position_index,
    positions,
    recents,
    reports,
)
from engine.states import TRAILING
from risk.fills import lots_room
from risk.positions import positions_room
from risk.settings import groups_room
from risk.span.exchange import portfolios_left
from risk.span.loading import table_wanted
from risk.throttle import recents_room

_LEVEL, _BRANCH, _ORDER = int(Table.LEVEL), int(Table.BRANCH), int(Table.ORDER)
_EXTRA, _DIRECTORY, _LOT = int(Table.EXTRA), int(Table.DIRECTORY), int(Table.LOT)
_POSITION, _RECENT = int(Table.POSITION), int(Table.RECENT)
_INSTRUMENT, _NODE, _GROUP = int(Table.INSTRUMENT), int(Table.NODE), int(Table.GROUP)
_REPORT, _MARKET = int(Table.REPORT), int(Table.MARKET)
_C = Command
_NEW, _REPLACE, _QUOTE = int(_C.NEW_ORDER), int(_C.REPLACE_ORDER), int(_C.QUOTE)
_SET, _DEPOSIT, _WITHDRAW = int(_C.SET), int(_C.DEPOSIT), int(_C.WITHDRAW)
_INSTRUMENT_ADD, _NODE_ADD = int(_C.INSTRUMENT_ADD), int(_C.NODE_ADD)
_SCOPE_POSITION, _SCOPE_GROUP = int(Scope.POSITION), int(Scope.GROUP)
_SCOPE_MARGIN, _PORTFOLIO = int(Scope.MARGIN), int(Table.PORTFOLIO)
_STEP_MARKETS = 4 * STEP_REPORTS
NO_ROOM, ROOM, FULL = 0, 1, 2
_MOST_LEVELS = 8  # new levels of one step, and the branches above one new level


@cold
def _lacks(s, table):
    core(s)[0]["want"] = table
    return False


@kernel
def room_for_rows(s):
    """Whether one more step's report and market rows fit into the buffers."""
    c = core(s)[0]
    if c["reports"] + STEP_REPORTS > len(reports(s)):
        return _lacks(s, _REPORT)
    if c["feed"] and c["markets"] + _STEP_MARKETS > len(markets(s)):
        return _lacks(s, _MARKET)
    return True


@kernel
def room_for_step(s, instrument):
    """Whether one more step in an instrument's book fits into all tables."""
    c = core(s)[0]
    if not room_for_rows(s):
        return False
    new = _MOST_LEVELS + np.int64(books(s)[instrument]["chained"][TRAILING])
    if c["level_high"] + new >= len(levels(s)):
        return _lacks(s, _LEVEL)
    if c["branch_high"] + 8 * new >= len(branches(s)):
        return _lacks(s, _BRANCH)
    if not lots_room(s, 2):
        return _lacks(s, _LOT)
    return True


@kernel
def room_for_command(s, instrument):
    """Whether any command can begin: two new orders, their extras, positions and keys."""
    c = core(s)[0]
    if c["live_orders"] + 3 >= len(orders(s)):
        return _lacks(s, _ORDER)
    if c["extra_high"] + 2 >= len(extras(s)):
        return _lacks(s, _EXTRA)
    if 2 * (c["live_orders"] + 4) > len(directory(s)):
        return _lacks(s, _DIRECTORY)
    if not positions_room(s):
        return _lacks(s, _POSITION)
    if not recents_room(s):
        return _lacks(s, _RECENT)
    if portfolios_left(s) < 2:
        return _lacks(s, _PORTFOLIO)
    return room_for_step(s, instrument)


@kernel
def commands_with_room(s):
    """How many commands can begin for certain, if each step also asks for itself.

    A command takes at most two orders, extra rows and ids, eight positions, two recent orders, and
    the tables of one account's scenario margin.
    """
    c = core(s)[0]
    most = (len(orders(s)) - c["live_orders"]) // 2 - 2
    most = min(most, (len(extras(s)) - c["extra_high"]) // 2 - 2)
    most = min(most, len(directory(s)) // 4 - c["live_orders"] // 2 - 4)
    most = min(most, (len(positions(s)) - c["positions"]) // 8 - 2)
    most = min(most, (len(position_index(s)) // 2 - c["positions"]) // 8 - 2)
    most = min(most, portfolios_left(s) - 2)
    return max(0, min(most, len(recents(s)) // 4 - c["recent"] // 2 - 2))


@kernel
def is_full(s):
    """Whether the table in CORE.want has reached its bound, as Python found out."""
    c = core(s)[0]
    return (c["full"] >> np.int64(c["want"])) & 1 != 0


@cold
def room_to_begin(s, instrument):
    """ROOM for any command; NO_ROOM until Python has made some; or FULL: a table cannot grow.

    A command that takes no row of a table (`takes_rows`) can go on when it is FULL.
    """
    if room_for_command(s, instrument):
        return ROOM
    return FULL if is_full(s) and room_for_step(s, instrument) else NO_ROOM


@kernel
def takes_rows(cmd):
    """Whether a command may need a new row: of an order, or of a position."""
    command = cmd["command"]
    if command == _NEW or command == _REPLACE or command == _QUOTE:
        return True
    moves = command == _SET or command == _DEPOSIT or command == _WITHDRAW
    return moves and cmd["scope"] == _SCOPE_POSITION


@kernel
def room_for_administration(s, cmd):
    """Whether what a command adds fits: an instrument, a node, an exposure group, parameters."""
    c, command = core(s)[0], cmd["command"]
    if command == _INSTRUMENT_ADD and c["instruments"] + 2 > len(instruments(s)):
        return _lacks(s, _INSTRUMENT)
    if command == _NODE_ADD and c["nodes"] + 2 > len(nodes(s)):
        return _lacks(s, _NODE)
    if command == _SET and cmd["scope"] == _SCOPE_GROUP and not groups_room(s):
        return _lacks(s, _GROUP)
    if command == _SET and cmd["scope"] == _SCOPE_MARGIN:
        wanted = table_wanted(s, cmd)
        return wanted == 0 or _lacks(s, wanted)
    return True
