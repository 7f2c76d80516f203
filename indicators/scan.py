"""Kernels that every indicator shares: the search for gaps, the tape, the walk over a chunk.

`direct` and `taped` (a chunk of one series), `direct_tick` and `taped_tick` (a row for each of many
symbols) are templates: `indicators.plan` compiles a copy of them for each indicator with `step`
bound to its kernel and `gather` to the one of its number of inputs.

State of every indicator: parameters, the kernel's own slots, the tape (for each input column a
piece of history, newest last), then history length, tape cursor, warm-up length, rows seen.

Symbols in a bank have no tape of their own: indicators of one set of input columns share the past
of these columns, because the same rows are gaps for all of them; `remember` writes each tick once.
States and pasts lie in groups of `LANES` symbols, slot by slot with one value for each symbol:
what neighbours use at one time lies side by side, and slots that a tick does not use are not
touched. The past of a column is a ring that is written twice, one behind the other, so that the
last `width` values are always a slice. A symbol with a gap gets NaN and keeps state and past.
"""

from __future__ import annotations

from typing import Any

import numpy as np

INFINITE, MAGNITUDE = 0x7FF0000000000000, 0x7FFFFFFFFFFFFFFF  # of the bits of a number
TAIL = 4
SLACK = 16
BLOCK = 1024  # four columns of it fit the first-level cache
CHECKED = True
LANES = 120  # an odd number of cache lines: slots of one symbol are spread over the cache


def tape_width(history: int) -> int:
    """The capacity of the tape for one column: the history and some room to write."""
    return history + max(history, SLACK) if history else 0


def finite(x: Any, first: Any, stop: Any) -> Any:
    """Rows first .. stop - 1 of the tuple of columns hold neither NaN nor infinity."""
    most = 0
    for column in x:
        bits = column[first:stop].view(np.int64)
        for i in range(len(bits)):
            most = max(most, bits[i] & MAGNITUDE)
    return most < INFINITE


def gather_1(s: Any, b: Any, width: Any) -> Any:
    """The tape of one column."""
    return (s[b : b + width],)


def gather_2(s: Any, b: Any, width: Any) -> Any:
    """The tapes of two columns."""
    c = b + width
    return s[b:c], s[c : c + width]


def gather_3(s: Any, b: Any, width: Any) -> Any:
    """The tapes of three columns."""
    c, d = b + width, b + 2 * width
    return s[b:c], s[c:d], s[d : d + width]


def gather_4(s: Any, b: Any, width: Any) -> Any:
    """The tapes of four columns."""
    c, d, e = b + width, b + 2 * width, b + 3 * width
    return s[b:c], s[c:d], s[d:e], s[e : e + width]


def gather_5(s: Any, b: Any, width: Any) -> Any:
    """The tapes of five columns."""
    c, d, e, f = b + width, b + 2 * width, b + 3 * width, b + 4 * width
    return s[b:c], s[c:d], s[d:e], s[e:f], s[f : f + width]


def keep(tape: Any, x: Any, first: Any, count: Any) -> None:
    """Copy `count` rows from row `first` of every column to the start of the tape."""
    for c in range(len(x)):
        to, column = tape[c], x[c]
        for j in range(count):
            to[j] = column[first + j]


def gather(s: Any, b: Any, width: Any) -> Any:
    """Stands for one of the above."""


