"""Reservations and fills on every level of the hierarchy, and what follows from them."""

from __future__ import annotations

from domain.attributes import InstrumentAttr as I
from domain.attributes import NodeAttr as N
from domain.codes import MarginModel
from domain.limits import BPS, MAX_CASH, NO_LIMIT
from tests.reference.exchange import money, scenarios
from tests.reference.exchange.model import BUY, Instrument, Node, Order, Position
from tests.reference.exchange.world import World


def exposure_of(row: Position) -> int:
    return max(abs(row.long_value), abs(row.short_value))


def mark_row(w: World, number: int, row: Position) -> None:
    """Value a row at the mark of its instrument."""
    inst = w.instruments[number]
    row.value = money.row_value(inst, row)
    row.exposure = exposure_of(row)
    row.unrealised = row.value - row.cost - (row.fifo_realised - row.realised)
    scenario = scenarios.margined(w, number)  # the margin of an account, not of a row
    row.margin = 0 if scenario else min(money.margin_of(inst, row), MAX_CASH)


def mark(w: World, account: int, instrument: int) -> None:
    """An account's row was touched: mark it, then see what has changed for it and above."""
    mark_row(w, instrument, w.position(account, instrument))
    for node in w.chain(account):
        after_change(w, node)


def mark_all(w: World) -> None:
    """TICK and END_OF_DAY: every row, then every node."""
    for (_, instrument), row in w.positions.items():
        mark_row(w, instrument, row)
    for node in w.nodes.values():
        after_change(w, node)


def after_change(w: World, node: Node) -> None:
    """The day's highest profit, and the risk-reduction mode of an account."""
    node.peak = max(node.peak, profit(w, node))
    review_reduction(w, node)


def review_reduction(w: World, node: Node) -> None:
    enter = node[N.RRM_ENTER_BPS]
    if not w.is_account(node.number) or enter == 0:
        node.reducing = False
        return
    used = (margin(w, node) + node.hold_fee) * BPS
    available = max(0, collateral(w, node))
    if used and used >= enter * available:
        node.reducing = True
    elif used == 0 or used < node[N.RRM_LEAVE_BPS] * available:
        node.reducing = False


# ------------------------------------------------------------------- sums over a node's accounts


def unrealised(w: World, node: Node) -> int:
    return sum(row.unrealised for _, row in w.rows_of(node.number))


def profit(w: World, node: Node) -> int:
    """Of today, realised and not, fees paid."""
    return node.realised + unrealised(w, node) - node.base_unrealised


def margin(w: World, node: Node) -> int:
    rows = sum(row.margin for _, row in w.rows_of(node.number))
    return rows + sum(scenarios.whole(w, account) for account in w.below[node.number])


def collateral(w: World, node: Node) -> int:
    """Cash, credit, and losses not realised yet (shares that were paid for do not count)."""
    losses = sum(
        row.unrealised
        for number, row in w.rows_of(node.number)
        if w.instruments[number][I.MARGIN_MODEL] != MarginModel.CASH
    )
    return node.cash + node[N.CREDIT] + min(0, losses)


def use_of_collateral(w: World, node: Node) -> int:
    """Basis points of collateral that margin and fees held take."""
    available = collateral(w, node)
    if available <= 0:
        return NO_LIMIT
    return min(NO_LIMIT, (margin(w, node) + node.hold_fee) * BPS // available)


def buying_power(w: World, node: Node) -> int:
    return collateral(w, node) - margin(w, node) - node.hold_fee


# ------------------------------------------------------------------- reservations


def _shift(w: World, order: Order, lots: int, value: int, fee: int) -> None:
    """Add to what an order holds on every level."""
    row = w.position(order.account, order.instrument)
    if order.side == BUY:
        row.open_buy += lots
        row.buy_value += value
    else:
        row.open_sell += lots
        row.sell_value += value
    for node in w.chain(order.account):
        node.open_value += value
        node.hold_fee += fee


def held_value(w: World, order: Order, qty: int) -> int:
    return money.value_of(w.instruments[order.instrument], qty, order.worst_px)


def reserve(w: World, order: Order) -> None:
    """An order with leaves has entered, or has been changed."""
    inst = w.instruments[order.instrument]
    order.hold_fee = money.worst_fee(inst, order.side, order.leaves, order.worst_px)
    _shift(w, order, order.leaves, held_value(w, order, order.leaves), order.hold_fee)
    for node in w.chain(order.account):
        node.open_orders += 1
    mark(w, order.account, order.instrument)


def release(w: World, order: Order, remark: bool = True) -> None:
    """An order ends, or is about to be changed."""
    _shift(w, order, -order.leaves, -held_value(w, order, order.leaves), -order.hold_fee)
    order.hold_fee = 0
    for node in w.chain(order.account):
        node.open_orders -= 1
    if remark:
        mark(w, order.account, order.instrument)


def reduce(w: World, order: Order, qty: int, remark: bool = True) -> None:
    """Take `qty` off an order's leaves and off what it holds."""
    inst = w.instruments[order.instrument]
    left = order.leaves - qty
    fee = money.worst_fee(inst, order.side, left, order.worst_px) if left else 0
    _shift(w, order, -qty, -held_value(w, order, qty), fee - order.hold_fee)
    order.hold_fee = fee
    order.leaves = left
    if left == 0:
        for node in w.chain(order.account):
            node.open_orders -= 1
    if remark:
        mark(w, order.account, order.instrument)


# ------------------------------------------------------------------- fills


def fill(w: World, order: Order, qty: int, price: int, maker: bool) -> int:
    """One side of a trade moves leaves, positions, cash and counters; returns its fee."""
    inst, account = w.instruments[order.instrument], w.nodes[order.account]
    fee = money.fee_of(inst, order, qty, price, maker)
    reduce(w, order, qty, remark=False)
    order.cum_qty += qty
    order.cum_value += qty * price
    row = w.position(account.number, inst.number)
    profit_made = move(w, account, inst, order.side, qty, price)
    row.fees += fee
    row.bought += qty if order.side == BUY else 0
    row.sold += qty if order.side != BUY else 0
    cash = inst[I.MARGIN_MODEL] == MarginModel.CASH
    if not cash:
        pay_profit(w, account.number, row, profit_made)
    for node in w.chain(account.number):
        node.realised -= fee
        node.fees += fee
        node.cash -= fee + (order.side * money.value_of(inst, qty, price) if cash else 0)
        count_execution(w, node)
    mark(w, order.account, order.instrument)
    return fee


def pay_profit(w: World, account: int, row: Position, profit_made: int) -> None:
    """Realised profit goes to cash at once, except where the value itself changed hands."""
    row.cash_realised += profit_made
    for node in w.chain(account):
        node.cash += profit_made


def move(w: World, account: Node, inst: Instrument, side: int, qty: int, price: int) -> int:
    """Move a row, by average cost or first in first out; returns the realised profit."""
    row = w.position(account.number, inst.number)
    profit_made = money.move(inst, row, side, qty, price)
    if account[N.COST_METHOD]:
        profit_made = money.move_lots(inst, row, side, qty, price)
    row.fifo_realised += profit_made
    for node in w.chain(account.number):
        node.realised += profit_made
    return profit_made


def count_execution(w: World, node: Node) -> None:
    """The repeated-execution throttle: overdrawn until REARM."""
    node.executions += 1
    burst = node[N.MAX_EXECUTIONS]
    if burst == NO_LIMIT:
        return
    interval = node[N.EXECUTION_WINDOW_NS] // burst
    node.execution_tat = max(node.execution_tat, w.time) + interval
    if node.execution_tat - w.time > burst * interval:
        node.throttled = True
