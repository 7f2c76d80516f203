"""The liquidation ladder of one account: cancel, close bit by bit, transfer, cover."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import MarginModel, Phase
from domain.limits import BPS, MAX_PRICE, MAX_QTY, MAX_VALUE
from domain.messages import MassCancel, Message
from domain.tables import Table
from risk.derived import VARIATION
from risk.monitoring import rows
from risk.monitoring.policy import Policy
from risk.monitoring.state import AccountState, Exchange, held_positions, mark

_I = InstrumentAttr


@dataclass(slots=True)
class Case:
    """What the monitor remembers of an account in trouble."""

    called_at: int
    closed: bool = False  # the monitor has set its status to CLOSE_ONLY
    tried: dict[int, int] = field(default_factory=dict)  # orders that closed nothing
    before: dict[int, int] = field(default_factory=dict)  # lots before the last order


def _tick(row: list[int], price: int) -> int:
    """The price step at a price: of the last band that begins at or below it."""
    step = row[_I.TICK_1]
    for column in range(_I.TICK_FROM_1, _I.TICK_8, 2):
        if row[column + 1] and row[column] <= price:
            step = row[column + 1]
    return step


def protected_price(exchange: Exchange, instrument: int, lots: int, bps: int) -> int:
    """How far an order that closes `lots` may go: `bps` from the mark, inside bands, on a tick.

    0 if the instrument has no price at all.
    """
    row: list[int] = exchange.table(Table.INSTRUMENT)[instrument].tolist()
    book, base = exchange.table(Table.BOOK)[instrument], mark(exchange, instrument)
    if base == 0:
        return 0
    low, high = max(row[_I.STATIC_LOW], 1), min(row[_I.STATIC_HIGH], MAX_PRICE)
    if row[_I.DYNAMIC_BPS]:
        middle = row[_I.REFERENCE_PRICE] if row[_I.DYNAMIC_REFERENCE] else base
        share = row[_I.DYNAMIC_BPS] + int(book["flexes"]) * row[_I.FLEX_BPS]
        low = max(low, middle - middle * share // BPS)
        high = min(high, middle + middle * share // BPS)
    if lots > 0:  # a sale: not below this
        price = max(low, -(-base * (BPS - bps) // BPS))
        step = _tick(row, price)
        return min(-(-price // step) * step, high)
    price = min(high, base * (BPS + bps) // BPS)
    step = _tick(row, price)
    return max(price // step * step, low)


def _part(exchange: Exchange, instrument: int, lots: int, share_bps: int) -> int:
    """Signed lots that one order closes: a share, in whole lots, within the order sizes."""
    row: list[int] = exchange.table(Table.INSTRUMENT)[instrument].tolist()
    size = abs(lots)
    unit, most = row[_I.LOT_SIZE], min(row[_I.MAX_QTY], row[_I.FREEZE_QTY], MAX_QTY)
    wanted = max(-(-size * share_bps // BPS), row[_I.MIN_QTY])
    wanted = -(-wanted // unit) * unit
    part = min(wanted, size, most // unit * unit)
    return part if lots > 0 else -part


def _trades(exchange: Exchange, instrument: int) -> bool:
    """Whether an IOC order can trade now."""
    book = exchange.table(Table.BOOK)[instrument]
    tradable = exchange.table(Table.INSTRUMENT)[instrument, _I.TRADABLE]
    return bool(book["phase"] == Phase.CONTINUOUS and tradable and not book["killed"])


def next_rows(
    exchange: Exchange, account: AccountState, case: Case, policy: Policy, number: int
) -> list[Message]:
    """The next step of the ladder for an account; empty when nothing can be done now.

    One order at a time, of the position with the largest margin, so that the exchange's answer is
    known before the next one.
    """
    if account.open_orders:
        return [MassCancel(account=account.account)]
    held = held_positions(exchange, account.account)
    for instrument, lots, _ in held:
        tried = _count_attempt(case, instrument, lots)
        if tried >= policy.attempts:
            moved = _transfer(exchange, account.account, instrument, lots, policy)
            if moved:
                return moved
        elif _trades(exchange, instrument):
            price = protected_price(exchange, instrument, lots, policy.protection_bps)
            if price:
                part = _part(exchange, instrument, lots, policy.share_bps)
                case.before[instrument] = lots
                return [rows.close_out(account.account, instrument, part, price, number)]
    if not held and account.cash < 0 and policy.insurance:
        return _cover(exchange, account, policy)
    return []


def _count_attempt(case: Case, instrument: int, lots: int) -> int:
    """How many orders in a row have closed nothing of a position."""
    before = case.before.pop(instrument, None)
    if before is not None:
        case.tried[instrument] = case.tried.get(instrument, 0) + 1 if before == lots else 0
    return case.tried.get(instrument, 0)


def _transfer(
    exchange: Exchange, account: int, instrument: int, lots: int, policy: Policy
) -> list[Message]:
    """Move a position to the insurance account at the mark; what is paid in full is paid for.

    Shares stay where they are when the insurance account cannot pay for them, and short ones
    always: nobody can be made short of them.
    """
    price = mark(exchange, instrument)
    row = exchange.table(Table.INSTRUMENT)[instrument].tolist()
    if not policy.insurance or price == 0:
        return []
    most = min(MAX_QTY, MAX_VALUE // (price * row[_I.MULTIPLIER]))
    part = max(-most, min(lots, most))
    moved = [
        rows.move_lots(account, instrument, -part, price),
        rows.move_lots(policy.insurance, instrument, part, price),
    ]
    if row[_I.MARGIN_MODEL] != MarginModel.CASH:
        return moved
    worth = part * price * row[_I.MULTIPLIER]
    if not 0 < worth <= _free_cash(exchange, policy.insurance):
        return []
    return [rows.move_cash(policy.insurance, -worth), rows.move_cash(account, worth), *moved]


def _free_cash(exchange: Exchange, account: int) -> int:
    """What WITHDRAW takes at most: cash that no margin needs."""
    node = exchange.table(Table.NODE)[account]
    limits = exchange.table(Table.NODE_LIMIT)[account]
    own = int(node["cash"]) + int(limits[NodeAttr.CREDIT]) + min(0, int(limits[VARIATION]))
    return min(int(node["cash"]), own - int(node["margin"]) - int(node["hold_fee"]))


def _cover(exchange: Exchange, account: AccountState, policy: Policy) -> list[Message]:
    """Pay what a defaulted account owes out of the insurance account, as far as that goes."""
    paid = min(-account.cash, _free_cash(exchange, policy.insurance))
    if paid <= 0:
        return []
    return [rows.move_cash(policy.insurance, -paid), rows.move_cash(account.account, paid)]