def step(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Stands for the kernel of one indicator."""


def direct(x: Any, y: Any, s: Any) -> Any:
    """A chunk for a kernel that needs no past input: how many rows were done.

    The walk stops before the first block of rows that has a gap in it. -1: unequal columns.
    """
    rows, done = len(x[0]), 0
    for column in x:
        if len(column) != rows:
            return -1
    while done < rows:
        stop = min(done + BLOCK, rows) if CHECKED else rows
        if CHECKED and not finite(x, done, stop):
            break
        step(x, y, s, done, stop, 0)
        s[len(s) - 1] += stop - done
        done = stop
    return done


def taped(x: Any, y: Any, s: Any) -> Any:
    """A chunk for a kernel that reads up to `history` rows back; the result is as `direct`'s.

    The first rows of the chunk are appended to the tape and worked on there, the rest is worked
    on where it lies; the last `history` rows are then kept on the tape.
    """
    end, columns, rows = len(s) - 4, len(x), len(x[0])
    for column in x:
        if len(column) != rows:
            return -1
    history, at = int(s[end]), int(s[end + 1])
    width = history + max(history, 16)
    tape, done = gather(s, end - columns * width, width), 0
    while done < rows:
        stop = min(done + BLOCK, rows)
        if not finite(x, done, stop):
            break
        while done < stop:
            if done < history:
                if at == width:
                    keep(tape, tape, width - history, history)
                    at = history
                part = min(min(stop, history) - done, width - at)
                for c in range(columns):
                    to, column = tape[c], x[c]
                    for j in range(part):
                        to[at + j] = column[done + j]
                piece, first, last, base = tape, at, at + part, at - done
            else:
                piece, first, last, base = x, done, stop, 0
            step(piece, y, s, first, last, base)
            s[end + 3] += last - first
            done = last - base
            at = last
    if done > history:
        keep(tape, x, done - history, history)
        at = history
    s[end + 1] = at
    return done


def remember(x: Any, address: Any, width: Any, at: Any, live: Any) -> None:
    """Row i of the columns is symbol i's: it is `live` if it has no gap, and then remembered.

    `at` is the place of its newest row in the rings. Usually it is the same for all.
    """
    count, rows = len(at), 2 * width * len(x)
    live[:] = True
    for column in x:
        seek(column, live)
    if width == 0:
        return
    for first in range(0, count, LANES):
        past, stop = lines(address + first * rows * 8, rows), min(first + LANES, count)
        here, place = at[first:stop], at[first]
        if in_step(here, live[first:stop]):
            place = place + 1 if place + 1 < width else 0
            for c in range(len(x)):
                row = 2 * c * width + place
                put(x[c][first:stop], past[row], past[row + width])
            here[:] = place
        else:
            for i in range(first, stop):
                one(x, past, width, at, live, (first, i))


def seek(column: Any, live: Any) -> None:
    """Whoever has a gap in the column is not live."""
    for i in range(len(live)):
        live[i] &= column[i] - column[i] == 0.0


def in_step(at: Any, live: Any) -> Any:
    """All are live and at the same place."""
    odd, place = 0, at[0]
    for i in range(len(at)):
        odd |= (at[i] ^ place) | (0 if live[i] else 1)
    return odd == 0


def put(column: Any, newest: Any, again: Any) -> None:
    """A row of a ring that is written twice."""
    for lane in range(len(column)):
        newest[lane] = column[lane]
        again[lane] = column[lane]


def one(x: Any, past: Any, width: Any, at: Any, live: Any, where: Any) -> None:
    """One symbol of a group that is not in step. `where`: the group's first symbol, and this."""
    first, i = where
    if live[i]:
        at[i] = at[i] + 1 if at[i] + 1 < width else 0
        for c in range(len(x)):
            row = 2 * c * width + at[i]
            past[row, i - first] = x[c][i]
            past[row + width, i - first] = x[c][i]


def direct_tick(x: Any, y: Any, address: Any, slots: Any, live: Any) -> None:
    """One tick of a kernel that needs no past input."""
    count = len(live)
    for column in y:
        miss(column, live)
    for first in range(0, count, LANES):
        place = address + first * slots * 8
        for i in range(first, min(first + LANES, count)):
            if live[i]:
                s = lane(place, slots)
                step(x, y, s, i, i + 1, 0)
                s[slots - 1] += 1
            place += 8


def taped_tick(x: Any, y: Any, address: Any, slots: Any, live: Any, past: Any, at: Any) -> None:
    """One tick of a kernel that reads past inputs. `past`: address and width of the rings."""
    count, wide = len(live), 2 * past[1]
    for column in y:
        miss(column, live)
    for first in range(0, count, LANES):
        place, ring = address + first * slots * 8, past[0] + first * wide * len(x) * 8
        for i in range(first, min(first + LANES, count)):
            if live[i]:
                s, row = lane(place, slots), at[i] + past[1]
                step(gather(lane(ring, wide * len(x)), 0, wide), y, s, row, row + 1, row - i)
                s[slots - 1] += 1
            place, ring = place + 8, ring + 8


def miss(column: Any, live: Any) -> None:
    """Whoever is not live has no value in this column."""
    for i in range(len(live)):
        if not live[i]:
            column[i] = np.nan


def lane(address: Any, slots: Any) -> Any:
    """Stands for the view of one symbol's slots (`domain.bits.strided`)."""


def lines(address: Any, slots: Any) -> Any:
    """Stands for the view of a group (`domain.jit.grid`)."""
