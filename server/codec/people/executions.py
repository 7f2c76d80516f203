"""REPORT rows as people read them: Execution, Order and Refusal with names and decimal text."""

from __future__ import annotations

from functools import cache
from struct import Struct
from typing import Any

from domain.codes import ExecType, Level, OrdStatus, Reason, ReportType
from domain.layout import REPORT
from gridworks.api.trading.v1.resources_pb2 import Execution, Order
from gridworks.api.types.v1.refusal_pb2 import Refusal
from server.codec.people.decimals import Scale
from server.codec.people.names import Directory, on_wire

_TICKS = "TICK_SIZE STATIC_BAND DYNAMIC_BAND FAT_FINGER_TICKS PRICE_OUT_OF_RANGE"
_LOTS = (
    "LOT_SIZE MIN_QTY MAX_QTY FREEZE_QTY DISPLAY_QTY MINIMUM_EXECUTION_QTY QTY_OUT_OF_RANGE "
    "ORDER_QTY_LIMIT POSITION_LIMIT GROSS_POSITION_LIMIT SHORT_SALE_FORBIDDEN LOCATE_REQUIRED "
    "CLOSE_ONLY REDUCE_ONLY"
)
_MONEY = (
    "VALUE_OUT_OF_RANGE MIN_VALUE MAX_VALUE ORDER_VALUE_LIMIT OPEN_VALUE INSTRUMENT_EXPOSURE "
    "GROUP_EXPOSURE GROSS_EXPOSURE NET_EXPOSURE REALISED_LOSS DAILY_LOSS DRAWDOWN MARGIN_LIMIT "
    "BUYING_POWER INSUFFICIENT_CASH"
)
_OTHER = {
    "basis points": "FAT_FINGER_BPS VOLUME_SHARE BOOK_SHARE CONCENTRATION RISK_REDUCTION_MODE",
    "ns": "EXPIRE_TIME INSTRUMENT_EXPIRED DUPLICATE_WINDOW",
    "observed: the phase": "PHASE_FORBIDS",
    "observed: the instrument": "INSTRUMENT_KILLED INSTRUMENT_NOT_TRADABLE",
    "observed: the node": (
        "NODE_KILLED NODE_SUSPENDED INSTRUMENT_RESTRICTED ALGO_ID_REQUIRED EXECUTION_THROTTLED"
    ),
    "observed: the algorithm": "ALGO_KILLED ALGO_ID_UNKNOWN",
    "limit: a bit set, observed: a code": (
        "TYPE_NOT_PERMITTED SIDE_NOT_PERMITTED ORD_TYPE_NOT_PERMITTED TIME_IN_FORCE_NOT_PERMITTED"
    ),
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
_SAME = (
    "exec_id", "report", "cl_ord_id", "orig_cl_ord_id", "side", "ord_type", "liquidity",
    "trade_id", "seq",
)  # fmt: skip
_FORMATS = {"i8": "q", "i4": "i", "u2": "H", "u1": "B"}
_NAMES = [name for name in REPORT.names or () if name != "_spare"]
_ROW = Struct("=" + "".join(_FORMATS[REPORT[name].str[1:]] for name in _NAMES))
_EXECUTION, _CANCEL_REJECT = int(ReportType.EXECUTION), int(ReportType.CANCEL_REJECT)
_REJECTED = int(ExecType.REJECTED)
_ENDED = frozenset(
    int(status) for status in (OrdStatus.CANCELED, OrdStatus.EXPIRED, OrdStatus.REJECTED)
)


def _cells(row: Any) -> dict[str, int]:
    """A row as Python's numbers: to ask numpy for thirty of them takes longer than the rest."""
    return dict(zip(_NAMES, _ROW.unpack_from(row.tobytes())))


@cache
def _code(name: str, value: int) -> int:
    return on_wire(_E[name].enum_type, value)


def _refused(cells: dict[str, int]) -> bool:
    """Whether a row says that its command was refused, rather than that an order has ended."""
    if cells["report"] == _EXECUTION:
        return cells["exec_type"] == _REJECTED
    return cells["reason"] != 0


def refusal_of(row: Any) -> Refusal:
    """Why a refused row was refused."""
    cells = _cells(row)
    reason: Any = cells["reason"]
    numbers = {name: cells[name] for name in ("limit", "observed", "headroom")}
    unit = UNITS.get(reason, "")
    name = Reason(reason).name if reason in set(Reason) else str(reason)
    text = f"refused by {name}"
    if cells["level"]:
        text += f" of the {Level(cells['level']).name.lower()}"
    if any(numbers.values()):
        shown = ", ".join(f"{key} {value}" for key, value in numbers.items())
        text += f": {shown}" + (f" ({unit})" if unit else "")
    level: Any = cells["level"]
    return Refusal(reason=reason, level=level, unit=unit, text=text, **numbers)


def execution_of(row: Any, known: Directory) -> Execution:
    """One row. An instrument or account that the directory does not have shows its number."""
    cells = _cells(row)
    scale = known.scales.get(cells["instrument"]) or Scale(0, "")
    account, order_id, time = known.account_name(cells["account"]), cells["order_id"], cells[
        "transact_time"
    ]
    told: dict[str, Any] = {name: cells[name] for name in _SAME}
    if cells["report"] == _EXECUTION:
        told |= {name: _code(name, cells[name]) for name in _CODES}
    else:
        told |= {name: cells[name] for name in _CODES[:2]}
        if cells["report"] == _CANCEL_REJECT:
            told["ord_status"] = _code("ord_status", cells["ord_status"])
    made: Any = Execution(
        name=f"{account}/executions/{cells['exec_id']}",
        order=f"{account}/orders/{order_id}" if order_id else "",
        instrument=known.instrument_name(cells["instrument"]),
        order_qty=scale.quantity(cells["order_qty"]),
        leaves_qty=scale.quantity(cells["leaves_qty"]),
        cum_qty=scale.quantity(cells["cum_qty"]),
        avg_px=scale.average(cells["cum_value"], cells["cum_qty"]),
        working=bool(cells["working"]),
        **told,
    )
    made.transact_time.seconds, made.transact_time.nanos = divmod(time, 10**9)
    for name in ("price", "stop_px"):
        if cells[name]:
            setattr(made, name, scale.price(cells[name]))
    if cells["last_qty"]:
        made.last_px, made.last_qty = scale.price(cells["last_px"]), scale.quantity(
            cells["last_qty"]
        )
        made.fee = scale.amount(cells["fee"])
    if _refused(cells):
        made.refusal.CopyFrom(refusal_of(row))
    else:
        made.reason = cells["reason"]
    return made  # type: ignore[no-any-return]


def order_after(order: Order, execution: Any) -> Order:
    """An order as it is after something happened to it; what the report does not say is kept."""
    found: Any = Order()
    found.CopyFrom(order)
    if execution.report == _CANCEL_REJECT:
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
    if found.ord_status not in _ENDED:
        found.reason = 0
    return found  # type: ignore[no-any-return]
