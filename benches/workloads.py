"""The order flows of the benchmarks, each defined in words and by a seed.

- W1: one instrument, about 1,000 resting orders over 200 levels (100 a side). 60 % add 1 to 10
  lots at an exponential distance from a fixed middle (mean 17 levels for 100), 35 % cancel a
  random live order, 5 % are IOC orders that take the first five orders of the other side, half
  of the last one. How many they take grows with the fourth power of (orders there / wanted), so
  that the book neither grows nor empties.
- W2: the same mix, 50,000 resting orders over 5,000 levels; 10 million commands for the record.
- W3: W1's book; 80 % replaces (half of them of the price, which moves the order; half of the
  quantity, one lot down, or ten up where one is left), 10 % add, 8 % cancel, 2 % marketable.
- W4: 10,000 instruments, 1,000,000 resting orders, mix of W1; instrument k is chosen with
  probability 1 / k (Zipf).
- W5: everything mixed, 8 instruments of 5 types (pro rata, split, a volatility auction, a tick
  table, each margin model), 64 accounts in groups of four that do not
  trade with themselves, 1,100 to 2,700 orders resting.
  Of the rows that neither clock nor calendar writes 38 % are orders behind the touch (4 ticks and
  an exponential 40; 15 % expire, the others are replaced up to twice and canceled), 23 % orders at
  the touch that expire after 400 rows on average, 15 % IOC, FOK and other marketable limits, 5 %
  market and market-to-limit orders, 9 % quotes, 3 % stops, touched and trailing orders, 2 % linked
  orders of the four contingencies, 1 % pegs, 1 % auction orders, 2 % mistakes and 1 % limits,
  money, dead-man timers, sessions and mass cancels. 14 % of the limit orders are icebergs, 8 %
  hidden, 11 % post-only or sliding, some have a minimum, a self-trade mode or an algorithm. A day
  is 32,768 rows: pre-open, opening auction, continuous trading, closing auction, end of day; every
  256 rows a TICK, every 2,048 an instrument pauses in an auction or a halt, every 4,096 a kill
  switch. The middle moves 24 ticks up and down in a day. Seven accounts in sixteen have a tight
  limit. The generator keeps no book, so what it cancels may have traded.
- crash: W1 whose middle jumps by up to 50,000 ticks every 2,000 commands; the order that makes
  it jump takes everything in between.
- gaps: W1 whose levels are 1,000 ticks apart.
- pile: one level that holds 1,000,000 orders; cancels leave from its middle.
- crowd: W2 with 100,000 accounts.

Risk is fully on: account, desk, client and firm, each with every limit of `scene.LIMITS`, and
bands on the instrument. The limits are wide but in W5: a benchmark of refusals would flatter.
Commands are 10 us apart. Seed 7 throughout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benches.flows import mixture
from benches.flows import plain as flow
from benches.flows.mixture import MixedFlow
from benches.flows.scene import (
    FIRST_ACCOUNT,
    GAP_NS,
    INSTRUMENT,
    LIMITS,
    MIDDLE,
    START_NS,
    array_of,
    hierarchy,
    row,
    settings,
)
from domain.codes import Command, Phase, Scope
from domain.layout import COMMAND

Rows = np.ndarray[Any, Any]
SEED = 7
CHUNK = 131_072  # commands that are in memory at a time


@dataclass(frozen=True)
class Mix:
    """Shape of a flow: how many orders rest, how wide, and what share each action has."""

    name: str
    resting: int
    levels: int  # both sides together
    add: float = 0.60
    cancel: float = 0.35
    replace: float = 0.0
    instruments: int = 1
    accounts: int = 64
    step: int = 1  # ticks between levels
    jump_every: int = 0
    one_sided: bool = False
    mixed: bool = False  # every feature; only `resting` and `accounts` count then

    @property
    def hit(self) -> float:
        """Orders that a marketable order takes when the book has its size."""
        return (self.add - self.cancel) / (1 - self.add - self.cancel - self.replace)


MIXES = {
    mix.name: mix
    for mix in (
        Mix("W1", 1_000, 200),
        Mix("W2", 50_000, 5_000),
        Mix("W3", 1_000, 200, add=0.10, cancel=0.08, replace=0.80),
        Mix("W4", 1_000_000, 40, instruments=10_000),
        Mix("W5", 2_500, 0, instruments=8, mixed=True),
        Mix("crash", 1_000, 200, jump_every=2_000),
        Mix("gaps", 1_000, 200, step=1_000),
        Mix("pile", 1_000_000, 1, one_sided=True),
        Mix("crowd", 50_000, 5_000, accounts=100_000),
    )
}
JUMP = 50_000  # ticks
CRASH_WIDTH = 400_000  # ticks that the middle may wander over


def set_up(mix: Mix) -> Rows:
    """Commands that make the instruments, the hierarchy and its limits, and open the market.

    The mixed flow opens its market itself.
    """
    if mix.mixed:
        return mixture.set_up(mix.accounts)
    made = np.zeros(mix.instruments, COMMAND)
    made["command"], made["index"] = Command.INSTRUMENT_ADD, 1
    made["entity"] = np.arange(1, mix.instruments + 1)
    last = FIRST_ACCOUNT + mix.accounts
    opening = array_of([row(Command.PHASE, scope=Scope.MARKET, value=Phase.CONTINUOUS)])
    parts = (
        made,
        settings(Scope.INSTRUMENT, range(1, mix.instruments + 1), INSTRUMENT),
        array_of(hierarchy(mix.accounts)),
        settings(Scope.NODE, range(1, last), LIMITS),
        opening,
    )
    rows = np.concatenate(parts)
    rows["transact_time"] = START_NS
    return rows


class Flow:
    """Makes a workload's commands; `fill` first brings the book to its resting size."""

    def __init__(self, mix: Mix, seed: int = SEED) -> None:
        self.mix = mix
        self.random = np.random.default_rng(seed)
        weights = 1.0 / np.arange(1, mix.instruments + 1)
        self._shares = weights / weights.sum()
        self._cumulative = np.cumsum(self._shares)
        self.depth = max(1, mix.levels // 2)
        self._state = self._make_state()

    def _make_state(self) -> tuple[Rows, ...]:
        mix, depth = self.mix, self.depth
        width = CRASH_WIDTH if mix.jump_every else 2 * depth + 3
        mid, room = width // 2, 2 * mix.resting + 4_096
        head = np.zeros(1, flow.FLOW)
        head[["add", "cancel", "replace"]] = [(mix.add, mix.cancel, mix.replace)]
        head["hit"], head["free"], head["next_id"] = mix.hit, 1, 1
        head["width"], head["step"], head["base"] = width, mix.step, MIDDLE - mid * mix.step
        head["accounts"], head["first"], head["levels"] = mix.accounts, FIRST_ACCOUNT, depth
        head["jump_every"], head["jump"] = mix.jump_every, JUMP
        head["one_sided"] = mix.one_sided
        books = np.zeros(mix.instruments, flow.BOOK)
        books["mid"], books["best"] = mid, (-1, width)
        sides = 1 if mix.one_sided else 2
        books["target"] = np.maximum(mix.resting * self._shares / sides, 1.0)
        levels = np.zeros(2 * mix.instruments * width, flow.LEVEL)
        orders = np.zeros(room, flow.ORDER)
        orders["next"][:-1] = np.arange(1, room)
        return head, books, levels, orders, np.zeros(room, np.int32)

    @property
    def live(self) -> int:
        """Orders that rest now."""
        return int(self._state[0]["live"][0])

    def live_ids(self) -> Rows:
        """`id` and `account` of the orders that rest now."""
        return self._state[3][self._state[4][: self.live]][["id", "account"]]

    def fill(self) -> Iterator[Rows]:
        """Chunks of commands that rest `mix.resting` orders."""
        left = self.mix.resting
        while left > 0:
            yield self._write(min(left, CHUNK), True)
            left -= CHUNK

    def commands(self, n: int) -> Rows:
        """The next `n` commands of the mix."""
        return self._write(n, False)

    def _write(self, n: int, adds_only: bool) -> Rows:
        draws = self.random.random((n, flow.DRAWS))
        draws[:, flow.AWAY] = -np.log1p(-draws[:, flow.AWAY]) * self.depth / 6
        if adds_only:
            draws[:, flow.ACTION] = 0.0
        where = np.searchsorted(self._cumulative, self.random.random(n) * self._cumulative[-1])
        rows = np.zeros(n, COMMAND)
        done = int(self._state[0]["count"][0])
        rows["transact_time"] = START_NS + (done + np.arange(1, n + 1)) * GAP_NS
        jump_every = self._state[0]["jump_every"][0]
        self._state[0]["jump_every"] = 0 if adds_only else jump_every
        flow.write_flow(rows, draws, where.astype(np.int64), self._state)
        self._state[0]["jump_every"] = jump_every
        return rows


def flow_of(mix: Mix, seed: int = SEED) -> Flow | MixedFlow:
    """What makes the commands of a mix."""
    return MixedFlow(mix.accounts, seed) if mix.mixed else Flow(mix, seed)
