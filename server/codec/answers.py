"""Kernels: REPORT and MARKET rows into the bytes of messages, each row once.

A row becomes one element of a repeated field number 2, tag and length included, whatever message
it will be part of (OrderEntryResponse, DropCopyResponse and SubscribeResponse all have that
field). A reply is then a sequence number, field 1, the elements that it is made of, and a few
varints behind. `s` is as in `server.codec.commands`.
"""

import numpy as np

from domain.jit import entry, kernel, table
from server.codec.slots import Slot
from server.codec.tables import STEP, ZERO, Kind
from server.codec.wire import PAD, write_varint

ROOM = 400  # bytes that one row can take: 32 fields of 2 bytes of tag and 10 of value, and a head
HEAD_ROOM = 96  # bytes that prefix, sequence number and the fields behind can take
PREFIX = 5  # bytes: a flag and a length
HEAD_FIELDS = 8  # field numbers below this may be told in HEAD

_data = table(Slot.DATA, "u1")
_words = table(Slot.WORDS, "i8")
_starts = table(Slot.STARTS, "i8")
_steps = table(Slot.STEPS, "i8", STEP)
_offsets = table(Slot.OFFSETS, "i8")
_picks = table(Slot.PICKS, "i8")
_reply = table(Slot.REPLY, "u1")
_head = table(Slot.HEAD, "i8")

_ELEMENT = 2 << 3 | 2
_SINT64, _INT32 = int(Kind.SINT64), int(Kind.INT32)
_CODE_ZERO, _FLAGS = int(Kind.CODE_ZERO), int(Kind.FLAGS)


@kernel
def _write_flags(data, at, tag, bits):
    """Write a repeated code, one value for each bit; returns the position behind."""
    for bit in range(16):
        if bits >> bit & 1:
            data[at] = tag
            at = write_varint(data, at + 1, np.int64(1) << bit)
    return at


@kernel
def _fields(s, out, at, first, plan):
    """Write the fields of the row that begins at word `first`; returns the position behind."""
    words, steps = _words(s), _steps(s)
    for step in range(_starts(s)[plan], _starts(s)[plan + 1]):
        kind = steps[step, 1]
        value = words[first + steps[step, 2]] >> steps[step, 3] & steps[step, 4]
        if value == 0:
            if kind != _CODE_ZERO:
                continue
            value = np.int64(ZERO)
        tag = steps[step, 0]
        if kind == _FLAGS:
            at = _write_flags(out, at, tag, value)
            continue
        if kind == _SINT64:
            value = (value << 1) ^ (value >> 63)
        elif kind == _INT32:
            value = (value ^ 0x80000000) - 0x80000000
        if tag < 128:
            out[at] = tag
            at += 1
        else:
            out[at] = tag & 127 | 128
            out[at + 1] = tag >> 7
            at += 2
        at = write_varint(out, at, value)
    return at


@entry
def encode(s, count, width, kind_at):
    """Write the first `count` rows, of `width` words, into DATA; returns bytes, or -1: no room.

    `kind_at` is the byte of a row that says which plan it follows.
    """
    data = _data(s)
    if len(data) < count * ROOM + PAD:
        return np.int64(-1)
    offsets, at = _offsets(s), np.int64(0)
    for row in range(count):
        offsets[row] = at
        at = _element(s, data, at, row * width, kind_at)
    offsets[count] = at
    return at


@entry
def whole(s, count, width, kind_at, seq):
    """`encode`, and `reply` with one message of all rows, in one call and without a copy.

    Below 0: so much room (negated) must REPLY have.
    """
    out = _reply(s)
    if len(out) < count * ROOM + HEAD_ROOM:
        return -(count * ROOM + HEAD_ROOM)
    at = np.int64(PREFIX)
    if seq:
        out[at] = 1 << 3
        at = write_varint(out, at + 1, seq)
    for row in range(count):
        at = _element(s, out, at, row * width, kind_at)
    at = _tail(s, at, _head(s))
    _prefix(out, 0, at)
    return at


@kernel
def _element(s, out, at, first, kind_at):
    """The row that begins at word `first`, with tag and length; returns the position behind."""
    begin = at + 2
    plan = _words(s)[first + (kind_at >> 3)] >> 8 * (kind_at & 7) & 255
    end = _fields(s, out, begin, first, plan)
    size = end - begin
    out[at] = _ELEMENT
    if size < 128:
        out[at + 1] = size
        return end
    for byte in range(end, begin, -1):  # the length takes two bytes: make room for the second
        out[byte] = out[byte - 1]
    out[at + 1] = size & 127 | 128
    out[at + 2] = size >> 7
    return end + 1


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
