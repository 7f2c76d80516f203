"""Kernels: the bytes of OrderEntryRequest messages into COMMAND rows, without objects between.

`s` is the address of (address, count) pairs, one for each table below, as in `domain.tables`. The
rows are seen four times, as cells of 8, 4, 2 and 1 bytes. What a message says and what is wrong
with it is left in NOTES.
"""

import numpy as np

from domain.codes import Command, Scope
from domain.jit import entry, kernel, table
from domain.layout import COMMAND
from server.codec.faults import MAX_GROUPS, Fault
from server.codec.slots import Message, Note, Slot
from server.codec.tables import EXEC_INST, FIELDS, FLAGS, REFUSED, Kind, place
from server.codec.wire import PAD, read_size, read_tag, read_varint, skip_value

_data = table(Slot.DATA, "u1")
_words = table(Slot.WORDS, "i8")
_ints = table(Slot.INTS, "i4")
_shorts = table(Slot.SHORTS, "u2")
_bytes = table(Slot.BYTES, "u1")
_notes = table(Slot.NOTES, "i8")
_fields = table(Slot.FIELDS, "i8")
_codes = table(Slot.CODES, "u1")
_scratch = table(Slot.SCRATCH, "i8")
_messages = table(Slot.MESSAGES, "i8", len(Message))
_may = table(Slot.MAY, "u1")

_ROW_WORDS = COMMAND.itemsize // 8
_SESSION, _ACCOUNT = place(COMMAND, "session"), place(COMMAND, "account")
_COMMAND, _SCOPE = place(COMMAND, "command"), place(COMMAND, "scope")
_MASS_CANCEL, _NODE = int(Command.MASS_CANCEL), int(Scope.NODE)
_BAD_AT, _BAD_VALUE = MAX_GROUPS, MAX_GROUPS + FIELDS  # places in SCRATCH, behind the groups

_PACKED = EXEC_INST << 3 | 2
_INT64_MAX = 2**63 - 1

_INT64, _SINT64, _INT32 = int(Kind.INT64), int(Kind.SINT64), int(Kind.INT32)
_CODE, _BYTE, _FLAGS = int(Kind.CODE), int(Kind.BYTE), int(Kind.FLAGS)
_TRUNCATED, _VARINT, _TAG = int(Fault.TRUNCATED), int(Fault.VARINT), int(Fault.TAG)
_UNKNOWN_CODE, _OUT_OF_RANGE = int(Fault.UNKNOWN_CODE), int(Fault.OUT_OF_RANGE)
_MISSING, _TOO_MANY = int(Fault.MISSING), int(Fault.TOO_MANY)
_COMPRESSED, _TOO_LONG = int(Fault.COMPRESSED), int(Fault.TOO_LONG)

_FAULT, _AT, _ROW = int(Note.FAULT), int(Note.POSITION), int(Note.COMMAND)
_FIELD, _VALUE = int(Note.FIELD), int(Note.VALUE)
_SEQ, _CONTROL = int(Note.MSG_SEQ_NUM), int(Note.CONTROL)
_OF_SESSION, _OF_ACCOUNT, _ODD = int(Note.SESSION), int(Note.ACCOUNT), int(Note.ODD)
_M_START, _M_STOP, _M_ROW = int(Message.START), int(Message.STOP), int(Message.ROW)
_M_ROWS, _M_SEQ, _M_CONTROL = int(Message.ROWS), int(Message.MSG_SEQ_NUM), int(Message.CONTROL)


@kernel
def refuse(s, fault, at, row, field):
    """Note what is wrong and where; returns -1."""
    notes = _notes(s)
    notes[_FAULT] = fault
    notes[_AT] = at
    notes[_ROW] = row
    notes[_FIELD] = field
    return np.int64(-1)


@kernel
def _spoil(s, field, at, value, bad):
    """Remember that a field's value is none of its codes; returns the set of bad fields.

    The last value of several wins, good or bad, except for flags, which add up.
    """
    bit = np.int64(1) << field
    if bad & bit == 0 or field != EXEC_INST:
        _scratch(s)[_BAD_AT + field] = at
        _scratch(s)[_BAD_VALUE + field] = value
    return bad | bit


