"""SET of scope MARGIN: the parameters of scenario margin, cell by cell, and then in force at once.

The set that is being prepared is never used. Putting it in force checks every row; when one is
bad the command is refused and the set in force stays. When it is good, it is copied, and the
margin of every account is worked out anew. Python has given the set in force the same shape
before (`set_that_is_wanted`).
"""

import numpy as np

from domain.attributes import MARGIN_ROWS
from domain.codes import Reason
from domain.jit import cold, kernel
from domain.limits import MAX_INSTRUMENTS, MAX_VALUE
from domain.tables import Table, core
from risk.admission.refusal import refuse, refuse_plain
from risk.marking import mark_anew
from risk.span.columns import COMMODITIES, LEGS, NONE, OF, PERIODS, SCENARIOS, SIZE, SPREADS
from risk.span.exchange import (
    by_scenarios,
    first_row_too_large,
    forget_all,
    has_contract,
    in_force,
)
from risk.span.soundness import first_fault, measure
from risk.span.store import (
    COMMODITY,
    CONTRACT,
    CREDITS,
    LEG,
    PERIOD,
    RISK,
    SPREAD,
    commodity_rows,
    contract_rows,
    credit_rows,
    leg_rows,
    period_rows,
    risk_rows,
    spread_rows,
)

TABLES = CREDITS + 1  # `entity` is the number of a table and one more; 0 is the whole set
_NEXT, _FORCE = int(Table.NEXT_RISK), int(Table.RISK)
_WIDTHS = np.array(
    [SCENARIOS, SIZE, COMMODITIES, PERIODS, SPREADS, LEGS, SPREADS], np.int64
)  # columns that may be set
_UNKNOWN_ENTITY, _UNKNOWN_ATTRIBUTE = int(Reason.UNKNOWN_ENTITY), int(Reason.UNKNOWN_ATTRIBUTE)
_NOT_ALLOWED, _OUT_OF_RANGE = int(Reason.VALUE_NOT_ALLOWED), int(Reason.VALUE_OUT_OF_RANGE)
_DONE = np.int64(0)


@kernel
def _next(s):
    """The parameters that are being prepared."""
    return s + 16 * _NEXT


@kernel
def _rows(p, number):
    """How many rows a table of a set of parameters has."""
    if number == RISK:
        return len(risk_rows(p))
    if number == CONTRACT:
        return len(contract_rows(p))
    if number == COMMODITY:
        return len(commodity_rows(p))
    if number == PERIOD:
        return len(period_rows(p))
    if number == SPREAD:
        return len(spread_rows(p))
    return len(leg_rows(p)) if number == LEG else len(credit_rows(p))


@cold
def _write(p, number, row, column, value):
    if number == RISK:
        risk_rows(p)[row, column] = value
    elif number == CONTRACT:
        contract_rows(p)[row, column] = value
    elif number == COMMODITY:
        commodity_rows(p)[row, column] = value
    elif number == PERIOD:
        period_rows(p)[row, column] = value
    elif number == SPREAD:
        spread_rows(p)[row, column] = value
    elif number == LEG:
        leg_rows(p)[row, column] = value
    else:
        credit_rows(p)[row, column] = value


@cold
def _read(p, number, row, column):
    if number == RISK:
        return risk_rows(p)[row, column]
    if number == CONTRACT:
        return contract_rows(p)[row, column]
    if number == COMMODITY:
        return commodity_rows(p)[row, column]
    if number == PERIOD:
        return period_rows(p)[row, column]
    if number == SPREAD:
        return spread_rows(p)[row, column]
    return leg_rows(p)[row, column] if number == LEG else credit_rows(p)[row, column]


@kernel
def _begin_table(s, number, rows):
    """Empty a table, which Python has given so many rows."""
    for row in range(rows):
        for column in range(_WIDTHS[number]):
            _write(_next(s), number, row, column, 0)
        if number == CONTRACT:
            contract_rows(_next(s))[row, OF] = NONE
            contract_rows(_next(s))[row, SIZE] = 0
    return _DONE


@cold
def _in_force_refusal(s, value):
    """Why the prepared set may not be put in force; 0 if it may. Works out its sizes."""
    p = _next(s)
    if value != 1:
        return refuse(s, _NOT_ALLOWED, 0, 1, value, 0)
    number, row = first_fault(p)
    if number >= 0:
        return refuse(s, _NOT_ALLOWED, 0, number + 1, row, 0)
    for instrument in range(1, np.int64(core(s)[0]["instruments"]) + 1):
        if by_scenarios(s, instrument) and not has_contract(s, p, instrument):
            return refuse(s, _NOT_ALLOWED, 0, CONTRACT + 1, np.int64(instrument), 0)
    measure(p)
    account, amount = first_row_too_large(s, p)
    if account:
        return refuse(s, _OUT_OF_RANGE, account, MAX_VALUE, amount, 0)
    return _DONE


@kernel
def _is_new_shape(s):
    new = False
    for number in range(TABLES):
        new |= _rows(_next(s), number) != _rows(in_force(s), number)
    return new


@cold
def table_wanted(s, cmd):
    """The table that Python must make before a SET of scope MARGIN can begin; 0 if none.

    CORE.want_rows says how many rows it must have; of the set in force, as many as the other has.
    """
    number, value = np.int64(cmd["entity"]), cmd["value"]
    if number == 0:
        wanted = _in_force_refusal(s, value) == 0 and _is_new_shape(s)
        return np.int64(_FORCE) if wanted else np.int64(0)
    if cmd["attribute"] != MARGIN_ROWS or number < 1 or number > TABLES:
        return np.int64(0)
    if value < 0 or value > MAX_INSTRUMENTS + 1 or value == _rows(_next(s), number - 1):
        return np.int64(0)
    core(s)[0]["want_rows"] = value
    return _NEXT + number - 1


@kernel
def _put_in_force(s, value):
    reason = _in_force_refusal(s, value)
    if reason:
        return reason
    p, to = _next(s), in_force(s)
    forget_all(s)
    for number in range(TABLES):
        columns = _WIDTHS[number] + (number == CONTRACT)
        for row in range(_rows(p, number)):
            for column in range(columns):
                _write(to, number, row, column, _read(p, number, row, column))
    mark_anew(s)
    return _DONE


@cold
def set_parameter(s, cmd):
    """SET of scope MARGIN; returns the reason of a refusal."""
    number, row = np.int64(cmd["entity"]), np.int64(cmd["index"])
    column, value = np.int64(cmd["attribute"]), cmd["value"]
    if number < 0 or number > TABLES:
        return refuse_plain(s, _UNKNOWN_ENTITY)
    if number == 0:
        return _put_in_force(s, value)
    number -= 1
    if column == MARGIN_ROWS:
        if value < 0 or value > MAX_INSTRUMENTS + 1:
            return refuse(s, _NOT_ALLOWED, 0, MAX_INSTRUMENTS + 1, value, 0)
        return _begin_table(s, number, value)
    if column >= _WIDTHS[number]:
        return refuse_plain(s, _UNKNOWN_ATTRIBUTE)
    rows = _rows(_next(s), number)
    if row < 0 or row >= rows:
        return refuse(s, _NOT_ALLOWED, 0, rows - 1, row, 0)
    if value > MAX_VALUE or value < -MAX_VALUE:
        return refuse(s, _NOT_ALLOWED, 0, MAX_VALUE if value > 0 else -MAX_VALUE, value, 0)
    _write(_next(s), number, row, column, value)
    return _DONE
