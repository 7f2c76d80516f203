"""A stretch of bars of one instrument that can change nothing of ours: marks and samples only.

What `core.loop` does to such bars one by one comes to the same; tests hold the two together.
"""

import numpy as np

from backtest.simulator.core.history.market import come, held
from backtest.simulator.core.tables import LARGE, NEVER, OWN, events, head, items, samples
from domain.jit import kernel
from domain.tables import nodes

_BAR = 32  # backtest.events.EventKind
_CELLS = 6  # of a sample: time, equity, cash, margin, position, mark


@kernel
def _is_idle(w):
    """Whether no bar can concern an order, a margin, a rate or a timer of ours."""
    h = head(w)[0]
    sent = h["first"] < h["waiting"] or h["told"] < h["reports"] or h["timer"] < NEVER
    if sent or h["exact"] or h["borrow"] or h["interest"] or h["sample_ns"]:
        return False
    if nodes(h["store"])[OWN]["orders"]:
        return False
    lots = held(w, 1)
    return lots == 0 or (lots > 0 and items(w)[1]["cash_model"] != 0)


@kernel
def skip_idle(w, until):
    """Mark and sample bars up to `until` while nothing else can happen."""
    h, item = head(w)[0], items(w)[1]
    last = min(until, h["count"])
    if h["cursor"] >= last or events(w)[h["cursor"]]["kind"] != _BAR or not _is_idle(w):
        return
    cash, lots = nodes(h["store"])[OWN]["cash"] - h["debt"], held(w, 1)
    margin, worth = nodes(h["store"])[OWN]["margin"], lots * item["multiplier"]
    rows, out = events(w), samples(w)
    at, place, due, px = np.int64(h["cursor"]), np.int64(h["samples"]), h["sample_at"], item["px"]
    first = at
    while at < last and rows[at]["kind"] == _BAR and place + _CELLS <= len(out):
        time = rows[at]["time"]
        if due and time > due:
            out[place] = due
            out[place + 1] = cash + worth * px
            out[place + 2] = cash
            out[place + 3] = margin
            out[place + 4] = lots
            out[place + 5] = px
            place += _CELLS
        due, px = time, rows[at]["price"]
        at += 1
    if at == first:
        return
    come(w, 1, px)
    volume = rows[at - 1]["qty"]
    item["budget"] = volume * h["share"] // 1_000_000 if h["share"] and volume else LARGE
    h["now"] = max(h["now"], due)
    h["played"] = due
    h["sample_at"] = due
    h["samples"] = place
    h["cursor"] = at
    h["seen"] = at
    h["events"] += at - first
