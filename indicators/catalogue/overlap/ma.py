"""Moving average of a chosen kind, with one length or a length for each row."""

from __future__ import annotations

from typing import Any

from indicators.blocks.choice import bind, ma_slots, ma_warmup
from indicators.blocks.choice import sma as ma1
from indicators.blocks.edge import hide
from indicators.blocks.window import total
from indicators.registry import Row, length, matype


def update_ma(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: those of the average."""
    ma1(s, 2, int(s[0]), x[0][start:stop], y[0][start - base : stop - base])


def update_mavp(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """A simple average is summed on the spot."""
    v, periods, low, high = x[0], x[1], int(s[0]), int(s[1])
    for i in range(start, stop):
        want = min(max(int(periods[i]), low), high)
        y[0][i - base] = total(v, i + 1 - want, i + 1) / want
    hide(y[0], s, start, stop, base)


ROWS = (
    Row(
        "ma", "Moving average of a chosen kind", "close", (length(30, 1), matype()), "ma",
        update_ma, slots=lambda n, kind: ma_slots(n), warmup=ma_warmup,
        formula="the chosen average", source="see the averages", seeding="that of the average",
        talib="MA timeperiod matype", bindings=lambda n, kind: bind(ma1=(kind, n)),
    ),
    Row(
        "mavp", "Moving average of a length given for each row", "close periods",
        (length(2, 1, "shortest"), length(30, 1, "longest")), "mavp", update_mavp,
        slots=lambda a, b: 0, warmup=lambda a, b: b - 1, history=lambda a, b: b,
        formula="simple average of `periods` values, kept within shortest .. longest",
        source="TA-Lib", talib="MAVP minperiod maxperiod",
    ),
)  # fmt: skip
