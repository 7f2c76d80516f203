"""Kernels: REPORT and MARKET rows into the bytes of messages, each row once.

A row becomes one element of a repeated field number 2, tag and length included, whatever message
it will be part of (OrderEntryResponse, DropCopyResponse and SubscribeResponse all have that
field). A reply is then a sequence number, field 1, the elements that it is made of, and a few
varints behind. `s` is as in `server.codec.commands`.
"""

import numpy as np

from domain.jit import entry, kernel, table
from server.codec.slots import Slot
from server.codec.tables import ZERO, Kind
from server.codec.wire import write_varint

ROOM = 400  # bytes that one row can take: 32 fields of 2 bytes of tag and 10 of value, and a head
HEAD_ROOM = 96  # bytes that prefix, sequence number and the fields behind can take
PREFIX = 5  # bytes: a flag and a length
HEAD_FIELDS = 8  # field numbers below this may be told in HEAD

_data = table(Slot.DATA, "u1")
_words = table(Slot.WORDS, "i8")
_ints = table(Slot.INTS, "i4")
_shorts = table(Slot.SHORTS, "u2")
_bytes = table(Slot.BYTES, "u1")
_starts = table(Slot.STARTS, "i8")
_steps = table(Slot.STEPS, "i8")
_offsets = table(Slot.OFFSETS, "i8")
_picks = table(Slot.PICKS, "i8")
_reply = table(Slot.REPLY, "u1")
_head = table(Slot.HEAD, "i8")

_ELEMENT = 2 << 3 | 2
_INT64, _SINT64, _INT32 = int(Kind.INT64), int(Kind.SINT64), int(Kind.INT32)
_SHORT, _CODE_ZERO, _FLAGS = int(Kind.SHORT), int(Kind.CODE_ZERO), int(Kind.FLAGS)


@kernel
def _cell(s, word, kind, place):
    """The value of a cell as the varint that stands for it; the row begins at this word."""
    if kind == _INT64:
        return _words(s)[word + place]
    if kind == _SINT64:
        value = _words(s)[word + place]
        return (value << 1) ^ (value >> 63)
    if kind == _INT32:
        return np.int64(_ints(s)[2 * word + place])
    if kind == _SHORT or kind == _FLAGS:
        return np.int64(_shorts(s)[4 * word + place])
    value = np.int64(_bytes(s)[8 * word + place])
    if kind == _CODE_ZERO and value == 0:
        return np.int64(ZERO)
    return value


@kernel
def _write_flags(data, at, tag, bits):
    """Write a repeated code, one value for each bit; returns the position behind."""
    for bit in range(16):
        if bits >> bit & 1:
            data[at] = tag
            at = write_varint(data, at + 1, np.int64(1) << bit)
    return at


@kernel
def _fields(s, at, word, kind):
    """Write the fields of the row that begins at this word; returns the position behind."""
    data = _data(s)
    steps = _steps(s)
    for step in range(_starts(s)[kind], _starts(s)[kind + 1]):
        value = _cell(s, word, steps[3 * step + 1], steps[3 * step + 2])
        if value == 0:
            continue
        tag = steps[3 * step]
        if steps[3 * step + 1] == _FLAGS:
            at = _write_flags(data, at, tag, value)
            continue
        if tag < 128:
            data[at] = tag
            at += 1
        else:
            data[at] = tag & 127 | 128
            data[at + 1] = tag >> 7
            at += 2
        if 0 < value < 128:
            data[at] = value
            at += 1
        else:
            at = write_varint(data, at, value)
    return at


@entry
def encode(s, count, width, kind_place):
    """Write the first `count` rows, of `width` words, into DATA; returns bytes, or -1: no room.

    `kind_place` is the byte of a row that says which plan it follows.
    """
    return _elements(s, count, width, kind_place)


@entry
def whole(s, count, width, kind_place, seq):
    """`encode`, and `reply` with one message of all rows, in one call."""
    size = _elements(s, count, width, kind_place)
    if size + HEAD_ROOM > len(_reply(s)):
        return -(size + HEAD_ROOM)
    out, head = _reply(s), _head(s)
    at = np.int64(PREFIX)
    if seq:
        out[at] = 1 << 3
        at = write_varint(out, at + 1, seq)
    at = _tail(s, _copy(out, at, _data(s), 0, size), head)
    _prefix(out, 0, at)
    return at


@kernel
def _elements(s, count, width, kind_place):
    data = _data(s)
    offsets = _offsets(s)
    if len(data) < count * ROOM or len(offsets) < count + 1:
        return np.int64(-1)
    at = np.int64(0)
    for row in range(count):
        offsets[row] = at
        word = row * width
        begin = at + 2
        end = _fields(s, begin, word, np.int64(_bytes(s)[8 * word + kind_place]))
        size = end - begin
        data[at] = _ELEMENT
        if size > 127:  # the length takes two bytes: make room for the second
            for byte in range(end, begin, -1):
                data[byte] = data[byte - 1]
            data[at + 1] = size & 127 | 128
            data[at + 2] = size >> 7
            end += 1
        else:
            data[at + 1] = size
        at = end
    offsets[count] = at
    return at


@kernel
def _copy(out, at, data, begin, end):
    """Copy bytes; returns the position behind them. The slices let the compiler use wide moves."""
    source = data[begin:end]
    target = out[at : at + end - begin]
    for byte in range(len(source)):
        target[byte] = source[byte]
    return at + end - begin


@kernel
def _one_reply(s, at, first, last, seq):
    """One reply of the rows picked from `first` to before `last`; returns the position behind."""
    data = _data(s)
    out = _reply(s)
    picks = _picks(s)
    offsets = _offsets(s)
    head = _head(s)
    if seq:
        out[at] = 1 << 3
        at = write_varint(out, at + 1, seq)
    pick = first
    while pick < last:
        begin = offsets[picks[pick]]
        pick += 1
        while pick < last and picks[pick] == picks[pick - 1] + 1:  # neighbours go together
            pick += 1
        at = _copy(out, at, data, begin, offsets[picks[pick - 1] + 1])
    return _tail(s, at, head)


@kernel
def _tail(s, at, head):
    """Write the fields behind the elements; returns the position behind."""
    out = _reply(s)
    for field in range(3, HEAD_FIELDS):
        if head[field]:
            out[at] = field << 3
            at = write_varint(out, at + 1, head[field])
    return at


@kernel
def _prefix(out, at, end):
    """The flag and the length that gRPC puts in front of a message."""
    size = end - at - PREFIX
    out[at] = 0
    for byte in range(4):
        out[at + 1 + byte] = size >> (24 - 8 * byte) & 255


@entry
def reply(s, count, seq, each):
    """Make replies of the first `count` picks, in REPLY; returns the position behind.

    `each` 0: one message, its gRPC prefix in bytes 0 to 4. Otherwise one message with its prefix
    for every pick, with rising sequence numbers, from byte 0 on. -1: no room.
    """
    out = _reply(s)
    picks = _picks(s)
    offsets = _offsets(s)
    room = np.int64(HEAD_ROOM)
    for pick in range(count):
        if picks[pick] < 0 or picks[pick] + 1 >= len(offsets):
            return np.int64(-1)
        room += offsets[picks[pick] + 1] - offsets[picks[pick]] + (HEAD_ROOM if each else 0)
    if room > len(out):
        return -room
    at = np.int64(0)
    pick = np.int64(0)
    while True:
        last = pick + 1 if each else count
        end = _one_reply(s, at + PREFIX, pick, last, seq)
        _prefix(out, at, end)
        at = end
        pick = last
        seq += 1
        if pick >= count:
            return at
