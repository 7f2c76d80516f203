"""The measures of `definitions.MEASURES`, worked out from a record."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from backtest.results.analysis import Analysis
from backtest.results.confidence import sharpe_probability
from backtest.results.definitions import MEASURES
from backtest.results.fills import Ints
from backtest.results.series import (
    DAY,
    YEAR,
    Floats,
    drawdown_of,
    exposures_of,
    held_of,
    turnover_of,
)
from domain.codes import ExecType
from risk.portfolio import historical, performance

NAN = float("nan")
Found = dict[str, float]


def measures_of(run: Analysis, names: Collection[str] = ()) -> dict[str, float]:
    """Measures by name, in the order of MEASURES; NaN: not defined for this run.

    names: those that are wanted, () all. What they do not need is not worked out.
    """
    wanted = [m.name for m in MEASURES if not names or m.name in names]
    found: dict[str, float] = {}
    for part, made in PARTS:
        if not made.isdisjoint(wanted):
            found |= part(run, frozenset(wanted))
    return {name: float(found.get(name, NAN)) for name in wanted}


def _return(run: Analysis, wanted: frozenset[str]) -> Found:
    record = run.record
    if not len(record.times):
        return {"net_profit": 0.0, "total_return": 0.0}
    profit = float(record.equity[-1] - record.start_cash)
    grown = profit / record.start_cash if record.start_cash else NAN
    years = float(record.times[-1] - record.times[0]) / YEAR
    held = float(held_of(record)[-1]) - 1.0 if "buy_and_hold" in wanted else NAN
    return {
        "net_profit": profit / run.unit,
        "total_return": grown,
        "cagr": (1.0 + grown) ** (1.0 / years) - 1.0 if years > 0 and grown >= -1 else NAN,
        "buy_and_hold": held,
    }


def _daily(run: Analysis, wanted: frozenset[str]) -> Found:
    rows, year, free = run.daily, run.days_a_year, run.risk_free_day
    if len(rows) < 2:
        return {}
    table: dict[str, Callable[[], float]] = {
        "annual_return": lambda: performance.annual_return(rows, year),
        "best_day": lambda: float(rows.max()),
        "worst_day": lambda: float(rows.min()),
        "positive_days": lambda: float(np.mean(rows > 0)),
        "volatility": lambda: performance.volatility(rows, year),
        "ulcer_index": lambda: performance.ulcer_index(rows),
        "value_at_risk": lambda: historical.historical(rows, 0.95).value_at_risk,
        "expected_shortfall": lambda: historical.historical(rows, 0.95).expected_shortfall,
        "skewness": lambda: performance.skewness(rows),
        "kurtosis": lambda: performance.kurtosis(rows),
        "tail_ratio": lambda: performance.tail_ratio(rows),
        "sharpe": lambda: performance.sharpe(rows, free, year),
        "sharpe_probability": lambda: sharpe_probability(rows),
        "sortino": lambda: performance.sortino(rows, free, year),
        "omega": lambda: performance.omega(rows, free),
    }
    return {name: measure() for name, measure in table.items() if name in wanted}


def spells(below: Floats) -> tuple[Ints, Ints]:
    """First and last place of each run of samples below an earlier peak."""
    edges = np.diff(np.concatenate(([0], below < 0.0, [0])).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1


def _drawdowns(run: Analysis, _: frozenset[str]) -> Found:
    record = run.record
    if not len(record.times):
        return {}
    below = drawdown_of(record)
    starts, stops = spells(below)
    depth = float(below.min())
    peaks, back = np.maximum(starts - 1, 0), np.minimum(stops + 1, len(below) - 1)
    lasted = record.times[back] - record.times[peaks]
    depths = np.minimum.reduceat(below, starts) if len(starts) else np.zeros(1)
    yearly = performance.annual_return(run.daily, run.days_a_year)
    with np.errstate(divide="ignore", invalid="ignore"):
        calmar = float(np.float64(yearly) / np.float64(-depth))
    return {
        "max_drawdown": depth,
        "max_drawdown_days": float(lasted.max(initial=0)) / DAY,
        "average_drawdown": float(depths.mean()),
        "calmar": calmar if len(run.daily) > 1 else NAN,
    }


def _trades(run: Analysis, _: frozenset[str]) -> Found:
    rows = run.trades
    closed = rows[~rows["open"]]
    found = {"trades": float(len(closed))}
    if not len(closed):
        return found
    made = (closed["pnl"] - closed["fees"]) / run.unit
    by_name: tuple[Callable[[Floats], float], ...] = (
        performance.win_rate, performance.profit_factor, performance.payoff,
        performance.expectancy, performance.system_quality, performance.kelly,
    )  # fmt: skip
    found |= {measure.__name__: measure(made) for measure in by_name}
    return found | {
        "best_trade": float(made.max()),
        "worst_trade": float(made.min()),
        "bars_held": float(closed["bars"].mean()),
    }


def _activity(run: Analysis, wanted: frozenset[str]) -> Found:
    record = run.record
    fills = run.fills
    rejected = record.reports["exec_type"][record.reports["report"] == 1] == ExecType.REJECTED
    found = {
        "orders": float(len(run.orders)),
        "executions": float(len(fills)),
        "rejects": float(rejected.sum()),
        "fees": float(fills["fee"].sum()) / run.unit,
    }
    if "shortfall_bps" in wanted and (notional := float(np.nansum(run.costs["notional"]))) > 0:
        found["shortfall_bps"] = float(np.nansum(run.costs["shortfall"])) / notional * 1e4
    if not len(record.times):
        return found
    leverage = exposures_of(record).leverage
    return found | {
        "exposure_time": float(np.mean(np.any(record.positions != 0, axis=1))),
        "mean_leverage": float(np.nanmean(leverage)) if not np.isnan(leverage).all() else NAN,
        "max_leverage": float(np.nanmax(leverage)) if not np.isnan(leverage).all() else NAN,
        "turnover": turnover_of(record),
    }


def _benchmark(run: Analysis, _: frozenset[str]) -> Found:
    rows, other = run.daily, run.benchmark_daily
    if len(rows) < 2:
        return {}
    year = run.days_a_year
    line = performance.market_line(rows, other, run.risk_free_day, year)
    return {
        "benchmark_return": performance.total_return(other),
        "alpha": line.alpha,
        "beta": line.beta,
        "correlation": line.correlation,
        "tracking_error": performance.tracking_error(rows, other, year),
        "information_ratio": performance.information_ratio(rows, other, year),
    }


Part = Callable[[Analysis, frozenset[str]], Found]
PARTS: tuple[tuple[Part, frozenset[str]], ...] = (
    (_return, frozenset("net_profit total_return cagr buy_and_hold".split())),
    (
        _daily,
        frozenset(
            "annual_return best_day worst_day positive_days volatility ulcer_index value_at_risk "
            "expected_shortfall skewness kurtosis tail_ratio sharpe sharpe_probability sortino "
            "omega".split()
        ),
    ),
    (_drawdowns, frozenset("max_drawdown max_drawdown_days average_drawdown calmar".split())),
    (
        _trades,
        frozenset(
            "trades win_rate profit_factor payoff expectancy system_quality kelly best_trade "
            "worst_trade bars_held".split()
        ),
    ),
    (
        _activity,
        frozenset(
            "orders executions rejects fees shortfall_bps exposure_time mean_leverage "
            "max_leverage turnover".split()
        ),
    ),
    (
        _benchmark,
        frozenset(
            "benchmark_return alpha beta correlation tracking_error information_ratio".split()
        ),
    ),
)
