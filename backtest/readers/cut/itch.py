"""The kernel that cuts NASDAQ TotalView-ITCH 5.0 messages into FACT rows.

A file is a sequence of (2-byte big-endian length, message). All integers are big-endian. Every
message starts with type (1 byte), stock locate (2), tracking number (2) and nanoseconds since
midnight (6). Offsets below count from the type byte; they are those of the specification.
"""

import numpy as np

from backtest.readers.facts import ZERO_REF, FactKind
from domain.codes import Side
from domain.jit import entry, kernel

OK = 0
UNKNOWN_TYPE = 1
WRONG_LENGTH = 2
HUGE_REF = 3
BAD_SIDE = 4
BAD_STATE = 5
MAX_LOCATES = 65_536

NOTE, ADD, REDUCE = int(FactKind.NOTE), int(FactKind.ADD), int(FactKind.REDUCE)
DELETE, EXECUTE = int(FactKind.DELETE), int(FactKind.EXECUTE)
REPLACE, TRADE = int(FactKind.REPLACE), int(FactKind.TRADE)
HALT, RESUME = int(FactKind.HALT), int(FactKind.RESUME)
BUY, SELL = int(Side.BUY), int(Side.SELL)
TYPE_A, TYPE_F, TYPE_E, TYPE_C, TYPE_X, TYPE_D, TYPE_U, TYPE_P, TYPE_Q, TYPE_R, TYPE_H = (
    65, 70, 69, 67, 88, 68, 85, 80, 81, 82, 72,
)  # fmt: skip
LETTER_B, LETTER_S, LETTER_T, LETTER_N = 66, 83, 84, 78


@kernel
def big(data, at, size):
    """The big-endian unsigned integer in data[at:at + size]; wraps negative from 2**63 on."""
    value = np.int64(0)
    for k in range(at, at + size):
        value = (value << np.int64(8)) | np.int64(data[k])
    return value


@kernel
def reference(data, at):
    """An order reference: 0 becomes ZERO_REF, and 2**63 or more is negative."""
    ref = big(data, at, 8)
    return ref if ref != 0 else np.int64(ZERO_REF)


@entry
def cut(data, lengths, directory, wanted, out, counts, state):
    """Cut whole messages of `data` into rows of `out`; returns (rows, bytes used).

    `lengths[type]` is the length of each known message, 0 for none. `directory` has a row for
    each stock locate: (instrument number or -1 if not wanted, symbol as eight bytes);
    `wanted` are such symbols, none means all. `counts[type]` counts messages. `state` =
    (status, instruments so far, file offset of data[0]); on a status other than OK the message
    at "bytes used" was not understood. A row's place is the byte offset of the message's length
    field.
    """
    rows, at, width = 0, 0, len(data)
    state[0] = OK
    while rows < len(out) and at + 2 < width:
        length = np.int64(big(data, at, 2))
        kind = data[at + 2]
        if lengths[kind] == 0:
            state[0] = UNKNOWN_TYPE
            break
        if length == 0:  # not stated: some writers leave it to the type
            length = lengths[kind]
        if lengths[kind] != length:
            state[0] = WRONG_LENGTH
            break
        if at + 2 + length > width:
            break
        made = message(data, at + 2, directory, wanted, out[rows], state)
        if state[0] != OK:
            break
        if made:
            out[rows]["place"] = state[2] + at
            rows += 1
        counts[kind] += 1
        at += 2 + length
    return rows, at


@kernel
def listed(symbol, wanted):
    """Whether the symbol is one of those asked for."""
    if len(wanted) == 0:
        return True
    found = False
    for k in range(len(wanted)):
        found = found or wanted[k] == symbol
    return found


@kernel
def instrument_of(locate, symbol, directory, wanted, state):
    """Number of the instrument with this stock locate, a new one if need be; -1 not wanted."""
    number = directory[locate, 0]
    if number == 0:
        if listed(symbol, wanted):
            state[1] += 1
            number = state[1]
        else:
            number = np.int64(-1)
        directory[locate, 0] = number
        directory[locate, 1] = symbol
    return number


@kernel
def message(data, at, directory, wanted, out, state):
    """Turn the message at `at` into the row `out`; False if it says nothing about a book."""
    kind = data[at]
    symbol = np.int64(0)
    if kind == TYPE_R or kind == TYPE_H:
        symbol = big(data, at + 11, 8)
    elif kind == TYPE_A or kind == TYPE_F or kind == TYPE_P:
        symbol = big(data, at + 24, 8)
    elif kind == TYPE_Q:
        symbol = big(data, at + 19, 8)
    elif not (
        kind == TYPE_E or kind == TYPE_C or kind == TYPE_X or kind == TYPE_D or kind == TYPE_U
    ):
        return False
    number = instrument_of(big(data, at + 1, 2), symbol, directory, wanted, state)
    if number < 0:
        return False
    out["instrument"] = number
    out["time"] = big(data, at + 5, 6)
    out["new_ref"] = 0
    out["side"] = 0
    out["price"] = 0
    out["qty"] = 0
    out["ref"] = 0
    if kind == TYPE_R or kind == TYPE_H or kind == TYPE_Q:
        return notice(data, at, out, state)
    out["ref"] = reference(data, at + 11)
    if out["ref"] < 0:
        state[0] = HUGE_REF
        return False
    return order_message(data, at, out, state)


@kernel
def notice(data, at, out, state):
    """Stock directory, trading action, cross trade."""
    kind = data[at]
    if kind == TYPE_R:
        out["kind"] = NOTE
    elif kind == TYPE_H:
        trading = data[at + 19]
        if trading < 65 or trading > 90:
            state[0] = BAD_STATE
            return False
        out["kind"] = RESUME if trading == LETTER_T else HALT
    else:
        out["kind"] = TRADE
        out["qty"] = big(data, at + 11, 8)
        out["price"] = big(data, at + 27, 4)
        if out["qty"] < 0:
            state[0] = HUGE_REF
            return False
    return True


@kernel
def order_message(data, at, out, state):
    """Add, execute, cancel, delete, replace, and the trade of an order that is not displayed."""
    kind = data[at]
    if kind == TYPE_A or kind == TYPE_F or kind == TYPE_P:
        side = data[at + 19]
        if side != LETTER_B and side != LETTER_S:
            state[0] = BAD_SIDE
            return False
        out["kind"] = TRADE if kind == TYPE_P else ADD
        out["side"] = BUY if side == LETTER_B else SELL
        out["qty"] = big(data, at + 20, 4)
        out["price"] = big(data, at + 32, 4)
    elif kind == TYPE_E:
        out["kind"] = EXECUTE
        out["qty"] = big(data, at + 19, 4)
    elif kind == TYPE_C:  # at another price than displayed; not printable: part of a cross
        out["kind"] = REDUCE if data[at + 31] == LETTER_N else EXECUTE
        out["qty"] = big(data, at + 19, 4)
        out["price"] = big(data, at + 32, 4)
    elif kind == TYPE_X:
        out["kind"] = REDUCE
        out["qty"] = big(data, at + 19, 4)
    elif kind == TYPE_D:
        out["kind"] = DELETE
    else:
        out["kind"] = REPLACE
        out["new_ref"] = reference(data, at + 19)
        out["qty"] = big(data, at + 27, 4)
        out["price"] = big(data, at + 31, 4)
        if out["new_ref"] < 0:
            state[0] = HUGE_REF
            return False
    return True
