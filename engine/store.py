"""The memory of an exchange: named numpy arrays, their address table, growth, copy and hash.

Kernels get the address of one int64 array of (address, row count) pairs (`domain.tables`). This
class owns the arrays behind it: it aligns them to 64 bytes, doubles them when a kernel asks for
room, and gives their used part to `snapshot` and `state_hash`. Indexes (hash directories) are not
state: they are rebuilt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from domain import layout, state
from domain.attributes import InstrumentAttr, NodeAttr
from domain.errors import CapacityError, InvalidField
from domain.limits import (
    MAX_ALGOS,
    MAX_INSTRUMENTS,
    MAX_NODES,
    MAX_ORDERS,
    MAX_SESSIONS,
)
from domain.tables import Table
from risk.admission.bounds import PORTFOLIO
from risk.span.memory import (
    HEAD,
    IN_FORCE,
    PREPARED,
    SPARE,
    WIDTHS,
    accounts_by_scenarios,
    link,
    words_for,
)

Array = np.ndarray[Any, Any]
Memory = Callable[[int], Array]  # so many zeroed bytes, as an array of uint8
ENGINE_VERSION = 7  # goes up when the same commands no longer give the same state

# table: (dtype, columns, rows at the start, most rows)
_SHAPES: dict[Table, tuple[Any, int, int, int]] = {
    Table.CORE: (state.CORE, 0, 1, 1),
    Table.CANDIDATE: (state.CANDIDATE, 0, 1, 1),
    Table.INSTRUMENT: ("i8", int(InstrumentAttr.COLUMNS), 16, MAX_INSTRUMENTS + 1),
    Table.BOOK: (state.BOOK, 0, 16, MAX_INSTRUMENTS + 1),
    Table.TREE: (state.TREE, 0, 64, 4 * (MAX_INSTRUMENTS + 1)),
    Table.BRANCH: (state.BRANCH, 0, 64, 16 * MAX_ORDERS),
    Table.LEVEL: (state.LEVEL, 0, 256, 2 * MAX_ORDERS),
    Table.ORDER: (state.ORDER, 0, 1024, MAX_ORDERS),
    Table.DETAIL: (state.DETAIL, 0, 1024, MAX_ORDERS),
    Table.EXTRA: (state.EXTRA, 0, 64, MAX_ORDERS),
    Table.EXPIRY: (state.EXPIRY, 0, 64, MAX_ORDERS),
    Table.OWNER: ("i4", 0, 1024, MAX_ORDERS),
    Table.DIRECTORY: (state.SLOT, 0, 8192, 4 * MAX_ORDERS),
    Table.NODE: (state.NODE, 0, 16, MAX_NODES + 1),
    Table.NODE_LIMIT: ("i8", int(NodeAttr.COLUMNS), 16, MAX_NODES + 1),
    Table.POSITION: (state.POSITION, 0, 512, 2**27),
    Table.POSITION_INDEX: (state.SLOT, 0, 2048, 2**28),
    Table.GROUP: (state.GROUP, 0, 16, 2**24),
    Table.LOT: (state.LOT, 0, 64, 2**30),
    Table.ALGO: (state.ALGO, 0, MAX_ALGOS, MAX_ALGOS),
    Table.SESSION: (state.SESSION, 0, MAX_SESSIONS, MAX_SESSIONS),
    Table.RECENT: (state.RECENT, 0, 64, 2**26),
    Table.LEG: (layout.COMMAND, 0, 1, 1),
    Table.BOUND: ("i8", state.BOUND, 16, MAX_NODES + 1),
    **{table: ("i8", width, 0, MAX_INSTRUMENTS + 1) for table, width in WIDTHS.items()},
    Table.PORTFOLIO: ("i8", 0, HEAD, 2**40),
}
# tables whose content is not part of the state, or follows from other tables
_DERIVED = (
    Table.CANDIDATE, Table.DIRECTORY, Table.POSITION_INDEX, Table.LEG, Table.BOUND, Table.PORTFOLIO,
)  # fmt: skip
# field of CORE that counts the rows of a table; of trees there are four a row
_COUNTERS = {
    Table.INSTRUMENT: "instruments", Table.BOOK: "instruments", Table.TREE: "instruments",
    Table.BRANCH: "branch_high", Table.LEVEL: "level_high", Table.ORDER: "order_high",
    Table.DETAIL: "order_high", Table.OWNER: "order_high", Table.EXTRA: "extra_high",
    Table.EXPIRY: "expiries", Table.NODE: "nodes", Table.NODE_LIMIT: "nodes",
    Table.POSITION: "positions", Table.GROUP: "groups", Table.LOT: "lot_high",
}  # fmt: skip


def plain(size: int) -> Array:
    """Zeroed memory of this process alone."""
    return np.zeros(size, np.uint8)


def aligned(dtype: Any, rows: int, columns: int = 0, memory: Memory = plain) -> Array:
    """A zeroed array whose first byte is at a multiple of 64."""
    kind = np.dtype(dtype)
    size = rows * max(columns, 1) * kind.itemsize
    buffer = memory(size + 64)
    start = -buffer.ctypes.data % 64
    array: Array = buffer[start : start + size].view(kind)
    return array.reshape(rows, columns) if columns else array


# cells of CORE and BOOK that depend on how commands were batched or on the feed that is written
_CORE_OF_CALL = ("reports", "markets", "rows", "want", "want_rows", "full", "feed", "market_seq")
_BOOK_OF_FEED = ("top_bid", "top_bid_qty", "top_ask", "top_ask_qty")


def _rows_of(table: Table, used: int) -> int:
    """Rows to give a restored table: a quarter more, so that it does not grow at once.

    Hash tables, fixed ones and parameters keep their size.
    """
    _, _, least, most = _SHAPES[table]
    if table == Table.RECENT or table in WIDTHS or least == most:
        return max(least, used)
    spare = used // 4 + (4 if table == Table.TREE else 1)  # four trees a book
    return max(least, min(used + spare, most))


def _bytes_of(array: Array) -> Array:
    """The same memory as unsigned bytes; copying rows field by field is slow."""
    flat: Array = array.reshape(-1).view(np.uint8)
    return flat


class Store:
    """The arrays of one exchange and the address table that kernels get.

    `memory` is where tables come from; `arrays` are tables to begin with instead of empty ones.
    """

    def __init__(self, memory: Memory = plain, arrays: Mapping[Table, Array] | None = None) -> None:
        self._memory = memory
        self.arrays: dict[Table, Array] = {}
        self._addresses = aligned("i8", 2 * (max(Table) + 1))
        self.address = int(self._addresses.ctypes.data)  # what kernels get as `s`
        self.places = self._addresses.data  # the same table, quick to write
        for table, (dtype, columns, rows, _) in _SHAPES.items():
            given = None if arrays is None else arrays[table]
            self._place(table, self._aligned(dtype, rows, columns) if given is None else given)
        link(self.arrays)

    def _aligned(self, dtype: Any, rows: int, columns: int) -> Array:
        return aligned(dtype, rows, columns, self._memory)

    def _place(self, table: Table, array: Array) -> None:
        self.arrays[table] = array
        self.point(table, array)

    def point(self, table: Table, array: Array) -> None:
        """Make the address table show `array` (the caller keeps it alive)."""
        self._addresses[2 * table] = array.ctypes.data
        self._addresses[2 * table + 1] = len(array)

    def __getitem__(self, table: Table) -> Array:
        return self.arrays[table]

    @property
    def core(self) -> Any:
        """The single row of global state."""
        return self.arrays[Table.CORE][0]

    def grow(self, table: Table, rows: int) -> None:
        """Give `table` at least `rows` rows, at least doubling it; contents are kept.

        Raises:
            CapacityError: the table's bound would be passed.
        """
        dtype, columns, _, most = _SHAPES[table]
        old = self.arrays[table]
        wanted = min(max(rows, 2 * len(old)), most)
        if wanted < rows:
            raise CapacityError(table.name.lower(), most)
        new = self._aligned(dtype, wanted, columns)
        _bytes_of(new)[: old.nbytes] = _bytes_of(old)
        self._place(table, new)

    def prepare(self, table: Table, rows: int) -> None:
        """Give a table of margin parameters that are being prepared exactly so many empty rows."""
        self._place(table, self._aligned("i8", rows, WIDTHS[table]))

    def reshape(self) -> None:
        """Give the margin parameters in force, emptied, the shape of those that are prepared."""
        for table, source in zip(IN_FORCE, PREPARED, strict=True):
            self.prepare(table, len(self.arrays[source]))
        self._new_portfolios()

    def _new_portfolios(self) -> None:
        """Empty tables for the accounts that need them."""
        self.arrays[Table.BOUND][:, PORTFOLIO] = 0
        accounts = accounts_by_scenarios(self.arrays, self.used(Table.POSITION)) + SPARE
        self._place(Table.PORTFOLIO, self._aligned("i8", words_for(self.arrays, accounts), 0))
        link(self.arrays)

    def more_portfolios(self) -> None:
        """Tables for twice as many accounts."""
        old = self.arrays[Table.PORTFOLIO]
        new = self._aligned("i8", 2 * len(old) - HEAD, 0)
        new[: len(old)] = old
        self._place(Table.PORTFOLIO, new)
        link(self.arrays)

    def renew(self, table: Table) -> Array:
        """Replace a hash table by an empty one of twice the size; returns the old one."""
        dtype, columns, _, most = _SHAPES[table]
        old = self.arrays[table]
        if 2 * len(old) > most:
            raise CapacityError(table.name.lower(), most)
        self._place(table, self._aligned(dtype, 2 * len(old), columns))
        return old

    def parts(self) -> dict[str, bytes]:
        """The bytes of every table that is state, by name, up to the last used row."""
        return {
            table.name.lower(): array[: self.used(table)].tobytes()
            for table, array in self.arrays.items()
            if table not in _DERIVED
        }

    def used(self, table: Table) -> int:
        """Rows of a table from row 0 to the last one ever used."""
        counter = _COUNTERS.get(table)
        if counter is None:
            return len(self.arrays[table])
        return (int(self.core[counter]) + 1) * (4 if table == Table.TREE else 1)

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """Replace all state by `parts`; derived tables are emptied for the caller to rebuild."""
        self._check_parts(parts)
        for table, (dtype, columns, _, _) in _SHAPES.items():
            blob = parts.get(table.name.lower(), b"")
            width = np.dtype(dtype).itemsize * max(columns, 1)
            array = self._aligned(dtype, _rows_of(table, len(blob) // width), columns)
            _bytes_of(array)[: len(blob)] = np.frombuffer(blob, np.uint8)
            self._place(table, array)
        bounds = self._aligned("i8", len(self.arrays[Table.NODE]), state.BOUND)
        self._place(Table.BOUND, bounds)
        if len(self.arrays[Table.EXPIRY]) < len(self.arrays[Table.EXTRA]):
            self.grow(Table.EXPIRY, len(self.arrays[Table.EXTRA]))
        self._new_portfolios()
        self._fit(Table.DIRECTORY, 2 * (int(self.core["live_orders"]) + 8))
        self._fit(Table.POSITION_INDEX, 2 * (int(self.core["positions"]) + 16))

    @staticmethod
    def _check_parts(parts: Mapping[str, bytes]) -> None:
        """Every table that is state is there, in whole rows."""
        for table, (dtype, columns, least, most) in _SHAPES.items():
            if table in _DERIVED:
                continue
            name, width = table.name.lower(), np.dtype(dtype).itemsize * max(columns, 1)
            size = len(parts.get(name, b""))
            rows, rest = divmod(size, width)
            missing = not rows and table not in WIDTHS
            if rest or missing or rows > most or (least == most and rows != least):
                allowed = f"whole rows of {width} bytes, 1 to {most}"
                raise InvalidField(f"snapshot part {name}", f"{size} bytes", allowed)

    def _fit(self, table: Table, rows: int) -> None:
        """Size an emptied hash table: a power of two of at least `rows`."""
        dtype, columns, least, _ = _SHAPES[table]
        self._place(table, self._aligned(dtype, max(least, 1 << (rows - 1).bit_length()), columns))

    def digest(self) -> str:
        """SHA-256 over every part, in hexadecimal; the same however commands were batched."""
        total = hashlib.sha256()
        for table in sorted(set(_SHAPES) - set(_DERIVED)):
            rows = self.arrays[table][: self.used(table)]
            if table in (Table.CORE, Table.BOOK):
                rows = rows.copy()
                for name in _CORE_OF_CALL if table == Table.CORE else _BOOK_OF_FEED:
                    rows[name] = 0
            total.update(table.name.encode() + rows.nbytes.to_bytes(8, "little"))
            total.update(_bytes_of(rows).data)
        return total.hexdigest()

    @property
    def nbytes(self) -> int:
        """Memory held by all tables, in bytes."""
        return sum(array.nbytes for array in self.arrays.values())


def fingerprint() -> str:
    """What a stored log was written with: the layout of a COMMAND row and the engine's version."""
    fields: Any = layout.COMMAND.fields
    cells = sorted(fields.items(), key=lambda item: item[1][1])
    described = repr([(name, str(kind[0]), kind[1]) for name, kind in cells])
    return f"{hashlib.sha256(described.encode()).hexdigest()[:32]}/{ENGINE_VERSION}"
