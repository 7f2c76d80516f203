"""How often which choice is made in a stream: weights and values, nothing that decides."""

from domain.attributes import InstrumentAttr as I
from domain.codes import ExecInst, OrdType, Phase, Side, TimeInForce

START = 1_700_000_000 * 10**9  # ns since 1970
MS = 10**6
MID = 1_000  # the price around which everything happens

RARE: tuple[tuple[I, tuple[int, ...]], ...] = (
    (I.TRADABLE, (1, 1, 0)),
    (I.CURRENCY, (0, 0, 356)),
    (I.LOT_SIZE, (1, 2)),
    (I.MIN_QTY, (1, 3)),
    (I.MAX_QTY, (0, 15)),
    (I.FREEZE_QTY, (0, 14)),
    (I.MIN_VALUE, (0, 2_500)),
    (I.MAX_VALUE, (0, 15_000)),
    (I.ADV, (2_000,)),
    (I.EXPIRY, (0, 0, START + 400 * MS)),
    (I.ALLOWED_ORD_TYPES, (511, 3)),
    (I.ALLOWED_TIFS, (255, 1)),
    (I.MAX_MOVING, (1_024, 2)),
    (I.DYNAMIC_REFERENCE, (0, 1)),
    (I.FLEX_BPS, (20,)),
    (I.FLEX_TRADES, (2,)),
    (I.MAX_FLEX, (2,)),
)
TYPES = (
    (60, OrdType.LIMIT),
    (10, OrdType.MARKET),
    (5, OrdType.MARKET_TO_LIMIT),
    (5, OrdType.STOP),
    (5, OrdType.STOP_LIMIT),
    (4, OrdType.MARKET_IF_TOUCHED),
    (4, OrdType.LIMIT_IF_TOUCHED),
    (8, OrdType.PEGGED),
    (6, OrdType.TRAILING_STOP),
)
WITH_STOP = (
    OrdType.STOP,
    OrdType.STOP_LIMIT,
    OrdType.MARKET_IF_TOUCHED,
    OrdType.LIMIT_IF_TOUCHED,
)
SIDES = ((10, Side.BUY), (8, Side.SELL), (1, Side.SELL_SHORT), (1, Side.SELL_SHORT_EXEMPT))
TIFS = (
    (60, TimeInForce.DAY),
    (12, TimeInForce.GTC),
    (10, TimeInForce.IOC),
    (5, TimeInForce.FOK),
    (6, TimeInForce.GTD),
    (2, TimeInForce.AT_THE_OPEN),
    (3, TimeInForce.AT_THE_CLOSE),
    (4, TimeInForce.GOOD_FOR_AUCTION),
)
DECORATIONS = (
    (50, ""),
    (16, "iceberg"),
    (8, "minimum"),
    (10, "hidden"),
    (14, "flag"),
    (6, "mode"),
    (4, "algo"),
    (4, "session"),
)
FLAGS = (
    ExecInst.POST_ONLY,
    ExecInst.POST_SLIDE,
    ExecInst.ALL_OR_NONE,
    ExecInst.ALL_OR_NONE,
    ExecInst.REDUCE_ONLY,
)
PEGS = (ExecInst.PEG_PRIMARY, ExecInst.PEG_MARKET, ExecInst.PEG_MID)
OPEN_PHASES = (Phase.CONTINUOUS, Phase.PRE_OPEN, Phase.OPENING_AUCTION)
PHASES = (
    (8, Phase.CONTINUOUS),
    (2, Phase.OPENING_AUCTION),
    (3, Phase.INTRADAY_AUCTION),
    (2, Phase.CLOSING_AUCTION),
    (1, Phase.PRE_OPEN),
    (1, Phase.POST_CLOSE),
    (1, Phase.CLOSED),
    (1, Phase.HALT),
)
SPOILT: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("side", (0, 3, 255)),
    ("ord_type", (0, 9, 200)),
    ("time_in_force", (5, 99)),
    ("exec_inst", (1024, 65_535, 3, 12)),
    ("price", (0, -1, 2**40 + 1, 2**62)),
    ("order_qty", (0, -5, 2**40 + 1)),
    ("display_qty", (-1, 2**50)),
    ("min_qty", (-1, 2**50)),
    ("stop_px", (-1, 2**41)),
    ("offset", (-(2**41), 2**41)),
    ("expire_time", (-1, 2**63 - 1)),
    ("cl_ord_id", (0, -7)),
    ("account", (0, 1, 99, -1)),
    ("instrument", (0, 99, -1)),
    ("stp_mode", (6, 255)),
    ("contingency", (5, 255)),
    ("list_size", (9, 255)),
    ("command", (0, 24, 255)),
    ("session", (-1, 2**30)),
    ("algo_id", (-1, 2**30)),
)
COMMANDS = (
    (100, "new_order"),
    (14, "cancel"),
    (24, "replace"),
    (8, "quote"),
    (2, "mass_cancel"),
    (7, "phase"),
    (3, "steer"),
    (1, "kill"),
    (2, "session"),
    (2, "dead_man"),
    (8, "tick"),
    (1, "end_of_day"),
    (6, "setting"),
    (3, "transfer"),
    (1, "rearm"),
    (3, "garbage"),
)
