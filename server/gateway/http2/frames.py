"""Kernel: the bytes of a connection cut into frames, the payload of DATA taken out.

Source of the format: RFC 9113, sections 4.1 (frame header), 6.1 (DATA) and 6.9 (flow control).
`s` is the address of (address, count) pairs, one for each table below, as in `domain.tables`.
"""

import numpy as np

from domain.jit import entry, kernel, table
from server.gateway.http2.slots import Column, Found, Note, Slot

HEAD = 9  # bytes of a frame's header
MOST = 16_384  # longest payload: the value of SETTINGS_MAX_FRAME_SIZE that holds unless told

_input = table(Slot.INPUT, "u1")
_output = table(Slot.OUTPUT, "u1")
_notes = table(Slot.NOTES, "i8")
_streams = table(Slot.STREAMS, "i8", len(Column))

_BEGIN, _END, _NEXT, _ROW = int(Note.BEGIN), int(Note.END), int(Note.NEXT), int(Note.ROW)
_FLOW, _ENDED, _NUMBER = int(Note.FLOW), int(Note.ENDED), int(Note.NUMBER)
_INCREMENT, _HEADERS, _WINDOW = int(Note.INCREMENT), int(Note.HEADERS), int(Note.WINDOW)
_EMPTY = int(Note.EMPTY)
_ID, _LEFT = int(Column.NUMBER), int(Column.WINDOW)
_NOTHING, _RUN, _LIBRARY = int(Found.NOTHING), int(Found.RUN), int(Found.LIBRARY)
_CREDIT, _OVERRUN, _WRONG = int(Found.CREDIT), int(Found.OVERRUN), int(Found.WRONG)

_DATA, _HEADERS_FRAME, _PRIORITY, _RESET, _SETTINGS = 0, 1, 2, 3, 4
_PROMISE, _GOAWAY, _WINDOW_UPDATE, _CONTINUATION = 5, 7, 8, 9
_END_STREAM, _END_HEADERS, _PADDED = 1, 4, 8


@kernel
def _size(s, at):
    data = _input(s)
    return np.int64(data[at]) << 16 | np.int64(data[at + 1]) << 8 | np.int64(data[at + 2])


@kernel
def _word(s, at):
    """Four bytes without the reserved bit."""
    data = _input(s)
    high = (np.int64(data[at]) & 127) << 24 | np.int64(data[at + 1]) << 16
    return high | np.int64(data[at + 2]) << 8 | np.int64(data[at + 3])


@kernel
def _row_of(s, number):
    """The row of a stream, -1: none. Few are open on one connection."""
    streams = _streams(s)
    if number == 0:  # as rows that are free say
        return np.int64(-1)
    for row in range(len(streams)):
        if streams[row, _ID] == number:
            return np.int64(row)
    return np.int64(-1)


@kernel
def _copy(s, begin, end, out):
    source = _input(s)[begin:end]
    target = _output(s)[out : out + end - begin]
    for byte in range(len(source)):
        target[byte] = source[byte]
    return out + end - begin


@kernel
def _data_row(s, at, stop):
    """The row of STREAMS if a complete DATA frame for one of them is at `at`, else -1."""
    data = _input(s)
    if stop - at < HEAD or data[at + 3] != _DATA or _notes(s)[_HEADERS]:
        return np.int64(-1)
    size = _size(s, at)
    if size > MOST or stop - at - HEAD < size:
        return np.int64(-1)
    if data[at + 4] & _PADDED and (size == 0 or np.int64(data[at + HEAD]) >= size):
        return np.int64(-1)  # the library has the error for it
    return _row_of(s, _word(s, at + 5))


@kernel
def _run(s, at, stop, out, row):
    """Take the DATA frames of one stream that follow each other; returns what was found."""
    data = _input(s)
    notes = _notes(s)
    streams = _streams(s)
    notes[_BEGIN] = out
    notes[_ROW] = row
    notes[_FLOW] = 0
    notes[_ENDED] = 0
    notes[_EMPTY] = 0
    while not notes[_ENDED] and _data_row(s, at, stop) == row:
        size = _size(s, at)
        if size > streams[row, _LEFT] or size > notes[_WINDOW]:
            return np.int64(_OVERRUN)
        streams[row, _LEFT] -= size
        notes[_WINDOW] -= size
        notes[_FLOW] += size
        begin = at + HEAD
        at = begin + size
        end = at
        if data[begin - 5] & _PADDED:
            end -= np.int64(data[begin])
            begin += 1
        if begin == end:
            notes[_EMPTY] += 1
        out = _copy(s, begin, end, out)
        notes[_ENDED] = np.int64(data[at - size - 5]) & _END_STREAM
    notes[_END] = out
    notes[_NEXT] = at
    return np.int64(_RUN)


@kernel
def _wrong_priority(s, at):
    """Whether the PRIORITY frame at `at` names no stream, or one that depends on itself."""
    number = _word(s, at + 5)
    return number == 0 or (_size(s, at) == 5 and _word(s, at + HEAD) == number)


@kernel
def _others(s, at, stop):
    """Frames for the library, up to where it may change what comes after; the position behind."""
    data = _input(s)
    notes = _notes(s)
    notes[_NUMBER] = 0
    notes[_EMPTY] = 0
    while stop - at >= HEAD and _data_row(s, at, stop) < 0:
        size, kind = _size(s, at), data[at + 3]
        if size > MOST:
            return stop
        if stop - at - HEAD < size:
            return at
        if kind == _WINDOW_UPDATE and size == 4 and not notes[_HEADERS]:
            return at
        if kind == _PRIORITY and _wrong_priority(s, at):
            return at
        flags = data[at + 4]
        if kind != _DATA and kind != _HEADERS_FRAME:
            notes[_EMPTY] += 1
        elif not notes[_HEADERS]:
            notes[_NUMBER] = _word(s, at + 5)
        at += HEAD + size
        if kind == _HEADERS_FRAME or kind == _PROMISE or kind == _CONTINUATION:
            notes[_HEADERS] = 0 if flags & _END_HEADERS else _word(s, at - size - 4)
            if flags & _END_HEADERS:
                return at
        if kind == _DATA or kind == _RESET or kind == _GOAWAY or kind == _SETTINGS:
            return at
    return at


@entry
def cut(s, at, stop, out):
    """Look at INPUT[at:stop]; returns a Found, with more in NOTES.

    RUN: the payload of DATA frames of one stream is in OUTPUT from `out` on. LIBRARY: the frames
    are where they were; at most one of them begins a block of headers or is DATA. Frames are taken
    when they are complete; one that is too long goes to the library as far as it is there.
    """
    notes = _notes(s)
    notes[_NEXT] = at
    row = _data_row(s, at, stop)
    if row >= 0:
        return _run(s, at, stop, out, row)
    behind = _others(s, at, stop)
    if behind > at:
        notes[_BEGIN] = at
        notes[_END] = behind
        notes[_NEXT] = behind
        return np.int64(_LIBRARY)
    if stop - at < HEAD or stop - at - HEAD < _size(s, at):
        return np.int64(_NOTHING)
    if _input(s)[at + 3] == _PRIORITY:
        return np.int64(_WRONG)
    notes[_NUMBER] = _word(s, at + 5)
    notes[_INCREMENT] = _word(s, at + HEAD)
    notes[_NEXT] = at + HEAD + 4
    return np.int64(_CREDIT)
