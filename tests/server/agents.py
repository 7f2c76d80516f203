"""The sandbox's market without a server: step after step on a bare state."""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import MarginModel
from domain.tables import Table
from journal.log import Snapshot
from server.sandbox.agents.crowd import Agents
from server.sandbox.agents.memory import Memory
from server.sandbox.world import PROFILES, World, missing
from server.sequencer.rows import joined
from server.sequencer.state import Bounds, State

SECOND = 10**9
START = 1_767_603_600 * SECOND  # 2026-01-05 09:00 UTC


class Walk:
    """A market that has begun; `go` moves it and notes the best prices of each second."""

    def __init__(self, seed=1, step_ms=500, profiles=PROFILES, state=None):
        self.memory = Memory() if state is None else state.follower
        self.state = State(Bounds(20_000, 20_000, 1_000), self.memory) if state is None else state
        if state is None:
            self.apply(joined((missing(self.state, profiles, START),)), START)
        self.step_ns = step_ms * 10**6
        self.world = World(self.state, profiles)
        self.agents = Agents(self.world, self.memory, seed, self.step_ns)
        self.step = max(self.state.time, START) // self.step_ns
        self.commands = 0
        self.reasons = np.zeros(300, np.int64)
        self.bids, self.asks = [], []

    def apply(self, rows, time):
        rows["seq"] = np.arange(self.state.seq + 1, self.state.seq + 1 + len(rows))
        rows["transact_time"] = time
        return self.state.apply(rows)

    def go(self, seconds):
        for _ in range(int(seconds * SECOND) // self.step_ns):
            self.step += 1
            rows = self.agents.rows(self.step)
            self.commands += len(rows)
            if len(rows):
                applied = self.apply(rows, self.step * self.step_ns)
                self.reasons += np.bincount(applied.reports.rows["reason"], minlength=300)
            if self.step * self.step_ns % SECOND == 0:
                books = self.state.engine.table(Table.BOOK)[self.world.numbers]
                self.bids.append(books["top_bid"].copy())
                self.asks.append(books["top_ask"].copy())
        return self

    def copy(self, **more):
        """The same market again, from a snapshot."""
        twin = State(Bounds(20_000, 20_000, 1_000), Memory())
        twin.load(Snapshot(self.state.seq, b"", self.state.parts()))
        return Walk(state=twin, step_ms=self.step_ns // 10**6, **more)

    @property
    def hash(self):
        return self.state.engine.state_hash()

    def equity(self):
        """Minor units of each agent: cash, and what is held at the last price."""
        engine = self.state.engine
        values = engine.table(Table.INSTRUMENT)[self.world.numbers]
        last = engine.table(Table.BOOK)[self.world.numbers]["last_px"]
        worth = last * values[:, InstrumentAttr.MULTIPLIER]
        paid = values[:, InstrumentAttr.MARGIN_MODEL] == MarginModel.CASH
        rows, found = engine.table(Table.POSITION), []
        for account in range(self.world.first, self.world.first + len(self.world.view().held)):
            mine = rows[rows["node"] == account]
            at = self.world.profile_of(mine["instrument"])
            owed = np.where(paid[at], 0, mine["cost"])
            cash = int(engine.table(Table.NODE)[account]["cash"])
            found.append(cash + int((mine["qty"] * worth[at] - owed).sum()))
        return np.array(found)
