"""Every bound of the system, stated once.

Compiled integers wrap silently, so each input is checked against these bounds when it is
admitted, and the asserts below show that no later product or sum can leave int64.
"""

INT64_MAX = 2**63 - 1
NO_LIMIT = 2**62  # how "none" is stored in a limit cell, so that a check is one comparison

MAX_PRICE = 2**40  # ticks
MAX_QTY = 2**40  # lots
MAX_VALUE = 2**55  # minor units: price x quantity x multiplier of one order
MAX_POSITION = 2**42  # lots: net position plus all open orders of one side
MAX_MULTIPLIER = 2**31  # minor units per tick and lot
MAX_CASH = 2**60  # minor units held by one account or node
MAX_RATE = 10**9  # parts per billion: one
BPS = 10_000
PPB = 1_000_000_000

MAX_INSTRUMENTS = 2**20
MAX_NODES = 2**22  # accounts, desks, clients and firms together
MAX_ALGOS = 2**16
MAX_SESSIONS = 2**16
MAX_ORDERS = 2**26  # resting orders; an order id is (serial << ORDER_SLOT_BITS) | slot
ORDER_SLOT_BITS = 26
MAX_LIST = 8  # orders linked by one contingency
MAX_TIME = 2**62  # nanoseconds since 1970
MAX_TICK_BANDS = 8
MAX_CHARGES = 4
MAX_MOVING = 1024  # default bound of pegged, and of trailing, orders in one book
MAX_LOOK = 16  # waiting orders of the other side at which an order looks
STEP_REPORTS = 96  # rows that one step (a fill and all that hangs on it) may write

assert MAX_VALUE * 16 < INT64_MAX
assert MAX_ORDERS <= 1 << ORDER_SLOT_BITS
assert (1 << (62 - ORDER_SLOT_BITS)) > 6 * 10**10  # orders before the serial runs out
