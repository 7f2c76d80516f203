"""One step at a time, as a batch of one and as one of 256: the difference is the price of a call.

Each piece is timed with what takes it back outside of the clock, so that every round meets the
same book: W1's 1,000 orders.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benches.pieces.conftest import Scene
from domain.codes import Command, ExecType, Feed, Reason, Side, TimeInForce
from domain.layout import COMMAND
from domain.tables import Table

Rows = np.ndarray[Any, Any]
DEEP = 150  # ticks from the middle, where no order of the flow rests
SIZES = pytest.mark.parametrize("size", [1, 256])
ROUNDS = 2_000


def rounds(size: int) -> int:
    """Fewer rounds of large batches."""
    return ROUNDS // (1 + size // 32)


def name_of(feed: Feed) -> str:
    """The name of a flag, for the name of a test."""
    return feed.name or "NONE"


def clock(benchmark: Any, scene: Scene, prepare: Any, undo: Any, size: int) -> Rows:
    """Time `scene.apply(prepare())`; `undo()` comes before the next round. The last reports."""

    def ready() -> tuple[tuple[Rows], dict[str, Any]]:
        undo()
        return (prepare(),), {}

    reports = benchmark.pedantic(scene.apply, setup=ready, rounds=rounds(size))
    benchmark.extra_info["commands"] = size
    kept: Rows = reports.copy()
    undo()
    return kept


class Resting:
    """Deep orders that `cancel` takes out again."""

    def __init__(self, scene: Scene, size: int) -> None:
        self.scene, self.size, self.rows = scene, size, np.zeros(0, COMMAND)

    def make(self) -> Rows:
        """Rows of new deep orders."""
        self.rows = self.scene.orders(self.size, Side.BUY, DEEP)
        return self.rows

    def rest(self) -> None:
        """Put them into the book."""
        self.scene.apply(self.make())

    def cancel(self) -> None:
        """Take out what `make` made last."""
        if len(self.rows):
            self.scene.apply(self.scene.named(self.rows, Command.CANCEL_ORDER))
            self.rows = self.rows[:0]


@SIZES
def test_rest(benchmark: Any, scene: Scene, size: int) -> None:
    """Admission by all checks, and a place in the book."""
    deep = Resting(scene, size)
    reports = clock(benchmark, scene, deep.make, deep.cancel, size)
    assert (reports["exec_type"] == ExecType.NEW).sum() == size == len(reports)


@SIZES
def test_admission_alone(benchmark: Any, scene: Scene, size: int) -> None:
    """An IOC order that meets nobody: all checks, no trade, no place in the book."""

    def prepare() -> Rows:
        rows = scene.orders(size, Side.BUY, DEEP)
        rows["time_in_force"] = TimeInForce.IOC
        return rows

    reports = clock(benchmark, scene, prepare, lambda: None, size)
    assert (reports["reason"] == Reason.UNFILLED_REMAINDER).sum() == size


@SIZES
def test_refusal(benchmark: Any, scene: Scene, size: int) -> None:
    """An order that the last of the price checks refuses."""

    def prepare() -> Rows:
        rows = scene.orders(size, Side.BUY, DEEP)
        rows["price"] = 2
        return rows

    reports = clock(benchmark, scene, prepare, lambda: None, size)
    assert (reports["reason"] == Reason.STATIC_BAND).sum() == size == len(reports)


@SIZES
def test_cancel(benchmark: Any, scene: Scene, size: int) -> None:
    """A cancel by client id."""
    deep = Resting(scene, size)

    def prepare() -> Rows:
        return scene.named(deep.rows, Command.CANCEL_ORDER)

    reports = clock(benchmark, scene, prepare, deep.rest, size)
    assert (reports["exec_type"] == ExecType.CANCELED).sum() == size == len(reports)
    deep.cancel()


@SIZES
@pytest.mark.parametrize("what", ["price", "less", "more"])
def test_replace(benchmark: Any, scene: Scene, size: int, what: str) -> None:
    """A replace: another price and more lots move the order, less keeps its place."""
    deep = Resting(scene, size)

    def rest() -> None:
        deep.cancel()
        rows = deep.make()
        rows["order_qty"] = 5
        scene.apply(rows)

    def prepare() -> Rows:
        rows = scene.named(deep.rows, Command.REPLACE_ORDER)
        rows["price" if what == "price" else "order_qty"] = {
            "price": int(deep.rows["price"][0]) - 1, "less": 4, "more": 6,
        }[what]  # fmt: skip
        return rows

    reports = clock(benchmark, scene, prepare, rest, size)
    assert (reports["exec_type"] == ExecType.REPLACED).sum() == size == len(reports)
    deep.cancel()


@pytest.mark.parametrize(("fills", "levels"), [(1, 1), (10, 1), (10, 10), (100, 1), (100, 100)])
def test_fill(benchmark: Any, scene: Scene, fills: int, levels: int) -> None:
    """One order that trades with so many others on so many price levels."""

    def ready() -> tuple[tuple[Rows], dict[str, Any]]:
        makers, taker = scene.orders(fills, Side.SELL, 0), scene.orders(1, Side.BUY, 0, fills)
        makers["instrument"] = taker["instrument"] = 2  # which has no other orders
        makers["price"] -= np.arange(fills) % levels
        made = scene.apply(makers)
        assert (made["exec_type"] == ExecType.NEW).all()
        return (taker,), {}

    reports = benchmark.pedantic(scene.apply, setup=ready, rounds=rounds(fills))
    assert (reports["exec_type"] == ExecType.TRADE).sum() == 2 * fills
    assert len(np.unique(reports["last_px"][1:])) == levels


@pytest.mark.parametrize("feed", [Feed.NONE, Feed.L1, Feed.L2, Feed.L3, Feed.ALL], ids=name_of)
def test_market_data(benchmark: Any, feed: Feed) -> None:
    """1,024 commands of W1 with one kind of market data, or none."""
    scene = Scene(feed)

    def ready() -> tuple[tuple[Rows], dict[str, Any]]:
        scene.exchange.market()
        return (scene.flow.commands(1_024),), {}

    benchmark.pedantic(scene.apply, setup=ready, rounds=50)
    assert bool(len(scene.exchange.market())) == bool(feed)
    assert int(scene.exchange.table(Table.CORE)["live_orders"][0]) == scene.flow.live
