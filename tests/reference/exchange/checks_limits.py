"""Risk checks about price, size and exposure, in their order of precedence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy

from domain.attributes import InstrumentAttr as I
from domain.attributes import NodeAttr as N
from domain.codes import ExecInst, OrdType, Reason
from domain.limits import BPS, MAX_POSITION, NO_LIMIT
from tests.reference.exchange import accounts, money, prices, scenarios
from tests.reference.exchange.checks_entry import Candidate, Check
from tests.reference.exchange.model import BUY, Group, Node, Position, Refusal


def over(reason: Reason, level: int, limit: int, before: int, after: int) -> Refusal | None:
    """Refuse what lifts a measure above its limit; who adds nothing to it passes."""
    if after > limit and after > before:
        return Refusal(reason, level, limit, after, limit - before)
    return None


# ------------------------------------------------------------------- price


def static_band(c: Candidate) -> Refusal | None:
    low, high = c.inst[I.STATIC_LOW], c.inst[I.STATIC_HIGH]
    for price in (c.limit_price, c.order.given_stop):
        if price and price < low:
            return Refusal(Reason.STATIC_BAND, 0, low, price)
        if price and price > high:
            return Refusal(Reason.STATIC_BAND, 0, high, price)
    return None


def dynamic_band(c: Candidate) -> Refusal | None:
    price, inst = c.limit_price, c.inst
    reference = prices.dynamic_reference(inst)
    if not price or inst[I.VOLATILITY_AUCTION]:
        return None
    if not prices.outside_dynamic_band(inst, price, reference):
        return None
    width = prices.dynamic_width(inst, reference)
    edge = reference + width if price > reference else reference - width
    return Refusal(Reason.DYNAMIC_BAND, 0, edge, price)


def fat_finger(attribute: N, reason: Reason, scale: Callable[[int, int], tuple[int, int]]) -> Check:
    """How far a buy is above, or a sell below, the last price."""

    def check(c: Candidate) -> Refusal | None:
        reference = c.inst.mark
        beyond = c.order.side * (c.limit_price - reference)
        if not c.limit_price or not reference or beyond <= 0:
            return None
        measure, unit = scale(beyond, reference)
        for node in c.chain():
            limit = node[attribute]
            if measure > limit * unit:
                return Refusal(reason, node.level, limit, measure // unit, limit)
        return None

    return check


PRICE: tuple[Check, ...] = (
    static_band,
    dynamic_band,
    fat_finger(N.FAT_FINGER_BPS, Reason.FAT_FINGER_BPS, lambda far, ref: (far * BPS, ref)),
    fat_finger(N.FAT_FINGER_TICKS, Reason.FAT_FINGER_TICKS, lambda far, ref: (far, 1)),
)


# ------------------------------------------------------------------- size


def size(attribute: N, reason: Reason, observed: Callable[[Candidate], int]) -> Check:
    def check(c: Candidate) -> Refusal | None:
        for node in c.chain():
            if observed(c) > node[attribute]:
                return Refusal(reason, node.level, node[attribute], observed(c), node[attribute])
        return None

    return check


def share(attribute: N, reason: Reason, total: Callable[[Candidate], int]) -> Check:
    """order_qty in basis points of something."""

    def check(c: Candidate) -> Refusal | None:
        whole = total(c)
        if whole <= 0:
            return None
        for node in c.chain():
            limit = node[attribute]
            if limit != NO_LIMIT and c.order.order_qty * BPS > limit * whole:
                observed = c.order.order_qty * BPS // whole
                return Refusal(reason, node.level, limit, observed, limit)
        return None

    return check


def opposite_total(c: Candidate) -> int:
    """The other side's displayed total, if the order would meet it; else 0."""
    order, other = c.order, c.inst.book.other(c.order.side)
    market = order.ord_type in (OrdType.MARKET, OrdType.MARKET_TO_LIMIT)
    plain = order.ord_type == OrdType.LIMIT
    crossing = plain and other.best and order.accepts(other.best)
    return other.shown if c.inst.continuous and (market or crossing) else 0


def recent_key(c: Candidate) -> tuple[int, int, int, int, int]:
    o = c.order
    return (o.account, o.instrument, o.side, o.sent_price, o.order_qty)


def duplicate(c: Candidate) -> Refusal | None:
    """The account has sent the same before, and the window of one of its levels is still open."""
    sent = c.w.recent.get(recent_key(c))
    if c.old or sent is None:
        return None
    age = c.w.time - sent
    for node in c.chain():
        if age < node[N.DUPLICATE_WINDOW_NS]:
            return Refusal(Reason.DUPLICATE_WINDOW, node.level, node[N.DUPLICATE_WINDOW_NS], age)
    return None


