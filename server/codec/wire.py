"""Kernels that read and write the elements of the protobuf wire format.

Source: the encoding page of the Protocol Buffers documentation. Every buffer has at least PAD
readable bytes behind its end, so that a varint is read without looking for the end at each byte;
whoever reads compares the position behind it with the end.
"""

import numpy as np

from domain.bits import highest_bit
from domain.jit import kernel
from server.codec.faults import MAX_GROUPS, Fault

PAD = 16
_TRUNCATED, _VARINT, _TAG = int(Fault.TRUNCATED), int(Fault.VARINT), int(Fault.TAG)
_WIRE_TYPE, _GROUP, _TOO_DEEP = int(Fault.WIRE_TYPE), int(Fault.GROUP), int(Fault.TOO_DEEP)
_INT32_MAX = 2**31 - 1
_UINT32_MAX = 2**32 - 1
_U = np.uint64
_ONE, _TWO, _FOUR, _BYTE = _U(1), _U(2), _U(4), _U(255)
_MORE = _U(0x8080808080808080)  # in each byte: another one follows


@kernel
def read_varint(data, at):
    """(value as int64, position behind it); the position is -1 if there is no end in 10 bytes."""
    first = np.int64(data[at])
    if first < 128:
        return first, at + 1
    value = first & 127
    shift = 7
    while shift < 63:
        at += 1
        byte = np.int64(data[at])
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at + 1
        shift += 7
    at += 1
    byte = np.int64(data[at])
    if byte > 127:
        return np.int64(0), np.int64(-1)
    return value | (byte & 1) << 63, at + 1  # bits beyond 64 are dropped, as protobuf does


@kernel
def read_tag(data, at):
    """(tag, position behind it); the position is -1 if it is not 5 bytes or fewer, 32 bits."""
    tag, behind = read_varint(data, at)
    if behind < 0 or behind - at > 5 or tag > _UINT32_MAX or tag < 8:
        return np.int64(0), np.int64(-1)
    return tag, behind


@kernel
def read_size(data, at):
    """(length, position behind it); the position is -1 if it takes more than 5 bytes."""
    size, behind = read_varint(data, at)
    return (size, behind) if behind - at <= 5 else (np.int64(0), np.int64(-1))


@kernel
def skip_value(data, at, end, tag, stack):
    """Pass over the value of an unknown field: (position behind it, 0) or (where, the fault)."""
    depth = np.int64(0)
    while True:
        kind = tag & 7
        begin = at
        if kind == 0:
            _, at = read_varint(data, at)
            if at < 0:
                return begin, np.int64(_VARINT)
        elif kind == 1:
            at += 8
        elif kind == 5:
            at += 4
        elif kind == 2:
            size, at = read_size(data, at)
            if at < 0:
                return begin, np.int64(_VARINT)
            if at > end or size < 0 or size > end - at:
                return begin, np.int64(_TRUNCATED)
            at += size
        elif kind == 3:
            if depth == MAX_GROUPS:
                return begin, np.int64(_TOO_DEEP)
            stack[depth] = tag >> 3
            depth += 1
        elif kind == 4:
            if depth == 0 or stack[depth - 1] != tag >> 3:
                return begin, np.int64(_GROUP)
            depth -= 1
        else:
            return begin, np.int64(_WIRE_TYPE)
        if at > end:
            return begin, np.int64(_TRUNCATED)
        if depth == 0:
            return at, np.int64(0)
        if at == end:
            return at, np.int64(_GROUP)
        begin = at
        tag, at = read_tag(data, at)
        if at < 0:
            return begin, np.int64(_TAG)
        if at > end:
            return begin, np.int64(_TRUNCATED)


@kernel
def write_varint(data, at, value):
    """Write an int64 as a varint (a negative one takes 10 bytes); returns the position behind.

    The groups of seven bits are spread over eight bytes and stored at once, so up to seven bytes
    behind the varint are written over: what is written goes forward, and has PAD bytes of room.
    """
    if 0 <= value < 128:
        data[at] = value
        return at + 1
    rest = np.uint64(value)
    size = (9 * highest_bit(rest) + 73) >> 6
    if size < 5:  # the usual one
        short = rest & _U(0x3FFF) | (rest & _U(0x0FFFC000)) << _TWO
        short = short & _U(0x007F007F) | (short & _U(0x3F803F80)) << _ONE
        short |= _MORE >> _U(8 * (9 - size))
        for byte in range(4):
            data[at + byte] = short >> _U(8 * byte) & _BYTE
        return at + size
    low = rest & _U(0x000000000FFFFFFF) | (rest & _U(0x00FFFFFFF0000000)) << _FOUR
    low = low & _U(0x00003FFF00003FFF) | (low & _U(0x0FFFC0000FFFC000)) << _TWO
    low = low & _U(0x007F007F007F007F) | (low & _U(0x3F803F803F803F80)) << _ONE
    low |= _MORE >> _U(8 * (9 - size)) if size < 9 else _MORE
    for byte in range(8):
        data[at + byte] = low >> _U(8 * byte) & _BYTE
    if size > 8:
        high = rest >> _U(56)
        data[at + 8] = high | _U(128) if size > 9 else high
        data[at + 9] = high >> _U(7)
    return at + size
