"""What a node's positions would make if prices moved: linear in each instrument's price.

An option is its own instrument here: a scenario moves its price, not what it is on.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.attributes import InstrumentAttr
from domain.errors import InvalidField
from domain.tables import Table
from gridworks.api.risk.v1 import risk_service_pb2 as api

Floats = NDArray[np.float64]
MOST = 5_000
CONFIDENCE = 0.99


def values(engine: Any, node: int) -> dict[int, int]:
    """Instrument -> value of what is held at its mark, in minor units; what is flat is left out.

    The mark is the last price, else the reference price, as everywhere.
    """
    rows = engine.table(Table.POSITION)
    settings, books = engine.table(Table.INSTRUMENT), engine.table(Table.BOOK)
    found = {}
    for row in rows[(rows["node"] == node) & (rows["qty"] != 0)]:
        number = int(row["instrument"])
        last = int(books[number]["last_px"])
        mark = last or int(settings[number, InstrumentAttr.REFERENCE_PRICE])
        multiplier = int(settings[number, InstrumentAttr.MULTIPLIER])
        found[number] = int(row["qty"]) * mark * multiplier
    return found


def moves(scenarios: Any, symbols: dict[str, int], held: list[int]) -> Floats:
    """Relative moves, shape (scenarios, instruments held).

    symbols: those that exist. Raises InvalidField with the scenario and what is wrong with it.
    """
    if not 1 <= len(scenarios) <= MOST:
        raise InvalidField("scenarios", len(scenarios), f"1 to {MOST} scenarios")
    place = {number: at for at, number in enumerate(held)}
    found = np.empty((len(scenarios), len(held)))
    for at, scenario in enumerate(scenarios):
        where = f"scenarios[{at}]"
        if not math.isfinite(scenario.other_move):
            raise InvalidField(f"{where}.other_move", scenario.other_move, "a finite number")
        found[at] = scenario.other_move
        for symbol, move in scenario.moves.items():
            if symbol not in symbols:
                raise InvalidField(f"{where}.moves", symbol, "symbols of instruments that exist")
            if not math.isfinite(move):
                raise InvalidField(f"{where}.moves[{symbol}]", move, "a finite number")
            if symbols[symbol] in place:
                found[at, place[symbols[symbol]]] = move
    return found


def evaluated(
    worth: dict[int, int], moved: Floats, names: list[str], confidence: float, money: Any
) -> api.EvaluateScenariosResponse:
    """The response without `seq`; money: minor units as decimal text.

    names: of scenarios, then of the instruments held.
    """
    from risk.portfolio import tail_of  # scipy comes with it: not for a server that never asks

    level = confidence or CONFIDENCE
    parts = moved * np.array([*worth.values()], np.float64)
    whole = parts.sum(axis=1)
    tail = tail_of(whole, level)
    made = api.EvaluateScenariosResponse(
        value=money(sum(worth.values())), value_at_risk=money(round(tail.value_at_risk)),
        expected_shortfall=money(round(tail.expected_shortfall)),
    )  # fmt: skip
    symbols = names[len(moved) :]
    for at, pnl in enumerate(whole.tolist()):
        outcome = made.outcomes.add(name=names[at], pnl=money(round(pnl)))
        worst = int(np.argmin(parts[at])) if len(symbols) else 0
        if len(symbols) and parts[at, worst] < 0.0:
            outcome.worst_instrument = symbols[worst]
            outcome.worst_pnl = money(round(float(parts[at, worst])))
    return made
