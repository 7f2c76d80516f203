"""Scenario margin of an account, worked out from nothing each time, and its parameters."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from domain.attributes import MARGIN_ROWS, InstrumentAttr
from domain.codes import Level, MarginModel, Reason
from domain.limits import BPS, MAX_INSTRUMENTS, MAX_VALUE
from risk.exact import SATURATED
from risk.span import columns as at
from risk.span import store
from tests.reference.exchange.model import Position, Refusal
from tests.reference.exchange.world import Command, World
from tests.risk.scenario.reference import MICRO, Account

TABLES = store.WIDTHS[: store.LOSS]
Rows = list[list[int]]


def margined(w: World, instrument: int) -> bool:
    return w.instruments[instrument][InstrumentAttr.MARGIN_MODEL] == MarginModel.SCENARIO


def held(row: Position) -> tuple[int, int, int]:
    return row.qty, row.open_buy, row.open_sell


def whole(w: World, account: int, instrument: int = 0, instead: Position | None = None) -> int:
    """The margin of an account, one row perhaps as it would be."""
    rows = {i: row for (n, i), row in w.positions.items() if n == account and margined(w, i)}
    if instead:
        rows[instrument] = instead
    found = {i: held(row) for i, row in sorted(rows.items()) if any(held(row))}
    key = tuple(found.items())
    if key not in w.margins:
        tables = [np.array(rows, np.int64).reshape(-1, width)
                  for rows, width in zip(w.parameters, TABLES, strict=True)]  # fmt: skip
        model = SimpleNamespace(tables=SimpleNamespace(rows=tables))
        w.margins[key] = sum(Account(model, found).parts())  # type: ignore[arg-type]
    return w.margins[key]


# ------------------------------------------------------------------- amounts


def size(tables: list[Rows], instrument: int) -> int:
    """What one lot can add to any sum."""
    risk, contract = tables[store.RISK][instrument], tables[store.CONTRACT][instrument]
    commodity, delta = tables[store.COMMODITY][contract[at.OF]], abs(contract[at.LOT_DELTA])
    charges, delivered = [0], [0]
    spreads = tables[store.SPREAD][commodity[at.FIRST_SPREAD] : commodity[at.LAST_SPREAD]]
    for first, last, rate in spreads:
        ratio = max(leg[at.RATIO] for leg in tables[store.LEG][first:last])
        charges.append(min(rate * MICRO // ratio + 1, MAX_VALUE))
    for row in tables[store.PERIOD][commodity[at.FIRST_PERIOD] : commodity[at.LAST_PERIOD]]:
        delivered += row
    charge = max(charges) + min(max(delivered), MAX_VALUE)
    single = contract[at.VALUE], contract[at.EXPOSURE], contract[at.MINIMUM]
    charged = min(delta * charge // MICRO, SATURATED) + 1
    return min(max(1, delta, *map(abs, risk), *single, charged), SATURATED)


def lots(row: Position) -> int:
    return abs(row.qty) + row.open_buy + row.open_sell


def largest(w: World, account: int, tables: list[Rows] | None = None) -> int:
    """How large the sums of an account may be."""
    rows = [(i, lots(row)) for (n, i), row in w.positions.items() if n == account]
    return sum(n * size(tables or w.parameters, i) for i, n in rows if n and margined(w, i))


def excess(w: World, account: int, instrument: int, after: Position) -> Refusal | None:
    """Refuse what would make the sums of an account too large."""
    if not margined(w, instrument):
        return None
    more = lots(after) - lots(w.position(account, instrument))
    before = largest(w, account)
    found = before + more * size(w.parameters, instrument)
    if more <= 0 or found <= MAX_VALUE:
        return None
    return Refusal(Reason.VALUE_OUT_OF_RANGE, Level.ACCOUNT, MAX_VALUE, found, MAX_VALUE - before)


# ------------------------------------------------------------------- parameters


def has_contract(tables: list[Rows], instrument: int) -> bool:
    rows = tables[store.CONTRACT]
    return instrument < len(rows) and rows[instrument][at.OF] != at.NONE


def set_parameter(w: World, cmd: Command) -> Refusal | None:
    def not_allowed(bound: int, value: int) -> Refusal:
        return Refusal(Reason.VALUE_NOT_ALLOWED, 0, bound, value)

    if not 0 <= cmd.entity <= len(TABLES):
        return Refusal(Reason.UNKNOWN_ENTITY)
    if cmd.entity == 0:
        return put_in_force(w) if cmd.value == 1 else not_allowed(1, cmd.value)
    table, width = cmd.entity - 1, TABLES[cmd.entity - 1]
    if cmd.attribute == MARGIN_ROWS:
        if not 0 <= cmd.value <= MAX_INSTRUMENTS + 1:
            return not_allowed(MAX_INSTRUMENTS + 1, cmd.value)
        w.prepared[table] = [[0] * width for _ in range(cmd.value)]
        for row in w.prepared[table] if table == store.CONTRACT else ():
            row[at.OF] = at.NONE
        return None
    if cmd.attribute >= (at.SIZE if table == store.CONTRACT else width):
        return Refusal(Reason.UNKNOWN_ATTRIBUTE)
    rows = w.prepared[table]
    if not 0 <= cmd.index < len(rows):
        return not_allowed(len(rows) - 1, cmd.index)
    if abs(cmd.value) > MAX_VALUE:
        return not_allowed(MAX_VALUE if cmd.value > 0 else -MAX_VALUE, cmd.value)
    rows[cmd.index][cmd.attribute] = cmd.value
    return None


def put_in_force(w: World) -> Refusal | None:
    found = fault(w.prepared)
    for number in w.instruments:
        if found is None and margined(w, number) and not has_contract(w.prepared, number):
            found = store.CONTRACT, number
    if found:
        return Refusal(Reason.VALUE_NOT_ALLOWED, 0, found[0] + 1, found[1])
    for number in w.nodes:
        amount = largest(w, number, w.prepared) if w.is_account(number) else 0
        if amount > MAX_VALUE:
            return Refusal(Reason.VALUE_OUT_OF_RANGE, Level.ACCOUNT, MAX_VALUE, amount)
    w.parameters = [[list(row) for row in rows] for rows in w.prepared]
    w.margins.clear()
    return None


def fault(tables: list[Rows]) -> tuple[int, int] | None:
    """(table, row) of what may not be used."""
    risk, contracts, commodities, periods, spreads, legs, shared = tables
    if not contracts or len(risk) != len(contracts):
        return store.RISK, 0
    if not commodities:
        return store.COMMODITY, 0
    ends = [[0, 0], *([c[at.LAST_PERIOD], c[at.LAST_SPREAD]] for c in commodities)]
    lengths = [len(periods), len(spreads)]
    for row, c in enumerate(commodities):
        begin, end = [c[at.FIRST_PERIOD], c[at.FIRST_SPREAD]], ends[row + 1]
        inside = zip(begin, end, lengths, strict=True)
        good = begin == ends[row] and all(first <= last <= most for first, last, most in inside)
        good &= row + 1 < len(commodities) or end == lengths
        good &= {c[at.CAPPED], c[at.UPFRONT], c[at.TIERED]} <= {0, 1}
        if not (good and 0 <= c[at.SHARE] <= 100 * BPS):
            return store.COMMODITY, row
    for row, c in enumerate(contracts):
        if c[at.OF] != at.NONE and not contract_sound(c, commodities):
            return store.CONTRACT, row
    for row, rates in enumerate(periods):
        if min(rates) < 0:
            return store.PERIOD, row
    for row, leg in enumerate(legs):
        if not leg_sound(leg, commodities):
            return store.LEG, row
    for number, c in enumerate(commodities):
        for row in range(c[at.FIRST_SPREAD], c[at.LAST_SPREAD]):
            first, last, rate = spreads[row]
            own = all(leg[at.LEG_OF] == number for leg in legs[max(0, first) : last])
            if rate < 0 or not together(legs, first, last) or not own:
                return store.SPREAD, row
    for row, (first, last, percent) in enumerate(shared):
        if not 0 <= percent <= BPS or not together(legs, first, last):
            return store.CREDITS, row
    return None


def contract_sound(c: list[int], commodities: Rows) -> bool:
    if not 0 <= c[at.OF] < len(commodities):
        return False
    own = commodities[c[at.OF]]
    good = own[at.FIRST_PERIOD] <= c[at.AT] < own[at.LAST_PERIOD]
    good = good and (c[at.OPTION] != 0 or c[at.VALUE] == c[at.MINIMUM] == 0)
    return good and min(c[at.VALUE], c[at.EXPOSURE], c[at.MINIMUM]) >= 0 <= c[at.OPTION] <= 2


def leg_sound(leg: list[int], commodities: Rows) -> bool:
    of, first, last, side, ratio = leg
    if not 0 <= of < len(commodities) or side not in (0, 1) or not 1 <= ratio <= MICRO**2:
        return False
    own = commodities[of]
    return first == last or own[at.FIRST_PERIOD] <= first < last <= own[at.LAST_PERIOD]


def together(legs: Rows, first: int, last: int) -> bool:
    """Legs that are there, none of which takes the deltas of another of its side."""
    if not 0 <= first < last <= len(legs):
        return False
    taken = [(leg[at.LEG_SIDE], period) for leg in legs[first:last]
             for period in range(leg[at.LEG_FIRST], leg[at.LEG_LAST])]  # fmt: skip
    return len(taken) == len(set(taken))
