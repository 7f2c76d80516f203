"""Times from when a command was due to when its answer came, in HDR histograms by kind.

A load that waits for answers sends less while the server is slow, and so leaves out the worst
times. Here a command's clock starts when it was due, sent or not. The histogram has three digits
and goes from a microsecond to a quarter of an hour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram

from benches.load.session import Heard
from domain.codes import Command
from gridworks.api.trading.v1.order_entry_pb2 import OrderEntryResponse

Array = np.ndarray[Any, Any]
LEAST_NS, MOST_NS, DIGITS = 1_000, 900 * 10**9, 3
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 99.99, 100.0)
SEEN = np.dtype(
    [(name, "i8") for name in (
        "exec_id", "seq", "trade_id", "order_id", "cl_ord_id", "orig_cl_ord_id", "last_px",
        "last_qty", "leaves_qty", "cum_qty", "account", "instrument", "report", "command",
        "exec_type", "ord_status", "side", "working", "reason",
    )]
)  # fmt: skip
NAMES: tuple[str, ...] = SEEN.names  # type: ignore[assignment]
ALL = "all"


def seen(messages: list[bytes], kind: Any = OrderEntryResponse) -> tuple[Array, Array]:
    """(the reports of some messages as rows, number of the first report of each message)."""
    cells, numbers = [], []
    for data in messages:
        message = kind.FromString(data)
        if message.reports:
            numbers.append((message.msg_seq_num, len(message.reports)))
        cells += [tuple(getattr(report, name) for name in NAMES) for report in message.reports]
    return np.array(cells, SEEN), np.array(numbers, np.int64).reshape(-1, 2)


def acknowledged(heard: Heard) -> Array:
    """When the answer to each command came, ns; 0: never."""
    times = np.zeros(len(heard.line.due), np.int64)
    done = 0
    for at, data in heard.messages:
        upto = OrderEntryResponse.FromString(data).last_msg_seq_num_processed
        if upto > done:
            times[done:upto] = at
            done = upto
    return times


@dataclass
class Recorder:
    """Histograms by kind of command, and counts by second."""

    start: int  # ns
    warmup: float = 0.0  # seconds that do not count
    from_due: dict[str, HdrHistogram] = field(default_factory=dict)
    from_sent: dict[str, HdrHistogram] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)
    acked: dict[int, int] = field(default_factory=dict)
    unanswered: int = 0
    last: int = 0

    def add(self, heard: Heard) -> None:
        """Take in one session."""
        line, acked = heard.line, acknowledged(heard)
        due = line.due + self.start
        self.unanswered += int((acked == 0).sum())
        for counts, times in ((self.sent, heard.sent), (self.acked, acked)):
            seconds = (times[times > 0] - self.start) // 10**9
            for second, count in zip(*np.unique(seconds, return_counts=True)):
                counts[int(second)] = counts.get(int(second), 0) + int(count)
        self.last = max(self.last, int(acked.max(initial=0)))
        counted = (acked > 0) & (line.due >= self.warmup * 1e9)
        for kind in np.unique(line.rows["command"][counted]).tolist():
            mine = counted & (line.rows["command"] == kind)
            for table, begin in ((self.from_due, due), (self.from_sent, heard.sent)):
                taken = (acked - begin)[mine]
                for name in (Command(kind).name, ALL):
                    _record(table, name, taken)

    def lines(self, table: dict[str, HdrHistogram]) -> dict[str, dict[str, float]]:
        """Percentiles of each kind in ns, how many, and the mean."""
        return {
            name: {
                "count": histogram.get_total_count(),
                **{f"p{p:g}" if p < 100 else "max": histogram.get_value_at_percentile(p)
                   for p in PERCENTILES},
                "mean": histogram.get_mean_value(),
            }
            for name, histogram in sorted(table.items())
        }  # fmt: skip

    def rate(self, seconds: float) -> float:
        """Answers a second behind the warm-up."""
        least = int(self.warmup)
        behind = sum(count for second, count in self.acked.items() if second >= least)
        return behind / max(seconds - least, 1e-9)


def _record(table: dict[str, HdrHistogram], name: str, taken: Array) -> None:
    histogram = table.setdefault(name, HdrHistogram(LEAST_NS, MOST_NS, DIGITS))
    values, counts = np.unique(np.clip(taken, LEAST_NS, MOST_NS) // 1000, return_counts=True)
    for value, count in zip(values.tolist(), counts.tolist()):
        histogram.record_value(value * 1000, count)
