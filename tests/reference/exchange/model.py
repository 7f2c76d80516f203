"""What an exchange consists of: orders, instruments, nodes, position rows, refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from domain.attributes import INSTRUMENT_ATTRIBUTES, NODE_ATTRIBUTES, InstrumentAttr, NodeAttr
from domain.codes import (
    Contingency,
    ExecInst,
    OrdType,
    Phase,
    Reason,
    Side,
    TimeInForce,
)
from domain.limits import NO_LIMIT
from tests.reference.exchange.book import Book

BUY, SELL = 1, -1

CALL_PHASES = frozenset(
    {
        Phase.PRE_OPEN,
        Phase.OPENING_AUCTION,
        Phase.INTRADAY_AUCTION,
        Phase.VOLATILITY_AUCTION,
        Phase.CLOSING_AUCTION,
    }
)
AUCTIONS = CALL_PHASES - {Phase.PRE_OPEN}
STOPS = frozenset(
    {
        OrdType.STOP,
        OrdType.STOP_LIMIT,
        OrdType.MARKET_IF_TOUCHED,
        OrdType.LIMIT_IF_TOUCHED,
        OrdType.TRAILING_STOP,
    }
)
TOUCHED = frozenset({OrdType.MARKET_IF_TOUCHED, OrdType.LIMIT_IF_TOUCHED})
LIMITED = frozenset({OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.LIMIT_IF_TOUCHED})
OPTIONAL_LIMIT = frozenset({OrdType.PEGGED, OrdType.TRAILING_STOP})
IMMEDIATE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
AUCTION_ONLY = frozenset(
    {TimeInForce.AT_THE_OPEN, TimeInForce.AT_THE_CLOSE, TimeInForce.GOOD_FOR_AUCTION}
)
FAMILIES = frozenset({Contingency.ONE_TRIGGERS_OTHER, Contingency.BRACKET})


class State(Enum):
    """Where an order is."""

    NEW = auto()
    BOOK = auto()
    TRIGGER = auto()
    PARKED = auto()
    WAITING = auto()
    HELD = auto()
    READY = auto()
    WORKING = auto()
    UNPRICED = auto()
    ENDED = auto()


class Role(Enum):
    """What an order is in its list."""

    NONE = auto()
    PEER = auto()
    PARENT = auto()
    CHILD = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command is refused: the reason, and the numbers of the check that refused."""

    reason: Reason
    level: int = 0
    limit: int = 0
    observed: int = 0
    headroom: int = 0


@dataclass(slots=True, eq=False)
class Order:
    """An order, live, ended, or only being checked."""

    account: int
    instrument: int
    fix_side: int
    ord_type: int
    time_in_force: int
    flags: int
    order_qty: int
    leaves: int
    cl_ord_id: int = 0
    limit: int = 0  # the customer's price, 0 for none
    sent_price: int = 0  # the same as it was sent
    price: int = 0  # the furthest price at which it may trade now
    cap: int = 0  # the furthest price at which it may ever trade (pegged orders)
    worst_px: int = 0
    stop_px: int = 0
    given_stop: int = 0  # the stop price that the customer named, 0 for none
    own_stop: bool = False  # the stop price of a trailing stop is the customer's
    best_px: int = 0  # the price from which a trailing stop was last measured
    offset: int = 0
    display: int = 0
    min_qty: int = 0
    minimum: bool = False  # its minimum quantity has not traded yet
    expire_time: int = 0
    stp_mode: int = 0
    algo_id: int = 0
    session: int = 0
    contingency: int = 0
    list_left: int = 0
    quote: bool = False
    order_id: int = 0
    slot: int = 0
    stamp: int = 0  # time priority where it stands
    state: State = State.NEW
    cum_qty: int = 0
    cum_value: int = 0
    decremented: int = 0
    shown: int = 0
    hold_fee: int = 0
    triggered: bool = False
    unlimited: bool = False
    role: Role = Role.NONE
    ring: list[Order] = field(default_factory=list, repr=False)

    @property
    def side(self) -> int:
        return BUY if self.fix_side == Side.BUY else SELL

    @property
    def hidden(self) -> bool:
        return bool(self.flags & ExecInst.HIDDEN)

    @property
    def pegged(self) -> bool:
        return self.ord_type == OrdType.PEGGED

    @property
    def trailing(self) -> bool:
        return self.ord_type == OrdType.TRAILING_STOP

    @property
    def untriggered(self) -> bool:
        return self.ord_type in STOPS and not self.triggered

    @property
    def live(self) -> bool:
        return self.state not in (State.NEW, State.ENDED)

    @property
    def market_like(self) -> bool:
        """No customer's limit, so it may not rest at a price in continuous trading."""
        return self.unlimited and not self.pegged

    @property
    def rises(self) -> bool:
        """Triggered at or above the stop price (else at or below)."""
        return (self.side == BUY) != (self.ord_type in TOUCHED)

    def reached_by(self, last: int) -> bool:
        if last == 0:
            return False
        return last >= self.stop_px if self.rises else last <= self.stop_px

    def accepts(self, price: int) -> bool:
        """May it trade at `price`?"""
        return price <= self.price if self.side == BUY else price >= self.price


