"""How much of each limit of a node is in use, by the measures that the checks use.

Limits of a single order (size, value, distance from the last price) have no use between two orders
and are not listed. What `used` is, by limit, in the words of risk/admission:

    max_open_orders, max_open_value      open orders; their value at the worst price
    max_position (own or the node's)     max(qty + open buys, open sells - qty), one instrument
    max_gross_position                   sum over accounts of max(|qty + buys|, |qty - sells|)
    max_instrument_exposure, max_exposure  max(|value + buys|, |value - sells|), one instrument
    max_group_gross, max_group_net       sum of exposures, |sum of values| with open orders
    max_gross_exposure, max_net_exposure the same over all instruments
    max_margin                           margin and fees held for open orders
    buying_power                         the same, of the collateral: cash, credit, losses
    max_concentration_bps                exposure in one instrument / (cash + credit)
    max_realised_loss, max_daily_loss, max_drawdown  losses of today
    order_rate, replace_rate, cancel_rate, max_executions  tokens taken from the bucket
    order_to_trade                       messages today, of those that today's executions allow
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from domain.attributes import NodeAttr
from domain.codes import Level, Reason
from domain.limits import BPS, MAX_POSITION, NO_LIMIT
from domain.tables import Table
from gridworks.api.risk.v1 import resources_pb2 as resources
from risk.derived import (
    EXECUTION_INTERVAL,
    FLAG_BITS,
    NODE_FLAGS,
    ORDER_INTERVAL,
    REPLACE_INTERVAL,
    VARIATION,
)
from server.codec.people.decimals import Scale
from server.sequencer.state import State

_N, _R = NodeAttr, Reason
LOTS, MONEY, ORDERS, BASIS, MESSAGES, EXECUTIONS = (
    "lots", "money", "orders", "basis points", "messages", "executions",
)  # fmt: skip


class Use(NamedTuple):
    """One limit of one node: in the engine's numbers."""

    limit: str
    reason: Reason
    subject: str
    allowed: int
    used: int
    unit: str
    scale: Scale

    @property
    def ratio(self) -> float:
        """used / allowed; of nothing that is allowed all is in use."""
        if self.allowed > 0:
            return self.used / self.allowed
        return 1.0 if self.used >= 0 else 0.0

    def text(self, value: int) -> str:
        """A value in the unit as text."""
        return self.scale.amount(value) if self.unit == MONEY else str(value)


def uses(state: State, node: int, now: int) -> Iterator[Use]:
    """Every limit that a node has, at a time (ns)."""
    engine = state.engine
    row, limits = engine.table(Table.NODE)[node], engine.table(Table.NODE_LIMIT)[node]
    money = state.catalogue.money(node)
    yield from _of_node(row, limits, money)
    yield from _flow(row, limits, money, now)
    yield from _positions(state, node, row, limits, money)
    yield from _groups(engine, node, money)


def collateral(row: Any, limits: Any) -> int:
    """What margin of an account is taken from, minor units: cash, credit, losses."""
    return int(row["cash"]) + int(limits[_N.CREDIT]) + min(0, int(limits[VARIATION]))


def _of_node(row: Any, limits: Any, money: Scale) -> Iterator[Use]:
    held = int(row["margin"]) + int(row["hold_fee"])
    profit = int(row["realised"]) + int(row["unrealised"]) - int(row["base_unrealised"])
    net = max(abs(int(row["long_exposure"])), abs(int(row["short_exposure"])))
    for attribute, reason, used, unit in (
        (_N.MAX_OPEN_ORDERS, _R.OPEN_ORDERS, int(row["open_orders"]), ORDERS),
        (_N.MAX_OPEN_VALUE, _R.OPEN_VALUE, int(row["open_value"]), MONEY),
        (_N.MAX_GROSS_EXPOSURE, _R.GROSS_EXPOSURE, int(row["exposure"]), MONEY),
        (_N.MAX_NET_EXPOSURE, _R.NET_EXPOSURE, net, MONEY),
        (_N.MAX_REALISED_LOSS, _R.REALISED_LOSS, -int(row["realised"]), MONEY),
        (_N.MAX_DAILY_LOSS, _R.DAILY_LOSS, -profit, MONEY),
        (_N.MAX_DRAWDOWN, _R.DRAWDOWN, max(int(row["peak"]), profit) - profit, MONEY),
        (_N.MAX_MARGIN, _R.MARGIN_LIMIT, held, MONEY),
    ):
        if limits[attribute] != NO_LIMIT:
            allowed = int(limits[attribute])
            yield Use(attribute.name.lower(), reason, "", allowed, used, unit, money)
    if row["level"] == Level.ACCOUNT and limits[_N.CHECK_BUYING_POWER]:
        base = collateral(row, limits)
        yield Use("buying_power", _R.BUYING_POWER, "", base, held, MONEY, money)


