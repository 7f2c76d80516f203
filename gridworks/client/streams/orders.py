"""Commands of an order-entry stream: ticks, lots and numbers, nothing to convert.

    session.send([new_order(acme, "BUY", 10, acme.ticks("101.25")), cancel_order(orig_cl_ord_id=7)])

An instrument is a `Scale` or its number. What a field means is in docs/protocol.md.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable
from typing import Any, TypedDict, Unpack

from domain.errors import InvalidField
from gridworks.api.trading.v1.order_entry_pb2 import OrderCommand
from gridworks.client.requests import Code, build
from gridworks.client.scales import Scale

# Ids that no other process is likely to take: a random start, then upwards.
_ids = itertools.count((secrets.randbits(42) << 20) + 1)


def next_id() -> int:
    """A client order id that is unique for all practical purposes."""
    return next(_ids)


class More(TypedDict, total=False):
    """Fields that few orders need; all numbers are ticks, lots, ns or ids."""

    cl_ord_id: int
    account: int
    ord_type: Code
    time_in_force: Code
    exec_inst: Iterable[Code] | Code
    stop_px: int
    display_qty: int
    min_qty: int
    offset: int
    expire_time: int
    cl_ord_link_id: int
    contingency: Code
    list_size: int
    stp_mode: Code
    algo_id: int


def new_order(
    instrument: Scale | int, side: Code, order_qty: int, price: int = 0, **more: Unpack[More]
) -> OrderCommand:
    """An order: limit at `price` ticks, market without one, or what `ord_type` says.

    Raises InvalidField.
    """
    fields: dict[str, Any] = {"ord_type": "LIMIT" if price else "MARKET", **more}
    fields["cl_ord_id"] = fields.get("cl_ord_id") or next_id()
    return _made(
        "NEW_ORDER", instrument=_number(instrument), side=side, order_qty=order_qty, price=price,
        **fields,
    )  # fmt: skip


def cancel_order(
    orig_cl_ord_id: int = 0, *, order_id: int = 0, cl_ord_id: int = 0, account: int = 0
) -> OrderCommand:
    """Cancel an order by the client's id or the exchange's."""
    _one_id(orig_cl_ord_id, order_id)
    return _made(
        "CANCEL_ORDER", orig_cl_ord_id=orig_cl_ord_id, order_id=order_id, cl_ord_id=cl_ord_id,
        account=account,
    )  # fmt: skip


def replace_order(
    orig_cl_ord_id: int = 0, *, order_id: int = 0, order_qty: int = 0, price: int = 0,
    **more: Unpack[More],
) -> OrderCommand:  # fmt: skip
    """Change an order; 0 keeps what was. `cl_ord_id` is the new id, if it gets one."""
    _one_id(orig_cl_ord_id, order_id)
    return _made(
        "REPLACE_ORDER", orig_cl_ord_id=orig_cl_ord_id, order_id=order_id, order_qty=order_qty,
        price=price, **more,
    )  # fmt: skip


def mass_cancel(
    instrument: Scale | int = 0, side: Code | None = None, *, account: int = 0, price_low: int = 0,
    price_high: int = 0, cl_ord_id: int = 0,
) -> OrderCommand:  # fmt: skip
    """Cancel all orders of an account, or those of an instrument, a side, a range of limits."""
    return _made(
        "MASS_CANCEL", instrument=_number(instrument), side=side, account=account,
        price_low=price_low, price_high=price_high, cl_ord_id=cl_ord_id,
    )  # fmt: skip


def quote(
    instrument: Scale | int, bid: tuple[int, int], offer: tuple[int, int], **more: Unpack[More]
) -> OrderCommand:
    """Both sides of a market maker's quote, each (price in ticks, lots); no lots remove a side."""
    fields: dict[str, Any] = dict(more)
    fields["cl_ord_id"] = fields.get("cl_ord_id") or next_id()
    return _made(
        "QUOTE", instrument=_number(instrument), price=bid[0], order_qty=bid[1],
        offer_px=offer[0], offer_size=offer[1], **fields,
    )  # fmt: skip


def _made(command: str, **fields: Any) -> OrderCommand:
    given = {name: value for name, value in fields.items() if value not in (0, None, ())}
    return build(OrderCommand, {"command": command, **given})


def _number(instrument: Scale | int) -> int:
    return instrument.number if isinstance(instrument, Scale) else instrument


def _one_id(orig_cl_ord_id: int, order_id: int) -> None:
    if bool(orig_cl_ord_id) == bool(order_id):
        raise InvalidField("orig_cl_ord_id", orig_cl_ord_id, "this or order_id, not both")
