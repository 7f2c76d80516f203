"""Statistics of a run under the names, and by the definitions, that users of backtesting.py know.

The definitions are in docs/migration.md. They differ in places from those of
`backtest.results.MEASURES`: volatility is that of a log-normal growth, a trade's return counts
alike whatever its size, and alpha is over the whole run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from backtest.results.measures import spells
from backtest.results.series import Floats

if TYPE_CHECKING:
    from backtest.compat.backtesting.house import House
    from backtest.results import Result

NAN = float("nan")
YEARLY = (
    "Return (Ann.) [%]", "Volatility (Ann.) [%]", "CAGR [%]", "Sharpe Ratio", "Sortino Ratio",
)  # fmt: skip
COLUMNS = (
    "Size EntryBar ExitBar EntryPrice ExitPrice PnL ReturnPct EntryTime ExitTime Duration Tag"
).split()


def statistics(frame: pd.DataFrame, result: Result, house: House) -> pd.Series:
    """One row for each statistic."""
    equity, close = result.equity.to_numpy(), frame["Close"].to_numpy()
    index = pd.DatetimeIndex(frame.index)
    trades = trades_of(house)
    held = close[max(0, min(house.first, len(close)) - 1) :]
    grown, market = equity[-1] / equity[0] - 1.0, held[-1] / held[0] - 1.0
    found: dict[str, Any] = {
        "Start": index[0], "End": index[-1], "Duration": index[-1] - index[0],
        "Exposure Time [%]": _exposure(trades, len(close)),
        "Equity Final [$]": equity[-1], "Equity Peak [$]": equity.max(),
        "Commissions [$]": result.measures["fees"],
        "Return [%]": 100 * grown, "Buy & Hold Return [%]": 100 * market,
    }  # fmt: skip
    yearly = _yearly(equity, index)
    found |= yearly | _drawdowns(equity, index)
    deepest = -found["Max. Drawdown [%]"]
    found["Calmar Ratio"] = yearly["Return (Ann.) [%]"] / deepest if deepest else NAN
    moves = [np.diff(np.log(values)) for values in (equity, close)]
    matrix = np.cov(*moves)
    beta = matrix[0, 1] / matrix[1, 1] if matrix[1, 1] else NAN
    found |= {"Alpha [%]": 100 * (grown - beta * market), "Beta": beta}
    found |= _of_trades(trades, index)
    curve = pd.DataFrame({"Equity": equity, "DrawdownPct": -_below(equity)}, index)
    found |= {
        "_strategy": house.guest, "_equity_curve": curve, "_trades": trades, "_result": result
    }
    return pd.Series(found, dtype=object)


def trades_of(house: House) -> pd.DataFrame:
    """Closed trades in the order in which they ended."""
    rows = [
        {
            "Size": t.size, "EntryBar": t.entry_bar, "ExitBar": t.exit_bar,
            "EntryPrice": t.entry_price, "ExitPrice": t.exit_price, "PnL": t.pl,
            "ReturnPct": t.pl_pct, "EntryTime": t.entry_time, "ExitTime": t.exit_time,
            "Duration": t.exit_time - t.entry_time, "Tag": t.tag,
        }
        for t in house.ledger.closed
        if t.exit_time is not None
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _exposure(trades: pd.DataFrame, count: int) -> float:
    """Share of the bars from the entry to the exit of a closed trade."""
    held = np.zeros(count, bool)
    for first, last in zip(trades["EntryBar"], trades["ExitBar"]):
        held[first : last + 1] = True
    return float(100 * held.mean())


def _yearly(equity: Floats, index: pd.DatetimeIndex) -> dict[str, float]:
    """Growth and its ratios a year, out of daily returns, the first of them on the second day."""
    days = pd.Series(equity, index).resample("D").last().dropna()
    rows = days.pct_change().to_numpy()[1:]
    if len(rows) < 2:
        return dict.fromkeys(YEARLY, NAN)
    weekends = float(np.mean(pd.DatetimeIndex(days.index).day_of_week >= 5))
    year = 365 if weekends > 2 / 7 * 0.6 else 252
    mean = float(np.exp(np.log1p(rows).mean()) - 1.0) if (rows > -1).all() else -1.0
    growth = (1.0 + mean) ** year - 1.0
    spread = rows.var(ddof=1) + (1.0 + mean) ** 2
    volatility = float(np.sqrt(spread**year - (1.0 + mean) ** (2 * year)))
    short = float(np.sqrt(np.mean(np.minimum(rows, 0.0) ** 2) * year))
    years = (days.index[-1] - days.index[0]).days / 365.25
    cagr = (equity[-1] / equity[0]) ** (1.0 / years) - 1.0
    values = (
        100 * growth, 100 * volatility, 100 * cagr,
        growth / volatility if volatility else NAN, growth / short if short else NAN,
    )  # fmt: skip
    return dict(zip(YEARLY, values))


def _below(equity: Floats) -> Floats:
    return np.asarray(equity / np.maximum.accumulate(equity) - 1.0)


def _drawdowns(equity: Floats, index: pd.DatetimeIndex) -> dict[str, Any]:
    """Depths and lengths from a peak to the next, or to the end."""
    below = _below(equity)
    starts, stops = spells(below)
    none = pd.Timedelta(0)
    depths = np.minimum.reduceat(below, starts) if len(starts) else np.zeros(0)
    ends = np.minimum(stops + 1, len(below) - 1)
    lasted = index[ends] - index[np.maximum(starts - 1, 0)]
    return {
        "Max. Drawdown [%]": 100 * float(below.min()),
        "Avg. Drawdown [%]": 100 * float(depths.mean()) if len(depths) else NAN,
        "Max. Drawdown Duration": lasted.max() if len(depths) else none,
        "Avg. Drawdown Duration": _rounded(lasted.mean(), index) if len(depths) else none,
    }


def _rounded(span: Any, index: pd.DatetimeIndex) -> pd.Timedelta:
    """Up to whole steps of the bars."""
    step = pd.Series(index).diff().median()
    return pd.Timedelta(-(-span // step) * step)


def _of_trades(trades: pd.DataFrame, index: pd.DatetimeIndex) -> dict[str, Any]:
    made, pnl = trades["ReturnPct"].to_numpy(float), trades["PnL"].to_numpy(float)
    count = len(made)
    found: dict[str, Any] = {"# Trades": count}
    if not count:
        return found
    won, lost = pnl[pnl > 0], pnl[pnl < 0]
    rate = len(won) / count
    payoff = won.mean() / -lost.mean() if len(won) and len(lost) else NAN
    deviation = pnl.std(ddof=1) if count > 1 else NAN
    losses = abs(made[made < 0].sum())
    return found | {
        "Win Rate [%]": 100 * rate,
        "Best Trade [%]": 100 * made.max(),
        "Worst Trade [%]": 100 * made.min(),
        "Avg. Trade [%]": 100 * (np.exp(np.log1p(made).mean()) - 1.0) if made.min() > -1 else NAN,
        "Max. Trade Duration": trades["Duration"].max(),
        "Avg. Trade Duration": _rounded(trades["Duration"].mean(), index),
        "Profit Factor": made[made > 0].sum() / losses if losses else NAN,
        "Expectancy [%]": 100 * made.mean(),
        "SQN": np.sqrt(count) * pnl.mean() / deviation if deviation else NAN,
        "Kelly Criterion": rate - (1.0 - rate) / payoff if payoff == payoff else NAN,
    }
