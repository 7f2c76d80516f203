"""EVENT rows that tests write by hand, and the obvious way to put sequences together."""

import numpy as np

from backtest.data import Dataset, listing
from backtest.events import EVENT, EventKind

S = 10**9
DAY = 86_400 * S
CENT = listing("X")


def event(time, kind=EventKind.TRADE, instrument=1, **cells):
    row = np.zeros((), EVENT)
    row["time"], row["kind"], row["instrument"] = time, kind, instrument
    for name, value in cells.items():
        row[name] = value
    return row[()]


def bar(time, close, instrument=1, length=DAY, qty=100, **cells):
    prices = dict.fromkeys(("open", "high", "low"), close) | cells
    return event(
        time, EventKind.BAR, instrument, start=time - length, price=close, qty=qty, **prices
    )


def rows(*made):
    out = np.zeros(len(made), EVENT)
    for at, row in enumerate(made):
        out[at] = row
    return out


def dataset(*made, symbols=("X",)):
    return Dataset.of(rows(*made), *(listing(symbol) for symbol in symbols))


RANK = {
    EventKind.SPLIT: 0, EventKind.DIVIDEND: 0, EventKind.ROLL: 0, EventKind.FUNDING: 0,
    EventKind.PHASE: 0, EventKind.HALT: 0, EventKind.RESUME: 0, EventKind.TRADE: 2,
    EventKind.BAR: 3,
}  # fmt: skip


def plainly_merged(sequences):
    """One row at a time: the head that is earliest, of lowest rank, of the first sequence."""
    heads = [list(each) for each in sequences]
    out = []
    while any(heads):
        _, _, first = min(
            (int(head[0]["time"]), RANK.get(int(head[0]["kind"]), 1), at)
            for at, head in enumerate(heads)
            if head
        )
        out.append(heads[first].pop(0))
    return rows(*out)


PRICES = ("open", "high", "low", "close")
