"""Quotes as they are now: the two legs of an account in an instrument, out of the live orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from domain.codes import ReportType
from domain.errors import InvalidField
from domain.tables import Table
from engine.states import CUSTOMER_FLAGS, QUOTE_LEG
from gridworks.api.trading.v1 import resources_pb2 as resources
from gridworks.api.trading.v1 import trading_service_pb2 as api
from server.codec.people import orders as people
from server.codec.people.executions import execution_of, refusal_of
from server.codec.people.names import Directory
from server.sequencer.state import State

Array = np.ndarray[Any, Any]
MOST_QUOTES = 1000  # of one MassQuote


def quotes_of(
    state: State, accounts: Array, instrument: int = 0
) -> Iterator[tuple[int, resources.Quote]]:
    """(place, quote) of accounts, in one instrument or (0) all: rising by account, instrument."""
    engine, known = state.engine, state.catalogue.directory
    orders = engine.table(Table.ORDER)
    legs = (orders["state"] > 0) & (orders["exec_inst"] & QUOTE_LEG > 0)
    legs &= np.isin(orders["account"], accounts)
    if instrument:
        legs &= orders["instrument"] == instrument
    found: dict[tuple[int, int], Any] = {}
    for slot in np.flatnonzero(legs).tolist():
        row = orders[slot]
        pair = int(row["account"]), int(row["instrument"])
        quote = found.setdefault(pair, resources.Quote())
        extra = engine.table(Table.EXTRA)[int(engine.table(Table.DETAIL)[slot]["extra"])]
        _leg(quote, row, int(extra["limit_px"]), known)
    for pair in sorted(found):
        yield pair[0] << 32 | pair[1], found[pair]


def _leg(quote: Any, row: Any, cl_ord_id: int, known: Directory) -> None:
    """Write one live order into its side of the quote."""
    scale = known.scales[int(row["instrument"])]
    side = "offer" if row["side"] else "bid"
    quote.name = f"{known.account_name(int(row['account']))}/quotes/{scale.symbol}"
    quote.cl_ord_id = max(quote.cl_ord_id, cl_ord_id)  # a side may be older than the other
    setattr(quote, f"{side}_px", scale.price(int(row["price"])))
    setattr(quote, f"{side}_size", scale.quantity(int(row["leaves_qty"])))
    setattr(quote, f"{side}_order_id", int(row["order_id"]))
    if not quote.exec_inst:
        flags = int(row["exec_inst"]) & CUSTOMER_FLAGS
        quote.exec_inst.extend(1 << bit for bit in range(10) if flags >> bit & 1)


def mass(request: api.MassQuoteRequest, known: Directory) -> bytes:
    """The QUOTE commands of a MassQuote. Raises InvalidField, NotFound."""
    if not 1 <= len(request.quotes) <= MOST_QUOTES:
        raise InvalidField("quotes", len(request.quotes), f"1 to {MOST_QUOTES} quotes")
    rows, seen = [], set[int]()
    for at, quote in enumerate(request.quotes):
        path = f"quotes[{at}]"
        if not quote.name.startswith(f"{request.parent}/quotes/"):
            raise InvalidField(f"{path}.name", quote.name, f"a quote of {request.parent}")
        try:
            message = people.quote(api.SubmitQuoteRequest(quote=quote), known)
        except InvalidField as error:
            field = error.field.removeprefix("quote.")
            raise InvalidField(f"{path}.{field}", error.value, error.allowed) from None
        if message.instrument in seen:
            raise InvalidField(f"{path}.name", quote.name, "each instrument once")
        seen.add(int(message.instrument))
        rows.append(message.pack())
    return b"".join(rows)


def outcome(quote: resources.Quote, reports: Array, known: Directory) -> api.SubmitQuoteResponse:
    """What became of a quote; `reports` are those of its account that its command caused."""
    whole = reports[(reports["report"] == ReportType.ADMIN) & (reports["reason"] > 0)]
    made: Any = resources.Quote()
    made.CopyFrom(quote)
    for row in reports:
        if row["order_id"] and row["leaves_qty"]:
            side = "bid_order_id" if row["side"] == 1 else "offer_order_id"
            setattr(made, side, int(row["order_id"]))
    return api.SubmitQuoteResponse(
        quote=made, executions=[execution_of(row, known) for row in reports],
        refusal=refusal_of(whole[0]) if len(whole) else None,
    )  # fmt: skip
