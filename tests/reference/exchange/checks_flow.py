"""Rates: how often an account and those above it may send, and what an accepted row takes."""

from __future__ import annotations

from domain.attributes import NodeAttr as N
from domain.codes import Reason
from domain.limits import NO_LIMIT
from tests.reference.exchange.checks_entry import SHAPE, STATE, Candidate, Check
from tests.reference.exchange.checks_limits import EXPOSURE, PRICE, SIZE, recent_key
from tests.reference.exchange.model import Refusal
from tests.reference.exchange.world import World

SECOND = 10**9


def interval_of(rate: int) -> int:
    return SECOND // rate


def rate_check(rate: N, burst: N, reason: Reason, tat: str, replaces: bool) -> Check:
    """A bucket that new orders, or replaces, draw on."""

    def check(c: Candidate) -> Refusal | None:
        if bool(c.old) is not replaces:
            return None
        for node in c.chain():
            if not node[rate]:
                continue
            interval = interval_of(node[rate])
            until = max(getattr(node, tat), c.w.time) - (node[burst] - 1) * interval
            if until > c.w.time:
                return Refusal(reason, node.level, node[rate], until - c.w.time)
        return None

    return check


def cancel_rate(c: Candidate) -> Refusal | None:
    """Cancels are never refused; who cancels too much may send nothing new for a while."""
    for node in c.chain():
        if not node[N.CANCEL_RATE]:
            continue
        interval, burst = interval_of(node[N.CANCEL_RATE]), node[N.CANCEL_BURST]
        wait = node.cancel_tat - c.w.time - burst * interval
        if wait > 0:
            return Refusal(Reason.CANCEL_RATE, node.level, node[N.CANCEL_RATE], wait)
    return None


def order_to_trade(c: Candidate) -> Refusal | None:
    for node in c.chain():
        ratio, floor = node[N.ORDER_TO_TRADE], node[N.ORDER_TO_TRADE_FLOOR]
        limit = max(floor, ratio * max(node.executions, 1))
        after = node.messages + 1
        if ratio != NO_LIMIT and after > limit:
            return Refusal(Reason.ORDER_TO_TRADE, node.level, limit, after, limit - node.messages)
    return None


FLOW: tuple[Check, ...] = (
    rate_check(N.ORDER_RATE, N.ORDER_BURST, Reason.ORDER_RATE, "order_tat", replaces=False),
    rate_check(N.REPLACE_RATE, N.REPLACE_BURST, Reason.REPLACE_RATE, "replace_tat", replaces=True),
    cancel_rate,
    order_to_trade,
)

CHECKS: tuple[Check, ...] = (*STATE, *SHAPE, *PRICE, *SIZE, *EXPOSURE, *FLOW)


def first_refusal(c: Candidate) -> Refusal | None:
    """The checks in their order of precedence."""
    for check in CHECKS:
        refusal = check(c)
        if refusal:
            return refusal
    return None


def _draw(now: int, tat: int, rate: int) -> int:
    return max(tat, now) + interval_of(rate) if rate else tat


def take_tokens(c: Candidate) -> None:
    """An accepted order or replace is counted on every level."""
    now = c.w.time
    for node in c.chain():
        node.messages += 1
        if c.old:
            node.replace_tat = _draw(now, node.replace_tat, node[N.REPLACE_RATE])
        else:
            node.order_tat = _draw(now, node.order_tat, node[N.ORDER_RATE])
    if not c.old and any(node[N.DUPLICATE_WINDOW_NS] for node in c.chain()):
        c.w.recent[recent_key(c)] = now


def count_cancel(w: World, account: int) -> None:
    """An accepted cancel is counted on every level, and draws on its bucket."""
    for node in w.chain(account):
        node.messages += 1
        node.cancel_tat = _draw(w.time, node.cancel_tat, node[N.CANCEL_RATE])
