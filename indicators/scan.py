"""Kernels that every indicator shares: the search for gaps, the tape, the walk over symbols.

`direct`, `taped` and `sweep` are templates: `indicators.plan` compiles a copy of them for each
indicator with `step` bound to its kernel and `gather` to the one of its number of inputs.

State of every indicator: parameters, the kernel's own slots, the tape (for each input column a
piece of history, newest last), then warm-up length, rows seen, history length, tape cursor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

EXPONENT = 0x7FF0000000000000
TAIL = 4
WARMUP, SEEN, HISTORY, CURSOR = -4, -3, -2, -1
SLACK = 16


def tape_width(history: int) -> int:
    """The capacity of the tape for one column: the history and some room to write."""
    return history + max(history, SLACK) if history else 0


def all_finite(x: Any) -> Any:
    """1 if no value of the tuple of columns is a NaN or an infinity, else 0."""
    for column in x:
        bits = column.view(np.int64)
        bad = 0
        for i in range(len(bits)):
            bad |= (bits[i] & EXPONENT) == EXPONENT
        if bad:
            return 0
    return 1


def gather_1(t: Any) -> Any:
    """The rows of a tape of one column."""
    return (t[0],)


def gather_2(t: Any) -> Any:
    """The rows of a tape of two columns."""
    return t[0], t[1]


def gather_3(t: Any) -> Any:
    """The rows of a tape of three columns."""
    return t[0], t[1], t[2]


def gather_4(t: Any) -> Any:
    """The rows of a tape of four columns."""
    return t[0], t[1], t[2], t[3]


def gather_5(t: Any) -> Any:
    """The rows of a tape of five columns."""
    return t[0], t[1], t[2], t[3], t[4]


def keep(tape: Any, x: Any, first: Any, count: Any) -> None:
    """Copy `count` rows from row `first` of every column to the start of the tape."""
    for c in range(len(x)):
        for j in range(count):
            tape[c, j] = x[c][first + j]


def gather(t: Any) -> Any:
    """Stands for one of the above inside `taped`."""


def step(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Stands for the kernel of one indicator."""


def direct(x: Any, y: Any, s: Any) -> None:
    """A chunk for a kernel that needs no past input."""
    rows = len(x[0])
    step(x, y, s, 0, rows, 0)
    s[len(s) - 3] += rows


def taped(x: Any, y: Any, s: Any) -> None:
    """A chunk for a kernel that reads up to `history` rows back.

    The first rows of the chunk are appended to the tape and worked on there, the rest is worked
    on where it lies; the last `history` rows are then kept on the tape.
    """
    end, columns, rows = len(s) - 4, len(x), len(x[0])
    history, at = int(s[end + 2]), int(s[end + 3])
    width = history + max(history, 16)
    tape = s[end - columns * width : end].reshape((columns, width))
    inputs, whole, done = gather(x), gather(tape), 0
    while done < rows:
        if done < history:
            if at == width:
                keep(tape, tape, width - history, history)
                at = history
            part = min(min(rows, history) - done, width - at)
            for c in range(columns):
                for j in range(part):
                    tape[c, at + j] = x[c][done + j]
            piece, first, stop, base = whole, at, at + part, at - done
        else:
            piece, first, stop, base = inputs, done, rows, 0
        step(piece, y, s, first, stop, base)
        s[end + 1] += stop - first
        done = stop - base
        at = stop
    if rows > history:
        keep(tape, x, rows - history, history)
        at = history
    s[end + 3] = at


def sweep(at: Any, address: Any, count: Any) -> None:
    """One tick for many symbols, found by address: no reference is counted on the way.

    `at` is a store (`domain.jit.table`), `address` where it lies, of three tables for the first
    symbol: inputs [inputs, 1], outputs [outputs, 1], state [slots]; those of the next symbols
    follow in memory. A symbol with a gap gets NaN and keeps its state.
    """
    first = at[0], at[2], at[4]
    for i in range(count):
        at[0], at[2] = first[0] + i * at[1] * 8, first[1] + i * at[3] * 8
        at[4] = first[2] + i * at[5] * 8
        x, y = inputs(address), outputs(address)
        whole = True
        for j in range(x.shape[0]):
            whole = whole and (x[j, 0] - x[j, 0] == 0.0)
        if whole:
            chunk(x, y, state(address))
        else:
            for j in range(y.shape[0]):
                y[j, 0] = np.nan
    at[0], at[2], at[4] = first


def inputs(address: Any) -> Any:
    """Stands for the view of the inputs of one symbol."""


def outputs(address: Any) -> Any:
    """Stands for the view of the outputs of one symbol."""


def state(address: Any) -> Any:
    """Stands for the view of the state of one symbol."""


def chunk(x: Any, y: Any, s: Any) -> None:
    """Stands for `direct` or `taped` of one indicator inside `sweep`."""
