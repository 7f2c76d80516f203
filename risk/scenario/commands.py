"""A model's parameters as the commands that put them in force in an exchange (docs/margin.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from domain.attributes import MARGIN_ROWS, InstrumentAttr
from domain.codes import Command, MarginModel, Reason, Scope
from domain.errors import InvalidField
from domain.layout import COMMAND
from risk.scenario.span import Scenario
from risk.span import columns as at
from risk.span import store

Rows = np.ndarray[Any, Any]
Whole = NDArray[np.int64]


class Exchange(Protocol):
    """`engine.Exchange` and `gridworks.Exchange` have this."""

    def apply(self, commands: Rows, /) -> Rows:
        """COMMAND rows in, REPORT rows out."""


@runtime_checkable
class Named(Exchange, Protocol):
    """`gridworks.Exchange` knows instruments by name."""

    def number(self, kind: str, name: int | str, /) -> int:
        """The number behind a name."""


def _chosen(model: Scenario, contracts: Mapping[int, str]) -> list[Whole]:
    """The parameters that these contracts need; row i of RISK and CONTRACT is instrument i's."""
    risk, rows, commodities, periods, spreads, legs, credits_ = model.tables.rows
    places = {number: model.tables.place[name] for number, name in contracts.items()}
    used = np.unique(rows[list(places.values()), at.OF])
    count = max(places) + 1
    new_risk = np.zeros((count, at.SCENARIOS), np.int64)
    new_rows = np.zeros((count, at.CONTRACTS), np.int64)
    new_rows[:, at.OF] = at.NONE
    for number, place in places.items():
        new_risk[number], new_rows[number] = risk[place], rows[place]
    new_rows[:, at.VALUE] = 0  # no premium is paid, so no option value pays for risk
    number_of = np.full(len(commodities), at.NONE)
    number_of[used] = np.arange(len(used))
    first = np.zeros(len(commodities), np.int64)  # where a commodity's periods go, less before
    made, kept_periods, kept = [], [], _Legs(legs, number_of, first)
    period = 0
    for row in used.tolist():
        commodity = commodities[row].copy()
        begin, end = commodity[at.FIRST_PERIOD], commodity[at.LAST_PERIOD]
        first[row] = period - begin
        kept_periods.append(periods[begin:end])
        ranges = commodity[at.FIRST_SPREAD], commodity[at.LAST_SPREAD]
        commodity[at.FIRST_PERIOD], commodity[at.LAST_PERIOD] = period, period + end - begin
        commodity[at.FIRST_SPREAD] = len(kept.spreads)
        kept.take(spreads[ranges[0] : ranges[1]])
        commodity[at.LAST_SPREAD] = len(kept.spreads)
        made.append(commodity)
        period += int(end - begin)
    calendar = len(kept.spreads)
    kept.take(credits_)
    listed = new_rows[:, at.OF] != at.NONE
    new_rows[listed, at.AT] += first[new_rows[listed, at.OF]]
    new_rows[listed, at.OF] = number_of[new_rows[listed, at.OF]]
    both = np.array(kept.spreads, np.int64).reshape(-1, at.SPREADS)
    return [new_risk, new_rows, np.array(made), np.concatenate(kept_periods), both[:calendar],
            np.array(kept.legs, np.int64).reshape(-1, at.LEGS), both[calendar:]]  # fmt: skip


class _Legs:
    """Spreads whose commodities all are there, with their legs numbered anew."""

    def __init__(self, legs: Whole, number_of: Whole, first: Whole) -> None:
        self._old, self._number_of, self._first = legs, number_of, first
        self.spreads: list[list[int]] = []
        self.legs: list[list[int]] = []

    def take(self, spreads: Whole) -> None:
        for begin, end, rate in spreads.tolist():
            legs = self._old[begin:end].copy()
            if (self._number_of[legs[:, at.LEG_OF]] == at.NONE).any():
                continue  # never formed: each of its legs needs a delta
            moved = self._first[legs[:, at.LEG_OF]]
            legs[:, at.LEG_FIRST] += moved
            legs[:, at.LEG_LAST] += moved
            legs[:, at.LEG_OF] = self._number_of[legs[:, at.LEG_OF]]
            self.spreads.append([len(self.legs), len(self.legs) + len(legs), rate])
            self.legs += legs.tolist()