def reduce_only(c: Candidate) -> Refusal | None:
    if c.order.flags & ExecInst.REDUCE_ONLY and not c.reduces:
        room = max(0, c.room)
        return Refusal(Reason.REDUCE_ONLY, c.account.level, room, c.order.leaves, room)
    return None


SIZE: tuple[Check, ...] = (
    size(N.MAX_ORDER_QTY, Reason.ORDER_QTY_LIMIT, lambda c: c.order.order_qty),
    size(N.MAX_ORDER_VALUE, Reason.ORDER_VALUE_LIMIT, lambda c: c.value),
    share(N.MAX_ADV_BPS, Reason.VOLUME_SHARE, lambda c: c.inst[I.ADV]),
    share(N.MAX_BOOK_BPS, Reason.BOOK_SHARE, opposite_total),
    duplicate,
    reduce_only,
)


# ------------------------------------------------------------------- exposure


def rows_with(c: Candidate) -> tuple[Position, Position]:
    """The account's row as marked now, and as it would be with this order in it."""
    row = c.w.position(c.account.number, c.inst.number)
    before, after = copy(row), copy(row)
    lots, value = c.order.leaves - c.old_leaves, c.value - c.old_value
    if c.order.side == BUY:
        after.open_buy += lots
        after.buy_value += value
    else:
        after.open_sell += lots
        after.sell_value += value
    for each in (before, after):
        accounts.mark_row(c.w, c.inst.number, each)
    if scenarios.margined(c.w, c.inst.number):
        account = c.account.number
        with_it = scenarios.whole(c.w, account, c.inst.number, after)
        after.margin = with_it - scenarios.whole(c.w, account)
    return before, after


def around(c: Candidate, rows: list[Position]) -> tuple[list[Position], list[Position]]:
    """Some rows among which is the account's, before and with this order."""
    row = c.w.position(c.account.number, c.inst.number)
    before, after = rows_with(c)
    return [before if r is row else r for r in rows], [after if r is row else r for r in rows]


def per_node(measure: Callable[[Candidate, Node], Iterator[Refusal | None]]) -> Check:
    """The first refusal, from the account upwards."""

    def check(c: Candidate) -> Refusal | None:
        for node in c.chain():
            for refusal in measure(c, node):
                if refusal:
                    return refusal
        return None

    return check


