"""Commands that end many orders: mass cancel, kill, disconnect, dead man, tick, end of day."""

from __future__ import annotations

from collections.abc import Callable

from domain.attributes import InstrumentAttr as I
from domain.codes import Command as Code
from domain.codes import ExecInst, Phase, Reason, ReportType, Scope, Side, TimeInForce
from domain.limits import MAX_CASH, MAX_PRICE, MAX_SESSIONS
from tests.reference.exchange import accounts, auction, lifecycle, rows, settling
from tests.reference.exchange.model import BUY, Order, Refusal
from tests.reference.exchange.world import Command, World

MAX_TIMEOUT = MAX_CASH  # ns
_OF_A_DAY = (
    TimeInForce.DAY,
    TimeInForce.AT_THE_OPEN,
    TimeInForce.AT_THE_CLOSE,
    TimeInForce.GOOD_FOR_AUCTION,
    TimeInForce.IOC,  # of stops that were not triggered
    TimeInForce.FOK,
)


def sweep(w: World, reason: Reason, chosen: Callable[[Order], bool]) -> int:
    """Cancel orders in the order of their rows; returns how many."""
    count = 0
    for order in w.table():
        if chosen(order):
            count += 1
            lifecycle.cancel(w, order, reason)
    return count


def mass_cancel(w: World, cmd: Command) -> None:
    refusal = _mass_cancel_refusal(w, cmd)
    if refusal:
        rows.answer_row(w, cmd, refusal, ReportType.MASS_CANCEL, 0)
        return
    by_node = cmd.scope == Scope.NODE
    below = w.below[cmd.entity] if by_node else list(w.nodes)
    buy = cmd.side == Side.BUY
    low, high = cmd.price_low, cmd.price_high
    if low or high:  # what has no price is not within any
        low, high = max(low, 1), high or MAX_PRICE
    else:
        high = MAX_PRICE

    def chosen(o: Order) -> bool:
        return (
            o.account in below
            and cmd.account in (0, o.account)
            and cmd.instrument in (0, o.instrument)
            and (cmd.side == 0 or (o.side == BUY) == buy)
            and low <= rows.shown_price(o) <= high
        )

    count = sweep(w, Reason.CANCELED_BY_MASS_CANCEL, chosen)
    settling.settle(w)
    rows.answer_row(w, cmd, None, ReportType.MASS_CANCEL, count)


def _mass_cancel_refusal(w: World, cmd: Command) -> Refusal | None:
    entity = Reason.UNKNOWN_ENTITY
    if cmd.account == 0 and cmd.instrument == 0 and cmd.scope != Scope.NODE:
        return Refusal(Reason.FIELD_OUT_OF_RANGE)
    if cmd.account and cmd.account not in w.nodes:
        return Refusal(Reason.UNKNOWN_ACCOUNT, 0, len(w.nodes), cmd.account)
    if cmd.instrument and cmd.instrument not in w.instruments:
        return Refusal(entity, 0, len(w.instruments), cmd.instrument)
    if cmd.scope == Scope.NODE and cmd.entity not in w.nodes:
        return Refusal(entity, 0, len(w.nodes), cmd.entity)
    return None


def kill(w: World, cmd: Command) -> None:
    """KILL_ON refuses what is new and cancels what rests; KILL_OFF only lifts it."""
    on = cmd.command == Code.KILL_ON
    chosen = _killed(w, cmd, on)
    if isinstance(chosen, Reason):
        rows.admin_row(w, cmd, Refusal(chosen))
        return
    rows.admin_row(w, cmd)
    if on:
        sweep(w, Reason.CANCELED_BY_KILL, chosen)


def _killed(w: World, cmd: Command, on: bool) -> Reason | Callable[[Order], bool]:
    """Set or lift the mark; returns which orders are in its scope, or why not."""
    entity = cmd.entity
    if cmd.scope == Scope.MARKET:
        w.killed = on
        return lambda o: True
    if cmd.scope == Scope.NODE and entity in w.nodes:
        w.nodes[entity].killed = on
        below = w.below[entity]
        return lambda o: o.account in below
    if cmd.scope == Scope.INSTRUMENT and entity in w.instruments:
        w.instruments[entity].killed = on
        return lambda o: o.instrument == entity
    if cmd.scope == Scope.ALGO and entity in w.algos:
        w.algos[entity] = on
        return lambda o: o.algo_id == entity
    return Reason.UNKNOWN_ENTITY


