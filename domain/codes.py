"""The codes of commands and reports: FIX values and names where FIX has them.

A FIX code that is a digit is stored as that number, a letter as its ASCII code ("F" is 70).
Reject reasons below 100 are FIX OrdRejReason (103) or CxlRejReason (102) values; ours start
at 100 and stand in the order in which the checks run.
"""

from enum import IntEnum, IntFlag


class Command(IntEnum):
    """What a COMMAND row asks for."""

    NEW_ORDER = 1
    CANCEL_ORDER = 2
    REPLACE_ORDER = 3
    MASS_CANCEL = 4
    QUOTE = 5
    INSTRUMENT_ADD = 6
    NODE_ADD = 7
    ALGO_ADD = 8
    SET = 9
    DEPOSIT = 10
    WITHDRAW = 11
    PHASE = 12
    HALT = 13
    RESUME = 14
    UNCROSS = 15
    KILL_ON = 16
    KILL_OFF = 17
    CONNECT = 18
    DISCONNECT = 19
    DEAD_MAN = 20
    TICK = 21
    END_OF_DAY = 22
    REARM = 23


class Side(IntEnum):
    """FIX Side (54)."""

    BUY = 1
    SELL = 2
    SELL_SHORT = 5
    SELL_SHORT_EXEMPT = 6  # a locate is held


class OrdType(IntEnum):
    """FIX OrdType (40). Stops, trailing stops and touched orders trigger on the last price."""

    MARKET = 1
    LIMIT = 2
    STOP = 3
    STOP_LIMIT = 4
    MARKET_IF_TOUCHED = 74  # J
    MARKET_TO_LIMIT = 75  # K, "market with left over as limit"
    PEGGED = 80  # P
    TRAILING_STOP = 84  # our own letter T: FIX spells it P with ExecInst a
    LIMIT_IF_TOUCHED = 76  # our own letter L


class TimeInForce(IntEnum):
    """FIX TimeInForce (59)."""

    DAY = 0
    GTC = 1
    AT_THE_OPEN = 2
    IOC = 3
    FOK = 4
    GTD = 6
    AT_THE_CLOSE = 7
    GOOD_FOR_AUCTION = 66  # B


class ExecInst(IntFlag):
    """Order handling flags (FIX ExecInst (18) values carry letters; here one bit each)."""

    POST_ONLY = 1  # refuse to take liquidity: reject
    POST_SLIDE = 2  # refuse to take liquidity: slide to one tick behind the other side
    HIDDEN = 4
    ALL_OR_NONE = 8
    REDUCE_ONLY = 16
    TRAIL_BPS = 32  # offset of a trailing stop is basis points of the trigger price, not ticks
    PEG_PRIMARY = 64
    PEG_MARKET = 128
    PEG_MID = 256
    CANCEL_ON_DISCONNECT = 512
    QUOTE_LEG = 1024  # set by the engine


class Contingency(IntEnum):
    """FIX ContingencyType (1385) of an order linked by cl_ord_link_id."""

    NONE = 0
    ONE_CANCELS_OTHER = 1
    ONE_TRIGGERS_OTHER = 2
    ONE_UPDATES_OTHER = 3
    BRACKET = 4  # held until the linked parent fills; siblings then update one another


class SelfTrade(IntEnum):
    """What happens when two orders of one self-trade group meet. 0: the account's setting."""

    DEFAULT = 0
    CANCEL_NEWEST = 1
    CANCEL_OLDEST = 2
    CANCEL_BOTH = 3
    DECREMENT = 4
    ALLOW = 5


class ReportType(IntEnum):
    """What kind of message a REPORT row is."""

    EXECUTION = 1  # FIX ExecutionReport (8)
    CANCEL_REJECT = 2  # FIX OrderCancelReject (9)
    MASS_CANCEL = 3  # FIX OrderMassCancelReport (r): order_qty rows were canceled
    ADMIN = 4  # answer to every command that is not about an order


class ExecType(IntEnum):
    """FIX ExecType (150)."""

    NEW = 0
    CANCELED = 4
    REPLACED = 5
    REJECTED = 8
    EXPIRED = 67  # C
    RESTATED = 68  # D
    TRADE = 70  # F
    TRIGGERED = 76  # L


