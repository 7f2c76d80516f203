"""`Encoder`: REPORT or MARKET rows in, response bytes out."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.errors import InvalidField
from domain.layout import COMMAND, MARKET, REPORT
from server.codec import tables
from server.codec.answers import HEAD_FIELDS, HEAD_ROOM, PREFIX, ROOM, encode, reply, whole
from server.codec.memory import Memory
from server.codec.slots import Slot
from server.codec.wire import PAD

Array = np.ndarray[Any, Any]
Picks = Array | None

_PLANS = {
    REPORT: (tables.reports(), "report"), MARKET: (tables.markets(), "market"),
    COMMAND: (tables.requests(), "command"),
}  # fmt: skip


class Encoder:
    """Encodes the rows of a batch once, and makes of them the replies to many receivers.

    Args:
        dtype: REPORT (for OrderEntryResponse and DropCopyResponse), MARKET (SubscribeResponse) or
            COMMAND (OrderEntryRequest; `seq` is then msg_seq_num).
        rows: rows to have room for; more are made room for when they come.
    """

    def __init__(self, dtype: np.dtype[Any] = REPORT, rows: int = 256) -> None:
        (starts, steps), kind = _PLANS[dtype]
        self._dtype, self._width = dtype, dtype.itemsize // 8
        self._kind = tables.place(dtype, kind)
        self._memory = Memory()
        self._memory.place(Slot.STARTS, starts)
        self._memory.place(Slot.STEPS, steps)
        self._head = np.zeros(HEAD_FIELDS, np.int64)
        self._memory.place(Slot.HEAD, self._head)
        self._told = self._head.data
        self._reserve(rows)
        self._room(rows * ROOM)
        self._count = 0

    def _reserve(self, rows: int) -> None:
        self._most = rows
        self._picks, self._all = np.zeros(rows, np.int64), np.arange(rows)
        self._memory.place(Slot.DATA, np.zeros(rows * ROOM + PAD, np.uint8))
        self._memory.place(Slot.OFFSETS, np.zeros(rows + 1, np.int64))
        self._memory.place(Slot.PICKS, self._picks)
        self._picks[:] = self._all
        self._picked_all = True

    def _room(self, size: int) -> None:
        self._out = np.zeros(size + HEAD_ROOM, np.uint8)
        self._memory.place(Slot.REPLY, self._out)
        self._view = self._out.data

    def encode(self, rows: Array, at: int = 0) -> int:
        """Encode a batch in place of the one before; returns how many bytes it takes.

        `at` is the address of the rows, if it is known: to ask numpy takes two microseconds.

        Raises:
            InvalidField: not contiguous rows of the dtype.
        """
        self._show(rows, at)
        return int(encode(self._memory.address, len(rows), self._width, self._kind))

    def _show(self, rows: Array, at: int) -> None:
        known = rows.dtype is self._dtype or rows.dtype == self._dtype  # comparing takes long
        if not known or not rows.flags.c_contiguous:
            raise InvalidField("rows", rows.dtype, "contiguous rows of the encoder's dtype")
        if len(rows) > self._most:
            self._reserve(max(len(rows), 2 * self._most))
        self._memory.place_rows(rows, at)
        self._count = len(rows)

    def reply(self, picks: Picks, seq: int, **fields: int) -> bytes:
        """One response message without gRPC prefix: what a grpcio handler sends.

        `picks` are numbers of rows of the batch in rising order, None for all; `seq` goes into
        field 1. `fields` are the others: processed and poss_dup of an OrderEntryResponse;
        instrument, feed, transact_time, snapshot and more of a SubscribeResponse.
        """
        end = self._make(picks, seq, 0, fields)
        return bytes(self._view[PREFIX:end])

    def whole(self, rows: Array, at: int, seq: int, **fields: int) -> bytes:
        """`encode`, and `reply` of all rows, in one call: of a small batch the calls cost most."""
        self._show(rows, at)
        self._tell(fields)
        given = self._memory.address, len(rows), self._width, self._kind, seq
        end = int(whole(*given))
        if end < 0:
            self._room(2 * -end)
            end = int(whole(*given))
        return bytes(self._view[PREFIX:end])

    def framed(self, picks: Picks, seq: int, **fields: int) -> memoryview:
        """The same with the prefix, in memory that the next call reuses."""
        end = self._make(picks, seq, 0, fields)
        return self._view[:end]

    def each(self, picks: Picks, seq: int, **fields: int) -> memoryview:
        """A message with prefix for each row, one after the other, numbered from `seq` on."""
        count = self._count if picks is None else len(picks)
        end = self._make(picks, seq, 1, fields) if count else 0
        return self._view[:end]

    def _make(self, picks: Picks, seq: int, each: int, fields: dict[str, int]) -> int:
        count = self._pick(picks)
        self._tell(fields)
        end = int(reply(self._memory.address, count, seq, each))
        if end < 0:
            self._room(2 * -end)
            end = int(reply(self._memory.address, count, seq, each))
        return end

    def _tell(self, fields: dict[str, int]) -> None:
        """The fields behind the elements."""
        told = self._told
        told[3] = told[4] = told[5] = told[6] = told[7] = 0
        for name, value in fields.items():
            told[NUMBERS[name]] = value

    def _pick(self, picks: Picks) -> int:
        """Tell the kernel which rows; returns how many."""
        if picks is None:
            if not self._picked_all:
                self._picks[:] = self._all
                self._picked_all = True
            return self._count
        if len(picks) and not (picks[0] >= 0 and picks[-1] < self._count):
            raise InvalidField("picks", picks, f"rows 0 to {self._count - 1} in rising order")
        self._picks[: len(picks)] = picks
        self._picked_all = False
        return len(picks)


NUMBERS = {
    "processed": 3, "poss_dup": 4,
    "instrument": 3, "feed": 4, "transact_time": 5, "snapshot": 6, "more": 7,
}  # fmt: skip
