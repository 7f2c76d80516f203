"""`ReportReader`: response bytes in, REPORT rows out: what a client needs of the codec."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.layout import REPORT
from server.codec import tables
from server.codec.faults import Fault, WireFault
from server.codec.memory import Memory
from server.codec.responses import read
from server.codec.slots import Message, Note, Slot
from server.codec.wire import PAD

Array = np.ndarray[Any, Any]
_FIELDS = tables.responses()


class ReportReader:
    """Reads OrderEntryResponse messages in bulk; `data` is where the bytes are put."""

    def __init__(self, rows: int = 16_384, data: int = 1 << 22, messages: int = 4096) -> None:
        self._rows = np.zeros(rows, REPORT)
        self._data = np.zeros(data + PAD, np.uint8)
        self._notes = np.zeros(len(Note), np.int64)
        self._messages = np.zeros((messages + 1, len(Message)), np.int64)
        memory = self._memory = Memory()
        memory.place_rows(self._rows)
        memory.place(Slot.DATA, self._data)
        memory.place(Slot.NOTES, self._notes)
        memory.place(Slot.MESSAGES, self._messages)
        memory.place(Slot.FIELDS, _FIELDS)
        memory.place(Slot.SCRATCH, np.zeros(256, np.int64))
        self.data = self._data.data[:data]

    def read(self, start: int, stop: int) -> tuple[Array, Array, int]:
        """As `Decoder.framed`: (rows, one row of slots.Message for each message, where to go on).

        Raises WireFault: what is there is no response.
        """
        count = read(self._memory.address, start, stop)
        fault = Fault(int(self._notes[Note.FAULT]))
        behind = self._messages[count]
        if fault and not count:
            raise WireFault("message", fault.name, "an OrderEntryResponse", int(behind[0]), fault)
        return self._rows[: behind[Message.ROW]], self._messages[:count], int(behind[0])

    @property
    def processed(self) -> int:
        """The last last_msg_seq_num_processed that was read."""
        return int(self._notes[Note.PROCESSED])
