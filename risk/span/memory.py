"""The memory of scenario margin: the tables of every account behind addresses of their own.

PORTFOLIO is one array of int64: a head (`risk.span.columns`), then for each account the address
table that kernels get, and the tables of its sums. Parameters are shared; addresses are written
here, between two runs of a kernel, whenever something has moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import Level, MarginModel
from domain.tables import Table
from risk.span import columns as at
from risk.span import store

Array = np.ndarray[Any, Any]
PREPARED = tuple(Table(number) for number in range(Table.NEXT_RISK, Table.RISK))
IN_FORCE = tuple(Table(number) for number in range(Table.RISK, Table.PORTFOLIO))
WIDTHS = dict(zip((*PREPARED, *IN_FORCE), 2 * store.WIDTHS[: store.LOSS], strict=True))
SPARE = 8  # accounts for which there is room at least


def _line(words: int) -> int:
    """Whole cache lines."""
    return -(-words // 8) * 8


HEAD = _line(at.HEAD + 2 * at.KEPT)
_ADDRESSES = _line(2 * len(store.WIDTHS))


def _places(commodities: int, periods: int) -> tuple[dict[int, tuple[int, int]], int]:
    """(first word, rows) of each table of one account, and all its words."""
    rows = {store.LOSS: commodities, store.DELTA: periods, store.SUM: commodities,
            store.FOUND: commodities, store.LIST: commodities + 1, store.TOTAL: 1}  # fmt: skip
    places, word = {}, _ADDRESSES
    for table, count in rows.items():
        places[table] = (word, count)
        word += _line(count * store.WIDTHS[table])
    return places, word


def _shape(arrays: Mapping[Table, Array]) -> tuple[int, int]:
    return len(arrays[Table.COMMODITY]), len(arrays[Table.PERIOD])


def words_for(arrays: Mapping[Table, Array], accounts: int) -> int:
    """The length of PORTFOLIO with room for so many accounts."""
    return HEAD + (accounts * _places(*_shape(arrays))[1] if len(arrays[Table.COMMODITY]) else 0)


def link(arrays: Mapping[Table, Array]) -> None:
    """Write all addresses into PORTFOLIO, for the arrays as they lie now."""
    whole = arrays[Table.PORTFOLIO]
    places, stride = _places(*_shape(arrays))
    room, base = (len(whole) - HEAD) // stride, int(whole.ctypes.data)
    whole[at.BASE], whole[at.STRIDE], whole[at.ROOM] = base + 8 * HEAD, 8 * stride, room
    rows = whole[HEAD : HEAD + room * stride].reshape(room, stride)
    starts = base + 8 * (HEAD + stride * np.arange(room))
    for number, table in enumerate(IN_FORCE):
        rows[:, 2 * number] = arrays[table].ctypes.data
        rows[:, 2 * number + 1] = len(arrays[table])
    for number, (word, count) in places.items():
        rows[:, 2 * number], rows[:, 2 * number + 1] = starts + 8 * word, count
    rows[:, 2 * store.KEPT], rows[:, 2 * store.KEPT + 1] = base + 8 * at.HEAD, 2


def accounts_by_scenarios(arrays: Mapping[Table, Array], used: int) -> int:
    """How many accounts have position rows of instruments that are margined by scenarios."""
    rows = arrays[Table.POSITION][1:used]
    models = arrays[Table.INSTRUMENT][rows["instrument"], InstrumentAttr.MARGIN_MODEL]
    nodes = np.unique(rows["node"][models == MarginModel.SCENARIO])
    return int((arrays[Table.NODE]["level"][nodes] == Level.ACCOUNT).sum())
