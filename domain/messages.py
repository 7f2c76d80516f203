"""The commands as people write them: one frozen dataclass a command, checked when it is made.

    order = NewOrder(account=4, instrument=1, cl_ord_id=7, side=Side.BUY, order_qty=10, price=99)
    row = order.pack()                      # the 192 bytes of one COMMAND row

Prices are ticks, quantities lots, values minor units, times ns since 1970, 0 is "not given". For an
account, node or instrument its number or name will do; `pack(names)` looks names up, in about 2 us.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, ClassVar, TypeVar, dataclass_transform

from domain.codes import (
    Command,
    Contingency,
    ExecInst,
    InstrumentType,
    Level,
    OrdType,
    Phase,
    Scope,
    SelfTrade,
    Side,
    TimeInForce,
)
from domain.errors import InvalidField
from domain.fields import FIELDS, ROW, Field, Names, label_into, number

Id = int | str  # a number, or a name that the exchange knows


class Message:
    """What all commands share: checking and packing by the names of their fields."""

    __slots__ = ()
    COMMAND: ClassVar[Command]
    FIXED: ClassVar[dict[str, int]] = {}  # cells that are the same in every such command
    ROW_NAMES: ClassVar[dict[str, str]] = {}  # field: cell, where they differ
    _get: ClassVar[Any]
    _plan: ClassVar[tuple[tuple[Field, int], ...]]
    _start: ClassVar[tuple[int, ...]]

    def __post_init__(self) -> None:
        for value, (field, _) in zip(self._get(self), self._plan):
            kind = type(value)
            if kind is field.codes:
                continue
            if kind is not int or field.codes or not field.low <= value <= field.high:
                field.check(value)

    def pack(self, names: Names | None = None, transact_time: int = 0) -> bytes:
        """The COMMAND row as bytes. Raises InvalidField for a name that is not known."""
        cells = list(self._start)
        for value, (field, at) in zip(self._get(self), self._plan):
            cells[at] = number(field, value, names) if type(value) is str else value
        if transact_time and not cells[1]:
            cells[1] = transact_time
        return ROW.pack(*cells)


_M = TypeVar("_M", bound=Message)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def _message(plain: type[_M]) -> type[_M]:
    """Make the dataclass, and work out once which field goes into which cell of the row."""
    kind: Any = dataclass(frozen=True, slots=True, kw_only=True)(plain)
    names = [field.name for field in fields(kind) if field.name != "label"]
    cells = [kind.ROW_NAMES.get(name, name) for name in names]
    get = attrgetter(*names)
    kind._get = staticmethod(get if len(names) > 1 else lambda self: (get(self),))
    kind._plan = tuple(
        (FIELDS[cell].named(name), FIELDS[cell].place) for name, cell in zip(names, cells)
    )
    start = [0] * len(FIELDS)
    for cell, value in {"command": getattr(kind, "COMMAND", 0), **kind.FIXED}.items():
        start[FIELDS[cell].place] = int(value)
    kind._start = tuple(start)
    return kind  # type: ignore[no-any-return]


@_message
class NewOrder(Message):
    """A new order (FIX NewOrderSingle).

    >>> NewOrder(account=4, instrument=1, cl_ord_id=1, side=Side.BUY, order_qty=5, price=99.5)
    Traceback (most recent call last):
    domain.errors.InvalidField: price is 99.5; allowed: a whole number from 0 to 1099511627776
    """

    COMMAND: ClassVar = Command.NEW_ORDER
    account: Id
    instrument: Id
    cl_ord_id: int  # > 0, unique among the account's live orders
    side: Side
    order_qty: int  # lots
    price: int = 0  # ticks
    ord_type: OrdType = OrdType.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY
    exec_inst: ExecInst | int = 0
    stp_mode: SelfTrade = SelfTrade.DEFAULT
    stop_px: int = 0
    display_qty: int = 0
    min_qty: int = 0
    offset: int = 0  # ticks; basis points with TRAIL_BPS
    expire_time: int = 0  # ns
    cl_ord_link_id: int = 0
    contingency: Contingency = Contingency.NONE
    list_size: int = 0
    algo_id: int = 0
    session: int = 0
    transact_time: int = 0


@_message
class Cancel(Message):
    """Cancel an order by `orig_cl_ord_id` or, when that is 0, by `order_id`."""

    COMMAND: ClassVar = Command.CANCEL_ORDER
    account: Id
    orig_cl_ord_id: int = 0
    order_id: int = 0
    cl_ord_id: int = 0
    transact_time: int = 0


@_message
class Replace(Message):
    """Change an order; what is 0 stays as it was. `order_qty` is the new total."""

    COMMAND: ClassVar = Command.REPLACE_ORDER
    account: Id
    orig_cl_ord_id: int = 0
    order_id: int = 0
    cl_ord_id: int = 0
    order_qty: int = 0
    price: int = 0
    stop_px: int = 0
    display_qty: int = 0
    min_qty: int = 0
    offset: int = 0
    expire_time: int = 0
    transact_time: int = 0


@_message
class Quote(Message):
    """Both sides at once; a size of 0 removes that leg."""

    COMMAND: ClassVar = Command.QUOTE
    ROW_NAMES: ClassVar = {"bid_px": "price", "bid_size": "order_qty"}
    account: Id
    instrument: Id
    cl_ord_id: int
    bid_px: int = 0
    bid_size: int = 0
    offer_px: int = 0
    offer_size: int = 0
    exec_inst: ExecInst | int = 0
    transact_time: int = 0


@_message
class MassCancel(Message):
    """Cancel all orders of an account, an instrument, or (scope NODE) below `entity`."""

    COMMAND: ClassVar = Command.MASS_CANCEL
    account: Id = 0
    instrument: Id = 0
    scope: Scope = Scope.MARKET
    entity: Id = 0
    side: Side | int = 0  # 0 both
    price_low: int = 0
    price_high: int = 0
    transact_time: int = 0


@_message
class Instrument(Message):
    """Add an instrument; it is CLOSED until a SetPhase. `entity` is the next number."""

    COMMAND: ClassVar = Command.INSTRUMENT_ADD
    ROW_NAMES: ClassVar = {"type": "index"}
    label: str = ""  # its symbol, at most 56 bytes of UTF-8
    entity: int
    type: InstrumentType = InstrumentType.EQUITY
    transact_time: int = 0

    def pack(self, names: Names | None = None, transact_time: int = 0) -> bytes:
        """The COMMAND row as bytes, with the symbol in cells that the command does not use."""
        return label_into(Message.pack(self, names, transact_time), self.label)


@_message
class Node(Message):
    """What adds an account, desk, client or firm: a name, the next number, who stands above."""

    COMMAND: ClassVar = Command.NODE_ADD
    label: str = ""  # its name, at most 56 bytes of UTF-8
    entity: int
    parent: Id = 0
    transact_time: int = 0

    def pack(self, names: Names | None = None, transact_time: int = 0) -> bytes:
        """The COMMAND row as bytes, with the name in cells that the command does not use."""
        return label_into(Message.pack(self, names, transact_time), self.label)


@_message
class Account(Node):
    """Add a trading account."""

    FIXED: ClassVar = {"index": Level.ACCOUNT}


@_message
class Desk(Node):
    """Add a desk."""

    FIXED: ClassVar = {"index": Level.DESK}


@_message
class Client(Node):
    """Add a client."""

    FIXED: ClassVar = {"index": Level.CLIENT}


@_message
class Firm(Node):
    """Add a firm."""

    FIXED: ClassVar = {"index": Level.FIRM}


@_message
class Algo(Message):
    """Make an algorithm's number known."""

    COMMAND: ClassVar = Command.ALGO_ADD
    entity: int
    transact_time: int = 0


