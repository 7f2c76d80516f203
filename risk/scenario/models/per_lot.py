"""Margin by lot from a table of amounts that change with time."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.errors import InvalidField
from risk.scenario.facts import Margin, Portfolio, Position
from risk.scenario.fields import day, number
from risk.scenario.models.worst import most_lots
from risk.scenario.readers.text import Source, text_of


@dataclass(frozen=True, slots=True)
class LotRate:
    """Initial and maintenance margin of one lot, from a date on."""

    date: str
    initial: float
    maintenance: float


def read_history(source: Source) -> tuple[LotRate, ...]:
    """Rates from CSV: a header, then date (YYYYMMDD or YYYY-MM-DD), initial, maintenance.

    Lines that begin with # are comments. Raises InvalidField with the line: dates must rise, and
    maintenance may not exceed initial.
    """
    rates: list[LotRate] = []
    header = True
    for line, row in enumerate(csv.reader(text_of(source, "history").splitlines()), 1):
        if not any(cell.strip() for cell in row) or row[0].startswith("#"):
            continue
        if header:
            header = False
            continue
        where = f"history line {line}"
        if len(row) < 3:
            raise InvalidField(where, row, "date, initial, maintenance")
        date = day(where, row[0].strip())
        if rates and date <= rates[-1].date:
            raise InvalidField(where, date, f"a date after {rates[-1].date}")
        initial, maintenance = (number(where, cell.strip(), 0.0) for cell in row[1:3])
        if maintenance > initial:
            raise InvalidField(where, maintenance, f"at most the initial margin, {initial}")
        rates.append(LotRate(date, initial, maintenance))
    if not rates:
        raise InvalidField("history", "no row", "a header and one row or more")
    return tuple(rates)


class PerLot:
    """Lots times the amount that is in force on `date`; nothing offsets anything.

    rates: contract -> its history, dates rising. Before the first date there is no margin to be
    known: InvalidField. Pending orders count on the side that makes the position larger.
    """

    def __init__(
        self, rates: Mapping[str, Iterable[LotRate]], date: str, decimals: int = 2,
        currency: str = "USD",
    ) -> None:  # fmt: skip
        self.rates = {name: tuple(history) for name, history in rates.items()}
        self.date, self.decimals, self.currency = day("date", date), decimals, currency

    def rate(self, contract: str) -> LotRate:
        """The rate of a contract on `date`."""
        history = self.rates.get(contract)
        if history is None:
            raise InvalidField(f"position {contract}", contract, "a contract of the table")
        place = bisect_right(history, self.date, key=lambda rate: rate.date)
        if place == 0:
            raise InvalidField(f"position {contract}", self.date, f"{history[0].date} or later")
        return history[place - 1]

    def margin(self, portfolio: Portfolio | Mapping[str, int] | Iterable[Position]) -> Margin:
        """One part, per_lot; groups by contract."""
        scale, groups, maintenance = 10.0**self.decimals, {}, 0
        for position in Portfolio.of(portfolio).positions:
            rate, lots = self.rate(position.contract), most_lots(position)
            groups[position.contract] = {"per_lot": lots * round(rate.initial * scale)}
            maintenance += lots * round(rate.maintenance * scale)
        total = sum(group["per_lot"] for group in groups.values())
        return Margin({"per_lot": total}, maintenance, self.decimals, self.currency, groups)
