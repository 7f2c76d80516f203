"""Orders as they are now: live ones out of the state, ended ones out of the window of reports."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from domain.codes import ExecType, OrdStatus, ReportType
from domain.errors import NotFound
from domain.layout import REPORT
from domain.limits import ORDER_SLOT_BITS
from domain.tables import Table
from engine.exchange import Exchange
from engine.states import BOOK, CUSTOMER_FLAGS, QUOTE_LEG, UNLIMITED
from gridworks.api.trading.v1.resources_pb2 import Execution, Order
from server.codec.people.decimals import Scale, timestamp
from server.codec.people.executions import execution_of, order_after
from server.sequencer.state import State

Array = np.ndarray[Any, Any]
_SLOT = (1 << ORDER_SLOT_BITS) - 1
_EXECUTION = int(ReportType.EXECUTION)
_NEW, _REJECTED = int(ExecType.NEW), int(ExecType.REJECTED)
_FRESH, _PARTLY, _SUSPENDED = (
    int(status) for status in (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.SUSPENDED)
)
_CHUNK = 4096  # rows of reports that are looked at in one go
NOT_KEPT = -1
Wanted = Callable[[Array, Array], Array]  # rows of the window, places -> which of these


def live_slot(engine: Exchange, account: int, order_id: int, cl_ord_id: int) -> int:
    """The row of a live order of an account by one of its two ids; 0: there is none."""
    orders = engine.table(Table.ORDER)
    slot = order_id & _SLOT if order_id else engine.live_order(account, cl_ord_id)
    if not 0 < slot < len(orders):
        return 0
    row = orders[slot]
    mine = row["state"] and row["account"] == account and order_id in (0, int(row["order_id"]))
    return slot if mine else 0


def live_report(engine: Exchange, slot: int) -> Any:
    """A live order in the form of a report that changes nothing."""
    hot, cold = engine.table(Table.ORDER)[slot], engine.table(Table.DETAIL)[slot]
    made = np.zeros(1, REPORT)[0]
    for name in ("order_id", "instrument", "account", "leaves_qty", "ord_type", "time_in_force"):
        made[name] = hot[name]
    for name in ("cl_ord_id", "order_qty", "cum_qty", "cum_value"):
        made[name] = cold[name]
    if hot["exec_inst"] & QUOTE_LEG:  # the directory has it under a key of its own
        made["cl_ord_id"] = engine.table(Table.EXTRA)[int(cold["extra"])]["limit_px"]
    made["report"] = _EXECUTION
    made["side"] = int(hot["short"]) or int(hot["side"]) + 1
    made["price"] = 0 if hot["exec_inst"] & UNLIMITED else hot["price"]
    made["working"] = hot["state"] == BOOK
    partly = _PARTLY if cold["cum_qty"] > 0 else _FRESH
    made["ord_status"] = partly if hot["state"] == BOOK else _SUSPENDED
    if cold["extra"]:
        made["stop_px"] = engine.table(Table.EXTRA)[int(cold["extra"])]["stop_px"]
    return made


def _live_status(state: Any, cum_qty: Any) -> Array:
    """The status of live orders."""
    return np.where(state == BOOK, np.where(cum_qty > 0, _PARTLY, _FRESH), _SUSPENDED)


class Listing(NamedTuple):
    """Orders in rising order of their ids, column by column.

    `slot`: row of the live order, 0 of an ended one. `first` and `last`: places in the window of
    their executions that are kept, NOT_KEPT: none. `created`: 0 where it is not known any more.
    """

    order_id: Array
    account: Array
    slot: Array
    first: Array
    last: Array
    status: Array
    created: Array


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
        """The executions of an order that are kept, oldest first.

        From the newest back to the order's first, so what has just happened is found at once.
        """
        window = self._state.reports.window
        accounts, rows = window.column("account"), window.rows
        found = [np.zeros(0, np.int64)]
        for stop in range(len(accounts), 0, -_CHUNK):
            begin = max(stop - _CHUNK, 0)
            part = begin + np.flatnonzero(accounts[begin:stop] == account)
            part = part[rows["order_id"][part] == order_id]
            part = part[rows["report"][part] == _EXECUTION]  # a refused cancel names an ended order
            found.append(part)
            types = rows["exec_type"][part]
            if ((types == _NEW) | (types == _REJECTED)).any():
                break
        return window.picked(np.concatenate(found[::-1]))

    def _live(self, slot: int) -> Order:
        hot = self._state.engine.table(Table.ORDER)[slot]
        return self._shown(slot, self.of_order(int(hot["account"]), int(hot["order_id"])))

    def _shown(self, slot: int, found: Array) -> Order:
        """A live order; `found` are its reports that are kept, at least the first and the last."""
        engine, known = self._state.engine, self._state.catalogue.directory
        report = live_report(engine, slot)
        hot, cold = engine.table(Table.ORDER)[slot], engine.table(Table.DETAIL)[slot]
        execution = execution_of(report, known)
        times = found["transact_time"].tolist() or [0]
        execution.transact_time.CopyFrom(timestamp(times[-1]))
        order: Any = Order()
        if found["exec_type"][:1].tolist() == [_NEW]:  # still kept: the order's first report
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

    def listed(self, accounts: Array, instrument: int = 0, *, live_only: bool = False) -> Listing:
        """The live orders and those whose executions are kept, of accounts."""
        ids, account, first, last = self._kept(accounts, instrument)
        slots = self._live_slots(accounts, instrument)
        live = self._state.engine.table(Table.ORDER)
        every = live["order_id"][slots] if live_only else np.union1d(ids, live["order_id"][slots])
        every = np.sort(every)
        made = Listing(every, *(np.zeros(len(every), np.int64) for _ in range(6)))
        at = np.searchsorted(ids, every)
        kept = np.flatnonzero(ids[np.minimum(at, max(len(ids) - 1, 0))] == every) if len(ids) else (
            np.zeros(0, np.int64)
        )
        rows = self._state.reports.window.rows
        made.first[:] = made.last[:] = NOT_KEPT
        for column, values in (
            (made.account, account), (made.first, first), (made.last, last),
            (made.status, rows["ord_status"][last]), (made.created, self._created(first)),
        ):  # fmt: skip
            column[kept] = values[at[kept]]
        here = np.searchsorted(every, live["order_id"][slots])
        made.slot[here], made.account[here] = slots, live["account"][slots]
        cum = self._state.engine.table(Table.DETAIL)["cum_qty"][slots]
        made.status[here] = _live_status(live["state"][slots], cum)
        return made

    def _kept(self, accounts: Array, instrument: int) -> tuple[Array, Array, Array, Array]:
        """(order ids, their accounts, first and last place) of what the window has."""
        reports = self._state.reports
        places, rows = reports.of_accounts(accounts), reports.window.rows
        mine = (rows["report"][places] == _EXECUTION) & (rows["order_id"][places] > 0)
        if instrument:
            mine &= rows["instrument"][places] == instrument
        places = places[mine]
        ids = rows["order_id"][places]
        found, first = np.unique(ids, return_index=True)
        _, back = np.unique(ids[::-1], return_index=True)
        last = places[len(ids) - 1 - back]
        return found, rows["account"][last], places[first], last

    def _created(self, first: Array) -> Array:
        """When orders were accepted, 0 where their first report is no longer kept."""
        rows = self._state.reports.window.rows
        known = np.isin(rows["exec_type"][first], (_NEW, _REJECTED))
        return np.where(known, rows["transact_time"][first], 0)

    def _live_slots(self, accounts: Array, instrument: int) -> Array:
        live = self._state.engine.table(Table.ORDER)
        mine = (live["state"] > 0) & np.isin(live["account"], accounts)
        if instrument:
            mine &= live["instrument"] == instrument
        return np.flatnonzero(mine)

    def one_of(self, listing: Listing, at: int) -> Order:
        """The order in this line of a listing."""
        first, last = int(listing.first[at]), int(listing.last[at])
        places = np.array([] if first == NOT_KEPT else [first, last], np.int64)
        found, slot = self._state.reports.window.picked(places), int(listing.slot[at])
        order = self._shown(slot, found) if slot else self._from_reports(Order(), found)
        if not listing.created[at]:
            order.ClearField("create_time")
        return order

    def executions(
        self, accounts: Array, after: int, low: int, high: int, wanted: Wanted
    ) -> Iterator[tuple[int, Execution]]:
        """(exec_id, execution) of accounts with `after` < exec_id and `low` <= time < `high` that
        are `wanted`, oldest first. Looks at the window bit by bit, as far as it is asked."""
        reports, known = self._state.reports, self._state.catalogue.directory
        window, places = reports.window, reports.of_accounts(accounts)
        rows, times = window.rows, window.rows["transact_time"]
        oldest = self.first_exec_id
        begin = max(bisect_left(times, low), after - oldest + 1)
        places = places[np.searchsorted(places, begin) : np.searchsorted(
            places, bisect_left(times, high))]  # fmt: skip
        for start in range(0, len(places), _CHUNK):
            chunk = places[start : start + _CHUNK]
            for place in chunk[wanted(rows, chunk)].tolist():
                row = rows[place]
                yield int(row["exec_id"]), execution_of(row, known)

    @property
    def first_exec_id(self) -> int:
        """The oldest report that is kept; the next one to come where there is none."""
        window = self._state.reports.window
        return int(window.rows["exec_id"][0]) if len(window.rows) else window.last + 1