def _flow(row: Any, limits: Any, money: Scale, now: int) -> Iterator[Use]:
    for rate, burst, reason, cell, interval, unit in (
        (_N.ORDER_RATE, _N.ORDER_BURST, _R.ORDER_RATE, "order_tat",
         int(limits[ORDER_INTERVAL]), ORDERS),
        (_N.REPLACE_RATE, _N.REPLACE_BURST, _R.REPLACE_RATE, "replace_tat",
         int(limits[REPLACE_INTERVAL]), ORDERS),
        (_N.CANCEL_RATE, _N.CANCEL_BURST, _R.CANCEL_RATE, "cancel_tat",
         int(limits[NODE_FLAGS]) >> FLAG_BITS, ORDERS),
        (_N.MAX_EXECUTIONS, _N.MAX_EXECUTIONS, _R.EXECUTION_THROTTLED, "execution_tat",
         int(limits[EXECUTION_INTERVAL]), EXECUTIONS),
    ):  # fmt: skip
        if interval:
            taken = max(-(-(int(row[cell]) - now) // interval), 0)
            yield Use(rate.name.lower(), reason, "", int(limits[burst]), taken, unit, money)
    if limits[_N.ORDER_TO_TRADE] != NO_LIMIT:
        each = int(limits[_N.ORDER_TO_TRADE]) * max(int(row["executions"]), 1)
        allowed = max(int(limits[_N.ORDER_TO_TRADE_FLOOR]), each)
        used = int(row["messages"])
        yield Use("order_to_trade", _R.ORDER_TO_TRADE, "", allowed, used, MESSAGES, money)


def _positions(state: State, node: int, row: Any, limits: Any, money: Scale) -> Iterator[Use]:
    rows = state.engine.table(Table.POSITION)
    base = max(0, int(row["cash"]) + int(limits[_N.CREDIT]))
    for held in rows[rows["node"] == node]:
        subject = state.catalogue.directory.instrument_name(int(held["instrument"]))
        widest = max(int(held["long_qty"]), int(held["short_qty"]), 0)
        exposure = int(held["exposure"])
        own, wide = int(held["max_position"]), int(held["max_exposure"])
        position = min(own if own != NO_LIMIT else int(limits[_N.MAX_POSITION]), NO_LIMIT)
        if position != NO_LIMIT:
            position = min(position, MAX_POSITION)
        most = wide if wide != NO_LIMIT else int(limits[_N.MAX_INSTRUMENT_EXPOSURE])
        name = "max_exposure" if wide != NO_LIMIT else "max_instrument_exposure"
        share = exposure * BPS // base if base else BPS * 1_000
        for limit, reason, allowed, used, unit in (
            ("max_position", _R.POSITION_LIMIT, position, widest, LOTS),
            ("max_gross_position", _R.GROSS_POSITION_LIMIT,
             int(limits[_N.MAX_GROSS_POSITION]), int(held["gross"]), LOTS),
            (name, _R.INSTRUMENT_EXPOSURE, most, exposure, MONEY),
            ("max_concentration_bps", _R.CONCENTRATION,
             int(limits[_N.MAX_CONCENTRATION_BPS]), share if exposure else 0, BASIS),
        ):  # fmt: skip
            if limit == "max_concentration_bps" and row["level"] != Level.ACCOUNT:
                continue
            if allowed != NO_LIMIT:
                yield Use(limit, reason, subject, allowed, used, unit, money)


def _groups(engine: Any, node: int, money: Scale) -> Iterator[Use]:
    rows = engine.table(Table.GROUP)
    for group in rows[np.flatnonzero(rows["node"] == node)]:
        kind = "products" if group["kind"] == 1 else "currencies"
        net = max(abs(int(group["long_net"])), abs(int(group["short_net"])))
        for limit, cell, used in (
            ("max_group_gross", "max_gross", int(group["gross"])),
            ("max_group_net", "max_net", net),
        ):
            if group[cell] != NO_LIMIT:
                yield Use(limit, _R.GROUP_EXPOSURE, f"{kind}/{int(group['id'])}",
                          int(group[cell]), used, MONEY, money)  # fmt: skip


def wire(state: State, node: int, use: Use) -> Any:
    """A Utilisation."""
    made: Any = resources.Utilisation(
        limit=use.limit, subject=use.subject, allowed=use.text(use.allowed),
        used=use.text(use.used), ratio=use.ratio, unit=use.unit,
        headroom=use.text(use.allowed - use.used),
        node=f"nodes/{state.catalogue.directory.node_names[node]}",
    )  # fmt: skip
    made.reason, made.level = int(use.reason), int(state.engine.table(Table.NODE)[node]["level"])
    return made


def listed(
    state: State, node: int, now: int, least: float, keep: Callable[[int], bool]
) -> Iterator[Any]:
    """The utilisations of a node, then of the nodes above it that `keep` lets through."""
    nodes = state.engine.table(Table.NODE)
    while node:
        if keep(node):
            for use in uses(state, node, now):
                if use.ratio >= least:
                    yield wire(state, node, use)
        node = int(nodes[node]["parent"])
