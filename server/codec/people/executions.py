"""REPORT rows as people read them: Execution, Order and Refusal with names and decimal text."""

from __future__ import annotations

from typing import Any

from domain.codes import ExecType, Level, OrdStatus, Reason, ReportType
from gridworks.api.trading.v1.resources_pb2 import Execution, Order
from gridworks.api.types.v1.refusal_pb2 import Refusal
from server.codec.people.decimals import Scale, timestamp
from server.codec.people.names import Directory, on_wire

_TICKS = "TICK_SIZE STATIC_BAND DYNAMIC_BAND FAT_FINGER_TICKS PRICE_OUT_OF_RANGE"
_LOTS = (
    "LOT_SIZE MIN_QTY MAX_QTY FREEZE_QTY DISPLAY_QTY MINIMUM_EXECUTION_QTY QTY_OUT_OF_RANGE "
    "ORDER_QTY_LIMIT POSITION_LIMIT GROSS_POSITION_LIMIT SHORT_SALE_FORBIDDEN LOCATE_REQUIRED"
)
_MONEY = (
    "VALUE_OUT_OF_RANGE MIN_VALUE MAX_VALUE ORDER_VALUE_LIMIT OPEN_VALUE INSTRUMENT_EXPOSURE "
    "GROUP_EXPOSURE GROSS_EXPOSURE NET_EXPOSURE REALISED_LOSS DAILY_LOSS DRAWDOWN MARGIN_LIMIT "
    "BUYING_POWER INSUFFICIENT_CASH"
)
_OTHER = {
    "basis points": "FAT_FINGER_BPS VOLUME_SHARE BOOK_SHARE CONCENTRATION",
    "ns": "EXPIRE_TIME INSTRUMENT_EXPIRED",
    "orders": "OPEN_ORDERS TOO_MANY_MOVING_ORDERS",
    "messages": "ORDER_TO_TRADE",
    "limit a second, observed ns to wait": "ORDER_RATE REPLACE_RATE CANCEL_RATE",
}
UNITS: dict[int, str] = {
    int(Reason[name]): unit
    for unit, names in {"ticks": _TICKS, "lots": _LOTS, "minor units": _MONEY, **_OTHER}.items()
    for name in names.split()
}
_E: Any = Execution.DESCRIPTOR.fields_by_name
_CODES = ("exec_type", "ord_status", "time_in_force")  # their 0 is a code


def refused(row: Any) -> bool:
    """Whether a row says that its command was refused, rather than that an order has ended."""
    if row["report"] == ReportType.EXECUTION:
        return bool(row["exec_type"] == ExecType.REJECTED)
    return bool(row["reason"])


def refusal_of(row: Any) -> Refusal:
    """Why a refused row was refused."""
    reason: Any = int(row["reason"])
    numbers = {name: int(row[name]) for name in ("limit", "observed", "headroom")}
    unit = UNITS.get(reason, "")
    name = Reason(reason).name if reason in set(Reason) else str(reason)
    text = f"refused by {name}"
    if row["level"]:
        text += f" of the {Level(int(row['level'])).name.lower()}"
    if any(numbers.values()):
        shown = ", ".join(f"{key} {value}" for key, value in numbers.items())
        text += f": {shown}" + (f" ({unit})" if unit else "")
    level: Any = int(row["level"])
    return Refusal(reason=reason, level=level, unit=unit, text=text, **numbers)


def execution_of(row: Any, known: Directory) -> Execution:
    """One row. An instrument or account that the directory does not have shows its number."""
    scale = known.scales.get(int(row["instrument"]), Scale(0, ""))
    account = known.account_name(int(row["account"]))
    order_id, trade = int(row["order_id"]), bool(row["last_qty"])
    made: Any = Execution(
        name=f"{account}/executions/{int(row['exec_id'])}",
        order=f"{account}/orders/{order_id}" if order_id else "",
        instrument=known.instrument_name(int(row["instrument"])),
        order_qty=scale.quantity(int(row["order_qty"])),
        leaves_qty=scale.quantity(int(row["leaves_qty"])),
        cum_qty=scale.quantity(int(row["cum_qty"])),
        avg_px=scale.average(int(row["cum_value"]), int(row["cum_qty"])),
        price=scale.price(int(row["price"])) if row["price"] else "",
        stop_px=scale.price(int(row["stop_px"])) if row["stop_px"] else "",
        last_px=scale.price(int(row["last_px"])) if trade else "",
        last_qty=scale.quantity(int(row["last_qty"])) if trade else "",
        fee=scale.amount(int(row["fee"])) if trade else "",
        transact_time=timestamp(int(row["transact_time"])),
        working=bool(row["working"]),
    )
    for name in (
        "exec_id", "report", "cl_ord_id", "orig_cl_ord_id", "side", "ord_type", "liquidity",
        "trade_id", "seq",
    ):  # fmt: skip
        setattr(made, name, int(row[name]))
    if row["report"] == ReportType.EXECUTION:
        for name in _CODES:
            setattr(made, name, on_wire(_E[name].enum_type, int(row[name])))
    else:
        made.exec_type, made.ord_status = int(row["exec_type"]), int(row["ord_status"])
    if refused(row):
        made.refusal.CopyFrom(refusal_of(row))
    else:
        made.reason = int(row["reason"])
    return made  # type: ignore[no-any-return]


def order_after(order: Order, execution: Any) -> Order:
    """An order as it is after something happened to it; what the report does not say is kept."""
    found: Any = Order()
    found.CopyFrom(order)
    if execution.report == ReportType.CANCEL_REJECT:
        return order
    for name in (
        "instrument", "cl_ord_id", "side", "ord_type", "time_in_force", "order_qty", "price",
        "stop_px", "leaves_qty", "cum_qty", "avg_px", "ord_status", "working", "reason",
    ):  # fmt: skip
        setattr(found, name, getattr(execution, name))
    if execution.order:
        found.name = execution.order
        found.order_id = int(execution.order.rpartition("/")[2])
    if execution.HasField("refusal"):
        found.refusal.CopyFrom(execution.refusal)
        found.reason = execution.refusal.reason
    elif not found.HasField("create_time"):
        found.create_time.CopyFrom(execution.transact_time)
    found.update_time.CopyFrom(execution.transact_time)
    if found.ord_status not in (OrdStatus.CANCELED, OrdStatus.EXPIRED, OrdStatus.REJECTED):
        found.reason = 0
    return found  # type: ignore[no-any-return]