def _rows(table: int, number: Whole, column: Whole, value: Whole) -> Rows:
    rows = np.zeros(len(value), COMMAND)
    rows["command"], rows["scope"], rows["entity"] = Command.SET, Scope.MARGIN, table
    rows["index"], rows["attribute"], rows["value"] = number, column, value
    return rows


def parameter_rows(model: Scenario, contracts: Mapping[int, str]) -> Rows:
    """COMMAND rows that prepare a set of parameters and, the last one, put it in force.

    contracts: number of each instrument that is margined by scenarios -> its contract. Commodities,
    spreads and credits that none of them needs are left out. Options come with style futures: in an
    exchange what is margined is not paid for, gains and losses are.

    Raises InvalidField for a contract that the model does not have, or without any contract.
    """
    if not contracts or min(contracts) < 1:
        raise InvalidField("contracts", dict(contracts), "instrument numbers and their contracts")
    for name in contracts.values():
        if name not in model.tables.place:
            raise InvalidField("contract", name, "a contract of the parameters")
    pieces, one = [], np.zeros(1, np.int64)
    for table, cells in enumerate(_chosen(model, contracts), 1):
        pieces.append(_rows(table, one, one + MARGIN_ROWS, one + len(cells)))
        shown = cells[:, : at.SIZE] if table == store.CONTRACT + 1 else cells
        wanted = shown != 0
        if table == store.CONTRACT + 1:
            wanted[:, at.OF] = shown[:, at.OF] != at.NONE
        number, column = np.nonzero(wanted)
        pieces.append(_rows(table, number, column, shown[number, column]))
    pieces.append(_rows(0, one, one, one + 1))
    return np.concatenate(pieces)


def _model_rows(contracts: Mapping[int, str]) -> Rows:
    """COMMAND rows that set MARGIN_MODEL of the instruments to SCENARIO."""
    rows = np.zeros(len(contracts), COMMAND)
    rows["command"], rows["scope"], rows["entity"] = Command.SET, Scope.INSTRUMENT, list(contracts)
    rows["attribute"], rows["value"] = InstrumentAttr.MARGIN_MODEL, MarginModel.SCENARIO
    return rows


def rows_in_force(model: Scenario, contracts: Mapping[int, str]) -> Rows:
    """All rows of `put_in_force`: `parameter_rows`, then MARGIN_MODEL of the instruments."""
    return np.concatenate([parameter_rows(model, contracts), _model_rows(contracts)])


def _number(exchange: Exchange, instrument: int | str) -> int:
    if isinstance(instrument, int):
        return instrument
    if not isinstance(exchange, Named):
        raise InvalidField("contracts", instrument, "the number of an instrument")
    return exchange.number("instrument", instrument)


def put_in_force(
    exchange: Exchange, model: Scenario, contracts: Mapping[int, str] | Mapping[str, str]
) -> Rows:
    """Give an exchange the parameters of a model and margin these instruments by scenarios.

        put_in_force(exchange, model, {1: "NIFTY-JUN", 2: "NIFTY-JUL"})

    Instruments are numbers, or names where the exchange knows names. The same with new parameters
    (tomorrow's risk arrays) revalues every account. Returns the REPORT rows. Raises InvalidField if
    a command is refused: then the set in force stays what it was.
    """
    numbers = {_number(exchange, key): contract for key, contract in contracts.items()}
    rows = rows_in_force(model, numbers)
    reports = exchange.apply(rows)
    bad = np.flatnonzero(reports["reason"])
    if len(bad):
        row, report = rows[bad[0]], reports[bad[0]]
        where = f"SET {Scope(row['scope']).name} {row['entity']}, row {row['index']}"
        why = f"limit {report['limit']}, observed {report['observed']}"
        raise InvalidField(where, int(row["value"]), f"{Reason(report['reason']).name}: {why}")
    return reports
