"""Pictures of risk as plain plotly dictionaries."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridworks.risk.backtests import Backtest
from pages import Figure
from risk.options import surface

PERCENT = ".0%"


def backtest(found: Backtest) -> Figure:
    """Each day's P&L, value at risk below it, and the days that broke through."""
    days = found.days
    broken = days[days["exception"]]
    name = f"value at risk, {found.confidence:.1%}"
    limit = -days["value_at_risk"].to_numpy()
    traces = [
        {"type": "bar", "x": _days(days), "y": days["pnl"].to_numpy(), "name": "P&L"},
        {"type": "scatter", "mode": "lines", "x": _days(days), "y": limit,
         "name": name, "line": {"shape": "hv"}},
        {"type": "scatter", "mode": "markers", "x": _days(broken), "y": broken["pnl"].to_numpy(),
         "name": "exceptions", "marker": {"color": "#d64545", "size": 9, "symbol": "x"}},
    ]  # fmt: skip
    expected = f"{found.verdict['expected']:.1f} expected"
    note = f"{len(broken)} exceptions in {len(days)} days; {expected}."
    return Figure(traces, {"yaxis": {"title": "money"}}, "Backtest", note, 380)


def _days(frame: pd.DataFrame) -> list[str]:
    return [str(day)[:10] for day in frame.index]


def methods(tails: pd.DataFrame) -> Figure:
    """Value at risk and expected shortfall by method."""
    names = tails.index.tolist()
    traces = [
        {"type": "bar", "x": names, "y": tails[column].to_numpy(), "name": title}
        for column, title in (
            ("value_at_risk", "value at risk"), ("expected_shortfall", "expected shortfall"))
    ]  # fmt: skip
    return Figure(traces, {"barmode": "group", "yaxis": {"title": "loss"}}, "By method")


def components(parts: pd.DataFrame) -> Figure:
    """Which position makes the risk; the bars add up to value at risk."""
    ordered = parts.sort_values("component")
    trace = {
        "type": "bar", "orientation": "h", "x": ordered["component"].to_numpy(),
        "y": ordered.index.tolist(), "name": "component",
    }  # fmt: skip
    note = "Left of 0: the position takes risk away."
    height = max(220, 28 * len(ordered) + 80)
    layout = {"hovermode": "closest", "xaxis": {"title": "part of value at risk"}}
    return Figure([trace], layout, "Components", note, height)


def ladder(table: pd.DataFrame) -> Figure:
    """P&L against the move of all underlyings, a line a move of volatility."""
    traces = [
        {"type": "scatter", "mode": "lines+markers", "x": table.index.to_numpy(),
         "y": table[shift].to_numpy(), "name": f"volatility {shift:+.0%}"}
        for shift in table.columns
    ]  # fmt: skip
    layout = {
        "xaxis": {"title": "move of all underlyings", "tickformat": PERCENT},
        "yaxis": {"title": "P&L", "zeroline": True},
    }
    return Figure(traces, layout, "Scenario ladder", height=360)


def stresses(table: pd.DataFrame) -> Figure:
    """P&L by scenario, worst on top."""
    ordered = table.iloc[::-1]
    trace = {
        "type": "bar", "orientation": "h", "x": ordered["pnl"].to_numpy(),
        "y": ordered.index.tolist(), "name": "P&L",
    }  # fmt: skip
    layout = {"hovermode": "closest", "xaxis": {"title": "P&L"}}
    return Figure([trace], layout, "Stress", height=max(220, 26 * len(ordered) + 80))


def shape(fitted: surface.Surface) -> Figure:
    """The surface in three dimensions, over the strikes that were quoted."""
    away = [e.log_moneyness for e in fitted.chain]
    low, high = min(k.min() for k in away), max(k.max() for k in away)
    k = np.linspace(low, high, 41)
    times = np.linspace(fitted.times[0], fitted.times[-1], 25)
    sigma = np.sqrt(fitted.total_variance(k, times[:, None]) / times[:, None])
    trace = {
        "type": "surface", "x": k, "y": times, "z": sigma, "colorscale": "Viridis",
        "colorbar": {"tickformat": PERCENT, "thickness": 12},
    }  # fmt: skip
    axes = {
        "xaxis": {"title": "log(strike / forward)"}, "yaxis": {"title": "years"},
        "zaxis": {"title": "volatility", "tickformat": PERCENT},
    }  # fmt: skip
    return Figure([trace], {"scene": axes}, "Volatility surface", height=520)


def smiles(fitted: surface.Surface) -> Figure:
    """Quoted volatilities and the smile through them, by expiry."""
    traces: list[dict[str, object]] = []
    for at, expiry in enumerate(fitted.chain):
        name = f"{expiry.time:.2f} years"
        known = expiry.log_moneyness
        k = np.linspace(known.min(), known.max(), 61)
        drawn = np.sqrt(fitted.smiles[at].total_variance(k) / expiry.time)
        group = {"legendgroup": name, "marker": {"color": _COLOURS[at % len(_COLOURS)]}}
        traces += [
            {"type": "scatter", "mode": "markers", "x": known, "y": expiry.volatility,
             "name": name, **group},
            {"type": "scatter", "mode": "lines", "x": k, "y": drawn, "showlegend": False,
             "line": {"color": _COLOURS[at % len(_COLOURS)]}, **group},
        ]  # fmt: skip
    layout = {
        "hovermode": "closest", "xaxis": {"title": "log(strike / forward)"},
        "yaxis": {"title": "volatility", "tickformat": PERCENT},
    }
    return Figure(traces, layout, "Smiles", "Dots: quotes. Lines: what was fitted.", 380)


_COLOURS = ("#2f7ed8", "#e08a1e", "#2ca58d", "#c8498a", "#8063c9", "#7f8a99", "#b5562b", "#5aa02c")
