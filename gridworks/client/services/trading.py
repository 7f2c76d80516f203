"""Trading: orders, quotes and executions, the order-entry session, the drop copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from google.protobuf.message import Message

from domain.errors import InvalidField
from gridworks.api.trading.v1 import resources_pb2 as resources
from gridworks.api.trading.v1 import trading_service_pb2 as api
from gridworks.client.faces import Items, M, call, pager, stream
from gridworks.client.plans import Plan
from gridworks.client.requests import Code, Number, under
from gridworks.client.service import Listing, Mutation, Options, Remote
from gridworks.client.streams.orders import next_id
from gridworks.client.streams.reports import DropCopy, Numbered
from gridworks.client.streams.session import Session, Wish


class OrderFields(Mutation, total=False):
    """Fields of an order that few orders need; docs/rules.md says what they do."""

    cl_ord_id: int  # the client makes one unless it is given
    ord_type: Code  # LIMIT where there is a price, else MARKET
    time_in_force: Code  # DAY
    stop_px: Number
    display_qty: Number
    min_qty: Number
    offset: Number
    exec_inst: Iterable[Code] | Code
    expire_time: datetime | int
    cl_ord_link_id: int
    contingency: Code
    list_size: int
    stp_mode: Code
    algo_id: int


class Changes(Mutation, total=False):
    """What a replace may change."""

    cl_ord_id: int
    order_qty: Number  # the new total
    price: Number
    stop_px: Number
    display_qty: Number
    min_qty: Number
    offset: Number
    expire_time: datetime | int


class SessionOptions(TypedDict, total=False):
    """How an order-entry session is opened."""

    first_report: int  # number of the first report not yet seen; 0: what happens from now on
    cancel_on_disconnect: bool  # cancel the session's orders whenever the connection ends
    dead_man: timedelta | float  # cancel the account's orders after so long without a sign of life
    heartbeat: timedelta | float  # longest silence, 1 s to 60 s; 10 s
    resend: bool  # after a loss send what was not applied; False: forget it (`dropped`)
    most_waiting: int  # commands that may wait for the server; 65,536


Side = tuple[Number, Number]  # price and quantity of one side of a quote
Sides = tuple[Side | None, Side | None]  # bid and offer
_MUTATION = frozenset(("timeout", "request_id", "validate_only"))


class Trading(Remote[M]):
    """`client.trading`. A refusal is an answer: `ord_status` is REJECTED, `refusal` says why."""

    proto = api.DESCRIPTOR.services_by_name["TradingService"]

    @call
    def submit_order(
        self, account: str, instrument: str | Message, side: Code, order_qty: Number,
        price: Number | None = None, **more: Unpack[OrderFields],
    ) -> Plan[api.SubmitOrderResponse]:  # fmt: skip
        """Enter an order. `price` in the instrument's units; without one a market order."""
        options, fields = _split(more)
        kind = "MARKET" if price is None else "LIMIT"
        order = {
            "ord_type": kind, "cl_ord_id": next_id(), **fields,
            "instrument": under("instruments", instrument), "side": side, "order_qty": order_qty,
            "price": price,
        }  # fmt: skip
        return self._call(
            "SubmitOrder", api.SubmitOrderResponse, options, parent=under("accounts", account),
            order=order,
        )  # fmt: skip

    @call
    def cancel_order(
        self, name: str | resources.Order, *, cl_ord_id: int = 0, **options: Unpack[Mutation]
    ) -> Plan[api.CancelOrderResponse]:
        """Cancel an order: an Order, "accounts/alice/orders/17", or ".../cl-7" by its own id."""
        return self._call(
            "CancelOrder", api.CancelOrderResponse, options, name=name, cl_ord_id=cl_ord_id
        )

    @call
    def replace_order(
        self, name: str | resources.Order, **changes: Unpack[Changes]
    ) -> Plan[api.ReplaceOrderResponse]:
        """Change an order; it keeps its priority where the rules allow it."""
        options, fields = _split(changes)
        return self._call(
            "ReplaceOrder", api.ReplaceOrderResponse, options, order={**fields, "name": name},
            update_mask=list(fields),
        )  # fmt: skip

    @call
    def mass_cancel(
        self, parent: str, *, instrument: str | None = None, side: Code | None = None,
        price_low: Number | None = None, price_high: Number | None = None,
        **options: Unpack[Mutation],
    ) -> Plan[api.MassCancelResponse]:  # fmt: skip
        """Cancel the orders of an account, or of all accounts below "nodes/{node}"."""
        return self._call(
            "MassCancel", api.MassCancelResponse, options, parent=under("accounts", parent),
            instrument=under("instruments", instrument), side=side, price_low=price_low,
            price_high=price_high,
        )  # fmt: skip

    @call
    def get_order(self, name: str, **options: Unpack[Options]) -> Plan[resources.Order]:
        """An order, live or ended."""
        return self._call("GetOrder", resources.Order, options, name=name)

    @pager
    def list_orders(
        self, account: str = "accounts/-", *, instrument: str | None = None,
        ord_statuses: Iterable[Code] = (), open_only: bool = False,
        start_time: datetime | int | None = None, end_time: datetime | int | None = None,
        **options: Unpack[Listing],
    ) -> Items[resources.Order]:  # fmt: skip
        """Orders of an account, or of all that the key may see, newest first."""
        return self._list(
            "ListOrders", api.ListOrdersResponse, "orders", options,
            parent=under("accounts", account), instrument=under("instruments", instrument),
            ord_statuses=list(ord_statuses), open_only=open_only, start_time=start_time,
            end_time=end_time,
        )  # fmt: skip

    @pager
    def list_executions(
        self, account: str = "accounts/-", *, order: str | resources.Order | None = None,
        instrument: str | None = None, exec_types: Iterable[Code] = (), after_exec_id: int = 0,
        start_time: datetime | int | None = None, **options: Unpack[Listing],
    ) -> Items[resources.Execution]:  # fmt: skip
        """Executions of an account, or of all that the key may see, oldest first."""
        return self._list(
            "ListExecutions", api.ListExecutionsResponse, "executions", options,
            parent=under("accounts", account), order=order,
            instrument=under("instruments", instrument), exec_types=list(exec_types),
            after_exec_id=after_exec_id, start_time=start_time,
        )  # fmt: skip

    # ------------------------------------------------------------------ quotes

    @call
    def submit_quote(
        self, account: str, instrument: str, bid: Side | None, offer: Side | None, *,
        cl_ord_id: int = 0, exec_inst: Iterable[Code] | Code = (), **options: Unpack[Mutation],
    ) -> Plan[api.SubmitQuoteResponse]:  # fmt: skip
        """Enter or change a quote; each side is (price, quantity), None removes it."""
        made = _sides(account, instrument, bid, offer)
        made["cl_ord_id"], made["exec_inst"] = cl_ord_id or made["cl_ord_id"], exec_inst
        return self._call("SubmitQuote", api.SubmitQuoteResponse, options, quote=made)

    @call
    def mass_quote(
        self, account: str, quotes: Mapping[str, Sides], **options: Unpack[Mutation]
    ) -> Plan[api.MassQuoteResponse]:
        """Quotes of one account in many instruments at once: {"ACME": (bid, offer), ...}."""
        made = [_sides(account, name, *sides) for name, sides in quotes.items()]
        return self._call(
            "MassQuote", api.MassQuoteResponse, options, parent=under("accounts", account),
            quotes=made,
        )  # fmt: skip

    @call
    def cancel_quote(
        self, account: str, instrument: str, *, cl_ord_id: int = 0, **options: Unpack[Mutation]
    ) -> Plan[api.CancelQuoteResponse]:
        """Remove both sides of a quote."""
        return self._call(
            "CancelQuote", api.CancelQuoteResponse, options, name=_quote(account, instrument),
            cl_ord_id=cl_ord_id or next_id(),
        )  # fmt: skip

    @call
    def get_quote(
        self, account: str, instrument: str, **options: Unpack[Options]
    ) -> Plan[resources.Quote]:
        """The quote of an account in an instrument."""
        return self._call(
            "GetQuote", resources.Quote, options, name=_quote(account, instrument)
        )

    @pager
    def list_quotes(
        self, account: str = "accounts/-", **options: Unpack[Listing]
    ) -> Items[resources.Quote]:
        """The quotes of an account, or of all that the key may see."""
        return self._list(
            "ListQuotes", api.ListQuotesResponse, "quotes", options,
            parent=under("accounts", account),
        )  # fmt: skip

    # ------------------------------------------------------------------ streams

    def order_entry(
        self, session: str, account: str, **options: Unpack[SessionOptions]
    ) -> Session[M]:
        """An order-entry session of the name `session`, for `with`: commands in, reports out.

        It resumes by itself after every loss. Raises InvalidField.
        """
        heartbeat = _seconds("heartbeat", options.get("heartbeat", 10.0), 1.0, 60.0)
        dead_man = options.get("dead_man")
        wish = Wish(
            session, under("accounts", account), options.get("first_report", 0),
            options.get("cancel_on_disconnect", False),
            None if dead_man is None else _seconds("dead_man", dead_man, 0.1, 86_400.0),
            heartbeat, options.get("resend", True), options.get("most_waiting", 65_536),
        )  # fmt: skip
        return Session(self.wire, self.settings, self._metadata, wish)

    @stream
    def drop_copy(self, parent: str, first: int = 0) -> Items[Numbered]:
        """All reports of a firm from number `first` on, as (number, report); 0: from now on.

        Resumes by itself. Raises StreamGap where the server no longer has what comes next.
        """
        if first < 0:
            raise InvalidField("first", first, "0 or more")
        return self._follow(lambda: DropCopy(self._path("DropCopy"), under("nodes", parent), first))


def _split(given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of the call, and fields of the order."""
    options = {name: value for name, value in given.items() if name in _MUTATION}
    return options, {name: value for name, value in given.items() if name not in _MUTATION}


def _quote(account: str, instrument: str) -> str:
    symbol = instrument.removeprefix("instruments/")
    return f"{under('accounts', account)}/quotes/{symbol}"


def _sides(
    account: str, instrument: str, bid: Side | None, offer: Side | None
) -> dict[str, Any]:  # fmt: skip
    """A quote; a side that is None is removed."""
    (bid_px, bid_size), (offer_px, offer_size) = bid or (None, None), offer or (None, None)
    return {
        "name": _quote(account, instrument), "cl_ord_id": next_id(), "bid_px": bid_px,
        "bid_size": bid_size, "offer_px": offer_px, "offer_size": offer_size,
    }  # fmt: skip


def _seconds(name: str, value: timedelta | float, least: float, most: float) -> float:
    found = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(found, bool) or not least <= found <= most:
        raise InvalidField(name, value, f"{least:g} to {most:g} seconds")
    return float(found)
