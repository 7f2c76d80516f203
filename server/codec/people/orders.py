"""The unary calls of trading as commands: decimal text and names into `domain.messages`.

Every function takes a request and the directory and raises InvalidField with the path of the field
within the request, or NotFound. What a rule or a limit says about an order is not asked here.
"""

from __future__ import annotations

from dataclasses import replace

from domain.codes import Contingency, OrdType, Scope, SelfTrade, Side, TimeInForce
from domain.errors import InvalidField
from domain.messages import Cancel, MassCancel, NewOrder, Quote, Replace
from gridworks.api.trading.v1 import resources_pb2 as resources
from gridworks.api.trading.v1 import trading_service_pb2 as service
from server.codec.people.decimals import Scale, decimal, nanoseconds
from server.codec.people.names import Directory, code, flags, masked, segments

TRAIL_BPS = 32
CHANGEABLE = (
    "cl_ord_id", "order_qty", "price", "stop_px", "display_qty", "min_qty", "offset",
    "expire_time",
)  # fmt: skip


def new_order(request: service.SubmitOrderRequest, known: Directory) -> NewOrder:
    """SubmitOrder."""
    return order_of(request.order, known.account("parent", request.parent), known, "order.")


def order_of(order: resources.Order, account: int, known: Directory, path: str) -> NewOrder:
    """An order as people write it, of this account; `path` goes before the names of fields."""
    scale = known.instrument(f"{path}instrument", order.instrument)
    inst = flags(f"{path}exec_inst", order.exec_inst)
    expire = nanoseconds(f"{path}expire_time", order.expire_time)
    try:
        return NewOrder(
            account=account,
            instrument=scale.number,
            cl_ord_id=_required(f"{path}cl_ord_id", order.cl_ord_id),
            side=code(f"{path}side", Side, order.side),
            order_qty=scale.lots(f"{path}order_qty", _text(f"{path}order_qty", order.order_qty)),
            price=scale.ticks(f"{path}price", order.price),
            ord_type=code(f"{path}ord_type", OrdType, order.ord_type),
            time_in_force=code(
                f"{path}time_in_force", TimeInForce, order.time_in_force, TimeInForce.DAY
            ),
            exec_inst=inst,
            stp_mode=code(f"{path}stp_mode", SelfTrade, order.stp_mode, SelfTrade.DEFAULT),
            stop_px=scale.ticks(f"{path}stop_px", order.stop_px),
            display_qty=scale.lots(f"{path}display_qty", order.display_qty),
            min_qty=scale.lots(f"{path}min_qty", order.min_qty),
            offset=_offset(f"{path}offset", order.offset, int(inst) & TRAIL_BPS, scale),
            expire_time=expire,
            cl_ord_link_id=order.cl_ord_link_id,
            contingency=code(
                f"{path}contingency", Contingency, order.contingency, Contingency.NONE
            ),
            list_size=order.list_size,
            algo_id=order.algo_id,
        )
    except InvalidField as error:
        raise _under(path, error) from None


def cancel(request: service.CancelOrderRequest, known: Directory) -> Cancel:
    """CancelOrder."""
    account, order_id, orig = known.order("name", request.name)
    return Cancel(
        account=account, order_id=order_id, orig_cl_ord_id=orig, cl_ord_id=request.cl_ord_id
    )


