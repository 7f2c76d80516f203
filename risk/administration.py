"""Commands that set the exchange up: nodes, instruments, algorithms, money, kill switches.

Each kernel takes a COMMAND record and returns a Reason, 0 if done. A refusal leaves the state as
it was and notes level, limit, observed and headroom in the candidate row.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import InstrumentType, Level, MarginModel, Reason, Scope
from domain.jit import kernel
from domain.limits import MAX_ALGOS, MAX_CASH, MAX_POSITION, MAX_PRICE, MAX_QTY, MAX_VALUE
from domain.tables import algos, books, core, instruments, node_limits, nodes, positions
from risk.admission.bounds import limits_changed
from risk.admission.refusal import refuse, refuse_plain
from risk.derived import derive_instrument
from risk.exact import value_of
from risk.fills import cash_flow, move_position
from risk.marking import add_margin, collateral, raise_peaks, review_reduction, shift
from risk.positions import position_row
from risk.settings import DEFAULT, INSTRUMENT_BOUNDS, NODE_BOUNDS, not_allowed, set_attribute
from risk.span.exchange import by_scenarios, commit, lots_of, sums_left, too_large

__all__ = [
    "algo_add",
    "deposit",
    "instrument_add",
    "kill_flag",
    "node_add",
    "rearm",
    "set_attribute",
    "withdraw",
]

_TYPE, _MULTIPLIER = int(InstrumentAttr.TYPE), int(InstrumentAttr.MULTIPLIER)
_MODEL, _CASH = int(InstrumentAttr.MARGIN_MODEL), int(MarginModel.CASH)
_CURRENCY = int(NodeAttr.CURRENCY)
_ACCOUNT, _FIRM, _TYPES = int(Level.ACCOUNT), int(Level.FIRM), len(InstrumentType)
_MARKET, _NODE, _INSTRUMENT = int(Scope.MARKET), int(Scope.NODE), int(Scope.INSTRUMENT)
_ALGO, _POSITION = int(Scope.ALGO), int(Scope.POSITION)
_ID_NOT_NEXT, _PARENT_INVALID = int(Reason.ID_NOT_NEXT), int(Reason.PARENT_INVALID)
_UNKNOWN_ENTITY, _UNKNOWN_ACCOUNT = int(Reason.UNKNOWN_ENTITY), int(Reason.UNKNOWN_ACCOUNT)
_UNKNOWN_SYMBOL = int(Reason.UNKNOWN_SYMBOL)
_INSUFFICIENT, _OUT_OF_RANGE = int(Reason.INSUFFICIENT_CASH), int(Reason.VALUE_OUT_OF_RANGE)
_DONE = np.int64(0)


@kernel
def node_add(s, cmd):
    """NODE_ADD: `entity` is the next number, `index` its Level, `parent` 0 or a higher node.

    The caller has made room for one more node.
    """
    c = core(s)[0]
    node = np.int64(cmd["entity"])
    parent, level = np.int64(cmd["parent"]), np.int64(cmd["index"])
    if node != c["nodes"] + 1:
        return refuse(s, _ID_NOT_NEXT, 0, np.int64(c["nodes"]) + 1, node, 0)
    if level < _ACCOUNT or level > _FIRM:
        return not_allowed(s, _FIRM, level)
    if parent < 0 or parent > c["nodes"]:
        return refuse_plain(s, _PARENT_INVALID)
    if parent and nodes(s)[parent]["level"] <= level:
        return refuse(s, _PARENT_INVALID, 0, level + 1, np.int64(nodes(s)[parent]["level"]), 0)
    c["nodes"] = node
    nodes(s)[node]["level"] = level
    nodes(s)[node]["parent"] = parent
    row = node_limits(s)[node]
    for column in range(len(NODE_BOUNDS)):
        row[column] = NODE_BOUNDS[column, DEFAULT]
    if parent:
        row[_CURRENCY] = node_limits(s)[parent, _CURRENCY]
    limits_changed(s, node)
    return _DONE


@kernel
def instrument_add(s, cmd):
    """INSTRUMENT_ADD: `entity` is the next number, `index` its InstrumentType; phase CLOSED."""
    c = core(s)[0]
    i, kind = np.int64(cmd["entity"]), np.int64(cmd["index"])
    if i != c["instruments"] + 1:
        return refuse(s, _ID_NOT_NEXT, 0, np.int64(c["instruments"]) + 1, i, 0)
    if kind < 1 or kind > _TYPES:
        return not_allowed(s, _TYPES, kind)
    c["instruments"] = i
    row = instruments(s)[i]
    for column in range(len(INSTRUMENT_BOUNDS)):
        row[column] = INSTRUMENT_BOUNDS[column, DEFAULT]
    row[_TYPE] = kind
    derive_instrument(s, i)
    return _DONE


@kernel
def algo_add(s, cmd):
    """ALGO_ADD: algorithm `entity` becomes known; adding it again changes nothing."""
    algo = np.int64(cmd["entity"])
    if algo < 1 or algo >= min(MAX_ALGOS, len(algos(s))):
        return not_allowed(s, MAX_ALGOS - 1, algo)
    algos(s)[algo]["known"] = 1
    return _DONE


@kernel
def _is_account(s, account):
    return 1 <= account <= core(s)[0]["nodes"] and nodes(s)[account]["level"] == _ACCOUNT


@kernel
def _move_cash(s, account, value):
    node = account
    while node:
        nodes(s)[node]["cash"] += value
        node = np.int64(nodes(s)[node]["parent"])
    review_reduction(s, account)


@kernel
def _money_check(s, cmd, most):
    account, value = np.int64(cmd["account"]), cmd["value"]
    if not _is_account(s, account):
        return refuse_plain(s, _UNKNOWN_ACCOUNT)
    if value < 1:
        return not_allowed(s, 1, value)
    if value > most:
        return not_allowed(s, most, value)
    return _DONE


@kernel
def _lots_check(s, cmd):
    """Account, instrument, price, lots and value of a position that goes in or out."""
    reason = _money_check(s, cmd, MAX_QTY)
    if reason:
        return reason
    i, price = np.int64(cmd["instrument"]), cmd["price"]
    if i < 1 or i > core(s)[0]["instruments"]:
        return refuse_plain(s, _UNKNOWN_SYMBOL)
    if price < 1 or price > MAX_PRICE:
        return not_allowed(s, min(max(price, 1), MAX_PRICE), price)
    value = value_of(cmd["value"], price, instruments(s)[i, _MULTIPLIER])
    if value > MAX_VALUE:
        return refuse(s, _OUT_OF_RANGE, 0, MAX_VALUE, value, MAX_VALUE)
    return _DONE


@kernel
def _position_after(s, cmd, row, side):
    """A row with the lots that go in or out."""
    r = positions(s)[row]
    held, buys, sells = lots_of(r)
    return held + (1 - 2 * side) * cmd["value"], buys, sells


@kernel
def _transfer(s, cmd, row, side):
    """Move lots at a price: cost, profit and lots as in a fill, no fee, no price paid."""
    i, account = np.int64(cmd["instrument"]), np.int64(cmd["account"])
    added = commit(s, row, _position_after(s, cmd, row, side)) if by_scenarios(s, i) else 0
    realised = move_position(s, row, side, cmd["price"], cmd["value"])
    add_margin(s, row, added)
    cash = cash_flow(s, i, side, np.int64(0), realised)
    node = account
    while node:
        nodes(s)[node]["cash"] += cash
        nodes(s)[node]["realised"] += realised
        node = np.int64(nodes(s)[node]["parent"])
    shift(s, row, 0, 0, 0, 0, 0)
    raise_peaks(s, row)
    review_reduction(s, account)


@kernel
def _transfer_within_bounds(s, cmd, row, side):
    """Move lots unless a position of the account or above would become too large."""
    at = row
    while at:
        r = positions(s)[at]
        after = (r["short_qty"] if side else r["long_qty"]) + cmd["value"]
        if after > MAX_POSITION:
            return not_allowed(s, MAX_POSITION, after)
        at = np.int64(r["parent"])
    if by_scenarios(s, np.int64(cmd["instrument"])):
        excess = too_large(s, row, _position_after(s, cmd, row, side))
        if excess:
            left = sums_left(s, row)
            return refuse(s, _OUT_OF_RANGE, cmd["account"], MAX_VALUE, excess, left)
    _transfer(s, cmd, row, side)
    return _DONE


@kernel
def _deposit_lots(s, cmd):
    reason = _lots_check(s, cmd)
    if reason:
        return reason
    row = position_row(s, np.int64(cmd["account"]), np.int64(cmd["instrument"]))
    return _transfer_within_bounds(s, cmd, row, 0)


@kernel
def _withdraw_lots(s, cmd):
    reason = _lots_check(s, cmd)
    if reason:
        return reason
    row = position_row(s, np.int64(cmd["account"]), np.int64(cmd["instrument"]))
    if instruments(s)[cmd["instrument"], _MODEL] != _CASH:
        return _transfer_within_bounds(s, cmd, row, 1)
    r = positions(s)[row]
    free = max(0, -r["short_qty"])
    if cmd["value"] > free:
        return refuse(s, _INSUFFICIENT, cmd["account"], free, cmd["value"], free)
    _transfer(s, cmd, row, 1)
    return _DONE


@kernel
def deposit(s, cmd):
    """DEPOSIT: `value` minor units, or with scope POSITION `value` lots at `price`."""
    if cmd["scope"] == _POSITION:
        return _deposit_lots(s, cmd)
    reason = _money_check(s, cmd, MAX_CASH)
    if reason:
        return reason
    node = np.int64(cmd["account"])
    while node:
        after = nodes(s)[node]["cash"] + cmd["value"]
        if after > MAX_CASH:
            return refuse(s, _OUT_OF_RANGE, node, MAX_CASH, after, MAX_CASH - after + cmd["value"])
        node = np.int64(nodes(s)[node]["parent"])
    _move_cash(s, np.int64(cmd["account"]), cmd["value"])
    return _DONE


@kernel
def withdraw(s, cmd):
    """WITHDRAW: not below zero cash, nor below what margin and fees held need."""
    if cmd["scope"] == _POSITION:
        return _withdraw_lots(s, cmd)
    reason = _money_check(s, cmd, MAX_CASH)
    if reason:
        return reason
    account = np.int64(cmd["account"])
    n = nodes(s)[account]
    free = min(n["cash"], collateral(s, account) - n["margin"] - n["hold_fee"])
    if cmd["value"] > free:
        return refuse(s, _INSUFFICIENT, account, free, cmd["value"], free)
    _move_cash(s, account, -cmd["value"])
    return _DONE


@kernel
def rearm(s, cmd):
    """REARM: release the repeated-execution throttle of node `entity` and empty its bucket."""
    node = np.int64(cmd["entity"])
    if node < 1 or node > core(s)[0]["nodes"]:
        return refuse_plain(s, _UNKNOWN_ENTITY)
    nodes(s)[node]["throttled"] = 0
    nodes(s)[node]["execution_tat"] = 0
    return _DONE


@kernel
def kill_flag(s, cmd, on):
    """KILL_ON / KILL_OFF: the flag of the market, a node, an instrument or an algorithm.

    The engine cancels what rests (SEC rule 15c3-5, MiFID II RTS 6 article 12).
    """
    c = core(s)[0]
    scope, entity = np.int64(cmd["scope"]), np.int64(cmd["entity"])
    flag = 1 if on else 0
    if scope == _MARKET:
        c["killed"] = flag
    elif scope == _NODE and 1 <= entity <= c["nodes"]:
        nodes(s)[entity]["killed"] = flag
    elif scope == _INSTRUMENT and 1 <= entity <= c["instruments"]:
        books(s)[entity]["killed"] = flag
    elif scope == _ALGO and 1 <= entity < len(algos(s)) and algos(s)[entity]["known"]:
        algos(s)[entity]["killed"] = flag
    else:
        return refuse_plain(s, _UNKNOWN_ENTITY)
    return _DONE
