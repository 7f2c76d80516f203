"""TradingService: the unary calls, and the doors to the two streams."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.codes import ExecType, OrdStatus, ReportType
from domain.errors import InvalidField, NotFound
from gridworks.api.trading.v1 import resources_pb2 as resources
from gridworks.api.trading.v1 import trading_service_pb2 as api
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceServicer
from server.codec.people import orders as people
from server.codec.people.decimals import nanoseconds
from server.codec.people.executions import refusal_of
from server.codec.people.names import codes, segments
from server.sequencer.rows import picked
from server.services import quotes
from server.services.core import Core, caller, page, place_of
from server.services.orders import Orders
from server.services.trial import Trial

Array = np.ndarray[Any, Any]
_OF_ORDERS = (int(ReportType.EXECUTION), int(ReportType.CANCEL_REJECT))


class Trading(TradingServiceServicer):
    """Orders in, executions out."""

    def __init__(self, core: Core, trial: Trial) -> None:
        self._core, self._trial, self._orders = core, trial, Orders(core.state)

    async def _apply(self, request: Any, data: bytes) -> Array:
        """The reports of a command, or those that it would cause."""
        return (await self._trial.answer(request, data)).reports

    async def SubmitOrder(self, request: Any, context: Any) -> Any:
        message = people.new_order(request, self._core.known)
        mine = _own(await self._apply(request, message.pack()), int(message.account))
        order, executions = self._orders.after(request.order, mine)
        return api.SubmitOrderResponse(order=order, executions=executions)

    async def CancelOrder(self, request: Any, context: Any) -> Any:
        message = people.cancel(request, self._core.known)
        before = self._before(request, message)
        mine = _own(await self._apply(request, message.pack()), int(message.account))
        order, executions = self._orders.after(before or resources.Order(), mine)
        return api.CancelOrderResponse(
            order=order if before else None, execution=executions[0] if executions else None
        )

    async def ReplaceOrder(self, request: Any, context: Any) -> Any:
        known = self._core.known
        account, *ids = known.order("order.name", request.order.name)
        before = self._orders.order(account, *self._meant(request, *ids))
        scale = known.instrument("order.instrument", before.instrument)
        trailing = people.TRAIL_BPS in before.exec_inst
        message = people.replacement(request, known, scale, trailing)
        mine = _own(await self._apply(request, message.pack()), account)
        order, executions = self._orders.after(before, mine)
        return api.ReplaceOrderResponse(order=order, executions=executions)

    def _before(self, request: Any, message: Any) -> Any:
        ids = self._meant(request, message.order_id, message.orig_cl_ord_id)
        try:
            return self._orders.order(message.account, *ids)
        except NotFound:
            return None

    def _meant(self, request: Any, order_id: int, cl_ord_id: int) -> tuple[int, int]:
        """The ids of the order that a request names.

        A repeated request may name it by a client's id that it has lost since: the first answer
        knows which order it was.
        """
        first = self._core.sequencer.first_answer(caller().key_id, request.request_id)
        known = int(first.reports["order_id"][0]) if first and len(first.reports) else 0
        return (known, 0) if known else (order_id, cl_ord_id)

    async def MassCancel(self, request: Any, context: Any) -> Any:
        message = people.mass_cancel(request, self._core.known)
        reports = await self._apply(request, message.pack())
        last = reports[-1]
        if last["reason"]:
            return api.MassCancelResponse(refusal=refusal_of(last))
        return api.MassCancelResponse(canceled_count=int(last["order_qty"]))

    async def SubmitQuote(self, request: Any, context: Any) -> Any:
        message = people.quote(request, self._core.known)
        mine = _account(await self._apply(request, message.pack()), int(message.account))
        return quotes.outcome(request.quote, mine, self._core.known)

    async def MassQuote(self, request: Any, context: Any) -> Any:
        core = self._core
        account, data = core.known.account("parent", request.parent), quotes.mass(
            request, core.known
        )
        if len(request.quotes) > 1:  # the call itself has been counted as one message
            core.gate.take(caller(), len(request.quotes) - 1)
        reports = await self._apply(request, data)
        mine = _account(reports, account)
        first = int(reports["seq"][0])  # every QUOTE has at least one report
        made = [
            quotes.outcome(quote, mine[mine["seq"] == first + at], core.known)
            for at, quote in enumerate(request.quotes)
        ]
        return api.MassQuoteResponse(quotes=made)

    async def CancelQuote(self, request: Any, context: Any) -> Any:
        message = people.quote_end(request, self._core.known)
        mine = _account(await self._apply(request, message.pack()), int(message.account))
        _, executions = self._orders.after(resources.Order(), mine)
        return api.CancelQuoteResponse(executions=executions)

    async def GetQuote(self, request: Any, context: Any) -> Any:
        account, scale = people.quote_name("name", request.name, self._core.known)
        accounts = np.array([account])
        for _, quote in quotes.quotes_of(self._core.state, accounts, scale.number):
            return quote
        raise NotFound("quote", request.name)

    async def ListQuotes(self, request: Any, context: Any) -> Any:
        accounts = self._accounts(request.parent)
        found, token = page(quotes.quotes_of(self._core.state, accounts), request)
        return api.ListQuotesResponse(quotes=found, next_page_token=token)

    async def GetOrder(self, request: Any, context: Any) -> Any:
        return self._orders.order(*self._core.known.order("name", request.name))

    async def ListOrders(self, request: Any, context: Any) -> Any:
        low, high = _times(request)
        found = self._orders.listed(
            self._accounts(request.parent), self._instrument(request.instrument),
            live_only=request.open_only,
        )  # fmt: skip
        chosen = (found.created >= low) & (found.created < high)
        if request.ord_statuses:
            chosen &= np.isin(found.status, codes("ord_statuses", OrdStatus, request.ord_statuses))
        after = place_of(request)
        if after is not None:
            chosen &= found.order_id < -after
        lines = ((-int(found.order_id[at]), at) for at in np.flatnonzero(chosen)[::-1].tolist())
        shown, token = page(lines, request)
        orders = [self._orders.one_of(found, at) for at in shown]
        return api.ListOrdersResponse(orders=orders, next_page_token=token)

    async def ListExecutions(self, request: Any, context: Any) -> Any:
        low, high = _times(request)
        after = max(request.after_exec_id, place_of(request) or 0)
        found = self._orders.executions(
            self._accounts(request.parent), after, low, high, self._wanted(request)
        )
        shown, token = page(found, request)
        return api.ListExecutionsResponse(
            executions=shown, next_page_token=token, first_exec_id=self._orders.first_exec_id
        )

    def _wanted(self, request: Any) -> Any:
        """What is asked of each report. Raises InvalidField, NotFound, NotPermitted."""
        tests: list[tuple[str, Any]] = [("report", _OF_ORDERS)]
        if request.order:
            account, order_id, cl_ord_id = self._order_filter(request)
            tests += [("account", [account])]
            tests += [("order_id", [order_id]) if order_id else ("cl_ord_id", [cl_ord_id])]
        if request.instrument:
            tests += [("instrument", [self._instrument(request.instrument)])]
        if request.exec_types:
            tests += [("exec_type", codes("exec_types", ExecType, request.exec_types))]

        def wanted(rows: Array, places: Array) -> Array:
            found: Array = np.logical_and.reduce([np.isin(rows[c][places], v) for c, v in tests])
            return found

        return wanted

    def _order_filter(self, request: Any) -> tuple[int, int, int]:
        """The order of a filter: of the parent's account, or of any that is the caller's."""
        account = segments("order", request.order, "accounts/*/orders/*")[0]
        if request.parent in ("", "accounts/-"):
            self._core.require_account(caller(), account)
        elif request.parent != f"accounts/{account}":
            raise InvalidField("order", request.order, f"an order of {request.parent}")
        return self._core.known.order("order", request.order)

    def _instrument(self, name: str) -> int:
        return self._core.known.instrument("instrument", name).number if name else 0

    def _accounts(self, parent: str) -> Array:
        """The numbers of one account, or of all that are the caller's."""
        if parent not in ("", "accounts/-"):
            return np.array([self._core.known.account("parent", parent)])
        who = caller()
        nodes = self._core.known.nodes
        mine = [number for name, number in nodes.items() if self._core.may_use(who, name)]
        return np.array(mine, np.int64)


def _account(reports: Array, account: int) -> Array:
    return _those(reports, reports["account"] == account)


def _own(reports: Array, account: int) -> Array:
    """The rows of the account that are about the order of its first row."""
    mine = _account(reports, account)
    return _those(mine, mine["order_id"] == mine["order_id"][0]) if len(mine) else mine


def _those(reports: Array, chosen: Array) -> Array:
    """Some rows; most often they are all."""
    return reports if chosen.all() else picked(reports, chosen)


def _times(request: Any) -> tuple[int, int]:
    low = nanoseconds("start_time", request.start_time)
    high = nanoseconds("end_time", request.end_time) if request.HasField("end_time") else 2**63 - 1
    return low, high