@_message
class Setting(Message):
    """Set one attribute (domain.attributes) of an instrument, node, position row or group."""

    COMMAND: ClassVar = Command.SET
    scope: Scope
    entity: Id
    attribute: int
    value: int
    instrument: Id = 0
    index: int = 0
    transact_time: int = 0


@_message
class Deposit(Message):
    """Minor units of cash into an account; scope POSITION: lots of `instrument` at `price`."""

    COMMAND: ClassVar = Command.DEPOSIT
    account: Id
    value: int
    scope: Scope = Scope.MARKET
    instrument: Id = 0
    price: int = 0
    transact_time: int = 0


@_message
class Withdraw(Message):
    """Minor units of cash out of an account; scope POSITION: lots of `instrument`."""

    COMMAND: ClassVar = Command.WITHDRAW
    account: Id
    value: int
    scope: Scope = Scope.MARKET
    instrument: Id = 0
    price: int = 0
    transact_time: int = 0


@_message
class SetPhase(Message):
    """Move the market, or one instrument, to a trading phase."""

    COMMAND: ClassVar = Command.PHASE
    ROW_NAMES: ClassVar = {"phase": "value"}
    phase: Phase
    scope: Scope = Scope.MARKET
    entity: Id = 0
    transact_time: int = 0


@_message
class Scoped(Message):
    """What has a scope and an entity and nothing else."""

    scope: Scope = Scope.MARKET
    entity: Id = 0
    transact_time: int = 0


