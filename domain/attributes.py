"""What can be configured, as data: every attribute of an instrument, a node and a position.

A SET row names a scope, an entity, an attribute of that scope and an int64 value. `ATTRIBUTES`
gives each attribute's range, default and unit, and whether 0 means "no limit". A node is an
account, a desk, a client or a firm; all levels have the same attributes.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from domain.limits import (
    BPS,
    INT64_MAX,
    MAX_CASH,
    MAX_MOVING,
    MAX_MULTIPLIER,
    MAX_POSITION,
    MAX_PRICE,
    MAX_QTY,
    MAX_RATE,
    MAX_TIME,
    MAX_VALUE,
    NO_LIMIT,
)

_DAY_NS = 86_400 * 10**9


class InstrumentAttr(IntEnum):
    """Columns of the instrument table; the hot ones come first."""

    TYPE = 0
    TRADABLE = 1
    CURRENCY = 2
    PRODUCT = 3
    MULTIPLIER = 4
    LOT_SIZE = 5
    MIN_QTY = 6
    MAX_QTY = 7
    FREEZE_QTY = 8
    MIN_VALUE = 9
    MAX_VALUE = 10
    STATIC_LOW = 11
    STATIC_HIGH = 12
    DYNAMIC_BPS = 13
    DYNAMIC_REFERENCE = 14
    REFERENCE_PRICE = 15
    MARGIN_MODEL = 16
    MARGIN_PER_LOT = 17
    MARGIN_BPS = 18
    ELM_BPS = 19
    SHORT_MARGIN_BPS = 20
    MAKER_PPB = 21
    TAKER_PPB = 22
    MAKER_PER_LOT = 23
    TAKER_PER_LOT = 24
    FEE_MIN = 25
    FEE_CAP = 26
    CHARGE_BUY_PPB_1 = 27
    CHARGE_BUY_PPB_2 = 28
    CHARGE_BUY_PPB_3 = 29
    CHARGE_BUY_PPB_4 = 30
    CHARGE_SELL_PPB_1 = 31
    CHARGE_SELL_PPB_2 = 32
    CHARGE_SELL_PPB_3 = 33
    CHARGE_SELL_PPB_4 = 34
    ALLOCATION = 35
    FIFO_SHARE_BPS = 36
    PRO_RATA_MIN = 37
    REPLACE_LOSES_PRIORITY = 38
    MARKET_PROTECTION_BPS = 39
    EXPIRY = 40
    ADV = 41
    FLEX_BPS = 42
    FLEX_TRADES = 43
    MAX_FLEX = 44
    VOLATILITY_AUCTION = 45
    VOLATILITY_NS = 46
    EXTENSION_NS = 47
    MAX_EXTENSIONS = 48
    EXTENSION_BPS = 49
    ALLOWED_ORD_TYPES = 50
    ALLOWED_TIFS = 51
    MAX_MOVING = 52
    TICK_FROM_1 = 53  # pairs (from price, tick) in ascending order of price; tick 0 ends the table
    TICK_1 = 54
    TICK_FROM_2 = 55
    TICK_2 = 56
    TICK_FROM_3 = 57
    TICK_3 = 58
    TICK_FROM_4 = 59
    TICK_4 = 60
    TICK_FROM_5 = 61
    TICK_5 = 62
    TICK_FROM_6 = 63
    TICK_6 = 64
    TICK_FROM_7 = 65
    TICK_7 = 66
    TICK_FROM_8 = 67
    TICK_8 = 68
    COLUMNS = 72


class NodeAttr(IntEnum):
    """Columns of the limit table of a node; the hot ones come first."""

    STATUS = 0
    CURRENCY = 1
    ALLOWED_TYPES = 2
    ALLOWED_SIDES = 3
    ALLOWED_ORD_TYPES = 4
    SHORT_SALE = 5
    ALGO_REQUIRED = 6
    STP_GROUP = 7
    STP_MODE = 8
    CHECK_BUYING_POWER = 9
    CREDIT = 10
    MAX_ORDER_QTY = 11
    MAX_ORDER_VALUE = 12
    MAX_OPEN_ORDERS = 13
    MAX_OPEN_VALUE = 14
    MAX_POSITION = 15
    MAX_GROSS_POSITION = 16
    MAX_INSTRUMENT_EXPOSURE = 17
    MAX_GROSS_EXPOSURE = 18
    MAX_NET_EXPOSURE = 19
    MAX_MARGIN = 20
    MAX_REALISED_LOSS = 21
    MAX_DAILY_LOSS = 22
    MAX_DRAWDOWN = 23
    MAX_CONCENTRATION_BPS = 24
    FAT_FINGER_BPS = 25
    FAT_FINGER_TICKS = 26
    MAX_ADV_BPS = 27
    MAX_BOOK_BPS = 28
    DUPLICATE_WINDOW_NS = 29
    ORDER_RATE = 30
    ORDER_BURST = 31
    REPLACE_RATE = 32
    REPLACE_BURST = 33
    CANCEL_RATE = 34
    CANCEL_BURST = 35
    ORDER_TO_TRADE = 36
    ORDER_TO_TRADE_FLOOR = 37
    MAX_EXECUTIONS = 38
    EXECUTION_WINDOW_NS = 39
    RRM_ENTER_BPS = 40
    RRM_LEAVE_BPS = 41
    COST_METHOD = 42
    COLUMNS = 48


class PositionAttr(IntEnum):
    """Settings of one (node, instrument) pair, or of one exposure group of a node."""

    MAX_POSITION = 0  # POSITION scope: lots, overrides the node's default
    MAX_EXPOSURE = 1  # POSITION scope: minor units, overrides the node's default
    RESTRICTED = 2  # POSITION scope: 1 forbids new orders of this node in the instrument
    MAX_GROUP_GROSS = 3  # GROUP scope: minor units
    MAX_GROUP_NET = 4  # GROUP scope: minor units


MARGIN_ROWS: Final = 1000  # MARGIN scope: gives a table `value` rows, all empty; else a column


@dataclass(frozen=True, slots=True)
class Attribute:
    """Range and meaning of one attribute; `none` says that 0 means "no limit"."""

    minimum: int
    maximum: int
    default: int
    unit: str
    none: bool = False

    @property
    def stored_default(self) -> int:
        """The default as the table holds it: "no limit" is NO_LIMIT."""
        return NO_LIMIT if self.none and self.default == 0 else self.default


def _limit(maximum: int, unit: str) -> Attribute:
    return Attribute(0, maximum, 0, unit, none=True)


def _rate(low: int, unit: str = "parts per billion of value") -> Attribute:
    return Attribute(low, MAX_RATE, 0, unit)


def _flag(default: int = 0) -> Attribute:
    return Attribute(0, 1, default, "flag")


_PRICE = Attribute(0, MAX_PRICE, 0, "ticks; 0 none")
_BPS_NONE = Attribute(0, 1_000 * BPS, 0, "basis points; 0 none")
_I = InstrumentAttr
INSTRUMENT_ATTRIBUTES: Final[dict[InstrumentAttr, Attribute]] = {
    _I.TYPE: Attribute(1, 5, 1, "InstrumentType"),
    _I.TRADABLE: _flag(1),
    _I.CURRENCY: Attribute(0, 10**6, 0, "ISO 4217 number or own code"),
    _I.PRODUCT: Attribute(0, 10**6, 0, "product group id"),
    _I.MULTIPLIER: Attribute(1, MAX_MULTIPLIER, 1, "minor units per tick and lot"),
    _I.LOT_SIZE: Attribute(1, MAX_QTY, 1, "lots; quantities are multiples"),
    _I.MIN_QTY: Attribute(1, MAX_QTY, 1, "lots"),
    _I.MAX_QTY: _limit(MAX_QTY, "lots"),
    _I.FREEZE_QTY: _limit(MAX_QTY, "lots"),
    _I.MIN_VALUE: Attribute(0, MAX_VALUE, 0, "minor units"),
    _I.MAX_VALUE: _limit(MAX_VALUE, "minor units"),
    _I.STATIC_LOW: _PRICE,
    _I.STATIC_HIGH: _limit(MAX_PRICE, "ticks"),
    _I.DYNAMIC_BPS: _BPS_NONE,
    _I.DYNAMIC_REFERENCE: Attribute(0, 1, 0, "0 last price, 1 reference price"),
    _I.REFERENCE_PRICE: _PRICE,
    _I.MARGIN_MODEL: Attribute(0, 4, 0, "MarginModel"),
    _I.MARGIN_PER_LOT: Attribute(0, 2**40, 0, "minor units per lot"),
    _I.MARGIN_BPS: Attribute(0, 10 * BPS, BPS, "basis points of value"),
    _I.ELM_BPS: Attribute(0, 10 * BPS, 0, "basis points of value, on top of MARGIN_BPS"),
    _I.SHORT_MARGIN_BPS: Attribute(0, 10 * BPS, 15_000, "basis points of a cash short's value"),
    _I.MAKER_PPB: _rate(-MAX_RATE),
    _I.TAKER_PPB: _rate(-MAX_RATE),
    _I.MAKER_PER_LOT: Attribute(-(2**31), 2**31, 0, "minor units per lot"),
    _I.TAKER_PER_LOT: Attribute(-(2**31), 2**31, 0, "minor units per lot"),
    _I.FEE_MIN: Attribute(0, 2**40, 0, "minor units per fill"),
    _I.FEE_CAP: _limit(2**55, "minor units per fill"),
    _I.ALLOCATION: Attribute(0, 2, 0, "Allocation"),
    _I.FIFO_SHARE_BPS: Attribute(0, BPS, 4_000, "basis points filled by time first"),
    _I.PRO_RATA_MIN: Attribute(1, MAX_QTY, 1, "lots; smaller pro-rata shares are dropped"),
    _I.REPLACE_LOSES_PRIORITY: _flag(),
    _I.MARKET_PROTECTION_BPS: Attribute(0, 100 * BPS, 1_000, "basis points of the last price"),
    _I.EXPIRY: Attribute(0, MAX_TIME, 0, "ns since 1970; 0 never"),
    _I.ADV: Attribute(0, 2**50, 0, "lots, average daily volume; 0 unknown"),
    _I.FLEX_BPS: Attribute(0, BPS, 0, "basis points a flex adds to the dynamic band"),
    _I.FLEX_TRADES: Attribute(0, 10**6, 0, "trades in the outer 1 % of the band; 0 no flex"),
    _I.MAX_FLEX: Attribute(0, 100, 0, "flexes a day"),
    _I.VOLATILITY_AUCTION: _flag(),
    _I.VOLATILITY_NS: Attribute(1, _DAY_NS, 300 * 10**9, "ns"),
    _I.EXTENSION_NS: Attribute(1, _DAY_NS, 120 * 10**9, "ns"),
    _I.MAX_EXTENSIONS: Attribute(0, 100, 1, "times"),
    _I.EXTENSION_BPS: Attribute(0, 1_000 * BPS, 0, "basis points; 0 never extends"),
    _I.ALLOWED_ORD_TYPES: Attribute(0, 2**9 - 1, 2**9 - 1, "bit set, see ORD_TYPE_BIT"),
    _I.ALLOWED_TIFS: Attribute(0, 2**8 - 1, 2**8 - 1, "bit set, see TIF_BIT"),
    _I.MAX_MOVING: Attribute(0, 2**20, MAX_MOVING, "pegged, and trailing, orders in the book"),
}
for _k in range(_I.CHARGE_BUY_PPB_1, _I.CHARGE_SELL_PPB_4 + 1):
    INSTRUMENT_ATTRIBUTES.setdefault(_I(_k), _rate(0))

_N = NodeAttr
NODE_ATTRIBUTES: Final[dict[NodeAttr, Attribute]] = {
    _N.STATUS: Attribute(0, 2, 0, "NodeStatus"),
    _N.CURRENCY: Attribute(0, 10**6, 0, "ISO 4217 number or own code"),
    _N.ALLOWED_TYPES: Attribute(0, 2**6 - 1, 2**6 - 1, "bit set of InstrumentType"),
    _N.ALLOWED_SIDES: Attribute(0, 3, 3, "bit set: 1 buy, 2 sell"),
    _N.ALLOWED_ORD_TYPES: Attribute(0, 2**9 - 1, 2**9 - 1, "bit set, see ORD_TYPE_BIT"),
    _N.SHORT_SALE: Attribute(0, 2, 1, "ShortSale"),
    _N.ALGO_REQUIRED: _flag(),
    _N.STP_GROUP: Attribute(0, INT64_MAX, 0, "self-trade group id; 0 none"),
    _N.STP_MODE: Attribute(1, 5, 1, "SelfTrade"),
    _N.CHECK_BUYING_POWER: _flag(1),
    _N.CREDIT: Attribute(0, MAX_CASH, 0, "minor units added to cash as collateral"),
    _N.MAX_ORDER_QTY: _limit(MAX_QTY, "lots"),
    _N.MAX_ORDER_VALUE: _limit(MAX_VALUE, "minor units"),
    _N.MAX_OPEN_ORDERS: _limit(2**40, "orders"),
    _N.MAX_OPEN_VALUE: _limit(MAX_CASH, "minor units"),
    _N.MAX_POSITION: _limit(MAX_POSITION, "lots, net, one instrument, with open orders"),
    _N.MAX_GROSS_POSITION: _limit(MAX_POSITION, "lots, sum over accounts, one instrument"),
    _N.MAX_INSTRUMENT_EXPOSURE: _limit(MAX_CASH, "minor units"),
    _N.MAX_GROSS_EXPOSURE: _limit(MAX_CASH, "minor units"),
    _N.MAX_NET_EXPOSURE: _limit(MAX_CASH, "minor units"),
    _N.MAX_MARGIN: _limit(MAX_CASH, "minor units of initial margin in use"),
    _N.MAX_REALISED_LOSS: _limit(MAX_CASH, "minor units, today"),
    _N.MAX_DAILY_LOSS: _limit(MAX_CASH, "minor units, today, realised and unrealised"),
    _N.MAX_DRAWDOWN: _limit(MAX_CASH, "minor units below today's highest profit"),
    _N.MAX_CONCENTRATION_BPS: _limit(1_000 * BPS, "basis points of collateral, one instrument"),
    _N.FAT_FINGER_BPS: _limit(1_000 * BPS, "basis points from the last price"),
    _N.FAT_FINGER_TICKS: _limit(MAX_PRICE, "ticks from the last price"),
    _N.MAX_ADV_BPS: _limit(1_000 * BPS, "basis points of average daily volume"),
    _N.MAX_BOOK_BPS: _limit(1_000 * BPS, "basis points of the other side's visible quantity"),
    _N.DUPLICATE_WINDOW_NS: Attribute(0, _DAY_NS, 0, "ns; 0 none"),
    _N.ORDER_RATE: Attribute(0, 10**9, 0, "orders per second; 0 none"),
    _N.ORDER_BURST: Attribute(1, 10**6, 1, "orders"),
    _N.REPLACE_RATE: Attribute(0, 10**9, 0, "replaces per second; 0 none"),
    _N.REPLACE_BURST: Attribute(1, 10**6, 1, "replaces"),
    _N.CANCEL_RATE: Attribute(0, 10**9, 0, "cancels per second; 0 none"),
    _N.CANCEL_BURST: Attribute(1, 10**6, 1, "cancels"),
    _N.ORDER_TO_TRADE: _limit(10**6, "messages per execution"),
    _N.ORDER_TO_TRADE_FLOOR: Attribute(0, 10**9, 100, "messages that are always free"),
    _N.MAX_EXECUTIONS: _limit(10**6, "executions in EXECUTION_WINDOW_NS"),
    _N.EXECUTION_WINDOW_NS: Attribute(1, _DAY_NS, 10**9, "ns"),
    _N.RRM_ENTER_BPS: Attribute(0, BPS, 0, "basis points of collateral; 0 no such mode"),
    _N.RRM_LEAVE_BPS: Attribute(0, BPS, 0, "basis points of collateral"),
    _N.COST_METHOD: Attribute(0, 1, 0, "realised profit by 0 average cost, 1 first in first out"),
}
for _k in range(_I.TICK_FROM_1, _I.TICK_8 + 1):
    _even = (_k - _I.TICK_FROM_1) % 2 == 0
    INSTRUMENT_ATTRIBUTES[_I(_k)] = Attribute(
        0, MAX_PRICE, int(_k == _I.TICK_1), "ticks, first price" if _even else "ticks, step"
    )

POSITION_ATTRIBUTES: Final[dict[PositionAttr, Attribute]] = {
    PositionAttr.MAX_POSITION: _limit(MAX_POSITION, "lots"),
    PositionAttr.MAX_EXPOSURE: _limit(MAX_CASH, "minor units"),
    PositionAttr.RESTRICTED: _flag(),
    PositionAttr.MAX_GROUP_GROSS: _limit(MAX_CASH, "minor units"),
    PositionAttr.MAX_GROUP_NET: _limit(MAX_CASH, "minor units"),
}

# bit numbers of the ALLOWED_* masks
ORD_TYPE_BIT: Final = {1: 0, 2: 1, 3: 2, 4: 3, 74: 4, 75: 5, 76: 6, 80: 7, 84: 8}
TIF_BIT: Final = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 6: 5, 7: 6, 66: 7}
