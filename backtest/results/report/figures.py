"""The figures of a report, as plain plotly dictionaries."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtest.results.analysis import Analysis
from backtest.results.attribution import attribution_of
from backtest.results.fills import Ints
from backtest.results.series import Floats
from pages import Figure

POINTS = 3000  # of a line: more than a screen has columns
MARKS = 1500  # of each kind on the price
QUARTER = 63  # trading days
GOOD, BAD, SOFT = "#2ca58d", "#d1495b", "#7f8a99"
PERCENT = {"yaxis": {"tickformat": ".1%"}}


def thinned(*lines: Floats) -> Ints:
    """Places that keep the shape of lines: the lowest and the highest of each stretch, in order."""
    count = len(lines[0])
    if count <= POINTS:
        return np.arange(count)
    edges = np.linspace(0, count, POINTS // (2 * len(lines)) + 1).astype(np.int64)
    kept = [np.array([0, count - 1])]
    for values in lines:
        for low, high in pairwise(edges.tolist()):
            part = np.nan_to_num(values[low:high])
            kept.append(low + np.array([np.argmin(part), np.argmax(part)]))
    return np.unique(np.concatenate(kept))


def moments(times: Ints) -> NDArray[np.datetime64]:
    return np.asarray(times, np.int64).astype("M8[ns]")


def line(x: Any, y: Any, name: str, **more: Any) -> dict[str, Any]:
    """A line; `more` are fields of the trace."""
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": name, **more}


def equity(run: Analysis) -> Figure:
    """Equity with the benchmark, both from the cash at the start."""
    record = run.record
    own = record.equity / run.unit
    other = run.benchmark * (record.start_cash / run.unit)
    at = thinned(own, other)
    x = moments(record.times[at])
    return Figure(
        [
            line(x, own[at], record.name, line={"width": 2}),
            line(x, other[at], "benchmark", line={"width": 1.2, "color": SOFT}),
        ],
        {"yaxis": {"title": {"text": run.currency}}},
        title="Equity",
        height=380,
    )


def drawdown(run: Analysis) -> Figure:
    """How far below the highest equity."""
    at = thinned(run.drawdown)
    trace = line(
        moments(run.record.times[at]), run.drawdown[at], "drawdown",
        fill="tozeroy", line={"width": 1, "color": BAD},
    )  # fmt: skip
    return Figure([trace], PERCENT | {"showlegend": False}, title="Drawdown", height=220)


def heat_map(run: Analysis) -> Figure:
    """Returns of months, years down; for at least one day."""
    months = run.days.dates.astype("M8[M]")
    numbers = months.astype(np.int64)
    years, column = 1970 + numbers // 12, numbers % 12
    first = int(years.min())
    rows = int(years.max()) - first + 1
    grown = np.full((rows, 12), np.nan)
    for year, month in set(zip(years.tolist(), column.tolist())):
        inside = (years == year) & (column == month)
        grown[year - first, month] = np.prod(1.0 + run.daily[inside]) - 1.0
    top = float(np.nanmax(np.abs(grown), initial=0.01)) if np.isfinite(grown).any() else 0.01
    text = [["" if np.isnan(v) else f"{v:.1%}" for v in row] for row in grown]
    names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    trace = {
        "type": "heatmap", "x": names, "y": [str(first + i) for i in range(rows)], "z": grown,
        "zmin": -top, "zmax": top, "text": text, "texttemplate": "%{text}", "showscale": False,
        "xgap": 2, "ygap": 2, "hovertemplate": "%{y} %{x}: %{text}<extra></extra>",
        "colorscale": [[0, "#d1495b"], [0.5, "#9aa4b21a"], [1, "#2ca58d"]],
    }  # fmt: skip
    layout = {"yaxis": {"autorange": "reversed", "type": "category"}, "hovermode": "closest"}
    return Figure([trace], layout, title="Returns of months", height=90 + 34 * rows)


def distribution(run: Analysis) -> Figure:
    """Daily returns, and what 5 % of the days fall short of."""
    rows = run.daily
    low = float(np.quantile(rows, 0.05)) if len(rows) else 0.0
    layout = {
        "xaxis": {"tickformat": ".1%"}, "bargap": 0.04, "showlegend": False,
        "shapes": [{"type": "line", "x0": low, "x1": low, "y0": 0, "y1": 1, "yref": "paper",
                    "line": {"color": BAD, "dash": "dot"}}],
        "annotations": [{"x": low, "y": 1, "yref": "paper", "text": "5 %", "showarrow": False,
                         "xanchor": "right", "font": {"color": BAD}}],
    }  # fmt: skip
    return Figure(
        [{"type": "histogram", "x": rows, "nbinsx": 60, "name": "days"}],
        layout, title="Daily returns", height=280,
    )  # fmt: skip


def rolling_sharpe(run: Analysis) -> Figure | None:
    """Sharpe ratio of the last quarter of a year, a year; None if there are not two of them."""
    rows = run.daily
    if len(rows) < 2 * QUARTER:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(rows - run.risk_free_day, QUARTER)
    deviation = windows.std(axis=1, ddof=1)
    root = np.sqrt(run.days_a_year)
    ratio = np.full(len(windows), np.nan)
    np.divide(windows.mean(axis=1) * root, deviation, out=ratio, where=deviation > 0)
    trace = line(run.days.dates[QUARTER - 1 :], ratio, "Sharpe ratio")
    note = f"Over {QUARTER} trading days."
    return Figure([trace], {"showlegend": False}, "Rolling Sharpe ratio", note, 240)


def exposures(run: Analysis) -> Figure:
    """Long, short and net market value by equity."""
    found = run.exposures
    equity = np.where(run.record.equity > 0, run.record.equity, np.nan).astype(np.float64)
    shares = {name: getattr(found, name) / equity for name in ("long", "short", "net")}
    at = thinned(*shares.values())
    x = moments(run.record.times[at])
    colors = {"long": GOOD, "short": BAD, "net": SOFT}
    traces = [
        line(x, share[at], name, line={"width": 1, "color": colors[name], "shape": "hv"},
             **({} if name == "net" else {"fill": "tozeroy"}))
        for name, share in shares.items()
    ]  # fmt: skip
    return Figure(traces, {"yaxis": {"tickformat": ".0%"}}, "Exposure by equity", height=260)


def trades_on_price(run: Analysis, number: int) -> Figure:
    """The marks of an instrument with purchases and sales on them."""
    record, listing = run.record, run.record.listings[number]
    tick = float(listing.tick)
    marks = np.where(record.marks[:, number] > 0, record.marks[:, number] * tick, np.nan)
    at = thinned(marks)
    traces = [line(moments(record.times[at]), marks[at], listing.symbol, line={"width": 1.2})]
    mine = run.fills[run.fills["instrument"] == number]
    left = 0
    for name, sign, color, symbol in (
        ("bought", 1, GOOD, "triangle-up"), ("sold", -1, BAD, "triangle-down")
    ):  # fmt: skip
        rows = mine[mine["qty"] * sign > 0]
        shown = rows[np.linspace(0, len(rows) - 1, min(len(rows), MARKS)).astype(np.int64)]
        left += len(rows) - len(shown)
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": name,
                "x": moments(shown["time"]), "y": shown["price"] * tick,
                "text": [f"{abs(q):,} lots" for q in shown["qty"].tolist()],
                "marker": {"symbol": symbol, "size": 9, "color": color,
                           "line": {"width": 0.5, "color": "#ffffff"}},
            }
        )  # fmt: skip
    note = f"{left:,} executions in between are not drawn." if left else ""
    layout = {"yaxis": {"title": {"text": listing.currency}}, "hovermode": "closest"}
    return Figure(traces, layout, f"Executions in {listing.symbol}", note, 360)


def attribution(run: Analysis) -> Figure:
    """Profit and loss of months, by instrument (the twelve that moved most; the rest together)."""
    found = attribution_of(run.record, "month")
    weight = np.abs(found.pnl).sum(axis=0)
    order = np.argsort(-weight, kind="stable")
    bars = [(found.symbols[i], found.pnl[:, i]) for i in order[:12] if weight[i]]
    rest = found.pnl[:, order[12:]].sum(axis=1) + found.other
    if rest.any():
        bars.append(("other", rest))
    traces = [
        {"type": "bar", "x": found.periods, "y": pnl / run.unit, "name": name} for name, pnl in bars
    ]
    layout = {"barmode": "relative", "yaxis": {"title": {"text": run.currency}}}
    return Figure(traces, layout, "Profit and loss of months by instrument", height=300)


def excursions(run: Analysis) -> Figure:
    """What each closed trade made against how far it had been behind."""
    closed = run.trades[~run.trades["open"]][:POINTS]
    made = (closed["pnl"] - closed["fees"]) / run.unit
    trace = {
        "type": "scatter", "mode": "markers", "x": -closed["mae"] / run.unit, "y": made,
        "marker": {"size": 6, "opacity": 0.7, "color": np.where(made >= 0, GOOD, BAD)},
        "name": "trades",
    }  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "most it was behind"}}, "showlegend": False,
        "yaxis": {"title": {"text": "made after fees"}}, "hovermode": "closest",
    }  # fmt: skip
    return Figure([trace], layout, "Trades and how far they were under water", height=300)
