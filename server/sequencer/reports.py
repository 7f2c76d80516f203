"""Whose a report is: the session that entered the order, the one that asked, the nodes above.

The window of reports holds with each row the two sessions it belongs to, so that what a session
or a firm has missed is found again by looking for it. Numbers of streams are counts: the n-th
report of a session or of a node, over all time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.codes import Level
from domain.layout import REPORT
from domain.tables import Table
from engine.exchange import Exchange
from server.sequencer.numbering.places import Place, Places
from server.sequencer.numbering.window import Window
from server.sequencer.sessions import Sessions

Array = np.ndarray[Any, Any]
_COLUMNS = {"entered": Place.ENTERED, "asked": Place.ASKED, "account": Place.ACCOUNT}


class Reports:
    """The window of reports, and the numbering of every stream that is cut from it."""

    def __init__(self, engine: Exchange, sessions: Sessions, keep: int) -> None:
        self._engine, self._sessions = engine, sessions
        self.window = Window(REPORT, keep, dict.fromkeys(_COLUMNS, np.int32))
        self._owners = np.zeros(1024, np.int32)  # row of the order table -> session
        self._parents = np.zeros(1, np.int32)
        self.counts = np.zeros(1, np.int64)  # by node: reports of accounts at or below it
        self._population = -1

    def grow(self, size: int) -> None:
        """Room for an order table of so many rows."""
        if size > len(self._owners):
            wider = np.zeros(max(size, 2 * len(self._owners)), np.int32)
            wider[: len(self._owners)] = self._owners
            self._owners = wider

    def show(self, places: Places) -> None:
        """Let the kernel count in these arrays, and keep reports with the two sessions of each."""
        self._follow_nodes()
        places.put_window(self.window, Place.KEPT, _COLUMNS)
        places.put(Place.OWNERS, self._owners)
        places.put(Place.PARENTS, self._parents)
        places.put(Place.NODES, self.counts)

    def _follow_nodes(self) -> None:
        if self._engine.population != self._population:
            nodes = self._engine.table(Table.NODE)
            self._parents = nodes["parent"].astype(np.int32)
            counts = np.zeros(len(nodes), np.int64)
            counts[: len(self.counts)] = self.counts[: len(nodes)]
            self.counts, self._population = counts, self._engine.population

    def _lines(self, accounts: Array) -> list[Array]:
        """The account of each row, then the node above it, and so on; 0: none."""
        known = len(self._parents)
        line = [np.where((accounts > 0) & (accounts < known), accounts, 0)]
        for _ in range(int(Level.FIRM) - 1):
            line.append(self._parents[line[-1]])
        return line

    def below(self, node: int, accounts: Array) -> Array:
        """Which rows are about accounts at or below a node."""
        self._follow_nodes()
        found: Array = np.logical_or.reduce([above == node for above in self._lines(accounts)])
        return found

    def of_session(self, number: int) -> Array:
        """Places in the window of a session's reports, oldest first."""
        mine = (self.window.column("entered") == number) | (self.window.column("asked") == number)
        return np.flatnonzero(mine)

    def of_node(self, node: int) -> Array:
        """Places in the window of the reports of a node's accounts, oldest first."""
        return np.flatnonzero(self.below(node, self.window.column("account")))

    def of_accounts(self, accounts: Array) -> Array:
        """Places in the window of the reports of some accounts, oldest first.

        The column lies in one piece: this is the one pass over the window that a list takes.
        """
        column = self.window.column("account")
        return np.flatnonzero(column == accounts[0] if len(accounts) == 1 else
                              np.isin(column, accounts))  # fmt: skip

    def parts(self) -> dict[str, bytes]:
        """For a snapshot."""
        return self.window.parts("reports") | {"reports.nodes": self.counts.tobytes()}

    def load(self, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave."""
        self.window.load("reports", parts)
        self.counts = np.frombuffer(parts.get("reports.nodes", bytes(8)), np.int64).copy()
        self._population = -1
        owners = self._engine.table(Table.DETAIL)["session"]  # what the window no longer tells
        self.grow(len(owners))
        self._owners[: len(owners)] = owners
