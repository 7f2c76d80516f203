"""`Decoder`: request bytes in, COMMAND rows out."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.layout import COMMAND
from gridworks.api.trading.v1.order_entry_pb2 import OrderCommand, OrderEntryRequest
from server.codec import tables
from server.codec.commands import decode
from server.codec.faults import WORDS, Fault, WireFault
from server.codec.memory import Memory
from server.codec.slots import Message, Note, Slot
from server.codec.wire import PAD

Array = np.ndarray[Any, Any]

_OF_SESSION, _OF_ACCOUNT = int(Note.SESSION), int(Note.ACCOUNT)
_ODD, _NOBODY = int(Note.ODD), np.zeros(1, np.uint8)
_START, _ROW = int(Message.START), int(Message.ROW)
_FIELDS, _CODES = tables.commands()
_NAMES = {f.number: f.name for f in OrderCommand.DESCRIPTOR.fields}
_TOP = {f.number: f.name for f in OrderEntryRequest.DESCRIPTOR.fields}


class Decoder:
    """Decodes messages of one stream or connection; holds the memory that it needs for that.

    Args:
        rows: most commands in what is decoded by one call.
        data: most bytes of it.
        messages: most gRPC messages that `framed` cuts in one call.

    `data` is a writable buffer: a transport may read into it and call `framed`.
    """

    def __init__(self, rows: int = 4096, data: int = 1 << 18, messages: int = 4096) -> None:
        self._most = rows
        self._rows = np.zeros(rows, COMMAND)
        self._data = np.zeros(data + PAD, np.uint8)
        self._notes = np.zeros(len(Note), np.int64)
        self._messages = np.zeros((messages + 1, len(Message)), np.int64)
        memory = self._memory = Memory()
        memory.place_rows(self._rows)
        memory.place(Slot.DATA, self._data)
        memory.place(Slot.NOTES, self._notes)
        memory.place(Slot.MESSAGES, self._messages)
        memory.place(Slot.FIELDS, _FIELDS)
        memory.place(Slot.CODES, _CODES)
        memory.place(Slot.SCRATCH, np.zeros(256, np.int64))
        memory.place(Slot.MAY, _NOBODY)
        self.data = self._data.data[:data]
        self._begin = 0, 0  # first byte and row of the message that may be refused
        self._told, self._found = self._notes.data, self._messages.data

    def open(self, session: int, account: int, may: Array = _NOBODY, at: int = 0) -> None:
        """From now on rows carry this session, and this account where the message names none.

        `may` says of each node by its number whether it is known to be the sender's (see `odd`);
        `at` is its address, if it is known.
        """
        self._told[_OF_SESSION], self._told[_OF_ACCOUNT] = session, account
        self._memory.place_at(Slot.MAY, may, at or may.ctypes.data)

    def one(self, message: bytes) -> Array:
        """The COMMAND rows of one OrderEntryRequest, in memory that the next call reuses.

        Raises:
            WireFault: it cannot be read; nothing of it is to be applied.
        """
        size = len(message)
        if size > len(self.data):
            raise WireFault(
                "message", f"{size} bytes", f"at most {len(self.data)} bytes", 0, Fault.TOO_LONG
            )
        self.data[:size] = message
        self._begin = 0, 0
        if not decode(self._memory.address, 0, size, -1):
            raise self.fault()
        return self._rows[: self._found[0, Message.ROWS]]

    def framed(self, start: int, stop: int, limit: int) -> tuple[Array, Array, int]:
        """Decode the complete gRPC messages in data[start:stop], each of at most `limit` bytes.

        Returns (rows of all, one row of slots.Message for each, where to go on). The message that
        cannot be read, if there is one, is the next: `fault()` tells what is wrong with it.
        """
        count = decode(self._memory.address, start, stop, limit)
        behind, row = self._found[count, _START], self._found[count, _ROW]
        self._begin = behind + 5, row
        return self._rows[:row], self._messages[:count], behind

    @property
    def msg_seq_num(self) -> int:
        """The sequence number that the last message of `one` carried, 0 for none."""
        return int(self._told[Note.MSG_SEQ_NUM])

    @property
    def odd(self) -> bool:
        """Whether of the last commands one is a sweep, or names an account that `may` lacks."""
        return self._told[_ODD] != 0

    @property
    def control(self) -> int:
        """The control fields of the last message of `one`: a set of bits, by field number."""
        return int(self._told[Note.CONTROL])

    @property
    def failed(self) -> bool:
        """Whether `framed` ended at a message that cannot be read."""
        return bool(self._told[Note.FAULT])

    def fault(self) -> WireFault:
        """What is wrong with the message that was refused; places are counted from its begin."""
        notes = [int(note) for note in self._notes]
        fault, at = Fault(notes[Note.FAULT]), max(notes[Note.POSITION] - self._begin[0], 0)
        row, number, value = notes[Note.COMMAND], notes[Note.FIELD], notes[Note.VALUE]
        row = row - self._begin[1] if row >= 0 else row
        names = _TOP if row < 0 else _NAMES
        path = "" if row < 0 else f"commands[{row}]"
        if number:
            path += ("." if path else "") + names.get(number, f"field {number}")
        found: object = "malformed"
        if fault == Fault.UNKNOWN_CODE:
            found = (value + 2**31) % 2**32 - 2**31
            words = ", ".join(f"{t} ({n})" for n, t in tables.allowed(names[number]).items())
        elif fault == Fault.OUT_OF_RANGE:
            found, words = value % 2**32, "a whole number from 0 to 255"
        elif fault == Fault.MISSING:
            found, words = 0, ", ".join(tables.allowed("command").values())
        elif fault == Fault.TOO_MANY:
            path, found, words = "commands", f"more than {self._most}", f"at most {self._most}"
        elif fault == Fault.TOO_LONG:
            found, words = f"{value} bytes", "a shorter message"
        else:
            words = WORDS[fault]
        return WireFault(path or "message", found, words, at, fault)
