"""What the limits of a node mean to `clearance`: bounds that lie as the numbers do, and chain rows.

Per node two pairs of eight bounds, for the two cache lines of a NODE row that the checks ask for,
and eight upper ones for the line of its POSITION rows. Per account also what its limits and those
of all nodes above come to when an order is looked at by itself: the lowest of each, and every
special setting. All of it follows from other tables and is no state: `rebuild_bounds` fills it
anew.
"""

import numpy as np

from domain.attributes import NodeAttr
from domain.bits import exceeds, outside
from domain.codes import Level
from domain.jit import cold, kernel
from domain.limits import INT64_MAX, MAX_CASH, MAX_POSITION, NO_LIMIT
from domain.state import NODE, POSITION
from domain.tables import (
    bounds,
    core,
    node_lanes,
    node_limits,
    nodes,
    position_lanes,
    positions,
)
from risk.derived import (
    FLAG_BITS,
    NODE_FLAGS,
    ORDER_INTERVAL,
    REPLACE_INTERVAL,
    derive_node,
)

_FIELDS = NODE.fields
ORDER_LINE = int(_FIELDS["margin"][1]) // 8  # columns of NODE where the two lines begin
STATE_LINE = int(_FIELDS["order_tat"][1]) // 8
OPEN_LINE = int(POSITION.fields["long_qty"][1]) // 8  # the same of POSITION
# columns of BOUND behind the bounds of the lines
STAMP = 32  # CORE.limits + 1 when the account's chain was worked out, 0 never
CHAIN_QTY, CHAIN_VALUE = 33, 34
CHAIN_TICKS, CHAIN_FINGER_BPS, CHAIN_ADV_BPS, CHAIN_BOOK_BPS = 35, 36, 37, 38
CHAIN_FLAGS = 39
ROW_MOST = 40  # upper bounds of the line of a POSITION row that an order moves
INTERVALS = 48  # three: between two tokens of the order, replace and cancel bucket, 0 no limit
PORTFOLIO = 51  # number of the tables of the account's scenario margin, 0 none (risk.span.exchange)
UNUSED = -(2**62)  # a bucket that is this far from the clock is not asked
GROUPS = 256  # bit of CHAIN_FLAGS: a node has exposure groups

_N = NodeAttr
_MOST, _LEAST = 2 * ORDER_LINE, 2 * ORDER_LINE + 8
_STATE_MOST, _STATE_LEAST = 2 * STATE_LINE, 2 * STATE_LINE + 8
_USED, _ORDERS, _VALUE = 2, 3, 4  # lanes of the first line
_EXPOSURE, _LONG, _SHORT = 5, 6, 7
_ORDER, _REPLACE, _CANCEL, _MESSAGES = 0, 1, 2, 3  # lanes of the second one
_CASH, _REALISED, _PROFIT, _BELOW = 4, 5, 6, 7
_MAX_MARGIN, _OPEN_ORDERS = int(_N.MAX_MARGIN), int(_N.MAX_OPEN_ORDERS)
_OPEN_VALUE, _GROSS, _NET = (
    int(_N.MAX_OPEN_VALUE),
    int(_N.MAX_GROSS_EXPOSURE),
    int(_N.MAX_NET_EXPOSURE),
)
_ORDER_BURST, _REPLACE_BURST = int(_N.ORDER_BURST), int(_N.REPLACE_BURST)
_CANCEL_BURST, _RATIO, _FLOOR = (
    int(_N.CANCEL_BURST),
    int(_N.ORDER_TO_TRADE),
    int(_N.ORDER_TO_TRADE_FLOOR),
)
_LOSS, _DAILY, _DRAWDOWN = (
    int(_N.MAX_REALISED_LOSS),
    int(_N.MAX_DAILY_LOSS),
    int(_N.MAX_DRAWDOWN),
)
_POSITION, _GROSS_POSITION = int(_N.MAX_POSITION), int(_N.MAX_GROSS_POSITION)
_INSTRUMENT = int(_N.MAX_INSTRUMENT_EXPOSURE)
_CHAIN = np.array(
    [
        (CHAIN_QTY, _N.MAX_ORDER_QTY),
        (CHAIN_VALUE, _N.MAX_ORDER_VALUE),
        (CHAIN_TICKS, _N.FAT_FINGER_TICKS),
        (CHAIN_FINGER_BPS, _N.FAT_FINGER_BPS),
        (CHAIN_ADV_BPS, _N.MAX_ADV_BPS),
        (CHAIN_BOOK_BPS, _N.MAX_BOOK_BPS),
    ],
    np.int64,
)
_LONG_QTY, _SHORT_QTY, _ROW_EXPOSURE, _ROW_GROSS = (  # lanes of a row's line
    int(POSITION.fields[name][1]) // 8 - OPEN_LINE
    for name in ("long_qty", "short_qty", "exposure", "gross")
)
_ACCOUNT = int(Level.ACCOUNT)
_FLAGS = (1 << FLAG_BITS) - 1


