"""Lines of a CSV file as int64 columns, with each error placed at its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from backtest.readers import source
from backtest.readers.cut import text
from backtest.readers.facts import BadRecord, Feed, Rows
from domain.errors import InvalidField
from domain.limits import INT64_MAX

CHUNK = 65_536  # rows
BOM = b"\xef\xbb\xbf"  # some programs begin a text with it


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, and how it is read (`kind` of backtest.readers.text)."""

    name: str
    kind: int
    optional: bool = False


@dataclass(slots=True)
class Table:
    """A chunk: `values[:, k]` is column k as int64, `lines` the line numbers (from 1)."""

    values: Rows
    lines: Rows
    data: bytes  # the text in which `starts` are the lines' first bytes
    starts: Rows

    def cell(self, row: int, column: int) -> str:
        """The text of one field."""
        start = int(self.starts[row])
        line = self.data[start : (self.data.find(b"\n", start) + 1 or len(self.data) + 1) - 1]
        return line.decode("latin-1").split(",")[column].strip()


def places(step: Decimal) -> int:
    """Digits after the point that a multiple of `step` can have."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -int(exponent))


def positive_step(name: str, value: Any) -> Decimal:
    """`value` as a Decimal step; raises InvalidField unless it is a positive number."""
    try:
        step = Decimal(str(value))
    except ArithmeticError:
        raise InvalidField(name, value, "a decimal number above 0, such as 0.01") from None
    if not step.is_finite() or step <= 0 or places(step) > 18:
        raise InvalidField(name, value, "a decimal number above 0, such as 0.01")
    return step


def word_hash(letters: str) -> int:
    """The hash that the kernel gives a word."""
    value = 1
    for byte in letters.lower().encode("latin-1"):
        value = (value * text.WORD_BASE + byte) % text.WORD_PRIME
    return value


def words(table: Table, at: tuple[int, str], known: Mapping[str, int], path: Path) -> Rows:
    """The codes of a column of words; "" is the empty field. `at` = (column, its name).

    Raises BadRecord for a word that is not in `known`.
    """
    column = table.values[:, at[0]]
    codes = np.full(len(column), -1, np.int64)
    for name, code in known.items():
        codes[column == (word_hash(name) if name else 0)] = code
    require_cell(codes >= 0, table, at, path, ", ".join(n for n in known if n))
    return codes


ALLOWED = {
    text.BAD_NUMBER: "a decimal number (digits, a point, a sign)",
    text.TOO_PRECISE: "a decimal number with at most {places} digits after the point",
    text.TOO_LARGE: f"a number that fits in 63 bits (at most {INT64_MAX} units of 1e-{{places}})",
    text.TOO_FEW: "{count} columns: the line has fewer",
    text.TOO_MANY: "{count} columns: the line has more",
    text.EMPTY: "a value: the field is empty",
}


def _complain(path: Path, number: int, columns: list[Column], data: bytes, bad: Rows) -> BadRecord:
    status, column, start, end = (int(x) for x in bad)
    named = columns[column] if column < len(columns) else Column("line", text.SKIP)
    allowed = ALLOWED[status].format(places=named.kind, count=len(columns))
    value = data[start:end].decode("latin-1").strip()
    return BadRecord(str(path), f"line {number}", named.name, value, allowed)


def header(path: Path) -> list[str]:
    """The column names of the first line, in lower case; none in an empty file."""
    lines = next(source.blocks(path, size=65_536), b"").splitlines()
    head = lines[0].decode("utf-8-sig", "replace") if lines else ""
    return [name.strip().lower() for name in head.split(",")] if lines else []


def require_names(names: list[str], needed: Iterable[str], path: Path) -> None:
    """Raise BadRecord unless each of `needed` is the name of exactly one column."""
    for name in needed:
        if names.count(name) != 1:
            head, allowed = ",".join(names), f"one column called {name}"
            raise BadRecord(str(path), "line 1", "header", head, allowed)


@cache
def warm() -> None:
    """Load the compiled kernel now, so that reading is measured and not loading."""
    line = np.frombuffer(b"\n", np.uint8)
    out = np.zeros((1, 2), np.int64)
    text.cut(line, True, np.zeros(1, np.int64), out, np.zeros(4, np.int64))


def tables(
    path: Path, columns: list[Column], feed: Feed | None = None, skip: int = 0
) -> Iterator[Table]:
    """The rows of `path` after `skip` header lines. Raises BadRecord at the first bad line."""
    kinds = np.array([-1 - c.kind if c.optional else c.kind for c in columns], np.int64)
    out = np.zeros((CHUNK, len(columns) + 1), np.int64)
    bad = np.zeros(4, np.int64)
    rest, number, final = b"", 1, False
    source_blocks = source.blocks(path, feed)
    while not final:
        block = next(source_blocks, b"")
        final, data = not block, rest + block
        at = len(BOM) if number == 1 and data.startswith(BOM) else 0
        while skip and (end := data.find(b"\n", at)) >= 0:
            at, skip, number = end + 1, skip - 1, number + 1
        if skip:
            if final:
                return
            rest = data[at:]
            continue
        while at < len(data):
            view = np.frombuffer(data, np.uint8, offset=at)
            rows, used = text.cut(view, final, kinds, out, bad)
            full = out[:rows]
            keep = full[:, -1] >= 0
            if keep.any():
                lines = number + np.flatnonzero(keep)
                kept = full[keep]
                yield Table(kept[:, :-1], lines, data, kept[:, -1] + at)
            number += rows
            if bad[0] != text.OK:
                raise _complain(path, number, columns, data[at:], bad)
            at += used
            if not used:
                break
        rest = data[at:]


def require_cell(good: Any, table: Table, at: tuple[int, str], path: Path, allowed: str) -> None:
    """Raise BadRecord for the first row at which `good` is False; `at` = (column, its name)."""
    if np.all(good):
        return
    row = int(np.argmin(good))
    column, name = at
    value = table.cell(row, column)
    raise BadRecord(str(path), f"line {int(table.lines[row])}", name, value, allowed)
