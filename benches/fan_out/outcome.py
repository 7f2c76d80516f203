"""From what the readers heard: how long each update took to its last reader, and what was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benches.fan_out.crowd import Heard, Plan
from benches.load.schedule import SECOND

Array = np.ndarray[Any, Any]
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)
Line = dict[str, float]


@dataclass
class Outcome:
    """What came of it. Times in ns, of the orders behind the warm-up."""

    from_due: Array  # of each update: until its last reader had it
    from_sent: Array
    from_stamped: Array  # by the server as it took the order into a batch; empty if conflated
    each: Array  # of each update and reader, from sent
    messages: int  # that came, warm-up included
    seconds: float  # from the first order to the last message
    server_cpu: float  # processor seconds; 0: not known
    readers_cpu: float
    problems: list[str]

    def times(self) -> dict[str, Line]:
        """Percentiles in ms, by what is measured."""
        return {
            "last reader, from due": _line(self.from_due),
            "last reader, from sent": _line(self.from_sent),
            "last reader, from stamped": _line(self.from_stamped),
            "each reader, from sent": _line(self.each),
        }

    def document(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "ms": self.times(),
            "messages": self.messages,
            "seconds": self.seconds,
            "messages_per_second": self.messages / self.seconds,
            "server_us_per_message": 1e6 * self.server_cpu / max(self.messages, 1),
            "server_cores": self.server_cpu / self.seconds,
            "readers_us_per_message": 1e6 * self.readers_cpu / max(self.messages, 1),
            "problems": self.problems,
        }


def _line(taken: Array) -> Line:
    if not len(taken):
        return {"count": 0}
    shown = np.percentile(taken, PERCENTILES) / 1e6
    names = ("max" if p == 100 else f"p{p:g}" for p in PERCENTILES)
    return {"count": len(taken), **{name: float(ms) for name, ms in zip(names, shown)}}


def evaluate(
    plan: Plan, heard: Heard, times: tuple[Array, Array], warmup: float, apart: int
) -> Outcome:
    """When each reader had each update. `times` are those of the orders, due and sent.

    Order n is update n // instruments + 1 of instrument n % instruments behind the snapshot. A
    conflated reader has an update when it has that one or a later one. `apart` is what the clock
    that the server stamps with is ahead of the monotonic one.
    """
    due, sent = times
    here, count = np.arange(len(due)), len(plan.instruments)
    place, number = here % count, here // count + 1
    counted = due - due[0] >= warmup * SECOND
    last, missing, each = np.zeros(len(due), np.int64), 0, [np.zeros(0, np.int64)]
    order = np.argsort(heard.reader, kind="stable")
    cuts = np.searchsorted(heard.reader[order], np.arange(plan.readers + 1))
    for reader in range(plan.readers):
        mine = order[cuts[reader] : cuts[reader + 1]]
        wanted = np.flatnonzero(place == reader % count)
        at = np.searchsorted(heard.last[mine], number[wanted] + heard.bases[reader])
        came = at < len(mine)
        missing += int((~came).sum())
        wanted, arrived = wanted[came], heard.at[mine[at[came]]]
        last[wanted] = np.maximum(last[wanted], arrived)
        each.append((arrived - sent[wanted])[counted[wanted]])
    known = counted & (last > 0)
    stamped = last[known] - (_stamps(plan, heard, place, number) - apart)[known]
    if plan.conflation_ms:
        stamped = stamped[:0]
    seconds = max(int(heard.at.max(initial=0)) - int(due[0]), 1) / SECOND
    return Outcome(
        (last - due)[known], (last - sent)[known], stamped, np.concatenate(each), len(heard.at),
        seconds, 0.0, heard.seconds, _problems(heard, missing),
    )  # fmt: skip


def _stamps(plan: Plan, heard: Heard, place: Array, number: Array) -> Array:
    """When the server took each order into a batch, ns since 1970; 0: nobody was told."""
    stamps = np.zeros(len(place), np.int64)
    for index, (_, instrument) in enumerate(plan.instruments):
        told = sorted(t for t in heard.told if t.instrument == instrument and not t.snapshot)
        wanted = np.flatnonzero(place == index)
        numbers = number[wanted] + heard.bases[index]
        at = np.searchsorted([t.last for t in told], numbers)
        came = at < len(told)
        times = np.array([t.transact_time for t in told], np.int64)
        stamps[wanted[came]] = times[at[came]]
    return stamps


def _problems(heard: Heard, missing: int) -> list[str]:
    """What was not as it must be, in words."""
    sizes = {(told.instrument, told.bid_size - told.last) for told in heard.told}
    wrong = len(sizes) - len({instrument for instrument, _ in sizes})
    counts = {
        "updates have not reached a reader": missing,
        "messages did not follow the one before": heard.gaps,
        "messages do not tell the size that their number has": wrong,
    }
    return heard.problems + [f"{count:,} {text}" for text, count in counts.items() if count]