@kernel
def allowed_messages(s, node):
    """How many messages the order-to-trade ratio of a node allows today."""
    row = node_limits(s)[node]
    if row[_RATIO] == NO_LIMIT:
        return np.int64(NO_LIMIT)
    return max(row[_FLOOR], row[_RATIO] * max(nodes(s)[node]["executions"], 1))


@kernel
def _ahead(interval, burst):
    """How far a bucket may be ahead of the clock, in ns."""
    return burst * interval if interval else np.int64(INT64_MAX)


@kernel
def _derive(s, node):
    """Work out the bounds of a node from its limits."""
    row, to = node_limits(s)[node], bounds(s)[node]
    for lane in range(8):
        to[_MOST + lane] = INT64_MAX
        to[_LEAST + lane] = -INT64_MAX
        to[_STATE_MOST + lane] = INT64_MAX
        to[_STATE_LEAST + lane] = -INT64_MAX
        to[ROW_MOST + lane] = INT64_MAX
    to[_MOST + _USED] = row[_MAX_MARGIN]
    to[_MOST + _ORDERS] = row[_OPEN_ORDERS]
    to[_MOST + _VALUE] = min(row[_OPEN_VALUE], MAX_CASH)  # with cash: see MONEY_BOUND
    to[_MOST + _EXPOSURE] = row[_GROSS]
    to[_MOST + _LONG] = row[_NET]
    to[_LEAST + _LONG] = -row[_NET]
    to[_MOST + _SHORT] = row[_NET]
    to[_LEAST + _SHORT] = -row[_NET]
    to[_STATE_MOST + _ORDER] = _ahead(row[ORDER_INTERVAL], row[_ORDER_BURST] - 1)
    to[_STATE_MOST + _REPLACE] = _ahead(row[REPLACE_INTERVAL], row[_REPLACE_BURST] - 1)
    to[_STATE_MOST + _CANCEL] = _ahead(row[NODE_FLAGS] >> FLAG_BITS, row[_CANCEL_BURST])
    to[_STATE_MOST + _MESSAGES] = allowed_messages(s, node) - 1
    to[_STATE_MOST + _CASH] = MAX_CASH
    to[_STATE_LEAST + _CASH] = -MAX_CASH
    to[_STATE_LEAST + _REALISED] = 1 - row[_LOSS]
    to[_STATE_LEAST + _PROFIT] = 1 - row[_DAILY]
    to[_STATE_LEAST + _BELOW] = 1 - row[_DRAWDOWN]
    to[ROW_MOST + _LONG_QTY] = min(row[_POSITION], MAX_POSITION)
    to[ROW_MOST + _SHORT_QTY] = min(row[_POSITION], MAX_POSITION)
    to[ROW_MOST + _ROW_EXPOSURE] = row[_INSTRUMENT]
    to[ROW_MOST + _ROW_GROSS] = row[_GROSS_POSITION]
    to[INTERVALS] = row[ORDER_INTERVAL]
    to[INTERVALS + 1] = row[REPLACE_INTERVAL]
    to[INTERVALS + 2] = row[NODE_FLAGS] >> FLAG_BITS
    to[STAMP] = 0


