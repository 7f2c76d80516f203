"""The strategy behind `signals`: market orders towards positions that were given beforehand."""

import numpy as np

from backtest.simulator.core.kernels import market, on_its_way, position
from backtest.simulator.core.tables import events, head, targets
from domain.jit import entry

HOLD = -(2**62)


@entry
def follow(desk, at):
    """At a bar: send what is missing to its target, which is for this bar or for this instant."""
    h = head(desk)[0]
    e = events(desk)[at]
    instrument, place = np.int64(e["instrument"]), np.int64(h["bars_seen"])
    if h["target_width"]:
        if h["seen_time"] and e["time"] != h["seen_time"]:
            place += 1
        h["bars_seen"] = place
        h["seen_time"] = e["time"]
        place = place * h["target_width"] + instrument - 1
    else:
        h["bars_seen"] = place + 1
    if place >= len(targets(desk)) or targets(desk)[place] == HOLD:
        return 0
    missing = targets(desk)[place] - position(desk, instrument) - on_its_way(desk, instrument)
    if missing:
        market(desk, instrument, missing)
    return 1
