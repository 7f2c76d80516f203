"""Exact money: values, fees, margin, average cost."""

from __future__ import annotations

from domain.attributes import InstrumentAttr as I
from domain.codes import MarginModel
from domain.limits import BPS, MAX_CASH, PPB
from tests.reference.exchange.model import BUY, Instrument, Order, Position


def half_away(numerator: int, denominator: int) -> int:
    """Rounded to the nearest; halves go away from zero."""
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


def ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def towards_zero(numerator: int, denominator: int) -> int:
    size = abs(numerator) // abs(denominator)
    return size if (numerator >= 0) == (denominator > 0) else -size


def value_of(inst: Instrument, qty: int, price: int) -> int:
    return qty * price * inst[I.MULTIPLIER]


def trading_fee(inst: Instrument, qty: int, price: int, maker: bool) -> int:
    """The exchange's own fee; negative is a rebate."""
    rate = inst[I.MAKER_PPB] if maker else inst[I.TAKER_PPB]
    per_lot = inst[I.MAKER_PER_LOT] if maker else inst[I.TAKER_PER_LOT]
    fee = half_away(value_of(inst, qty, price) * rate, PPB) + per_lot * qty
    if fee > 0 or (rate > 0 and per_lot == 0):  # it may have been rounded to 0
        fee = max(fee, inst[I.FEE_MIN])
    return min(fee, inst[I.FEE_CAP])


def charges(inst: Instrument, side: int, qty: int, price: int) -> int:
    """The four statutory charges of a side."""
    first = I.CHARGE_BUY_PPB_1 if side == BUY else I.CHARGE_SELL_PPB_1
    value = value_of(inst, qty, price)
    return sum(half_away(value * inst.attributes[first + k], PPB) for k in range(4))


def fee_of(inst: Instrument, order: Order, qty: int, price: int, maker: bool) -> int:
    """What one side of a fill pays."""
    return trading_fee(inst, qty, price, maker) + charges(inst, order.side, qty, price)


def worst_fee(inst: Instrument, side: int, qty: int, price: int) -> int:
    """What the fill of `qty` at `price` can cost at most."""
    fees = [trading_fee(inst, qty, price, maker) for maker in (True, False)]
    return max(0, *fees) + charges(inst, side, qty, price)


def row_value(inst: Instrument, row: Position) -> int:
    """What a position is worth at the mark, without one what it has cost."""
    value = value_of(inst, row.qty, inst.mark) if inst.mark else row.cost
    return max(-MAX_CASH, min(value, MAX_CASH))


def margin_of(inst: Instrument, row: Position) -> int:
    """Initial margin of an account's row at the current mark."""
    value = row_value(inst, row)
    model = inst[I.MARGIN_MODEL]
    if model == MarginModel.CASH:
        short = max(0, row.open_sell - row.qty)
        shorted = value_of(inst, short, inst.mark) if inst.mark else row.sell_value
        held = shorted * inst[I.SHORT_MARGIN_BPS] if short else 0
        return row.buy_value + ceil_div(held, BPS)
    if model == MarginModel.PER_LOT:
        return row.furthest * inst[I.MARGIN_PER_LOT]
    rate = inst[I.MARGIN_BPS] + (inst[I.ELM_BPS] if model == MarginModel.VAR_ELM else 0)
    return ceil_div(max(value + row.buy_value, row.sell_value - value, 0) * rate, BPS)


def move(inst: Instrument, row: Position, side: int, qty: int, price: int) -> int:
    """Buy or sell into a row at average cost; returns the realised profit."""
    profit = 0
    closed = min(qty, abs(row.qty)) if row.qty * side < 0 else 0
    if closed:
        whole = closed == abs(row.qty)
        cost = row.cost if whole else towards_zero(row.cost * closed, abs(row.qty))
        profit = -side * value_of(inst, closed, price) - cost
        row.cost -= cost
    row.cost += side * value_of(inst, qty - closed, price)
    row.qty += side * qty
    row.realised += profit
    return profit


def move_lots(inst: Instrument, row: Position, side: int, qty: int, price: int) -> int:
    """The same, first in first out."""
    profit = 0
    while qty and row.lots and row.lots[0][0] * side < 0:
        lot = row.lots[0]
        closed = min(qty, abs(lot[0]))
        profit += -side * value_of(inst, closed, price - lot[1])
        lot[0] += side * closed
        qty -= closed
        if lot[0] == 0:
            row.lots.pop(0)
    if qty:
        row.lots.append([side * qty, price])
    return profit