@_message
class Halt(Scoped):
    """Stop trading in the market or one instrument."""

    COMMAND: ClassVar = Command.HALT


@_message
class Resume(Scoped):
    """Go on in `phase`; CLOSED: in the phase before the halt."""

    COMMAND: ClassVar = Command.RESUME
    ROW_NAMES: ClassVar = {"phase": "value"}
    phase: Phase = Phase.CLOSED


@_message
class Uncross(Scoped):
    """End the auction of the market or one instrument."""

    COMMAND: ClassVar = Command.UNCROSS


@_message
class KillOn(Scoped):
    """Refuse new orders in the scope and cancel what rests."""

    COMMAND: ClassVar = Command.KILL_ON


@_message
class KillOff(Scoped):
    """Allow orders in the scope again."""

    COMMAND: ClassVar = Command.KILL_OFF


@_message
class Connect(Scoped):
    """Session `entity` is there."""

    COMMAND: ClassVar = Command.CONNECT


@_message
class Disconnect(Scoped):
    """Session `entity` is gone."""

    COMMAND: ClassVar = Command.DISCONNECT


@_message
class Rearm(Scoped):
    """Release node `entity` from its throttle."""

    COMMAND: ClassVar = Command.REARM


@_message
class Tick(Message):
    """Time goes on: expiries, timers, marks; `instrument` has traded elsewhere at `price`."""

    COMMAND: ClassVar = Command.TICK
    instrument: Id = 0
    price: int = 0
    transact_time: int = 0


@_message
class EndOfDay(Scoped):
    """Day orders expire; daily counters start again."""

    COMMAND: ClassVar = Command.END_OF_DAY


@_message
class DeadMan(Message):
    """Cancel the account's orders when it is silent for `value` ns; 0 switches off."""

    COMMAND: ClassVar = Command.DEAD_MAN
    account: Id
    value: int
    transact_time: int = 0


__all__ = [
    "Account", "Algo", "Cancel", "Client", "Connect", "DeadMan", "Deposit", "Desk", "Disconnect",
    "EndOfDay", "Firm", "Halt", "Instrument", "InvalidField", "KillOff", "KillOn", "MassCancel",
    "Message", "NewOrder", "Quote", "Rearm", "Replace", "Resume", "SetPhase", "Setting", "Tick",
    "Uncross", "Withdraw",
]  # fmt: skip