def open_orders(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    after = n.open_orders + (0 if c.old else 1)
    yield over(Reason.OPEN_ORDERS, n.level, n[N.MAX_OPEN_ORDERS], n.open_orders, after)


def open_value(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    after = n.open_value + c.value - c.old_value
    yield over(Reason.OPEN_VALUE, n.level, n[N.MAX_OPEN_VALUE], n.open_value, after)


def position(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    limit = c.w.setting(n.number, c.inst.number).max_position
    limit = min(limit if limit != NO_LIMIT else n[N.MAX_POSITION], MAX_POSITION)
    measures = []
    for rows in around(c, c.w.rows_in(n.number, c.inst.number)):
        qty = c.order.side * sum(r.qty for r in rows)
        measures.append(qty + sum(r.open_buy if c.order.side == BUY else r.open_sell for r in rows))
    yield over(Reason.POSITION_LIMIT, n.level, limit, *measures)


def gross_position(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    both = around(c, c.w.rows_in(n.number, c.inst.number))
    before, after = (sum(r.furthest for r in rows) for rows in both)
    yield over(Reason.GROSS_POSITION_LIMIT, n.level, n[N.MAX_GROSS_POSITION], before, after)


def instrument_exposure(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    limit = c.w.setting(n.number, c.inst.number).max_exposure
    limit = limit if limit != NO_LIMIT else n[N.MAX_INSTRUMENT_EXPOSURE]
    both = around(c, c.w.rows_in(n.number, c.inst.number))
    before, after = (sum(r.exposure for r in rows) for rows in both)
    yield over(Reason.INSTRUMENT_EXPOSURE, n.level, limit, before, after)


def sums(c: Candidate, n: Node, members: Callable[[int], bool]) -> tuple[list[int], list[int]]:
    """[gross, net] of some of a node's rows, before and with this order."""
    rows = [r for i, r in c.w.rows_of(n.number) if members(i)]
    result = []
    for some in around(c, rows):
        gross = sum(r.exposure for r in some)
        long, short = sum(r.long_value for r in some), sum(r.short_value for r in some)
        result.append([gross, max(abs(long), abs(short))])
    return result[0], result[1]


def group(kind: int, net: bool) -> Check:
    """Gross or net exposure of the instrument's product (1) or currency (2)."""
    column = I.PRODUCT if kind == 1 else I.CURRENCY

    def measure(c: Candidate, n: Node) -> Iterator[Refusal | None]:
        limits: Group = n.groups.get((kind, c.inst[column]), Group())
        limit = limits.max_net if net else limits.max_gross
        before, after = sums(c, n, lambda i: c.w.instruments[i][column] == c.inst[column])
        yield over(Reason.GROUP_EXPOSURE, n.level, limit, before[net], after[net])

    return per_node(measure)


def gross_exposure(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    before, after = sums(c, n, lambda i: True)
    yield over(Reason.GROSS_EXPOSURE, n.level, n[N.MAX_GROSS_EXPOSURE], before[0], after[0])


def net_exposure(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    before, after = sums(c, n, lambda i: True)
    yield over(Reason.NET_EXPOSURE, n.level, n[N.MAX_NET_EXPOSURE], before[1], after[1])


def concentration(c: Candidate) -> Refusal | None:
    node = c.account
    limit = node[N.MAX_CONCENTRATION_BPS]
    row, new = rows_with(c)
    own = max(0, node.cash + node[N.CREDIT])
    if limit == NO_LIMIT or c.reduces or new.exposure <= row.exposure:
        return None
    if new.exposure * BPS <= limit * own:
        return None
    if not own:
        return Refusal(Reason.CONCENTRATION, node.level, limit, NO_LIMIT)
    before, after = (r.exposure * BPS // own for r in (row, new))
    return Refusal(Reason.CONCENTRATION, node.level, limit, after, limit - before)


def profit(c: Candidate, n: Node) -> int:
    """Profit of today, the account's row marked now."""
    stored = c.w.position(c.account.number, c.inst.number).unrealised
    return accounts.profit(c.w, n) - stored + rows_with(c)[0].unrealised


def loss(attribute: N, reason: Reason, measure: Callable[[Candidate, Node], int]) -> Check:
    """A loss that has reached its limit lets only reducing orders pass."""

    def check(c: Candidate) -> Refusal | None:
        for node in c.chain():
            limit, lost = node[attribute], measure(c, node)
            if lost >= limit and not c.reduces:
                return Refusal(reason, node.level, limit, lost, limit - lost)
        return None

    return check


def margin_before_and_after(c: Candidate, n: Node) -> tuple[int, int]:
    """Margin and held fees of a node."""
    order = c.order
    row, new = rows_with(c)
    stored = c.w.position(c.account.number, c.inst.number).margin
    fee = money.worst_fee(c.inst, order.side, order.leaves, order.worst_px) if order.leaves else 0
    before = accounts.margin(c.w, n) - stored + row.margin + n.hold_fee
    return before, before - row.margin + new.margin + fee - (c.old.hold_fee if c.old else 0)


def margin_limit(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    yield over(Reason.MARGIN_LIMIT, n.level, n[N.MAX_MARGIN], *margin_before_and_after(c, n))


def buying_power(c: Candidate) -> Refusal | None:
    node = c.account
    if not node[N.CHECK_BUYING_POWER]:
        return None
    row = c.w.position(node.number, c.inst.number)
    stored, row.unrealised = row.unrealised, rows_with(c)[0].unrealised
    limit = accounts.collateral(c.w, node)
    row.unrealised = stored
    return over(Reason.BUYING_POWER, node.level, limit, *margin_before_and_after(c, node))


EXPOSURE: tuple[Check, ...] = (
    per_node(open_orders),
    per_node(open_value),
    per_node(position),
    per_node(gross_position),
    per_node(instrument_exposure),
    group(1, net=False),
    group(1, net=True),
    group(2, net=False),
    group(2, net=True),
    per_node(gross_exposure),
    per_node(net_exposure),
    concentration,
    loss(N.MAX_REALISED_LOSS, Reason.REALISED_LOSS, lambda c, n: -n.realised),
    loss(N.MAX_DAILY_LOSS, Reason.DAILY_LOSS, lambda c, n: -profit(c, n)),
    loss(N.MAX_DRAWDOWN, Reason.DRAWDOWN, lambda c, n: max(0, n.peak - profit(c, n))),
    per_node(margin_limit),
    buying_power,
)