@kernel
def _low(value):
    """The low 32 bits with their sign, as protobuf cuts a varint for a 32-bit field."""
    return ((value & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


@kernel
def _take_code(s, row, field, at, value, bad):
    """A code beyond the table, a byte or a flag into its cell; returns the set of bad fields."""
    short = _low(value)
    kind = _fields(s)[field * 24]
    cell = _fields(s)[field * 24 + 1]
    if kind == _FLAGS:
        if short & FLAGS != short or short & (short - 1):
            return _spoil(s, field, at, value, bad)
        shorts = _shorts(s)
        shorts[row * (4 * _ROW_WORDS) + cell] |= short
        return bad
    code = short
    if short < 0 or short > 255:
        return _spoil(s, field, at, value, bad)
    if kind == _CODE:
        if short > 127 or _codes(s)[_fields(s)[field * 24 + 2] + short] == REFUSED:
            return _spoil(s, field, at, value, bad)
        code = np.int64(_codes(s)[_fields(s)[field * 24 + 2] + short])
    _bytes(s)[row * (8 * _ROW_WORDS) + cell] = code
    return bad & ~(np.int64(1) << field)


@kernel
def _take_packed(s, row, field, at, end, bad):
    """Read packed flags; (position behind them or -1 with a note, the set of bad fields)."""
    begin = at
    size, at = read_size(_data(s), at)
    if at < 0:
        return refuse(s, _VARINT, begin, row, field), bad
    if at > end or size < 0 or size > end - at:
        return refuse(s, _TRUNCATED, begin, row, field), bad
    stop = at + size
    while at < stop:
        begin = at
        value, at = read_varint(_data(s), at)
        if at < 0:
            return refuse(s, _VARINT, begin, row, field), bad
        if at > stop:
            return refuse(s, _TRUNCATED, begin, row, field), bad
        bad = _take_code(s, row, field, begin, value, bad)
    return at, bad


@kernel
def _judge(s, row, at, bad):
    """What a complete command still lacks; returns 0, or -1 with a note."""
    if bad:
        field = np.int64(1)
        while bad >> field & 1 == 0:
            field += 1
        _notes(s)[_VALUE] = _scratch(s)[_BAD_VALUE + field]
        fault = _OUT_OF_RANGE if _fields(s)[field * 24] == _BYTE else _UNKNOWN_CODE
        return refuse(s, fault, _scratch(s)[_BAD_AT + field], row, field)
    cells = _bytes(s)
    first = row * (8 * _ROW_WORDS)
    if cells[first + _COMMAND] == 0:
        return refuse(s, _MISSING, at, row, 1)
    ints = _ints(s)
    ints[row * (2 * _ROW_WORDS) + _SESSION] = _notes(s)[_OF_SESSION]
    account = row * (2 * _ROW_WORDS) + _ACCOUNT
    sweep = cells[first + _COMMAND] == _MASS_CANCEL
    if ints[account] == 0 and not (sweep and cells[first + _SCOPE] == _NODE):
        ints[account] = _notes(s)[_OF_ACCOUNT]
    node, may = np.int64(ints[account]), _may(s)
    if sweep or node < 0 or node >= len(may) or may[node] == 0:
        _notes(s)[_ODD] += 1
    return np.int64(0)


@kernel
def _take_other(s, row, at, end, tag, bad):
    """Packed flags and unknown fields; (position behind or -1 with a note, the bad fields)."""
    if tag == _PACKED:
        return _take_packed(s, row, tag >> 3, at, end, bad)
    at, fault = skip_value(_data(s), at, end, tag, _scratch(s))
    if fault:
        return refuse(s, fault, at, row, tag >> 3), bad
    return at, bad


@kernel
def decode_command(s, start, end, row):
    """One OrderCommand into one row; returns 0, or -1 with a note."""
    data = _data(s)
    words = _words(s)
    plan = _fields(s)
    base = row * _ROW_WORDS
    for word in range(_ROW_WORDS):
        words[base + word] = 0
    at = start
    bad = np.int64(0)
    while at < end:
        begin = at
        tag = np.int64(data[at])
        at += 1
        if tag > 127 or tag < 8:
            tag, at = read_tag(data, begin)
            if at < 0:
                return refuse(s, _TAG, begin, row, 0)
            if at > end:
                return refuse(s, _TRUNCATED, begin, row, 0)
        kind = plan[tag * 3] if tag < 8 * FIELDS else np.int64(0)
        begin = at
        if kind == 0:
            at, bad = _take_other(s, row, at, end, tag, bad)
            if at < 0:
                return np.int64(-1)
            continue
        value = np.int64(data[at])
        at += 1
        if value > 127:
            value, at = read_varint(data, begin)
            if at < 0:
                return refuse(s, _VARINT, begin, row, tag >> 3)
        if at > end:
            return refuse(s, _TRUNCATED, begin, row, tag >> 3)
        if kind == _INT64:
            words[base + plan[tag * 3 + 1]] = value
        elif kind == _INT32:
            _ints(s)[2 * base + plan[tag * 3 + 1]] = _low(value)
        elif kind == _SINT64:
            words[base + plan[tag * 3 + 1]] = (value >> 1) & _INT64_MAX ^ -(value & 1)
        else:
            bad = _take_code(s, row, tag >> 3, begin, value, bad)
    return _judge(s, row, end, bad)


@kernel
def decode_request(s, start, end, row):
    """One OrderEntryRequest into rows from `row` on; returns the next row, or -1 with a note.

    NOTES has the sequence number, and a set of the control fields (bit = field number) that are
    there: the caller reads such a message again with the generated code.
    """
    data = _data(s)
    notes = _notes(s)
    notes[_SEQ] = 0
    notes[_CONTROL] = 0
    first = row
    room = len(_words(s)) // _ROW_WORDS
    at = start
    while at < end:
        begin = at
        tag, at = read_tag(data, at)
        if at < 0:
            return refuse(s, _TAG, begin, -1, 0)
        if at > end:
            return refuse(s, _TRUNCATED, begin, -1, 0)
        begin = at
        if tag == 2 << 3 | 2:
            size, at = read_size(data, at)
            if at < 0:
                return refuse(s, _VARINT, begin, row, 0)
            if at > end or size < 0 or size > end - at:
                return refuse(s, _TRUNCATED, begin, row, 0)
            if row >= room:
                return refuse(s, _TOO_MANY, begin, row, 0)
            if decode_command(s, at, at + size, row) < 0:
                return np.int64(-1)
            at += size
            row += 1
        elif tag == 1 << 3:
            value, at = read_varint(data, at)
            if at < 0 or at > end:
                return refuse(s, _VARINT if at < 0 else _TRUNCATED, begin, -1, 1)
            notes[_SEQ] = value
        else:
            at, fault = skip_value(data, at, end, tag, _scratch(s))
            if fault:
                return refuse(s, fault, at, -1, tag >> 3)
            if tag & 7 == 2 and tag >> 3 <= 6:
                notes[_CONTROL] |= np.int64(1) << (tag >> 3)
    notes[_ROW] = first
    return row


@kernel
def _body(s, at, stop, limit):
    """Where the gRPC message ends whose prefix is at `at`; -1: not complete, or refused."""
    data = _data(s)
    if stop - at < 5:
        return np.int64(-1)
    size = np.int64(0)
    for byte in range(1, 5):
        size = size << 8 | np.int64(data[at + byte])
    if data[at]:
        return refuse(s, _COMPRESSED, at, -1, 0)
    if size > limit:
        _notes(s)[_VALUE] = size
        return refuse(s, _TOO_LONG, at, -1, 0)
    return at + 5 + size if size <= stop - at - 5 else np.int64(-1)


@kernel
def _found(s, count, start, stop, row, after):
    """Enter a message that was read into MESSAGES; returns where the next one may begin."""
    found = _messages(s)
    notes = _notes(s)
    found[count, _M_START] = start
    found[count, _M_STOP] = stop
    found[count, _M_ROW] = row
    found[count, _M_ROWS] = after - row
    found[count, _M_SEQ] = notes[_SEQ]
    found[count, _M_CONTROL] = notes[_CONTROL]
    return stop


@entry
def decode(s, start, stop, limit):
    """Decode gRPC messages, or with a negative `limit` one message without the prefix.

    DATA[start:stop] is cut into messages; a gRPC message has 5 bytes in front: a flag, 1 for
    compressed, and its length, big-endian. Each complete one gets a row of MESSAGES; returns how
    many. It ends at a message that is not complete, when MESSAGES or the rows are full, and at one
    that is longer than `limit` bytes or cannot be read: then NOTES has the fault. The row of
    MESSAGES behind the last tells where to go on.
    """
    notes = _notes(s)
    found = _messages(s)
    notes[_FAULT] = notes[_ODD] = 0
    at = start
    row = np.int64(0)
    count = np.int64(0)
    if stop + PAD > len(_data(s)):
        refuse(s, _TOO_LONG, at, -1, 0)
    elif limit < 0:
        row = decode_request(s, start, stop, 0)
        if row >= 0:
            at = _found(s, 0, start, stop, 0, row)
            count += 1
    else:
        while count < len(found) - 1:
            body = _body(s, at, stop, limit)
            if body < 0:
                break
            after = decode_request(s, at + 5, body, row)
            if after < 0:
                if notes[_FAULT] == _TOO_MANY and row > 0:
                    notes[_FAULT] = 0  # what came before is to be dealt with first
                break
            at = _found(s, count, at + 5, body, row, after)
            row = after
            count += 1
    found[count, _M_START] = at
    found[count, _M_ROW] = row
    return count
