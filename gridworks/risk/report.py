"""The risk report of a portfolio: everything once, as frames (`summary`) and as a page (`page`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from domain.errors import InvalidField
from gridworks.risk import figures
from gridworks.risk.backtests import FORECASTS, Backtest
from gridworks.risk.portfolio import Portfolio
from gridworks.risk.tails import METHODS
from pages import Cards, Page, Section, Table, Text
from pages.parts import Cell, Part
from risk.options import surface
from risk.portfolio.inputs import level

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What a report shows. `missing` says, by part, why something could not be computed."""

    portfolio: Portfolio
    confidence: float
    positions: pd.DataFrame
    tails: pd.DataFrame
    parts: pd.DataFrame
    backtest: Backtest | None
    ladder: pd.DataFrame
    stress: pd.DataFrame
    fitted: Mapping[str, surface.Surface]  # by underlying; "" where quotes do not name it
    missing: Mapping[str, str]


def report(
    portfolio: Portfolio,
    quotes: pd.DataFrame | None = None,
    *,
    confidence: float = 0.99,
    window: int = 250,
    method: str = "historical",
    rate: float | None = None,
    seed: int = 0,
) -> Report:
    """Measure a portfolio. quotes: of options, for a surface of volatility (rate: their interest).

    A part that cannot be computed (a backtest without history, say) is named in `missing`; what is
    wrong with the portfolio as a whole raises InvalidField.
    """
    level(confidence)  # raises for what is none
    if method not in FORECASTS:
        raise InvalidField("method", method, ", ".join(FORECASTS))
    missing: dict[str, str] = {}

    def attempt(name: str, compute: Callable[[], T]) -> T | None:
        try:
            return compute()
        except InvalidField as error:
            missing[name] = str(error)
            return None

    def tail(name: str) -> Callable[[], pd.DataFrame]:
        return lambda: portfolio.value_at_risk(confidence, [name], seed=seed)

    tried = [attempt(f"value at risk, {name}", tail(name)) for name in METHODS]
    tails = [found for found in tried if found is not None]
    if not tails:
        raise InvalidField("prices", next(iter(missing.values())), "enough history for one method")
    return Report(
        portfolio,
        confidence,
        portfolio.values().join(portfolio.greeks()),
        pd.concat(tails),
        portfolio.contributions(confidence),
        attempt("backtest", lambda: portfolio.backtest(confidence, window, method)),
        portfolio.ladder(),
        portfolio.stress(),
        _surfaces(quotes, rate, missing),
        missing,
    )


def _surfaces(
    quotes: pd.DataFrame | None, rate: float | None, missing: dict[str, str]
) -> dict[str, surface.Surface]:
    found: dict[str, surface.Surface] = {}
    if quotes is None:
        return found
    named = "underlying" in quotes.columns
    chains = quotes.groupby("underlying") if named else [("", quotes)]
    for name, chain in chains:
        try:
            found[str(name)] = surface.fit(chain, rate=rate)
        except InvalidField as error:
            missing[f"surface {name}".rstrip()] = str(error)
    return found


# ------------------------------------------------------------------------------ the page


def page(found: Report, title: str = "Portfolio risk") -> Page:
    """The report as a page in one file."""
    day = found.portfolio.today
    held = len(found.positions)
    subtitle = f"{held} positions, {len(found.portfolio.underlyings)} underlyings"
    subtitle += "" if day is None else f", valued {day:%Y-%m-%d}"
    sections = [
        Section("Overview", _overview(found)),
        Section("Value at risk", _tails(found)),
        Section("Contributions", [figures.components(found.parts), _table(found.parts, SHARES)]),
        Section("Backtest", _backtest(found)),
        Section("Scenarios", _scenarios(found)),
        Section("Volatility surface", _surface(found)),
        Section("Positions", [_table(found.positions)]),
    ]
    footer = "Losses are positive in value at risk and expected shortfall. Written by GridWorks."
    return Page(title, subtitle, sections, footer)


SHARES = {"share": "percent"}


def _money(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:,.2f}"


def _overview(found: Report) -> list[Part]:
    first = found.tails.iloc[0]
    worst = found.stress.iloc[0]
    cards = [
        ("Value", _money(float(found.positions["value"].sum())), ""),
        (f"Value at risk, {found.confidence:.1%}, 1 day", _money(first["value_at_risk"]), ""),
        ("Expected shortfall", _money(first["expected_shortfall"]), ""),
        (f"Worst episode: {found.stress.index[0]}", _money(worst["pnl"]),
         "bad" if worst["pnl"] < 0 else ""),
    ]  # fmt: skip
    if found.backtest is not None:
        zone = str(found.backtest.verdict["zone"])
        cards.append(("Backtest", zone, {"green": "good", "red": "bad"}.get(zone, "")))
    missing = [Text(f"Not computed: {part}. {why}", "bad") for part, why in found.missing.items()]
    return [Cards(cards), *missing]


def _tails(found: Report) -> list[Part]:
    kinds = {"value_at_risk": "money", "expected_shortfall": "money", "outcomes": "count"}
    return [figures.methods(found.tails), _table(found.tails, kinds)]


def _backtest(found: Report) -> list[Part]:
    if found.backtest is None:
        return [Text(found.missing["backtest"], "bad")]
    verdict = found.backtest.verdict
    rows = [(str(name), _cell(value)) for name, value in verdict.items()]
    return [figures.backtest(found.backtest), Table(("test", "result"), rows, "Verdict")]


def _scenarios(found: Report) -> list[Part]:
    known = found.stress[found.stress["unknown"] == ""]
    left = len(found.stress) - len(known)
    note = f"{left} episodes move something that the portfolio does not have (unknown)."
    shown = known if len(known) else found.stress
    return [
        figures.ladder(found.ladder),
        figures.stresses(shown),
        _table(found.stress, {}, note if left else ""),
    ]


def _surface(found: Report) -> list[Part]:
    if not found.fitted:
        whys = [why for part, why in found.missing.items() if part.startswith("surface")]
        return [Text(whys[0] if whys else "No quotes of options came with the portfolio.")]
    return [part for name, fit in found.fitted.items() for part in _one_surface(name, fit)]


def _one_surface(name: str, fitted: surface.Surface) -> list[Part]:
    broken = [(v.rule, v.time, v.log_moneyness, v.amount) for v in fitted.violations()]
    parts: list[Part] = [
        *([Text(name)] if name else []),
        figures.shape(fitted),
        figures.smiles(fitted),
        _table(fitted.frame()),
    ]
    if broken:
        columns = ("rule", "time", "log-moneyness", "amount")
        return [*parts, Table(columns, broken, "Violations of no-arbitrage")]
    return [*parts, Text("The surface admits neither butterfly nor calendar arbitrage.")]


def _table(frame: pd.DataFrame, kinds: Mapping[str, str] | None = None, note: str = "") -> Table:
    columns = [_named(frame), *(str(column) for column in frame.columns)]
    rows = [
        [_cell(label), *(_cell(value) for value in row)]
        for label, row in zip(frame.index, frame.itertuples(index=False), strict=True)
    ]
    return Table(columns, rows, note=note, kinds=dict(kinds or {}))


def _named(frame: pd.DataFrame) -> str:
    return "" if frame.index.name is None else str(frame.index.name)


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    return float(value) if isinstance(value, float | np.floating) else str(value)
