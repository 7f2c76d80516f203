"""An engine and the reference side by side, one command at a time.

An engine is anything with `apply(commands) -> reports` and `depth(instrument)`. Both number orders
in their own way, so order ids are compared through a bijection that grows as reports name orders;
an `order_id` in a command is the reference's and is translated for the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from domain.layout import REPORT
from tests.properties.ledgers import ledger_difference
from tests.properties.readable import command_text, depth_text, report_text, reports_text
from tests.reference.exchange.exchange import ReferenceExchange

Array = np.ndarray[Any, Any]
_IDS = ("order_id", "contra_order_id")
_COMPARED = [n for n in REPORT.names or () if n not in (*_IDS, "_spare")]
CONTEXT = 12  # commands before the difference that are shown


class Engine(Protocol):
    """What is compared."""

    def apply(self, commands: Array) -> Array:
        """COMMAND rows in, REPORT rows out."""

    def depth(self, instrument: int) -> tuple[Any, Any]:
        """(bids, asks), rows of price, displayed quantity, orders."""


class DifferenceFound(AssertionError):
    """The engine and the reference do not agree; the text says where and on what."""


@dataclass
class SideBySide:
    """Drives both and remembers how their order ids correspond."""

    engine: Engine
    reference: ReferenceExchange = field(default_factory=ReferenceExchange)
    laws: bool = False  # check the reference's laws after every command
    theirs: dict[int, int] = field(default_factory=dict)  # reference's id -> engine's
    ours: dict[int, int] = field(default_factory=dict)
    given: list[Array] = field(default_factory=list)  # to the engine

    def run(self, commands: Array) -> None:
        """Raise DifferenceFound at the first command after which they differ."""
        for at in range(len(commands)):
            row = commands[at : at + 1]
            engine_row = self.translated(row)
            self.given.append(engine_row)
            expected = self.reference.apply(row)
            found = self.engine.apply(engine_row)
            difference = (
                self.difference(found, expected)
                or self.depth_difference()
                or ledger_difference(self.engine, self.reference.world)
            )
            if difference:
                raise DifferenceFound(self.story(commands, at, (found, expected), difference))
            if self.laws:
                self.reference.check()

    def translated(self, row: Array) -> Array:
        """The command with the engine's order id in place of the reference's."""
        copy = row.copy()
        number = int(row["order_id"][0])
        copy["order_id"] = self.theirs.get(number, number)
        return copy

    def same_order(self, engine_id: int, reference_id: int) -> bool:
        """Do two ids name the same order? New ones are remembered."""
        if 0 in (engine_id, reference_id):
            return engine_id == reference_id
        if reference_id not in self.theirs and engine_id not in self.ours:
            self.theirs[reference_id], self.ours[engine_id] = engine_id, reference_id
        return self.theirs.get(reference_id) == engine_id

    def difference(self, found: Array, expected: Array) -> str:
        """What is different in the reports of one command, "" if nothing is."""
        for k, (theirs, ours) in enumerate(zip(found, expected, strict=False)):
            for name in _COMPARED:
                if theirs[name] != ours[name]:
                    return f"row {k}: {name} is {theirs[name]}, the reference has {ours[name]}"
            for name in _IDS:
                a, b = int(theirs[name]), int(ours[name])
                if self.known_order(b) and not self.same_order(a, b):
                    return f"row {k}: {name} is {a}, the reference's {b} is another order"
        if len(found) != len(expected):
            return f"{len(found)} rows, the reference has {len(expected)}"
        return ""

    def known_order(self, number: int) -> bool:
        """Is this an order of the reference, and not only a number that somebody sent?"""
        return number <= self.reference.world.order_id

    def depth_difference(self) -> str:
        for instrument in self.reference.world.instruments:
            theirs, ours = self.engine.depth(instrument), self.reference.depth(instrument)
            for name, a, b in zip(("bids", "asks"), theirs, ours, strict=True):
                if [tuple(map(int, row)) for row in a] != b:
                    return f"{name} of instrument {instrument} differ"
        return ""

    def story(self, commands: Array, at: int, reports: tuple[Array, Array], difference: str) -> str:
        """Everything that a person needs to see what happened."""
        lines = [f"after command {at}: {difference}"]
        before = range(max(0, at - CONTEXT), at)
        lines += [f"  {k:5} {command_text(commands[k])}" for k in before]
        lines += [f"> {at:5} {command_text(commands[at])}", "  engine:", reports_text(reports[0])]
        lines += ["  reference:", reports_text(reports[1])]
        if "differ" in difference:
            for instrument in self.reference.world.instruments:
                lines += [f"  depth of {instrument}, engine:"]
                lines += [depth_text(self.engine.depth(instrument)), "  reference:"]
                lines += [depth_text(self.reference.depth(instrument))]
        return "\n".join(lines)


def compare(engine: Engine, commands: Array, laws: bool = False) -> SideBySide:
    """Raise DifferenceFound if the engine does not do what the reference does."""
    pair = SideBySide(engine, laws=laws)
    pair.run(commands)
    return pair


def compare_splits(engine: Engine, commands: Array, sizes: list[int], expected: Array) -> None:
    """Any way to cut the same commands into batches gives the same reports."""
    found, at, turn = [], 0, 0
    while at < len(commands):
        size = max(1, sizes[turn % len(sizes)])
        found.append(engine.apply(commands[at : at + size]))
        at, turn = at + size, turn + 1
    rows = np.concatenate(found) if found else np.zeros(0, REPORT)
    names = [n for n in REPORT.names or () if n != "_spare"]
    for k in range(min(len(rows), len(expected))):
        for name in names:
            if rows[k][name] != expected[k][name]:
                raise DifferenceFound(
                    f"batches of {sizes}: row {k}, {name}\n"
                    f"    {report_text(rows[k])}\n    {report_text(expected[k])}"
                )
    if len(rows) != len(expected):
        raise DifferenceFound(f"batches of {sizes}: {len(rows)} rows, not {len(expected)}")