class OrdStatus(IntEnum):
    """FIX OrdStatus (39)."""

    NEW = 0
    PARTIALLY_FILLED = 1
    FILLED = 2
    CANCELED = 4
    REJECTED = 8
    SUSPENDED = 9  # held: untriggered, parked for an auction, or waiting for a linked order
    EXPIRED = 67  # C


class Liquidity(IntEnum):
    """FIX LastLiquidityInd (851)."""

    NONE = 0
    MAKER = 1
    TAKER = 2
    AUCTION = 4


class Phase(IntEnum):
    """Trading phase of an instrument."""

    CLOSED = 0
    PRE_OPEN = 1
    OPENING_AUCTION = 2
    CONTINUOUS = 3
    HALT = 4
    INTRADAY_AUCTION = 5
    VOLATILITY_AUCTION = 6
    CLOSING_AUCTION = 7
    POST_CLOSE = 8


class Level(IntEnum):
    """A level of the account hierarchy; the number is its distance from the order."""

    NONE = 0
    ACCOUNT = 1
    DESK = 2
    CLIENT = 3
    FIRM = 4


class Scope(IntEnum):
    """What `entity` names in a SET, KILL, PHASE, HALT or MASS_CANCEL row."""

    MARKET = 0
    NODE = 1  # account, desk, client or firm
    INSTRUMENT = 2
    POSITION = 3  # (node `entity`, `instrument`)
    GROUP = 4  # (node `entity`, group kind `index`: 1 product, 2 currency; `instrument` its id)
    ALGO = 5
    SESSION = 6
    MARGIN = 7  # parameters of scenario margin: table `entity`, row `index`; 0 puts them in force


class InstrumentType(IntEnum):
    """Product class of an instrument; also the bit number in a node's allowed_types."""

    EQUITY = 1
    FUTURE = 2
    OPTION = 3
    FX = 4
    CRYPTO = 5


class MarginModel(IntEnum):
    """How an instrument's initial margin is worked out."""

    CASH = 0  # buys are paid in full, sells need the holding or short margin
    PER_LOT = 1
    PERCENT = 2
    VAR_ELM = 3
    SCENARIO = 4  # what the account's portfolio adds up to over 16 scenarios


class Allocation(IntEnum):
    """How a level's quantity is shared out."""

    PRICE_TIME = 0
    PRO_RATA = 1
    SPLIT = 2  # fifo_share_bps by time, the rest pro rata


class NodeStatus(IntEnum):
    """Whether an account, desk, client or firm may trade."""

    ACTIVE = 0
    SUSPENDED = 1
    CLOSE_ONLY = 2


class ShortSale(IntEnum):
    """Short selling permission of a node."""

    FORBIDDEN = 0
    ALLOWED = 1
    LOCATE = 2  # only as SELL_SHORT_EXEMPT


class MarketType(IntEnum):
    """Kind of a MARKET row."""

    TRADE = 1
    TOP = 2  # L1: best bid and ask
    LEVEL = 3  # L2: new total of one price level, 0 removes it
    ORDER_ADD = 4  # L3
    ORDER_REDUCE = 5  # L3: quantity left after a fill or an in-place decrease
    ORDER_DELETE = 6  # L3
    INDICATIVE = 7  # auction price, volume and surplus
    STATUS = 8  # phase change


class Feed(IntFlag):
    """Which MARKET rows an exchange writes."""

    NONE = 0
    TRADES = 1
    L1 = 2
    L2 = 4
    L3 = 8
    AUCTION = 16
    STATUS = 32
    ALL = 63


