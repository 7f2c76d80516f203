"""Is there room for the next event? A kernel cannot stop in the middle of one for Python."""

import numpy as np

from backtest.simulator.core.tables import (
    flows,
    head,
    kept,
    samples,
    waiting,
)
from domain.jit import kernel
from domain.tables import (
    Table,
    branches,
    core,
    directory,
    extras,
    levels,
    lots,
    orders,
    position_index,
    positions,
    recents,
)

_SPARE = 256  # rows that an event and what it sets off can hardly use
REPORTS_SPARE = 2_048
OWN_TABLES = 100  # the simulator's own tables have these numbers and up
REPORTS_FULL, SAMPLES_FULL, FLOWS_FULL, WAITING_FULL = 100, 101, 102, 103


@kernel
def lacks(w):
    """The table that must get more rows before the next event, -1 if there is room."""
    h = head(w)[0]
    s = h["store"]
    c = core(s)[0]
    if h["reports"] + REPORTS_SPARE > len(kept(w)):
        return REPORTS_FULL
    if h["samples"] + 4 + 2 * h["instruments"] > len(samples(w)):
        return SAMPLES_FULL
    if h["flows"] + _SPARE > len(flows(w)):
        return FLOWS_FULL
    if h["waiting"] + _SPARE > len(waiting(w)):
        return WAITING_FULL
    need = _SPARE + h["waiting"] - h["first"]
    live = np.int64(c["live_orders"])
    if live + 2 * need > len(orders(s)):
        return np.int64(Table.ORDER)
    if c["extra_high"] + 2 * need > len(extras(s)):
        return np.int64(Table.EXTRA)
    if 2 * (live + 2 * need) > len(directory(s)):
        return np.int64(Table.DIRECTORY)
    if c["level_high"] + 2 * need > len(levels(s)):
        return np.int64(Table.LEVEL)
    if c["branch_high"] + 16 * need > len(branches(s)):
        return np.int64(Table.BRANCH)
    if c["lot_high"] + need > len(lots(s)):
        return np.int64(Table.LOT)
    return _lacks_rows(s, need)


@kernel
def _lacks_rows(s, need):
    c = core(s)[0]
    pairs = 2 * np.int64(c["instruments"]) + 16
    if c["positions"] + pairs > len(positions(s)):
        return np.int64(Table.POSITION)
    if 2 * (c["positions"] + pairs) > len(position_index(s)):
        return np.int64(Table.POSITION)
    if 2 * (c["recent"] + need) > len(recents(s)):
        return np.int64(Table.RECENT)
    return np.int64(-1)
