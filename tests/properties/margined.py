"""Streams in which most instruments are margined by scenarios: spreads, credits, options."""

from __future__ import annotations

import functools

from domain.attributes import MARGIN_ROWS
from domain.attributes import InstrumentAttr as I
from domain.codes import Command, MarginModel, Scope
from risk.scenario import Scenario
from risk.scenario.commands import parameter_rows
from risk.span import store
from tests.properties.crowded import Crowded
from tests.properties.streams import Row, Stream
from tests.risk.scenario.markets import drawn

INSTRUMENTS = 8
_CELLS = ("command", "scope", "entity", "index", "attribute", "value")


@functools.cache
def model(seed: int) -> Scenario:
    return Scenario(drawn(seed))


def chosen(seed: int) -> dict[int, str]:
    """Contracts of all three commodities, months and options mixed, for all instruments but one."""
    names = list(model(seed).tables.place)
    return {n: names[(seed + 4 * n) % len(names)] for n in range(1, INSTRUMENTS)}


@functools.cache
def parameters(seed: int, of: int) -> list[Row]:
    """The rows that put market `seed` in force for the contracts of market `of`."""
    rows = parameter_rows(model(seed), chosen(of))
    return [{name: int(row[name]) for name in _CELLS} for row in rows]


class Margined(Stream):
    """The same commands as a `Stream` under scenario margin."""

    market: int = 0

    def prologue(self) -> None:
        self.market = self.choose.number(0, 3)
        super().prologue()

    def instrument(self, number: int) -> None:
        """After the last instrument has been added the first parameters come."""
        super().instrument(number)
        if number == self.instruments and not self.accounts:
            self.rows += parameters(self.market, self.market)
            for which in chosen(self.market):
                self.set(Scope.INSTRUMENT, which, I.MARGIN_MODEL, MarginModel.SCENARIO)
                self.set(Scope.INSTRUMENT, which, I.CURRENCY, 0)
                self.set(Scope.INSTRUMENT, which, I.STATIC_LOW, 0)

    def setting(self) -> None:
        which = self.choose.number(0, 9)
        if which == 0:
            self.rows += parameters(self.choose.number(0, 3), self.market)
        elif which < 4:
            self.parameter()
        elif which == 4:
            which = self.choose.number(1, INSTRUMENTS)
            self.set(Scope.INSTRUMENT, which, I.MARGIN_MODEL, self.choose.number(0, 4))
        else:
            super().setting()

    def parameter(self) -> None:
        """One number of the parameters is another, mostly a possible one; it comes in force."""
        table = self.choose.number(0, 8)
        most = 5 if table in (store.CONTRACT + 1, store.COMMODITY + 1, store.LEG + 1) else 200
        value = self.pick((self.choose.number(0, most), self.choose.number(-3, 300), 2**54, 2**60))
        column = self.choose.number(0, store.WIDTHS[max(0, min(table, store.LOSS) - 1)])
        if self.often(3):
            column, value = MARGIN_ROWS, self.choose.number(-1, 9)
        index = self.choose.number(-1, 9) if self.often(10) else self.choose.number(0, 7)
        self.add(Command.SET, scope=Scope.MARGIN, entity=table, index=index, attribute=column,
                 value=value)  # fmt: skip
        self.add(Command.SET, scope=Scope.MARGIN, value=self.pick((1, 1, 1, 1, 1, 2)))


class CrowdedMargined(Margined, Crowded):
    """The same where most orders enter and many things are linked."""

    def instrument(self, number: int) -> None:
        Crowded.instrument(self, number)
        Margined.instrument(self, number)