def session(w: World, cmd: Command) -> None:
    """CONNECT and DISCONNECT."""
    if not 1 <= cmd.entity < MAX_SESSIONS:
        rows.admin_row(w, cmd, Refusal(Reason.UNKNOWN_ENTITY, 0, MAX_SESSIONS - 1, cmd.entity))
        return
    w.sessions[cmd.entity] = cmd.command == Code.CONNECT
    rows.admin_row(w, cmd)
    if cmd.command == Code.DISCONNECT:
        flag = ExecInst.CANCEL_ON_DISCONNECT
        sweep(
            w,
            Reason.CANCELED_BY_DISCONNECT,
            lambda o: o.session == cmd.entity and bool(o.flags & flag),
        )


def dead_man(w: World, cmd: Command) -> None:
    refusal: Refusal | None = None
    if not w.is_account(cmd.account):
        refusal = Refusal(Reason.UNKNOWN_ACCOUNT, 0, len(w.nodes), cmd.account)
    elif not 0 <= cmd.value <= MAX_TIMEOUT:
        refusal = Refusal(Reason.FIELD_OUT_OF_RANGE, 0, MAX_TIMEOUT, cmd.value)
    else:
        node = w.nodes[cmd.account]
        node.timeout = cmd.value
        node.deadline = w.time + cmd.value if cmd.value else 0
    rows.admin_row(w, cmd, refusal)


def restart_timer(w: World, cmd: Command) -> None:
    """A sign of life of an account."""
    node = w.nodes.get(cmd.account)
    if node and node.timeout and cmd.command <= Code.QUOTE:
        node.deadline = w.time + node.timeout


def expire_due(w: World) -> None:
    """GTD orders whose time has come end, in the order of that time, then of their entry."""
    while due := [
        (order.expire_time, order.order_id, order)
        for order in w.table()
        if order.time_in_force == TimeInForce.GTD and order.expire_time <= w.time
    ]:
        lifecycle.expire(w, min(due)[2], Reason.EXPIRED_TIME)
        settling.settle(w)


def tick(w: World, cmd: Command) -> None:
    """Time has passed: late accounts lose their orders, auctions end, all rows are marked."""
    refusal = unknown_price(w, cmd) if cmd.price else None
    rows.admin_row(w, cmd, refusal)
    if refusal:
        return
    late = [n for n, node in w.nodes.items() if 0 < node.deadline <= w.time]
    for order in w.table():
        if order.account in late:
            lifecycle.cancel(w, order, Reason.CANCELED_BY_DEAD_MAN)
    for _, inst in sorted(w.instruments.items()):
        if cmd.price and cmd.instrument == inst.number:
            inst.last_px = cmd.price
            inst.trail_high = max(inst.trail_high, cmd.price)
            inst.trail_low = min(inst.trail_low or cmd.price, cmd.price)
        auction.end_volatility_auction(w, inst)
        settling.settle_one(w, inst)
    for number in late:
        w.nodes[number].deadline = w.nodes[number].timeout = 0
    accounts.mark_all(w)


def unknown_price(w: World, cmd: Command) -> Refusal | None:
    """What a TICK with a price may get wrong."""
    if cmd.instrument not in w.instruments:
        return Refusal(Reason.UNKNOWN_ENTITY, 0, len(w.instruments), cmd.instrument)
    if not 0 < cmd.price <= MAX_PRICE:
        return Refusal(Reason.PRICE_OUT_OF_RANGE, 0, MAX_PRICE, cmd.price)
    return None


def end_of_day(w: World, cmd: Command) -> None:
    rows.admin_row(w, cmd)
    for order in w.table():
        expiry = w.instruments[order.instrument][I.EXPIRY]
        if order.time_in_force in _OF_A_DAY or 0 < expiry <= w.time:
            lifecycle.expire(w, order, Reason.EXPIRED_SESSION)
    for inst in w.instruments.values():
        if inst.last_px:
            inst.attributes[I.REFERENCE_PRICE] = inst.last_px
        inst.phase = Phase.CLOSED
        inst.flexes = inst.flex_trades = inst.extensions = 0
    settling.settle(w)
    accounts.mark_all(w)
    start_day(w)


def start_day(w: World) -> None:
    """Daily counters start again."""
    for row in w.positions.values():
        row.bought = row.sold = 0
    for node in w.nodes.values():
        node.base_unrealised = accounts.unrealised(w, node)
        node.realised = node.peak = node.messages = node.executions = 0
