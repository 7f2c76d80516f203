"""Orders as they are now: live ones out of the state, ended ones out of the window of reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from domain.codes import OrdStatus, ReportType
from domain.errors import NotFound
from domain.layout import REPORT
from domain.limits import ORDER_SLOT_BITS
from domain.tables import Table
from engine.exchange import Exchange
from engine.states import BOOK, CUSTOMER_FLAGS, UNLIMITED
from gridworks.api.trading.v1.resources_pb2 import Execution, Order
from server.codec.people.decimals import Scale, timestamp
from server.codec.people.executions import execution_of, order_after
from server.sequencer.state import State

Array = np.ndarray[Any, Any]
_SLOT = (1 << ORDER_SLOT_BITS) - 1
_EXECUTION = int(ReportType.EXECUTION)


def live_slot(engine: Exchange, account: int, order_id: int, cl_ord_id: int) -> int:
    """The row of a live order of an account by one of its two ids; 0: there is none."""
    orders = engine.table(Table.ORDER)
    if order_id:
        slots = [order_id & _SLOT] if order_id & _SLOT < len(orders) else []
    else:
        slots = np.flatnonzero(engine.table(Table.DETAIL)["cl_ord_id"] == cl_ord_id).tolist()
    for slot in slots:
        row = orders[slot]
        if row["state"] and row["account"] == account and order_id in (0, int(row["order_id"])):
            return int(slot)
    return 0


def live_report(engine: Exchange, slot: int) -> Any:
    """A live order in the form of a report that changes nothing."""
    hot, cold = engine.table(Table.ORDER)[slot], engine.table(Table.DETAIL)[slot]
    made = np.zeros(1, REPORT)[0]
    for name in ("order_id", "instrument", "account", "leaves_qty", "ord_type", "time_in_force"):
        made[name] = hot[name]
    for name in ("cl_ord_id", "order_qty", "cum_qty", "cum_value"):
        made[name] = cold[name]
    made["report"] = ReportType.EXECUTION
    made["side"] = int(hot["short"]) or int(hot["side"]) + 1
    made["price"] = 0 if hot["exec_inst"] & UNLIMITED else hot["price"]
    made["working"] = hot["state"] == BOOK
    partly = OrdStatus.PARTIALLY_FILLED if cold["cum_qty"] else OrdStatus.NEW
    made["ord_status"] = partly if hot["state"] == BOOK else OrdStatus.SUSPENDED
    if cold["extra"]:
        made["stop_px"] = engine.table(Table.EXTRA)[int(cold["extra"])]["stop_px"]
    return made


class Orders:
    """Finds orders and executions of one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def order(self, account: int, order_id: int, cl_ord_id: int) -> Order:
        """An order of an account by one of its ids. Raises NotFound."""
        engine = self._state.engine
        slot = live_slot(engine, account, order_id, cl_ord_id)
        if slot:
            return self._live(slot)
        if order_id:
            found = self.of_order(account, order_id)
            if len(found):
                return self._from_reports(Order(), found)
        known = self._state.catalogue.directory
        text = str(order_id) if order_id else f"cl-{cl_ord_id}"
        raise NotFound("order", f"{known.account_name(account)}/orders/{text}")

    def of_order(self, account: int, order_id: int) -> Array:
        """The executions of an order that are kept, oldest first."""
        rows = self._state.reports.window.rows
        mine = (rows["order_id"] == order_id) & (rows["account"] == account)
        mine &= rows["report"] == _EXECUTION  # a refused cancel names an order that has ended
        return self._state.reports.window.picked(np.flatnonzero(mine))

    def _live(self, slot: int) -> Order:
        engine, known = self._state.engine, self._state.catalogue.directory
        report = live_report(engine, slot)
        hot, cold = engine.table(Table.ORDER)[slot], engine.table(Table.DETAIL)[slot]
        found = self.of_order(int(hot["account"]), int(hot["order_id"]))
        execution = execution_of(report, known)
        times = found["transact_time"].tolist() or [0]
        execution.transact_time.CopyFrom(timestamp(times[-1]))
        order: Any = Order()
        if found["exec_type"][:1].tolist() == [0]:  # NEW is still kept: the order's first report
            order.create_time.CopyFrom(timestamp(times[0]))
        order = order_after(order, execution)
        flags = int(hot["exec_inst"]) & CUSTOMER_FLAGS
        order.exec_inst.extend(1 << bit for bit in range(10) if flags >> bit & 1)
        order.stp_mode, order.algo_id = int(hot["stp_mode"]), int(cold["algo_id"])
        if cold["extra"]:
            scale = known.scales.get(int(hot["instrument"]), Scale(0, ""))
            self._more(order, engine.table(Table.EXTRA)[int(cold["extra"])], scale)
        return order  # type: ignore[no-any-return]

    @staticmethod
    def _more(order: Any, extra: Any, scale: Scale) -> None:
        """What only some orders have."""
        for name in ("display_qty", "min_qty"):
            if extra[name]:
                setattr(order, name, scale.quantity(int(extra[name])))
        if extra["expire_time"]:
            order.expire_time.CopyFrom(timestamp(int(extra["expire_time"])))
        order.contingency = int(extra["contingency"])

    def _from_reports(self, order: Order, found: Array) -> Order:
        known = self._state.catalogue.directory
        for row in (found[0], found[-1]):
            order = order_after(order, execution_of(row, known))
        return order

    def after(self, order: Order, reports: Array) -> tuple[Order, list[Execution]]:
        """An order after the reports of a command, and they as executions."""
        known = self._state.catalogue.directory
        executions = [execution_of(row, known) for row in reports]
        for execution in executions:
            order = order_after(order, execution)
        return order, executions

    def ids(self, accounts: Array, instrument: int) -> Iterator[tuple[int, tuple[int, int]]]:
        """(place, (account, order id)) of live and kept orders of accounts, newest first."""
        engine, rows = self._state.engine, self._state.reports.window.rows
        live = engine.table(Table.ORDER)
        live = live[live["state"] > 0]
        pairs = set[tuple[int, int]]()
        for table in (live, rows[rows["report"] == _EXECUTION]):
            mine = np.isin(table["account"], accounts) & (table["order_id"] > 0)
            if instrument:
                mine &= table["instrument"] == instrument
            ids, at = np.unique(table["order_id"][mine], return_index=True)
            pairs.update(zip(table["account"][mine][at].tolist(), ids.tolist()))
        for account, order_id in sorted(pairs, key=lambda pair: -pair[1]):
            yield -order_id, (account, order_id)

    def executions(self, chosen: Array) -> Iterator[tuple[int, Execution]]:
        """(exec_id, execution) of the places of the window that are chosen, oldest first."""
        window, known = self._state.reports.window, self._state.catalogue.directory
        for place in np.flatnonzero(chosen).tolist():
            row = window.rows[place]
            yield int(row["exec_id"]), execution_of(row, known)

