"""Kernels: the bytes of OrderEntryResponse messages into REPORT rows, for a client.

`s` is as in `server.codec.commands`; FIELDS is the plan of `tables.responses`.
"""

import numpy as np

from domain.jit import entry, kernel, table
from domain.layout import REPORT
from server.codec.faults import Fault
from server.codec.slots import Message, Note, Slot
from server.codec.tables import FIELDS, ZERO, Kind
from server.codec.wire import PAD, read_size, read_tag, read_varint, skip_value

_data = table(Slot.DATA, "u1")
_words = table(Slot.WORDS, "i8")
_ints = table(Slot.INTS, "i4")
_shorts = table(Slot.SHORTS, "u2")
_bytes = table(Slot.BYTES, "u1")
_notes = table(Slot.NOTES, "i8")
_fields = table(Slot.FIELDS, "i8")
_scratch = table(Slot.SCRATCH, "i8")
_messages = table(Slot.MESSAGES, "i8", len(Message))

_ROW_WORDS = REPORT.itemsize // 8
_INT64, _SINT64, _INT32 = int(Kind.INT64), int(Kind.SINT64), int(Kind.INT32)
_SHORT, _CODE_ZERO = int(Kind.SHORT), int(Kind.CODE_ZERO)
_INT64_MAX = 2**63 - 1
_FAULT, _SEQ, _CONTROL = int(Note.FAULT), int(Note.MSG_SEQ_NUM), int(Note.CONTROL)
_PROCESSED = int(Note.PROCESSED)
_TRUNCATED, _TOO_MANY, _TOO_LONG = int(Fault.TRUNCATED), int(Fault.TOO_MANY), int(Fault.TOO_LONG)
_COMPRESSED = int(Fault.COMPRESSED)
_M_START, _M_STOP, _M_ROW = int(Message.START), int(Message.STOP), int(Message.ROW)
_M_ROWS, _M_SEQ, _M_CONTROL = int(Message.ROWS), int(Message.MSG_SEQ_NUM), int(Message.CONTROL)


@kernel
def _bad(s, fault):
    """Note a fault; returns -1."""
    _notes(s)[_FAULT] = fault
    return np.int64(-1)


@kernel
def _put(s, word, kind, cell, value):
    """A varint into its cell; the row begins at this word."""
    if kind == _INT64:
        _words(s)[word + cell] = value
    elif kind == _SINT64:
        _words(s)[word + cell] = (value >> 1) & _INT64_MAX ^ -(value & 1)
    elif kind == _INT32:
        _ints(s)[2 * word + cell] = value
    elif kind == _SHORT:
        _shorts(s)[4 * word + cell] = value
    elif kind == _CODE_ZERO and value == ZERO:
        _bytes(s)[8 * word + cell] = 0
    else:
        _bytes(s)[8 * word + cell] = value


@kernel
def _report(s, at, end, row):
    """One Report into one row; returns 0, or -1 with a note."""
    data = _data(s)
    plan = _fields(s)
    base = row * _ROW_WORDS
    for word in range(_ROW_WORDS):
        _words(s)[base + word] = 0
    while at < end:
        tag, at = read_tag(data, at)
        if at < 0 or at > end:
            return _bad(s, _TRUNCATED)
        kind = plan[3 * tag] if tag < 8 * (FIELDS + 1) else np.int64(0)
        if kind == 0:
            at, fault = skip_value(data, at, end, tag, _scratch(s))
            if fault:
                return _bad(s, fault)
            continue
        value, at = read_varint(data, at)
        if at < 0 or at > end:
            return _bad(s, _TRUNCATED)
        _put(s, base, kind, plan[3 * tag + 1], value)
    return np.int64(0)


@kernel
def _response(s, at, end, row):
    """One OrderEntryResponse into rows from `row` on; returns the next row, or -1 with a note."""
    data = _data(s)
    notes = _notes(s)
    notes[_SEQ] = 0
    notes[_CONTROL] = 0
    room = len(_words(s)) // _ROW_WORDS
    while at < end:
        tag, at = read_tag(data, at)
        if at < 0 or at > end:
            return _bad(s, _TRUNCATED)
        if tag == 2 << 3 | 2:
            size, at = read_size(data, at)
            if at < 0 or at > end or size < 0 or size > end - at:
                return _bad(s, _TRUNCATED)
            if row >= room:
                return _bad(s, _TOO_MANY)
            if _report(s, at, at + size, row) < 0:
                return np.int64(-1)
            at += size
            row += 1
        elif tag & 7 == 0:
            value, at = read_varint(data, at)
            if at < 0 or at > end:
                return _bad(s, _TRUNCATED)
            if tag >> 3 == 1:
                notes[_SEQ] = value
            elif tag >> 3 == 3:
                notes[_PROCESSED] = value
        else:
            if tag >> 3 < 32:
                notes[_CONTROL] |= np.int64(1) << (tag >> 3)
            at, fault = skip_value(data, at, end, tag, _scratch(s))
            if fault:
                return _bad(s, fault)
    return row


@entry
def read(s, start, stop):
    """Read the complete gRPC messages in DATA[start:stop]; returns how many.

    Rows and MESSAGES are as `commands.decode` leaves them; NOTES has the last number that was
    processed. It ends when either is full, and at a message that cannot be read: then there is a
    fault.
    """
    data = _data(s)
    notes = _notes(s)
    found = _messages(s)
    notes[_FAULT] = 0
    at = start
    row = np.int64(0)
    count = np.int64(0)
    if stop + PAD > len(data):
        _bad(s, _TOO_LONG)
        stop = start
    while count < len(found) - 1 and stop - at >= 5:
        size = np.int64(0)
        for byte in range(1, 5):
            size = size << 8 | np.int64(data[at + byte])
        if data[at]:
            _bad(s, _COMPRESSED)
            break
        if size > stop - at - 5:
            break
        after = _response(s, at + 5, at + 5 + size, row)
        if after < 0:
            if notes[_FAULT] == _TOO_MANY and row > 0:
                notes[_FAULT] = 0
            break
        found[count, _M_START] = at + 5
        found[count, _M_STOP] = at + 5 + size
        found[count, _M_ROW] = row
        found[count, _M_ROWS] = after - row
        found[count, _M_SEQ] = notes[_SEQ]
        found[count, _M_CONTROL] = notes[_CONTROL]
        at += 5 + size
        row = after
        count += 1
    found[count, _M_START] = at
    found[count, _M_ROW] = row
    return count