class Reason(IntEnum):
    """Why a command was refused or an order ended; the order from 100 on is the precedence."""

    NONE = 0
    # FIX OrdRejReason (103)
    UNKNOWN_SYMBOL = 1
    EXCHANGE_CLOSED = 2
    ORDER_EXCEEDS_LIMIT = 3
    UNKNOWN_ORDER = 5
    DUPLICATE_ORDER = 6
    UNSUPPORTED_ORDER_CHARACTERISTIC = 11
    INCORRECT_QUANTITY = 13
    UNKNOWN_ACCOUNT = 15
    # the row itself
    UNKNOWN_COMMAND = 100
    UNKNOWN_SIDE = 101
    UNKNOWN_ORD_TYPE = 102
    UNKNOWN_TIME_IN_FORCE = 103
    UNKNOWN_FLAG = 104
    PRICE_OUT_OF_RANGE = 105
    QTY_OUT_OF_RANGE = 106
    VALUE_OUT_OF_RANGE = 107
    FIELD_OUT_OF_RANGE = 108
    CL_ORD_ID_INVALID = 109
    FLAGS_CONFLICT = 110
    # state
    MARKET_KILLED = 120
    INSTRUMENT_KILLED = 121
    NODE_KILLED = 122
    ALGO_KILLED = 123
    NODE_SUSPENDED = 124
    CLOSE_ONLY = 125
    PHASE_FORBIDS = 126
    INSTRUMENT_NOT_TRADABLE = 127
    INSTRUMENT_EXPIRED = 128
    INSTRUMENT_RESTRICTED = 129
    CURRENCY_MISMATCH = 130
    TYPE_NOT_PERMITTED = 131
    SIDE_NOT_PERMITTED = 132
    ORD_TYPE_NOT_PERMITTED = 133
    SHORT_SALE_FORBIDDEN = 134
    LOCATE_REQUIRED = 135
    ALGO_ID_REQUIRED = 136
    ALGO_ID_UNKNOWN = 137
    RISK_REDUCTION_MODE = 138
    EXECUTION_THROTTLED = 139
    TIME_IN_FORCE_NOT_PERMITTED = 140
    # shape
    TICK_SIZE = 150
    LOT_SIZE = 151
    MIN_QTY = 152
    MAX_QTY = 153
    FREEZE_QTY = 154
    MIN_VALUE = 155
    MAX_VALUE = 156
    EXPIRE_TIME = 157
    DISPLAY_QTY = 158
    MINIMUM_EXECUTION_QTY = 159
    STOP_PRICE = 160
    PEG = 161
    LINK = 162
    TOO_MANY_MOVING_ORDERS = 163
    NO_REFERENCE_PRICE = 164
    POST_ONLY_WOULD_TRADE = 165
    # price
    STATIC_BAND = 170
    DYNAMIC_BAND = 171
    FAT_FINGER_BPS = 172
    FAT_FINGER_TICKS = 173
    # size
    ORDER_QTY_LIMIT = 180
    ORDER_VALUE_LIMIT = 181
    VOLUME_SHARE = 182
    BOOK_SHARE = 183
    DUPLICATE_WINDOW = 184
    REDUCE_ONLY = 185
    # exposure
    OPEN_ORDERS = 190
    OPEN_VALUE = 191
    POSITION_LIMIT = 192
    GROSS_POSITION_LIMIT = 193
    INSTRUMENT_EXPOSURE = 194
    GROUP_EXPOSURE = 195
    GROSS_EXPOSURE = 196
    NET_EXPOSURE = 197
    CONCENTRATION = 198
    REALISED_LOSS = 199
    DAILY_LOSS = 200
    DRAWDOWN = 201
    MARGIN_LIMIT = 202
    BUYING_POWER = 203
    # flow
    ORDER_RATE = 210
    REPLACE_RATE = 211
    CANCEL_RATE = 212
    ORDER_TO_TRADE = 213
    # why an order ended, or an administrative command was refused
    UNFILLED_REMAINDER = 230  # IOC, FOK or market order with nothing (more) to trade with
    SELF_TRADE = 231
    CANCELED_BY_USER = 232
    CANCELED_BY_MASS_CANCEL = 233
    CANCELED_BY_KILL = 234
    CANCELED_BY_DISCONNECT = 235
    CANCELED_BY_DEAD_MAN = 236
    CANCELED_BY_LINK = 237
    CANCELED_BY_QUOTE = 238
    EXPIRED_TIME = 239
    EXPIRED_SESSION = 240
    EXPIRED_AUCTION = 241
    ID_NOT_NEXT = 250
    UNKNOWN_ENTITY = 251
    UNKNOWN_ATTRIBUTE = 252
    VALUE_NOT_ALLOWED = 253
    PARENT_INVALID = 254
    INSUFFICIENT_CASH = 255
    PHASE_TRANSITION = 256
    CAPACITY = 257
