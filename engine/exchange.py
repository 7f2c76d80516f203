"""The exchange: one deterministic function from COMMAND rows to REPORT rows, and its state.

    exchange = Exchange()
    reports = exchange.apply(commands)

With `log=` every batch is durable before it is applied; opening the same log again brings the
state back. Time, ids and configuration come in with the commands: nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from domain import layout, state
from domain.codes import Feed
from domain.errors import CapacityError, InvalidField, Unavailable
from domain.fields import Field
from domain.limits import INT64_MAX, STEP_REPORTS
from domain.tables import Table
from engine.depth import find_live, read_depth
from engine.loop import run
from engine.rebuild import (
    fill_bounds,
    fill_directory,
    fill_portfolios,
    fill_position_index,
    move_recents,
)
from engine.store import Array, Memory, Store, aligned, plain
from risk.span.memory import WIDTHS

_ROWS = 4096  # report rows of the standing buffer
_MARKET_ROWS = 2 * _ROWS  # a plain command causes about three
_SMALL = 64  # batches of so many commands are copied: that is faster than asking where they are
_WIDTH = layout.REPORT.itemsize
_ARRAY, _COMMAND = np.ndarray, layout.COMMAND
_COMMAND_WIDTH = _COMMAND.itemsize
# cells of CORE as int64, and of the address table
_REPORTS, _MARKETS, _CALLED = (
    state.CORE.fields[name][1] // 8  # type: ignore[index]
    for name in ("reports", "markets", "rows")
)
_SEQ = state.CORE.fields["seq"][1] // 8  # type: ignore[index]
_TIME = state.CORE.fields["time"][1] // 8  # type: ignore[index]
_POPULATION = state.CORE.fields["nodes"][1] // 8  # type: ignore[index]  # nodes and instruments
_AT_COMMANDS, _AT_REPORTS = 2 * Table.COMMAND, 2 * Table.REPORT
# A command that would need one more row than these can have is refused (CAPACITY).
_REFUSED_WHEN_FULL = (
    Table.ORDER, Table.EXTRA, Table.DIRECTORY, Table.POSITION, Table.RECENT, Table.INSTRUMENT,
    Table.NODE, Table.GROUP,
)  # fmt: skip
_GROWN_TOGETHER = {
    Table.ORDER: (Table.ORDER, Table.DETAIL, Table.OWNER),
    Table.EXTRA: (Table.EXTRA, Table.EXPIRY),
    Table.INSTRUMENT: (Table.INSTRUMENT, Table.BOOK),
    Table.NODE: (Table.NODE, Table.NODE_LIMIT, Table.BOUND),
    Table.POSITION: (Table.POSITION,),
}


def _are_rows(array: object, dtype: Any) -> bool:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != 1:
        return False
    return array.flags.c_contiguous


def check_commands(commands: Array) -> None:
    """Raise InvalidField unless `commands` are contiguous COMMAND rows."""
    if not _are_rows(commands, layout.COMMAND):
        allowed = "a contiguous numpy array of COMMAND rows, one dimension"
        raise InvalidField("commands", commands, allowed)


def _joined(pieces: list[Array], dtype: Any) -> Array:
    """A new array of all rows, copied as bytes: numpy copies such rows field by field."""
    data = bytearray().join(piece.tobytes() for piece in pieces)
    return np.ndarray(len(data) // dtype.itemsize, dtype, data)


class Exchange:
    """Order management, pre-trade risk and matching for any number of instruments.

    Args:
        feed: which MARKET rows are written (`domain.codes.Feed`); read them with `market()`.
        salt: mixed into the hash of client ids; part of the state.
        memory: where the memory of tables comes from.

    `apply` costs about as much per command as the kernel does; everything that returns Python
    objects costs microseconds. Not thread-safe: one writer.

    A table that has reached its bound of `domain.limits` refuses commands that need a row of it
    (Reason.CAPACITY). A call that Python cuts short, for want of memory or by an interrupt, may
    stop in the middle of a command: from then on `apply` raises Unavailable until `restore`.
    """

    def __init__(self, *, feed: Feed = Feed.NONE, salt: int = 0, memory: Memory = plain) -> None:
        self._store = Store(memory)
        self._store.core["salt"] = salt
        self._begin(int(feed))

    def _begin(self, feed: int) -> None:
        self._feed = feed
        self._small = aligned(layout.COMMAND, _SMALL)
        self._reports = aligned(layout.REPORT, _ROWS)
        self._markets = aligned(layout.MARKET, _MARKET_ROWS if feed else 1)
        self._market: list[Array] = []
        self._out: Array | None = None  # the caller's buffer of the last call, and its address
        self._out_at = 0
        self._cut_short = False
        self._point_buffers()

    def _point_buffers(self) -> None:
        """Show the kernels the buffers of this object, and keep fast ways into its own memory."""
        store = self._store
        store.core["feed"] = self._feed
        store.point(Table.REPORT, self._reports)
        store.point(Table.MARKET, self._markets)
        self._cells = store[Table.CORE].view(np.int64).data
        self._small_bytes = self._small.view(np.uint8).data
        self._cells[_MARKETS] = 0
        self._report_bytes = self._reports.view(np.uint8).data
        self._small_at = int(self._small.ctypes.data)
        self._reports_at = int(self._reports.ctypes.data)

    def apply(self, commands: Array, out: Array | None = None) -> Array:
        """Apply COMMAND rows in order and return the REPORT rows they caused.

        Args:
            commands: shape (n,), dtype `layout.COMMAND`, C-contiguous.
            out: at least 96 REPORT rows to write into; the result is a view of it when all rows
                fit, else a copy. Without it the result is a new array.

        Raises:
            InvalidField: `commands` or `out` is something else, or `out` may not be written.
            Unavailable: an earlier call was cut short (`Exchange` says when).
            MemoryError: a table could not grow.
        """
        if self._cut_short:
            raise Unavailable("a batch was cut short in the middle; restore a snapshot")
        if (
            type(commands) is not _ARRAY or commands.dtype is not _COMMAND
            or commands.ndim != 1 or not commands.flags.c_contiguous
        ):  # fmt: skip
            check_commands(commands)
        store, cells = self._store, self._cells
        rows, places = len(commands), store.places
        if rows <= _SMALL:
            self._small_bytes[: rows * _COMMAND_WIDTH] = commands.tobytes()
            places[_AT_COMMANDS] = self._small_at
        else:
            places[_AT_COMMANDS] = commands.ctypes.data
        places[_AT_COMMANDS + 1] = rows
        if out is None:
            places[_AT_REPORTS], places[_AT_REPORTS + 1] = self._reports_at, _ROWS
        else:
            if out is not self._out:
                self._check_out(out)
                self._out, self._out_at = out, int(out.ctypes.data)
            places[_AT_REPORTS], places[_AT_REPORTS + 1] = self._out_at, len(out)
        if cells[_MARKETS]:
            self._keep_market()
        cells[_CALLED], cells[_REPORTS] = rows, 0
        full: list[Array] = []
        done = run(store.address, 0)
        if done < rows:
            self._go_on(done, rows, full, self._reports if out is None else out)
        return self._result(full, out)

    def _go_on(self, done: int, rows: int, full: list[Array], buffer: Array) -> None:
        """Make room and go on until all rows are done; what stops half-way stops for good."""
        self._cut_short = True
        while done < rows:
            self._make_room(full, buffer)
            done = run(self._store.address, done)
        self._cut_short = False

    def _result(self, full: list[Array], out: Array | None) -> Array:
        """The rows of this call: a new array, or a view of `out`."""
        count = self._cells[_REPORTS]
        if full:
            last = (self._reports if out is None else out)[:count]
            return _joined([*full, last], layout.REPORT)
        if out is not None:
            return out[:count]
        return np.ndarray(count, layout.REPORT, bytearray(self._report_bytes[: count * _WIDTH]))

    @staticmethod
    def _check_out(out: Array) -> None:
        right = _are_rows(out, layout.REPORT) and out.flags.writeable
        if not right or len(out) < STEP_REPORTS:
            allowed = f"a contiguous, writable array of at least {STEP_REPORTS} REPORT rows"
            raise InvalidField("out", out, allowed)

    def _make_room(self, full: list[Array], buffer: Array) -> None:
        """Give the kernel what it asked for in CORE.want."""
        core = self._store.core
        want = Table(int(core["want"]))
        if want == Table.REPORT:
            full.append(_joined([buffer[: core["reports"]]], layout.REPORT))
            core["reports"] = 0
        elif want == Table.MARKET:
            self._keep_market()
        else:
            try:
                self.grow(want)
            except CapacityError:
                if want not in _REFUSED_WHEN_FULL:
                    raise
                core["full"] |= 1 << want

    def lend(self, commands: Array, reports: Array) -> int:
        """The address of the tables, for a kernel that calls `engine.loop.run` by itself.

        It puts rows into `commands` and their number into CORE.rows, and finds what comes of them
        in `reports`. Room is made ahead of need with `grow`. `apply` works as before.
        """
        self._store.point(Table.COMMAND, commands)
        self._store.point(Table.REPORT, reports)
        return self._store.address

    def grow(self, want: Table) -> None:
        """Give a table more rows. Raises CapacityError at its bound."""
        if want == Table.DIRECTORY:
            self._store.renew(want)
            fill_directory(self._store.address)
            return
        if want in WIDTHS:
            if want == Table.RISK:
                self._store.reshape()
            else:
                self._store.prepare(want, int(self._store.core["want_rows"]))
            return
        if want == Table.PORTFOLIO:
            self._store.more_portfolios()
            return
        if want == Table.RECENT:
            move_recents(self._store.address, self._store.renew(want))
            return
        for table in _GROWN_TOGETHER.get(want, (want,)):
            self._store.grow(table, len(self._store[table]) + 1)
        rows, index = len(self._store[Table.POSITION]), len(self._store[Table.POSITION_INDEX])
        if want == Table.POSITION and 2 * rows > index:
            self._store.renew(Table.POSITION_INDEX)
            fill_position_index(self._store.address)
        elif want == Table.INSTRUMENT:
            self._store.grow(Table.TREE, 4 * len(self._store[Table.BOOK]))

    def _keep_market(self) -> None:
        count, self._cells[_MARKETS] = self._cells[_MARKETS], 0
        if count:
            self._market.append(_joined([self._markets[:count]], layout.MARKET))

    def market(self, *, lent: bool = False) -> Array:
        """The MARKET rows written since the last call, dtype `layout.MARKET`.

        `lent`: the next `apply` may write over them, which saves a copy.
        """
        if lent and not self._market:
            count, self._cells[_MARKETS] = self._cells[_MARKETS], 0
            return self._markets[:count]
        self._keep_market()
        rows, self._market = self._market, []
        return _joined(rows, layout.MARKET)

    def depth(self, instrument: int, levels: int | None = None) -> tuple[Array, Array]:
        """(bids, asks): int64 arrays of shape (n, 3), best first: price, quantity, orders.

        Only displayed quantity counts. Cost: O(levels). Raises InvalidField.
        """
        self._check_instrument(instrument)
        if levels is not None:
            levels = Field("levels", 0, 0, INT64_MAX).check(levels)
        sides = []
        for tree in (4 * instrument, 4 * instrument + 1):
            most = int(self._store[Table.TREE][tree]["levels"])
            out = np.zeros((most if levels is None else min(levels, most), 3), np.int64)
            sides.append(out[: read_depth(self._store.address, tree, out)])
        return sides[0], sides[1]

    def live_order(self, account: int, cl_ord_id: int) -> int:
        """The row of the ORDER table with the account's live order of this id, 0: none. O(1)."""
        return int(find_live(self._store.address, account, cl_ord_id))

    def _check_instrument(self, instrument: int) -> None:
        count = int(self._store.core["instruments"])
        if not 1 <= instrument <= count:
            raise InvalidField("instrument", instrument, f"1 to {count}")

    @property
    def seq(self) -> int:
        """How many commands have been applied."""
        return self._cells[_SEQ]

    @property
    def time(self) -> int:
        """The exchange's time, ns since 1970."""
        return self._cells[_TIME]

    @property
    def population(self) -> int:
        """A number that changes whenever an instrument or a node is added; cheap to read."""
        return self._cells[_POPULATION]

    def state_hash(self) -> str:
        """SHA-256 of all state, in hexadecimal. Cost: O(memory in use)."""
        return self._store.digest()

    def snapshot(self) -> dict[str, bytes]:
        """All state as named byte strings; `restore` takes it back."""
        return self._store.parts()

    def restore(self, parts: dict[str, bytes]) -> None:
        """Replace all state by a snapshot's; `feed` stays what this exchange was made with.

        Raises:
            InvalidField: a part is missing or is not whole rows; the state is as before.
        """
        self._keep_market()
        self._store.restore(parts)
        self._store.core["full"] = 0
        self._point_buffers()
        self._cut_short = False
        fill_directory(self._store.address)
        fill_position_index(self._store.address)
        fill_bounds(self._store.address)
        fill_portfolios(self._store.address)

    def twin(self, copied: Callable[[Array], Array]) -> Exchange:
        """An exchange in the same state that goes its own way from here on, without a feed.

        `copied` gives for the array of a table one with the same content that may be written:
        `np.copy`, or something cheaper. Nothing may be applied here while it works.
        """
        found = Exchange.__new__(Exchange)
        tables = {table: copied(array) for table, array in self._store.arrays.items()}
        found._store = Store(arrays=tables)
        found._begin(int(Feed.NONE))
        found._cut_short = self._cut_short
        return found

    def replay(self, batches: Iterable[Array]) -> None:
        """Apply batches of commands and drop their reports."""
        for batch in batches:
            self.apply(batch)
            self.market(lent=True)

    @property
    def nbytes(self) -> int:
        """Memory of all tables, in bytes."""
        return self._store.nbytes

    def table(self, table: Table) -> Any:
        """The used rows of a table of the state, read-only (row 0 is unused)."""
        view = self._store[table][: self._store.used(table)]
        view.setflags(write=False)
        return view
