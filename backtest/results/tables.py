"""Arrays in ticks, lots and minor units become pandas tables in the units of people."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtest.record import Record
from backtest.results.attribution import Attribution
from backtest.results.fills import Fills, Ints
from backtest.results.orders import Orders
from backtest.results.series import Exposures, Floats
from backtest.results.trades import Trades
from domain.codes import Liquidity, OrdStatus, OrdType, Reason, Side, TimeInForce


class Units:
    """What a tick, a lot and a minor unit of each listing are."""

    def __init__(self, record: Record) -> None:
        self.symbols = np.array([each.symbol for each in record.listings], object)
        self.ticks = np.array([float(each.tick) for each in record.listings])
        self.lots = np.array([float(each.lot) for each in record.listings])
        self.money = float(10 ** record.listings[0].decimals)

    def price(self, ticks: Floats | Ints, number: Ints) -> Floats:
        """Prices; 0 ticks of an order without a price are NaN."""
        return np.asarray(np.where(ticks == 0, np.nan, ticks * self.ticks[number]))

    def qty(self, lots: Ints, number: Ints) -> Floats:
        return np.asarray(lots * self.lots[number])


def moments(times: Ints) -> pd.DatetimeIndex:
    """Times as pandas has them, UTC without saying so."""
    return pd.DatetimeIndex(np.asarray(times, np.int64).astype("M8[ns]"))


def names(codes: NDArray[np.integer], kind: type[IntEnum]) -> list[str]:
    """Codes by their names; what has none stands as its number."""
    known = {int(each): each.name for each in kind}
    return [known.get(int(code), str(code)) for code in codes]


def orders_table(units: Units, orders: Orders) -> pd.DataFrame:
    """One row for each order."""
    number = orders["instrument"]
    done = orders["cum_qty"].astype(np.float64)
    average = np.divide(orders["cum_value"], done, out=np.zeros(len(done)), where=done > 0)
    return pd.DataFrame(
        {
            "time": moments(orders["time"]),
            "end": moments(orders["end"]),
            "symbol": units.symbols[number],
            "side": names(orders["side"], Side),
            "type": names(orders["ord_type"], OrdType),
            "time_in_force": names(orders["time_in_force"], TimeInForce),
            "qty": units.qty(orders["qty"], number),
            "price": units.price(orders["price"], number),
            "stop_px": units.price(orders["stop_px"], number),
            "filled": units.qty(orders["cum_qty"], number),
            "avg_px": units.price(average, number),
            "status": names(orders["ord_status"], OrdStatus),
            "reason": names(orders["reason"], Reason),
            "fees": orders["fee"] / units.money,
            "order_id": orders["order_id"],
            "cl_ord_id": orders["cl_ord_id"],
        }
    )


def executions_table(units: Units, fills: Fills, record: Record) -> pd.DataFrame:
    """One row for each execution; `value` is what it cost, sold below 0, without the fee."""
    number, rows = fills["instrument"], record.reports[fills["report"]]
    return pd.DataFrame(
        {
            "time": moments(fills["time"]),
            "symbol": units.symbols[number],
            "side": names(rows["side"], Side),
            "qty": units.qty(np.abs(fills["qty"]), number),
            "price": fills["price"] * units.ticks[number],
            "value": fills["value"] / units.money,
            "fee": fills["fee"] / units.money,
            "liquidity": names(rows["liquidity"], Liquidity),
            "order_id": fills["order_id"],
            "cl_ord_id": rows["cl_ord_id"],
        }
    )


def trades_table(units: Units, trades: Trades) -> pd.DataFrame:
    """One row for each trade; `pnl` is after fees, `gross` before them."""
    number = trades["instrument"]
    entry, exit_ = moments(trades["entry_time"]), moments(trades["exit_time"])
    cost = np.abs(trades["qty"] * trades["entry_price"])
    gain = (trades["exit_price"] - trades["entry_price"]) * trades["qty"]
    return pd.DataFrame(
        {
            "symbol": units.symbols[number],
            "qty": units.qty(trades["qty"], number),
            "entry_time": entry,
            "exit_time": exit_,
            "entry_price": trades["entry_price"] * units.ticks[number],
            "exit_price": trades["exit_price"] * units.ticks[number],
            "pnl": (trades["pnl"] - trades["fees"]) / units.money,
            "gross": trades["pnl"] / units.money,
            "fees": trades["fees"] / units.money,
            "return": np.divide(gain, cost, out=np.full(len(cost), np.nan), where=cost > 0),
            "mae": trades["mae"] / units.money,
            "mfe": trades["mfe"] / units.money,
            "bars": trades["bars"],
            "duration": exit_ - entry,
            "open": trades["open"],
        }
    )


def exposures_table(units: Units, record: Record, exposures: Exposures) -> pd.DataFrame:
    """Long, short, gross and net market value, and gross by equity, at each sample."""
    names = ("long", "short", "gross", "net")
    money = {name: getattr(exposures, name) / units.money for name in names}
    return pd.DataFrame(money | {"leverage": exposures.leverage}, moments(record.times))


def attribution_table(units: Units, found: Attribution) -> pd.DataFrame:
    """Periods down, instruments across, with "other" and "total"."""
    columns = pd.Index([*found.symbols, "other", "total"])
    cells = np.column_stack((found.pnl, found.other, found.total)) / units.money
    return pd.DataFrame(cells, pd.DatetimeIndex(found.periods.astype("M8[ns]")), columns)


def costs_table(units: Units, rows: NDArray[np.void]) -> pd.DataFrame:
    """One row for each order that could trade: prices, the parts of its shortfall, and bps."""
    number = rows["instrument"]
    table = pd.DataFrame(
        {
            "time": moments(rows["time"]),
            "end": moments(rows["end"]),
            "symbol": units.symbols[number],
            "side": np.where(rows["sign"] > 0, "BUY", "SELL"),
            "qty": units.qty(rows["qty"], number),
            "filled": units.qty(rows["cum_qty"], number),
        }
    )
    for name in ("decision", "arrival", "average", "vwap"):
        table[name] = units.price(rows[name], number)
    for name in ("delay", "execution", "opportunity", "fees", "shortfall", "against_vwap"):
        table[name] = rows[name] / units.money
    notional = rows["notional"]
    bps = np.full(len(rows), np.nan)
    table["bps"] = np.divide(rows["shortfall"] * 1e4, notional, out=bps, where=notional > 0)
    table["order_id"] = rows["order_id"]
    return table
