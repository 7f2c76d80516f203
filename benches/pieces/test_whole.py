"""The exchange as a whole: one message object, an empty call, state out and in."""

from __future__ import annotations

from typing import Any

import numpy as np

from benches.pieces.conftest import Scene
from benches.pieces.submit import filled, order
from domain.codes import ExecType
from domain.layout import COMMAND
from domain.messages import Cancel, NewOrder
from engine.exchange import Exchange


def test_an_empty_call(benchmark: Any, scene: Scene) -> None:
    """What a call costs that has nothing to do."""
    nothing = np.zeros(0, COMMAND)
    assert len(benchmark(scene.apply, nothing)) == 0


def test_pack_an_order(benchmark: Any) -> None:
    """A NewOrder object from its fields, checked, as the bytes of its row."""
    assert len(benchmark(lambda: order(1).pack())) == COMMAND.itemsize


def test_submit_an_order(benchmark: Any) -> None:
    """`gridworks.Exchange.submit` of a NewOrder that rests."""
    exchange, number = filled(), 0

    def ready() -> tuple[tuple[NewOrder], dict[str, object]]:
        nonlocal number
        if number:
            before = order(number)
            exchange.send(Cancel(account=before.account, orig_cl_ord_id=before.cl_ord_id))
        number += 1
        return (order(number),), {}

    reports = benchmark.pedantic(exchange.submit, setup=ready, rounds=2_000)
    assert reports[0].exec_type == ExecType.NEW


def test_snapshot(benchmark: Any, scene: Scene) -> None:
    """All state of W1 as bytes."""
    parts = benchmark(scene.exchange.snapshot)
    assert sum(map(len, parts.values())) > 100_000


def test_restore(benchmark: Any, scene: Scene) -> None:
    """All state of W1 from bytes."""
    parts, other = scene.exchange.snapshot(), Exchange()
    benchmark(other.restore, parts)
    assert other.state_hash() == scene.exchange.state_hash()


def test_state_hash(benchmark: Any, scene: Scene) -> None:
    """SHA-256 of all state of W1."""
    assert len(benchmark(scene.exchange.state_hash)) == 64
