"""Kernels that every indicator shares: the search for gaps, the tape, the walk over symbols.

`direct`, `taped` and `sweep` are templates: `indicators.plan` compiles a copy of them for each
indicator with `step` bound to its kernel and `gather` to the one of its number of inputs.

State of every indicator: parameters, the kernel's own slots, the tape (for each input column a
piece of history, newest last), then warm-up length, rows seen, history length, tape cursor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

INFINITE, MAGNITUDE = 0x7FF0000000000000, 0x7FFFFFFFFFFFFFFF  # of the bits of a number
TAIL = 4
WARMUP, SEEN, HISTORY, CURSOR = -4, -3, -2, -1
SLACK = 16
BLOCK = 1024  # four columns of it fit the first-level cache
LANES = 8
CHECKED = True


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
    """Stands for one of the above inside `taped` and `taped_row`."""


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
        s[len(s) - 3] += stop - done
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
    history, at = int(s[end + 2]), int(s[end + 3])
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
            s[end + 1] += last - first
            done = last - base
            at = last
    if done > history:
        keep(tape, x, done - history, history)
        at = history
    s[end + 3] = at
    return done


def direct_row(x: Any, y: Any, s: Any, i: Any) -> None:
    """Row i alone, for a kernel that needs no past input."""
    step(x, y, s, i, i + 1, 0)
    s[len(s) - 3] += 1


def taped_row(x: Any, y: Any, s: Any, i: Any) -> None:
    """Row i alone, for a kernel that reads past inputs: it is appended to the tape."""
    end, columns = len(s) - 4, len(x)
    history, at = int(s[end + 2]), int(s[end + 3])
    width = history + max(history, 16)
    tape = gather(s, end - columns * width, width)
    if at == width:
        keep(tape, tape, width - history, history)
        at = history
    for c in range(columns):
        tape[c][at] = x[c][i]
    step(tape, y, s, at, at + 1, at - i)
    s[end + 1] += 1
    s[end + 3] = at + 1


def sweep(x: Any, y: Any, address: Any, slots: Any, count: Any) -> None:
    """One tick for many symbols: row i of the columns is symbol i's.

    The states lie at `address` in groups of `LANES` symbols, slot by slot with one value for
    each symbol: what neighbours use at one time lies in one cache line. A symbol with a gap gets
    NaN and keeps its state.
    """
    for group in range(0, count, LANES):
        cell = states(address + group * slots * 8, slots)
        for lane in range(min(LANES, count - group)):
            i, bad = group + lane, 0.0
            for c in range(len(x)):
                bad += x[c][i] - x[c][i]
            if bad == 0.0:
                row(x, y, cell[:, lane], i)
            else:
                for k in range(len(y)):
                    y[k][i] = np.nan


def states(address: Any, slots: Any) -> Any:
    """Stands for the view of the states of a group (`domain.jit.grid`)."""


def row(x: Any, y: Any, s: Any, i: Any) -> None:
    """Stands for `direct_row` or `taped_row` of one indicator inside `sweep`."""