@dataclass(slots=True, eq=False)
class Position:
    """One (account, instrument): what it has, what it has open, and how it was last marked."""

    qty: int = 0
    cost: int = 0
    open_buy: int = 0
    open_sell: int = 0
    buy_value: int = 0
    sell_value: int = 0
    value: int = 0
    exposure: int = 0
    margin: int = 0
    unrealised: int = 0
    realised: int = 0
    cash_realised: int = 0  # what fills have paid to cash
    fifo_realised: int = 0
    lots: list[list[int]] = field(default_factory=list)  # [signed qty, price], oldest first
    bought: int = 0
    sold: int = 0
    fees: int = 0

    @property
    def long_value(self) -> int:
        return self.value + self.buy_value

    @property
    def short_value(self) -> int:
        return self.value - self.sell_value

    @property
    def furthest(self) -> int:
        return max(abs(self.qty + self.open_buy), abs(self.qty - self.open_sell))


@dataclass(slots=True)
class Setting:
    """What was set for one (node, instrument)."""

    max_position: int = NO_LIMIT
    max_exposure: int = NO_LIMIT
    restricted: int = 0


@dataclass(slots=True)
class Group:
    """The limits of one exposure group (product or currency) of a node."""

    max_gross: int = NO_LIMIT
    max_net: int = NO_LIMIT


@dataclass(slots=True, eq=False)
class Node:
    """An account, a desk, a client or a firm."""

    number: int
    level: int
    parent: int
    attributes: dict[int, int] = field(
        default_factory=lambda: {int(k): a.stored_default for k, a in NODE_ATTRIBUTES.items()}
    )
    cash: int = 0
    open_orders: int = 0
    open_value: int = 0
    hold_fee: int = 0
    realised: int = 0
    peak: int = 0
    base_unrealised: int = 0
    order_tat: int = 0
    replace_tat: int = 0
    cancel_tat: int = 0
    execution_tat: int = 0
    messages: int = 0
    executions: int = 0
    fees: int = 0
    deadline: int = 0
    timeout: int = 0
    killed: bool = False
    reducing: bool = False
    throttled: bool = False
    groups: dict[tuple[int, int], Group] = field(default_factory=dict)

    def __getitem__(self, attribute: NodeAttr) -> int:
        return self.attributes[attribute]


@dataclass(slots=True, eq=False)
class Instrument:
    """An instrument, its book and its phase."""

    number: int
    attributes: dict[int, int] = field(
        default_factory=lambda: {int(k): a.stored_default for k, a in INSTRUMENT_ATTRIBUTES.items()}
    )
    book: Book[Order] = field(default_factory=Book)
    phase: int = Phase.CLOSED
    resume_phase: int = Phase.CLOSED
    killed: bool = False
    last_px: int = 0
    trail_high: int = 0  # highest and lowest price since trailing stops were last moved
    trail_low: int = 0
    end_time: int = 0
    extensions: int = 0
    flexes: int = 0
    flex_trades: int = 0
    looked_at: object = None  # the book when no waiting order could have its minimum
    peg_references: tuple[int, int] = (0, 0)  # at which pegged orders stand
    peg_round: list[Order] = field(default_factory=list)  # still to be moved in this round

    def __getitem__(self, attribute: InstrumentAttr) -> int:
        return self.attributes[attribute]

    @property
    def mark(self) -> int:
        """The last price, else the reference price, else 0."""
        return self.last_px or self[InstrumentAttr.REFERENCE_PRICE]

    @property
    def continuous(self) -> bool:
        return self.phase == Phase.CONTINUOUS

    @property
    def in_call(self) -> bool:
        return self.phase in CALL_PHASES
