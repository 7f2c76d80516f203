"""Numbers worked out when an attribute is set, so that the hot path does not divide or search.

They live in the spare columns of the two attribute tables and follow from the other columns of
the same row: `derive_instrument` and `derive_node` are called after each change.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import NodeStatus, ShortSale
from domain.jit import kernel
from domain.limits import NO_LIMIT, PPB
from domain.tables import instruments, node_limits

# NODE_LIMIT: nanoseconds between two tokens of each rate limit, 0 for no limit
ORDER_INTERVAL = 43
REPLACE_INTERVAL = 44
EXECUTION_INTERVAL = 45
VARIATION = 46  # unrealised profit of an account's instruments that are not paid in full
NODE_FLAGS = 47  # flags, and above them the interval of the cancel bucket
FLAG_BITS = 8
# INSTRUMENT: flags
INSTRUMENT_FLAGS = 69

# bits of NODE_FLAGS: the node has a setting that needs a look
PERMISSIONS = 1
COLLAR = 2  # fat finger
SHARES = 4  # of daily volume or of the book
REDUCTION = 8  # risk-reduction mode
DUPLICATES = 16

# bits of INSTRUMENT_FLAGS
RESTRICTS = 1  # tradable, expiry, order types, times in force
TICKS = 2  # more than one tick size, or a tick size other than 1
LOTS = 4
DYNAMIC_BAND = 8
FEES = 16
CHARGES = 32
MAKER_DEARER = 64  # the maker's fee can be above the taker's

_I, _N = InstrumentAttr, NodeAttr
_ALL_TYPES, _ALL_SIDES, _ALL_ORD_TYPES, _ALL_TIFS = 2**6 - 1, 3, 2**9 - 1, 2**8 - 1
_TRADABLE, _EXPIRY = int(_I.TRADABLE), int(_I.EXPIRY)
_ORD_TYPES, _TIFS = int(_I.ALLOWED_ORD_TYPES), int(_I.ALLOWED_TIFS)
_TICK_1, _TICK_2, _LOT_SIZE = int(_I.TICK_1), int(_I.TICK_1) + 2, int(_I.LOT_SIZE)
_DYNAMIC_BPS, _VOLATILITY = int(_I.DYNAMIC_BPS), int(_I.VOLATILITY_AUCTION)
_FEE_FIRST, _FEE_LAST = int(_I.MAKER_PPB), int(_I.TAKER_PER_LOT)
_CHARGE_FIRST, _CHARGE_LAST = int(_I.CHARGE_BUY_PPB_1), int(_I.CHARGE_SELL_PPB_4)
_STATUS, _TYPES, _SIDES = int(_N.STATUS), int(_N.ALLOWED_TYPES), int(_N.ALLOWED_SIDES)
_NODE_ORD_TYPES, _SHORT, _ALGO = (
    int(_N.ALLOWED_ORD_TYPES),
    int(_N.SHORT_SALE),
    int(_N.ALGO_REQUIRED),
)
_ACTIVE, _SHORT_ALLOWED = int(NodeStatus.ACTIVE), int(ShortSale.ALLOWED)
_FINGER_BPS, _FINGER_TICKS = int(_N.FAT_FINGER_BPS), int(_N.FAT_FINGER_TICKS)
_ADV_BPS, _BOOK_BPS = int(_N.MAX_ADV_BPS), int(_N.MAX_BOOK_BPS)
_ORDER_RATE, _REPLACE_RATE, _CANCEL_RATE = (
    int(_N.ORDER_RATE),
    int(_N.REPLACE_RATE),
    int(_N.CANCEL_RATE),
)
_EXECUTIONS, _WINDOW = int(_N.MAX_EXECUTIONS), int(_N.EXECUTION_WINDOW_NS)
_RRM, _DUPLICATE = int(_N.RRM_ENTER_BPS), int(_N.DUPLICATE_WINDOW_NS)


@kernel
def _interval(rate):
    """Nanoseconds between two tokens of `rate` a second; 0 when there is no limit."""
    return PPB // rate if rate > 0 else np.int64(0)


@kernel
def derive_node(s, node):
    """Work out the spare columns of a node's limits (all but VARIATION, which marking keeps)."""
    row = node_limits(s)[node]
    row[ORDER_INTERVAL] = _interval(row[_ORDER_RATE])
    row[REPLACE_INTERVAL] = _interval(row[_REPLACE_RATE])
    row[EXECUTION_INTERVAL] = 0
    if row[_EXECUTIONS] < NO_LIMIT:
        row[EXECUTION_INTERVAL] = max(1, row[_WINDOW] // row[_EXECUTIONS])
    flags = 0
    if (
        row[_STATUS] != _ACTIVE
        or row[_TYPES] != _ALL_TYPES
        or row[_SIDES] != _ALL_SIDES
        or row[_NODE_ORD_TYPES] != _ALL_ORD_TYPES
        or row[_SHORT] != _SHORT_ALLOWED
        or row[_ALGO] != 0
    ):
        flags |= PERMISSIONS
    if min(row[_FINGER_BPS], row[_FINGER_TICKS]) < NO_LIMIT:
        flags |= COLLAR
    if min(row[_ADV_BPS], row[_BOOK_BPS]) < NO_LIMIT:
        flags |= SHARES
    if row[_RRM] > 0:
        flags |= REDUCTION
    if row[_DUPLICATE] > 0:
        flags |= DUPLICATES
    row[NODE_FLAGS] = flags | _interval(row[_CANCEL_RATE]) << FLAG_BITS


@kernel
def derive_instrument(s, instrument):
    """Work out the spare columns of an instrument."""
    row = instruments(s)[instrument]
    flags = 0
    if (
        row[_TRADABLE] == 0
        or row[_EXPIRY] > 0
        or row[_ORD_TYPES] != _ALL_ORD_TYPES
        or row[_TIFS] != _ALL_TIFS
    ):
        flags |= RESTRICTS
    if row[_TICK_1] != 1 or row[_TICK_2] != 0:
        flags |= TICKS
    if row[_LOT_SIZE] != 1:
        flags |= LOTS
    if row[_DYNAMIC_BPS] > 0 and row[_VOLATILITY] == 0:
        flags |= DYNAMIC_BAND
    for column in range(_FEE_FIRST, _FEE_LAST + 1):
        if row[column] != 0:
            flags |= FEES
    if row[_FEE_FIRST] > row[_FEE_FIRST + 1] or row[_FEE_LAST - 1] > row[_FEE_LAST]:
        flags |= MAKER_DEARER
    for column in range(_CHARGE_FIRST, _CHARGE_LAST + 1):
        if row[column] != 0:
            flags |= CHARGES
    row[INSTRUMENT_FLAGS] = flags
