"""`Register`: follows the notes of the log."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from domain.codes import Reason, ReportType
from server.records.changes import Change, Changes, Item, State
from server.records.notes import NOTE, Note, Rows, read

OK = "OK"
_OF_ACT = ("by", "peer", "act", "target", "why", "request")


@dataclass(slots=True)
class Act:
    """One administrative act. `number` is that of its note in the log, `time` ns since 1970."""

    number: int
    time: int
    by: str
    peer: str
    method: str
    target: str
    reason: str
    request: str
    result: str


@dataclass(slots=True)
class Turn:
    """How a kill switch was last turned."""

    on: bool
    by: str
    reason: str
    time: int


class Register:
    """What notes have told: acts, changes of limits, kill switches, calendars, names for people.

    The newest `keep_acts` acts are kept; older ones are in the log.
    """

    def __init__(self, keep_acts: int) -> None:
        self.acts: deque[Act] = deque(maxlen=keep_acts)
        self.changes = Changes()
        self.switches: dict[str, Turn] = {}
        self.calendars: dict[str, dict[str, Any]] = {}
        self.about: dict[str, dict[str, str]] = {}  # "instruments/ACME", "nodes/north"
        self.reached: dict[str, int] = {}  # symbol: planned time of its calendar's change, ns

    def learn(self, rows: Rows, reports: Rows) -> None:
        """Follow the notes of a batch."""
        if not (rows["command"] == NOTE).any():
            return
        for note in read(rows):
            row = rows[note.place]
            refusals = _refusals(note, int(row["seq"]), reports)
            self._take(note, int(row["seq"]), int(row["transact_time"]), refusals)

    def _take(self, note: Note, number: int, time: int, refusals: dict[int, int]) -> None:
        text = note.text
        result = text.get("result", OK)
        if refusals:
            first = refusals[min(refusals)]
            result = Reason(first).name if first in set(Reason) else str(first)
        if "act" in text:
            by, peer, act, target, why, request = (text.get(name, "") for name in _OF_ACT)
            self.acts.append(Act(number, time, by, peer, act, target, why, request, result))
        if "limits" in text:
            self._limits(text, number, time, refusals)
        if "decide" in text:
            self._decide(text, time, bool(refusals))
        if result != OK:
            return
        if "switch" in text:
            on, name = text["switch"]["on"], text["switch"]["name"]
            self.switches[name] = Turn(on, text["by"], text["why"], time)
        if "calendar" in text:
            self.calendars[text["target"]] = text["calendar"]
        if text.get("about"):
            self.about.setdefault(text["target"], {}).update(text["about"])
            if "calendar" in text["about"]:  # it begins anew, with another plan
                self.reached.pop(text["target"].partition("/")[2], None)
        if "reached" in text:
            self.reached |= dict.fromkeys(text["reached"]["who"], text["reached"]["at"])

    def _limits(
        self, text: dict[str, Any], number: int, time: int, refusals: dict[int, int]
    ) -> None:
        told = text["limits"]
        items = [Item(*item) for place, item in enumerate(told["items"]) if place not in refusals]
        if not items:
            return
        hold = told["hold"]
        self.changes.add(
            Change(
                number, told["node"], text["target"], items,
                State.PENDING if hold else State.APPLIED, text["by"], text["key"], text["why"],
                time, expires=time + hold if hold else 0, request_id=told["request_id"],
            )
        )  # fmt: skip

    def _decide(self, text: dict[str, Any], time: int, refused: bool) -> None:
        told = text["decide"]
        change = self.changes.get(told["change"])
        if change is None or change.state is not State.PENDING or refused:
            return
        change.state = State.APPLIED if told["approve"] else State.REJECTED
        change.decided_by, change.decider_id = text["by"], text["key"]
        change.decide_time, change.decision = time, text["why"]
        change.decision_request_id = told["request_id"]

    def parts(self) -> dict[str, bytes]:
        """For a snapshot."""
        found = {
            "acts": [asdict(act) for act in self.acts],
            "changes": self.changes.plain(),
            "switches": {name: asdict(turn) for name, turn in self.switches.items()},
            "calendars": self.calendars, "about": self.about, "reached": self.reached,
        }  # fmt: skip
        return {"records": json.dumps(found).encode()}

    def load(self, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave."""
        found = json.loads(parts.get("records", b"{}"))
        self.acts = deque((Act(**act) for act in found.get("acts", ())), self.acts.maxlen)
        self.changes.load(found.get("changes", []))
        self.switches = {name: Turn(**turn) for name, turn in found.get("switches", {}).items()}
        self.calendars, self.about = found.get("calendars", {}), found.get("about", {})
        self.reached = found.get("reached", {})


def _refusals(note: Note, seq: int, reports: Rows) -> dict[int, int]:
    """Which of the commands that a note is about were refused: their places among them, and why."""
    if not note.covers:
        return {}
    low, high = np.searchsorted(reports["seq"], (seq - note.covers, seq))
    mine = reports[low:high]
    refused = mine[(mine["report"] == ReportType.ADMIN) & (mine["reason"] > 0)]
    first = seq - note.covers
    return {int(row["seq"]) - first: int(row["reason"]) for row in refused}
