"""The sandbox of a server: its clock and its market, put together from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import structlog

from domain.errors import CapacityError, InvalidField, StorageFull, Unavailable, WrongState
from server.auth.keyring import Keyring
from server.config import Settings
from server.sandbox.accounts import SCRIPT_ACCOUNT, Accounts
from server.sandbox.agents.crowd import Agents
from server.sandbox.agents.memory import Memory
from server.sandbox.market import Market
from server.sandbox.replay import History, Replay
from server.sandbox.scripts import Scripts
from server.sandbox.world import PROFILES, World, missing
from server.sequencer import rows as own
from server.sequencer.clock import VirtualClock, sandbox_clock
from server.sequencer.state import Follower, State
from server.sequencer.writer import Sequencer

Array = np.ndarray[Any, Any]
SECOND, MOST_JUMP = 10**9, 7 * 86_400 * 10**9
MOST_SPEED = 1000.0
_LOOK = 0.25  # seconds between two looks for new partners
_log = structlog.get_logger(__name__)


def follower_of(settings: Settings) -> Callable[[], Follower | None]:
    """What has to follow the log beside the exchange."""
    return lambda: Memory() if settings.sandbox_market == "agents" else None


def clock_of(settings: Settings, state: State) -> VirtualClock | None:
    """The clock of the settings; None: the machine's own."""
    plain = settings.sandbox_start is None and settings.sandbox_speed == 1.0
    if plain and settings.sandbox_market == "none":
        return None
    start = settings.sandbox_start
    begin = None if start is None else int(start.timestamp()) * SECOND + start.microsecond * 1000
    return sandbox_clock(begin, state.time, settings.sandbox_speed)


class Schedule(Protocol):
    """Who does something at planned times."""

    @property
    def next_at(self) -> int:
        """When, ns since 1970; 0: nothing is planned."""

    async def look(self) -> None:
        """Do what is due."""


class Sandbox:
    """There is one where `environment` is sandbox. `open` it once, then `run` it."""

    def __init__(
        self, settings: Settings, sequencer: Sequencer, clock: VirtualClock | None,
        keys: Callable[[], Keyring], hang_up: Callable[[int, Exception], None],
        history: History | None = None,
    ) -> None:  # fmt: skip
        if (settings.sandbox_market == "replay") != (history is not None):
            allowed = "a file with sandbox_market = replay, and only with it"
            raise InvalidField("sandbox_file", str(settings.sandbox_file), allowed)
        self.settings, self.clock = settings, clock
        self._sequencer, self._keys, self._history = sequencer, keys, history
        self.accounts = Accounts(
            sequencer, settings.sandbox_faucet, settings.sandbox_scripts
        )
        self.schedules = list[Schedule]()  # who does something at planned times
        self._scripts: Scripts | None = None
        if settings.sandbox_scripts:
            self._scripts = sequencer.interpose = Scripts(sequencer, SCRIPT_ACCOUNT, hang_up)
            self.schedules.append(self._scripts)
        self._market: Market | None = None

    async def open(self) -> None:
        """Add what the market needs. Raises InvalidField, StorageFull, Unavailable."""
        settings, sequencer, clock = self.settings, self._sequencer, self.clock
        if self._scripts is not None:
            self._scripts.plan_again()
        if settings.sandbox_market == "none":
            return
        assert clock is not None
        step_ns = settings.sandbox_step_ms * 10**6
        most = settings.sandbox_commands * settings.sandbox_step_ms // 1000
        if self._history is not None:
            loop = settings.sandbox_loop
            source = Replay(sequencer.state, self._history, loop, step_ns, most).rows
        else:
            source = (await self._agents(clock, step_ns, most)).rows
        self._market = Market(sequencer, clock, source, step_ns)

    async def _agents(self, clock: VirtualClock, step_ns: int, most: int) -> Agents:
        sequencer, pace = self._sequencer, self.settings.sandbox_pace
        memory = sequencer.state.follower
        assert isinstance(memory, Memory)
        profiles = tuple(replace(p, pace=p.pace * pace) for p in PROFILES)
        rows = missing(sequencer.state, profiles, clock())
        if rows:
            await sequencer.call(rows)
        world = World(sequencer.state, profiles)
        return Agents(world, memory, self.settings.sandbox_seed, step_ns, most)

    async def run(self) -> None:
        """Give the time, and the market's commands, until the sequencer closes.

        Raises what any part of the sandbox ends with: it does not go on without one of them.
        """
        scripts, work = self._scripts, list[Coroutine[Any, Any, None]]()
        if self._market is not None:
            work.append(self._market.run())
        else:
            work.append(self._sequencer.keep_time(self.settings.tick_seconds))
        if self._market is not None or scripts is not None:
            work.append(self._fill())
        if scripts is not None:
            work.append(self._follow(scripts))
        tasks = [asyncio.create_task(each) for each in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()

    async def _follow(self, scripts: Scripts) -> None:
        while True:
            await scripts.look()
            await asyncio.sleep(self.settings.tick_seconds)

    async def _fill(self) -> None:
        """Open the accounts that partners are given, with money in them."""
        epoch = -1
        while True:
            try:
                ring = self._keys()
                if ring.epoch != epoch and self.settings.sandbox_faucet:
                    every = (entry.principal for entry in ring.by_id.values())
                    given = {name for who in every for name in who.partner_accounts.exact}
                    await self.accounts.open(sorted(given))
                epoch = ring.epoch
            except (CapacityError, StorageFull, Unavailable) as error:
                _log.warning("no account was opened", error=str(error))
            await asyncio.sleep(_LOOK)

    def _virtual(self) -> VirtualClock:
        if self.clock is None:
            raise WrongState("time is the machine's here; start with sandbox_start or a market")
        return self.clock

    def set_speed(self, speed: float, *, pretend: bool = False) -> None:
        """From now on. Raises WrongState, InvalidField."""
        if not 0 <= speed <= MOST_SPEED:
            raise InvalidField("speed", speed, f"0 to {MOST_SPEED:g}")
        clock = self._virtual()
        if not pretend:
            clock.go_on_from(clock(), speed)

    def require_jump(self, by_ns: int) -> None:
        """Whether time may pass like this. Raises WrongState, InvalidField."""
        if not 0 < by_ns <= MOST_JUMP:
            raise InvalidField("duration", f"{by_ns} ns", "more than nothing, at most 7 days")
        self._virtual()

    async def advance(self, by_ns: int) -> None:
        """Let time pass; what was due in it has happened. Raises WrongState, InvalidField."""
        self.require_jump(by_ns)
        clock = self._virtual()
        end = clock() + by_ns
        while (now := clock()) < end and not self._sequencer.closing:
            planned = [each.next_at for each in self.schedules if each.next_at > now]
            await self._jump(clock, min(end, *planned, end) - now)
            for each in self.schedules:
                await each.look()

    async def _jump(self, clock: VirtualClock, by_ns: int) -> None:
        if self._market is not None:
            await self._market.jump(by_ns)
        else:
            clock.go_on_from(clock() + by_ns)
            await self._sequencer.call(own.tick())
