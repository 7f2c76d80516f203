"""Tables of the state as pandas frames. Each costs milliseconds: for people, not for loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import (
    ExecType,
    InstrumentType,
    Level,
    OrdStatus,
    OrdType,
    Phase,
    ReportType,
    Side,
    TimeInForce,
)
from domain.state import open_lots
from domain.tables import Table
from engine.exchange import Exchange as Engine
from engine.states import BOOK, QUOTE_LEG, UNLIMITED
from gridworks.local.report import CODES

if TYPE_CHECKING:
    import pandas as pd

Rows = np.ndarray[Any, Any]
Texts = dict[int, str]


def frame(rows: Rows, names: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Rows of a table as a frame, without padding."""
    import pandas as pd

    chosen = names or tuple(n for n in rows.dtype.names or () if not n.startswith("_"))
    return pd.DataFrame({name: rows[name].copy() for name in chosen})


def _label(frame: pd.DataFrame, column: str, texts: Texts) -> None:
    frame[column] = [texts.get(number, number) for number in frame[column].tolist()]


def positions(engine: Engine, names: Texts, symbols: Texts) -> pd.DataFrame:
    """Every (node, instrument) row; those of desks and above are sums over accounts."""
    chosen = (
        "node", "instrument", "qty", "cost", "realised", "fifo_realised",
        "unrealised", "value", "exposure", "margin", "fees", "bought", "sold",
    )  # fmt: skip
    rows = engine.table(Table.POSITION)[1:]
    found = frame(rows, chosen)
    for place, (name, lots) in enumerate(
        zip(("open_buy", "open_sell"), open_lots(rows), strict=True), 3
    ):
        found.insert(place, name, lots)
    _label(found, "node", names)
    _label(found, "instrument", symbols)
    return found


def orders(engine: Engine, names: Texts, symbols: Texts) -> pd.DataFrame:
    """Every live order, as its reports show it: no price where it has no limit."""
    live = np.nonzero(engine.table(Table.ORDER)["state"])[0]
    hot, cold = engine.table(Table.ORDER)[live], engine.table(Table.DETAIL)[live]
    rare = engine.table(Table.EXTRA)[cold["extra"]]
    found = frame(hot, ("order_id", "account", "instrument", "side", "price", "leaves_qty"))
    found["price"] = np.where(hot["exec_inst"] & UNLIMITED, 0, hot["price"])
    for name in ("cl_ord_id", "order_qty", "cum_qty"):
        found[name] = cold[name]
    quoted = hot["exec_inst"] & QUOTE_LEG != 0
    found["cl_ord_id"] = np.where(quoted, rare["limit_px"], cold["cl_ord_id"])
    fix_side = np.where(hot["short"], hot["short"], hot["side"] + 1)
    found["side"] = [Side(side).name for side in fix_side.tolist()]
    found["ord_type"] = [OrdType(kind).name for kind in hot["ord_type"].tolist()]
    found["time_in_force"] = [TimeInForce(tif).name for tif in hot["time_in_force"].tolist()]
    partly = np.where(cold["cum_qty"] > 0, OrdStatus.PARTIALLY_FILLED, OrdStatus.NEW)
    status = np.where(hot["state"] == BOOK, partly, OrdStatus.SUSPENDED)
    found["ord_status"] = [OrdStatus(code).name for code in status.tolist()]
    for name in ("stop_px", "display_qty", "min_qty", "expire_time"):
        found[name] = rare[name]
    _label(found, "account", names)
    _label(found, "instrument", symbols)
    return found


def nodes(engine: Engine, names: Texts) -> pd.DataFrame:
    """Accounts, desks, clients and firms with their money."""
    chosen = (
        "level", "parent", "cash", "margin", "hold_fee", "realised", "unrealised", "fees",
        "exposure", "open_orders", "open_value",
    )  # fmt: skip
    found = frame(engine.table(Table.NODE)[1:], chosen)
    found.insert(0, "node", range(1, len(found) + 1))
    found["level"] = [Level(level).name for level in found["level"].tolist()]
    _label(found, "node", names)
    _label(found, "parent", names)
    return found


def instruments(engine: Engine, symbols: Texts) -> pd.DataFrame:
    """Instruments with phase, last price and volume."""
    chosen = ("phase", "last_px", "last_qty", "high_px", "low_px", "volume")
    found = frame(engine.table(Table.BOOK)[1:], chosen)
    kinds = engine.table(Table.INSTRUMENT)[1:, InstrumentAttr.TYPE].tolist()
    found.insert(0, "instrument", range(1, len(found) + 1))
    found.insert(1, "type", [InstrumentType(kind).name for kind in kinds])
    found["phase"] = [Phase(phase).name for phase in found["phase"].tolist()]
    _label(found, "instrument", symbols)
    return found


def _coded(frame: pd.DataFrame) -> None:
    """Codes by name; an unknown one as its number, an empty text where a row has none."""
    told = frame["report"].to_numpy()
    for column, kind in CODES.items():
        values = frame[column].to_numpy()
        texts = {0: ""} | {int(code): code.name for code in kind}
        there, back = np.unique(values, return_inverse=True)
        named = np.array([texts.get(code, str(code)) for code in there.tolist()], object)
        frame[column] = named[back] if len(named) else values.astype(object)
    order = np.isin(told, (ReportType.EXECUTION, ReportType.CANCEL_REJECT))
    frame.loc[~order, "ord_status"] = ""
    frame.loc[told != ReportType.EXECUTION, ["exec_type", "time_in_force"]] = ""


def reports(rows: Rows, names: Texts, symbols: Texts) -> pd.DataFrame:
    """Report rows with names."""
    found = frame(rows)
    _coded(found)
    _label(found, "account", names)
    _label(found, "instrument", symbols)
    return found


def trades(rows: Rows, names: Texts, symbols: Texts) -> pd.DataFrame:
    """The fills among report rows, two a trade: maker and taker."""
    fills = (rows["report"] == ReportType.EXECUTION) & (rows["exec_type"] == ExecType.TRADE)
    found = reports(rows[fills], names, symbols)
    chosen = ["trade_id", "transact_time", "instrument", "account", "side", "last_px",
              "last_qty", "fee", "order_id", "cl_ord_id", "liquidity"]  # fmt: skip
    return found[chosen].reset_index(drop=True)
