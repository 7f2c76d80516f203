"""The report: which sections there are and what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

import numpy as np
import pandas as pd

from backtest.results import confidence, tables
from backtest.results.analysis import Analysis
from backtest.results.attribution import attribution_of, parts_of
from backtest.results.definitions import BY_NAME, MEASURES, written
from backtest.results.report import figures
from backtest.results.report.terminal import heading
from pages import Cards, Page, Section, Table, Text
from pages.parts import Cell, Part

HEADLINES = (
    "net_profit", "total_return", "cagr", "sharpe", "sortino", "max_drawdown", "volatility",
    "win_rate", "profit_factor", "trades", "exposure_time", "fees",
)  # fmt: skip
CHARTS = 3  # instruments with a chart of their executions
MONEY = "pnl gross fees mae mfe delay execution opportunity shortfall against_vwap".split()
KINDS = dict.fromkeys(MONEY, "money") | {"return": "percent", "bps": ".1f"}
MOST = 500  # rows of a table
LEAST = 10  # daily returns for bootstrap intervals


def page_of(run: Analysis, measures: Mapping[str, float], seed: int) -> Page:
    """The whole report of a run; parts for which there is no data are left out."""
    record = run.record
    sections = [
        _overview(run, measures),
        _risk(run, seed),
        _trades(run),
        _attribution(run),
        _costs(run),
        Section("Measures", [_measures(measures)]),
        _setup(run),
    ]
    footer = (
        f"{record.commands:,} commands to the exchange, {record.events:,} rows of market data, "
        f"seed {record.seed}" + (f", state {record.state_hash}" if record.state_hash else "")
    )
    return Page(record.name, heading(run), [s for s in sections if s.parts], footer)


def _overview(run: Analysis, measures: Mapping[str, float]) -> Section:
    parts: list[Part] = []
    if run.record.error:
        parts.append(Text(f"The run ended with an error: {run.record.error}", "bad"))
    signed = ("net_profit", "total_return", "cagr", "sharpe", "sortino")
    parts.append(
        Cards(
            [
                (BY_NAME[name].label, written(name, measures[name]), _tone(measures[name]))
                if name in signed
                else (BY_NAME[name].label, written(name, measures[name]), "")
                for name in HEADLINES
            ]
        )
    )
    if len(run.record.times):
        parts += [figures.equity(run), figures.drawdown(run)]
    if len(run.daily) > 1:
        parts.append(figures.heat_map(run))
    return Section("Overview", parts)


def _tone(value: float) -> str:
    return "good" if value > 0 else "bad" if value < 0 else ""


def _risk(run: Analysis, seed: int) -> Section:
    parts: list[Part] = []
    if len(run.daily) > 1:
        parts += [figures.distribution(run)]
        rolling = figures.rolling_sharpe(run)
        parts += [rolling] if rolling else []
    if len(run.record.times):
        parts.append(figures.exposures(run))
    if len(run.daily) >= LEAST:
        found = confidence.intervals(run.daily, seed, periods=run.days_a_year)
        rows = [
            [BY_NAME[name].label, *(written(name, value) for value in interval)]
            for name, interval in found.items()
        ]
        note = f"Stationary bootstrap (Politis and Romano 1994) of daily returns, seed {seed}."
        columns = ["Measure", "Estimate", "2.5 %", "97.5 %"]
        parts.append(Table(columns, rows, "How sure: 95 % intervals", note))
    return Section("Risk", parts)


def table_of(frame: pd.DataFrame, title: str, note: str = "") -> Table:
    """A pandas table as a table of a page."""
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return Table([str(name) for name in frame.columns], rows, title, note, KINDS)


def _cell(value: object) -> Cell:
    if isinstance(value, pd.Timestamp):
        return str(value)[:19]
    if isinstance(value, pd.Timedelta):
        return str(value).split(".")[0]
    if isinstance(value, bool | np.bool_):
        return "yes" if value else ""
    if isinstance(value, np.generic):
        return _cell(value.item())
    return value if isinstance(value, str | int | float) else str(value)


def _trades(run: Analysis) -> Section:
    if not len(run.fills):
        return Section("Trades", [Text("Nothing was executed.")])
    units = tables.Units(run.record)
    count = np.bincount(run.fills["instrument"], minlength=len(run.record.listings))
    busiest = [int(n) for n in np.argsort(-count, kind="stable")[:CHARTS] if count[n]]
    parts: list[Part] = [figures.trades_on_price(run, number) for number in busiest]
    if np.any(~run.trades["open"]):
        parts.append(figures.excursions(run))
    trades = tables.trades_table(units, run.trades[:MOST])
    rounds = tables.trades_table(units, run.round_trips[:MOST])
    note = "Profits after fees; open trades at the last mark. mae, mfe: furthest behind and ahead."
    parts.append(_cut(trades, len(run.trades), "Trades, first in, first out", note))
    parts.append(_cut(rounds, len(run.round_trips), "Round trips at average prices", note))
    return Section("Trades", parts)


def _cut(frame: pd.DataFrame, count: int, title: str, note: str) -> Table:
    shown = frame.iloc[:MOST]
    left = count - len(shown)
    return table_of(shown, title, note + (f" {left:,} more rows are left out." if left else ""))


def _attribution(run: Analysis) -> Section:
    if not len(run.record.times):
        return Section("Attribution", [])
    parts = parts_of(run.record)
    rows: list[list[Cell]] = [
        [symbol, *(int(v) / run.unit for v in (trading, fees, flows, trading + fees + flows))]
        for symbol, trading, fees, flows in zip(*parts)
    ]
    years = attribution_of(run.record, "year")
    other = int(years.other.sum())
    if other:
        rows.append(["other", 0.0, 0.0, other / run.unit, other / run.unit])
    rows.append(["total", *(float(sum(_number(r[i]) for r in rows)) for i in range(1, 5))])
    columns = ["Instrument", "Trading", "Fees", "Dividends, funding, borrow", "Total"]
    kinds = dict.fromkeys(columns[1:], "money")
    yearly: list[list[Cell]] = [
        [str(year), *(int(v) / run.unit for v in pnl), int(rest) / run.unit, int(total) / run.unit]
        for year, pnl, rest, total in zip(years.periods, years.pnl, years.other, years.total)
    ]
    names = ["Year", *years.symbols, "other", "total"]
    return Section(
        "Attribution",
        [
            figures.attribution(run),
            Table(columns, rows, "By instrument", kinds=kinds),
            Table(names, yearly, "By year", kinds=dict.fromkeys(names[1:], "money")),
        ],
    )


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0


def _costs(run: Analysis) -> Section:
    rows = run.costs
    if not len(rows):
        return Section("Costs", [])
    units = tables.Units(run.record)
    names = ("delay", "execution", "opportunity", "fees", "shortfall")
    notional = float(np.nansum(rows["notional"]))
    total: list[Iterable[Cell]] = [
        [
            name,
            float(np.nansum(rows[name])) / run.unit,
            float(np.nansum(rows[name])) / notional * 1e4 if notional else None,
        ]
        for name in names
    ]
    note = (
        "Implementation shortfall (Perold 1988): the result of a paper portfolio that trades each "
        "order in full at the price of its decision, less the real one. A cost is above 0."
    )
    kinds = {"Cost": "money", "bps": ".1f"}
    summary = Table(["Part", "Cost", "bps"], [list(r) for r in total], "Shortfall", note, kinds)
    frame = tables.costs_table(units, rows[:MOST])
    frame = frame.drop(columns=["order_id", "against_vwap", "vwap"] if run.market is None else [])
    return Section("Costs", [summary, _cut(frame, len(rows), "Order by order", "")])


def _measures(measures: Mapping[str, float]) -> Table:
    rows: list[list[Cell]] = []
    for group, members in groupby(MEASURES, key=lambda measure: measure.group):
        rows += [
            [group, m.label, written(m.name, measures[m.name]), m.definition, m.source]
            for m in members
        ]
    columns = ["Group", "Measure", "Value", "Definition", "Source"]
    return Table(columns, rows, "All measures and what they are")


def _setup(run: Analysis) -> Section:
    record = run.record
    rows: list[list[Cell]] = [[name, repr(value)] for name, value in record.parameters.items()]
    listings: list[list[Cell]] = [
        [each.symbol, each.type.name, str(each.tick), str(each.lot), each.currency]
        for each in record.listings
    ]
    columns = ["Symbol", "Type", "Tick", "Lot", "Currency"]
    parts: list[Part] = [Table(columns, listings, "Instruments")]
    if rows:
        parts.insert(0, Table(["Parameter", "Value"], rows, "Parameters"))
    return Section("Setup", parts)