@kernel
def limits_changed(s, node):
    """Work out all that follows from the limits of a node; call it after each change of them."""
    derive_node(s, node)
    _derive(s, node)
    if nodes(s)[node]["level"] != _ACCOUNT:
        core(s)[0]["limits"] += 1


@cold
def note_executions(s, account):
    """Let a chain of nodes send the messages that its executions of today allow.

    They only grow within a day, so bounds that are behind are on the safe side. True if one was.
    """
    node = account
    behind = False
    while node:
        most = allowed_messages(s, node) - 1
        behind |= bounds(s)[node, _STATE_MOST + _MESSAGES] != most
        bounds(s)[node, _STATE_MOST + _MESSAGES] = most
        node = np.int64(nodes(s)[node]["parent"])
    return behind


@kernel
def rebuild_bounds(s):
    """Work out the bounds of all nodes: a restored state or a new day."""
    for node in range(1, np.int64(core(s)[0]["nodes"]) + 1):
        _derive(s, node)


@cold
def _work_out_chain(s, account):
    to = bounds(s)[account]
    for number in range(len(_CHAIN)):
        to[_CHAIN[number, 0]] = NO_LIMIT
    flags = np.int64(0)
    node = account
    while node:
        row = node_limits(s)[node]
        for number in range(len(_CHAIN)):
            at = _CHAIN[number, 0]
            to[at] = min(to[at], row[_CHAIN[number, 1]])
        flags |= row[NODE_FLAGS] & _FLAGS
        if nodes(s)[node]["first_group"]:
            flags |= GROUPS
        node = np.int64(nodes(s)[node]["parent"])
    to[CHAIN_FLAGS] = flags
    to[STAMP] = core(s)[0]["limits"] + 1


@kernel
def chain_of(s, account):
    """The BOUND row of an account, its chain as the limits are now."""
    row = bounds(s)[account]
    if row[STAMP] != core(s)[0]["limits"] + 1:
        _work_out_chain(s, account)
    return row


@kernel
def rows_above(s, row):
    """The position rows one, two and three levels above one, 0 for none."""
    r = positions(s)[row]
    return np.int64(r["parent"]), np.int64(r["second"]), np.int64(r["third"])


@cold
def _beyond_own(s, row, change):
    """Whether a position row with limits of its own would be beyond them, or the node's other."""
    r = positions(s)[row]
    limits = bounds(s)[r["node"]]
    most, exposed = limits[ROW_MOST + _LONG_QTY], limits[ROW_MOST + _ROW_EXPOSURE]
    if r["max_position"] < NO_LIMIT:
        most = min(r["max_position"], MAX_POSITION)
    if r["max_exposure"] < NO_LIMIT:
        exposed = r["max_exposure"]
    bad = r["long_qty"] + change[_LONG_QTY] > most
    bad |= r["short_qty"] + change[_SHORT_QTY] > most
    bad |= r["exposure"] + change[_ROW_EXPOSURE] > exposed
    bad |= r["gross"] + change[_ROW_GROSS] > limits[ROW_MOST + _ROW_GROSS]
    return np.int64(bad)


@kernel
def levels_within(s, row, of_row, of_orders, of_state):
    """Whether an account's row and all above stay within their limits, and nothing is stopped.

    What would be added to the line of each row and to the two lines of each node. One walk, in
    which nothing waits for a branch.
    """
    table, tree, limits = positions(s), nodes(s), bounds(s)
    rows, lines = position_lanes(s), node_lanes(s)
    bad = np.int64(0)
    while row:
        r = table[row]
        node = np.int64(r["node"])
        n = tree[node]
        bad |= n["killed"] | n["throttled"] | r["restricted"]
        if r["own"]:
            bad |= _beyond_own(s, row, of_row)
        else:
            bad |= exceeds(rows, row, OPEN_LINE, of_row, limits, node, ROW_MOST)
        bad |= outside(lines, node, ORDER_LINE, of_orders, limits)
        bad |= outside(lines, node, STATE_LINE, of_state, limits)
        row = np.int64(r["parent"])
    return bad == 0
