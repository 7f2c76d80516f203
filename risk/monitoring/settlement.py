"""The end of a day: settlement marks, and variation margin between the accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from domain.attributes import InstrumentAttr
from domain.codes import Level, MarginModel
from domain.errors import InvalidField
from domain.limits import MAX_PRICE, MAX_QTY
from domain.messages import EndOfDay, Message, Tick
from domain.tables import Table
from risk.monitoring import rows
from risk.monitoring.rows import Rows
from risk.monitoring.state import Exchange, mark

_MODEL, _MULTIPLIER = InstrumentAttr.MARGIN_MODEL, InstrumentAttr.MULTIPLIER


def _checked(exchange: Exchange, marks: Mapping[int, int]) -> dict[int, int]:
    known = len(exchange.table(Table.BOOK)) - 1
    for instrument, price in marks.items():
        if not 1 <= instrument <= known:
            raise InvalidField("instrument", instrument, f"1 to {known}")
        if not 1 <= price <= MAX_PRICE:
            raise InvalidField(f"mark of instrument {instrument}", price, f"1 to {MAX_PRICE}")
    return dict(marks)


def _open(exchange: Exchange, marks: Mapping[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """(account, instrument, lots, settlement price) of positions that settle daily."""
    nodes, settings = exchange.table(Table.NODE), exchange.table(Table.INSTRUMENT)
    table = exchange.table(Table.POSITION)
    for row in table[table["qty"] != 0]:
        account, instrument = int(row["node"]), int(row["instrument"])
        margined = settings[instrument, _MODEL] != MarginModel.CASH
        price = marks.get(instrument) or mark(exchange, instrument)
        if margined and nodes[account]["level"] == Level.ACCOUNT and price:
            yield account, instrument, int(row["qty"]), price


def variation(exchange: Exchange, marks: Mapping[int, int]) -> dict[int, int]:
    """What each account will be paid (or pay, negative) at these settlement marks, minor units.

    marks: instrument -> ticks; others settle at their mark. Positions of instruments that are paid
    in full do not settle. Raises InvalidField for an unknown instrument or a price out of range.
    """
    prices, found = _checked(exchange, marks), dict[int, int]()
    settings, table = exchange.table(Table.INSTRUMENT), exchange.table(Table.POSITION)
    pairs = zip(table["node"].tolist(), table["instrument"].tolist(), strict=True)
    by_pair = {pair: at for at, pair in enumerate(pairs)}
    for account, instrument, lots, price in _open(exchange, prices):
        row = table[by_pair[account, instrument]]
        cost = int(row["cost"]) + int(row["fifo_realised"]) - int(row["realised"])
        value = lots * price * int(settings[instrument, _MULTIPLIER])
        found[account] = found.get(account, 0) + value - cost
    return found


def end_of_day(exchange: Exchange, marks: Mapping[int, int]) -> Rows:
    """The rows that end a day: marks, variation margin, END_OF_DAY.

    A TICK with its price makes each mark the last price. Then every position that is not paid in
    full goes out of its account at the settlement price and comes in again at it: what it has
    gained or lost since the last settlement is cash, and its cost is the settlement price. Both
    are commands like any other, and what accounts gain others lose.
    """
    prices = _checked(exchange, marks)
    commands: list[Message] = [
        Tick(instrument=instrument, price=price) for instrument, price in sorted(prices.items())
    ]
    for account, instrument, lots, price in _open(exchange, prices):
        for part in _parts(lots):
            commands.append(rows.move_lots(account, instrument, -part, price))
        for part in _parts(lots):
            commands.append(rows.move_lots(account, instrument, part, price))
    return rows.rows_of([*commands, EndOfDay()])


def _parts(lots: int) -> Iterator[int]:
    """A number of lots in pieces that one command may move, all of its sign."""
    left, sign = abs(lots), 1 if lots > 0 else -1
    while left:
        yield sign * min(left, MAX_QTY)
        left -= min(left, MAX_QTY)
