"""Scenario margin of an exchange's accounts: sums that follow its position rows, change by change.

An account gets tables of its own when it first trades an instrument with MARGIN_MODEL SCENARIO: an
address as `risk.span.store` has it, whose parameters are those in force. They follow from position
rows and parameters, so they are no state. A position row's margin is what the row has added to the
margin of its account, change by change: the rows of an account sum up to its whole margin.
"""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import Level, MarginModel
from domain.jit import cold, kernel
from domain.limits import MAX_VALUE
from domain.tables import Table, bounds, core, instruments, nodes, portfolios, positions
from risk.admission.bounds import PORTFOLIO
from risk.exact import SATURATED, saturating_mul
from risk.span.columns import (
    AT,
    BASE,
    GIVEN,
    LARGE,
    NONE,
    OF,
    ROOM,
    SIZE,
    STRIDE,
    TOTALS,
    WHOLE,
)
from risk.span.orders import exchanged, keep, restore
from risk.span.requirement import assess, clear, gather
from risk.span.store import commodity_rows, contract_rows, kept_rows, total_rows

_MODEL, _SCENARIO = int(InstrumentAttr.MARGIN_MODEL), int(MarginModel.SCENARIO)
_ACCOUNT = int(Level.ACCOUNT)
_FORCE = 16 * int(Table.RISK)
_QUESTION = 1  # row of KEPT that takes the parts of a margin that is only asked for


@kernel
def in_force(s):
    """The parameters in force, as `risk.span.store` has them."""
    return s + _FORCE


@kernel
def by_scenarios(s, instrument):
    """Whether an instrument is margined by scenarios."""
    return instruments(s)[instrument, _MODEL] == _SCENARIO


@kernel
def has_contract(s, parameters, instrument):
    """Whether a set of parameters has a contract for an instrument."""
    contracts = contract_rows(parameters)
    return instrument < len(contracts) and contracts[instrument, OF] != NONE


@kernel
def portfolios_left(s):
    """How many more accounts can get tables."""
    if len(commodity_rows(in_force(s))) == 0:
        return np.int64(MAX_VALUE)
    head = portfolios(s)
    return head[ROOM] - head[GIVEN]


@kernel
def _of(s, account):
    """The tables of an account, which gets them when it has none."""
    head = portfolios(s)
    number = bounds(s)[account, PORTFOLIO]
    if number == 0:
        number = head[GIVEN] + 1
        head[GIVEN] = number
        bounds(s)[account, PORTFOLIO] = number
    return head[BASE] + (number - 1) * head[STRIDE]


@kernel
def lots_of(r):
    """Lots held, and lots of pending purchases and sales, of a position row."""
    return r["qty"], r["long_qty"] - r["qty"], r["short_qty"] + r["qty"]


@kernel
def _lots(position):
    return abs(position[0]) + position[1] + position[2]


@kernel
def _is_same(before, after):
    return before[0] == after[0] and before[1] == after[1] and before[2] == after[2]


@cold
def _enter(p, instrument, before, after):
    """Put a position in the place of another; returns by how much the account's margin rises."""
    exchanged(p, instrument, before, after)
    contract, total = contract_rows(p)[instrument], total_rows(p)[0]
    assess(p, contract[OF])
    whole = gather(p, total)
    added = whole - total[WHOLE]
    total[WHOLE] = whole
    total[LARGE] += (_lots(after) - _lots(before)) * contract[SIZE]
    return added


@cold
def commit(s, row, after):
    """Note that an account's row will hold `after` (held, open_buy, open_sell).

    Returns by how much the account's margin rises; the caller adds it to the row and those above.
    """
    r = positions(s)[row]
    before = lots_of(r)
    if _is_same(before, after):
        return np.int64(0)
    return _enter(_of(s, np.int64(r["node"])), np.int64(r["instrument"]), before, after)


@cold
def what_if(s, row, after):
    """By how much the account's margin would rise if its row held `after`; nothing changes."""
    r = positions(s)[row]
    before, instrument = lots_of(r), np.int64(r["instrument"])
    if _is_same(before, after):
        return np.int64(0)
    p = _of(s, np.int64(r["node"]))
    commodity, period = contract_rows(p)[instrument, OF], contract_rows(p)[instrument, AT]
    keep(p, commodity, period)
    exchanged(p, instrument, before, after)
    assess(p, commodity)
    added = gather(p, kept_rows(p)[_QUESTION]) - total_rows(p)[0, WHOLE]
    restore(p, commodity, period)
    return added


@kernel
def sums_left(s, row):
    """By how much the largest sum of the account of a row may still grow."""
    return MAX_VALUE - total_rows(_of(s, np.int64(positions(s)[row]["node"])))[0, LARGE]


@cold
def too_large(s, row, after):
    """What the largest sum of an account could come to if its row held `after`; 0 if it may."""
    r = positions(s)[row]
    p, before = _of(s, np.int64(r["node"])), _lots(lots_of(r))
    more = _lots(after) - before
    size = contract_rows(p)[np.int64(r["instrument"]), SIZE]
    found = total_rows(p)[0, LARGE] + saturating_mul(more, size)
    return found if more > 0 and found > MAX_VALUE else np.int64(0)


@kernel
def enter_row(s, row):
    """Add a row to the empty or half filled tables of its account; returns what it adds."""
    r = positions(s)[row]
    after = lots_of(r)
    zero = np.int64(0)
    if _lots(after) == 0:
        return zero
    nothing = zero, zero, zero
    return _enter(_of(s, np.int64(r["node"])), np.int64(r["instrument"]), nothing, after)


@kernel
def forget_all(s):
    """Empty the tables of all accounts."""
    head = portfolios(s)
    for number in range(head[GIVEN]):
        p = head[BASE] + number * head[STRIDE]
        clear(p)
        for column in range(TOTALS):
            total_rows(p)[0, column] = 0


@kernel
def first_row_too_large(s, parameters):
    """(account, amount) of the first account whose sums could become too large; (0, 0) if none."""
    zero = np.int64(0)
    for account in range(1, np.int64(core(s)[0]["nodes"]) + 1):
        if nodes(s)[account]["level"] != _ACCOUNT:
            continue
        found, row = zero, np.int64(nodes(s)[account]["first_position"])
        while row:
            r = positions(s)[row]
            instrument = np.int64(r["instrument"])
            if by_scenarios(s, instrument):
                size = contract_rows(parameters)[instrument, SIZE]
                found = min(found + saturating_mul(_lots(lots_of(r)), size), SATURATED)
            row = np.int64(r["next"])
        if found > MAX_VALUE:
            return np.int64(account), found
    return zero, zero


@kernel
def rebuild_portfolios(s):
    """Work out the tables of all accounts from the position rows: a restored state."""
    for account in range(1, np.int64(core(s)[0]["nodes"]) + 1):
        if nodes(s)[account]["level"] != _ACCOUNT:
            continue
        row = np.int64(nodes(s)[account]["first_position"])
        while row:
            if by_scenarios(s, np.int64(positions(s)[row]["instrument"])):
                enter_row(s, row)
            row = np.int64(positions(s)[row]["next"])
