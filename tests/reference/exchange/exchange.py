"""The reference exchange: commands in, reports out, as docs/rules.md says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from domain.codes import Command as Code
from domain.codes import Reason
from domain.limits import MAX_TIME
from tests.reference.exchange import (
    administration,
    laws,
    orders,
    phases,
    quotes,
    replacing,
    rows,
    settling,
    sweeps,
)
from tests.reference.exchange.model import Refusal
from tests.reference.exchange.world import Command, World

Depth = list[tuple[int, int, int]]
Array = np.ndarray[Any, Any]

HANDLERS: dict[int, Callable[[World, Command], None]] = {
    Code.NEW_ORDER: orders.new_order,
    Code.CANCEL_ORDER: orders.cancel_order,
    Code.REPLACE_ORDER: replacing.replace_order,
    Code.MASS_CANCEL: sweeps.mass_cancel,
    Code.QUOTE: quotes.quote,
    Code.PHASE: phases.steer,
    Code.HALT: phases.steer,
    Code.RESUME: phases.steer,
    Code.UNCROSS: phases.steer,
    Code.KILL_ON: sweeps.kill,
    Code.KILL_OFF: sweeps.kill,
    Code.CONNECT: sweeps.session,
    Code.DISCONNECT: sweeps.session,
    Code.DEAD_MAN: sweeps.dead_man,
    Code.TICK: sweeps.tick,
    Code.END_OF_DAY: sweeps.end_of_day,
    **dict.fromkeys(administration.COMMANDS, administration.administer),
}


def unknown_command(w: World, cmd: Command) -> None:
    rows.admin_row(w, cmd, Refusal(Reason.UNKNOWN_COMMAND, 0, max(Code), cmd.command))


class ReferenceExchange:
    """One deterministic function from commands to reports, slow and obvious."""

    def __init__(self) -> None:
        self.world = World()

    def apply(self, commands: Array) -> Array:
        """Apply COMMAND rows in order; returns the REPORT rows."""
        self.world.reports = []
        for row in commands:
            self._apply_one(Command(row))
        return rows.as_array(self.world.reports)

    def _apply_one(self, cmd: Command) -> None:
        w = self.world
        w.seq += 1
        w.command = cmd.command
        w.rounds = settling.PEG_ROUNDS
        if cmd.transact_time <= MAX_TIME:
            w.time = max(w.time, cmd.transact_time)
        sweeps.expire_due(w)
        sweeps.restart_timer(w, cmd)
        HANDLERS.get(cmd.command, unknown_command)(w, cmd)
        settling.settle(w)

    def depth(self, instrument: int) -> tuple[Depth, Depth]:
        """(bids, asks), each (price, shown quantity, orders), best first."""
        book = self.world.instruments[instrument].book
        return book.bids.depth(), book.asks.depth()

    def positions(self) -> dict[tuple[int, int], int]:
        """(account, instrument) -> lots, where not 0."""
        w = self.world
        return {k: p.qty for k, p in sorted(w.positions.items()) if p.qty and w.is_account(k[0])}

    def cash(self) -> dict[int, int]:
        """Account -> minor units."""
        w = self.world
        return {n: node.cash for n, node in sorted(w.nodes.items()) if w.is_account(n)}

    def check(self) -> None:
        """Assert everything that must hold after every row."""
        laws.check(self.world)
