"""Who waits for an answer, and which request id got which: a repeat gets its first answer."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from domain.errors import AlreadyExists
from domain.layout import REPORT
from server.sequencer.rows import WIDTH, Rows, meaning, tokens


@dataclass(frozen=True, slots=True)
class Answer:
    """The reports of a run of commands, the number of the first and the time of all."""

    reports: Rows
    seq: int
    time: int
    meant: bytes = b""  # digest of the commands, where they had a request id


@dataclass(slots=True)
class Entry:
    """Commands that stay together, and who waits for them.

    `then` is called when they were applied, before anything else is: with the answer. `alone`:
    nothing else of their batch is applied with them, so `then` sees the state right behind them.
    `make`: asked for `data` when everything before has been applied; they are a batch. `at`: the
    time to stamp in place of the clock's, with `make` only. `before` and `behind`: so many
    commands at the two ends are not the caller's, and their answer leaves them out.
    """

    data: bytes
    answered: asyncio.Future[Answer] | None = None
    then: Callable[[Answer], None] | None = None
    alone: bool = False
    make: Callable[[], bytes] | None = None
    at: int = 0
    before: int = 0
    behind: int = 0
    since: float = 0.0  # when it was put into the inbox, by time.perf_counter
    first: int = 0  # number of the first command, once it is in a batch
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.count = len(self.data) // WIDTH

    @property
    def waits(self) -> bool:
        """Whether somebody waits for the answer."""
        return self.answered is not None or self.then is not None


def give(entry: Entry, result: Answer | Exception) -> None:
    """Give an entry its answer, or the error."""
    if isinstance(result, Answer) and entry.then is not None:
        entry.then(result)
    future = entry.answered
    if future is not None and not future.done():
        if isinstance(result, Answer):
            future.set_result(result)
        else:
            future.set_exception(result)


class Answers:
    """The newest `most` answers to requests that had a token; older ones are forgotten.

    Bounded by number and by `most_reports` rows of answers in all. A request whose answer is
    forgotten would be taken as new: clients retry within minutes, not days.
    """

    def __init__(self, most: int, most_reports: int) -> None:
        self._most, self._most_reports = most, most_reports
        self._found: OrderedDict[int, Answer] = OrderedDict()
        self._reports = 0

    def __len__(self) -> int:
        return len(self._found)

    def first(self, token: int) -> Answer | None:
        """The first answer, whatever was asked."""
        return self._found.get(token)

    def find(self, token: int, meant: bytes, request_id: str = "") -> Answer | None:
        """The first answer. Raises AlreadyExists when it was to other commands."""
        found = self._found.get(token)
        if found is not None and found.meant != meant:
            raise AlreadyExists("request_id", request_id)
        return found

    def learn(self, rows: Rows, reports: Rows) -> None:
        """Note the answers of a batch."""
        marks = tokens(rows)
        if not marks.any():
            return
        edges = np.flatnonzero(np.diff(marks, prepend=0, append=0))
        first = int(rows["seq"][0])
        seqs = reports["seq"]
        for begin, end in zip(edges, [*edges[1:], len(rows)]):
            token = int(marks[begin]) if begin < len(rows) else 0
            if token and token not in self._found:
                low, high = np.searchsorted(seqs, (first + begin, first + end))
                own = np.ndarray(high - low, REPORT, reports[low:high].tobytes())
                run = rows[begin:end]
                time = int(run["transact_time"][0])
                self._keep(token, Answer(own, int(first + begin), time, meaning(run)))

    def _keep(self, token: int, answer: Answer) -> None:
        self._found[token] = answer
        self._reports += len(answer.reports)
        while len(self._found) > self._most or (
            self._reports > self._most_reports and len(self._found) > 1
        ):
            self._reports -= len(self._found.popitem(last=False)[1].reports)

    def parts(self) -> dict[str, bytes]:
        """All answers, for a snapshot."""
        table = np.zeros(len(self._found), _KEPT)
        for place, (token, answer) in enumerate(self._found.items()):
            table[place] = token, answer.seq, answer.time, len(answer.reports), answer.meant
        reports = b"".join(answer.reports.tobytes() for answer in self._found.values())
        return {"answers": table.tobytes(), "answers.reports": reports}

    def load(self, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave."""
        self._found.clear()
        self._reports = at = 0
        data = parts.get("answers.reports", b"")
        kept: Any = np.frombuffer(parts.get("answers", b""), _KEPT)
        for row in kept:
            size = int(row["count"]) * REPORT.itemsize
            own = np.frombuffer(data[at : at + size], REPORT)
            at += size
            meant = row["meant"].tobytes()
            self._keep(int(row["token"]), Answer(own, int(row["seq"]), int(row["time"]), meant))


_KEPT = np.dtype(
    [("token", "i8"), ("seq", "i8"), ("time", "i8"), ("count", "i8"), ("meant", "V16")]
)
