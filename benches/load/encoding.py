"""COMMAND rows as the messages that a client sends, by the generated code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gridworks.api.trading.v1.order_entry_pb2 import OrderCommand, OrderEntryRequest

Rows = np.ndarray[Any, Any]
FLAGS = "exec_inst"  # bits of a cell, a list on the wire
_NAMES = tuple(field.name for field in OrderCommand.DESCRIPTOR.fields if field.name != FLAGS)


def commands(rows: Rows) -> list[OrderCommand]:
    """One command for each row; a cell that is 0 is left out, which means the same."""
    names = [name for name in _NAMES if rows[name].any()]
    columns = zip(*(rows[name].tolist() for name in names))
    made = []
    for cells, bits in zip(columns, rows[FLAGS].tolist()):
        values: dict[str, Any] = {name: cell for name, cell in zip(names, cells) if cell}
        if bits:
            values[FLAGS] = [1 << bit for bit in range(16) if bits >> bit & 1]
        made.append(OrderCommand(**values))
    return made


def messages(rows: Rows, batch: int) -> Iterator[tuple[int, bytes]]:
    """(commands, bytes) of messages that carry `batch` commands each."""
    for at in range(0, len(rows), batch):
        part = commands(rows[at : at + batch])
        yield len(part), OrderEntryRequest(commands=part).SerializeToString()
