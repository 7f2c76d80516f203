"""Kernels that cut comma-separated text into int64 columns, exactly.

Decimals never pass through floating point: "236.47" with scale 2 is 23647. A word is known by a
53-bit hash of its lower-case letters. Quotes are not understood: a quote is an unknown character.
"""

import numpy as np

from domain.jit import entry, kernel

# column kinds: 0..18 is a decimal with that many digits after the point
WORD = 100
SKIP = 101
# how a column of numbers may look besides digits
OK = 0
BAD_NUMBER = 1
TOO_PRECISE = 2  # digits after the last place that are not 0
TOO_LARGE = 3
TOO_FEW = 4  # columns
TOO_MANY = 5
EMPTY = 6
LINE_END = 10
RETURN = 13
COMMA = 44
MINUS = 45
PLUS = 43
POINT = 46
MAX_WHOLE, LAST_DIGIT = divmod(2**63 - 1, 10)
WORD_BASE = 257  # a polynomial hash that never leaves 63 bits
WORD_PRIME = 2**53 - 111


@kernel
def number(data, start, end, scale):
    """(status, value) of the decimal in data[start:end] times 10**scale."""
    at = start
    negative = data[at] == MINUS
    if negative or data[at] == PLUS:
        at += 1
    value = np.int64(0)
    digits = 0
    places = -1  # digits after the point, -1 before one is seen
    while at < end:
        c = np.int64(data[at])
        at += 1
        if c == POINT and places < 0:
            places = 0
            continue
        if c < 48 or c > 57:
            return BAD_NUMBER, np.int64(0)
        digits += 1
        if places >= scale:
            if c != 48:
                return TOO_PRECISE, np.int64(0)
            continue
        if places >= 0:
            places += 1
        if value > MAX_WHOLE or (value == MAX_WHOLE and c - 48 > LAST_DIGIT):
            return TOO_LARGE, np.int64(0)
        value = value * 10 + (c - 48)
    if digits == 0:
        return BAD_NUMBER, np.int64(0)
    for _ in range(scale - max(places, 0)):
        if value > MAX_WHOLE:
            return TOO_LARGE, np.int64(0)
        value *= 10
    return OK, -value if negative else value


@kernel
def word(data, start, end):
    """A hash of the word in data[start:end], above 0; upper and lower case are the same."""
    value = np.int64(1)
    for at in range(start, end):
        c = np.int64(data[at])
        if c >= 65 and c <= 90:
            c += 32
        value = (value * WORD_BASE + c) % WORD_PRIME
    return value


@kernel
def trim(data, start, end):
    """(start, end) without blanks and a carriage return at the edges."""
    while start < end and data[start] == 32:
        start += 1
    while end > start and (data[end - 1] == 32 or data[end - 1] == RETURN):
        end -= 1
    return start, end


@entry
def cut(data, final, kinds, out, trouble):
    """Cut whole lines of `data` into rows of `out`; returns (rows, bytes used).

    `kinds` says what each column is; out[row, len(kinds)] is the line's first byte. An empty
    number or word is 0 where `kinds` is negative (-1 - kind). With `final` the last line needs
    no line end. Stops at a line it cannot read: trouble = (status, column, first byte, end
    byte). Blank lines are rows of zeros with -1 as first byte.
    """
    count, width = len(kinds), len(data)
    rows, at = 0, 0
    trouble[0] = OK
    while rows < len(out) and at < width:
        stop = at
        while stop < width and data[stop] != LINE_END:
            stop += 1
        if stop == width and not final:
            break
        begin, end = trim(data, at, stop)
        out[rows, count] = at
        if begin == end:
            out[rows, :count] = 0
            out[rows, count] = -1
        elif line(data, begin, end, kinds, out[rows], trouble) != OK:
            return rows, at
        rows += 1
        at = min(stop + 1, width)
    return rows, at


@kernel
def line(data, at, end, kinds, out, trouble):
    """Cut one line into `out`; a status, details in `trouble`."""
    count = len(kinds)
    column = 0
    while True:
        stop, value = at, np.int64(0)
        most = min(end, at + 18)  # the usual case: nothing but digits, and not too many
        while stop < most and data[stop] >= 48 and data[stop] <= 57:
            value = value * 10 + (np.int64(data[stop]) - 48)
            stop += 1
        digits = stop - at
        plain = digits > 0 and (stop == end or data[stop] == COMMA)
        if plain and column < count and kinds[column] == 0:
            out[column] = value
            column += 1
            if stop == end:
                break
            at = stop + 1
            continue
        while stop < end and data[stop] != COMMA:
            stop += 1
        trouble[1], trouble[2], trouble[3] = column, at, stop
        if column >= count:
            trouble[0] = TOO_MANY
            return TOO_MANY
        status, value = field(data, at, stop, kinds[column])
        if status != OK:
            trouble[0] = status
            return status
        out[column] = value
        column += 1
        if stop == end:
            break
        at = stop + 1
    if column < count:
        trouble[0], trouble[1], trouble[2], trouble[3] = TOO_FEW, column, end, end
        return TOO_FEW
    return OK


@kernel
def field(data, at, stop, kind):
    """(status, value) of one field."""
    optional = kind < 0
    if optional:
        kind = -1 - kind
    if kind == SKIP:
        return OK, np.int64(0)
    begin, end = trim(data, at, stop)
    if begin == end:
        if optional:
            return OK, np.int64(0)
        return EMPTY, np.int64(0)
    if kind == WORD:
        return OK, word(data, begin, end)
    return number(data, begin, end, kind)
