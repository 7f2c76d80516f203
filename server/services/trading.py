"""TradingService: the unary calls, and the doors to the two streams."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.codes import ReportType
from domain.errors import InvalidField
from gridworks.api.trading.v1 import resources_pb2 as resources
from gridworks.api.trading.v1 import trading_service_pb2 as api
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceServicer
from server.codec.people import orders as people
from server.codec.people.decimals import nanoseconds
from server.codec.people.executions import refusal_of
from server.services.core import Core, caller, page
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
        before = self._before(message)
        mine = _own(await self._apply(request, message.pack()), int(message.account))
        order, executions = self._orders.after(before or resources.Order(), mine)
        return api.CancelOrderResponse(
            order=order if before else None, execution=executions[0] if executions else None
        )

    async def ReplaceOrder(self, request: Any, context: Any) -> Any:
        known = self._core.known
        account, order_id, cl_ord_id = known.order("order.name", request.order.name)
        before = self._orders.order(account, order_id, cl_ord_id)
        scale = known.instrument("order.instrument", before.instrument)
        trailing = people.TRAIL_BPS in before.exec_inst
        message = people.replacement(request, known, scale, trailing)
        mine = _own(await self._apply(request, message.pack()), account)
        order, executions = self._orders.after(before, mine)
        return api.ReplaceOrderResponse(order=order, executions=executions)

    def _before(self, message: Any) -> Any:
        from domain.errors import NotFound

        try:
            return self._orders.order(
                message.account, message.order_id, message.orig_cl_ord_id
            )
        except NotFound:
            return None

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
        whole = mine[(mine["report"] == ReportType.ADMIN) & (mine["reason"] > 0)]
        _, executions = self._orders.after(resources.Order(), mine)
        return api.SubmitQuoteResponse(
            quote=replace_ids(request.quote, mine), executions=executions,
            refusal=refusal_of(whole[0]) if len(whole) else None,
        )  # fmt: skip

    async def CancelQuote(self, request: Any, context: Any) -> Any:
        message = people.quote_end(request, self._core.known)
        mine = _account(await self._apply(request, message.pack()), int(message.account))
        _, executions = self._orders.after(resources.Order(), mine)
        return api.CancelQuoteResponse(executions=executions)

    async def GetOrder(self, request: Any, context: Any) -> Any:
        return self._orders.order(*self._core.known.order("name", request.name))

    async def ListOrders(self, request: Any, context: Any) -> Any:
        low, high = _times(request)
        accounts = self._accounts(request.parent)
        wanted = set(request.ord_statuses)

        def matching() -> Any:
            for place, pair in self._orders.ids(accounts, self._instrument(request.instrument)):
                if request.page_token and place <= int(request.page_token):
                    continue
                order = self._orders.order(*pair, 0)
                done = order.ord_status in (2, 4, 8, 67)
                at = order.create_time.ToNanoseconds()
                if (wanted and order.ord_status not in wanted) or (request.open_only and done):
                    continue
                if low <= at < high:
                    yield place, order

        found, token = page(matching(), request.page_size, request.page_token)
        return api.ListOrdersResponse(orders=found, next_page_token=token)

    async def ListExecutions(self, request: Any, context: Any) -> Any:
        rows = self._core.state.reports.window.rows
        low, high = _times(request)
        chosen = np.isin(rows["account"], self._accounts(request.parent))
        chosen &= np.isin(rows["report"], _OF_ORDERS)
        after = max(request.after_exec_id, int(request.page_token or 0))
        chosen &= (rows["exec_id"] > after) & (rows["transact_time"] >= low)
        chosen &= rows["transact_time"] < high
        if request.order:
            account, order_id, cl_ord_id = self._core.known.order("order", request.order)
            cell, value = ("order_id", order_id) if order_id else ("cl_ord_id", cl_ord_id)
            chosen &= (rows[cell] == value) & (rows["account"] == account)
        if request.instrument:
            chosen &= rows["instrument"] == self._instrument(request.instrument)
        if request.exec_types:
            kinds = [0 if kind == 48 else kind for kind in request.exec_types]
            chosen &= np.isin(rows["exec_type"], kinds)
        found, token = page(
            self._orders.executions(chosen), request.page_size, request.page_token
        )
        return api.ListExecutionsResponse(executions=found, next_page_token=token)

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
    found: Array = reports[reports["account"] == account]
    return found


def _own(reports: Array, account: int) -> Array:
    """The rows of the account that are about the order of its first row."""
    mine = _account(reports, account)
    return mine[mine["order_id"] == mine["order_id"][0]] if len(mine) else mine


def _times(request: Any) -> tuple[int, int]:
    low = nanoseconds("start_time", request.start_time)
    high = nanoseconds("end_time", request.end_time) if request.HasField("end_time") else 2**63 - 1
    if request.page_token and not request.page_token.lstrip("-").isdigit():
        raise InvalidField("page_token", request.page_token, "the token of a response")
    return low, high


def replace_ids(quote: Any, reports: Array) -> Any:
    """The quote with the ids of its sides."""
    made: Any = resources.Quote()
    made.CopyFrom(quote)
    for row in reports:
        if row["order_id"] and row["leaves_qty"]:
            side = "bid_order_id" if row["side"] == 1 else "offer_order_id"
            setattr(made, side, int(row["order_id"]))
    return made


