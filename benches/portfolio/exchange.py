"""One order in the exchange under scenario margin: what its check and its booking cost.

The market of `benches.portfolio.margin`; one account holds 50 instruments of it, -50 to 50 lots,
and has an order pending in each. Orders that rest are entered in a batch and canceled in another,
once with MARGIN_MODEL SCENARIO and once with PER_LOT; the difference is what scenarios cost: a
question and an entry an order, an entry a cancel. Processor time of one core, medians.

    python -m benches.portfolio.exchange [ROUNDS]
"""

from __future__ import annotations

import sys
from time import process_time_ns
from typing import Any

import numpy as np

from benches.portfolio.margin import HELD, market
from domain.attributes import InstrumentAttr
from domain.codes import Command, Level, MarginModel, OrdType, Phase, Scope, Side, TimeInForce
from domain.layout import COMMAND, REPORT
from domain.tables import Table
from engine.exchange import Exchange
from risk.scenario import put_in_force

Rows = np.ndarray[Any, Any]
ACCOUNT, ORDERS, PRICE = 1, 2_000, 1_000


def _rows(command: Command, count: int, **fields: Any) -> Rows:
    rows = np.zeros(count, COMMAND)
    rows["command"] = command
    for name, value in fields.items():
        rows[name] = value
    return rows


def _orders(draw: np.random.Generator, count: int, first: int, instruments: Rows) -> Rows:
    """Orders on both sides that do not meet."""
    buys = draw.integers(0, 2, count) == 0
    return _rows(
        Command.NEW_ORDER, count, account=ACCOUNT, instrument=instruments,
        cl_ord_id=first + np.arange(count), order_qty=draw.integers(1, 20, count),
        side=np.where(buys, Side.BUY, Side.SELL), ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=np.where(buys, PRICE - 10, PRICE + 10) + draw.integers(0, 10, count),
    )  # fmt: skip


def exchange(model: MarginModel) -> Exchange:
    """50 instruments, all held and with an order each."""
    draw, scenario, made = np.random.default_rng(8), market(), Exchange()
    names = np.array(list(scenario.tables.place))
    chosen = draw.choice(len(names), HELD, replace=False)
    numbers = np.arange(1, HELD + 1)
    made.apply(_rows(Command.INSTRUMENT_ADD, HELD, entity=numbers, index=2))
    made.apply(_rows(Command.NODE_ADD, 1, entity=ACCOUNT, index=Level.ACCOUNT))
    made.apply(_rows(Command.DEPOSIT, 1, account=ACCOUNT, value=10**15))
    made.apply(_rows(Command.PHASE, 1, value=Phase.CONTINUOUS))
    if model == MarginModel.SCENARIO:
        put_in_force(made, scenario, dict(enumerate(names[chosen].tolist(), 1)))
    else:
        made.apply(_rows(
            Command.SET, HELD, scope=Scope.INSTRUMENT, entity=numbers, value=model,
            attribute=InstrumentAttr.MARGIN_MODEL,
        ))  # fmt: skip
    lots = draw.integers(-50, 51, HELD)
    moved = np.where(lots < 0, Command.WITHDRAW, Command.DEPOSIT)
    rows = _rows(Command.DEPOSIT, HELD, account=ACCOUNT, instrument=numbers, scope=Scope.POSITION,
                 price=PRICE, value=np.maximum(abs(lots), 1))  # fmt: skip
    rows["command"] = moved
    reports = [made.apply(rows), made.apply(_orders(draw, HELD, 1, numbers))]
    assert not np.concatenate(reports)["reason"].any()
    assert len(made.table(Table.POSITION)) == HELD + 1
    return made


def measure(rounds: int) -> dict[str, list[int]]:
    """What -> nanoseconds of processor time, one number a round."""
    both = {model: exchange(model) for model in (MarginModel.PER_LOT, MarginModel.SCENARIO)}
    draw, out = np.random.default_rng(9), np.zeros(ORDERS + 100, REPORT)
    taken: dict[str, list[int]] = {}
    first = HELD + 1
    for turn in range(rounds + 1):
        rows = _orders(draw, ORDERS, first, draw.integers(1, HELD + 1, ORDERS))
        ends = _rows(Command.CANCEL_ORDER, ORDERS, account=ACCOUNT, instrument=rows["instrument"],
                     orig_cl_ord_id=rows["cl_ord_id"])  # fmt: skip
        first += ORDERS
        for model, engine in both.items():
            for name, commands in (("order", rows), ("cancel", ends)):
                start = process_time_ns()
                reports = engine.apply(commands, out)
                spent = (process_time_ns() - start) // ORDERS
                assert (reports["reason"] == (232 if name == "cancel" else 0)).all()
                if turn:  # the first turn compiles and grows tables
                    taken.setdefault(f"{name}, {model.name}", []).append(spent)
    return taken


def main() -> None:
    """Measure and print."""
    for name, figures in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 21).items():
        print(f"{name:20}{int(np.median(figures)):6} ns, fastest {min(figures):6} ns")


if __name__ == "__main__":
    main()