def replacement(
    request: service.ReplaceOrderRequest, known: Directory, scale: Scale, trail_bps: bool = False
) -> Replace:
    """ReplaceOrder; `scale` is that of the order's instrument, which the caller has looked up."""
    order = request.order
    account, order_id, orig = known.order("order.name", order.name)
    paths = [path for path in request.update_mask.paths if path != "*"]  # all that is given
    chosen = masked("update_mask", order, paths, CHANGEABLE)
    values: dict[str, int] = {}
    for name in chosen:
        path = f"order.{name}"
        if name == "expire_time":
            values[name] = nanoseconds(path, order.expire_time)
        elif name == "cl_ord_id":
            values[name] = order.cl_ord_id
        elif name == "offset":
            values[name] = _offset(path, order.offset, trail_bps, scale)
        else:
            unit = scale.lots if name.endswith("qty") else scale.ticks
            values[name] = unit(path, getattr(order, name))
        if not values[name]:
            raise InvalidField(path, getattr(order, name), "a value: an order keeps what it has")
    try:
        return Replace(account=account, order_id=order_id, orig_cl_ord_id=orig, **values)
    except InvalidField as error:
        raise _under("order.", error) from None


def mass_cancel(request: service.MassCancelRequest, known: Directory) -> MassCancel:
    """MassCancel."""
    scale = known.instrument("instrument", request.instrument) if request.instrument else None
    if scale is None and (request.price_low or request.price_high):
        raise InvalidField("instrument", "", "an instrument, where prices are given")
    low = scale.ticks("price_low", request.price_low) if scale else 0
    high = scale.ticks("price_high", request.price_high) if scale else 0
    if low > high > 0:
        raise InvalidField("price_low", request.price_low, f"at most {request.price_high}, or none")
    found = MassCancel(
        instrument=scale.number if scale else 0,
        side=code("side", Side, request.side) if request.side else 0,
        price_low=low,
        price_high=high,
    )
    if request.parent.startswith("nodes/"):
        return replace(found, scope=Scope.NODE, entity=known.node("parent", request.parent))
    return replace(found, account=known.account("parent", request.parent))


def quote(request: service.SubmitQuoteRequest, known: Directory) -> Quote:
    """SubmitQuote."""
    sent = request.quote
    account, scale = quote_name("quote.name", sent.name, known)
    try:
        return Quote(
            account=account,
            instrument=scale.number,
            cl_ord_id=_required("quote.cl_ord_id", sent.cl_ord_id),
            bid_px=scale.ticks("quote.bid_px", sent.bid_px),
            bid_size=scale.lots("quote.bid_size", sent.bid_size),
            offer_px=scale.ticks("quote.offer_px", sent.offer_px),
            offer_size=scale.lots("quote.offer_size", sent.offer_size),
            exec_inst=flags("quote.exec_inst", sent.exec_inst),
        )
    except InvalidField as error:
        raise _under("quote.", error) from None


def quote_end(request: service.CancelQuoteRequest, known: Directory) -> Quote:
    """CancelQuote: both sides with size 0."""
    account, scale = quote_name("name", request.name, known)
    number = _required("cl_ord_id", request.cl_ord_id)
    return Quote(account=account, instrument=scale.number, cl_ord_id=number)


def quote_name(path: str, name: str, known: Directory) -> tuple[int, Scale]:
    """(account, scale) of "accounts/{account}/quotes/{symbol}"."""
    account, symbol = segments(path, name, "accounts/*/quotes/*")
    return known.account(path, f"accounts/{account}"), known.scale(f"instruments/{symbol}", symbol)


# ------------------------------------------------------------------------------ fields


def _required(path: str, value: int) -> int:
    if value <= 0:
        raise InvalidField(path, value, "a whole number greater than 0")
    return value


def _text(path: str, value: str) -> str:
    if not value:
        raise InvalidField(path, value, "a decimal; the field is required")
    return value


def _offset(path: str, text: str, basis_points: int, scale: Scale) -> int:
    """A distance in ticks, or in whole basis points."""
    if not basis_points or not text:
        return scale.ticks(path, text)
    number = decimal(path, text)
    if number != number.to_integral_value() or abs(number) > 10**9:
        raise InvalidField(path, text, "a whole number of basis points")
    return int(number)


def _under(path: str, error: InvalidField) -> InvalidField:
    """The same complaint about the field of the request."""
    if error.field.startswith(path):
        return error
    return InvalidField(path + error.field, error.value, error.allowed)
